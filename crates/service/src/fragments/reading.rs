//! Reading fragments: lists, one fragment, its versions.

use domain::{ChronologyId, EntryDetails, EntryId, FragmentId, Instant, Operation, Permit, Role, WhenOut};
use store::{FragmentRow, FragmentVersionRow};

use super::histories::{History, MOST_VERSIONS, VersionSeen};
use super::taking_in::rename_people;
use super::{FragmentDetails, Held, entry_place, fragment_terms, trail, version_place};
use crate::chronologies::{Admitted, trail as chronology_trail};
use crate::sealing::open_with;
use crate::session::{Call, Scene, Trail};
use crate::{
    Answer, EntryOut, FragmentOut, FragmentState, FragmentSummary, FragmentVersionOut, Page, PageQuery, Service,
    ServiceError,
};

impl Service {
    /// The fragments of a chronology: all for social care's side, its own for an agency.
    ///
    /// # Errors
    /// As every read.
    pub fn fragments(&self, call: &Call, id: ChronologyId, query: PageQuery) -> Answer<Page<FragmentSummary>> {
        self.read(call, Operation::FragmentList, chronology_trail(id), |scene| {
            let Admitted { permit, .. } = self.admit(scene, id, Operation::FragmentList)?;
            let slice = self.slice(scene, "fragments", &query)?;
            let (agency, after) = (scene.actor().agency, slice.after);
            let mine = |row: &FragmentRow| permit.sees_all_agencies() || row.agency_id == agency;
            let rows: Vec<FragmentRow> = store::fragments::list(scene.tx, permit.partnership(), id, scene.session.now)?
                .into_iter()
                .filter(mine)
                .filter(|row| after.is_none_or(|place| (row.created_at, row.id.0) > (place.at, place.id)))
                .collect();
            let (rows, next) = self.cut(scene, "fragments", &slice, rows, |row| (row.created_at, row.id.0))?;
            let items = rows.iter().map(|row| self.summary_for(scene, &permit, row)).collect::<Answer<Vec<_>>>()?;
            Ok(Page { items, next })
        })
    }

    /// A fragment in brief, with its version and time as the permit's holder knows them.
    fn summary_for(&self, scene: &mut Scene<'_, '_>, permit: &Permit, row: &FragmentRow) -> Answer<FragmentSummary> {
        let reader = permit.reader();
        if reader.sees_every_entry_of(row.agency_id) {
            return Ok(summary(row));
        }
        let found = store::fragments::version(scene.tx, permit, row.id, row.version, scene.session.now)?;
        let current = found.ok_or(ServiceError::NotFound)?;
        let Some((_, sealed)) = self.open_living_version(scene.now(), row, &current)? else { return Ok(summary(row)) };
        let (version, seen) = sealed.seen_by(&reader, row.agency_id, whole(&current));
        Ok(FragmentSummary { version, updated_at: seen.at, ..summary(row) })
    }

    /// The fragments of the caller's agency that the caller may read, those ahead of a chronology included.
    ///
    /// # Errors
    /// As every read.
    pub fn my_fragments(&self, call: &Call, query: PageQuery) -> Answer<Page<FragmentSummary>> {
        self.read(call, Operation::FragmentList, Trail::of("fragment"), |scene| {
            let permit = scene.permit_collection(Operation::FragmentList)?;
            let slice = self.slice(scene, "my_fragments", &query)?;
            let rows = self.own_fragment_rows(scene, &slice)?.into_iter();
            let rows: Vec<FragmentRow> =
                rows.map(|row| Ok(self.as_sent(scene, &permit, row)?.0)).collect::<Answer<_>>()?;
            self.page(scene, "my_fragments", &slice, rows, |row| (row.created_at, row.id.0), |row| Ok(summary(&row)))
        })
    }

    /// Fragments of the caller's agency: all for its lead and its system, its own for a practitioner.
    fn own_fragment_rows(&self, scene: &mut Scene<'_, '_>, slice: &crate::paging::Slice) -> Answer<Vec<FragmentRow>> {
        let actor = scene.actor().clone();
        let all = actor.is(Role::SafeguardingLead) || actor.is(Role::SystemClient);
        let author = if all { None } else { Some(actor.practitioner) };
        let (now, limit) = (scene.now(), slice.limit + 1);
        let (partnership, agency) = (actor.partnership, actor.agency);
        Ok(store::fragments::page_for_agency(scene.tx, partnership, agency, author, now, slice.after, limit)?)
    }

    /// One fragment, its current version.
    ///
    /// # Errors
    /// As every read.
    pub fn fragment(&self, call: &Call, id: FragmentId) -> Answer<FragmentOut> {
        self.read(call, Operation::FragmentRead, trail(id), |scene| {
            let Held { permit, row, .. } = self.admit_to_fragment(scene, id, Operation::FragmentRead)?;
            self.open_fragment(scene, &permit, row, None)
        })
    }

    /// The versions of a fragment, oldest first. Their counts are of entries that the reader may see.
    ///
    /// # Errors
    /// As every read.
    pub fn fragment_versions(&self, call: &Call, id: FragmentId) -> Answer<Page<FragmentVersionOut>> {
        self.read(call, Operation::FragmentVersions, trail(id), |scene| {
            let Held { permit, row, .. } = self.admit_to_fragment(scene, id, Operation::FragmentVersions)?;
            let numbers = self.versions_known_to(scene, &permit, &row)?;
            let mut items = Vec::with_capacity(numbers.len());
            for number in numbers {
                let Shown { version, details, entries, .. } = self.shown_version(scene, &permit, &row, Some(number))?;
                items.push(FragmentVersionOut {
                    version: number,
                    author_id: version.author_id,
                    created_at: version.created_at,
                    entry_count: i64::try_from(entries.len()).unwrap_or(i64::MAX),
                    correction_reason: details.and_then(|details| details.correction_reason),
                });
            }
            Ok(Page { items, next: None })
        })
    }

    /// The numbers of the versions of a fragment that the permit's holder knows of, oldest first.
    fn versions_known_to(&self, scene: &mut Scene<'_, '_>, permit: &Permit, row: &FragmentRow) -> Answer<Vec<i64>> {
        let (reader, now) = (permit.reader(), scene.now());
        if !reader.sees_every_entry_of(row.agency_id) {
            let current = self.version_row(scene, permit, row, row.version)?;
            let (_, sealed) = self.open_version(now, row, &current)?;
            if let Some(history) = sealed.history_for(&reader, row.agency_id) {
                return Ok(history.numbered().map(|(number, _)| number).collect());
            }
        }
        let all = store::fragments::versions(scene.tx, permit, row.id, now)?;
        let most = if reader.sees_every_entry_of(row.agency_id) { usize::MAX } else { MOST_VERSIONS };
        let skipped = all.len().saturating_sub(most);
        Ok(all.into_iter().skip(skipped).map(|version| version.version).collect())
    }

    /// One version of a fragment.
    ///
    /// # Errors
    /// As every read.
    pub fn fragment_version(&self, call: &Call, id: FragmentId, version: i64) -> Answer<FragmentOut> {
        self.read(call, Operation::FragmentVersions, trail(id), |scene| {
            let Held { permit, row, .. } = self.admit_to_fragment(scene, id, Operation::FragmentVersions)?;
            self.open_fragment(scene, &permit, row, Some(version))
        })
    }

    /// Opens a fragment at a version, the current one by default, as the permit's holder may see it.
    pub(crate) fn open_fragment(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: FragmentRow,
        version: Option<i64>,
    ) -> Answer<FragmentOut> {
        let Shown { number, at, version, details, entries } = self.shown_version(scene, permit, &row, version)?;
        let (row, names) = self.as_sent(scene, permit, row)?;
        let named = |(id, mut entry): (EntryId, EntryDetails)| {
            rename_people(&mut entry, &names);
            entry_out(id, entry)
        };
        let entries: Vec<EntryOut> = entries.into_iter().map(named).collect();
        let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        scene.trail.entry_count = Some(count);
        scene.trail.told.shown.insert(row.id, count);
        Ok(FragmentOut {
            id: row.id,
            chronology_id: row.chronology_id,
            family_id: row.family_id,
            child_id: row.child_id,
            agency_id: row.agency_id,
            proxy_by_agency_id: row.proxy_by_agency,
            author_id: version.author_id,
            state: state_out(row.state),
            version: number,
            agency_reference: details.as_ref().and_then(|details| details.agency_reference.clone()),
            sharing: details.as_ref().map(|details| details.sharing.clone()),
            involvement: details.as_ref().and_then(|details| details.involvement.clone()),
            correction_reason: details.and_then(|details| details.correction_reason),
            expires_at: row.expires_at,
            created_at: row.created_at,
            updated_at: at.unwrap_or(row.updated_at),
            entries,
            emergency: scene.trail.told.emergency.clone(),
        })
    }

    /// A version of a fragment, the current one by default, as the permit's holder may see it. Whoever may not see every entry
    /// is shown the version that last changed something for them, by its number among those; the work is the same whether
    /// that is the current one or not.
    fn shown_version(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &FragmentRow,
        version: Option<i64>,
    ) -> Answer<Shown> {
        let reader = permit.reader();
        if reader.sees_every_entry_of(row.agency_id) {
            let version = self.version_row(scene, permit, row, version.unwrap_or(row.version))?;
            let (details, entries) = self.open_seen(scene, permit, row, &version)?;
            return Ok(Shown { number: version.version, at: None, version, details: Some(details), entries });
        }
        let current = self.version_row(scene, permit, row, row.version)?;
        let (_, sealed) = self.open_version(scene.now(), row, &current)?;
        let (latest, seen) = sealed.seen_by(&reader, row.agency_id, whole(&current));
        let (number, of) = match version.filter(|number| *number != latest) {
            None => (latest, seen.version),
            Some(number) => {
                let history = sealed.history_for(&reader, row.agency_id);
                let known = |history: &History| history.numbered().find(|(known, _)| *known == number);
                match history {
                    Some(history) => (number, known(history).ok_or(ServiceError::NotFound)?.1.version),
                    // Nothing has been kept from them, and as many versions are told apart as where something was.
                    None if number > row.version.saturating_sub(MOST_VERSIONS as i64) => (number, number),
                    None => return Err(ServiceError::NotFound),
                }
            }
        };
        let version = self.version_row(scene, permit, row, of)?;
        // What stands now is shown as it stands now; of the version that brought it about come its time, author and reason.
        let entries_of = if number == latest { &current } else { &version };
        let (_, entries) = self.open_seen(scene, permit, row, entries_of)?;
        let details = self.version_details(scene, row, &version)?;
        let details = Some(details).filter(|_| !entries.is_empty());
        Ok(Shown { number, at: Some(seen.at), version, details, entries })
    }

    fn version_row(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &FragmentRow,
        version: i64,
    ) -> Answer<FragmentVersionRow> {
        let found = store::fragments::version(scene.tx, permit, row.id, version, scene.session.now)?;
        found.ok_or(ServiceError::NotFound)
    }

    pub(super) fn version_details(
        &self,
        scene: &Scene<'_, '_>,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> Answer<FragmentDetails> {
        let place = version_place(row.id, version.version);
        let terms = fragment_terms(row, version.expires_at);
        self.unseal(&place, &terms, scene.now(), version.wrapped_key.as_ref(), version.sealed.as_ref())
    }

    /// Opens the entries of a version, in their order.
    pub(super) fn open_entries(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> Answer<Vec<(EntryId, EntryDetails)>> {
        let now = scene.now();
        let place = version_place(row.id, version.version);
        let terms = fragment_terms(row, version.expires_at);
        let key = self.vault().open_key(now, &terms, &place, version.wrapped_key.as_ref())?;
        let sealed = store::fragments::entries(scene.tx, permit, row.id, version.version, now)?;
        sealed
            .into_iter()
            .map(|entry| Ok((entry.id, open_with(&key, &entry_place(entry.id, entry.version), entry.sealed.as_ref())?)))
            .collect()
    }
}

/// A version of a fragment as somebody may see it.
struct Shown {
    /// Its number among the versions that they know of.
    number: i64,
    /// When what they see was last changed; none for those who see every version.
    at: Option<Instant>,
    version: FragmentVersionRow,
    /// None for those who may see none of its entries.
    details: Option<FragmentDetails>,
    entries: Vec<(EntryId, EntryDetails)>,
}

/// A version as those know it who know of every version.
pub(crate) fn whole(version: &FragmentVersionRow) -> VersionSeen {
    VersionSeen { version: version.version, at: version.created_at }
}

fn state_out(state: store::FragmentState) -> FragmentState {
    match state {
        store::FragmentState::Submitted => FragmentState::Submitted,
        store::FragmentState::Withdrawn => FragmentState::Withdrawn,
    }
}

fn summary(row: &FragmentRow) -> FragmentSummary {
    FragmentSummary {
        id: row.id,
        chronology_id: row.chronology_id,
        family_id: row.family_id,
        child_id: row.child_id,
        agency_id: row.agency_id,
        proxy_by_agency_id: row.proxy_by_agency,
        state: state_out(row.state),
        version: row.version,
        expires_at: row.expires_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

fn entry_out(id: EntryId, entry: EntryDetails) -> EntryOut {
    EntryOut {
        id,
        reference: entry.reference,
        when: WhenOut::from(&entry.when),
        what: entry.what,
        category: entry.category,
        source: entry.source,
        children: entry.children,
        adults: entry.adults,
        significance: entry.significance,
        action_taken: entry.action_taken,
        no_action_reason: entry.no_action_reason,
        impact: entry.impact,
        child_voice: entry.child_voice,
        family_account: entry.family_account,
        outcome: entry.outcome,
        document_reference: entry.document_reference,
        rag: entry.rag,
        seen: entry.seen,
        handling: entry.handling,
        key_incident: entry.key_incident,
        family_history: entry.family_history,
    }
}

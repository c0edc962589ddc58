//! The consolidated timeline: every live entry that the reader may see, each event once, with every agency's account.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AgencyId, ChronologyId, EntryDetails, EntryId, FragmentId, Instant, InvitationState, Operation, PartnershipId,
    Permit, PersonDetails, PersonId, PersonKind, ProtectedAddresses, Reader, Sensitive, may_read_entry,
};
use store::fragments::KeptApart;
use store::{ChronologyRow, ConsolidationRow, FragmentContent, FragmentRow, FragmentVersionRow, InvitationRow};
use timeline::{ChildFacts, CoverageLine, FamilyFacts, Filter, LiveEntry, Row, consolidate_sorted, coverage_statement};
use vault::DataKey;

use crate::chronologies::{Admitted, trail};
use crate::fragments::{LaterMarkings, VersionSeen, entry_place, raise_markings, whole};
use crate::people::FamilyView;
use crate::sealing::open_with;
use crate::session::{Call, Scene};
use crate::transparency::shown_in_rows;
use crate::{
    Answer, ChildHeader, CoverageOut, Involvement, Service, ServiceError, TimelineHeader, TimelineOut, TimelineQuery,
};

/// Rows that a page can be asked to have; without a limit the whole timeline is one page, as far as it fits.
const MAX_ROWS: u16 = 500;
/// Bytes of rows on a page at most, as they are written, but for a row that alone is longer.
const MAX_PAGE: usize = 3 * 1_024 * 1_024;

/// What a reader may see of a chronology, opened.
pub(crate) struct Opened {
    pub(crate) entries: Vec<LiveEntry>,
    /// The same by identifier.
    seen: BTreeSet<EntryId>,
    /// Whether nothing can be kept from them, now or before.
    sees_all: bool,
    /// When each fragment expires.
    pub(crate) expires: BTreeMap<FragmentId, Instant>,
    /// The version of each fragment.
    pub(crate) versions: BTreeMap<FragmentId, i64>,
    /// The agencies of which any fragment is there, whether or not the reader may see an entry of it.
    pub(crate) returned: BTreeSet<AgencyId>,
    /// What each agency says of its part in the support network, the latest first.
    pub(crate) involvement: BTreeMap<AgencyId, Involvement>,
}

impl Opened {
    /// Whether what is about these entries may be shown: something that was decided about an entry which the reader may
    /// not see is absent, and so is, for a reader from whom anything can be kept, what was decided about an entry that is
    /// there no more. It may have been kept from them while it was there.
    pub(crate) fn shows(&self, about: impl IntoIterator<Item = EntryId>) -> bool {
        self.sees_all || about.into_iter().all(|entry| self.seen.contains(&entry))
    }

    /// Whether nothing can be kept from the reader.
    pub(crate) const fn sees_all(&self) -> bool {
        self.sees_all
    }
}

/// Each fragment's version as it is opened for a reader.
type OpenedVersions = BTreeMap<FragmentId, OpenedVersion>;

struct OpenedVersion {
    key: DataKey,
    /// What it says of its agency's part.
    involvement: Option<Involvement>,
    /// Its number to the reader, and since when it says what they see.
    shown: (i64, VersionSeen),
}

impl Service {
    /// The consolidated timeline.
    ///
    /// # Errors
    /// As every read; `Conflict::OwnReturnFirst` to a contributor whose agency has not returned.
    pub fn timeline(&self, call: &Call, id: ChronologyId, query: TimelineQuery) -> Answer<TimelineOut> {
        self.read(call, Operation::TimelineRead, trail(id), |scene| {
            let Admitted { permit, row } = self.admit(scene, id, Operation::TimelineRead)?;
            let view = self.draw_timeline(scene, &permit, &row, &query)?;
            scene.trail.entry_count = Some(view.header.entry_count);
            scene.trail.told.shown = shown_in_rows(&view.rows);
            Ok(view)
        })
    }

    /// Draws the timeline as the permit's holder may see it.
    pub(crate) fn draw_timeline(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        query: &TimelineQuery,
    ) -> Answer<TimelineOut> {
        let family = self.open_family(scene, permit, chronology.family_id)?;
        let opened = self.open_content(scene, permit, &permit.reader(), chronology, Some(&family))?;
        let counts = count_by_agency(&opened.entries);
        let facts = family_facts(&family);
        let linked = self.linked(scene, permit, chronology, &opened, &facts)?;
        let sorted = linked.decided(&opened.entries);
        let agencies = agency_names(scene, permit.partnership(), &opened.entries)?;
        let drawn = consolidate_sorted(opened.entries, &sorted, &facts.children, &agencies, &filter_of(query));
        let coverage = self.coverage(scene, permit, chronology, &counts, opened.involvement)?;
        let header = self.header(scene, chronology, &family, coverage, &drawn.rows)?;
        let (rows, next) = self.rows_of_page(scene, chronology, query, drawn.rows)?;
        Ok(TimelineOut { header, rows, next, until: scene.trail.expires_at })
    }

    /// Opens every live entry that the reader may see. What is marked for others is left where it lies: neither its
    /// number nor its length makes a difference to the work.
    pub(crate) fn open_content(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        reader: &Reader,
        chronology: &ChronologyRow,
        family: Option<&FamilyView>,
    ) -> Answer<Opened> {
        let now = scene.session.now;
        let mut versions = OpenedVersions::new();
        let content = store::fragments::live_content_without(scene.tx, permit, chronology.id, now, |row, version| {
            self.open_kept_apart(now, reader, &mut versions, row, version)
        })?;
        // Social care reads where its protected people live; what tells others so is kept from them like what is restricted.
        let protected = if reader.social_care {
            None
        } else {
            match family {
                Some(family) => Some(family.protected()),
                None => Some(self.open_family(scene, permit, chronology.family_id)?.protected()),
            }
        };
        open_entries(scene, reader, versions, content, protected.as_ref())
    }

    /// Opens every entry that a view was frozen with, as far as it lives and the reader may see it, as [`Self::open_content`]
    /// does.
    pub(crate) fn open_frozen_content(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        reader: &Reader,
        view: &ConsolidationRow,
    ) -> Answer<Opened> {
        let now = scene.session.now;
        let mut versions = OpenedVersions::new();
        let mut later = LaterMarkings::new();
        let of = (view.chronology_id, view.id);
        let content = store::fragments::frozen_content_without(scene.tx, permit, of, now, |row, version, standing| {
            let own = self.open_kept_apart(now, reader, &mut versions, row, version)?;
            let standing = standing.filter(|_| versions.contains_key(&row.id));
            let Some(standing) = standing else { return Ok(KeptApart { without: own, only: None }) };
            let kept = self.kept_apart(now, reader, row, own, standing)?;
            let seen = standing.entries.iter().filter(|entry| !kept.without.contains(&entry.id));
            later.insert(row.id, seen.map(|entry| (entry.id, entry.marking)).collect());
            Ok::<_, ServiceError>(kept)
        })?;
        let mut opened = open_entries(scene, reader, versions, content, None)?;
        raise_markings(&mut opened.entries, &later);
        Ok(opened)
    }

    /// Opens a fragment's version, and says which of its entries are kept from the reader.
    fn open_kept_apart(
        &self,
        now: Instant,
        reader: &Reader,
        versions: &mut OpenedVersions,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> Answer<Vec<EntryId>> {
        let Some((key, sealed)) = self.open_living_version(now, row, version)? else { return Ok(Vec::new()) };
        let kept = sealed.kept_from(reader, row.agency_id);
        let shown = sealed.seen_by(reader, row.agency_id, whole(version));
        versions.insert(row.id, OpenedVersion { key, involvement: sealed.details.involvement, shown });
        Ok(kept)
    }

    /// Opens one fragment for each of several kinds of reader, as it is shown to each; nothing of it is for a reader yet.
    pub(crate) fn open_content_for(
        &self,
        now: Instant,
        content: FragmentContent,
        readers: &[Reader],
    ) -> Answer<Vec<Vec<LiveEntry>>> {
        let author = content.fragment.agency_id;
        let Some((key, sealed)) = self.open_living_version(now, &content.fragment, &content.version)? else {
            return Ok(readers.iter().map(|_| Vec::new()).collect());
        };
        let version = whole(&content.version);
        let all = live_entries(&key, (version.version, version), content)?;
        let shown_to = |reader: &Reader| {
            let (number, since) = sealed.seen_by(reader, author, version);
            let seen = all
                .iter()
                .filter(|entry| may_read_entry(reader, entry.agency, &entry.details.category, &entry.details.handling));
            seen.map(|entry| LiveEntry { fragment_version: number, submitted_at: since.at, ..entry.clone() }).collect()
        };
        Ok(readers.iter().map(shown_to).collect())
    }

    /// Where each invited agency stands, and its part in the support network.
    pub(crate) fn coverage(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        counts: &BTreeMap<AgencyId, i64>,
        mut involvement: BTreeMap<AgencyId, Involvement>,
    ) -> Answer<Vec<CoverageOut>> {
        let partnership = permit.partnership();
        let invited = store::invitations::list(scene.tx, partnership, chronology.id)?;
        let ids: Vec<AgencyId> = invited.iter().map(|row| row.agency_id).collect();
        let agencies = store::agencies::find_many(scene.tx, partnership, &ids)?;
        let inside = permit.sees_all_agencies();
        let reader = permit.reader();
        let line = |row: InvitationRow| {
            let agency = agencies.iter().find(|agency| agency.id == row.agency_id).ok_or(ServiceError::NotFound)?;
            let entry_count = counts.get(&row.agency_id).copied().unwrap_or(0);
            Ok(CoverageOut {
                agency_id: row.agency_id,
                agency_name: agency.name.clone(),
                agency_kind: agency.kind,
                state: answer_shown(&reader, row.agency_id, row.state),
                answered_at: row.answered_at,
                decline_reason: row.decline_reason.filter(|_| inside),
                entry_count,
                involvement: involvement.remove(&row.agency_id),
            })
        };
        invited.into_iter().map(line).collect()
    }

    /// What stands above rows.
    pub(crate) fn header(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: &ChronologyRow,
        family: &FamilyView,
        coverage: Vec<CoverageOut>,
        rows: &[Row],
    ) -> Answer<TimelineHeader> {
        let details = self.chronology_details(chronology, scene.now())?;
        let children =
            family.children().map(|(id, child)| ChildHeader { id: *id, name: child.name.clone(), birth: child.birth });
        Ok(TimelineHeader {
            chronology_id: chronology.id,
            family_id: chronology.family_id,
            purpose: chronology.purpose,
            state: chronology.state,
            look_back_from: details.look_back_from,
            children: children.collect(),
            adults: family.adults(),
            coverage_statement: statement(&coverage),
            coverage,
            ordering_rule: timeline::ORDERING_RULE.to_owned(),
            row_count: count(rows.len()),
            entry_count: entries_of(rows),
            generated_at: scene.now(),
            expires_at: chronology.expires_at,
            emergency: scene.trail.told.emergency.clone(),
        })
    }

    /// Cuts the rows to the page asked for; the cursor names the row to go on after.
    fn rows_of_page(
        &self,
        scene: &Scene<'_, '_>,
        chronology: &ChronologyRow,
        query: &TimelineQuery,
        rows: Vec<Row>,
    ) -> Answer<(Vec<Row>, Option<String>)> {
        let list = format!("timeline/{}", chronology.id);
        let after: Option<domain::EntryId> =
            query.cursor.as_deref().map(|cursor| self.read_cursor(scene, &list, cursor)).transpose()?;
        let start = match after {
            None => 0,
            Some(after) => rows.iter().position(|row| row.id == after).map(|at| at + 1).ok_or(ServiceError::Cursor)?,
        };
        let limit = match query.limit {
            None => usize::MAX,
            Some(limit) if (1..=MAX_ROWS).contains(&limit) => usize::from(limit),
            Some(_) => return Err(ServiceError::fault("/limit", "out_of_range", "limit is from 1 to 500")),
        };
        let limit = limit.min(fitting(rows.get(start..).unwrap_or_default())?);
        let more = rows.len().saturating_sub(start) > limit;
        let page: Vec<Row> = rows.into_iter().skip(start).take(limit).collect();
        let next = match page.last().filter(|_| more) {
            Some(last) => Some(self.write_cursor(scene, &list, last.id)?),
            None => None,
        };
        Ok((page, next))
    }
}

/// How many rows fit on a page; at least one.
fn fitting(rows: &[Row]) -> Answer<usize> {
    let (mut room, mut fit) = (MAX_PAGE, 0);
    for row in rows {
        let length = Length::of(row)?;
        if length > room {
            break;
        }
        room -= length;
        fit += 1;
    }
    Ok(fit.max(1))
}

/// Counts bytes and keeps none.
struct Length(usize);

impl Length {
    /// How many bytes a value has as it is written.
    fn of(value: &impl serde::Serialize) -> Answer<usize> {
        let mut length = Self(0);
        serde_json::to_writer(&mut length, value).map_err(|_| ServiceError::Internal("serialise"))?;
        Ok(length.0)
    }
}

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// An agency's answer as a reader learns of it. To whoever is not on the side that runs the chronology, an agency that holds
/// nothing looks like one that has returned nothing they may see.
pub(crate) fn answer_shown(reader: &Reader, agency: AgencyId, state: InvitationState) -> InvitationState {
    let inside = reader.social_care && !reader.emergency;
    if state == InvitationState::NilReturn && !inside && !reader.sees_every_entry_of(agency) {
        InvitationState::Submitted
    } else {
        state
    }
}

/// Opens the entries of fragments whose versions are opened.
fn open_entries(
    scene: &mut Scene<'_, '_>,
    reader: &Reader,
    mut versions: OpenedVersions,
    content: Vec<FragmentContent>,
    protected: Option<&ProtectedAddresses>,
) -> Answer<Opened> {
    let mut opened = Opened {
        entries: Vec::new(),
        seen: BTreeSet::new(),
        sees_all: reader.sees_every_entry(),
        expires: BTreeMap::new(),
        versions: BTreeMap::new(),
        returned: BTreeSet::new(),
        involvement: BTreeMap::new(),
    };
    for fragment in content {
        let (id, agency, end) = (fragment.fragment.id, fragment.fragment.agency_id, fragment.fragment.expires_at);
        let Some(OpenedVersion { key, involvement, shown }) = versions.remove(&id) else { continue };
        opened.versions.insert(id, fragment.version.version);
        opened.returned.insert(agency);
        let may = |entry: &LiveEntry| {
            let tells = || protected.is_some_and(|protected| protected.are_named_by(&entry.details));
            may_read_entry(reader, entry.agency, &entry.details.category, &entry.details.handling)
                && (entry.agency == reader.agency || !tells())
        };
        let seen: Vec<LiveEntry> = live_entries(&key, shown, fragment)?.into_iter().filter(may).collect();
        // Of a fragment with nothing for the reader to see, nothing is told: not what it says of its agency, nor its end.
        if seen.is_empty() && !reader.sees_every_entry_of(agency) {
            continue;
        }
        scene.trail.expires_at = Some(scene.trail.expires_at.map_or(end, |earliest| earliest.min(end)));
        opened.expires.insert(id, end);
        let told = |text: &Option<Sensitive<String>>| {
            let text = text.as_ref().filter(|_| agency != reader.agency);
            text.is_some_and(|text| protected.is_some_and(|protected| protected.is_place_in(text.as_str())))
        };
        let involvement = involvement.filter(|part| !told(&part.support) && !told(&part.lead_professional));
        opened.involvement.extend(involvement.map(|involvement| (agency, involvement)));
        opened.entries.extend(seen);
    }
    opened.seen = opened.entries.iter().map(|entry| entry.entry_id).collect();
    Ok(opened)
}

/// The entries of a fragment's content, opened.
fn live_entries(
    key: &DataKey,
    (number, since): (i64, VersionSeen),
    content: FragmentContent,
) -> Answer<Vec<LiveEntry>> {
    let FragmentContent { fragment, entries, .. } = content;
    let open = |entry: store::EntryRow| {
        let details: EntryDetails = open_with(key, &entry_place(entry.id, entry.version), entry.sealed.as_ref())?;
        Ok(LiveEntry {
            entry_id: entry.id,
            fragment_id: fragment.id,
            fragment_version: number,
            agency: fragment.agency_id,
            proxy_by: fragment.proxy_by_agency,
            submitted_at: since.at,
            position: entry.position,
            details,
        })
    };
    entries.into_iter().map(open).collect()
}

fn filter_of(query: &TimelineQuery) -> Filter {
    Filter {
        children: query.children.clone(),
        agencies: query.agencies.clone(),
        categories: query.categories.clone(),
        significance: query.significance.clone(),
        from: query.from,
        to: query.to,
    }
}

/// What linkage and consolidation need to know of a family.
pub(crate) fn family_facts(family: &FamilyView) -> FamilyFacts {
    let child = |(id, child): &(PersonId, PersonDetails)| ChildFacts {
        id: *id,
        given_name: child.name.given.clone(),
        birth: child.birth,
    };
    let other_names = family.members.iter().flat_map(|(_, details)| other_names(details)).collect();
    // Not the protected ones: what linkage takes for an address would tell others of them.
    let addresses = family.members.iter().flat_map(|(_, details)| &details.addresses);
    let addresses = addresses.filter(|address| !address.protected);
    let address_lines = addresses.map(|address| address.lines.clone()).collect();
    FamilyFacts { children: family.children().map(child).collect(), other_names, address_lines }
}

/// The names of one person but for a child's given name in use.
fn other_names(details: &PersonDetails) -> Vec<Sensitive<String>> {
    let given = (details.kind == PersonKind::Adult).then_some(&details.name.given);
    let known_as = details.other_names.iter().flat_map(|name| [Some(&name.given), name.family.as_ref()]);
    let names = [given, details.name.family.as_ref()].into_iter().chain(known_as);
    names.flatten().cloned().collect()
}

/// What the agencies that tell `entries` are called.
pub(crate) fn agency_names<N: FromIterator<(AgencyId, String)>>(
    scene: &mut Scene<'_, '_>,
    partnership: PartnershipId,
    entries: &[LiveEntry],
) -> Answer<N> {
    let agencies: BTreeSet<AgencyId> = entries.iter().map(|entry| entry.agency).collect();
    let ids: Vec<AgencyId> = agencies.into_iter().collect();
    let rows = store::agencies::find_many(scene.tx, partnership, &ids)?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// How many entries there are of each agency.
pub(crate) fn count_by_agency(entries: &[LiveEntry]) -> BTreeMap<AgencyId, i64> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        *counts.entry(entry.agency).or_insert(0) += 1;
    }
    counts
}

/// The coverage in words: how many answered, and by name who did not or would not.
pub(crate) fn statement(coverage: &[CoverageOut]) -> String {
    let mut words = coverage_statement(&coverage.iter().map(coverage_line).collect::<Vec<_>>());
    let named = |of: fn(InvitationState) -> bool| {
        let names: Vec<&str> =
            coverage.iter().filter(|line| of(line.state)).map(|line| line.agency_name.as_str()).collect();
        names.join(", ")
    };
    let declined = named(|state| state == InvitationState::Declined);
    let silent = named(|state| !state.answered() && state != InvitationState::Expired);
    for (what, names) in [("Declined", declined), ("No answer from", silent)] {
        if !names.is_empty() {
            words.push_str(&format!(" {what}: {names}."));
        }
    }
    words
}

fn coverage_line(coverage: &CoverageOut) -> CoverageLine {
    CoverageLine {
        agency: coverage.agency_id,
        state: coverage.state,
        answered_at: coverage.answered_at,
        decline_reason: coverage.decline_reason,
        entry_count: u32::try_from(coverage.entry_count).unwrap_or(u32::MAX),
    }
}

/// Entries told by rows: accounts and the siblings' repeats folded into them.
pub(crate) fn entries_of(rows: &[Row]) -> i64 {
    let entries = rows.iter().flat_map(|row| &row.accounts).map(|account| 1 + account.also_submitted_as.len());
    count(entries.sum())
}

/// A number of things, as the API counts them.
pub(crate) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

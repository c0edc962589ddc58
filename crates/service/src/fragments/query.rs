//! Reading fragments: lists, single fragments and their versions.

use contract::{EntryOut, FragmentOut, FragmentSummary, FragmentVersionOut, Page, PageQuery};
use domain::{
    AccessPermit, ChronologyId, EntryDetails, EntryId, FragmentId, Instant, ObjectKind, Operation,
    Role, WhenOut,
};
use kernel::{AuditContext, CallContext, ServiceError, ServiceResult, UnitOfWork};
use store::{FragmentRow, FragmentVersionRow};

use crate::fragments::Fragments;
use crate::records::{
    AuthorizedChronology, AuthorizedFragment, FragmentDetails, MAX_VISIBLE_VERSIONS,
    VersionHistory, about_chronology, about_fragment, remap_people, unfiltered_version,
};

impl Fragments {
    /// The fragments of a chronology: all for the side that runs it, its own for a contributing
    /// agency.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_fragments(
        &self,
        call: &CallContext,
        id: ChronologyId,
        query: PageQuery,
    ) -> ServiceResult<Page<FragmentSummary>> {
        self.kernel
            .read(call, Operation::FragmentList, about_chronology(id), |uow| {
                let AuthorizedChronology { permit, .. } = self
                    .records
                    .chronologies
                    .authorize_chronology(uow, id, Operation::FragmentList)?;
                let bounds = self.kernel.parse_page_query(uow, "fragments", &query)?;
                let agency = uow.actor().agency;
                let after = bounds.after;
                let is_included =
                    |row: &FragmentRow| permit.sees_all_agencies() || row.agency_id == agency;
                let rows: Vec<FragmentRow> =
                    store::fragments::list(uow.tx, permit.partnership(), id, uow.session.now)?
                        .into_iter()
                        .filter(is_included)
                        .filter(|row| {
                            after.is_none_or(|cursor| {
                                (row.created_at, row.id.0) > (cursor.at, cursor.id)
                            })
                        })
                        .collect();
                let (rows, next) =
                    self.kernel
                        .split_page(uow, "fragments", &bounds, rows, |row| {
                            (row.created_at, row.id.0)
                        })?;
                let items = rows
                    .iter()
                    .map(|row| self.build_summary(uow, &permit, row))
                    .collect::<ServiceResult<Vec<_>>>()?;
                Ok(Page { items, next })
            })
    }

    /// A fragment's summary with the version and time that the permit holder can see.
    fn build_summary(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
    ) -> ServiceResult<FragmentSummary> {
        let reader = permit.reader();
        if reader.sees_all_entries_of(row.agency_id) {
            return Ok(summary(row));
        }
        let found =
            store::fragments::version(uow.tx, permit, row.id, row.version, uow.session.now)?;
        let current = found.ok_or(ServiceError::NotFound)?;
        let Some((_, sealed)) =
            self.records
                .fragments
                .open_live_version(uow.now(), row, &current)?
        else {
            return Ok(summary(row));
        };
        let (version, seen) =
            sealed.latest_visible_to(&reader, row.agency_id, unfiltered_version(&current));
        Ok(FragmentSummary {
            version,
            updated_at: seen.at,
            ..summary(row)
        })
    }

    /// The fragments of the caller's agency that the caller may read, including advance
    /// submissions.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_own_fragments(
        &self,
        call: &CallContext,
        query: PageQuery,
    ) -> ServiceResult<Page<FragmentSummary>> {
        self.kernel.read(
            call,
            Operation::FragmentList,
            AuditContext::of(ObjectKind::Fragment),
            |uow| {
                let permit = uow.authorize_collection(Operation::FragmentList)?;
                let bounds = self.kernel.parse_page_query(uow, "my_fragments", &query)?;
                let rows = self.own_fragment_rows(uow, &bounds)?.into_iter();
                let rows: Vec<FragmentRow> = rows
                    .map(|row| Ok(self.sender_view(uow, &permit, row)?.0))
                    .collect::<ServiceResult<_>>()?;
                self.kernel.build_page(
                    uow,
                    "my_fragments",
                    &bounds,
                    rows,
                    |row| (row.created_at, row.id.0),
                    |row| Ok(summary(&row)),
                )
            },
        )
    }

    /// Fragments of the caller's agency: all of them for its safeguarding lead and its system
    /// client, the caller's own for a practitioner.
    fn own_fragment_rows(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        bounds: &kernel::PageBounds,
    ) -> ServiceResult<Vec<FragmentRow>> {
        let actor = uow.actor().clone();
        let all = actor.has_role(Role::SafeguardingLead) || actor.has_role(Role::SystemClient);
        let author = if all { None } else { Some(actor.practitioner) };
        let now = uow.now();
        let limit = bounds.limit + 1;
        let partnership = actor.partnership;
        let agency = actor.agency;
        Ok(store::fragments::page_for_agency(
            uow.tx,
            partnership,
            agency,
            author,
            now,
            bounds.after,
            limit,
        )?)
    }

    /// One fragment at its current version.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_fragment(&self, call: &CallContext, id: FragmentId) -> ServiceResult<FragmentOut> {
        self.kernel
            .read(call, Operation::FragmentRead, about_fragment(id), |uow| {
                let AuthorizedFragment { permit, row, .. } = self
                    .records
                    .fragments
                    .authorize_fragment(uow, id, Operation::FragmentRead)?;
                self.open_fragment(uow, &permit, row, None)
            })
    }

    /// The versions of a fragment, oldest first, with counts of the entries that the reader may
    /// see.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_fragment_versions(
        &self,
        call: &CallContext,
        id: FragmentId,
    ) -> ServiceResult<Page<FragmentVersionOut>> {
        self.kernel.read(
            call,
            Operation::FragmentVersions,
            about_fragment(id),
            |uow| {
                let AuthorizedFragment { permit, row, .. } = self
                    .records
                    .fragments
                    .authorize_fragment(uow, id, Operation::FragmentVersions)?;
                let numbers = self.list_visible_version_numbers(uow, &permit, &row)?;
                let mut items = Vec::with_capacity(numbers.len());
                for number in numbers {
                    let VisibleFragmentVersion {
                        version,
                        details,
                        entries,
                        ..
                    } = self.load_visible_version(uow, &permit, &row, Some(number))?;
                    items.push(FragmentVersionOut {
                        version: number,
                        author_id: version.author_id,
                        created_at: version.created_at,
                        entry_count: i64::try_from(entries.len()).unwrap_or(i64::MAX),
                        correction_reason: details.and_then(|details| details.correction_reason),
                    });
                }
                Ok(Page { items, next: None })
            },
        )
    }

    /// The numbers of the fragment versions that the permit holder can see, oldest first.
    fn list_visible_version_numbers(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
    ) -> ServiceResult<Vec<i64>> {
        let reader = permit.reader();
        let now = uow.now();
        if !reader.sees_all_entries_of(row.agency_id) {
            let current = self
                .records
                .fragments
                .load_version_row(uow, permit, row, row.version)?;
            let (_, sealed) = self.records.fragments.open_version(now, row, &current)?;
            if let Some(history) = sealed.history_for(&reader, row.agency_id) {
                return Ok(history.numbered().map(|(number, _)| number).collect());
            }
        }
        let all = store::fragments::versions(uow.tx, permit, row.id, now)?;
        let max_versions = if reader.sees_all_entries_of(row.agency_id) {
            usize::MAX
        } else {
            MAX_VISIBLE_VERSIONS
        };
        let skipped = all.len().saturating_sub(max_versions);
        Ok(all
            .into_iter()
            .skip(skipped)
            .map(|version| version.version)
            .collect())
    }

    /// One version of a fragment.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_fragment_version(
        &self,
        call: &CallContext,
        id: FragmentId,
        version: i64,
    ) -> ServiceResult<FragmentOut> {
        self.kernel.read(
            call,
            Operation::FragmentVersions,
            about_fragment(id),
            |uow| {
                let AuthorizedFragment { permit, row, .. } = self
                    .records
                    .fragments
                    .authorize_fragment(uow, id, Operation::FragmentVersions)?;
                self.open_fragment(uow, &permit, row, Some(version))
            },
        )
    }

    /// Opens a fragment at a version, the current one by default, as the permit holder may see it.
    pub(crate) fn open_fragment(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: FragmentRow,
        version: Option<i64>,
    ) -> ServiceResult<FragmentOut> {
        let VisibleFragmentVersion {
            number,
            at,
            version,
            details,
            entries,
        } = self.load_visible_version(uow, permit, &row, version)?;
        let (row, person_map) = self.sender_view(uow, permit, row)?;
        let named = |(id, mut entry): (EntryId, EntryDetails)| {
            remap_people(&mut entry, &person_map);
            entry_out(id, entry)
        };
        let entries: Vec<EntryOut> = entries.into_iter().map(named).collect();
        let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        uow.audit.entry_count = Some(count);
        uow.audit.disclosures.shown_entries.insert(row.id, count);
        Ok(FragmentOut {
            id: row.id,
            chronology_id: row.chronology_id,
            family_id: row.family_id,
            child_id: row.child_id,
            agency_id: row.agency_id,
            proxy_by_agency_id: row.proxy_by_agency,
            author_id: version.author_id,
            state: row.state,
            version: number,
            agency_reference: details
                .as_ref()
                .and_then(|details| details.agency_reference.clone()),
            sharing: details.as_ref().map(|details| details.sharing.clone()),
            involvement: details
                .as_ref()
                .and_then(|details| details.involvement.clone()),
            correction_reason: details.and_then(|details| details.correction_reason),
            expires_at: row.expires_at,
            created_at: row.created_at,
            updated_at: at.unwrap_or(row.updated_at),
            entries,
            emergency: uow.audit.disclosures.emergency.clone(),
        })
    }

    /// Loads a fragment version, the current one by default, as the permit holder may see it. A
    /// reader who may not see every entry gets the version that last changed something for them,
    /// under their own numbering; the work is the same whether or not that is the current one.
    fn load_visible_version(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
        version: Option<i64>,
    ) -> ServiceResult<VisibleFragmentVersion> {
        let records = &self.records.fragments;
        let reader = permit.reader();
        if reader.sees_all_entries_of(row.agency_id) {
            let number = version.unwrap_or(row.version);
            return self.load_complete_version(uow, permit, row, number);
        }
        let current = records.load_version_row(uow, permit, row, row.version)?;
        let (_, sealed) = records.open_version(uow.now(), row, &current)?;
        let (latest, seen) =
            sealed.latest_visible_to(&reader, row.agency_id, unfiltered_version(&current));
        let (number, stored_number) = match version.filter(|number| *number != latest) {
            None => (latest, seen.version),
            Some(number) => {
                let history = sealed.history_for(&reader, row.agency_id);
                (number, find_stored_number(history, row.version, number)?)
            }
        };
        let version = records.load_version_row(uow, permit, row, stored_number)?;
        // The latest version shows the current entries, with the time, author and reason of the
        // version that last changed them.
        let entries_version = if number == latest { &current } else { &version };
        let (_, entries) = records.open_visible_entries(uow, permit, row, entries_version)?;
        let details = records.version_details(uow, row, &version)?;
        let details = Some(details).filter(|_| !entries.is_empty());
        Ok(VisibleFragmentVersion {
            number,
            at: Some(seen.at),
            version,
            details,
            entries,
        })
    }

    /// Loads a fragment version for a reader who sees every entry of it.
    fn load_complete_version(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
        number: i64,
    ) -> ServiceResult<VisibleFragmentVersion> {
        let records = &self.records.fragments;
        let version = records.load_version_row(uow, permit, row, number)?;
        let (details, entries) = records.open_visible_entries(uow, permit, row, &version)?;
        Ok(VisibleFragmentVersion {
            number: version.version,
            at: None,
            version,
            details: Some(details),
            entries,
        })
    }
}

/// The stored number of the version that a reader calls `number`. `current` is the stored number of
/// the fragment's current version.
///
/// # Errors
/// [`ServiceError::NotFound`] when the reader cannot tell such a version apart.
fn find_stored_number(
    history: Option<&VersionHistory>,
    current: i64,
    number: i64,
) -> ServiceResult<i64> {
    match history {
        Some(history) => history
            .numbered()
            .find(|(known, _)| *known == number)
            .map(|(_, seen)| seen.version)
            .ok_or(ServiceError::NotFound),
        // Nothing was ever hidden from this reader. They can tell as many versions apart as a
        // reader with a history.
        None if number > current.saturating_sub(MAX_VISIBLE_VERSIONS as i64) => Ok(number),
        None => Err(ServiceError::NotFound),
    }
}

/// A fragment version as one reader may see it.
struct VisibleFragmentVersion {
    /// Its number among the versions that the reader can see.
    number: i64,
    /// When the visible content last changed; `None` for a reader who can see every version.
    at: Option<Instant>,
    version: FragmentVersionRow,
    /// `None` for a reader who may see no entry of it.
    details: Option<FragmentDetails>,
    entries: Vec<(EntryId, EntryDetails)>,
}

fn summary(row: &FragmentRow) -> FragmentSummary {
    FragmentSummary {
        id: row.id,
        chronology_id: row.chronology_id,
        family_id: row.family_id,
        child_id: row.child_id,
        agency_id: row.agency_id,
        proxy_by_agency_id: row.proxy_by_agency,
        state: row.state,
        version: row.version,
        expires_at: row.expires_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

fn entry_out(id: EntryId, entry: EntryDetails) -> EntryOut {
    domain::entry_form!(EntryOut from entry {
        id,
        when: WhenOut::from(&entry.when),
        children: entry.children,
        handling: entry.handling,
    })
}

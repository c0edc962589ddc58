//! Use cases for what remains after expiry: tombstones and the list of readers.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use contract::{DestructionOut, Page, ReaderOut, TombstoneAgency, TombstoneOut};
use domain::{AccessPermit, ChronologyId, ObjectRef, Operation, TombstoneKind};
use kernel::{AuditContext, CallContext, ServiceError, ServiceResult, UnitOfWork};
use store::TombstoneRow;
use uuid::Uuid;

use crate::audit::to_reader_out;
use crate::chronologies::Chronologies;
use crate::chronologies::consolidations::hex;
use crate::records::about_chronology;

/// The most readers that the owner is shown.
const MAX_READERS: i64 = 25;

impl Chronologies {
    /// Reads the tombstone of an expired chronology or fragment.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors); [`ServiceError::NotFound`] when the caller was
    /// not entitled to know of the object while it existed.
    pub fn get_tombstone(&self, call: &CallContext, id: Uuid) -> ServiceResult<TombstoneOut> {
        self.kernel.read(
            call,
            Operation::TombstoneRead,
            AuditContext::about(ObjectRef::Tombstone(id)),
            |uow| {
                let facts = self.records.chronologies.tombstone_facts(uow, id)?;
                let found = store::tombstones::find(uow.tx, uow.session.actor.partnership, id)?;
                if found
                    .as_ref()
                    .is_some_and(|found| found.tombstone.kind == TombstoneKind::Fragment)
                {
                    require_readable(uow.authorize(Operation::FragmentRead, &facts))?;
                }
                let permit = uow.authorize(Operation::TombstoneRead, &facts)?;
                let found = found.ok_or(ServiceError::NotFound)?;
                let tombstone = found.tombstone;
                uow.audit.chronology = tombstone.chronology_id;
                let shown_chronology = tombstone
                    .chronology_id
                    .filter(|_| permit.sees_all_agencies());
                let readers = match shown_chronology {
                    Some(chronology) => Some(self.list_last_readers(uow, chronology)?),
                    None => None,
                };
                let certificates = self.retention.readable_certificate_ids(uow, id)?;
                let destruction = match shown_chronology {
                    Some(chronology) => self.find_destruction(uow, chronology)?,
                    None => None,
                };
                let entry_count = visible_entry_count(uow, &permit, &tombstone)?;
                Ok(TombstoneOut {
                    id: tombstone.id,
                    kind: tombstone.kind.as_str().to_owned(),
                    chronology_id: tombstone.chronology_id,
                    agency_id: tombstone.agency_id,
                    reason: tombstone.reason.as_str().to_owned(),
                    created_at: tombstone.created_at,
                    expired_at: tombstone.expired_at,
                    deleted_at: tombstone.deleted_at,
                    entry_count,
                    content_hash: hex(tombstone.content_index.as_ref()),
                    agencies: visible_agencies(&permit, &found.agencies),
                    readers,
                    certificates,
                    destruction,
                })
            },
        )
    }

    /// The order to destroy a chronology early, if there is one.
    fn find_destruction(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: ChronologyId,
    ) -> ServiceResult<Option<DestructionOut>> {
        let partnership = uow.session.actor.partnership;
        let order = store::deletion_orders::find(uow.tx, partnership, chronology)?;
        order
            .map(|order| self.to_destruction_out(uow, &order))
            .transpose()
    }

    /// Lists the last 25 readers of the chronology's content, newest first.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_chronology_readers(
        &self,
        call: &CallContext,
        id: ChronologyId,
    ) -> ServiceResult<Page<ReaderOut>> {
        self.kernel
            .read(call, Operation::ReadersRead, about_chronology(id), |uow| {
                self.records
                    .chronologies
                    .authorize_chronology(uow, id, Operation::ReadersRead)?;
                Ok(Page {
                    items: self.list_last_readers(uow, id)?,
                    next: None,
                })
            })
    }
}

/// Checks that the caller could read the fragment of a tombstone, for whom it has now expired.
fn require_readable(authorization: ServiceResult<AccessPermit>) -> ServiceResult<()> {
    match authorization {
        Ok(_) | Err(ServiceError::Expired) => Ok(()),
        Err(other) => Err(other),
    }
}

/// The agencies of a deleted chronology that the caller may know of: all of them for social care's
/// side, their own for others.
fn visible_agencies(
    permit: &AccessPermit,
    agencies: &[store::TombstoneAgencyRow],
) -> Vec<TombstoneAgency> {
    agencies
        .iter()
        .filter(|row| permit.sees_all_agencies() || row.agency_id == permit.actor().agency)
        .map(|row| TombstoneAgency {
            agency_id: row.agency_id,
            state: row.invitation_state,
        })
        .collect()
}

/// Returns the number of entries that the caller may know: of all agencies for social care's side,
/// of their own agency for others. Which entries were criminal-offence data is no longer known, so
/// the total is withheld from a caller who could not read such data.
fn visible_entry_count(
    uow: &mut UnitOfWork<'_, '_>,
    permit: &AccessPermit,
    tombstone: &TombstoneRow,
) -> ServiceResult<Option<i64>> {
    let actor = permit.actor();
    let own = tombstone.kind == TombstoneKind::Fragment && tombstone.agency_id == actor.agency;
    if own || permit.sees_all_agencies() {
        return Ok((own || actor.offence_data).then_some(tombstone.entry_count));
    }
    let fragments = store::tombstones::list_for_fragments(uow.tx, tombstone)?;
    let own_fragments = fragments
        .iter()
        .filter(|fragment| fragment.agency_id == actor.agency);
    Ok(Some(
        own_fragments.map(|fragment| fragment.entry_count).sum(),
    ))
}

impl Chronologies {
    fn list_last_readers(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: ChronologyId,
    ) -> ServiceResult<Vec<ReaderOut>> {
        let partnership = uow.actor().partnership;
        let tokens = self
            .kernel
            .compute_audit_tokens(partnership, "chronology", id.0)?;
        // A reader in several audit periods appears once for each, because the tokens differ.
        let limit = MAX_READERS.saturating_mul(i64::try_from(tokens.len()).unwrap_or(i64::MAX));
        let rows = store::audit::latest_readers(uow.tx, partnership, &tokens, limit)?;
        let emergency = store::emergency::list_holders(uow.tx, partnership, id)?
            .into_iter()
            .collect();
        let me = uow.caller_id();
        let offence_data = uow.actor().offence_data;
        let mut readers = Vec::new();
        let mut seen_readers = BTreeSet::new();
        for row in rows {
            let Some(mut reader) = to_reader_out(self.kernel.open_audit_record(row)?, &emergency)
            else {
                continue;
            };
            // The number of entries shown to another reader would tell a reader who saw fewer that
            // some are hidden.
            reader.entry_count = reader
                .entry_count
                .filter(|_| offence_data || reader.practitioner_id == me);
            if seen_readers.insert(reader.practitioner_id) {
                readers.push(reader);
            }
        }
        // Readers at the same instant are sorted by identifier, so that the order does not depend
        // on their tokens.
        readers.sort_by_key(|reader| (Reverse(reader.at), reader.practitioner_id));
        readers.truncate(usize::try_from(MAX_READERS).unwrap_or(usize::MAX));
        Ok(readers)
    }
}

//! Deletion of one object: its tombstone, everything derived from it, its rows, and the manifest
//! entries for the certificate of its key.

use std::collections::BTreeSet;

use domain::{
    ChronologyId, FamilyId, FragmentId, Instant, PartnershipId, PersonId, SystemAction,
    TombstoneKind, TombstoneReason,
};
use kernel::{AuditRecord, ServiceResult};
use store::{
    ChronologyRow, DueForDeletion, FragmentRow, ManifestScope, StoreError, TombstoneAgencyRow,
    TombstoneRow, Tx,
};
use uuid::Uuid;
use vault::KeyScope;

use crate::retention::Retention;
use crate::retention::legal_holds::is_under_legal_hold;
use crate::retention::purge::{DeletionOutcome, ObsoleteKeys};

/// Why and when an object is deleted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeletionCause {
    reason: TombstoneReason,
    now: Instant,
}

/// The object has expired.
pub(crate) const fn expired(now: Instant) -> DeletionCause {
    DeletionCause {
        reason: TombstoneReason::Expired,
        now,
    }
}

/// The object is destroyed before its expiry.
pub(crate) const fn destroyed_early(now: Instant) -> DeletionCause {
    DeletionCause {
        reason: TombstoneReason::Destroyed,
        now,
    }
}

impl DeletionCause {
    /// Returns the instant from which an object with the expiry `end` was no longer served.
    fn ended_at(self, end: Instant) -> Instant {
        end.min(self.now)
    }
}

impl Retention {
    pub(super) fn delete_expired_chronology(
        &self,
        tx: &mut Tx<'_>,
        due: &DueForDeletion<ChronologyId>,
        now: Instant,
    ) -> ServiceResult<DeletionOutcome> {
        let Some(row) = store::purge::find_chronology(tx, due.partnership, due.id)? else {
            return Ok(DeletionOutcome::Retained);
        };
        if is_under_legal_hold(tx, due.partnership, Some(row.id), row.family_id, now)? {
            return Ok(DeletionOutcome::Retained);
        }
        let keys = self.delete_chronology_content(tx, &row, expired(now))?;
        self.kernel.append_audit_record(
            tx,
            &self.build_expiry_record(
                SystemAction::ChronologyExpire,
                due.partnership,
                row.id.0,
                Some(row.id),
                now,
            ),
        )?;
        Ok(DeletionOutcome::Deleted(keys))
    }

    /// Deletes a chronology and everything derived from it, leaving tombstones. Returns the keys
    /// that have nothing left to decrypt.
    pub(crate) fn delete_chronology_content(
        &self,
        tx: &mut Tx<'_>,
        row: &ChronologyRow,
        cause: DeletionCause,
    ) -> ServiceResult<ObsoleteKeys> {
        let partnership = row.partnership_id;
        let fragments = store::purge::list_fragments(tx, partnership, row.id)?;
        let mut hashes = Vec::new();
        let mut entries = 0;
        for fragment in &fragments {
            let tombstone = self.build_fragment_tombstone(tx, fragment, cause)?;
            hashes.extend_from_slice(tombstone.content_index.as_ref());
            entries += tombstone.entry_count;
            store::tombstones::insert(tx, &tombstone, &[], &[])?;
        }
        self.insert_chronology_tombstone(tx, row, &hashes, entries, cause)?;
        let origins = store::origins::list_for_chronology(tx, partnership, row.id)?;
        // An advance submission was encrypted under a scope key of its own only, until it was
        // attached. Where an earlier version of the service did not record that, the creation date
        // shows it.
        let before_opening = |fragment: &&FragmentRow| {
            row.opened_at
                .is_some_and(|opened| fragment.created_at <= opened)
        };
        let unmarked = fragments
            .iter()
            .filter(|fragment| fragment.wrapped_until.is_none())
            .filter(before_opening);
        let advance_ids = unmarked
            .map(|fragment| fragment.id.0)
            .chain(origins.iter().map(|origin| origin.fragment_id.0));
        let scopes: BTreeSet<Uuid> = advance_ids.chain([row.id.0]).collect();
        let scopes: Vec<KeyScope> = scopes.into_iter().map(KeyScope).collect();
        self.record_manifest(
            tx,
            partnership,
            ManifestScope::Chronology(row.id),
            cause.now,
        )?;
        if cause.reason == TombstoneReason::Destroyed {
            self.schedule_scope_destruction(tx, row, &scopes, cause.now)?;
        }
        store::purge::delete_chronology(tx, partnership, row.id)?;
        // The own keys of the other fragments decrypt nothing without the chronology's key.
        let own_scopes = fragments
            .iter()
            .filter(|fragment| fragment.wrapped_until.is_some())
            .map(|fragment| KeyScope(fragment.id.0));
        let unneeded = own_scopes.filter(|scope| !scopes.contains(scope)).collect();
        Ok(ObsoleteKeys {
            destroyed: scopes,
            unneeded,
        })
    }

    fn insert_chronology_tombstone(
        &self,
        tx: &mut Tx<'_>,
        row: &ChronologyRow,
        hashes: &[u8],
        entry_count: i64,
        cause: DeletionCause,
    ) -> ServiceResult<()> {
        let tombstone = TombstoneRow {
            id: row.id.0,
            kind: TombstoneKind::Chronology,
            partnership_id: row.partnership_id,
            chronology_id: Some(row.id),
            agency_id: row.owner_agency_id,
            owner_id: row.owner_id,
            reason: cause.reason,
            created_at: row.created_at,
            expired_at: cause.ended_at(row.expires_at),
            deleted_at: cause.now,
            entry_count,
            content_index: self
                .kernel
                .vault()
                .index(row.partnership_id, "tombstone", hashes)
                .to_vec()
                .into(),
        };
        let mut practitioners = store::chronologies::team(tx, row.partnership_id, row.id)?;
        let mut agencies = Vec::new();
        // Agencies that were not invited yet never knew of a draft.
        if row.opened_at.is_some() {
            for invitation in store::invitations::list(tx, row.partnership_id, row.id)? {
                practitioners.extend(store::invitations::practitioners(
                    tx,
                    row.partnership_id,
                    invitation.id,
                )?);
                agencies.push(TombstoneAgencyRow {
                    tombstone_id: row.id.0,
                    agency_id: invitation.agency_id,
                    partnership_id: row.partnership_id,
                    invitation_state: invitation.state,
                });
            }
        }
        practitioners.sort_unstable();
        practitioners.dedup();
        Ok(store::tombstones::insert(
            tx,
            &tombstone,
            &agencies,
            &practitioners,
        )?)
    }

    pub(super) fn delete_expired_fragment(
        &self,
        tx: &mut Tx<'_>,
        due: &DueForDeletion<FragmentId>,
        now: Instant,
    ) -> ServiceResult<DeletionOutcome> {
        let Some(row) = store::fragments::find(tx, due.partnership, due.id)? else {
            return Ok(DeletionOutcome::Retained);
        };
        if is_under_legal_hold(tx, due.partnership, row.chronology_id, row.family_id, now)? {
            return Ok(DeletionOutcome::Retained);
        }
        let tombstone = self.build_fragment_tombstone(tx, &row, expired(now))?;
        store::tombstones::insert(tx, &tombstone, &[], &[])?;
        self.record_manifest(tx, due.partnership, ManifestScope::Fragment(row.id), now)?;
        self.linking
            .delete_fragment_links(tx, due.partnership, row.chronology_id, row.id)?;
        store::purge::delete_fragment(tx, due.partnership, row.id)?;
        self.reopen_answered_invitation(tx, &row, now)?;
        self.kernel.append_audit_record(
            tx,
            &self.build_expiry_record(
                SystemAction::FragmentExpire,
                due.partnership,
                row.id.0,
                row.chronology_id,
                now,
            ),
        )?;
        Ok(DeletionOutcome::Deleted(
            self.find_obsolete_fragment_keys(&row)?,
        ))
    }

    /// Returns the obsolete keys of a fragment deleted at its expiry. Destroying the epoch key is
    /// enough for data wrapped until that expiry; where the expiry was brought forward, older
    /// copies of the database can still be opened with a later epoch key, so the fragment's own key
    /// is destroyed too.
    fn find_obsolete_fragment_keys(&self, row: &FragmentRow) -> ServiceResult<ObsoleteKeys> {
        let own_scope = KeyScope(row.id.0);
        Ok(match row.wrapped_until {
            Some(until) if until <= row.expires_at && row.chronology_id.is_some() => ObsoleteKeys {
                unneeded: vec![own_scope],
                ..ObsoleteKeys::default()
            },
            // A fragment that an earlier version of the service wrote directly to a chronology has
            // no key of its own.
            None if self.kernel.vault().scope_record(own_scope)?.is_none() => {
                ObsoleteKeys::default()
            }
            _ => ObsoleteKeys {
                destroyed: vec![own_scope],
                ..ObsoleteKeys::default()
            },
        })
    }

    fn build_fragment_tombstone(
        &self,
        tx: &mut Tx<'_>,
        row: &FragmentRow,
        cause: DeletionCause,
    ) -> ServiceResult<TombstoneRow> {
        let digests = store::fragments::digests(tx, row.partnership_id, row.id)?;
        let hashes: Vec<u8> = digests
            .iter()
            .flat_map(|digest| digest.content_index.as_ref().to_vec())
            .collect();
        Ok(TombstoneRow {
            id: row.id.0,
            kind: TombstoneKind::Fragment,
            partnership_id: row.partnership_id,
            chronology_id: row.chronology_id,
            agency_id: row.agency_id,
            owner_id: row.author_id,
            reason: cause.reason,
            created_at: row.created_at,
            expired_at: cause.ended_at(row.expires_at),
            deleted_at: cause.now,
            entry_count: digests
                .iter()
                .max_by_key(|digest| digest.version)
                .map_or(0, |digest| digest.entry_count),
            content_index: self
                .kernel
                .vault()
                .index(row.partnership_id, "tombstone", &hashes)
                .to_vec()
                .into(),
        })
    }

    /// Deletes a family that nothing refers to any more. While something under a legal hold refers
    /// to it, it stays in the database and is not readable.
    pub(super) fn delete_unused_family(
        &self,
        tx: &mut Tx<'_>,
        due: &DueForDeletion<FamilyId>,
        now: Instant,
    ) -> ServiceResult<DeletionOutcome> {
        let in_use = store::unpurged::is_family_referenced(tx, due.partnership, due.id)?;
        if in_use || is_under_legal_hold(tx, due.partnership, None, due.id, now)? {
            return Ok(DeletionOutcome::Retained);
        }
        self.record_manifest(tx, due.partnership, ManifestScope::Family(due.id), now)?;
        let deleted = store::purge::delete_family(tx, due.partnership, due.id);
        self.record_deletion(
            tx,
            deleted,
            SystemAction::FamilyExpire,
            (due.partnership, due.id.0),
            now,
        )
    }

    /// Deletes a person who is no longer a member of any family.
    pub(super) fn delete_unused_person(
        &self,
        tx: &mut Tx<'_>,
        due: &DueForDeletion<PersonId>,
        now: Instant,
    ) -> ServiceResult<DeletionOutcome> {
        let in_family = !store::people::families_of(tx, due.partnership, due.id)?.is_empty();
        if in_family || store::holds::is_held(tx, due.partnership, None, &[due.id], now)? {
            return Ok(DeletionOutcome::Retained);
        }
        self.record_manifest(tx, due.partnership, ManifestScope::Person(due.id), now)?;
        let deleted = store::purge::delete_person(tx, due.partnership, due.id);
        self.record_deletion(
            tx,
            deleted,
            SystemAction::PersonExpire,
            (due.partnership, due.id.0),
            now,
        )
    }

    fn record_deletion(
        &self,
        tx: &mut Tx<'_>,
        deleted: Result<bool, StoreError>,
        action: SystemAction,
        (partnership, id): (PartnershipId, Uuid),
        now: Instant,
    ) -> ServiceResult<DeletionOutcome> {
        if !deleted? {
            return Ok(DeletionOutcome::Retained);
        }
        self.kernel.append_audit_record(
            tx,
            &self.build_expiry_record(action, partnership, id, None, now),
        )?;
        Ok(DeletionOutcome::Deleted(ObsoleteKeys {
            destroyed: vec![KeyScope(id)],
            ..ObsoleteKeys::default()
        }))
    }

    /// Reopens the invitation of an agency whose return has expired, unless another submitted
    /// fragment of that agency remains.
    fn reopen_answered_invitation(
        &self,
        tx: &mut Tx<'_>,
        deleted: &FragmentRow,
        now: Instant,
    ) -> ServiceResult<()> {
        let Some(id) = deleted.chronology_id else {
            return Ok(());
        };
        let Some(chronology) = store::chronologies::find(tx, deleted.partnership_id, id, now)?
        else {
            return Ok(());
        };
        self.records
            .invitations
            .reopen_invitation(tx, now, &chronology, deleted.agency_id)
    }

    fn build_expiry_record(
        &self,
        action: SystemAction,
        partnership: PartnershipId,
        id: Uuid,
        chronology: Option<ChronologyId>,
        now: Instant,
    ) -> AuditRecord {
        AuditRecord {
            object_id: Some(id),
            chronology_id: chronology,
            ..AuditRecord::system(action, partnership, self.kernel.ids(), now)
        }
    }
}

//! Correcting, withdrawing and extending a fragment.

use contract::{ExtendIn, FragmentIn, FragmentReceipt};
use domain::{
    AccessPermit, FragmentId, Instant, Operation, SubmissionOutcome, TombstoneKind, TombstoneReason,
};
use kernel::{CallContext, Conflict, ServiceError, ServiceResult, UnitOfWork, WriteReply};
use store::{ChronologyRow, FragmentRow, ManifestScope, TombstoneRow};

use crate::fragments::Fragments;
use crate::fragments::correction::visible_entries;
use crate::fragments::findings::collect_findings;
use crate::fragments::submission::build_receipt;
use crate::fragments::validation::{Correction, check_expiry};
use crate::linking::schedule_linking;
use crate::records::{AuthorizedFragment, about_fragment, with_expiry};

impl Fragments {
    /// Corrects a fragment: stores a new version and keeps the earlier ones.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Stale`] when `version` is not
    /// the current one; [`ServiceError::Invalid`] with every fault of the input.
    pub fn correct_fragment(
        &self,
        call: &CallContext,
        id: FragmentId,
        version: i64,
        input: FragmentIn,
    ) -> ServiceResult<FragmentReceipt> {
        let written = self.kernel.write(
            call,
            Operation::FragmentCorrect,
            about_fragment(id),
            |uow| {
                let AuthorizedFragment {
                    permit,
                    row,
                    chronology,
                } = self.records.fragments.authorize_fragment(
                    uow,
                    id,
                    Operation::FragmentCorrect,
                )?;
                self.check_current_version(uow, &permit, &row, version)?;
                if input
                    .on_behalf_of
                    .is_some_and(|agency| agency != row.agency_id)
                {
                    return Err(ServiceError::invalid(
                        "/on_behalf_of",
                        "fixed",
                        "a fragment stays with its agency",
                    ));
                }
                let origin = self.hidden_origin(uow, &row)?;
                if let (Some(origin), Some(chronology)) = (origin, &chronology) {
                    let stored = (row, origin);
                    return self.correct_in_sender_view(uow, &permit, stored, chronology, &input);
                }
                self.correct_openly(uow, &permit, (row, chronology), &input)
            },
        )?;
        Ok(written.value)
    }

    /// Checks that a caller changes the version of the fragment that is current for them.
    fn check_current_version(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
        version: i64,
    ) -> ServiceResult<()> {
        if self.visible_version_number(uow, permit, row)? == version {
            Ok(())
        } else {
            Err(ServiceError::Stale)
        }
    }

    /// Corrects a fragment whose chronology, if it has one, is known to the caller.
    fn correct_openly(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        (row, chronology): (FragmentRow, Option<ChronologyRow>),
        input: &FragmentIn,
    ) -> ServiceResult<FragmentReceipt> {
        let family = self
            .records
            .families
            .open_family(uow, permit, row.family_id)?;
        let correction = Correction {
            row: &row,
            input,
            expires_at: input.expires_at.unwrap_or(row.expires_at),
            latest_expiry: match &chronology {
                Some(chronology) => chronology.expires_at,
                None => row.created_at.plus(uow.policy().max_ahead_lifetime),
            },
        };
        let submission = self.validate_correction(uow, permit, &family, &correction)?;
        let (receipt, entries) = self.apply_correction(uow, permit, (row, &family), submission)?;
        let findings = match &chronology {
            Some(chronology) => {
                self.linking
                    .update_decision_expiries(uow, permit, chronology)?;
                schedule_linking(uow, chronology.id);
                let details = self
                    .records
                    .chronologies
                    .open_chronology_details(chronology, uow.now())?;
                collect_findings(uow, &family, &details, &entries)
            }
            None => Vec::new(),
        };
        Ok(FragmentReceipt {
            findings,
            ..receipt
        })
    }

    /// Withdraws a fragment: deletes its content at once, leaves a tombstone and releases its
    /// reference. The agency's invitation is reopened when the agency has no other fragment on the
    /// chronology.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Stale`] when `version` is not
    /// the current one; `Conflict::Held` under a legal hold.
    pub fn withdraw_fragment(
        &self,
        call: &CallContext,
        id: FragmentId,
        version: i64,
    ) -> ServiceResult<()> {
        let written = self.kernel.write(
            call,
            Operation::FragmentWithdraw,
            about_fragment(id),
            |uow| {
                let fragment = self.records.fragments.authorize_fragment(
                    uow,
                    id,
                    Operation::FragmentWithdraw,
                )?;
                let row = &fragment.row;
                self.check_current_version(uow, &fragment.permit, row, version)?;
                if self
                    .records
                    .holds
                    .is_under_legal_hold(uow, row.chronology_id, row.family_id)?
                {
                    return Err(ServiceError::Conflict(Conflict::Held));
                }
                self.delete_withdrawn_fragment(uow, &fragment)
            },
        )?;
        if written.value {
            self.kernel.destroy_queued_scopes(self.kernel.now())?;
        }
        Ok(())
    }

    /// Replaces a fragment by a tombstone and updates what depends on it. Returns whether the
    /// fragment's own key was queued for destruction.
    fn delete_withdrawn_fragment(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        fragment: &AuthorizedFragment,
    ) -> ServiceResult<bool> {
        let AuthorizedFragment {
            permit,
            row,
            chronology,
        } = fragment;
        let now = uow.session.now;
        let partnership = row.partnership_id;
        let origin = store::origins::find(uow.tx, partnership, row.id)?;
        let tombstone =
            self.build_withdrawal_tombstone(uow, permit, row, TombstoneReason::Withdrawn)?;
        store::tombstones::insert(uow.tx, &tombstone, &[], &[])?;
        self.retention.record_manifest(
            uow.tx,
            partnership,
            ManifestScope::Fragment(row.id),
            now,
        )?;
        self.linking
            .delete_fragment_links(uow.tx, partnership, row.chronology_id, row.id)?;
        store::purge::delete_fragment(uow.tx, partnership, row.id)?;
        if let Some(chronology) = chronology {
            schedule_linking(uow, chronology.id);
            self.records
                .invitations
                .reopen_invitation(uow.tx, now, chronology, row.agency_id)?;
        }
        self.records
            .families
            .update_family_expiry(uow, permit, row.family_id)?;
        if let Some(origin) = &origin {
            self.records
                .families
                .update_family_expiry(uow, permit, origin.family_id)?;
        }
        // Destroying the fragment's own key also makes it unreadable in every copy of the database.
        let has_own_key = chronology.is_none() || origin.is_some() || row.wrapped_until.is_some();
        store::scopes_to_destroy::insert(uow.tx, has_own_key.then_some(row.id.0), now)?;
        Ok(has_own_key)
    }

    /// The tombstone of a fragment: ids, dates, counts and a hash over its versions.
    fn build_withdrawal_tombstone(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
        reason: TombstoneReason,
    ) -> ServiceResult<TombstoneRow> {
        let now = uow.now();
        let versions = store::fragments::versions(uow.tx, permit, row.id, now)?;
        let hashes: Vec<u8> = versions
            .iter()
            .flat_map(|version| version.content_index.as_ref().to_vec())
            .collect();
        let entry_count = versions.last().map_or(0, |version| version.entry_count);
        Ok(TombstoneRow {
            id: row.id.0,
            kind: TombstoneKind::Fragment,
            partnership_id: row.partnership_id,
            chronology_id: row.chronology_id,
            agency_id: row.agency_id,
            owner_id: row.author_id,
            reason,
            created_at: row.created_at,
            expired_at: now,
            deleted_at: now,
            entry_count,
            content_index: self
                .kernel
                .vault()
                .index(row.partnership_id, "tombstone", &hashes)
                .to_vec()
                .into(),
        })
    }

    /// Changes the expiry of a fragment: later within the cap of the chronology or the partnership,
    /// or earlier.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] when the expiry is in
    /// the past or beyond the cap, or the reason is blank.
    pub fn extend_fragment(
        &self,
        call: &CallContext,
        id: FragmentId,
        input: ExtendIn,
    ) -> ServiceResult<WriteReply<FragmentReceipt>> {
        self.kernel.write_idempotent(
            call,
            Operation::FragmentExtend,
            about_fragment(id),
            |uow| {
                let fragment = self.records.fragments.authorize_fragment(
                    uow,
                    id,
                    Operation::FragmentExtend,
                )?;
                let is_hidden = self.hidden_origin(uow, &fragment.row)?.is_some();
                check_extension(uow, &fragment, is_hidden, &input)?;
                let row = self.store_new_expiry(uow, &fragment, input.expires_at)?;
                let receipt = self.build_extension_receipt(uow, &fragment.permit, &row)?;
                uow.audit.outcome = Some(receipt.outcome);
                Ok(if is_hidden {
                    FragmentReceipt {
                        chronology_id: None,
                        expires_at: input.expires_at,
                        ..receipt
                    }
                } else {
                    receipt
                })
            },
            |uow, record| self.rebuild_receipt(uow, record, false),
        )
    }

    /// Stores a new expiry of a fragment, at most that of its chronology, with everything that
    /// follows it: the wrapping of its keys, the family, decisions and links. Returns the new row.
    fn store_new_expiry(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        fragment: &AuthorizedFragment,
        asked: Instant,
    ) -> ServiceResult<FragmentRow> {
        let AuthorizedFragment {
            permit,
            row: before,
            chronology,
        } = fragment;
        let expires_at = chronology
            .as_ref()
            .map_or(asked, |chronology| asked.min(chronology.expires_at));
        let row = FragmentRow {
            updated_at: uow.now(),
            ..with_expiry(before.clone(), expires_at)
        };
        self.records
            .fragments
            .rewrap_versions(uow, permit, before, &row)?;
        store::fragments::update(uow.tx, &row, before.version)?;
        self.records
            .families
            .update_family_expiry(uow, permit, row.family_id)?;
        self.records
            .fragments
            .update_origin_expiry(uow, permit, &row, asked)?;
        if let Some(chronology) = chronology {
            self.linking
                .update_decision_expiries(uow, permit, chronology)?;
            // Stored links expire with the first fragment that they compare, so they are recomputed
            // for the new expiry.
            store::event_links::delete_for_chronology(uow.tx, row.partnership_id, chronology.id)?;
            schedule_linking(uow, chronology.id);
        }
        uow.audit.expires_at = Some(row.expires_at);
        Ok(row)
    }

    /// The receipt of a change of expiry, with the entries and the version number that the caller
    /// may see.
    fn build_extension_receipt(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
    ) -> ServiceResult<FragmentReceipt> {
        let current =
            store::fragments::version(uow.tx, permit, row.id, row.version, uow.session.now)?;
        let current = current.ok_or(ServiceError::NotFound)?;
        let entries = self
            .records
            .fragments
            .open_entries(uow, permit, row, &current)?;
        let entries = visible_entries(permit, row, entries);
        let version = self.visible_version_number(uow, permit, row)?;
        Ok(FragmentReceipt {
            version,
            ..build_receipt(row, &entries, SubmissionOutcome::Updated)
        })
    }
}

/// Checks the new expiry of a fragment and that a reason is given. A sender who may not know of the
/// chronology is bound by the partnership's limit for advance submissions only.
fn check_extension(
    uow: &UnitOfWork<'_, '_>,
    fragment: &AuthorizedFragment,
    is_hidden: bool,
    input: &ExtendIn,
) -> ServiceResult<()> {
    let latest = match &fragment.chronology {
        Some(chronology) if !is_hidden => chronology.expires_at,
        _ => fragment
            .row
            .created_at
            .plus(uow.policy().max_ahead_lifetime),
    };
    if let Some(fault) = check_expiry(uow, input.expires_at, latest) {
        return Err(ServiceError::Invalid(vec![fault]));
    }
    if input.reason.as_str().trim().is_empty() {
        return Err(ServiceError::invalid(
            "/reason",
            "required",
            "give a reason",
        ));
    }
    Ok(())
}

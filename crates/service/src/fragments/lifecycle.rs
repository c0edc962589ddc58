//! Correcting, withdrawing and extending a fragment.

use contract::{ExtendIn, FragmentIn, FragmentReceipt};
use kernel::{
    CallContext, Conflict, RewrappedKey, ServiceError, ServiceResult, UnitOfWork, WriteReply,
};

use crate::Service;

use domain::{
    AccessPermit, FragmentId, FragmentState, Instant, Operation, SubmissionOutcome, TombstoneKind,
    TombstoneReason,
};
use store::{ChronologyRow, FragmentRow, ManifestScope, TombstoneRow};

use super::correction::visible_entries;
use super::submission::{Correction, build_receipt, check_expiry};
use super::{AuthorizedFragment, audit_context, fragment_terms, version_location, with_expiry};

impl Service {
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
        let written = self.write(call, Operation::FragmentCorrect, audit_context(id), |uow| {
            let AuthorizedFragment {
                permit,
                row,
                chronology,
            } = self.authorize_fragment(uow, id, Operation::FragmentCorrect)?;
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
        })?;
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
        let family = self.open_family(uow, permit, row.family_id)?;
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
                self.update_decision_expiries(uow, permit, chronology)?;
                self.schedule_linking(uow, permit, chronology, &family);
                let details = self.open_chronology_details(chronology, uow.now())?;
                super::findings::collect_findings(uow, &family, &details, &entries)
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
        let written = self.write(
            call,
            Operation::FragmentWithdraw,
            audit_context(id),
            |uow| {
                let fragment = self.authorize_fragment(uow, id, Operation::FragmentWithdraw)?;
                let row = &fragment.row;
                self.check_current_version(uow, &fragment.permit, row, version)?;
                if self.is_under_legal_hold(uow, row.chronology_id, row.family_id)? {
                    return Err(ServiceError::Conflict(Conflict::Held));
                }
                self.delete_withdrawn_fragment(uow, &fragment)
            },
        )?;
        if written.value {
            self.destroy_queued_scopes(self.now())?;
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
        self.record_manifest(uow.tx, partnership, ManifestScope::Fragment(row.id), now)?;
        self.delete_fragment_links(uow.tx, partnership, row.chronology_id, row.id)?;
        store::purge::delete_fragment(uow.tx, partnership, row.id)?;
        if let Some(chronology) = chronology {
            let family = self.open_family(uow, permit, row.family_id)?;
            self.schedule_linking(uow, permit, chronology, &family);
            self.reopen_invitation(uow.tx, now, chronology, row.agency_id)?;
        }
        self.update_family_expiry(uow, permit, row.family_id)?;
        if let Some(origin) = &origin {
            self.update_family_expiry(uow, permit, origin.family_id)?;
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
                .vault()
                .index(row.partnership_id, "tombstone", &hashes)
                .to_vec()
                .into(),
        })
    }

    /// Reopens the agency's invitation when the agency has no submitted fragment left on the
    /// chronology.
    pub(crate) fn reopen_invitation(
        &self,
        tx: &mut store::Tx<'_>,
        now: Instant,
        chronology: &ChronologyRow,
        agency: domain::AgencyId,
    ) -> ServiceResult<()> {
        let partnership = chronology.partnership_id;
        let live = store::fragments::list(tx, partnership, chronology.id, now)?;
        let others = live
            .iter()
            .any(|row| row.agency_id == agency && row.state == FragmentState::Submitted);
        let found = store::invitations::find_for_agency(tx, partnership, chronology.id, agency)?;
        let Some(mut invitation) = found else {
            return Ok(());
        };
        if others || invitation.state != domain::InvitationState::Submitted {
            return Ok(());
        }
        let mut details = self.invitation_details(chronology, &invitation, now)?;
        let overdue = invitation.due_at <= now;
        invitation.state = if overdue {
            domain::InvitationState::Overdue
        } else {
            domain::InvitationState::Drafting
        };
        invitation.answered_at = None;
        invitation.answered_by = None;
        // An answer that the fragment replaced is not restored when the fragment ends.
        details.former_answer = None;
        self.save_invitation(tx, now, chronology, &mut invitation, &details)
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
        self.write_idempotent(
            call,
            Operation::FragmentExtend,
            audit_context(id),
            |uow| {
                let fragment = self.authorize_fragment(uow, id, Operation::FragmentExtend)?;
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
        self.rewrap_versions(uow, permit, before, &row)?;
        store::fragments::update(uow.tx, &row, before.version)?;
        self.update_family_expiry(uow, permit, row.family_id)?;
        self.update_origin_expiry(uow, permit, &row, asked)?;
        if let Some(chronology) = chronology {
            self.update_decision_expiries(uow, permit, chronology)?;
            // Stored links expire with the first fragment that they compare, so they are recomputed
            // for the new expiry.
            store::event_links::delete_for_chronology(uow.tx, row.partnership_id, chronology.id)?;
            let family = self.open_family(uow, permit, chronology.family_id)?;
            self.schedule_linking(uow, permit, chronology, &family);
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
        let entries = self.open_entries(uow, permit, row, &current)?;
        let entries = visible_entries(permit, row, entries);
        let version = self.visible_version_number(uow, permit, row)?;
        Ok(FragmentReceipt {
            version,
            ..build_receipt(row, &entries, SubmissionOutcome::Updated)
        })
    }

    /// Rewraps the keys of all versions of a fragment, from the terms of the row `before` to those
    /// of the row `after` (see [`with_expiry`]).
    pub(super) fn rewrap_versions(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        before: &FragmentRow,
        after: &FragmentRow,
    ) -> ServiceResult<()> {
        let now = uow.now();
        let expires_at = after.expires_at;
        for version in store::fragments::versions(uow.tx, permit, before.id, now)? {
            let location = version_location(before.id, version.version);
            let from = fragment_terms(before, version.expires_at);
            let to = fragment_terms(after, expires_at);
            let wrapped = match self.rewrap(
                uow.tx,
                now,
                &RewrappedKey {
                    from: &from,
                    to: &to,
                    location: &location,
                    wrapped: version.wrapped_key.as_ref(),
                },
            ) {
                // The row was restored from a backup made before the withdrawal. No key opens
                // it; it is deleted at its expiry.
                Err(_) if self.is_own_key_destroyed(before)? => continue,
                wrapped => wrapped?,
            };
            store::fragments::set_version_lifetime(
                uow.tx,
                before.partnership_id,
                before.id,
                version.version,
                expires_at,
                &wrapped.into(),
            )?;
        }
        Ok(())
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

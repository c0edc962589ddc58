//! Correcting, withdrawing and re-timing a fragment.

use domain::{FragmentId, Operation};
use store::{FragmentRow, FragmentState, Part, TombstoneKind, TombstoneReason, TombstoneRow};

use super::correcting::seen_of;
use super::entries::checked;
use super::submitting::{check_child, check_expiry, check_sharing, entry_scope, receipt_of};
use super::{FragmentDetails, Held, fragment_terms, living_until, trail, version_place};
use crate::session::{Call, Scene};
use crate::{
    Answer, Conflict, ExtendIn, FragmentIn, FragmentReceipt, Service, ServiceError, SubmissionOutcome, Written,
};

impl Service {
    /// Corrects a fragment: a new version, the earlier ones kept.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Stale`] when `version` is not the current one; [`ServiceError::Invalid`] names
    /// every fault.
    pub fn correct_fragment(
        &self,
        call: &Call,
        id: FragmentId,
        version: i64,
        input: FragmentIn,
    ) -> Answer<FragmentReceipt> {
        let written = self.write(call, Operation::FragmentCorrect, trail(id), |scene| {
            let Held { permit, row, chronology } = self.admit_to_fragment(scene, id, Operation::FragmentCorrect)?;
            if self.version_known_to(scene, &permit, &row)? != version {
                return Err(ServiceError::Stale);
            }
            if input.on_behalf_of.is_some_and(|agency| agency != row.agency_id) {
                return Err(ServiceError::fault("/on_behalf_of", "fixed", "a fragment stays with its agency"));
            }
            if let (Some(origin), Some(chronology)) = (self.unseen_origin(scene, &row)?, &chronology) {
                return self.correct_as_sent(scene, &permit, (row, origin), chronology, &input);
            }
            let family = self.open_family(scene, &permit, row.family_id)?;
            let scope = entry_scope(scene, &family, input.child_id);
            let mut faults = check_sharing(&input.sharing, input.involvement.as_ref(), &input.entries);
            let latest = match &chronology {
                Some(chronology) => chronology.expires_at,
                None => row.created_at.plus(scene.policy().max_ahead_lifetime),
            };
            let expires_at = input.expires_at.unwrap_or(row.expires_at);
            faults.extend(check_expiry(scene, expires_at, latest));
            faults.extend(check_child(&scope));
            let entries = checked(scene, &scope, faults, &input.entries)?;
            let agency_reference = self.reference_of(scene, &permit, &row)?;
            if input.agency_reference.is_some() && input.agency_reference != agency_reference {
                return Err(ServiceError::fault("/agency_reference", "fixed", "a fragment keeps its reference"));
            }
            let details = FragmentDetails {
                agency_reference,
                sharing: input.sharing.clone(),
                involvement: input.involvement.clone(),
                correction_reason: input.correction_reason.clone(),
            };
            let (agency, proxy_by) = (row.agency_id, row.proxy_by_agency);
            let submission = self.submission(
                scene,
                agency,
                proxy_by,
                input.child_id,
                expires_at,
                input.expires_at,
                details,
                (&input.entries, entries),
            )?;
            let (receipt, entries) = self.correct_standing(scene, &permit, (row, &family), submission)?;
            let findings = match &chronology {
                Some(chronology) => {
                    self.settle_decisions(scene, &permit, chronology)?;
                    self.link_afterwards(scene, &permit, chronology, &family);
                    let details = self.chronology_details(chronology, scene.now())?;
                    super::findings::of(scene, &family, &details, &entries)
                }
                None => Vec::new(),
            };
            Ok(FragmentReceipt { findings, ..receipt })
        })?;
        Ok(written.value)
    }

    /// The agency's own reference of a fragment stays what it was.
    pub(super) fn reference_of(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &domain::Permit,
        row: &store::FragmentRow,
    ) -> Answer<Option<String>> {
        let current = store::fragments::version(scene.tx, permit, row.id, row.version, scene.session.now)?;
        let current = current.ok_or(ServiceError::NotFound)?;
        Ok(self.version_details(scene, row, &current)?.agency_reference)
    }

    /// Withdraws a fragment: its words go at once, the tombstone stays, and its reference is free again. The agency's
    /// invitation is open again when nothing else of the agency stands.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Stale`] when `version` is not the current one; `Conflict::Held` under a legal
    /// hold.
    pub fn withdraw_fragment(&self, call: &Call, id: FragmentId, version: i64) -> Answer<()> {
        let written = self.write(call, Operation::FragmentWithdraw, trail(id), |scene| {
            let Held { permit, row, chronology } = self.admit_to_fragment(scene, id, Operation::FragmentWithdraw)?;
            if self.version_known_to(scene, &permit, &row)? != version {
                return Err(ServiceError::Stale);
            }
            if self.is_held(scene, row.chronology_id, row.family_id)? {
                return Err(ServiceError::Conflict(Conflict::Held));
            }
            let origin = store::origins::find(scene.tx, row.partnership_id, id)?;
            let stone = self.fragment_tombstone(scene, &permit, &row, TombstoneReason::Withdrawn)?;
            store::tombstones::insert(scene.tx, &stone, &[], &[])?;
            self.note_covered(scene.tx, row.partnership_id, Part::Fragment(id), scene.session.now)?;
            self.forget_links(scene.tx, row.partnership_id, row.chronology_id, id)?;
            store::purge::delete_fragment(scene.tx, row.partnership_id, id)?;
            if let Some(chronology) = &chronology {
                let family = self.open_family(scene, &permit, row.family_id)?;
                self.link_afterwards(scene, &permit, chronology, &family);
                self.reopen_invitation(scene.tx, scene.session.now, chronology, row.agency_id)?;
            }
            self.settle_family(scene, &permit, row.family_id)?;
            if let Some(origin) = &origin {
                self.settle_family(scene, &permit, origin.family_id)?;
            }
            // With its own key it is gone from every copy of the database too, whatever hour it was to live to.
            let own = chronology.is_none() || origin.is_some() || row.wrapped_until.is_some();
            store::scopes_to_destroy::insert(scene.tx, own.then_some(id.0), scene.session.now)?;
            Ok(own)
        })?;
        if written.value {
            self.destroy_noted_scopes(self.now())?;
        }
        Ok(())
    }

    /// What is left of a fragment: ids, dates, counts and a hash over its versions.
    fn fragment_tombstone(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &domain::Permit,
        row: &store::FragmentRow,
        reason: TombstoneReason,
    ) -> Answer<TombstoneRow> {
        let now = scene.now();
        let versions = store::fragments::versions(scene.tx, permit, row.id, now)?;
        let hashes: Vec<u8> = versions.iter().flat_map(|version| version.content_index.as_ref().to_vec()).collect();
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
            content_index: self.vault().index(row.partnership_id, "tombstone", &hashes).to_vec().into(),
        })
    }

    /// The agency's invitation is open again when nothing else of the agency stands.
    pub(crate) fn reopen_invitation(
        &self,
        tx: &mut store::Tx<'_>,
        now: domain::Instant,
        chronology: &store::ChronologyRow,
        agency: domain::AgencyId,
    ) -> Answer<()> {
        let partnership = chronology.partnership_id;
        let standing = store::fragments::list(tx, partnership, chronology.id, now)?;
        let others = standing.iter().any(|row| row.agency_id == agency && row.state == FragmentState::Submitted);
        let found = store::invitations::find_for_agency(tx, partnership, chronology.id, agency)?;
        let Some(mut invitation) = found else { return Ok(()) };
        if others || invitation.state != domain::InvitationState::Submitted {
            return Ok(());
        }
        let mut details = self.invitation_details(chronology, &invitation, now)?;
        let overdue = invitation.due_at <= now;
        invitation.state = if overdue { domain::InvitationState::Overdue } else { domain::InvitationState::Drafting };
        (invitation.answered_at, invitation.answered_by) = (None, None);
        // An answer that a return has replaced does not come back with the return's end.
        details.before = None;
        self.save_invitation(tx, now, chronology, &mut invitation, &details)
    }

    /// Gives a fragment another expiry: later within the chronology's or the partnership's cap, or earlier.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Invalid`] when the expiry is past or beyond policy.
    pub fn extend_fragment(&self, call: &Call, id: FragmentId, input: ExtendIn) -> Answer<Written<FragmentReceipt>> {
        self.write_once(
            call,
            Operation::FragmentExtend,
            trail(id),
            |scene| {
                let Held { permit, row: was, chronology } =
                    self.admit_to_fragment(scene, id, Operation::FragmentExtend)?;
                let unseen = self.unseen_origin(scene, &was)?.is_some();
                let latest = match &chronology {
                    Some(chronology) if !unseen => chronology.expires_at,
                    _ => was.created_at.plus(scene.policy().max_ahead_lifetime),
                };
                if let Some(fault) = check_expiry(scene, input.expires_at, latest) {
                    return Err(ServiceError::Invalid(vec![fault]));
                }
                if input.reason.as_str().trim().is_empty() {
                    return Err(ServiceError::fault("/reason", "required", "a reason in words"));
                }
                let asked = input.expires_at;
                let ends = chronology.as_ref().map_or(asked, |chronology| asked.min(chronology.expires_at));
                let row = FragmentRow { updated_at: scene.now(), ..living_until(was.clone(), ends) };
                self.rewrap_versions(scene, &permit, &was, &row)?;
                store::fragments::update(scene.tx, &row, was.version)?;
                self.settle_family(scene, &permit, row.family_id)?;
                self.settle_origin(scene, &permit, &row, asked)?;
                if let Some(chronology) = &chronology {
                    self.settle_decisions(scene, &permit, chronology)?;
                    // What is kept of links lives by the first end of what was compared: it is found again under the new one.
                    store::event_links::forget(scene.tx, row.partnership_id, chronology.id)?;
                    let family = self.open_family(scene, &permit, chronology.family_id)?;
                    self.link_afterwards(scene, &permit, chronology, &family);
                }
                scene.trail.expires_at = Some(row.expires_at);
                let current = store::fragments::version(scene.tx, &permit, id, row.version, scene.session.now)?;
                let entries = self.open_entries(scene, &permit, &row, &current.ok_or(ServiceError::NotFound)?)?;
                let entries = seen_of(&permit, &row, entries);
                let version = self.version_known_to(scene, &permit, &row)?;
                let receipt = FragmentReceipt { version, ..receipt_of(&row, &entries, SubmissionOutcome::Updated) };
                scene.trail.outcome = Some(receipt.outcome);
                Ok(if unseen { FragmentReceipt { chronology_id: None, expires_at: asked, ..receipt } } else { receipt })
            },
            |scene, kept| self.read_receipt(scene, kept, false),
        )
    }

    /// Wraps the keys of all versions of a fragment again: from the terms of the row as it was to those of the row as
    /// it will be (see [`living_until`]).
    pub(super) fn rewrap_versions(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &domain::Permit,
        was: &store::FragmentRow,
        will_be: &store::FragmentRow,
    ) -> Answer<()> {
        let (now, expires_at) = (scene.now(), will_be.expires_at);
        for version in store::fragments::versions(scene.tx, permit, was.id, now)? {
            let place = version_place(was.id, version.version);
            let (from, to) = (fragment_terms(was, version.expires_at), fragment_terms(will_be, expires_at));
            let wrapped = match self.rewrap(now, &from, &to, &place, version.wrapped_key.as_ref()) {
                // A row that has come back from a copy of before it was withdrawn: nothing opens it, and it goes at its end.
                Err(_) if self.own_key_is_gone(was)? => continue,
                wrapped => wrapped?,
            };
            store::fragments::set_version_lifetime(
                scene.tx,
                was.partnership_id,
                was.id,
                version.version,
                expires_at,
                &wrapped.into(),
            )?;
        }
        Ok(())
    }
}

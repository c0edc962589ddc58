//! Detaching fragments from a chronology: they become advance submissions again, hidden from
//! others, with the person ids of their agency's family. The answer that an attached fragment
//! replaced is saved, and restored when the fragment is detached.

use domain::{
    AccessPermit, AgencyId, FamilyId, FragmentState, Instant, InvitationState, PersonId,
    SystemAction,
};
use kernel::{Conflict, ServiceError, ServiceResult, UnitOfWork};
use store::{ChronologyRow, FragmentOriginRow, FragmentRow, InvitationRow, Tx};

use crate::linking::schedule_linking;
use crate::person_matching::PersonMatching;
use crate::records::{FormerAnswer, PersonIdMap, people_named_in, with_expiry};

impl PersonMatching {
    /// Detaches a fragment from the chronology and restores its origin. Its content is removed from
    /// frozen views, and its agency's invitation is restored unless the agency has another fragment
    /// there.
    ///
    /// # Errors
    /// `Conflict::CorrectedSince` when a correction names a person whom the original family does
    /// not have.
    pub(super) fn detach_fragment(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        origin: &FragmentOriginRow,
        person_map: &PersonIdMap,
    ) -> ServiceResult<()> {
        let partnership = chronology.partnership_id;
        let now = uow.now();
        let found = store::fragments::find(uow.tx, partnership, origin.fragment_id)?;
        let Some(attached) = found.filter(|row| row.expires_at > now) else {
            return Ok(());
        };
        self.check_detachable(uow, permit, &attached, origin, person_map)?;
        let detached = FragmentRow {
            chronology_id: None,
            family_id: origin.family_id,
            child_id: attached
                .child_id
                .and_then(|child| person_map.get(&child).copied()),
            updated_at: now,
            ..with_expiry(attached.clone(), origin.asked_expiry)
        };
        self.linking.delete_fragment_links(
            uow.tx,
            partnership,
            Some(chronology.id),
            attached.id,
        )?;
        self.move_fragment(uow, permit, &attached, &detached, person_map)?;
        store::origins::delete(uow.tx, partnership, attached.id)?;
        self.record_automatic_action(
            uow,
            SystemAction::FragmentDetach,
            attached.id.0,
            chronology.id,
        )?;
        self.restore_former_answer(uow.tx, now, chronology, attached.agency_id)
    }

    /// Refuses to detach a fragment whose correction names a person of the chronology's family
    /// without a counterpart in the original family. The agency must correct or withdraw it first:
    /// detaching neither drops references nor exposes a person to a family that does not know them.
    fn check_detachable(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        attached: &FragmentRow,
        origin: &FragmentOriginRow,
        person_map: &PersonIdMap,
    ) -> ServiceResult<()> {
        let partnership = attached.partnership_id;
        let now = uow.now();
        let version =
            store::fragments::version(uow.tx, permit, attached.id, attached.version, now)?;
        let Some(version) = version else {
            return Ok(());
        };
        let ours = store::families::members(uow.tx, partnership, attached.family_id)?;
        let theirs = store::families::members(uow.tx, partnership, origin.family_id)?;
        let is_unknown_to_origin = |id: &PersonId| {
            ours.contains(id) && !theirs.contains(id) && !person_map.contains_key(id)
        };
        let entries = self
            .records
            .fragments
            .open_entries(uow, permit, attached, &version)?;
        let mut named: Vec<PersonId> = attached.child_id.into_iter().collect();
        named.extend(entries.iter().flat_map(|(_, entry)| people_named_in(entry)));
        if named.iter().any(is_unknown_to_origin) {
            Err(ServiceError::Conflict(Conflict::CorrectedSince))
        } else {
            Ok(())
        }
    }

    /// Replaces person ids in every fragment that was attached to the chronology from these
    /// families.
    pub(super) fn remap_attached_fragments(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        families: &[FamilyId],
        person_map: &PersonIdMap,
    ) -> ServiceResult<()> {
        let partnership = chronology.partnership_id;
        let now = uow.now();
        for origin in store::origins::list_for_chronology(uow.tx, partnership, chronology.id)? {
            let found = store::fragments::find(uow.tx, partnership, origin.fragment_id)?;
            let row =
                found.filter(|row| row.expires_at > now && families.contains(&origin.family_id));
            if let Some(row) = row {
                self.remap_people_in_versions(uow, permit, &row, person_map)?;
            }
        }
        schedule_linking(uow, chronology.id);
        Ok(())
    }

    /// Saves the agency's answer before an attached fragment replaces it.
    pub(super) fn save_former_answer(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        agency: AgencyId,
    ) -> ServiceResult<()> {
        let Some(mut invitation) =
            self.records
                .invitations
                .find_agency_invitation(uow, chronology.id, agency)?
        else {
            return Ok(());
        };
        if !matches!(
            invitation.state,
            InvitationState::NilReturn | InvitationState::Declined
        ) {
            return Ok(());
        }
        let mut details =
            self.records
                .invitations
                .invitation_details(chronology, &invitation, uow.now())?;
        details.former_answer = Some(FormerAnswer {
            state: invitation.state,
            decline_reason: invitation.decline_reason,
            answered_at: invitation.answered_at,
            answered_by: invitation.answered_by,
            statement: details.statement.clone(),
            decided_by: details.decided_by.clone(),
        });
        self.records.invitations.save_invitation(
            uow.tx,
            uow.session.now,
            chronology,
            &mut invitation,
            &details,
        )
    }

    /// Restores the agency's saved answer when the agency has no submitted fragment left on the
    /// chronology.
    fn restore_former_answer(
        &self,
        tx: &mut Tx<'_>,
        now: Instant,
        chronology: &ChronologyRow,
        agency: AgencyId,
    ) -> ServiceResult<()> {
        let partnership = chronology.partnership_id;
        let live = store::fragments::list(tx, partnership, chronology.id, now)?;
        let others = live
            .iter()
            .any(|row| row.agency_id == agency && row.state == FragmentState::Submitted);
        let found = store::invitations::find_for_agency(tx, partnership, chronology.id, agency)?;
        let Some(mut invitation) =
            found.filter(|row| row.state == InvitationState::Submitted && !others)
        else {
            return Ok(());
        };
        let mut details =
            self.records
                .invitations
                .invitation_details(chronology, &invitation, now)?;
        invitation.answered_at = None;
        invitation.answered_by = None;
        invitation.state = unanswered_state(&invitation, now);
        if let Some(former) = details.former_answer.take() {
            invitation.state = former.state;
            invitation.decline_reason = former.decline_reason;
            invitation.answered_at = former.answered_at;
            invitation.answered_by = former.answered_by;
            details.statement = former.statement;
            details.decided_by = former.decided_by;
        }
        self.records
            .invitations
            .save_invitation(tx, now, chronology, &mut invitation, &details)
    }
}

/// The state of an invitation without an answer.
fn unanswered_state(invitation: &InvitationRow, now: Instant) -> InvitationState {
    if invitation.due_at <= now {
        InvitationState::Overdue
    } else if invitation.drafting_at.is_some() {
        InvitationState::Drafting
    } else if invitation.viewed_at.is_some() {
        InvitationState::Viewed
    } else {
        InvitationState::Invited
    }
}

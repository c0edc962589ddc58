//! Fragments that go back to where they were before they were taken into a chronology: ahead, unseen, people named as
//! their agency names them.

use domain::{AgencyId, Instant, InvitationState, Permit, PersonId};
use store::{ChronologyRow, FragmentOriginRow, FragmentRow, FragmentState, InvitationRow, Tx};

use super::living_until;
use super::taking_in::{Names, people_in};
use crate::invitations::FormerAnswer;
use crate::session::Scene;
use crate::{Answer, Conflict, Service, ServiceError};

impl Service {
    /// Sends a fragment back to where it came from. Frozen views forget its words, and its agency's invitation is as it
    /// was, unless something else of the agency stands.
    pub(crate) fn send_back(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        origin: &FragmentOriginRow,
        names: &Names,
    ) -> Answer<()> {
        let (partnership, now) = (chronology.partnership_id, scene.now());
        let found = store::fragments::find(scene.tx, partnership, origin.fragment_id)?;
        let Some(was) = found.filter(|row| row.expires_at > now) else { return Ok(()) };
        self.check_goes_back(scene, permit, &was, origin, names)?;
        let back = FragmentRow {
            chronology_id: None,
            family_id: origin.family_id,
            child_id: was.child_id.and_then(|child| names.get(&child).copied()),
            updated_at: now,
            ..living_until(was.clone(), origin.asked_expiry)
        };
        self.forget_links(scene.tx, partnership, Some(chronology.id), was.id)?;
        self.relocate(scene, permit, &was, &back, names)?;
        store::origins::delete(scene.tx, partnership, was.id)?;
        self.record_followed(scene, ("fragment", "send_back"), was.id.0, chronology.id)?;
        self.restore_answer(scene.tx, now, chronology, was.agency_id)
    }

    /// A fragment that its agency has corrected since may name somebody of the chronology's family who is nobody of its
    /// own: then it can go back only once its agency has corrected it again, or withdrawn it. Nothing is left out of
    /// what somebody wrote, and nobody is named where they are unknown.
    fn check_goes_back(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        was: &FragmentRow,
        origin: &FragmentOriginRow,
        names: &Names,
    ) -> Answer<()> {
        let (partnership, now) = (was.partnership_id, scene.now());
        let version = store::fragments::version(scene.tx, permit, was.id, was.version, now)?;
        let Some(version) = version else { return Ok(()) };
        let ours = store::families::members(scene.tx, partnership, was.family_id)?;
        let theirs = store::families::members(scene.tx, partnership, origin.family_id)?;
        let stays = |id: &PersonId| ours.contains(id) && !theirs.contains(id) && !names.contains_key(id);
        let entries = self.open_entries(scene, permit, was, &version)?;
        let mut named: Vec<PersonId> = was.child_id.into_iter().collect();
        named.extend(entries.iter().flat_map(|(_, entry)| people_in(entry)));
        if named.iter().any(stays) { Err(ServiceError::Conflict(Conflict::CorrectedSince)) } else { Ok(()) }
    }

    /// Names one person otherwise in everything that was taken into a chronology from these families.
    pub(crate) fn rename_taken_in(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        families: &[domain::FamilyId],
        names: &Names,
    ) -> Answer<()> {
        let (partnership, now) = (chronology.partnership_id, scene.now());
        for origin in store::origins::of_chronology(scene.tx, partnership, chronology.id)? {
            let found = store::fragments::find(scene.tx, partnership, origin.fragment_id)?;
            let row = found.filter(|row| row.expires_at > now && families.contains(&origin.family_id));
            if let Some(row) = row {
                self.rename_in_entries(scene, permit, &row, names)?;
            }
        }
        let family = self.open_family(scene, permit, chronology.family_id)?;
        self.link_afterwards(scene, permit, chronology, &family);
        Ok(())
    }

    /// Keeps the answer that stands, before a fragment taken in becomes the agency's answer.
    pub(super) fn keep_answer(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: &ChronologyRow,
        agency: AgencyId,
    ) -> Answer<()> {
        let Some(mut invitation) = self.own_invitation(scene, chronology.id, agency)? else { return Ok(()) };
        if !matches!(invitation.state, InvitationState::NilReturn | InvitationState::Declined) {
            return Ok(());
        }
        let mut details = self.invitation_details(chronology, &invitation, scene.now())?;
        details.before = Some(FormerAnswer {
            state: invitation.state,
            decline_reason: invitation.decline_reason,
            answered_at: invitation.answered_at,
            answered_by: invitation.answered_by,
            statement: details.statement.clone(),
            decided_by: details.decided_by.clone(),
        });
        self.save_invitation(scene.tx, scene.session.now, chronology, &mut invitation, &details)
    }

    /// Gives an agency's invitation the answer back that stood before, when nothing of the agency's stands any more.
    fn restore_answer(
        &self,
        tx: &mut Tx<'_>,
        now: Instant,
        chronology: &ChronologyRow,
        agency: AgencyId,
    ) -> Answer<()> {
        let partnership = chronology.partnership_id;
        let standing = store::fragments::list(tx, partnership, chronology.id, now)?;
        let others = standing.iter().any(|row| row.agency_id == agency && row.state == FragmentState::Submitted);
        let found = store::invitations::find_for_agency(tx, partnership, chronology.id, agency)?;
        let Some(mut invitation) = found.filter(|row| row.state == InvitationState::Submitted && !others) else {
            return Ok(());
        };
        let mut details = self.invitation_details(chronology, &invitation, now)?;
        (invitation.answered_at, invitation.answered_by) = (None, None);
        invitation.state = unanswered(&invitation, now);
        if let Some(former) = details.before.take() {
            invitation.state = former.state;
            invitation.decline_reason = former.decline_reason;
            (invitation.answered_at, invitation.answered_by) = (former.answered_at, former.answered_by);
            (details.statement, details.decided_by) = (former.statement, former.decided_by);
        }
        self.save_invitation(tx, now, chronology, &mut invitation, &details)
    }
}

/// Where an invitation stands that nobody has answered.
fn unanswered(invitation: &InvitationRow, now: Instant) -> InvitationState {
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

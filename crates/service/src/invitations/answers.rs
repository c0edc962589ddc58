//! The answers an agency can give besides a return: writing, nil, and no with a reason. Silence is never an answer.

use domain::{InvitationId, InvitationState, Operation};

use super::{InvitationDetails, Invited, trail};
use crate::directory::filled;
use crate::session::{Call, Scene};
use crate::{Answer, Conflict, DeclineIn, Fault, InvitationOut, NilReturnIn, Service, ServiceError, Written};

impl Service {
    /// Says that a return is being written.
    ///
    /// # Errors
    /// As every write; `Conflict` when the agency has already answered.
    pub fn start_draft(&self, call: &Call, id: InvitationId) -> Answer<Written<InvitationOut>> {
        self.write_once(
            call,
            Operation::InvitationDraft,
            trail(id),
            |scene| {
                let mut invited = self.answerable(scene, id, Operation::InvitationDraft, InvitationState::Drafting)?;
                let details = self.invitation_details(&invited.chronology, &invited.row, scene.now())?;
                invited.row.drafting_at = Some(scene.now());
                self.save_invitation(scene.tx, scene.session.now, &invited.chronology, &mut invited.row, &details)?;
                self.invitation_out(scene, &invited.permit, &invited.chronology, &invited.row)
            },
            |scene, _| self.read_invitation(scene, id),
        )
    }

    /// Answers that the agency holds nothing relevant.
    ///
    /// # Errors
    /// As every write; `Conflict::HasReturn` while a fragment of the agency stands: it is withdrawn first.
    pub fn nil_return(&self, call: &Call, id: InvitationId, input: NilReturnIn) -> Answer<Written<InvitationOut>> {
        self.write_once(
            call,
            Operation::InvitationNilReturn,
            trail(id),
            |scene| {
                check_decided(&[("/decided_by", &input.decided_by)])?;
                let invited = self.answerable(scene, id, Operation::InvitationNilReturn, InvitationState::NilReturn)?;
                self.refuse_addresses(scene, &invited.permit, invited.chronology.family_id, &input)?;
                let answer = InvitationDetails {
                    statement: filled(input.statement.as_ref()),
                    decided_by: Some(input.decided_by.clone()),
                    message: None,
                    before: None,
                };
                self.answer(scene, invited, answer)
            },
            |scene, _| self.read_invitation(scene, id),
        )
    }

    /// Declines, with a reason.
    ///
    /// # Errors
    /// As every write; `Conflict::HasReturn` while a fragment of the agency stands: it is withdrawn first.
    pub fn decline(&self, call: &Call, id: InvitationId, input: DeclineIn) -> Answer<Written<InvitationOut>> {
        self.write_once(
            call,
            Operation::InvitationDecline,
            trail(id),
            |scene| {
                check_decided(&[("/decided_by", &input.decided_by), ("/statement", &input.statement)])?;
                let mut invited =
                    self.answerable(scene, id, Operation::InvitationDecline, InvitationState::Declined)?;
                self.refuse_addresses(scene, &invited.permit, invited.chronology.family_id, &input)?;
                invited.row.decline_reason = Some(input.reason);
                let answer = InvitationDetails {
                    statement: Some(input.statement.clone()),
                    decided_by: Some(input.decided_by.clone()),
                    message: None,
                    before: None,
                };
                self.answer(scene, invited, answer)
            },
            |scene, _| self.read_invitation(scene, id),
        )
    }

    /// The agency's own invitation, moved to `next` when it may become so.
    fn answerable(
        &self,
        scene: &mut Scene<'_, '_>,
        id: InvitationId,
        operation: Operation,
        next: InvitationState,
    ) -> Answer<Invited> {
        let mut invited = self.admit_to_invitation(scene, id, operation)?;
        if invited.row.agency_id != scene.actor().agency {
            return Err(ServiceError::NotFound);
        }
        if !invited.row.state.may_become(next) {
            return Err(ServiceError::Conflict(Conflict::WrongState));
        }
        invited.row.state = next;
        Ok(invited)
    }

    fn answer(&self, scene: &mut Scene<'_, '_>, invited: Invited, answer: InvitationDetails) -> Answer<InvitationOut> {
        let Invited { permit, chronology, mut row } = invited;
        let standing = store::fragments::list(scene.tx, permit.partnership(), chronology.id, scene.session.now)?;
        if standing.iter().any(|fragment| fragment.agency_id == row.agency_id) {
            return Err(ServiceError::Conflict(Conflict::HasReturn));
        }
        let before = self.invitation_details(&chronology, &row, scene.now())?;
        let details = InvitationDetails { message: before.message, ..answer };
        if row.state != InvitationState::Declined {
            row.decline_reason = None;
        }
        (row.answered_at, row.answered_by) = (Some(scene.now()), Some(scene.me()));
        self.save_invitation(scene.tx, scene.session.now, &chronology, &mut row, &details)?;
        self.invitation_out(scene, &permit, &chronology, &row)
    }
}

fn check_decided(texts: &[(&str, &domain::Sensitive<String>)]) -> Answer<()> {
    let empty = texts.iter().filter(|(_, text)| text.as_str().trim().is_empty());
    let faults: Vec<Fault> =
        empty.map(|(pointer, _)| Fault::new(*pointer, "required", "who decided, and why, in words")).collect();
    if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
}

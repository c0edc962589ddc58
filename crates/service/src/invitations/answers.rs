//! The answers of an agency other than a fragment: drafting, nil return, and declining with a
//! reason. Silence is never recorded as an answer.

use contract::{DeclineIn, InvitationOut, NilReturnIn};
use domain::{InvitationId, InvitationState, Operation};
use kernel::{CallContext, Conflict, Fault, ServiceError, ServiceResult, UnitOfWork, WriteReply};

use crate::input::non_blank;
use crate::invitations::Invitations;
use crate::records::{AuthorizedInvitation, InvitationDetails, about_invitation};

impl Invitations {
    /// Marks the invitation as being drafted.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); `Conflict::WrongState` when the agency has
    /// already answered.
    pub fn start_draft(
        &self,
        call: &CallContext,
        id: InvitationId,
    ) -> ServiceResult<WriteReply<InvitationOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::InvitationDraft,
            about_invitation(id),
            |uow| {
                let mut invited = self.authorize_answer(
                    uow,
                    id,
                    Operation::InvitationDraft,
                    InvitationState::Drafting,
                )?;
                let details = self.records.invitations.invitation_details(
                    &invited.chronology,
                    &invited.row,
                    uow.now(),
                )?;
                invited.row.drafting_at = Some(uow.now());
                self.records.invitations.save_invitation(
                    uow.tx,
                    uow.session.now,
                    &invited.chronology,
                    &mut invited.row,
                    &details,
                )?;
                self.records.invitations.invitation_out(
                    uow,
                    &invited.permit,
                    &invited.chronology,
                    &invited.row,
                )
            },
            |uow, _| self.read_invitation(uow, id),
        )
    }

    /// Records a nil return: the agency holds nothing relevant.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); `Conflict::HasReturn` until the agency has
    /// withdrawn its fragments.
    pub fn submit_nil_return(
        &self,
        call: &CallContext,
        id: InvitationId,
        input: NilReturnIn,
    ) -> ServiceResult<WriteReply<InvitationOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::InvitationNilReturn,
            about_invitation(id),
            |uow| {
                check_required_texts(&[("/decided_by", &input.decided_by)])?;
                let invited = self.authorize_answer(
                    uow,
                    id,
                    Operation::InvitationNilReturn,
                    InvitationState::NilReturn,
                )?;
                self.people.refuse_disclosed_addresses(
                    uow,
                    &invited.permit,
                    invited.chronology.family_id,
                    &input,
                )?;
                let details = InvitationDetails {
                    statement: non_blank(input.statement.as_ref()),
                    decided_by: Some(input.decided_by.clone()),
                    message: None,
                    former_answer: None,
                };
                self.save_answer(uow, invited, details)
            },
            |uow, _| self.read_invitation(uow, id),
        )
    }

    /// Declines the invitation with a reason.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); `Conflict::HasReturn` until the agency has
    /// withdrawn its fragments.
    pub fn decline_invitation(
        &self,
        call: &CallContext,
        id: InvitationId,
        input: DeclineIn,
    ) -> ServiceResult<WriteReply<InvitationOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::InvitationDecline,
            about_invitation(id),
            |uow| {
                check_required_texts(&[
                    ("/decided_by", &input.decided_by),
                    ("/statement", &input.statement),
                ])?;
                let mut invited = self.authorize_answer(
                    uow,
                    id,
                    Operation::InvitationDecline,
                    InvitationState::Declined,
                )?;
                self.people.refuse_disclosed_addresses(
                    uow,
                    &invited.permit,
                    invited.chronology.family_id,
                    &input,
                )?;
                invited.row.decline_reason = Some(input.reason);
                let details = InvitationDetails {
                    statement: Some(input.statement.clone()),
                    decided_by: Some(input.decided_by.clone()),
                    message: None,
                    former_answer: None,
                };
                self.save_answer(uow, invited, details)
            },
            |uow, _| self.read_invitation(uow, id),
        )
    }

    /// Authorises an answer to an invitation of the caller's agency and moves the row to state
    /// `next`.
    ///
    /// # Errors
    /// `Conflict::WrongState` when the transition is not allowed.
    fn authorize_answer(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: InvitationId,
        operation: Operation,
        next: InvitationState,
    ) -> ServiceResult<AuthorizedInvitation> {
        let mut invited = self
            .records
            .invitations
            .authorize_invitation(uow, id, operation)?;
        if invited.row.agency_id != uow.actor().agency {
            return Err(ServiceError::NotFound);
        }
        if !invited.row.state.can_become(next) {
            return Err(ServiceError::Conflict(Conflict::WrongState));
        }
        invited.row.state = next;
        Ok(invited)
    }

    fn save_answer(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        invited: AuthorizedInvitation,
        answer: InvitationDetails,
    ) -> ServiceResult<InvitationOut> {
        let AuthorizedInvitation {
            permit,
            chronology,
            mut row,
        } = invited;
        let live =
            store::fragments::list(uow.tx, permit.partnership(), chronology.id, uow.session.now)?;
        if live
            .iter()
            .any(|fragment| fragment.agency_id == row.agency_id)
        {
            return Err(ServiceError::Conflict(Conflict::HasReturn));
        }
        let before = self
            .records
            .invitations
            .invitation_details(&chronology, &row, uow.now())?;
        let details = InvitationDetails {
            message: before.message,
            ..answer
        };
        if row.state != InvitationState::Declined {
            row.decline_reason = None;
        }
        row.answered_at = Some(uow.now());
        row.answered_by = Some(uow.caller_id());
        self.records.invitations.save_invitation(
            uow.tx,
            uow.session.now,
            &chronology,
            &mut row,
            &details,
        )?;
        self.records
            .invitations
            .invitation_out(uow, &permit, &chronology, &row)
    }
}

fn check_required_texts(texts: &[(&str, &domain::Sensitive<String>)]) -> ServiceResult<()> {
    let empty = texts
        .iter()
        .filter(|(_, text)| text.as_str().trim().is_empty());
    let faults: Vec<Fault> = empty
        .map(|(pointer, _)| Fault::new(*pointer, "required", "say who decided, and why"))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(ServiceError::Invalid(faults))
    }
}

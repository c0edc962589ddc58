//! Invitations: inviting agencies, naming practitioners, and the agencies' answers.

mod answers;
mod form;
mod management;

use domain::{
    AccessPermit, ChronologyId, DeclineReason, Instant, InvitationId, InvitationState, ObjectKind,
    Operation, PractitionerId, ReadReason, Sensitive,
};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, InvitationRow};
use vault::RecordLocation;

use crate::context::{AuditContext, UnitOfWork};
use crate::sealing::chronology_terms;
use crate::timeline::visible_answer_state;
use crate::{InvitationOut, Service, ServiceError, ServiceResult};

/// The content of an invitation's sealed column.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct InvitationDetails {
    pub(crate) message: Option<Sensitive<String>>,
    pub(crate) statement: Option<Sensitive<String>>,
    pub(crate) decided_by: Option<Sensitive<String>>,
    /// The answer before an advance submission was attached, to restore when it is detached.
    #[serde(rename = "before", default, skip_serializing_if = "Option::is_none")]
    pub(crate) former_answer: Option<FormerAnswer>,
}

/// An answer of an agency that a fragment has replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FormerAnswer {
    pub(crate) state: InvitationState,
    pub(crate) decline_reason: Option<DeclineReason>,
    pub(crate) answered_at: Option<Instant>,
    pub(crate) answered_by: Option<PractitionerId>,
    pub(crate) statement: Option<Sensitive<String>>,
    pub(crate) decided_by: Option<Sensitive<String>>,
}

/// An invitation together with the permit that authorises the caller's operation on it.
pub(crate) struct AuthorizedInvitation {
    pub(crate) permit: AccessPermit,
    pub(crate) chronology: ChronologyRow,
    pub(crate) row: InvitationRow,
}

/// Location of an invitation's sealed details.
pub(crate) fn invitation_location(id: InvitationId, version: i64) -> RecordLocation {
    RecordLocation {
        table: "invitations",
        row: id.0,
        version,
    }
}

/// The audit context of an invitation.
fn audit_context(id: InvitationId) -> AuditContext {
    AuditContext::about(ObjectKind::Invitation, id)
}

impl Service {
    /// Authorises an operation on an invitation and loads it. An agency does not learn of another
    /// agency's invitation. Invitations leave no tombstone, so those of an expired chronology are
    /// absent for everyone, before deletion as after it.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when the invitation is absent, expired or hidden from the caller.
    pub(crate) fn authorize_invitation(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: InvitationId,
        operation: Operation,
    ) -> ServiceResult<AuthorizedInvitation> {
        let partnership = uow.actor().partnership;
        let found = store::invitations::find(uow.tx, partnership, id)?;
        // The same queries run for an absent invitation, so that timing does not reveal whether it
        // exists.
        let chronology = found
            .as_ref()
            .map_or(ChronologyId(id.0), |row| row.chronology_id);
        let authorized = match self.authorize_chronology(uow, chronology, operation) {
            Err(ServiceError::Expired) => return Err(ServiceError::NotFound),
            other => other?,
        };
        let row = found.ok_or(ServiceError::NotFound)?;
        if authorized.permit.runs_chronology() {
            return Ok(AuthorizedInvitation {
                permit: authorized.permit,
                chronology: authorized.row,
                row,
            });
        }
        if row.agency_id != uow.actor().agency {
            return Err(ServiceError::NotFound);
        }
        Ok(AuthorizedInvitation {
            permit: authorized.permit,
            chronology: authorized.row,
            row,
        })
    }

    pub(crate) fn invitation_details(
        &self,
        chronology: &ChronologyRow,
        row: &InvitationRow,
        now: Instant,
    ) -> ServiceResult<InvitationDetails> {
        let terms = chronology_terms(chronology.id, chronology.expires_at);
        self.unseal(
            &invitation_location(row.id, row.version),
            &terms,
            now,
            row.wrapped_key.as_ref(),
            row.sealed.as_ref(),
        )
    }

    /// Stores a changed invitation: reseals it and increments its version.
    pub(crate) fn save_invitation(
        &self,
        tx: &mut store::Tx<'_>,
        now: Instant,
        chronology: &ChronologyRow,
        row: &mut InvitationRow,
        details: &InvitationDetails,
    ) -> ServiceResult<()> {
        let before = row.version;
        row.version += 1;
        row.updated_at = now;
        let terms = chronology_terms(chronology.id, chronology.expires_at);
        let sealed = self.seal(
            &invitation_location(row.id, row.version),
            &terms,
            now,
            details,
        )?;
        row.wrapped_key = sealed.wrapped_key.into();
        row.sealed = sealed.sealed.into();
        Ok(store::invitations::update(tx, row, before)?)
    }

    /// Converts to the API representation; texts and names are for the side that runs the
    /// chronology and the agency itself.
    pub(crate) fn invitation_out(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        row: &InvitationRow,
    ) -> ServiceResult<InvitationOut> {
        let own = row.agency_id == permit.actor().agency;
        // An emergency access shows no more of an answer than the coverage does.
        let outside_emergency = permit.reason() != ReadReason::Emergency;
        let may_read_texts =
            (permit.sees_all_agencies() && outside_emergency) || (own && !permit.runs_chronology());
        let may_see_details = permit.runs_chronology() || own;
        let details = if may_see_details {
            self.invitation_details(chronology, row, uow.now())?
        } else {
            InvitationDetails::default()
        };
        let practitioners = if may_see_details {
            Some(store::invitations::practitioners(
                uow.tx,
                row.partnership_id,
                row.id,
            )?)
        } else {
            None
        };
        Ok(InvitationOut {
            id: row.id,
            chronology_id: row.chronology_id,
            agency_id: row.agency_id,
            state: visible_answer_state(&permit.reader(), row.agency_id, row.state),
            due_at: row.due_at,
            viewed_at: row.viewed_at,
            drafting_at: row.drafting_at,
            answered_at: row.answered_at,
            decline_reason: row
                .decline_reason
                .filter(|_| may_see_details && may_read_texts),
            statement: details.statement.filter(|_| may_read_texts),
            decided_by: details.decided_by.filter(|_| may_read_texts),
            message: details.message,
            practitioners,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            emergency: uow.audit.disclosures.emergency.clone(),
        })
    }

    /// The agency's invitation to a chronology.
    pub(crate) fn find_agency_invitation(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: ChronologyId,
        agency: domain::AgencyId,
    ) -> ServiceResult<Option<InvitationRow>> {
        let partnership = uow.actor().partnership;
        Ok(store::invitations::find_for_agency(
            uow.tx,
            partnership,
            chronology,
            agency,
        )?)
    }
}

//! Invitations: authorisation, sealed details, and the answers of agencies.

use std::sync::Arc;

use contract::InvitationOut;
use domain::{
    AccessPermit, AgencyId, ChronologyId, DeclineReason, EntryReader, FragmentState, Instant,
    InvitationId, InvitationState, Operation, PractitionerId, ReadReason, Sensitive,
};
use kernel::{AuditContext, Kernel, ServiceError, ServiceResult, UnitOfWork, chronology_terms};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, InvitationRow, Tx};
use vault::{RecordLocation, SealedTable};

use crate::records::chronologies::ChronologyRecords;

/// Stored invitations.
pub(crate) struct InvitationRecords {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) chronologies: Arc<ChronologyRecords>,
}

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
        table: SealedTable::Invitations,
        row: id.0,
        version,
    }
}

/// The audit context of an invitation.
pub(crate) fn about_invitation(id: InvitationId) -> AuditContext {
    AuditContext::about(id)
}

impl InvitationRecords {
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
        let authorized = match self
            .chronologies
            .authorize_chronology(uow, chronology, operation)
        {
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
        self.kernel.unseal(
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
        tx: &mut Tx<'_>,
        now: Instant,
        chronology: &ChronologyRow,
        row: &mut InvitationRow,
        details: &InvitationDetails,
    ) -> ServiceResult<()> {
        let before = row.version;
        row.version += 1;
        row.updated_at = now;
        let terms = chronology_terms(chronology.id, chronology.expires_at);
        let sealed = self.kernel.seal(
            tx,
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
        agency: AgencyId,
    ) -> ServiceResult<Option<InvitationRow>> {
        let partnership = uow.actor().partnership;
        Ok(store::invitations::find_for_agency(
            uow.tx,
            partnership,
            chronology,
            agency,
        )?)
    }

    /// Marks the agency's invitation as answered by a fragment.
    pub(crate) fn mark_invitation_submitted(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        agency: AgencyId,
    ) -> ServiceResult<()> {
        let Some(mut invitation) = self.find_agency_invitation(uow, chronology.id, agency)? else {
            return Ok(());
        };
        if invitation.state == InvitationState::Submitted {
            return Ok(());
        }
        let mut details = self.invitation_details(chronology, &invitation, uow.now())?;
        details.statement = None;
        details.decided_by = None;
        invitation.state = InvitationState::Submitted;
        invitation.decline_reason = None;
        invitation.answered_at = Some(uow.now());
        invitation.answered_by = Some(uow.caller_id());
        self.save_invitation(
            uow.tx,
            uow.session.now,
            chronology,
            &mut invitation,
            &details,
        )
    }

    /// Reopens the agency's invitation when the agency has no submitted fragment left on the
    /// chronology.
    pub(crate) fn reopen_invitation(
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
        let Some(mut invitation) = found else {
            return Ok(());
        };
        if others || invitation.state != InvitationState::Submitted {
            return Ok(());
        }
        let mut details = self.invitation_details(chronology, &invitation, now)?;
        let overdue = invitation.due_at <= now;
        invitation.state = if overdue {
            InvitationState::Overdue
        } else {
            InvitationState::Drafting
        };
        invitation.answered_at = None;
        invitation.answered_by = None;
        // An answer that the fragment replaced is not restored when the fragment ends.
        details.former_answer = None;
        self.save_invitation(tx, now, chronology, &mut invitation, &details)
    }
}

/// The answer state of an agency that a reader sees. Outside the side that runs the chronology, a
/// nil return looks like a submission without visible entries.
pub(crate) fn visible_answer_state(
    reader: &EntryReader,
    agency: AgencyId,
    state: InvitationState,
) -> InvitationState {
    let may_see_details = reader.social_care && !reader.emergency;
    if state == InvitationState::NilReturn
        && !may_see_details
        && !reader.sees_all_entries_of(agency)
    {
        InvitationState::Submitted
    } else {
        state
    }
}

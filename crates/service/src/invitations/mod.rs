//! Invitations: asking agencies, naming practitioners, and the answers that agencies give.

mod answers;
mod asking;
mod form;

use domain::{
    ChronologyId, DeclineReason, Instant, InvitationId, InvitationState, Operation, Permit, PractitionerId, ReadReason,
    Sensitive,
};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, InvitationRow};
use vault::Place;

use crate::sealing::of_chronology;
use crate::session::{Scene, Trail};
use crate::timeline::answer_shown;
use crate::{Answer, InvitationOut, Service, ServiceError};

/// What an invitation's sealed column holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct InvitationDetails {
    pub(crate) message: Option<Sensitive<String>>,
    pub(crate) statement: Option<Sensitive<String>>,
    pub(crate) decided_by: Option<Sensitive<String>>,
    /// The answer that stood before a fragment sent ahead was taken in, should it go back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<FormerAnswer>,
}

/// An agency's answer that another has taken the place of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FormerAnswer {
    pub(crate) state: InvitationState,
    pub(crate) decline_reason: Option<DeclineReason>,
    pub(crate) answered_at: Option<Instant>,
    pub(crate) answered_by: Option<PractitionerId>,
    pub(crate) statement: Option<Sensitive<String>>,
    pub(crate) decided_by: Option<Sensitive<String>>,
}

/// An invitation that the caller was given leave to do something with.
pub(crate) struct Invited {
    pub(crate) permit: Permit,
    pub(crate) chronology: ChronologyRow,
    pub(crate) row: InvitationRow,
}

pub(crate) fn place(id: InvitationId, version: i64) -> Place {
    Place { table: "invitations", row: id.0, version }
}

/// A trail about an invitation.
fn trail(id: InvitationId) -> Trail {
    Trail::about("invitation", id)
}

impl Service {
    /// Asks for leave to do something with an invitation. To an agency, another agency's invitation is absent. An
    /// invitation leaves no tombstone, so that of a chronology that is over is absent to all, before it is deleted as
    /// after.
    pub(crate) fn admit_to_invitation(
        &self,
        scene: &mut Scene<'_, '_>,
        id: InvitationId,
        operation: Operation,
    ) -> Answer<Invited> {
        let partnership = scene.actor().partnership;
        let found = store::invitations::find(scene.tx, partnership, id)?;
        // Of one that is not there as much is asked as of another agency's.
        let chronology = found.as_ref().map_or(ChronologyId(id.0), |row| row.chronology_id);
        let admitted = match self.admit(scene, chronology, operation) {
            Err(ServiceError::Expired) => return Err(ServiceError::NotFound),
            other => other?,
        };
        let row = found.ok_or(ServiceError::NotFound)?;
        if admitted.permit.runs() {
            return Ok(Invited { permit: admitted.permit, chronology: admitted.row, row });
        }
        if row.agency_id != scene.actor().agency {
            return Err(ServiceError::NotFound);
        }
        Ok(Invited { permit: admitted.permit, chronology: admitted.row, row })
    }

    pub(crate) fn invitation_details(
        &self,
        chronology: &ChronologyRow,
        row: &InvitationRow,
        now: Instant,
    ) -> Answer<InvitationDetails> {
        let terms = of_chronology(chronology.id, chronology.expires_at);
        self.unseal(&place(row.id, row.version), &terms, now, row.wrapped_key.as_ref(), row.sealed.as_ref())
    }

    /// Writes a changed invitation over the version it had, sealed anew.
    pub(crate) fn save_invitation(
        &self,
        tx: &mut store::Tx<'_>,
        now: Instant,
        chronology: &ChronologyRow,
        row: &mut InvitationRow,
        details: &InvitationDetails,
    ) -> Answer<()> {
        let before = row.version;
        row.version += 1;
        row.updated_at = now;
        let terms = of_chronology(chronology.id, chronology.expires_at);
        let sealed = self.seal(&place(row.id, row.version), &terms, now, details)?;
        (row.wrapped_key, row.sealed) = (sealed.wrapped_key.into(), sealed.sealed.into());
        Ok(store::invitations::update(tx, row, before)?)
    }

    /// As the API shows it: words and names only to social care's side and the agency itself.
    pub(crate) fn invitation_out(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        row: &InvitationRow,
    ) -> Answer<InvitationOut> {
        let own = row.agency_id == permit.actor().agency;
        // In an emergency no more is told of an answer than the coverage tells.
        let calm = permit.reason() != ReadReason::Emergency;
        let reads = (permit.sees_all_agencies() && calm) || (own && !permit.runs());
        let inside = permit.runs() || own;
        let details =
            if inside { self.invitation_details(chronology, row, scene.now())? } else { InvitationDetails::default() };
        let practitioners =
            if inside { Some(store::invitations::practitioners(scene.tx, row.partnership_id, row.id)?) } else { None };
        Ok(InvitationOut {
            id: row.id,
            chronology_id: row.chronology_id,
            agency_id: row.agency_id,
            state: answer_shown(&permit.reader(), row.agency_id, row.state),
            due_at: row.due_at,
            viewed_at: row.viewed_at,
            drafting_at: row.drafting_at,
            answered_at: row.answered_at,
            decline_reason: row.decline_reason.filter(|_| inside && reads),
            statement: details.statement.filter(|_| reads),
            decided_by: details.decided_by.filter(|_| reads),
            message: details.message,
            practitioners,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            emergency: scene.trail.told.emergency.clone(),
        })
    }

    /// The agency's invitation to a chronology.
    pub(crate) fn own_invitation(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: ChronologyId,
        agency: domain::AgencyId,
    ) -> Answer<Option<InvitationRow>> {
        let partnership = scene.actor().partnership;
        Ok(store::invitations::find_for_agency(scene.tx, partnership, chronology, agency)?)
    }
}

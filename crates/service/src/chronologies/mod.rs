//! Chronologies: preparing, running, freezing, signing off, extending, and what is left of them.

mod consolidations;
mod destruction;
mod drafting;
mod extending;
mod frozen;
mod sign_off;
mod steps;
mod tombstones;

use std::time::Duration;

use domain::{
    Actor, ChronologyId, ChronologyState, Facts, Instant, InvitationFacts, LawfulBasis, NoConsentReason, Operation,
    Permit, Sensitive,
};
use serde::{Deserialize, Serialize};
use store::{ChronologyFacts, ChronologyRow};
use vault::Place;

use crate::emergency::settle;
use crate::sealing::{SealedValue, of_chronology};
use crate::session::{Call, Scene, Trail};
use crate::{Answer, ChronologyOut, ChronologyWarning, Service, ServiceError, Written};

pub(crate) use drafting::parse_day;

/// What a chronology's sealed column holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChronologyDetails {
    pub(crate) question: Option<Sensitive<String>>,
    pub(crate) lawful_basis: Option<LawfulBasis>,
    pub(crate) no_consent_reason: Option<NoConsentReason>,
    pub(crate) family_told: Option<bool>,
    pub(crate) family_not_told_reason: Option<Sensitive<String>>,
    pub(crate) look_back_from: Option<String>,
    /// Reasons given for reopening, extending and waiving, oldest first.
    #[serde(default)]
    pub(crate) reasons: Vec<ReasonGiven>,
}

/// A reason that a step asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReasonGiven {
    pub(crate) step: String,
    pub(crate) reason: Sensitive<String>,
    pub(crate) at: Instant,
}

/// A chronology that the caller was given leave to do something with.
pub(crate) struct Admitted {
    pub(crate) permit: Permit,
    pub(crate) row: ChronologyRow,
}

/// A trail about a chronology.
pub(crate) fn trail(id: ChronologyId) -> Trail {
    Trail { chronology: Some(id), ..Trail::about("chronology", id) }
}

impl Service {
    /// Asks for leave to do something with a chronology. The row is loaded only to learn the facts; what is sealed in
    /// it stays so until leave is given.
    pub(crate) fn admit(&self, scene: &mut Scene<'_, '_>, id: ChronologyId, operation: Operation) -> Answer<Admitted> {
        let actor = scene.actor().clone();
        let now = scene.now();
        scene.trail.chronology = Some(id);
        let found = store::chronologies::facts(scene.tx, actor.partnership, id, actor.agency, actor.practitioner)?;
        let there = found.as_ref().map(|found| facts_of(found, &actor, now)).unwrap_or_default();
        let facts = self.with_emergency(scene, operation, id, there)?;
        let refused = scene.is_not_theirs(operation, &facts);
        let Some(found) = found.filter(|_| !refused) else {
            // What is not there and what is not the caller's take the same work, and then look the same.
            let facts = self.gone_facts(scene, id.0)?;
            scene.permit(operation, &facts)?;
            return Err(ServiceError::Expired);
        };
        let row = found.chronology;
        scene.trail.purpose = Some(row.purpose);
        let permit = scene.permit(operation, &facts)?;
        if scene.writes {
            store::chronologies::lock(scene.tx, actor.partnership, id)?;
        }
        scene.trail.expires_at = Some(row.expires_at);
        settle(scene, &permit);
        Ok(Admitted { permit, row })
    }

    /// A chronology as a read of it shows it.
    pub(crate) fn read_chronology(&self, scene: &mut Scene<'_, '_>, id: ChronologyId) -> Answer<ChronologyOut> {
        let Admitted { permit, row } = self.admit(scene, id, Operation::ChronologyRead)?;
        self.chronology_out(scene, &permit, &row)
    }

    /// Carries out a step of a chronology, once for each idempotency key; a repeat shows the chronology as it is.
    fn step_chronology(
        &self,
        call: &Call,
        operation: Operation,
        id: ChronologyId,
        act: impl Fn(&mut Scene<'_, '_>) -> Answer<ChronologyOut>,
    ) -> Answer<Written<ChronologyOut>> {
        self.write_once(call, operation, trail(id), act, |scene, _| self.read_chronology(scene, id))
    }

    /// Opens what is sealed in a chronology's row.
    pub(crate) fn chronology_details(&self, row: &ChronologyRow, now: Instant) -> Answer<ChronologyDetails> {
        let terms = of_chronology(row.id, row.expires_at);
        self.unseal(&place(row.id, row.version), &terms, now, &row.wrapped_key, &row.sealed)
    }

    pub(crate) fn seal_chronology(
        &self,
        id: ChronologyId,
        version: i64,
        expires_at: Instant,
        now: Instant,
        details: &ChronologyDetails,
    ) -> Answer<SealedValue> {
        self.seal(&place(id, version), &of_chronology(id, expires_at), now, details)
    }

    /// Writes a changed chronology over the version it had, sealed anew.
    pub(crate) fn save_chronology(
        &self,
        tx: &mut store::Tx<'_>,
        now: Instant,
        row: &mut ChronologyRow,
        details: &ChronologyDetails,
    ) -> Answer<()> {
        let before = row.version;
        row.version += 1;
        row.updated_at = now;
        let sealed = self.seal_chronology(row.id, row.version, row.expires_at, now, details)?;
        (row.wrapped_key, row.sealed) = (sealed.wrapped_key.into(), sealed.sealed.into());
        Ok(store::chronologies::update(tx, row, before)?)
    }

    /// As the API shows it: the team only to social care's side.
    pub(crate) fn chronology_out(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &ChronologyRow,
    ) -> Answer<ChronologyOut> {
        let details = self.chronology_details(row, scene.now())?;
        let inside = permit.runs();
        let team = if inside { Some(store::chronologies::team(scene.tx, row.partnership_id, row.id)?) } else { None };
        Ok(ChronologyOut {
            id: row.id,
            family_id: row.family_id,
            purpose: row.purpose,
            state: row.state,
            owner_id: row.owner_id,
            owner_agency_id: row.owner_agency_id,
            question: details.question,
            lawful_basis: details.lawful_basis,
            no_consent_reason: details.no_consent_reason,
            family_told: details.family_told,
            family_not_told_reason: details.family_not_told_reason.filter(|_| inside),
            look_back_from: details.look_back_from,
            due_at: row.due_at,
            opened_at: row.opened_at,
            expires_at: row.expires_at,
            team,
            warnings: if inside { warnings(scene, row)? } else { Vec::new() },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            emergency: scene.trail.told.emergency.clone(),
        })
    }
}

/// A chronology that nobody has signed off is warned of so long before it expires.
const WARNED: Duration = Duration::from_secs(14 * 86_400);

fn warnings(scene: &mut Scene<'_, '_>, row: &ChronologyRow) -> Answer<Vec<ChronologyWarning>> {
    use ChronologyState as S;
    let now = scene.now();
    let unsigned = row.opened_at.is_some() && matches!(row.state, S::Open | S::Closing | S::Consolidated);
    let soon = row.expires_at <= now.plus(WARNED);
    let requested = store::destruction_requests::find(scene.tx, row.partnership_id, row.id, now)?.is_some();
    let all = [
        (unsigned && soon, ChronologyWarning::ExpiresWithoutSignOff),
        (requested, ChronologyWarning::DestructionRequested),
    ];
    Ok(all.into_iter().filter(|(given, _)| *given).map(|(_, warning)| warning).collect())
}

/// What the policy needs to know of a chronology that is there.
pub(crate) fn facts_of(found: &ChronologyFacts, actor: &Actor, now: Instant) -> Facts {
    let row = &found.chronology;
    let invitation = found.invitation.filter(|_| row.opened_at.is_some());
    Facts {
        in_partnership: true,
        expired: row.expires_at <= now,
        own_agency: invitation.is_some(),
        owner: row.owner_id == actor.practitioner,
        agency_owns: row.owner_agency_id == actor.agency,
        on_team: found.on_team,
        state: Some(row.state),
        invitation: invitation.map(|(_, state, named)| InvitationFacts { state, named }),
        ..Facts::default()
    }
}

pub(crate) fn place(id: ChronologyId, version: i64) -> Place {
    Place { table: "chronologies", row: id.0, version }
}

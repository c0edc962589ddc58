//! Chronologies: authorisation, sealed details, and what their readers see of them.

use std::sync::Arc;
use std::time::Duration;

use contract::{ChronologyOut, ChronologyWarning};
use domain::{
    AccessFacts, AccessPermit, Actor, ChronologyId, ChronologyState, Instant, InvitationFacts,
    LawfulBasis, NoConsentReason, Operation, Sensitive, TombstoneKind,
};
use kernel::{AuditContext, Kernel, ServiceError, ServiceResult, UnitOfWork, chronology_terms};
use serde::{Deserialize, Serialize};
use store::{ChronologyFacts, ChronologyRow, Tx};
use uuid::Uuid;
use vault::{RecordLocation, SealedTable};

use crate::records::emergency::apply_emergency_notice;
use crate::records::families::FamilyView;

/// How long before its expiry an unsigned chronology carries a warning.
const WARNING_PERIOD: Duration = Duration::from_secs(14 * 86_400);

/// Stored chronologies.
pub(crate) struct ChronologyRecords {
    pub(crate) kernel: Arc<Kernel>,
}

/// The sealed content of a chronology.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChronologyDetails {
    pub(crate) question: Option<Sensitive<String>>,
    pub(crate) lawful_basis: Option<LawfulBasis>,
    pub(crate) no_consent_reason: Option<NoConsentReason>,
    pub(crate) family_told: Option<bool>,
    pub(crate) family_not_told_reason: Option<Sensitive<String>>,
    pub(crate) look_back_from: Option<String>,
    /// The reasons given for reopening, extending and waiving the snapshot, oldest first.
    #[serde(default)]
    pub(crate) reasons: Vec<ReasonGiven>,
}

/// A reason given for one step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReasonGiven {
    pub(crate) step: String,
    pub(crate) reason: Sensitive<String>,
    pub(crate) at: Instant,
}

/// A chronology with the caller's authorisation for an operation on it.
pub(crate) struct AuthorizedChronology {
    pub(crate) permit: AccessPermit,
    pub(crate) row: ChronologyRow,
}

/// A chronology with its opened family, as the holder of a permit may work with them.
#[derive(Clone, Copy)]
pub(crate) struct ChronologyScope<'a> {
    pub(crate) permit: &'a AccessPermit,
    pub(crate) row: &'a ChronologyRow,
    pub(crate) family: &'a FamilyView,
}

pub(crate) fn chronology_location(id: ChronologyId, version: i64) -> RecordLocation {
    RecordLocation {
        table: SealedTable::Chronologies,
        row: id.0,
        version,
    }
}

/// Creates the audit context for a chronology.
pub(crate) fn about_chronology(id: ChronologyId) -> AuditContext {
    AuditContext {
        chronology: Some(id),
        ..AuditContext::about(id)
    }
}

impl ChronologyRecords {
    /// Authorises an operation on a chronology. The row is loaded to learn the facts only; its
    /// sealed content is not opened before authorisation. In a write, the chronology is locked.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when the chronology does not exist or the caller may not know of
    /// it; [`ServiceError::Expired`] when the caller could know of it and it has expired;
    /// [`ServiceError::Conflict`] when the policy gives a reason for its refusal.
    pub(crate) fn authorize_chronology(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: ChronologyId,
        operation: Operation,
    ) -> ServiceResult<AuthorizedChronology> {
        let actor = uow.actor().clone();
        let now = uow.now();
        uow.audit.chronology = Some(id);
        let found = store::chronologies::facts(
            uow.tx,
            actor.partnership,
            id,
            actor.agency,
            actor.practitioner,
        )?;
        let existing_facts = found
            .as_ref()
            .map(|found| chronology_facts(found, &actor, now))
            .unwrap_or_default();
        let facts = self.add_emergency_facts(uow, operation, id, existing_facts)?;
        let is_hidden = uow.is_hidden(operation, &facts);
        let Some(found) = found.filter(|_| !is_hidden) else {
            // A chronology that does not exist and one that is hidden from the caller take the same
            // queries, so that they cannot be distinguished by time.
            let facts = self.tombstone_facts(uow, id.0)?;
            uow.authorize(operation, &facts)?;
            return Err(ServiceError::Expired);
        };
        let row = found.chronology;
        uow.audit.purpose = Some(row.purpose);
        let permit = uow.authorize(operation, &facts)?;
        if uow.is_write {
            store::chronologies::lock(uow.tx, actor.partnership, id)?;
        }
        uow.audit.expires_at = Some(row.expires_at);
        apply_emergency_notice(uow, &permit);
        Ok(AuthorizedChronology { permit, row })
    }

    /// Builds the facts about an object of which only the tombstone remains: who was entitled to
    /// know of it. The same queries run whatever is found, so that an absent object and a hidden
    /// one take the same time.
    pub(crate) fn tombstone_facts(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: Uuid,
    ) -> ServiceResult<AccessFacts> {
        let actor = uow.actor().clone();
        let now = uow.now();
        let partnership = actor.partnership;
        let agency = actor.agency;
        let me = actor.practitioner;
        let found = store::tombstones::find(uow.tx, partnership, id)?;
        let chronology_id = found
            .as_ref()
            .and_then(|found| found.tombstone.chronology_id)
            .unwrap_or(ChronologyId(id));
        let chronology =
            store::chronologies::facts(uow.tx, partnership, chronology_id, agency, me)?;
        let chronology_gone = store::tombstones::find(uow.tx, partnership, chronology_id.0)?;
        let Some(found) = found else {
            return Ok(AccessFacts::default());
        };
        let tombstone = &found.tombstone;
        if tombstone.kind != TombstoneKind::Fragment {
            return Ok(facts_from_tombstone(&found, &actor));
        }
        // A fragment's tombstone is visible to those who were entitled to know of the fragment:
        // through its chronology, live or deleted, or, for an advance submission, its author and
        // agency.
        let entitlement = match (tombstone.chronology_id, chronology, chronology_gone) {
            (None, ..) => AccessFacts {
                owner: tombstone.owner_id == me,
                ..AccessFacts::collection()
            },
            (Some(_), Some(live), _) => chronology_facts(&live, &actor, now),
            (Some(_), None, Some(deleted)) => facts_from_tombstone(&deleted, &actor),
            (Some(_), None, None) => AccessFacts::default(),
        };
        Ok(AccessFacts {
            expired: true,
            own_agency: tombstone.agency_id == actor.agency,
            ..entitlement
        })
    }

    /// Decrypts the sealed content of a chronology's row.
    pub(crate) fn open_chronology_details(
        &self,
        row: &ChronologyRow,
        now: Instant,
    ) -> ServiceResult<ChronologyDetails> {
        let terms = chronology_terms(row.id, row.expires_at);
        self.kernel.unseal(
            &chronology_location(row.id, row.version),
            &terms,
            now,
            &row.wrapped_key,
            &row.sealed,
        )
    }

    /// Stores a changed chronology with the next version, and seals its content again.
    pub(crate) fn save_chronology(
        &self,
        tx: &mut Tx<'_>,
        now: Instant,
        row: &mut ChronologyRow,
        details: &ChronologyDetails,
    ) -> ServiceResult<()> {
        let before = row.version;
        row.version += 1;
        row.updated_at = now;
        let terms = chronology_terms(row.id, row.expires_at);
        let location = chronology_location(row.id, row.version);
        let sealed = self.kernel.seal(tx, &location, &terms, now, details)?;
        row.wrapped_key = sealed.wrapped_key.into();
        row.sealed = sealed.sealed.into();
        Ok(store::chronologies::update(tx, row, before)?)
    }

    /// Converts a chronology for the API; only callers on social care's side see the team.
    pub(crate) fn to_chronology_out(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &ChronologyRow,
    ) -> ServiceResult<ChronologyOut> {
        let details = self.open_chronology_details(row, uow.now())?;
        let is_owner_side = permit.runs_chronology();
        let team = if is_owner_side {
            Some(store::chronologies::team(
                uow.tx,
                row.partnership_id,
                row.id,
            )?)
        } else {
            None
        };
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
            family_not_told_reason: details.family_not_told_reason.filter(|_| is_owner_side),
            look_back_from: details.look_back_from,
            due_at: row.due_at,
            opened_at: row.opened_at,
            expires_at: row.expires_at,
            team,
            warnings: if is_owner_side {
                list_warnings(uow, row)?
            } else {
                Vec::new()
            },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            emergency: uow.audit.disclosures.emergency.clone(),
        })
    }
}

fn list_warnings(
    uow: &mut UnitOfWork<'_, '_>,
    row: &ChronologyRow,
) -> ServiceResult<Vec<ChronologyWarning>> {
    use ChronologyState as S;
    let now = uow.now();
    let is_unsigned =
        row.opened_at.is_some() && matches!(row.state, S::Open | S::Closing | S::Consolidated);
    let expires_soon = row.expires_at <= now.plus(WARNING_PERIOD);
    let is_destruction_requested =
        store::destruction_requests::find(uow.tx, row.partnership_id, row.id, now)?.is_some();
    let candidates = [
        (
            is_unsigned && expires_soon,
            ChronologyWarning::ExpiresWithoutSignOff,
        ),
        (
            is_destruction_requested,
            ChronologyWarning::DestructionRequested,
        ),
    ];
    Ok(candidates
        .into_iter()
        .filter(|(applies, _)| *applies)
        .map(|(_, warning)| warning)
        .collect())
}

/// Builds the facts that the policy needs about an existing chronology.
pub(crate) fn chronology_facts(
    found: &ChronologyFacts,
    actor: &Actor,
    now: Instant,
) -> AccessFacts {
    let row = &found.chronology;
    let invitation = found.invitation.filter(|_| row.opened_at.is_some());
    AccessFacts {
        in_partnership: true,
        expired: row.expires_at <= now,
        own_agency: invitation.is_some(),
        owner: row.owner_id == actor.practitioner,
        owned_by_agency: row.owner_agency_id == actor.agency,
        on_team: found.on_team,
        state: Some(row.state),
        invitation: invitation.map(|(_, state, named)| InvitationFacts { state, named }),
        ..AccessFacts::default()
    }
}

/// Builds the facts about a deleted chronology from its tombstone.
fn facts_from_tombstone(found: &store::Tombstone, actor: &Actor) -> AccessFacts {
    let tombstone = &found.tombstone;
    let named = found.practitioners.contains(&actor.practitioner);
    let own = found
        .agencies
        .iter()
        .find(|agency| agency.agency_id == actor.agency);
    let owned_by_agency = tombstone.agency_id == actor.agency;
    AccessFacts {
        in_partnership: true,
        expired: true,
        own_agency: own.is_some(),
        owner: tombstone.owner_id == actor.practitioner,
        owned_by_agency,
        on_team: owned_by_agency && named,
        state: Some(ChronologyState::Expired),
        invitation: own.map(|agency| InvitationFacts {
            state: agency.invitation_state,
            named,
        }),
        ..AccessFacts::default()
    }
}

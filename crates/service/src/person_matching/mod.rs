//! Person matching: which person records of other agencies are the same person as a member of a
//! chronology's family.
//!
//! The link between two records is one row, sealed under the chronology's key until the earliest
//! expiry of the chronology and of both people. It therefore disappears with any of them, follows
//! their expiries and survives the resubmission of a fragment. Linkage decides or raises a
//! question; a person's decision overrides it, and every step can be undone.

mod attachment;
mod comparison;
mod decision;
mod detachment;
mod intake;
mod questions;

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::{
    PersonEvidenceOut, PersonLinkBand, PersonLinkOut, PersonLinkState, PersonLinkStep,
    PersonLinkStepOut, PersonVerdict,
};
use domain::{
    ChronologyId, Instant, PersonId, PersonLinkId, PractitionerId, Sensitive, SystemAction,
};
use kernel::{AuditRecord, Kernel, ServiceError, ServiceResult, UnitOfWork, chronology_terms};
use linkage::ChildBand;
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, PersonLinkRow};
use uuid::Uuid;

use crate::linking::Linking;
use crate::people::People;
use crate::person_matching::comparison::{KnownPairs, ScoredPair};
use crate::records::{PersonPair, Records, link_expiry, link_location};

/// Use cases of person matching.
pub struct PersonMatching {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) records: Arc<Records>,
    pub(crate) linking: Arc<Linking>,
    pub(crate) people: Arc<People>,
}

/// The content of a link's sealed column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LinkDetails {
    evidence: Vec<PersonEvidenceOut>,
    /// All steps, oldest first.
    steps: Vec<PersonLinkStepOut>,
}

impl LinkDetails {
    fn add(
        &mut self,
        step: PersonLinkStep,
        at: Instant,
        by: Option<PractitionerId>,
        why: Option<&Sensitive<String>>,
    ) {
        self.steps.push(PersonLinkStepOut {
            step,
            at,
            by,
            reason: why.cloned(),
        });
    }

    /// The state after all steps. Undoing reverts the last decision; linkage does not find again
    /// what a person undid.
    fn current_state(&self) -> (PersonLinkState, Option<PersonVerdict>) {
        use PersonLinkStep as S;
        let mut standing: Vec<S> = Vec::new();
        for step in self.steps.iter().map(|step| step.step) {
            match (step, standing.last()) {
                (S::Undone, Some(S::Same | S::Different)) => {
                    standing.pop();
                }
                (step, _) => standing.push(step),
            }
        }
        match standing.last() {
            Some(S::Same) => (PersonLinkState::Standing, Some(PersonVerdict::Same)),
            Some(S::Different) => (PersonLinkState::Standing, Some(PersonVerdict::Different)),
            Some(S::Found) => (PersonLinkState::Standing, None),
            Some(S::Asked) => (PersonLinkState::Open, None),
            Some(S::Undone) | None => (PersonLinkState::Undone, None),
        }
    }
}

/// Whether the two records count as one person.
pub(crate) fn is_same_person(row: &PersonLinkRow) -> bool {
    row.state == PersonLinkState::Standing && row.verdict != Some(PersonVerdict::Different)
}

pub(crate) fn known_pairs(rows: &[PersonLinkRow]) -> KnownPairs {
    let mut known = KnownPairs::default();
    for row in rows {
        if is_same_person(row) {
            known.same.insert(row.their_person_id, row.our_person_id);
        } else if row.state != PersonLinkState::Open {
            known
                .different
                .insert((row.their_person_id, row.our_person_id));
        }
    }
    known
}

impl PersonMatching {
    fn link_details(&self, row: &PersonLinkRow, now: Instant) -> ServiceResult<LinkDetails> {
        let terms = chronology_terms(row.chronology_id, row.expires_at);
        self.kernel.unseal(
            &link_location(row.id, row.version),
            &terms,
            now,
            row.wrapped_key.as_ref(),
            row.sealed.as_ref(),
        )
    }

    /// Creates a link with its first step.
    fn new_link(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        scored: &ScoredPair,
        details: &LinkDetails,
    ) -> ServiceResult<PersonLinkRow> {
        let now = uow.now();
        let id = PersonLinkId::new(self.kernel.ids(), now);
        let expires_at =
            link_expiry(uow, chronology.expires_at, scored.pair)?.ok_or(ServiceError::NotFound)?;
        let sealed = self.kernel.seal(
            uow.tx,
            &link_location(id, 1),
            &chronology_terms(chronology.id, expires_at),
            now,
            details,
        )?;
        let (state, verdict) = details.current_state();
        let row = PersonLinkRow {
            id,
            partnership_id: chronology.partnership_id,
            chronology_id: chronology.id,
            their_person_id: scored.pair.0,
            our_person_id: scored.pair.1,
            band: stored_band(scored.band),
            state,
            verdict,
            decided_by: details.steps.last().and_then(|step| step.by),
            expires_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        store::person_links::insert(uow.tx, &row)?;
        Ok(row)
    }

    /// Stores a link after a new step: reseals it and increments its version.
    fn save_link(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        row: &mut PersonLinkRow,
        details: &LinkDetails,
    ) -> ServiceResult<()> {
        let before = row.version;
        let now = uow.now();
        row.version += 1;
        row.updated_at = now;
        (row.state, row.verdict) = details.current_state();
        row.decided_by = details.steps.iter().rev().find_map(|step| step.by);
        let terms = chronology_terms(row.chronology_id, row.expires_at);
        let sealed = self.kernel.seal(
            uow.tx,
            &link_location(row.id, row.version),
            &terms,
            now,
            details,
        )?;
        row.wrapped_key = sealed.wrapped_key.into();
        row.sealed = sealed.sealed.into();
        Ok(store::person_links::update(uow.tx, row, before)?)
    }

    /// Records an automatic linkage step in the audit log.
    fn audit_linkage(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        action: SystemAction,
        row: &PersonLinkRow,
    ) -> ServiceResult<()> {
        self.record_automatic_action(uow, action, row.id.0, row.chronology_id)
    }

    /// Records an automatic consequence of another operation in the audit log.
    pub(crate) fn record_automatic_action(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        action: SystemAction,
        id: Uuid,
        chronology: ChronologyId,
    ) -> ServiceResult<()> {
        let partnership = uow.actor().partnership;
        let record = AuditRecord {
            object_id: Some(id),
            chronology_id: Some(chronology),
            ..AuditRecord::system(action, partnership, self.kernel.ids(), uow.now())
        };
        self.kernel.append_audit_record(uow.tx, &record)
    }

    fn person_link_out(&self, row: &PersonLinkRow, now: Instant) -> ServiceResult<PersonLinkOut> {
        let details = self.link_details(row, now)?;
        Ok(PersonLinkOut {
            id: row.id,
            chronology_id: row.chronology_id,
            their_person_id: row.their_person_id,
            our_person_id: row.our_person_id,
            band: row.band,
            state: row.state,
            decision: row.verdict,
            decided_by: row.decided_by,
            evidence: details.evidence,
            steps: details.steps,
            expires_at: row.expires_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The live links of a chronology with these people of theirs, by pair.
pub(crate) fn load_links_by_pair(
    uow: &mut UnitOfWork<'_, '_>,
    chronology: ChronologyId,
    theirs: &[PersonId],
) -> ServiceResult<BTreeMap<PersonPair, PersonLinkRow>> {
    let partnership = uow.actor().partnership;
    let now = uow.now();
    let rows =
        store::person_links::list_for_their_people(uow.tx, partnership, chronology, theirs, now)?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.their_person_id, row.our_person_id), row))
        .collect())
}

pub(crate) const fn stored_band(band: ChildBand) -> PersonLinkBand {
    match band {
        ChildBand::Match => PersonLinkBand::Match,
        ChildBand::Possible => PersonLinkBand::Possible,
        ChildBand::Different => PersonLinkBand::Different,
    }
}

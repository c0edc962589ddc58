//! Who is who: which of an agency's records of people are the same person as one of a chronology's family.
//!
//! What is known of two records is one row, sealed under the chronology's key until the earliest end of the chronology
//! and of both people: so it goes with any of them, follows their lives when those move, and outlasts a fragment that is
//! sent again. Linkage decides or asks; what a person decides goes over it, and each step can be taken back.

mod comparing;
mod deciding;
mod questions;
mod taking;

use std::collections::BTreeMap;

use domain::{AuditId, ChronologyId, Instant, PersonId, PersonLinkId, PractitionerId, RequestId, Sensitive};
use linkage::ChildBand;
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, PersonLinkRow};
use uuid::Uuid;
use vault::Place;

pub(crate) use comparing::facts;

use crate::sealing::of_chronology;
use crate::session::Scene;
use crate::{
    Answer, AuditRecord, PersonEvidenceOut, PersonLinkBand, PersonLinkOut, PersonLinkState, PersonLinkStep,
    PersonLinkStepOut, PersonVerdict, Service, ServiceError,
};
use comparing::{Known, Weighed};

/// What a link's sealed column holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LinkDetails {
    evidence: Vec<PersonEvidenceOut>,
    /// All that happened, oldest first.
    steps: Vec<PersonLinkStepOut>,
}

impl LinkDetails {
    fn add(&mut self, step: PersonLinkStep, at: Instant, by: Option<PractitionerId>, why: Option<&Sensitive<String>>) {
        self.steps.push(PersonLinkStepOut { step, at, by, reason: why.cloned() });
    }

    /// Where all steps together lead. Undoing takes the last decision back, whatever it was; what linkage found and a
    /// person undid, linkage does not find again.
    fn stands(&self) -> (store::PersonLinkState, Option<store::PersonVerdict>) {
        use PersonLinkStep as S;
        use store::{PersonLinkState as State, PersonVerdict as Verdict};
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
            Some(S::Same) => (State::Standing, Some(Verdict::Same)),
            Some(S::Different) => (State::Standing, Some(Verdict::Different)),
            Some(S::Found) => (State::Standing, None),
            Some(S::Asked) => (State::Open, None),
            Some(S::Undone) | None => (State::Undone, None),
        }
    }
}

/// Whether the two records count as one person.
pub(crate) fn links(row: &PersonLinkRow) -> bool {
    row.state == store::PersonLinkState::Standing && row.verdict != Some(store::PersonVerdict::Different)
}

pub(crate) fn place(id: PersonLinkId, version: i64) -> Place {
    Place { table: "person_links", row: id.0, version }
}

fn known(rows: &[PersonLinkRow]) -> Known {
    let mut known = Known::default();
    for row in rows {
        if links(row) {
            known.same.insert(row.their_person_id, row.our_person_id);
        } else if row.state != store::PersonLinkState::Open {
            known.apart.insert((row.their_person_id, row.our_person_id));
        }
    }
    known
}

impl Service {
    fn link_details(&self, row: &PersonLinkRow, now: Instant) -> Answer<LinkDetails> {
        let terms = of_chronology(row.chronology_id, row.expires_at);
        self.unseal(&place(row.id, row.version), &terms, now, row.wrapped_key.as_ref(), row.sealed.as_ref())
    }

    /// A new link with its first step.
    fn new_link(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: &ChronologyRow,
        weighed: &Weighed,
        details: &LinkDetails,
    ) -> Answer<PersonLinkRow> {
        let now = scene.now();
        let id = PersonLinkId::new(self.ids(), now);
        let expires_at = link_end(scene, chronology.expires_at, weighed.pair)?.ok_or(ServiceError::NotFound)?;
        let sealed = self.seal(&place(id, 1), &of_chronology(chronology.id, expires_at), now, details)?;
        let (state, verdict) = details.stands();
        let row = PersonLinkRow {
            id,
            partnership_id: chronology.partnership_id,
            chronology_id: chronology.id,
            their_person_id: weighed.pair.0,
            our_person_id: weighed.pair.1,
            band: band(weighed.band),
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
        store::person_links::insert(scene.tx, &row)?;
        Ok(row)
    }

    /// Writes a link that has taken a step over the version it had, sealed anew.
    fn save_link(&self, scene: &mut Scene<'_, '_>, row: &mut PersonLinkRow, details: &LinkDetails) -> Answer<()> {
        let (before, now) = (row.version, scene.now());
        row.version += 1;
        row.updated_at = now;
        (row.state, row.verdict) = details.stands();
        row.decided_by = details.steps.iter().rev().find_map(|step| step.by);
        let terms = of_chronology(row.chronology_id, row.expires_at);
        let sealed = self.seal(&place(row.id, row.version), &terms, now, details)?;
        (row.wrapped_key, row.sealed) = (sealed.wrapped_key.into(), sealed.sealed.into());
        Ok(store::person_links::update(scene.tx, row, before)?)
    }

    /// Links of a person live no longer than they, and no shorter than they and the chronology do.
    pub(crate) fn settle_links_of(&self, scene: &mut Scene<'_, '_>, person: PersonId) -> Answer<()> {
        let (partnership, now) = (scene.actor().partnership, scene.now());
        for (row, chronology_end) in store::person_links::of_person(scene.tx, partnership, person, now)? {
            self.settle_link(scene, &row, chronology_end)?;
        }
        Ok(())
    }

    /// Links of a chronology follow it to a new expiry.
    pub(crate) fn settle_links(&self, scene: &mut Scene<'_, '_>, chronology: &ChronologyRow) -> Answer<()> {
        let now = scene.now();
        for row in store::person_links::of_chronology(scene.tx, chronology.partnership_id, chronology.id, now)? {
            self.settle_link(scene, &row, chronology.expires_at)?;
        }
        Ok(())
    }

    fn settle_link(&self, scene: &mut Scene<'_, '_>, row: &PersonLinkRow, chronology_end: Instant) -> Answer<()> {
        let now = scene.now();
        let end = link_end(scene, chronology_end, (row.their_person_id, row.our_person_id))?;
        let Some(end) = end.filter(|end| *end != row.expires_at && *end > now) else { return Ok(()) };
        let (from, to) = (of_chronology(row.chronology_id, row.expires_at), of_chronology(row.chronology_id, end));
        let place = place(row.id, row.version);
        let wrapped = self.rewrap(now, &from, &to, &place, row.wrapped_key.as_ref())?;
        Ok(store::person_links::set_lifetime(scene.tx, row.partnership_id, row.id, end, &wrapped.into())?)
    }

    /// The record of what linkage did by itself while somebody asked for something else.
    fn record_linkage(&self, scene: &mut Scene<'_, '_>, what: &str, row: &PersonLinkRow) -> Answer<()> {
        self.record_followed(scene, ("person_link", what), row.id.0, row.chronology_id)
    }

    /// The record of what followed from a link by itself: of what kind it is and what became of it.
    pub(crate) fn record_followed(
        &self,
        scene: &mut Scene<'_, '_>,
        (kind, what): (&str, &str),
        id: Uuid,
        chronology: ChronologyId,
    ) -> Answer<()> {
        let now = scene.now();
        let record = AuditRecord {
            id: AuditId::new(self.ids(), now),
            partnership_id: scene.actor().partnership,
            at: now,
            operation: format!("{kind}.{what}"),
            outcome: "allowed".to_owned(),
            reason: Some("linkage".to_owned()),
            practitioner_id: None,
            agency_id: None,
            role: None,
            purpose: None,
            object_kind: Some(kind.to_owned()),
            object_id: Some(id),
            chronology_id: Some(chronology),
            request_id: Some(RequestId::new(self.ids(), now)),
            entry_count: None,
        };
        self.append(scene.tx, &record)
    }

    fn person_link_out(&self, row: &PersonLinkRow, now: Instant) -> Answer<PersonLinkOut> {
        let details = self.link_details(row, now)?;
        Ok(PersonLinkOut {
            id: row.id,
            chronology_id: row.chronology_id,
            their_person_id: row.their_person_id,
            our_person_id: row.our_person_id,
            band: band_out(row.band),
            state: state_out(row.state),
            decision: row.verdict.map(verdict_out),
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

/// The earliest end of a chronology and of two people's records; none when one of them is gone.
fn link_end(scene: &mut Scene<'_, '_>, chronology_end: Instant, pair: comparing::Pair) -> Answer<Option<Instant>> {
    let (partnership, now) = (scene.actor().partnership, scene.now());
    let mut end = chronology_end;
    for id in [pair.0, pair.1] {
        let Some(person) = store::people::facts(scene.tx, partnership, id, now)? else { return Ok(None) };
        end = end.min(person.expires_at);
    }
    Ok(Some(end))
}

/// The live links of a chronology with these people of theirs, by pair.
fn rows_by_pair(
    scene: &mut Scene<'_, '_>,
    chronology: ChronologyId,
    theirs: &[PersonId],
) -> Answer<BTreeMap<comparing::Pair, PersonLinkRow>> {
    let (partnership, now) = (scene.actor().partnership, scene.now());
    let rows = store::person_links::of_theirs(scene.tx, partnership, chronology, theirs, now)?;
    Ok(rows.into_iter().map(|row| ((row.their_person_id, row.our_person_id), row)).collect())
}

const fn band(band: ChildBand) -> store::PersonLinkBand {
    match band {
        ChildBand::Match => store::PersonLinkBand::Match,
        ChildBand::Possible => store::PersonLinkBand::Possible,
        ChildBand::Different => store::PersonLinkBand::Different,
    }
}

const fn band_out(band: store::PersonLinkBand) -> PersonLinkBand {
    match band {
        store::PersonLinkBand::Match => PersonLinkBand::Match,
        store::PersonLinkBand::Possible => PersonLinkBand::Possible,
        store::PersonLinkBand::Different => PersonLinkBand::Different,
    }
}

const fn state_out(state: store::PersonLinkState) -> PersonLinkState {
    match state {
        store::PersonLinkState::Open => PersonLinkState::Open,
        store::PersonLinkState::Standing => PersonLinkState::Standing,
        store::PersonLinkState::Undone => PersonLinkState::Undone,
    }
}

const fn verdict_out(verdict: store::PersonVerdict) -> PersonVerdict {
    match verdict {
        store::PersonVerdict::Same => PersonVerdict::Same,
        store::PersonVerdict::Different => PersonVerdict::Different,
    }
}

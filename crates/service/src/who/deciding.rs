//! A person decides whether two records are one person, or takes back what stands.

use std::collections::BTreeMap;

use domain::{ChronologyId, FamilyId, Operation, Permit, PersonId, PersonKind, PersonLinkId, Sensitive};
use store::{ChronologyRow, PersonLinkRow, PersonLinkState as State};

use super::comparing::{Pair, weigh};
use super::{LinkDetails, links, rows_by_pair};
use crate::chronologies::{Admitted, trail};
use crate::session::{Call, Scene};
use crate::{
    Answer, Conflict, Fault, PersonDecisionIn, PersonLinkOut, PersonLinkPatch, PersonLinkStep, PersonVerdict, Service,
    ServiceError, Written,
};

/// Families of one person that are looked at after a decision, at most: those about which something has waited longest.
const MOST_FAMILIES: usize = 50;

/// Whom a decision is about.
struct Subject {
    pair: Pair,
    /// What is known of them, if anything is.
    row: Option<PersonLinkRow>,
    kind: PersonKind,
    /// The families of theirs that the person belongs to.
    families: Vec<FamilyId>,
}

impl Service {
    /// Decides whether an agency's record and one of the chronology's family are one person. Once every child of the
    /// agency's family is known to be one of ours, what it sent is taken in; what two people were wrongly taken for one
    /// in goes back.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Invalid`] names what cannot be decided; `Conflict::AlreadyAnswered` for a
    /// question that somebody answered; `Conflict::AlreadyLinked` when one of the two is somebody else already;
    /// `Conflict::CorrectedSince` as for [`Service::undo_person_link`].
    pub fn decide_person(
        &self,
        call: &Call,
        id: ChronologyId,
        input: PersonDecisionIn,
    ) -> Answer<Written<PersonLinkOut>> {
        self.write_once(
            call,
            Operation::PersonLinkDecide,
            trail(id),
            |scene| {
                let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::PersonLinkDecide)?;
                check_reason(&input.reason)?;
                self.refuse_addresses(scene, &permit, chronology.family_id, &input)?;
                let subject = self.subject(scene, &permit, &chronology, &input)?;
                if input.decision == PersonVerdict::Same {
                    check_free(scene, &chronology, &subject)?;
                }
                let step = match input.decision {
                    PersonVerdict::Same => PersonLinkStep::Same,
                    PersonVerdict::Different => PersonLinkStep::Different,
                };
                let decided = self.step(scene, &permit, &chronology, &subject, step, &input.reason)?;
                Ok(without_words(decided))
            },
            |scene, kept| Ok(without_words(self.read_person_link(scene, id, PersonLinkId(kept.object_id))?)),
        )
    }

    /// Undoes what stands between two records: a decision, or what the facts alone linked. What was taken in by it goes
    /// back to where it was.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Stale`] when `version` is not the current one; `Conflict` when nothing stands;
    /// `Conflict::CorrectedSince` when a fragment would go back that its agency has corrected since, so that it names
    /// somebody whom its own family does not have.
    pub fn undo_person_link(
        &self,
        call: &Call,
        id: ChronologyId,
        link: PersonLinkId,
        version: i64,
        patch: PersonLinkPatch,
    ) -> Answer<PersonLinkOut> {
        let written = self.write(call, Operation::PersonLinkUndo, trail(id), |scene| {
            let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::PersonLinkUndo)?;
            let row = self.link_row(scene, &chronology, link)?.ok_or(ServiceError::NotFound)?;
            about(scene, &row);
            if row.version != version {
                return Err(ServiceError::Stale);
            }
            if row.state != State::Standing {
                return Err(ServiceError::Conflict(Conflict::WrongState));
            }
            check_reason(&patch.reason)?;
            self.refuse_addresses(scene, &permit, chronology.family_id, &patch)?;
            let subject = self.subject_of(scene, &chronology, (row.their_person_id, row.our_person_id), Some(row))?;
            self.step(scene, &permit, &chronology, &subject, PersonLinkStep::Undone, &patch.reason)
        })?;
        Ok(written.value)
    }

    fn link_row(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: &ChronologyRow,
        id: PersonLinkId,
    ) -> Answer<Option<PersonLinkRow>> {
        let now = scene.now();
        Ok(store::person_links::find(scene.tx, chronology.partnership_id, chronology.id, id, now)?)
    }

    /// Whom a decision is about, by the question or by both people.
    fn subject(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        input: &PersonDecisionIn,
    ) -> Answer<Subject> {
        match (input.question, input.their_person_id, input.our_person_id) {
            (Some(question), None, None) => {
                let row = self.link_row(scene, chronology, question)?;
                let row = row.ok_or_else(|| ServiceError::fault("/question", "unknown", "no such question"))?;
                if row.state != State::Open {
                    return Err(ServiceError::Conflict(Conflict::AlreadyAnswered));
                }
                self.subject_of(scene, chronology, (row.their_person_id, row.our_person_id), Some(row))
            }
            (None, Some(theirs), Some(ours)) => self.named(scene, permit, chronology, (theirs, ours)),
            _ => {
                let message = "give the question, or both their_person_id and our_person_id";
                Err(ServiceError::fault("", "required", message))
            }
        }
    }

    /// Two people named by whoever decides: ours is of the family, theirs is one whom an invited agency wrote about.
    fn named(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        pair: Pair,
    ) -> Answer<Subject> {
        let (partnership, now) = (permit.partnership(), scene.now());
        let mut rows = rows_by_pair(scene, chronology.id, &[pair.0])?;
        let wrote = !rows.is_empty() || self.wrote(scene, chronology, pair.0)?;
        let row = rows.remove(&pair);
        let members = store::families::members(scene.tx, partnership, chronology.family_id)?;
        let kind = |scene: &mut Scene<'_, '_>, id: PersonId| {
            Ok::<_, ServiceError>(store::people::facts(scene.tx, partnership, id, now)?.map(|person| person.kind))
        };
        let (theirs, ours) = (kind(scene, pair.0)?, kind(scene, pair.1)?);
        let mut faults = Vec::new();
        // One of the family itself is nobody else of it, though its agency may have sent something ahead too.
        if theirs.is_none() || !wrote || members.contains(&pair.0) {
            faults.push(Fault::new("/their_person_id", "unknown", "nobody whom an invited agency wrote about"));
        }
        if !members.contains(&pair.1) {
            faults.push(Fault::new("/our_person_id", "unknown", "not a member of the chronology's family"));
        } else if faults.is_empty() && theirs != ours {
            faults.push(Fault::new("/our_person_id", "other_kind", "one is a child, the other an adult"));
        }
        if !faults.is_empty() {
            return Err(ServiceError::Invalid(faults));
        }
        self.subject_of(scene, chronology, pair, row)
    }

    /// Whether an invited agency has sent something ahead about a family of this person, which waits or was taken in.
    fn wrote(&self, scene: &mut Scene<'_, '_>, chronology: &ChronologyRow, person: PersonId) -> Answer<bool> {
        let (partnership, now) = (chronology.partnership_id, scene.now());
        if !store::person_links::waiting_about(scene.tx, partnership, chronology.id, person, now)?.is_empty() {
            return Ok(true);
        }
        let families = store::people::families_of(scene.tx, partnership, person)?;
        let taken_in = store::origins::of_chronology(scene.tx, partnership, chronology.id)?;
        Ok(taken_in.iter().any(|origin| families.contains(&origin.family_id)))
    }

    fn subject_of(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: &ChronologyRow,
        pair: Pair,
        row: Option<PersonLinkRow>,
    ) -> Answer<Subject> {
        let (partnership, now) = (scene.actor().partnership, scene.now());
        let person = store::people::facts(scene.tx, partnership, pair.0, now)?.ok_or(ServiceError::NotFound)?;
        let mut families = Vec::new();
        for family in store::people::families_of(scene.tx, partnership, pair.0)? {
            // One whose time is over may still wait to be deleted. What was sent about the chronology's own family names
            // nobody otherwise and has nowhere to go back to.
            let own = family == chronology.family_id;
            if !own && store::families::facts(scene.tx, partnership, family, now)?.is_some() {
                families.push(family);
            }
        }
        Ok(Subject { pair, row, kind: person.kind, families })
    }

    /// Takes one step with two records, and carries out what follows for what was sent about them.
    fn step(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        subject: &Subject,
        step: PersonLinkStep,
        reason: &Sensitive<String>,
    ) -> Answer<PersonLinkOut> {
        let linked_before = subject.row.as_ref().is_some_and(links);
        let linked_after = self.would_link(scene, subject, step)?;
        if linked_before && !linked_after {
            self.part(scene, permit, chronology, subject)?;
        }
        let row = self.write_step(scene, permit, chronology, subject, step, reason)?;
        if linked_before && !linked_after && subject.kind == PersonKind::Child {
            self.forget_found(scene, chronology.id, &subject.families)?;
        }
        if linked_after && !linked_before {
            self.join(scene, permit, chronology, subject)?;
        }
        // What follows may have moved its expiry.
        let row = self.link_row(scene, chronology, row.id)?.ok_or(ServiceError::NotFound)?;
        about(scene, &row);
        self.person_link_out(&row, scene.now())
    }

    fn would_link(&self, scene: &Scene<'_, '_>, subject: &Subject, step: PersonLinkStep) -> Answer<bool> {
        let mut details = match &subject.row {
            Some(row) => self.link_details(row, scene.now())?,
            None => LinkDetails { evidence: Vec::new(), steps: Vec::new() },
        };
        details.add(step, scene.now(), None, None);
        let (state, verdict) = details.stands();
        Ok(state == State::Standing && verdict != Some(store::PersonVerdict::Different))
    }

    /// Writes the step down, on the row as it is now.
    fn write_step(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        subject: &Subject,
        step: PersonLinkStep,
        reason: &Sensitive<String>,
    ) -> Answer<PersonLinkRow> {
        let (now, me) = (scene.now(), scene.me());
        if let Some(row) = &subject.row {
            let mut row = self.link_row(scene, chronology, row.id)?.ok_or(ServiceError::NotFound)?;
            let mut details = self.link_details(&row, now)?;
            details.add(step, now, Some(me), Some(reason));
            self.save_link(scene, &mut row, &details)?;
            return Ok(row);
        }
        let family = subject.families.first().copied().ok_or(ServiceError::NotFound)?;
        let theirs = self.open_family(scene, permit, family)?;
        let ours = self.open_family(scene, permit, chronology.family_id)?;
        let weighed = weigh(&theirs, &ours, subject.pair).ok_or(ServiceError::NotFound)?;
        let mut details = LinkDetails { evidence: weighed.evidence.clone(), steps: Vec::new() };
        details.add(step, now, Some(me), Some(reason));
        self.new_link(scene, chronology, &weighed, &details)
    }

    /// Two records no longer count as one person: what was taken in by a child goes back; an adult is named apart.
    fn part(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        subject: &Subject,
    ) -> Answer<()> {
        if subject.kind == PersonKind::Child {
            return self.send_back_families(scene, permit, chronology, &subject.families);
        }
        let names = BTreeMap::from([(subject.pair.1, subject.pair.0)]);
        self.rename_taken_in(scene, permit, chronology, &subject.families, &names)
    }

    /// Two records count as one person from now on: what waits for that is taken in; an adult of what was taken in
    /// already is named as ours.
    fn join(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        subject: &Subject,
    ) -> Answer<()> {
        let (partnership, now) = (permit.partnership(), scene.now());
        if subject.kind == PersonKind::Adult {
            let names = BTreeMap::from([subject.pair]);
            self.rename_taken_in(scene, permit, chronology, &subject.families, &names)?;
        }
        if !chronology.state.takes_returns() {
            return Ok(());
        }
        let ours = self.open_family(scene, permit, chronology.family_id)?;
        let waiting = store::person_links::waiting_about(scene.tx, partnership, chronology.id, subject.pair.0, now)?;
        for (family, agency) in waiting.into_iter().take(MOST_FAMILIES) {
            self.consider(scene, permit, chronology, &ours, family, agency)?;
        }
        Ok(())
    }
}

/// The answer to a decision repeats neither the facts nor why anybody decided. Both are read at the link, while it lives.
fn without_words(mut decided: PersonLinkOut) -> PersonLinkOut {
    decided.evidence.clear();
    for step in &mut decided.steps {
        step.reason = None;
    }
    decided
}

/// The audit names the link; the answer goes with it.
fn about(scene: &mut Scene<'_, '_>, row: &PersonLinkRow) {
    scene.trail.object_kind = Some("person_link");
    scene.trail.object_id = Some(row.id.0);
    scene.trail.expires_at = Some(row.expires_at);
}

fn check_reason(reason: &Sensitive<String>) -> Answer<()> {
    if reason.as_str().trim().is_empty() {
        return Err(ServiceError::fault("/reason", "required", "a reason in words"));
    }
    Ok(())
}

/// Nobody is two people: neither theirs, nor ours for another of the same family of theirs. So whatever is taken in can
/// go back.
fn check_free(scene: &mut Scene<'_, '_>, chronology: &ChronologyRow, subject: &Subject) -> Answer<()> {
    let partnership = chronology.partnership_id;
    let mut family: Vec<PersonId> = Vec::new();
    for id in &subject.families {
        family.extend(store::families::members(scene.tx, partnership, *id)?);
    }
    let (their, our) = subject.pair;
    family.push(subject.pair.0);
    let rows = rows_by_pair(scene, chronology.id, &family)?;
    let taken = rows.values().filter(|row| links(row)).any(|row| {
        let theirs_elsewhere = row.their_person_id == their && row.our_person_id != our;
        let ours_elsewhere = row.our_person_id == our && row.their_person_id != their;
        theirs_elsewhere || ours_elsewhere
    });
    if taken { Err(ServiceError::Conflict(Conflict::AlreadyLinked)) } else { Ok(()) }
}

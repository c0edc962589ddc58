//! Decisions by a person about whether two records are one person, and undoing them.

use std::collections::BTreeMap;

use contract::{PersonDecisionIn, PersonLinkOut, PersonLinkPatch, PersonLinkStep, PersonVerdict};
use domain::{
    AccessPermit, ChronologyId, FamilyId, Operation, PersonId, PersonKind, PersonLinkId,
    PersonLinkState as State, Sensitive,
};
use kernel::{CallContext, Conflict, Fault, ServiceError, ServiceResult, UnitOfWork, WriteReply};
use store::{ChronologyRow, PersonLinkRow};

use crate::person_matching::comparison::score_pair;
use crate::person_matching::{LinkDetails, PersonMatching, is_same_person, load_links_by_pair};
use crate::records::{AuthorizedChronology, ChronologyScope, PersonPair, about_chronology};

/// Maximum number of families to match after a decision; those with the longest-waiting submissions
/// come first.
const MAX_FAMILIES_PER_DECISION: usize = 50;

/// The pair that a decision is about.
struct DecisionSubject {
    pair: PersonPair,
    /// The stored link of the pair, if any.
    row: Option<PersonLinkRow>,
    kind: PersonKind,
    /// Their families that the person belongs to, without the chronology's own.
    families: Vec<FamilyId>,
}

impl PersonMatching {
    /// Decides whether an agency's record and one of the chronology's family are one person. Once
    /// every child of the agency's family is matched, its advance submissions are attached. When
    /// two people were wrongly matched, what was attached because of it is detached.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] when the pair cannot
    /// be decided; `Conflict::AlreadyAnswered` when the question has been answered;
    /// `Conflict::AlreadyLinked` when one of the two is linked to someone else;
    /// `Conflict::CorrectedSince` as for [`Self::undo_person_link`].
    pub fn decide_person_link(
        &self,
        call: &CallContext,
        id: ChronologyId,
        input: PersonDecisionIn,
    ) -> ServiceResult<WriteReply<PersonLinkOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::PersonLinkDecide,
            about_chronology(id),
            |uow| {
                let authorized = self.records.chronologies.authorize_chronology(
                    uow,
                    id,
                    Operation::PersonLinkDecide,
                )?;
                let AuthorizedChronology {
                    permit,
                    row: chronology,
                } = &authorized;
                check_reason(&input.reason)?;
                self.people.refuse_disclosed_addresses(
                    uow,
                    permit,
                    chronology.family_id,
                    &input,
                )?;
                let subject = self.resolve_subject(uow, permit, chronology, &input)?;
                if input.decision == PersonVerdict::Same {
                    check_not_linked_elsewhere(uow, chronology, &subject)?;
                }
                let step = match input.decision {
                    PersonVerdict::Same => PersonLinkStep::Same,
                    PersonVerdict::Different => PersonLinkStep::Different,
                };
                let decided = self.apply_step(uow, &authorized, &subject, (step, &input.reason))?;
                Ok(without_free_text(decided))
            },
            |uow, record| {
                Ok(without_free_text(self.read_person_link(
                    uow,
                    id,
                    record.object()?,
                )?))
            },
        )
    }

    /// Undoes the current link between two records, whether a person decided it or linkage found
    /// it. What was attached because of it is detached.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Stale`] when `version` is not
    /// the current one; `Conflict::WrongState` when there is nothing to undo;
    /// `Conflict::CorrectedSince` when a fragment to be detached names, since a correction, a
    /// person whom its own family does not have.
    pub fn undo_person_link(
        &self,
        call: &CallContext,
        id: ChronologyId,
        link: PersonLinkId,
        version: i64,
        patch: PersonLinkPatch,
    ) -> ServiceResult<PersonLinkOut> {
        let written = self.kernel.write(
            call,
            Operation::PersonLinkUndo,
            about_chronology(id),
            |uow| {
                let authorized = self.records.chronologies.authorize_chronology(
                    uow,
                    id,
                    Operation::PersonLinkUndo,
                )?;
                let AuthorizedChronology {
                    permit,
                    row: chronology,
                } = &authorized;
                let row = self
                    .link_row(uow, chronology, link)?
                    .ok_or(ServiceError::NotFound)?;
                set_audit_object(uow, &row);
                if row.version != version {
                    return Err(ServiceError::Stale);
                }
                if row.state != State::Standing {
                    return Err(ServiceError::Conflict(Conflict::WrongState));
                }
                check_reason(&patch.reason)?;
                self.people.refuse_disclosed_addresses(
                    uow,
                    permit,
                    chronology.family_id,
                    &patch,
                )?;
                let subject = self.load_subject(
                    uow,
                    chronology,
                    (row.their_person_id, row.our_person_id),
                    Some(row),
                )?;
                let undone = (PersonLinkStep::Undone, &patch.reason);
                self.apply_step(uow, &authorized, &subject, undone)
            },
        )?;
        Ok(written.value)
    }

    fn link_row(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        id: PersonLinkId,
    ) -> ServiceResult<Option<PersonLinkRow>> {
        let now = uow.now();
        Ok(store::person_links::find(
            uow.tx,
            chronology.partnership_id,
            chronology.id,
            id,
            now,
        )?)
    }

    /// Resolves the pair of a decision, given as a question or as two people.
    fn resolve_subject(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        input: &PersonDecisionIn,
    ) -> ServiceResult<DecisionSubject> {
        match (input.question, input.their_person_id, input.our_person_id) {
            (Some(question), None, None) => {
                let row = self.link_row(uow, chronology, question)?;
                let row = row.ok_or_else(|| {
                    ServiceError::invalid("/question", "unknown", "no such question")
                })?;
                if row.state != State::Open {
                    return Err(ServiceError::Conflict(Conflict::AlreadyAnswered));
                }
                self.load_subject(
                    uow,
                    chronology,
                    (row.their_person_id, row.our_person_id),
                    Some(row),
                )
            }
            (None, Some(theirs), Some(ours)) => {
                self.resolve_pair(uow, permit, chronology, (theirs, ours))
            }
            _ => {
                let message = "give the question, or both their_person_id and our_person_id";
                Err(ServiceError::invalid("", "required", message))
            }
        }
    }

    /// Resolves two named people: ours must be a member of the chronology's family, theirs a person
    /// about whom an invited agency has submitted something.
    fn resolve_pair(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        pair: PersonPair,
    ) -> ServiceResult<DecisionSubject> {
        let partnership = permit.partnership();
        let now = uow.now();
        let mut rows = load_links_by_pair(uow, chronology.id, &[pair.0])?;
        let has_written = !rows.is_empty() || self.has_written_about(uow, chronology, pair.0)?;
        let row = rows.remove(&pair);
        let members = store::families::members(uow.tx, partnership, chronology.family_id)?;
        let kind = |uow: &mut UnitOfWork<'_, '_>, id: PersonId| {
            Ok::<_, ServiceError>(
                store::people::facts(uow.tx, partnership, id, now)?.map(|person| person.kind),
            )
        };
        let theirs = kind(uow, pair.0)?;
        let ours = kind(uow, pair.1)?;
        let mut faults = Vec::new();
        // A member of the chronology's family cannot be someone else in it, even when their agency
        // has sent advance submissions.
        if theirs.is_none() || !has_written || members.contains(&pair.0) {
            faults.push(Fault::new(
                "/their_person_id",
                "unknown",
                "not a person about whom an invited agency has submitted anything",
            ));
        }
        if !members.contains(&pair.1) {
            faults.push(Fault::new(
                "/our_person_id",
                "unknown",
                "not a member of the chronology's family",
            ));
        } else if faults.is_empty() && theirs != ours {
            faults.push(Fault::new(
                "/our_person_id",
                "other_kind",
                "one is a child, the other an adult",
            ));
        }
        if !faults.is_empty() {
            return Err(ServiceError::Invalid(faults));
        }
        self.load_subject(uow, chronology, pair, row)
    }

    /// Whether an invited agency has submitted something, waiting or attached, about a family of
    /// this person.
    fn has_written_about(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        person: PersonId,
    ) -> ServiceResult<bool> {
        let partnership = chronology.partnership_id;
        let now = uow.now();
        if !store::person_links::advance_families_with_person(
            uow.tx,
            partnership,
            chronology.id,
            person,
            now,
        )?
        .is_empty()
        {
            return Ok(true);
        }
        let families = store::people::families_of(uow.tx, partnership, person)?;
        let attached = store::origins::list_for_chronology(uow.tx, partnership, chronology.id)?;
        Ok(attached
            .iter()
            .any(|origin| families.contains(&origin.family_id)))
    }

    fn load_subject(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        pair: PersonPair,
        row: Option<PersonLinkRow>,
    ) -> ServiceResult<DecisionSubject> {
        let partnership = uow.actor().partnership;
        let now = uow.now();
        let person = store::people::facts(uow.tx, partnership, pair.0, now)?
            .ok_or(ServiceError::NotFound)?;
        let mut families = Vec::new();
        for family in store::people::families_of(uow.tx, partnership, pair.0)? {
            // An expired family may still await deletion. Submissions about the chronology's own
            // family name no one differently and have no origin to return to.
            let own = family == chronology.family_id;
            if !own && store::families::facts(uow.tx, partnership, family, now)?.is_some() {
                families.push(family);
            }
        }
        Ok(DecisionSubject {
            pair,
            row,
            kind: person.kind,
            families,
        })
    }

    /// Applies one step to a pair, and attaches or detaches submissions accordingly.
    fn apply_step(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        authorized: &AuthorizedChronology,
        subject: &DecisionSubject,
        (step, reason): (PersonLinkStep, &Sensitive<String>),
    ) -> ServiceResult<PersonLinkOut> {
        let AuthorizedChronology {
            permit,
            row: chronology,
        } = authorized;
        let linked_before = subject.row.as_ref().is_some_and(is_same_person);
        let linked_after = self.would_link(uow, subject, step)?;
        if linked_before && !linked_after {
            self.separate(uow, permit, chronology, subject)?;
        }
        let row = self.write_step(uow, authorized, subject, (step, reason))?;
        if linked_before && !linked_after && subject.kind == PersonKind::Child {
            self.delete_automatic_links(uow, chronology.id, &subject.families)?;
        }
        if linked_after && !linked_before {
            self.unify(uow, permit, chronology, subject)?;
        }
        // Attaching or detaching may have changed the link's expiry.
        let row = self
            .link_row(uow, chronology, row.id)?
            .ok_or(ServiceError::NotFound)?;
        set_audit_object(uow, &row);
        self.person_link_out(&row, uow.now())
    }

    fn would_link(
        &self,
        uow: &UnitOfWork<'_, '_>,
        subject: &DecisionSubject,
        step: PersonLinkStep,
    ) -> ServiceResult<bool> {
        let mut details = match &subject.row {
            Some(row) => self.link_details(row, uow.now())?,
            None => LinkDetails {
                evidence: Vec::new(),
                steps: Vec::new(),
            },
        };
        details.add(step, uow.now(), None, None);
        let (state, verdict) = details.current_state();
        Ok(state == State::Standing && verdict != Some(PersonVerdict::Different))
    }

    /// Adds the step to the current row, or creates the link.
    fn write_step(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        authorized: &AuthorizedChronology,
        subject: &DecisionSubject,
        (step, reason): (PersonLinkStep, &Sensitive<String>),
    ) -> ServiceResult<PersonLinkRow> {
        let AuthorizedChronology {
            permit,
            row: chronology,
        } = authorized;
        let now = uow.now();
        let caller = uow.caller_id();
        if let Some(row) = &subject.row {
            let mut row = self
                .link_row(uow, chronology, row.id)?
                .ok_or(ServiceError::NotFound)?;
            let mut details = self.link_details(&row, now)?;
            details.add(step, now, Some(caller), Some(reason));
            self.save_link(uow, &mut row, &details)?;
            return Ok(row);
        }
        let family = subject
            .families
            .first()
            .copied()
            .ok_or(ServiceError::NotFound)?;
        let theirs = self.records.families.open_family(uow, permit, family)?;
        let ours = self
            .records
            .families
            .open_family(uow, permit, chronology.family_id)?;
        let scored = score_pair(&theirs, &ours, subject.pair).ok_or(ServiceError::NotFound)?;
        let mut details = LinkDetails {
            evidence: scored.evidence.clone(),
            steps: Vec::new(),
        };
        details.add(step, now, Some(caller), Some(reason));
        self.new_link(uow, chronology, &scored, &details)
    }

    /// Two records no longer count as one person. For a child, attached submissions are detached;
    /// for an adult, their own person id is restored.
    fn separate(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        subject: &DecisionSubject,
    ) -> ServiceResult<()> {
        if subject.kind == PersonKind::Child {
            return self.detach_family_fragments(uow, permit, chronology, &subject.families);
        }
        let person_map = BTreeMap::from([(subject.pair.1, subject.pair.0)]);
        self.remap_attached_fragments(uow, permit, chronology, &subject.families, &person_map)
    }

    /// Two records now count as one person. For an adult, attached submissions are changed to our
    /// person id; waiting submissions are matched again.
    fn unify(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        subject: &DecisionSubject,
    ) -> ServiceResult<()> {
        let partnership = permit.partnership();
        let now = uow.now();
        if subject.kind == PersonKind::Adult {
            let person_map = BTreeMap::from([subject.pair]);
            self.remap_attached_fragments(uow, permit, chronology, &subject.families, &person_map)?;
        }
        if !chronology.state.accepts_returns() {
            return Ok(());
        }
        let ours = self
            .records
            .families
            .open_family(uow, permit, chronology.family_id)?;
        let scope = ChronologyScope {
            permit,
            row: chronology,
            family: &ours,
        };
        let waiting = store::person_links::advance_families_with_person(
            uow.tx,
            partnership,
            chronology.id,
            subject.pair.0,
            now,
        )?;
        for (family, agency) in waiting.into_iter().take(MAX_FAMILIES_PER_DECISION) {
            self.match_family(uow, scope, family, agency)?;
        }
        Ok(())
    }
}

/// Removes evidence and reasons from the response to a decision; they are read from the link
/// itself, while it lives.
fn without_free_text(mut decided: PersonLinkOut) -> PersonLinkOut {
    decided.evidence.clear();
    for step in &mut decided.steps {
        step.reason = None;
    }
    decided
}

/// Names the link in the audit record and limits the response to the link's expiry.
fn set_audit_object(uow: &mut UnitOfWork<'_, '_>, row: &PersonLinkRow) {
    uow.audit.set_object(row.id);
    uow.audit.expires_at = Some(row.expires_at);
}

fn check_reason(reason: &Sensitive<String>) -> ServiceResult<()> {
    if reason.as_str().trim().is_empty() {
        return Err(ServiceError::invalid(
            "/reason",
            "required",
            "give a reason",
        ));
    }
    Ok(())
}

/// Refuses a match when their person is linked to someone else, or ours to another member of the
/// same family. This keeps every attachment reversible.
///
/// # Errors
/// `Conflict::AlreadyLinked`.
fn check_not_linked_elsewhere(
    uow: &mut UnitOfWork<'_, '_>,
    chronology: &ChronologyRow,
    subject: &DecisionSubject,
) -> ServiceResult<()> {
    let partnership = chronology.partnership_id;
    let mut family: Vec<PersonId> = Vec::new();
    for id in &subject.families {
        family.extend(store::families::members(uow.tx, partnership, *id)?);
    }
    let (their, our) = subject.pair;
    family.push(subject.pair.0);
    let rows = load_links_by_pair(uow, chronology.id, &family)?;
    let is_linked_elsewhere = rows.values().filter(|row| is_same_person(row)).any(|row| {
        let their_conflict = row.their_person_id == their && row.our_person_id != our;
        let our_conflict = row.our_person_id == our && row.their_person_id != their;
        their_conflict || our_conflict
    });
    if is_linked_elsewhere {
        Err(ServiceError::Conflict(Conflict::AlreadyLinked))
    } else {
        Ok(())
    }
}

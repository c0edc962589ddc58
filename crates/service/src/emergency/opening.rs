//! Opening an emergency access.

use std::time::Duration;

use domain::{
    AgencyId, AgencyKind, ChronologyId, Denial, EmergencyAccessId, Facts, NhsNumber, Operation, Permit, PersonId, Upn,
    decide,
};
use store::{ChronologyRow, EmergencyAccessRow, EmergencyChronologyRow};

use super::{Words, access_out};
use crate::chronologies::facts_of;
use crate::people::identifier_fault;
use crate::session::{Call, Scene, Trail};
use crate::{Answer, EmergencyAccessIn, EmergencyAccessOut, Fault, Service, ServiceError, Written};

/// Chronologies of one child at most.
const MOST: usize = 50;

/// Whom or what it is to, checked.
enum Target {
    Chronology(ChronologyId),
    /// A child, by a kind of identifier and its value.
    Child(&'static str, String),
}

struct Asked {
    target: Target,
    lasts: Duration,
}

impl Service {
    /// Breaks the glass.
    ///
    /// # Errors
    /// As every write; [`ServiceError::NotFound`] alike when there is no such chronology and when it cannot be opened so;
    /// `Conflict::AlreadyYours` when the caller reads it, or all of a child's, as it is;
    /// `Conflict::ReviewsOutstanding` while too many of the caller's accesses await a review. By a child's number the
    /// access is opened, told and counted whether or not anything can be read under it, so that looking numbers up in this
    /// way is never free.
    pub fn open_emergency_access(&self, call: &Call, input: EmergencyAccessIn) -> Answer<Written<EmergencyAccessOut>> {
        let written = self.write_once(
            call,
            Operation::EmergencyOpen,
            Trail::of("emergency_access"),
            |scene| {
                let permit = permit_to_open(scene)?;
                let asked = check(scene, &input)?;
                let found = self.to_be_opened(scene, &asked.target)?;
                if let (Target::Chronology(_), [known]) = (&asked.target, found.as_slice()) {
                    // Not by a child's number: the answer would tell whether it is known.
                    self.refuse_addresses(scene, &permit, known.family_id, &input)?;
                }
                let (row, chronologies) = self.new_access(scene, &permit, &input, asked.lasts, &found)?;
                scene.trail.object_id = Some(row.id.0);
                if let [only] = chronologies.as_slice() {
                    scene.trail.chronology = Some(only.chronology_id);
                }
                store::emergency::insert(scene.tx, &row, &chronologies)?;
                let words = Words { reason: Some(input.reason.clone()), note: None };
                Ok(access_out(&row, &chronologies, Some(words), &permit, scene.now()))
            },
            |scene, kept| self.read_emergency_access(scene, EmergencyAccessId(kept.object_id)),
        )?;
        if !written.replayed {
            announce(&written.value);
        }
        Ok(written)
    }

    /// The chronologies that leave is given for; by a child's number there may be none.
    fn to_be_opened(&self, scene: &mut Scene<'_, '_>, target: &Target) -> Answer<Vec<ChronologyRow>> {
        let (actor, now) = (scene.actor().clone(), scene.now());
        let candidates = match target {
            Target::Chronology(id) => {
                scene.trail.chronology = Some(*id);
                vec![*id]
            }
            Target::Child(kind, value) => self.chronologies_of_child(scene, kind, value)?,
        };
        let by_number = matches!(target, Target::Child(..));
        let (mut found, mut already) = (Vec::new(), false);
        for id in candidates.into_iter().take(MOST) {
            let known = store::chronologies::facts(scene.tx, actor.partnership, id, actor.agency, actor.practitioner)?;
            let Some(known) = known else { continue };
            match decide(&actor, Operation::EmergencyOpen, &facts_of(&known, &actor, now)) {
                Ok(_) => found.push(known.chronology),
                Err(Denial::AlreadyYours) => already = true,
                Err(_) => {}
            }
        }
        match found.is_empty() {
            false => Ok(found),
            true if already => Err(Denial::AlreadyYours.into()),
            true if by_number => Ok(found),
            true => Err(ServiceError::NotFound),
        }
    }

    /// The chronologies of the one child whom children's social care knows by a number. A number that several of its records
    /// share names none of them: it may be any one's, and another family's chronology must not be opened for it.
    fn chronologies_of_child(
        &self,
        scene: &mut Scene<'_, '_>,
        kind: &'static str,
        value: &str,
    ) -> Answer<Vec<ChronologyId>> {
        let (partnership, now) = (scene.actor().partnership, scene.now());
        let token = self.vault().index(partnership, kind, value.as_bytes());
        let named = store::people::ids_by_token(scene.tx, partnership, kind, &token, now)?;
        let records = of_social_care(scene, &named)?;
        let [record] = records.as_slice() else { return Ok(Vec::new()) };
        let families = store::people::families_of(scene.tx, partnership, *record)?;
        Ok(store::emergency::chronologies_of_families(scene.tx, partnership, &families, now)?)
    }

    fn new_access(
        &self,
        scene: &Scene<'_, '_>,
        permit: &Permit,
        input: &EmergencyAccessIn,
        lasts: Duration,
        found: &[ChronologyRow],
    ) -> Answer<(EmergencyAccessRow, Vec<EmergencyChronologyRow>)> {
        let (now, actor, policy) = (scene.now(), permit.actor(), scene.policy());
        let id = EmergencyAccessId::new(self.ids(), now);
        let until = now.plus(lasts);
        let to = |row: &ChronologyRow| EmergencyChronologyRow {
            access_id: id,
            chronology_id: row.id,
            partnership_id: actor.partnership,
            practitioner_id: actor.practitioner,
            owner_id: row.owner_id,
            owner_agency_id: row.owner_agency_id,
            ends_at: until.min(row.expires_at),
        };
        let chronologies: Vec<EmergencyChronologyRow> = found.iter().map(to).collect();
        let mut row = EmergencyAccessRow {
            id,
            partnership_id: actor.partnership,
            practitioner_id: actor.practitioner,
            agency_id: actor.agency,
            reason_code: input.reason_code,
            opened_at: now,
            ends_at: chronologies.iter().map(|one| one.ends_at).max().unwrap_or(until),
            ended_at: None,
            review_due_at: now.plus(policy.emergency_review),
            reviewed_at: None,
            reviewed_by: None,
            finding: None,
            words_until: now.plus(policy.reasons_retention),
            wrapped_key: None,
            sealed: None,
            version: 1,
        };
        self.seal_words(&mut row, now, Some(&Words { reason: Some(input.reason.clone()), note: None }))?;
        Ok((row, chronologies))
    }
}

/// Leave to open an emergency access, which nobody has while too many of their own await a review.
fn permit_to_open(scene: &mut Scene<'_, '_>) -> Answer<Permit> {
    let (partnership, me) = (scene.actor().partnership, scene.me());
    let awaiting = store::emergency::awaiting_review(scene.tx, partnership, me)?;
    let reviews_outstanding = awaiting > i64::from(scene.policy().unreviewed_emergency_accesses);
    scene.permit(Operation::EmergencyOpen, &Facts { reviews_outstanding, ..Facts::collection() })
}

/// Those of the people whom children's social care recorded. What another agency recorded ahead of a chronology has none,
/// and must not keep a child's chronology from being opened.
fn of_social_care(scene: &mut Scene<'_, '_>, people: &[PersonId]) -> Answer<Vec<PersonId>> {
    let (partnership, now) = (scene.actor().partnership, scene.now());
    let mut recorded = Vec::new();
    for person in people {
        let facts = store::people::facts(scene.tx, partnership, *person, now)?;
        recorded.extend(facts.map(|facts| (*person, facts.created_by_agency)));
    }
    let agencies: Vec<AgencyId> = recorded.iter().map(|(_, agency)| *agency).collect();
    let agencies = store::agencies::find_many(scene.tx, partnership, &agencies)?;
    let social_care = |id: AgencyId| agencies.iter().any(|one| one.id == id && one.kind == AgencyKind::SocialCare);
    Ok(recorded.into_iter().filter(|(_, agency)| social_care(*agency)).map(|(person, _)| person).collect())
}

/// Exactly one target with sound check digits, a reason, and a time within the cap; all faults at once.
fn check(scene: &Scene<'_, '_>, input: &EmergencyAccessIn) -> Answer<Asked> {
    let mut faults = Vec::new();
    let named = [input.chronology_id.is_some(), input.nhs_number.is_some(), input.upn.is_some()];
    let mut target = input.chronology_id.map(Target::Chronology);
    if named.iter().filter(|named| **named).count() != 1 {
        faults.push(Fault::new("", "one_target", "name one of chronology_id, nhs_number and upn"));
    }
    if let Some(number) = &input.nhs_number {
        match NhsNumber::parse_issued(number.as_str(), scene.policy().test_nhs_numbers) {
            Ok(number) => target = Some(Target::Child("nhs_number", number.as_str().to_owned())),
            Err(error) => faults.push(identifier_fault("/nhs_number", error)),
        }
    }
    if let Some(upn) = &input.upn {
        match Upn::parse(upn.as_str()) {
            Ok(upn) => target = Some(Target::Child("upn", upn.as_str().to_owned())),
            Err(error) => faults.push(identifier_fault("/upn", error)),
        }
    }
    if input.reason.as_str().trim().is_empty() {
        faults.push(Fault::new("/reason", "required", "a reason in words"));
    }
    let policy = scene.policy();
    let asked = input.minutes.map(|minutes| Duration::from_secs(60 * u64::from(minutes)));
    let lasts = asked.unwrap_or(policy.emergency_access.min(policy.max_emergency_access));
    if lasts.is_zero() || lasts > policy.max_emergency_access {
        let most = policy.max_emergency_access.as_secs() / 60;
        faults.push(Fault::new("/minutes", "out_of_range", format!("from 1 to {most} minutes")));
    }
    match target {
        Some(target) if faults.is_empty() => Ok(Asked { target, lasts }),
        _ => Err(ServiceError::Invalid(faults)),
    }
}

/// Tells the operator, without personal data: the alert itself is under `/v1/alerts`.
fn announce(access: &EmergencyAccessOut) {
    metrics::counter!("emergency_accesses_total", "reason" => access.reason_code.as_str()).increment(1);
    tracing::warn!(
        access = %access.id.0,
        reason_code = access.reason_code.as_str(),
        chronologies = access.chronologies.len(),
        until = %access.until,
        "emergency access opened"
    );
}

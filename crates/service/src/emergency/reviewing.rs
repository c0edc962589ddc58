//! Looking into an emergency access: reading it, ending it, reviewing it.

use domain::{EmergencyAccessId, Facts, Operation, Permit, ReviewFinding};
use store::{EmergencyAccessRow, EmergencyChronologyRow};

use super::{Words, access_out, active, trail};
use crate::session::{Call, Scene};
use crate::{Answer, Conflict, EmergencyAccessOut, EmergencyReviewIn, Service, ServiceError, Written};

/// An access that the caller was given leave to do something with.
struct Known {
    permit: Permit,
    row: EmergencyAccessRow,
    chronologies: Vec<EmergencyChronologyRow>,
}

impl Service {
    /// One emergency access, with the reason in words: for whoever broke the glass and for reviewers.
    ///
    /// # Errors
    /// As every read.
    pub fn emergency_access(&self, call: &Call, id: EmergencyAccessId) -> Answer<EmergencyAccessOut> {
        self.read(call, Operation::EmergencyRead, trail(id), |scene| self.read_emergency_access(scene, id))
    }

    pub(super) fn read_emergency_access(
        &self,
        scene: &mut Scene<'_, '_>,
        id: EmergencyAccessId,
    ) -> Answer<EmergencyAccessOut> {
        let known = known(scene, id, Operation::EmergencyRead)?;
        let now = scene.now();
        let words = self.words(&known.row, now)?;
        Ok(access_out(&known.row, &known.chronologies, words, &known.permit, now))
    }

    /// Ends an emergency access before its time.
    ///
    /// # Errors
    /// As every write; `Conflict::AlreadyEnded` when it has ended.
    pub fn end_emergency_access(&self, call: &Call, id: EmergencyAccessId) -> Answer<Written<EmergencyAccessOut>> {
        self.write_once(
            call,
            Operation::EmergencyEnd,
            trail(id),
            |scene| {
                let Known { permit, mut row, chronologies } = known(scene, id, Operation::EmergencyEnd)?;
                let now = scene.now();
                if !active(&row, now) {
                    return Err(ServiceError::Conflict(Conflict::AlreadyEnded));
                }
                let words = self.words(&row, now)?;
                row.ended_at = Some(now);
                self.save_access(scene, &mut row, words.as_ref())?;
                Ok(access_out(&row, &chronologies, words, &permit, now))
            },
            |scene, _| self.read_emergency_access(scene, id),
        )
    }

    /// Reviews an emergency access, once. One that is found unjustified while it runs ends there and then; for any other
    /// finding it has to be over.
    ///
    /// # Errors
    /// As every write; `Conflict::OwnAccess` to whoever broke the glass, `Conflict::AlreadyReviewed`,
    /// `Conflict::StillRunning`.
    pub fn review_emergency_access(
        &self,
        call: &Call,
        id: EmergencyAccessId,
        input: EmergencyReviewIn,
    ) -> Answer<Written<EmergencyAccessOut>> {
        self.write_once(
            call,
            Operation::EmergencyReview,
            trail(id),
            |scene| {
                let Known { permit, mut row, chronologies } = known(scene, id, Operation::EmergencyReview)?;
                let now = scene.now();
                if row.reviewed_at.is_some() {
                    return Err(ServiceError::Conflict(Conflict::AlreadyReviewed));
                }
                if input.note.as_str().trim().is_empty() {
                    return Err(ServiceError::fault("/note", "required", "the grounds in words"));
                }
                for one in &chronologies {
                    let partnership = permit.partnership();
                    let live = store::chronologies::find(scene.tx, partnership, one.chronology_id, now)?;
                    if let Some(live) = live {
                        self.refuse_addresses(scene, &permit, live.family_id, &input)?;
                    }
                }
                if active(&row, now) {
                    if input.finding != ReviewFinding::NotJustified {
                        return Err(ServiceError::Conflict(Conflict::StillRunning));
                    }
                    row.ended_at = Some(now);
                }
                let reason = self.words(&row, now)?.and_then(|words| words.reason);
                let words = Words { reason, note: Some(input.note.clone()) };
                (row.reviewed_at, row.reviewed_by) = (Some(now), Some(scene.me()));
                row.finding = Some(input.finding);
                // A late review's words have their own full time.
                row.words_until = row.words_until.max(now.plus(scene.policy().reasons_retention));
                self.save_access(scene, &mut row, Some(&words))?;
                Ok(access_out(&row, &chronologies, Some(words), &permit, now))
            },
            |scene, _| self.read_emergency_access(scene, id),
        )
    }
}

/// Leave to do something with an access.
pub(crate) fn leave(scene: &mut Scene<'_, '_>, id: EmergencyAccessId, operation: Operation) -> Answer<()> {
    known(scene, id, operation).map(drop)
}

/// Asks for leave to do something with an access.
fn known(scene: &mut Scene<'_, '_>, id: EmergencyAccessId, operation: Operation) -> Answer<Known> {
    let actor = scene.actor().clone();
    let found = store::emergency::find(scene.tx, actor.partnership, id)?;
    let Some(row) = found else {
        scene.permit(operation, &Facts::default())?;
        return Err(ServiceError::NotFound);
    };
    let chronologies = store::emergency::chronologies_of(scene.tx, actor.partnership, &[id])?;
    let facts = Facts {
        owner: row.practitioner_id == actor.practitioner,
        agency_owns: chronologies.iter().any(|one| one.owner_agency_id == actor.agency),
        ..Facts::collection()
    };
    let permit = scene.permit(operation, &facts)?;
    Ok(Known { permit, row, chronologies })
}

//! Opening, closing, reopening.

use std::time::Duration;

use domain::{ChronologyId, Operation, Transition};
use store::ChronologyRow;

use super::{Admitted, ChronologyDetails, ReasonGiven};
use crate::session::{Call, Scene};
use crate::{Answer, ChronologyOut, Conflict, Fault, ReopenIn, Service, ServiceError, Written};

const DAY: Duration = Duration::from_secs(86_400);

impl Service {
    /// Opens a chronology: the invited agencies are asked. Opening needs purpose, lawful basis, whether the family was
    /// told and if not why, somebody invited, look-back, due date and expiry.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Invalid`] names everything that is missing.
    pub fn open_chronology(&self, call: &Call, id: ChronologyId) -> Answer<Written<ChronologyOut>> {
        self.step_chronology(call, Operation::ChronologyOpen, id, |scene| {
            let Admitted { permit, mut row } = self.admit(scene, id, Operation::ChronologyOpen)?;
            let details = self.chronology_details(&row, scene.now())?;
            step(&mut row, Transition::Open)?;
            self.check_ready_to_open(scene, &row, &details)?;
            row.opened_at = Some(scene.now());
            self.save_chronology(scene.tx, scene.session.now, &mut row, &details)?;
            self.take_in_ahead(scene, &permit, &row)?;
            self.chronology_out(scene, &permit, &row)
        })
    }

    fn check_ready_to_open(
        &self,
        scene: &mut Scene<'_, '_>,
        row: &ChronologyRow,
        details: &ChronologyDetails,
    ) -> Answer<()> {
        let mut faults = Vec::new();
        if details.lawful_basis.is_none() {
            faults.push(Fault::new("/lawful_basis", "required", "opening needs the lawful basis"));
        }
        match details.family_told {
            None => faults.push(Fault::new("/family_told", "required", "opening needs whether the family was told")),
            Some(false) if details.family_not_told_reason.is_none() => {
                let message = "opening needs the reason why the family was not told";
                faults.push(Fault::new("/family_not_told_reason", "required", message));
            }
            Some(_) => {}
        }
        let invited = store::invitations::list(scene.tx, row.partnership_id, row.id)?;
        if invited.is_empty() {
            faults.push(Fault::new("/invitations", "required", "opening needs at least one invited agency"));
        }
        if row.due_at <= scene.now() {
            faults.push(Fault::new("/due_at", "past", "the due date has passed; set a new one"));
        }
        if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
    }

    /// Closes a chronology: a draft, or one that was signed off.
    ///
    /// # Errors
    /// As every write; `Conflict` from any other state: nothing is closed before its snapshot is taken or waived.
    pub fn close_chronology(&self, call: &Call, id: ChronologyId) -> Answer<Written<ChronologyOut>> {
        self.step_chronology(call, Operation::ChronologyClose, id, |scene| {
            let Admitted { permit, mut row } = self.admit(scene, id, Operation::ChronologyClose)?;
            let details = self.chronology_details(&row, scene.now())?;
            step(&mut row, Transition::Close)?;
            self.save_chronology(scene.tx, scene.session.now, &mut row, &details)?;
            self.chronology_out(scene, &permit, &row)
        })
    }

    /// Reopens a chronology, with a reason and a new due date.
    ///
    /// # Errors
    /// As every write; `Conflict` when it is a draft or already open.
    pub fn reopen_chronology(&self, call: &Call, id: ChronologyId, input: ReopenIn) -> Answer<Written<ChronologyOut>> {
        self.step_chronology(call, Operation::ChronologyReopen, id, |scene| {
            let Admitted { permit, mut row } = self.admit(scene, id, Operation::ChronologyReopen)?;
            self.refuse_addresses(scene, &permit, row.family_id, &input)?;
            let mut details = self.chronology_details(&row, scene.now())?;
            step(&mut row, Transition::Reopen)?;
            if row.opened_at.is_none() {
                // Closed as a draft: what opening asks for was never asked.
                return Err(ServiceError::Conflict(Conflict::WrongState));
            }
            let now = scene.now();
            let days = u32::from(scene.policy().purpose(row.purpose).due_days);
            row.due_at = input.due_at.unwrap_or_else(|| now.plus(DAY * days).min(row.expires_at));
            if row.due_at <= now || row.due_at > row.expires_at {
                return Err(ServiceError::fault("/due_at", "out_of_range", "between now and the expiry"));
            }
            row.opened_at = row.opened_at.or(Some(now));
            give_reason(scene, &mut details, "reopen", "/reason", &input.reason)?;
            self.save_chronology(scene.tx, scene.session.now, &mut row, &details)?;
            self.take_in_ahead(scene, &permit, &row)?;
            self.chronology_out(scene, &permit, &row)
        })
    }
}

/// Takes a step, or says that the state does not allow it.
pub(super) fn step(row: &mut ChronologyRow, transition: Transition) -> Answer<()> {
    row.state = row.state.after(transition).ok_or(ServiceError::Conflict(Conflict::WrongState))?;
    Ok(())
}

/// Keeps the reason that a step asks for.
pub(super) fn give_reason(
    scene: &Scene<'_, '_>,
    details: &mut ChronologyDetails,
    step: &str,
    pointer: &str,
    reason: &domain::Sensitive<String>,
) -> Answer<()> {
    if reason.as_str().trim().is_empty() {
        return Err(ServiceError::fault(pointer, "required", "a reason in words"));
    }
    details.reasons.push(ReasonGiven { step: step.to_owned(), reason: reason.clone(), at: scene.now() });
    Ok(())
}

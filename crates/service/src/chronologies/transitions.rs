//! Opening, closing and reopening chronologies.

use std::time::Duration;

use contract::{ChronologyOut, ReopenIn};
use domain::{ChronologyId, Operation, Transition};
use kernel::{CallContext, Conflict, Fault, ServiceError, ServiceResult, UnitOfWork, WriteReply};
use store::ChronologyRow;

use crate::chronologies::Chronologies;
use crate::records::{AuthorizedChronology, ChronologyDetails, ReasonGiven};

const DAY: Duration = Duration::from_secs(86_400);

impl Chronologies {
    /// Opens a chronology, so that the invited agencies are asked. Opening needs the purpose, the
    /// lawful basis, whether the family was told and if not why, at least one invited agency, the
    /// look-back, a due date and an expiry.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] lists everything that
    /// is missing.
    pub fn open_chronology(
        &self,
        call: &CallContext,
        id: ChronologyId,
    ) -> ServiceResult<WriteReply<ChronologyOut>> {
        self.transition_chronology(call, Operation::ChronologyOpen, id, |uow| {
            let AuthorizedChronology { permit, mut row } = self
                .records
                .chronologies
                .authorize_chronology(uow, id, Operation::ChronologyOpen)?;
            let details = self
                .records
                .chronologies
                .open_chronology_details(&row, uow.now())?;
            apply_transition(&mut row, Transition::Open)?;
            self.check_ready_to_open(uow, &row, &details)?;
            row.opened_at = Some(uow.now());
            self.records.chronologies.save_chronology(
                uow.tx,
                uow.session.now,
                &mut row,
                &details,
            )?;
            self.person_matching
                .match_advance_submissions(uow, &permit, &row)?;
            self.records
                .chronologies
                .to_chronology_out(uow, &permit, &row)
        })
    }

    fn check_ready_to_open(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        row: &ChronologyRow,
        details: &ChronologyDetails,
    ) -> ServiceResult<()> {
        let mut faults = Vec::new();
        if details.lawful_basis.is_none() {
            faults.push(Fault::new(
                "/lawful_basis",
                "required",
                "opening needs the lawful basis",
            ));
        }
        match details.family_told {
            None => faults.push(Fault::new(
                "/family_told",
                "required",
                "opening needs a statement whether the family was told",
            )),
            Some(false) if details.family_not_told_reason.is_none() => {
                let message = "opening needs the reason why the family was not told";
                faults.push(Fault::new("/family_not_told_reason", "required", message));
            }
            Some(_) => {}
        }
        let invited = store::invitations::list(uow.tx, row.partnership_id, row.id)?;
        if invited.is_empty() {
            faults.push(Fault::new(
                "/invitations",
                "required",
                "opening needs at least one invited agency",
            ));
        }
        if row.due_at <= uow.now() {
            faults.push(Fault::new(
                "/due_at",
                "past",
                "the due date has passed; set a new one",
            ));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ServiceError::Invalid(faults))
        }
    }

    /// Closes a chronology that is a draft or signed off.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`Conflict::WrongState`] from any other state,
    /// because a snapshot must be taken or waived first.
    pub fn close_chronology(
        &self,
        call: &CallContext,
        id: ChronologyId,
    ) -> ServiceResult<WriteReply<ChronologyOut>> {
        self.transition_chronology(call, Operation::ChronologyClose, id, |uow| {
            let AuthorizedChronology { permit, mut row } = self
                .records
                .chronologies
                .authorize_chronology(uow, id, Operation::ChronologyClose)?;
            let details = self
                .records
                .chronologies
                .open_chronology_details(&row, uow.now())?;
            apply_transition(&mut row, Transition::Close)?;
            self.records.chronologies.save_chronology(
                uow.tx,
                uow.session.now,
                &mut row,
                &details,
            )?;
            self.records
                .chronologies
                .to_chronology_out(uow, &permit, &row)
        })
    }

    /// Reopens a chronology, with a reason and a new due date.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`Conflict::WrongState`] when it is a draft or
    /// already open.
    pub fn reopen_chronology(
        &self,
        call: &CallContext,
        id: ChronologyId,
        input: ReopenIn,
    ) -> ServiceResult<WriteReply<ChronologyOut>> {
        self.transition_chronology(call, Operation::ChronologyReopen, id, |uow| {
            let AuthorizedChronology { permit, mut row } = self
                .records
                .chronologies
                .authorize_chronology(uow, id, Operation::ChronologyReopen)?;
            self.people
                .refuse_disclosed_addresses(uow, &permit, row.family_id, &input)?;
            let mut details = self
                .records
                .chronologies
                .open_chronology_details(&row, uow.now())?;
            apply_transition(&mut row, Transition::Reopen)?;
            if row.opened_at.is_none() {
                // It was closed as a draft, so the checks of opening were never made.
                return Err(ServiceError::Conflict(Conflict::WrongState));
            }
            let now = uow.now();
            let days = u32::from(uow.policy().purpose_policy(row.purpose).due_days);
            row.due_at = input
                .due_at
                .unwrap_or_else(|| now.plus(DAY * days).min(row.expires_at));
            if row.due_at <= now || row.due_at > row.expires_at {
                return Err(ServiceError::invalid(
                    "/due_at",
                    "out_of_range",
                    "must be between now and the expiry",
                ));
            }
            row.opened_at = row.opened_at.or(Some(now));
            add_reason(uow, &mut details, "reopen", "/reason", &input.reason)?;
            self.records.chronologies.save_chronology(
                uow.tx,
                uow.session.now,
                &mut row,
                &details,
            )?;
            self.person_matching
                .match_advance_submissions(uow, &permit, &row)?;
            self.records
                .chronologies
                .to_chronology_out(uow, &permit, &row)
        })
    }
}

/// Applies a transition to the state.
///
/// # Errors
/// [`Conflict::WrongState`] when the present state does not allow it.
pub(crate) fn apply_transition(
    row: &mut ChronologyRow,
    transition: Transition,
) -> ServiceResult<()> {
    row.state = row
        .state
        .after(transition)
        .ok_or(ServiceError::Conflict(Conflict::WrongState))?;
    Ok(())
}

/// Adds the reason given for a step.
///
/// # Errors
/// [`ServiceError::Invalid`] at `pointer` when the reason is blank.
pub(crate) fn add_reason(
    uow: &UnitOfWork<'_, '_>,
    details: &mut ChronologyDetails,
    step: &str,
    pointer: &str,
    reason: &domain::Sensitive<String>,
) -> ServiceResult<()> {
    if reason.as_str().trim().is_empty() {
        return Err(ServiceError::invalid(pointer, "required", "give a reason"));
    }
    details.reasons.push(ReasonGiven {
        step: step.to_owned(),
        reason: reason.clone(),
        at: uow.now(),
    });
    Ok(())
}

//! Reading, ending and reviewing emergency accesses.

use contract::{EmergencyAccessOut, EmergencyReviewIn};
use domain::{AccessFacts, AccessPermit, EmergencyAccessId, Operation, ReviewFinding};
use kernel::{CallContext, Conflict, ServiceError, ServiceResult, UnitOfWork, WriteReply};
use store::{EmergencyAccessRow, EmergencyChronologyRow};

use super::AccessTexts;
use crate::access::emergency::{EmergencyAccess, access_out, audit_context, is_active};

/// An emergency access together with the permit that authorises the caller's operation on it.
pub(crate) struct AuthorizedEmergencyAccess {
    pub(crate) permit: AccessPermit,
    pub(crate) row: EmergencyAccessRow,
    pub(crate) chronologies: Vec<EmergencyChronologyRow>,
}

impl EmergencyAccess {
    /// One emergency access with its reason, for the person who opened it and for reviewers.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_emergency_access(
        &self,
        call: &CallContext,
        id: EmergencyAccessId,
    ) -> ServiceResult<EmergencyAccessOut> {
        self.kernel
            .read(call, Operation::EmergencyRead, audit_context(id), |uow| {
                self.read_emergency_access(uow, id)
            })
    }

    pub(crate) fn read_emergency_access(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: EmergencyAccessId,
    ) -> ServiceResult<EmergencyAccessOut> {
        let access = load_authorized_access(uow, id, Operation::EmergencyRead)?;
        let now = uow.now();
        let texts = self.open_texts(&access.row, now)?;
        Ok(access_out(
            &access.row,
            &access.chronologies,
            texts,
            &access.permit,
            now,
        ))
    }

    /// Ends an emergency access early.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); `Conflict::AlreadyEnded` when it has ended.
    pub fn end_emergency_access(
        &self,
        call: &CallContext,
        id: EmergencyAccessId,
    ) -> ServiceResult<WriteReply<EmergencyAccessOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::EmergencyEnd,
            audit_context(id),
            |uow| {
                let AuthorizedEmergencyAccess {
                    permit,
                    mut row,
                    chronologies,
                } = load_authorized_access(uow, id, Operation::EmergencyEnd)?;
                let now = uow.now();
                if !is_active(&row, now) {
                    return Err(ServiceError::Conflict(Conflict::AlreadyEnded));
                }
                let texts = self.open_texts(&row, now)?;
                row.ended_at = Some(now);
                self.save_access(uow, &mut row, texts.as_ref())?;
                Ok(access_out(&row, &chronologies, texts, &permit, now))
            },
            |uow, _| self.read_emergency_access(uow, id),
        )
    }

    /// Reviews an emergency access, once. Finding a running access unjustified ends it at once; any
    /// other finding requires that it has ended.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); `Conflict::OwnAccess` for the person who opened
    /// it; `Conflict::AlreadyReviewed` when it has been reviewed; `Conflict::StillRunning` for
    /// another finding while it runs; [`ServiceError::Invalid`] when the note is blank.
    pub fn review_emergency_access(
        &self,
        call: &CallContext,
        id: EmergencyAccessId,
        input: EmergencyReviewIn,
    ) -> ServiceResult<WriteReply<EmergencyAccessOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::EmergencyReview,
            audit_context(id),
            |uow| {
                let AuthorizedEmergencyAccess {
                    permit,
                    mut row,
                    chronologies,
                } = load_authorized_access(uow, id, Operation::EmergencyReview)?;
                let now = uow.now();
                if row.reviewed_at.is_some() {
                    return Err(ServiceError::Conflict(Conflict::AlreadyReviewed));
                }
                if input.note.as_str().trim().is_empty() {
                    return Err(ServiceError::invalid(
                        "/note",
                        "required",
                        "give the grounds in words",
                    ));
                }
                self.refuse_addresses_in_review(uow, &permit, &chronologies, &input)?;
                if is_active(&row, now) {
                    if input.finding != ReviewFinding::NotJustified {
                        return Err(ServiceError::Conflict(Conflict::StillRunning));
                    }
                    row.ended_at = Some(now);
                }
                let reason = self.open_texts(&row, now)?.and_then(|texts| texts.reason);
                let texts = AccessTexts {
                    reason,
                    note: Some(input.note.clone()),
                };
                row.reviewed_at = Some(now);
                row.reviewed_by = Some(uow.caller_id());
                row.finding = Some(input.finding);
                // The texts of a late review are kept for their full retention time.
                row.words_until = row
                    .words_until
                    .max(now.plus(uow.policy().reasons_retention));
                self.save_access(uow, &mut row, Some(&texts))?;
                Ok(access_out(&row, &chronologies, Some(texts), &permit, now))
            },
            |uow, _| self.read_emergency_access(uow, id),
        )
    }

    /// Refuses a review that discloses a protected address of a family whose chronology was opened.
    fn refuse_addresses_in_review(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronologies: &[EmergencyChronologyRow],
        input: &EmergencyReviewIn,
    ) -> ServiceResult<()> {
        let partnership = permit.partnership();
        let now = uow.now();
        for opened in chronologies {
            let live = store::chronologies::find(uow.tx, partnership, opened.chronology_id, now)?;
            if let Some(live) = live {
                self.people
                    .refuse_disclosed_addresses(uow, permit, live.family_id, input)?;
            }
        }
        Ok(())
    }
}

/// Checks that the caller may carry out an operation on an emergency access.
pub(crate) fn authorize_emergency_access(
    uow: &mut UnitOfWork<'_, '_>,
    id: EmergencyAccessId,
    operation: Operation,
) -> ServiceResult<()> {
    load_authorized_access(uow, id, operation).map(drop)
}

/// Authorises an operation on an emergency access and loads it.
pub(crate) fn load_authorized_access(
    uow: &mut UnitOfWork<'_, '_>,
    id: EmergencyAccessId,
    operation: Operation,
) -> ServiceResult<AuthorizedEmergencyAccess> {
    let actor = uow.actor().clone();
    let found = store::emergency::find(uow.tx, actor.partnership, id)?;
    let Some(row) = found else {
        uow.authorize(operation, &AccessFacts::default())?;
        return Err(ServiceError::NotFound);
    };
    let chronologies = store::emergency::list_chronologies(uow.tx, actor.partnership, &[id])?;
    let facts = AccessFacts {
        owner: row.practitioner_id == actor.practitioner,
        owned_by_agency: chronologies
            .iter()
            .any(|chronology| chronology.owner_agency_id == actor.agency),
        ..AccessFacts::collection()
    };
    let permit = uow.authorize(operation, &facts)?;
    Ok(AuthorizedEmergencyAccess {
        permit,
        row,
        chronologies,
    })
}

//! Destruction of one chronology before its expiry: closed, created in error, or ordered. It cannot
//! be undone, so everything that could forbid it is checked first, and a decided destruction is
//! completed even if the process dies in between.

use contract::{DestructionIn, DestructionOut, DestructionRequestOut, DestructionState};
use domain::{
    AccessFacts, AccessPermit, ChronologyId, DestructionReason, DestructionRequestId, Instant,
    Operation, PractitionerId, Sensitive, SnapshotKept,
};
use kernel::{
    CallContext, Conflict, IdempotencyRecord, ServiceError, ServiceResult, UnitOfWork, WriteReply,
    scope_terms,
};
use store::{ChronologyRow, DeletionOrderRow, DestructionRequestRow};
use vault::{RecordLocation, SealedTable};

use crate::chronologies::Chronologies;
use crate::records::{AuthorizedChronology, DestructionReasons, about_chronology};
use crate::retention::destroyed_early;

/// A decision to destroy a chronology.
struct DestructionDecision {
    reason_code: DestructionReason,
    reasons: DestructionReasons,
    asked_by: Option<PractitionerId>,
}

impl Chronologies {
    /// Destroys a chronology at once: its rows, everything derived from them, and the keys. Where
    /// the partnership requires two people, the first one requests it and another one confirms it.
    /// A repeated request gets the same result. When the result says that the chronology is
    /// destroyed, the keys are destroyed and certified.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`Conflict::Held`] under a legal hold;
    /// [`Conflict::SnapshotNeeded`] when no view is signed off and no waiver is given;
    /// [`Conflict::SecondPerson`] when the caller confirms their own request;
    /// [`Conflict::AlreadyExists`] when another practitioner has requested it.
    /// [`ServiceError::Unavailable`] can also mean that the destruction was decided and the
    /// keystore could not be reached: the next background run or a repeated request completes it.
    pub fn destroy_chronology(
        &self,
        call: &CallContext,
        id: ChronologyId,
        input: DestructionIn,
    ) -> ServiceResult<WriteReply<DestructionOut>> {
        let destroy = |uow: &mut UnitOfWork<'_, '_>| {
            if let Some(order) = self.find_deletion_order(uow, id, Operation::ChronologyDestroy)? {
                return self.to_destruction_out(uow, &order);
            }
            let AuthorizedChronology { permit, row } = self
                .records
                .chronologies
                .authorize_chronology(uow, id, Operation::ChronologyDestroy)?;
            // The result describes the destruction and does not expire with the chronology.
            uow.audit.expires_at = None;
            validate_destruction(&input)?;
            self.people
                .refuse_disclosed_addresses(uow, &permit, row.family_id, &input)?;
            if self
                .records
                .holds
                .is_under_legal_hold(uow, Some(id), row.family_id)?
            {
                return Err(ServiceError::Conflict(Conflict::Held));
            }
            let pending =
                store::destruction_requests::find(uow.tx, row.partnership_id, id, uow.session.now)?;
            if input.confirms.is_none() && uow.policy().two_people {
                require_snapshot(uow, &permit, id, input.snapshot_waiver.is_some())?;
                return self.request_destruction(uow, &row, pending, &input);
            }
            let decision = self.decide_destruction(uow, pending, &input)?;
            let snapshot =
                require_snapshot(uow, &permit, id, decision.reasons.snapshot_waiver.is_some())?;
            let order = self.build_order(uow, &row, decision, snapshot)?;
            store::deletion_orders::insert(uow.tx, &order)?;
            self.execute_destruction(uow, &permit, &row)?;
            self.to_destruction_out(uow, &order)
        };
        let replay =
            |uow: &mut UnitOfWork<'_, '_>, _: &IdempotencyRecord| self.read_destruction(uow, id);
        let written = self.kernel.write_idempotent(
            call,
            Operation::ChronologyDestroy,
            about_chronology(id),
            destroy,
            replay,
        )?;
        // The deletion of the rows has committed; only now may the keys be destroyed.
        let own_certificates = &written.value.certificates;
        self.retention.complete_destructions(|row| {
            row.certificate_id
                .is_some_and(|id| own_certificates.contains(&id))
        })?;
        Ok(written)
    }

    /// Reads the pending or completed destruction of a chronology.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors); [`ServiceError::NotFound`] when there is
    /// neither.
    pub fn get_destruction(
        &self,
        call: &CallContext,
        id: ChronologyId,
    ) -> ServiceResult<DestructionOut> {
        self.kernel.read(
            call,
            Operation::DestructionRead,
            about_chronology(id),
            |uow| self.read_destruction(uow, id),
        )
    }

    fn read_destruction(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: ChronologyId,
    ) -> ServiceResult<DestructionOut> {
        if let Some(order) = self.find_deletion_order(uow, id, Operation::DestructionRead)? {
            return self.to_destruction_out(uow, &order);
        }
        let AuthorizedChronology { row, .. } =
            self.records
                .chronologies
                .authorize_chronology(uow, id, Operation::DestructionRead)?;
        let found =
            store::destruction_requests::find(uow.tx, row.partnership_id, id, uow.session.now)?;
        let request = found.ok_or(ServiceError::NotFound)?;
        uow.audit.expires_at = uow.audit.expires_at.map(|end| end.min(request.lapses_at));
        self.to_request_out(uow, &request)
    }

    /// Stores the request of the first of two people; a repeat by the same person returns the
    /// pending request.
    fn request_destruction(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        row: &ChronologyRow,
        pending: Option<DestructionRequestRow>,
        input: &DestructionIn,
    ) -> ServiceResult<DestructionOut> {
        let pending = match pending {
            Some(request) if self.is_requester_active(uow, &request)? => Some(request),
            Some(_) => {
                // A request by a practitioner who has left cannot be confirmed any more.
                store::destruction_requests::delete(uow.tx, row.partnership_id, row.id)?;
                None
            }
            None => None,
        };
        if let Some(request) = pending {
            if request.asked_by != uow.caller_id() {
                return Err(ServiceError::Conflict(Conflict::AlreadyExists));
            }
            return self.to_request_out(uow, &request);
        }
        let now = uow.now();
        // A lapsed request may still be stored.
        store::destruction_requests::delete_lapsed(uow.tx, now, 100_i64)?;
        let id = DestructionRequestId::new(self.kernel.ids(), now);
        let lapses_at = now.plus(uow.policy().request_lifetime).min(row.expires_at);
        let reasons = DestructionReasons {
            reason: input.reason.clone(),
            snapshot_waiver: input.snapshot_waiver.clone(),
            confirmation: None,
        };
        let sealed = self.kernel.seal(
            uow.tx,
            &request_location(id),
            &scope_terms(row.partnership_id, lapses_at),
            now,
            &reasons,
        )?;
        let request = DestructionRequestRow {
            chronology_id: row.id,
            id,
            partnership_id: row.partnership_id,
            reason: input.reason_code,
            asked_by: uow.caller_id(),
            asked_at: now,
            lapses_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
        };
        store::destruction_requests::insert(uow.tx, &request)?;
        self.to_request_out(uow, &request)
    }

    /// Decides the destruction: confirms another practitioner's request, or decides alone where the
    /// partnership requires one person only.
    fn decide_destruction(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        pending: Option<DestructionRequestRow>,
        input: &DestructionIn,
    ) -> ServiceResult<DestructionDecision> {
        let Some(confirmed_id) = input.confirms else {
            let reasons = DestructionReasons {
                reason: input.reason.clone(),
                snapshot_waiver: input.snapshot_waiver.clone(),
                confirmation: None,
            };
            return Ok(DestructionDecision {
                reason_code: input.reason_code,
                reasons,
                asked_by: None,
            });
        };
        let request = pending.filter(|request| request.id == confirmed_id);
        let request = request.ok_or_else(|| {
            ServiceError::invalid(
                "/confirms",
                "unknown",
                "no such request; read the current one, this one may have lapsed",
            )
        })?;
        if request.asked_by == uow.caller_id() {
            return Err(ServiceError::Conflict(Conflict::SecondPerson));
        }
        if request.reason != input.reason_code {
            return Err(ServiceError::invalid(
                "/reason_code",
                "contradicts",
                "the reason differs from that of the request",
            ));
        }
        if !self.is_requester_active(uow, &request)? {
            return Err(ServiceError::invalid(
                "/confirms",
                "unknown",
                "the practitioner who made the request has left; make a new request",
            ));
        }
        let reasons = self.open_request_reasons(&request, uow.now())?;
        let reasons = DestructionReasons {
            confirmation: Some(input.reason.clone()),
            ..reasons
        };
        Ok(DestructionDecision {
            reason_code: request.reason,
            reasons,
            asked_by: Some(request.asked_by),
        })
    }

    /// Whether the practitioner who made the request is still active.
    fn is_requester_active(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        request: &DestructionRequestRow,
    ) -> ServiceResult<bool> {
        let requester =
            store::practitioners::find(uow.tx, request.partnership_id, request.asked_by)?;
        Ok(requester.is_some_and(|requester| requester.active))
    }

    fn open_request_reasons(
        &self,
        request: &DestructionRequestRow,
        now: Instant,
    ) -> ServiceResult<DestructionReasons> {
        let terms = scope_terms(request.partnership_id, request.lapses_at);
        let wrapped = request.wrapped_key.as_ref();
        let sealed = request.sealed.as_ref();
        self.kernel
            .unseal(&request_location(request.id), &terms, now, wrapped, sealed)
    }

    fn to_request_out(
        &self,
        uow: &UnitOfWork<'_, '_>,
        request: &DestructionRequestRow,
    ) -> ServiceResult<DestructionOut> {
        let DestructionReasons {
            reason,
            snapshot_waiver,
            ..
        } = self.open_request_reasons(request, uow.now())?;
        Ok(DestructionOut {
            chronology_id: request.chronology_id,
            state: DestructionState::Requested,
            request: Some(DestructionRequestOut {
                id: request.id,
                asked_by: request.asked_by,
                asked_at: request.asked_at,
                lapses_at: request.lapses_at,
            }),
            reason_code: request.reason,
            reason: Some(reason),
            confirmation_reason: None,
            snapshot: None,
            snapshot_waiver,
            asked_by: Some(request.asked_by),
            decided_by: None,
            decided_at: None,
            certificates: Vec::new(),
        })
    }

    fn execute_destruction(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &ChronologyRow,
    ) -> ServiceResult<()> {
        let origins = store::origins::list_for_chronology(uow.tx, row.partnership_id, row.id)?;
        let keys = self.retention.delete_chronology_content(
            uow.tx,
            row,
            destroyed_early(uow.session.now),
        )?;
        // The other keys are destroyed when their certificates are issued.
        store::scopes_to_destroy::insert_unneeded(
            uow.tx,
            keys.unneeded.iter().map(|key| key.0),
            uow.session.now,
        )?;
        for family in origins
            .iter()
            .map(|origin| origin.family_id)
            .chain([row.family_id])
        {
            self.records
                .families
                .update_family_expiry(uow, permit, family)?;
        }
        Ok(())
    }

    /// Finds the order by which a chronology was destroyed, and authorises the caller to know of
    /// it.
    pub(crate) fn find_deletion_order(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: ChronologyId,
        operation: Operation,
    ) -> ServiceResult<Option<DeletionOrderRow>> {
        let found = store::deletion_orders::find(uow.tx, uow.session.actor.partnership, id)?;
        if found.is_some() {
            let facts = self.records.chronologies.tombstone_facts(uow, id.0)?;
            uow.authorize(
                operation,
                &AccessFacts {
                    expired: false,
                    ..facts
                },
            )?;
        }
        Ok(found)
    }

    fn build_order(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        row: &ChronologyRow,
        decision: DestructionDecision,
        snapshot: SnapshotKept,
    ) -> ServiceResult<DeletionOrderRow> {
        let partnership = row.partnership_id;
        let now = uow.now();
        let DestructionDecision {
            reason_code,
            reasons,
            asked_by,
        } = decision;
        let waiver = reasons
            .snapshot_waiver
            .clone()
            .filter(|_| snapshot == SnapshotKept::Waived);
        let reasons = DestructionReasons {
            snapshot_waiver: waiver,
            ..reasons
        };
        let mut order = DeletionOrderRow {
            chronology_id: row.id,
            partnership_id: partnership,
            reason: reason_code,
            snapshot,
            asked_by,
            decided_by: uow.caller_id(),
            decided_at: now,
            words_until: None,
            wrapped_key: None,
            sealed: None,
        };
        self.records.deletion_orders.seal_order(
            uow.tx,
            &mut order,
            now,
            uow.policy().reasons_retention,
            &reasons,
        )?;
        Ok(order)
    }

    /// Converts a deletion order for the API.
    pub(super) fn to_destruction_out(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        order: &DeletionOrderRow,
    ) -> ServiceResult<DestructionOut> {
        let reasons = self
            .records
            .deletion_orders
            .open_order_reasons(order, uow.now())?;
        let (reason, snapshot_waiver, confirmation_reason) =
            reasons.map_or((None, None, None), |reasons| {
                (
                    Some(reasons.reason),
                    reasons.snapshot_waiver,
                    reasons.confirmation,
                )
            });
        let certificates = store::commitments::certificates_for_chronology(
            uow.tx,
            order.partnership_id,
            order.chronology_id,
        )?;
        Ok(DestructionOut {
            chronology_id: order.chronology_id,
            state: DestructionState::Destroyed,
            request: None,
            reason_code: order.reason,
            reason,
            confirmation_reason,
            snapshot: Some(order.snapshot),
            snapshot_waiver,
            asked_by: order.asked_by,
            decided_by: Some(order.decided_by),
            decided_at: Some(order.decided_at),
            certificates,
        })
    }
}

fn request_location(id: DestructionRequestId) -> RecordLocation {
    RecordLocation {
        table: SealedTable::DestructionRequests,
        row: id.0,
        version: 1,
    }
}

fn validate_destruction(input: &DestructionIn) -> ServiceResult<()> {
    let blank = |text: &Sensitive<String>| text.as_str().trim().is_empty();
    let mut faults = Vec::new();
    if blank(&input.reason) {
        faults.push(crate::Fault::new("/reason", "required", "give a reason"));
    }
    if input.snapshot_waiver.as_ref().is_some_and(blank) {
        faults.push(crate::Fault::new(
            "/snapshot_waiver",
            "required",
            "explain why no copy is kept",
        ));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(ServiceError::Invalid(faults))
    }
}

/// Checks that a snapshot for the social-care record was signed off or is waived.
///
/// # Errors
/// [`Conflict::SnapshotNeeded`] when neither is the case.
fn require_snapshot(
    uow: &mut UnitOfWork<'_, '_>,
    permit: &AccessPermit,
    id: ChronologyId,
    waived: bool,
) -> ServiceResult<SnapshotKept> {
    if store::consolidations::signed_off(uow.tx, permit, id, uow.session.now)?.is_some() {
        return Ok(SnapshotKept::SignedOff);
    }
    if waived {
        Ok(SnapshotKept::Waived)
    } else {
        Err(ServiceError::Conflict(Conflict::SnapshotNeeded))
    }
}

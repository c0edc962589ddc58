//! Advance submissions: fragments sent before a chronology exists. Other agencies cannot see them
//! until children's social care opens a chronology or they expire.

use contract::{AheadFragmentIn, FragmentReceipt, SubmissionOutcome};
use domain::{AccessFacts, FamilyId, ObjectKind, Operation};
use kernel::{AuditContext, CallContext, ServiceError, ServiceResult, UnitOfWork, WriteReply};

use crate::fragments::Fragments;
use crate::fragments::entries::validate_entries;
use crate::fragments::validation::{
    SubmissionParts, check_child, check_expiry, check_sharing, entry_scope,
};
use crate::records::FragmentDetails;

/// Maximum number of advance submissions per agency.
const MAX_ADVANCE_FRAGMENTS: usize = 1_000;

impl Fragments {
    /// Submits a fragment before a chronology exists, about a family that the caller's agency
    /// recorded.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::NotFound`] also when the
    /// partnership does not accept advance submissions; [`ServiceError::Invalid`] with every fault
    /// of the input.
    pub fn submit_advance_fragment(
        &self,
        call: &CallContext,
        input: AheadFragmentIn,
    ) -> ServiceResult<WriteReply<FragmentReceipt>> {
        self.kernel.write_idempotent(
            call,
            Operation::FragmentSubmitAdvance,
            AuditContext::of(ObjectKind::Fragment),
            |uow| {
                let permit =
                    uow.authorize(Operation::FragmentSubmitAdvance, &AccessFacts::collection())?;
                check_own_family(uow, input.family_id)?;
                let family = self
                    .records
                    .families
                    .open_family(uow, &permit, input.family_id)?;
                let scope = entry_scope(uow, &family, input.child_id);
                let mut faults =
                    check_sharing(&input.sharing, input.involvement.as_ref(), &input.entries);
                let latest = uow.now().plus(uow.policy().max_ahead_lifetime);
                faults.extend(check_expiry(uow, input.expires_at, latest));
                faults.extend(check_child(&scope));
                let entries = validate_entries(uow, &scope, faults, &input.entries)?;
                let details = FragmentDetails {
                    agency_reference: None,
                    sharing: input.sharing.clone(),
                    involvement: input.involvement.clone(),
                    correction_reason: None,
                };
                let parts = SubmissionParts {
                    agency: uow.actor().agency,
                    proxy_by: None,
                    child: input.child_id,
                    expires_at: input.expires_at,
                    requested_expiry: Some(input.expires_at),
                    details,
                    sent: &input.entries,
                    entries,
                };
                let submission = self.build_submission(uow, parts)?;
                check_fragment_count(uow)?;
                self.refuse_addresses_in_submission(uow, &permit, &family, (&submission, &[]))?;
                let row = self.new_fragment_row(uow, None, input.family_id, &submission);
                store::fragments::insert(uow.tx, &row)?;
                let receipt =
                    self.store_version(uow, &row, &submission, None, SubmissionOutcome::Created)?;
                // The receipt does not mention a match: the sender may not be named on the
                // chronology's invitation.
                self.person_matching
                    .match_with_open_chronologies(uow, &permit, &family)?;
                self.records
                    .families
                    .update_family_expiry(uow, &permit, input.family_id)?;
                uow.audit.outcome = Some(receipt.outcome);
                Ok(receipt)
            },
            |uow, record| self.rebuild_receipt(uow, record, false),
        )
    }
}

/// Limits the number of an agency's advance submissions.
fn check_fragment_count(uow: &mut UnitOfWork<'_, '_>) -> ServiceResult<()> {
    let actor = &uow.session.actor;
    let now = uow.session.now;
    let existing =
        store::fragments::list_advance_for_agency(uow.tx, actor.partnership, actor.agency, now)?;
    if existing.len() < MAX_ADVANCE_FRAGMENTS {
        return Ok(());
    }
    let message = "an agency has at most 1,000 advance submissions";
    Err(ServiceError::invalid("", "too_many_fragments", message))
}

/// Refuses an advance submission about a family that another agency recorded.
fn check_own_family(uow: &mut UnitOfWork<'_, '_>, id: FamilyId) -> ServiceResult<()> {
    let actor = uow.session.actor.clone();
    let now = uow.session.now;
    let family = store::families::facts(uow.tx, actor.partnership, id, now)?;
    if family.is_some_and(|family| family.created_by_agency == actor.agency) {
        return Ok(());
    }
    Err(ServiceError::invalid(
        "/family_id",
        "unknown",
        "no such family",
    ))
}

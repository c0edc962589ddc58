//! Use cases of legal holds. A hold prevents destruction until it is released, and must be reviewed
//! by a date.

use std::sync::Arc;
use std::time::Duration;

use contract::{HoldIn, HoldOut, HoldReleaseIn, HoldScope, Page, PageQuery};
use domain::{
    AccessPermit, Actor, ChronologyId, HoldId, Instant, ObjectKind, Operation, PersonId, Role,
    Sensitive,
};
use kernel::{
    AuditContext, CallContext, Conflict, Kernel, ServiceError, ServiceResult, UnitOfWork,
    WriteReply,
};
use serde::Serialize;
use store::HoldRow;

use crate::people::People;
use crate::records::{HoldDetails, Records};

/// Use cases of legal holds.
pub struct LegalHolds {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) records: Arc<Records>,
    pub(crate) people: Arc<People>,
}

/// The latest review date of a hold: within a year.
pub(crate) const MAX_REVIEW_PERIOD: Duration = Duration::from_secs(366 * 86_400);

impl LegalHolds {
    /// Places a legal hold.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] lists every fault.
    pub fn place_hold(
        &self,
        call: &CallContext,
        input: HoldIn,
    ) -> ServiceResult<WriteReply<HoldOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::HoldPlace,
            AuditContext::of(ObjectKind::Hold),
            |uow| {
                let permit = uow.authorize_collection(Operation::HoldPlace)?;
                validate_hold(uow, &input)?;
                self.refuse_protected_addresses_in_hold(
                    uow,
                    &permit,
                    (input.scope, input.target_id),
                    &input,
                )?;
                let now = uow.now();
                let id = HoldId::new(self.kernel.ids(), now);
                let details = HoldDetails {
                    reason: Some(input.reason.clone()),
                    release_reason: None,
                };
                let mut row = HoldRow {
                    id,
                    partnership_id: permit.partnership(),
                    scope: input.scope,
                    target_id: input.target_id,
                    review_at: input.review_at,
                    placed_by: uow.caller_id(),
                    placed_at: now,
                    released_by: None,
                    released_at: None,
                    words_until: None,
                    wrapped_key: None,
                    sealed: None,
                    version: 1,
                    awaiting: input.scope == HoldScope::All && uow.policy().two_people,
                    confirmed_by: None,
                };
                self.records.holds.seal_hold(
                    uow.tx,
                    &mut row,
                    now,
                    uow.policy().reasons_retention,
                    &details,
                )?;
                uow.audit.set_object(id);
                if input.scope == HoldScope::Chronology {
                    uow.audit.chronology = input.target_id.map(ChronologyId);
                }
                store::holds::insert(uow.tx, &row)?;
                Ok(to_hold_out(&row, details.reason, now))
            },
            |uow, record| self.read_hold(uow, record.object()?),
        )
    }

    /// Reads a hold as the list of holds shows it.
    pub(crate) fn read_hold(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: HoldId,
    ) -> ServiceResult<HoldOut> {
        let permit = uow.authorize_collection(Operation::HoldList)?;
        let row =
            store::holds::find(uow.tx, permit.partnership(), id)?.ok_or(ServiceError::NotFound)?;
        self.hold_for_reader(&row, uow.actor(), uow.now())
    }

    pub(crate) fn hold_for_reader(
        &self,
        row: &HoldRow,
        reader: &Actor,
        now: Instant,
    ) -> ServiceResult<HoldOut> {
        let may_know = reader.social_care && reader.has_role(Role::TeamManager);
        let reason = if may_know {
            self.records.holds.open_hold_details(row, now)?.reason
        } else {
            None
        };
        Ok(to_hold_out(row, reason, now))
    }

    /// Lists the partnership's holds, oldest first. Auditors see that holds exist but not their
    /// reasons.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_holds(&self, call: &CallContext, query: PageQuery) -> ServiceResult<Page<HoldOut>> {
        self.kernel.read(
            call,
            Operation::HoldList,
            AuditContext::of(ObjectKind::Hold),
            |uow| {
                let permit = uow.authorize_collection(Operation::HoldList)?;
                let bounds = self.kernel.parse_page_query(uow, "holds", &query)?;
                let rows = store::holds::page(
                    uow.tx,
                    permit.partnership(),
                    bounds.after,
                    bounds.limit + 1,
                )?;
                let now = uow.now();
                let reader = uow.actor().clone();
                let key = |row: &HoldRow| (row.placed_at, row.id.0);
                self.kernel
                    .build_page(uow, "holds", &bounds, rows, key, |row| {
                        self.hold_for_reader(&row, &reader, now)
                    })
            },
        )
    }

    /// Confirms a hold on all data, which one person cannot place alone; the hold takes effect with
    /// the confirmation.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`Conflict::SecondPerson`] when the caller
    /// placed the hold; [`Conflict::WrongState`] when it does not await confirmation.
    pub fn confirm_hold(
        &self,
        call: &CallContext,
        id: HoldId,
    ) -> ServiceResult<WriteReply<HoldOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::HoldPlace,
            AuditContext::about(id),
            |uow| {
                let permit = uow.authorize_collection(Operation::HoldPlace)?;
                let found = store::holds::find(uow.tx, permit.partnership(), id)?;
                let mut row = found.ok_or(ServiceError::NotFound)?;
                if !row.awaiting || row.released_at.is_some() {
                    return Err(ServiceError::Conflict(Conflict::WrongState));
                }
                if row.placed_by == uow.caller_id() {
                    return Err(ServiceError::Conflict(Conflict::SecondPerson));
                }
                let now = uow.now();
                let before = row.version;
                let details = self.records.holds.open_hold_details(&row, now)?;
                row.version += 1;
                row.awaiting = false;
                row.confirmed_by = Some(uow.caller_id());
                self.records.holds.seal_hold(
                    uow.tx,
                    &mut row,
                    now,
                    uow.policy().reasons_retention,
                    &details,
                )?;
                store::holds::update(uow.tx, &row, before)?;
                Ok(to_hold_out(&row, details.reason, now))
            },
            |uow, _| self.read_hold(uow, id),
        )
    }

    /// Releases a hold. The data that it retained follow their own expiry again.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`Conflict::AlreadyReleased`] when it is
    /// already released.
    pub fn release_hold(
        &self,
        call: &CallContext,
        id: HoldId,
        input: HoldReleaseIn,
    ) -> ServiceResult<WriteReply<HoldOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::HoldRelease,
            AuditContext::about(id),
            |uow| {
                let permit = uow.authorize_collection(Operation::HoldRelease)?;
                let found = store::holds::find(uow.tx, permit.partnership(), id)?;
                let mut row = found.ok_or(ServiceError::NotFound)?;
                if row.released_at.is_some() {
                    return Err(ServiceError::Conflict(Conflict::AlreadyReleased));
                }
                if input.reason.as_str().trim().is_empty() {
                    return Err(ServiceError::invalid(
                        "/reason",
                        "required",
                        "give a reason",
                    ));
                }
                self.refuse_protected_addresses_in_hold(
                    uow,
                    &permit,
                    (row.scope, row.target_id),
                    &input,
                )?;
                let now = uow.now();
                let before = row.version;
                let mut details = self.records.holds.open_hold_details(&row, now)?;
                details.release_reason = Some(input.reason.clone());
                row.version += 1;
                row.released_by = Some(uow.caller_id());
                row.released_at = Some(now);
                self.records.holds.seal_hold(
                    uow.tx,
                    &mut row,
                    now,
                    uow.policy().reasons_retention,
                    &details,
                )?;
                store::holds::update(uow.tx, &row, before)?;
                Ok(to_hold_out(&row, details.reason, now))
            },
            |uow, _| self.read_hold(uow, id),
        )
    }

    /// Refuses a reason that discloses a protected address of a family that the hold concerns.
    pub(crate) fn refuse_protected_addresses_in_hold(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        (scope, target): (HoldScope, Option<uuid::Uuid>),
        input: &impl Serialize,
    ) -> ServiceResult<()> {
        let partnership = permit.partnership();
        let now = uow.now();
        let families = match (scope, target) {
            (HoldScope::Chronology, Some(id)) => {
                let found = store::chronologies::find(uow.tx, partnership, ChronologyId(id), now)?;
                found.into_iter().map(|row| row.family_id).collect()
            }
            (HoldScope::Child, Some(id)) => {
                store::people::families_of(uow.tx, partnership, PersonId(id))?
            }
            (HoldScope::Chronology | HoldScope::Child | HoldScope::All, _) => Vec::new(),
        };
        for family in families {
            if store::families::facts(uow.tx, partnership, family, now)?.is_some() {
                self.people
                    .refuse_disclosed_addresses(uow, permit, family, input)?;
            }
        }
        Ok(())
    }
}

/// Validates a hold: the target exists in the partnership, a reason is given, and the review date
/// is within a year.
pub(crate) fn validate_hold(uow: &mut UnitOfWork<'_, '_>, input: &HoldIn) -> ServiceResult<()> {
    let actor = uow.session.actor.clone();
    let now = uow.session.now;
    let mut faults = Vec::new();
    let target_ok = match (input.scope, input.target_id) {
        (HoldScope::All, target) => target.is_none(),
        (HoldScope::Chronology, Some(id)) => {
            // The lock makes a concurrent destruction of the chronology wait.
            store::chronologies::lock(uow.tx, actor.partnership, ChronologyId(id))?;
            let found =
                store::chronologies::find(uow.tx, actor.partnership, ChronologyId(id), now)?;
            found.is_some_and(|row| row.owner_agency_id == actor.agency)
        }
        (HoldScope::Child, Some(id)) => {
            let found = store::people::facts(uow.tx, actor.partnership, PersonId(id), now)?;
            found.is_some_and(|person| person.created_by_agency == actor.agency)
        }
        (HoldScope::Chronology | HoldScope::Child, None) => false,
    };
    if !target_ok {
        let message =
            "name a chronology or child of your agency; leave it out when the hold covers all data";
        faults.push(crate::Fault::new("/target_id", "unknown", message));
    }
    if input.reason.as_str().trim().is_empty() {
        faults.push(crate::Fault::new("/reason", "required", "give a reason"));
    }
    if input.review_at <= now || input.review_at > now.plus(MAX_REVIEW_PERIOD) {
        faults.push(crate::Fault::new(
            "/review_at",
            "out_of_range",
            "must be within the coming year",
        ));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(ServiceError::Invalid(faults))
    }
}

pub(crate) fn to_hold_out(
    row: &HoldRow,
    reason: Option<Sensitive<String>>,
    now: Instant,
) -> HoldOut {
    HoldOut {
        id: row.id,
        scope: row.scope,
        target_id: row.target_id,
        reason,
        review_at: row.review_at,
        review_overdue: row.released_at.is_none() && row.review_at <= now,
        placed_by: row.placed_by,
        placed_at: row.placed_at,
        released_by: row.released_by,
        released_at: row.released_at,
        awaiting_confirmation: row.awaiting,
        confirmed_by: row.confirmed_by,
        version: row.version,
    }
}

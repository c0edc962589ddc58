//! Use cases of legal holds. A hold prevents destruction until it is released, and must be reviewed
//! by a date.

use std::time::Duration;

use domain::{
    AccessPermit, Actor, ChronologyId, FamilyId, HoldId, Instant, ObjectKind, Operation, PersonId,
    Role, Sensitive,
};
use serde::{Deserialize, Serialize};
use store::HoldRow;
use vault::{KeyTerms, RecordLocation};

use crate::context::{AuditContext, CallContext, UnitOfWork};
use crate::sealing::scope_terms;
use crate::{
    Conflict, HoldIn, HoldOut, HoldReleaseIn, HoldScope, Page, PageQuery, Service, ServiceError,
    ServiceResult, WriteReply,
};

/// The latest review date of a hold: within a year.
const MAX_REVIEW_PERIOD: Duration = Duration::from_secs(366 * 86_400);

/// The sealed content of a hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct HoldDetails {
    /// None when the retention of the reason ended while the hold stayed active.
    reason: Option<Sensitive<String>>,
    release_reason: Option<Sensitive<String>>,
}

impl Service {
    /// Places a legal hold.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] lists every fault.
    pub fn place_hold(
        &self,
        call: &CallContext,
        input: HoldIn,
    ) -> ServiceResult<WriteReply<HoldOut>> {
        self.write_idempotent(
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
                let id = HoldId::new(self.ids(), now);
                let details = HoldDetails {
                    reason: Some(input.reason.clone()),
                    release_reason: None,
                };
                let mut row = HoldRow {
                    id,
                    partnership_id: permit.partnership(),
                    scope: to_store_scope(input.scope),
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
                self.seal_hold(&mut row, now, uow.policy().reasons_retention, &details)?;
                uow.audit.object_id = Some(id.0);
                if input.scope == HoldScope::Chronology {
                    uow.audit.chronology = input.target_id.map(ChronologyId);
                }
                store::holds::insert(uow.tx, &row)?;
                Ok(to_hold_out(&row, details.reason, now))
            },
            |uow, record| self.read_hold(uow, HoldId(record.object_id)),
        )
    }

    /// Reads a hold as the list of holds shows it.
    fn read_hold(&self, uow: &mut UnitOfWork<'_, '_>, id: HoldId) -> ServiceResult<HoldOut> {
        let permit = uow.authorize_collection(Operation::HoldList)?;
        let row =
            store::holds::find(uow.tx, permit.partnership(), id)?.ok_or(ServiceError::NotFound)?;
        self.hold_for_reader(&row, uow.actor(), uow.now())
    }

    fn hold_for_reader(
        &self,
        row: &HoldRow,
        reader: &Actor,
        now: Instant,
    ) -> ServiceResult<HoldOut> {
        let may_know = reader.social_care && reader.has_role(Role::TeamManager);
        let reason = if may_know {
            self.open_hold_details(row, now)?.reason
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
        let audit = AuditContext::of(ObjectKind::Hold);
        self.read(call, Operation::HoldList, audit, |uow| {
            let permit = uow.authorize_collection(Operation::HoldList)?;
            let bounds = self.parse_page_query(uow, "holds", &query)?;
            let rows =
                store::holds::page(uow.tx, permit.partnership(), bounds.after, bounds.limit + 1)?;
            let now = uow.now();
            let reader = uow.actor().clone();
            let key = |row: &HoldRow| (row.placed_at, row.id.0);
            self.build_page(uow, "holds", &bounds, rows, key, |row| {
                self.hold_for_reader(&row, &reader, now)
            })
        })
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
        self.write_idempotent(
            call,
            Operation::HoldPlace,
            AuditContext::about(ObjectKind::Hold, id),
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
                let details = self.open_hold_details(&row, now)?;
                row.version += 1;
                row.awaiting = false;
                row.confirmed_by = Some(uow.caller_id());
                self.seal_hold(&mut row, now, uow.policy().reasons_retention, &details)?;
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
        self.write_idempotent(
            call,
            Operation::HoldRelease,
            AuditContext::about(ObjectKind::Hold, id),
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
                    (from_store_scope(row.scope), row.target_id),
                    &input,
                )?;
                let now = uow.now();
                let before = row.version;
                let mut details = self.open_hold_details(&row, now)?;
                details.release_reason = Some(input.reason.clone());
                row.version += 1;
                row.released_by = Some(uow.caller_id());
                row.released_at = Some(now);
                self.seal_hold(&mut row, now, uow.policy().reasons_retention, &details)?;
                store::holds::update(uow.tx, &row, before)?;
                Ok(to_hold_out(&row, details.reason, now))
            },
            |uow, _| self.read_hold(uow, id),
        )
    }

    /// Refuses a reason that discloses a protected address of a family that the hold concerns.
    fn refuse_protected_addresses_in_hold(
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
                self.refuse_disclosed_addresses(uow, permit, family, input)?;
            }
        }
        Ok(())
    }

    /// Whether a legal hold prevents the destruction of a chronology, or of the data about a
    /// family.
    pub(crate) fn is_under_legal_hold(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: Option<ChronologyId>,
        family: FamilyId,
    ) -> ServiceResult<bool> {
        let partnership = uow.actor().partnership;
        let children = store::families::members(uow.tx, partnership, family)?;
        Ok(store::holds::is_held(
            uow.tx,
            partnership,
            chronology,
            &children,
            uow.session.now,
        )?)
    }

    /// Seals a hold's reasons until their retention ends, counted from the review date or the
    /// release, whichever is later.
    fn seal_hold(
        &self,
        row: &mut HoldRow,
        now: Instant,
        kept_for: Duration,
        details: &HoldDetails,
    ) -> ServiceResult<()> {
        let words_until = row
            .released_at
            .map_or(row.review_at, |released| released.max(row.review_at))
            .plus(kept_for);
        row.words_until = Some(words_until);
        if words_until <= now {
            row.wrapped_key = None;
            row.sealed = None;
            return Ok(());
        }
        let sealed = self.seal(
            &hold_location(row),
            &scope_terms(row.partnership_id, words_until),
            now,
            details,
        )?;
        row.wrapped_key = Some(sealed.wrapped_key.into());
        row.sealed = Some(sealed.sealed.into());
        Ok(())
    }

    /// Decrypts the reasons of a hold; empty after their retention.
    fn open_hold_details(&self, row: &HoldRow, now: Instant) -> ServiceResult<HoldDetails> {
        let (Some(key), Some(sealed)) = (&row.wrapped_key, &row.sealed) else {
            return Ok(HoldDetails::default());
        };
        let terms = match row.words_until {
            Some(end) if end <= now => return Ok(HoldDetails::default()),
            Some(end) => scope_terms(row.partnership_id, end),
            None => KeyTerms::Permanent {
                partnership: row.partnership_id,
            },
        };
        self.unseal(
            &hold_location(row),
            &terms,
            now,
            key.as_ref(),
            sealed.as_ref(),
        )
    }

    /// Gives an expiry to reasons that an earlier version of the service sealed without one, and
    /// removes those whose retention has ended. Returns the number of rows handled.
    pub(crate) fn migrate_permanent_hold_reasons(
        &self,
        limit: u32,
        now: Instant,
    ) -> ServiceResult<u32> {
        self.0.db.write("purge.hold_reason_expiry", |tx| {
            let rows = store::holds::list_without_expiry(tx, i64::from(limit))?;
            for mut row in rows.iter().cloned() {
                let details = self.open_hold_details(&row, now)?;
                let kept_for = self.policy_of(row.partnership_id).reasons_retention;
                self.seal_hold(&mut row, now, kept_for, &details)?;
                store::holds::set_reasons_expiry(tx, &row)?;
            }
            Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
        })
    }
}

fn hold_location(row: &HoldRow) -> RecordLocation {
    RecordLocation {
        table: "holds",
        row: row.id.0,
        version: row.version,
    }
}

/// Validates a hold: the target exists in the partnership, a reason is given, and the review date
/// is within a year.
fn validate_hold(uow: &mut UnitOfWork<'_, '_>, input: &HoldIn) -> ServiceResult<()> {
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

const fn to_store_scope(scope: HoldScope) -> store::HoldScope {
    match scope {
        HoldScope::Chronology => store::HoldScope::Chronology,
        HoldScope::Child => store::HoldScope::Child,
        HoldScope::All => store::HoldScope::All,
    }
}

const fn from_store_scope(scope: store::HoldScope) -> HoldScope {
    match scope {
        store::HoldScope::Chronology => HoldScope::Chronology,
        store::HoldScope::Child => HoldScope::Child,
        store::HoldScope::All => HoldScope::All,
    }
}

fn to_hold_out(row: &HoldRow, reason: Option<Sensitive<String>>, now: Instant) -> HoldOut {
    HoldOut {
        id: row.id,
        scope: from_store_scope(row.scope),
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

//! Decisions to destroy a chronology early: who decided, and why.

use diesel::prelude::*;
use domain::{
    ChronologyId, DestructionReason, Instant, PartnershipId, PractitionerId, SnapshotKept,
};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::statements::{insert_new, require_one};
use crate::schema::deletion_orders::{self, dsl};
use crate::{Sealed, StoreError, Tx};

row! {
    /// A decision to destroy a chronology.
    DeletionOrderRow in deletion_orders {
        /// The chronology to delete.
        chronology_id: ChronologyId,
        /// The partnership of the chronology.
        partnership_id: PartnershipId,
        /// The reason, from the closed list.
        reason: DestructionReason,
        /// Whether a copy is kept.
        snapshot: SnapshotKept,
        /// The practitioner who decided.
        decided_by: PractitionerId,
        /// When it was decided.
        decided_at: Instant,
        /// When the reasons in words expire; `None` for reasons that an earlier version sealed
        /// without expiry.
        words_until: Option<Instant>,
        /// The wrapped data key of `sealed`; `None` once the text is deleted.
        wrapped_key: Option<Sealed>,
        /// The reasons in words.
        sealed: Option<Sealed>,
        /// The practitioner who requested it; `None` when the decision needed no second person.
        asked_by: Option<PractitionerId>,
    }
}

/// Records a decision.
///
/// # Errors
/// [`StoreError::NotUnique`] when there is a decision about the chronology already.
pub fn insert(tx: &mut Tx<'_>, row: &DeletionOrderRow) -> Result<(), StoreError> {
    insert_new!(tx, deletion_orders::table, row, "deletion order")
}

/// The decision to destroy a chronology; `None` when there is none.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
) -> Result<Option<DeletionOrderRow>, StoreError> {
    let query = dsl::deletion_orders
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Bind(id)))
        .select(DeletionOrderRow::as_select());
    tx.run(|c| query.get_result(c).optional())
}

/// Deletes the reasons in at most `limit` rows where they have expired; the decision stays. Returns how
/// many rows were changed.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn delete_expired_reasons(
    tx: &mut Tx<'_>,
    now: Instant,
    limit: impl Into<i64>,
) -> Result<usize, StoreError> {
    let expired = dsl::deletion_orders
        .filter(dsl::words_until.le(Some(Bind(now))))
        .filter(dsl::sealed.is_not_null())
        .order((dsl::words_until, dsl::chronology_id))
        .limit(limit.into())
        .select(dsl::chronology_id);
    let expired: Vec<ChronologyId> = tx.run(|c| expired.load(c))?;
    let target =
        dsl::deletion_orders.filter(dsl::chronology_id.eq_any(expired.iter().copied().map(Bind)));
    let none: Option<Sealed> = None;
    let change = (dsl::wrapped_key.eq(&none), dsl::sealed.eq(&none));
    tx.run(|c| diesel::update(target).set(change).execute(c))
}

/// At most `limit` rows, of any partnership, whose reasons an earlier version sealed without expiry.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_without_expiry(
    tx: &mut Tx<'_>,
    limit: impl Into<i64>,
) -> Result<Vec<DeletionOrderRow>, StoreError> {
    let query = dsl::deletion_orders
        .filter(dsl::words_until.is_null())
        .filter(dsl::sealed.is_not_null())
        .order(dsl::chronology_id)
        .limit(limit.into());
    tx.run(|c| query.select(DeletionOrderRow::as_select()).load(c))
}

/// Replaces the sealed reasons of a row, and sets their expiry.
///
/// # Errors
/// [`StoreError::Stale`] when they have an expiry already.
pub fn set_reasons_expiry(tx: &mut Tx<'_>, row: &DeletionOrderRow) -> Result<(), StoreError> {
    let target = dsl::deletion_orders
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::chronology_id.eq(Bind(row.chronology_id)))
        .filter(dsl::words_until.is_null());
    require_one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

//! Legal holds, which prevent destruction until they are released.

use diesel::prelude::*;
use domain::{ChronologyId, HoldId, HoldScope, Instant, PartnershipId, PersonId, PractitionerId};
use uuid::Uuid;

use crate::columns::{Bind, row};
use crate::connection::page::rows_after;
use crate::connection::statements::{insert_one, require_one};
use crate::schema::holds;
use crate::schema::holds::dsl;
use crate::{Keyset, Sealed, StoreError, Tx};

row! {
    /// A legal hold.
    HoldRow in holds {
        /// The hold identifier.
        id: HoldId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// Whether the hold covers a chronology, a child or all data.
        scope: HoldScope,
        /// The chronology or child; `None` when the hold covers all data.
        target_id: Option<Uuid>,
        /// By when it must be reviewed. It stays in force until it is released.
        review_at: Instant,
        /// The practitioner who placed it.
        placed_by: PractitionerId,
        /// When it was placed.
        placed_at: Instant,
        /// The practitioner who released it.
        released_by: Option<PractitionerId>,
        /// When it was released.
        released_at: Option<Instant>,
        /// When the reasons expire; `None` for reasons that an earlier version sealed without
        /// expiry.
        words_until: Option<Instant>,
        /// The wrapped data key of `sealed`; `None` once the text is deleted.
        wrapped_key: Option<Sealed>,
        /// The reasons in words.
        sealed: Option<Sealed>,
        /// The version, counted from 1.
        version: i64,
        /// Whether a second person must still confirm it; until then it has no effect.
        awaiting: bool,
        /// The second person.
        confirmed_by: Option<PractitionerId>,
    }
}

/// Places a hold.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert(tx: &mut Tx<'_>, row: &HoldRow) -> Result<(), StoreError> {
    insert_one(tx, holds::table, row)
}

/// Writes a changed hold over the version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version.
pub fn update(tx: &mut Tx<'_>, row: &HoldRow, expected: i64) -> Result<(), StoreError> {
    let target = dsl::holds
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(expected));
    require_one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// The hold `id`.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: HoldId,
) -> Result<Option<HoldRow>, StoreError> {
    let query = dsl::holds
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    tx.run(|c| query.select(HoldRow::as_select()).first(c).optional())
}

/// At most `limit` holds after a cursor, including released ones, in the order in which they were
/// placed.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<HoldRow>, StoreError> {
    let query = dsl::holds
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .into_boxed();
    let query = rows_after(query, after, dsl::placed_at, dsl::id, HoldId);
    let query = query.order((dsl::placed_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(HoldRow::as_select()).load(c))
}

/// The number of unreleased holds, over all partnerships, whose review is overdue.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn count_overdue(tx: &mut Tx<'_>, now: Instant) -> Result<i64, StoreError> {
    let query = dsl::holds
        .filter(dsl::released_at.is_null())
        .filter(dsl::review_at.le(Bind(now)));
    tx.run(|c| query.count().get_result(c))
}

/// Whether a hold prevents the destruction of a chronology or of data about any of `children`: a
/// hold on the chronology, on one of the children, or on all data. An overdue review releases
/// nothing.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn is_held(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: Option<ChronologyId>,
    children: &[PersonId],
    now: Instant,
) -> Result<bool, StoreError> {
    let targets = children.iter().map(|child| child.0);
    let on_child = dsl::scope
        .eq(Bind(HoldScope::Child))
        .and(dsl::target_id.eq_any(targets.map(Bind).map(Some)));
    // No chronology has the nil identifier.
    let chronology = chronology.map_or(Uuid::nil(), Uuid::from);
    let on_chronology = dsl::scope
        .eq(Bind(HoldScope::Chronology))
        .and(dsl::target_id.eq(Some(Bind(chronology))));
    let query = dsl::holds
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::awaiting.eq(false))
        .filter(
            dsl::released_at
                .is_null()
                .or(dsl::released_at.gt(Some(Bind(now)))),
        )
        .filter(
            dsl::scope
                .eq(Bind(HoldScope::All))
                .or(on_chronology.assume_not_null())
                .or(on_child.assume_not_null()),
        )
        .select(dsl::id);
    let found: Option<HoldId> = tx.run(|c| query.first(c).optional())?;
    Ok(found.is_some())
}

/// Deletes the reasons in at most `limit` rows where they have expired; the hold stays. Returns how
/// many rows were changed.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn delete_expired_reasons(
    tx: &mut Tx<'_>,
    now: Instant,
    limit: impl Into<i64>,
) -> Result<usize, StoreError> {
    let expired = dsl::holds
        .filter(dsl::words_until.le(Some(Bind(now))))
        .filter(dsl::sealed.is_not_null())
        .order((dsl::words_until, dsl::id))
        .limit(limit.into())
        .select(dsl::id);
    let expired: Vec<HoldId> = tx.run(|c| expired.load(c))?;
    let target = dsl::holds.filter(dsl::id.eq_any(expired.iter().copied().map(Bind)));
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
) -> Result<Vec<HoldRow>, StoreError> {
    let query = dsl::holds
        .filter(dsl::words_until.is_null())
        .filter(dsl::sealed.is_not_null())
        .order(dsl::id)
        .limit(limit.into());
    tx.run(|c| query.select(HoldRow::as_select()).load(c))
}

/// Replaces the sealed reasons of a row, and sets their expiry.
///
/// # Errors
/// [`StoreError::Stale`] when they have an expiry already.
pub fn set_reasons_expiry(tx: &mut Tx<'_>, row: &HoldRow) -> Result<(), StoreError> {
    let target = dsl::holds
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::words_until.is_null());
    require_one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

//! Legal holds: they stop destruction until they are released.

use diesel::prelude::*;
use domain::{ChronologyId, HoldId, Instant, PartnershipId, PersonId, PractitionerId};
use uuid::Uuid;

use crate::page::after;
use crate::rows::row;
use crate::schema::holds::{self, dsl};
use crate::statements::{insert_one, one, words_with_an_end};
use crate::types::Bind;
use crate::{HoldScope, Keyset, Sealed, StoreError, Tx};

row! {
    /// A legal hold.
    HoldRow in holds {
        /// The hold.
        id: HoldId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// What it covers.
        scope: HoldScope,
        /// The chronology or child; none when it covers all.
        target_id: Option<Uuid>,
        /// By when it is to be reviewed. It holds on until it is released.
        review_at: Instant,
        /// Who placed it.
        placed_by: PractitionerId,
        /// When.
        placed_at: Instant,
        /// Who released it.
        released_by: Option<PractitionerId>,
        /// When.
        released_at: Option<Instant>,
        /// From when on the words are gone; none for words sealed for good by a former version.
        words_until: Option<Instant>,
        /// Data key of `sealed`; none once the words are gone.
        wrapped_key: Option<Sealed>,
        /// Reasons.
        sealed: Option<Sealed>,
        /// Counts changes, from 1.
        version: i64,
        /// Whether a second person has still to confirm it: until then it holds nothing.
        awaiting: bool,
        /// Who that was.
        confirmed_by: Option<PractitionerId>,
    }
}

/// Places a hold.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, row: &HoldRow) -> Result<(), StoreError> {
    insert_one!(tx, holds::table, row)
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
    one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// The hold `id`.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, partnership: PartnershipId, id: HoldId) -> Result<Option<HoldRow>, StoreError> {
    let query = dsl::holds.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    tx.run(|c| query.select(HoldRow::as_select()).first(c).optional())
}

/// At most `limit` holds after a place, released ones included, in the order in which they were placed.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<HoldRow>, StoreError> {
    let query = dsl::holds.filter(dsl::partnership_id.eq(Bind(partnership))).into_boxed();
    let query = after!(query, after, dsl::placed_at, dsl::id, HoldId);
    let query = query.order((dsl::placed_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(HoldRow::as_select()).load(c))
}

/// How many holds of any partnership stand past the date by which they were to be reviewed.
///
/// # Errors
/// When the database fails.
pub fn overdue(tx: &mut Tx<'_>, now: Instant) -> Result<i64, StoreError> {
    let query = dsl::holds.filter(dsl::released_at.is_null()).filter(dsl::review_at.le(Bind(now)));
    tx.run(|c| query.count().get_result(c))
}

/// Whether anything stops the destruction of a chronology or of what concerns any of `children`: a hold on it, on one
/// of them, or on all. A review date that has passed releases nothing.
///
/// # Errors
/// When the database fails.
pub fn active(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: Option<ChronologyId>,
    children: &[PersonId],
    now: Instant,
) -> Result<bool, StoreError> {
    let targets = children.iter().map(|child| child.0);
    let on_child = dsl::scope.eq(Bind(HoldScope::Child)).and(dsl::target_id.eq_any(targets.map(Bind).map(Some)));
    // No chronology has the nil identifier.
    let chronology = chronology.map_or(Uuid::nil(), Uuid::from);
    let on_chronology = dsl::scope.eq(Bind(HoldScope::Chronology)).and(dsl::target_id.eq(Some(Bind(chronology))));
    let query = dsl::holds
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::awaiting.eq(false))
        .filter(dsl::released_at.is_null().or(dsl::released_at.gt(Some(Bind(now)))))
        .filter(dsl::scope.eq(Bind(HoldScope::All)).or(on_chronology.assume_not_null()).or(on_child.assume_not_null()))
        .select(dsl::id);
    let found: Option<HoldId> = tx.run(|c| query.first(c).optional())?;
    Ok(found.is_some())
}

words_with_an_end!(holds, HoldRow, id, HoldId, "hold");

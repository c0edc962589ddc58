//! Views of the timeline frozen for a meeting; the one signed off is the snapshot.

use diesel::prelude::*;
use domain::{ChronologyId, ConsolidationId, Instant, PartnershipId, Permit, PractitionerId};

use crate::connection::MultiBackend;
use crate::page::after;
use crate::rows::row;
use crate::schema::consolidations::{self, dsl};
use crate::statements::{insert_one, one};
use crate::types::Bind;
use crate::{Keyset, Sealed, StoreError, Token, Tx};

row! {
    /// A view of the timeline frozen for a meeting.
    ConsolidationRow in consolidations {
        /// The frozen view.
        id: ConsolidationId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The chronology.
        chronology_id: ChronologyId,
        /// Who froze it.
        author_id: PractitionerId,
        /// How many rows it has.
        row_count: i64,
        /// How many entries they tell.
        entry_count: i64,
        /// Keyed hash of the frozen view.
        content_index: Token,
        /// From when on it is not served.
        expires_at: Instant,
        /// Data key of `sealed`.
        wrapped_key: Sealed,
        /// The view.
        sealed: Sealed,
        /// When it was signed off.
        signed_off_at: Option<Instant>,
        /// By whom.
        signed_off_by: Option<PractitionerId>,
        /// When it was frozen.
        created_at: Instant,
    }
}

/// Keeps a frozen view.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, row: &ConsolidationRow) -> Result<(), StoreError> {
    insert_one!(tx, consolidations::table, row)
}

/// The frozen view `id`, while it lives.
///
/// # Errors
/// When the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    permit: &Permit,
    id: ConsolidationId,
    now: Instant,
) -> Result<Option<ConsolidationRow>, StoreError> {
    let query = live(permit, now).filter(dsl::id.eq(Bind(id)));
    tx.run(|c| query.select(ConsolidationRow::as_select()).first(c).optional())
}

/// At most `limit` live frozen views of a chronology after a place, oldest first.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<ConsolidationRow>, StoreError> {
    let query = live(permit, now).filter(dsl::chronology_id.eq(Bind(chronology)));
    let query = after!(query, after, dsl::created_at, dsl::id, ConsolidationId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(ConsolidationRow::as_select()).load(c))
}

/// Every live frozen view of a chronology, oldest first.
///
/// # Errors
/// When the database fails.
pub fn all(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Vec<ConsolidationRow>, StoreError> {
    page(tx, permit, chronology, now, None, i64::MAX)
}

/// The live view of a chronology that was frozen last.
///
/// # Errors
/// When the database fails.
pub fn latest(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Option<ConsolidationRow>, StoreError> {
    let query = live(permit, now)
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .order((dsl::created_at.desc(), dsl::id.desc()));
    tx.run(|c| query.select(ConsolidationRow::as_select()).first(c).optional())
}

/// The live view of a chronology that was signed off last: the snapshot.
///
/// # Errors
/// When the database fails.
pub fn signed_off(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Option<ConsolidationRow>, StoreError> {
    let query = live(permit, now)
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::signed_off_at.is_not_null())
        .order((dsl::signed_off_at.desc(), dsl::id.desc()));
    tx.run(|c| query.select(ConsolidationRow::as_select()).first(c).optional())
}

/// Signs a frozen view off, once.
///
/// # Errors
/// [`StoreError::Stale`] when it is signed off already or not there.
pub fn sign_off(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ConsolidationId,
    by: PractitionerId,
    at: Instant,
) -> Result<(), StoreError> {
    let target = dsl::consolidations
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)))
        .filter(dsl::signed_off_at.is_null());
    let change = (dsl::signed_off_at.eq(Some(Bind(at))), dsl::signed_off_by.eq(Some(Bind(by))));
    one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// Moves the expiry of a frozen view; its data key has been wrapped again for it.
///
/// # Errors
/// [`StoreError::Stale`] when it is not there.
pub fn set_lifetime(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ConsolidationId,
    expires_at: Instant,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::consolidations.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    let change = (dsl::expires_at.eq(Bind(expires_at)), dsl::wrapped_key.eq(wrapped_key));
    one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// What lives of the partnership.
fn live(permit: &Permit, now: Instant) -> consolidations::BoxedQuery<'static, MultiBackend> {
    dsl::consolidations
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::expires_at.gt(Bind(now)))
        .into_boxed()
}

/// Every live frozen view of a chronology, for the worker that takes the words of a gone fragment out of them.
///
/// # Errors
/// When the database fails.
pub fn of_chronology(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Vec<ConsolidationRow>, StoreError> {
    let query = dsl::consolidations
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .order((dsl::created_at, dsl::id));
    tx.run(|c| query.select(ConsolidationRow::as_select()).load(c))
}

/// Replaces what is sealed of a frozen view, and its counts.
///
/// # Errors
/// [`StoreError::Stale`] when it is not there.
pub fn reseal(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ConsolidationId,
    rows: i64,
    entries: i64,
    wrapped_key: &Sealed,
    sealed: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::consolidations.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    let change = (
        dsl::row_count.eq(rows),
        dsl::entry_count.eq(entries),
        dsl::wrapped_key.eq(wrapped_key),
        dsl::sealed.eq(sealed),
    );
    one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

//! Where fragments that were taken into a chronology came from, so that they can go back there.

use diesel::prelude::*;
use domain::{ChronologyId, FamilyId, FragmentId, Instant, PartnershipId};

use crate::rows::row;
use crate::schema::fragment_origins::{self, dsl};
use crate::statements::{insert_one, one};
use crate::types::Bind;
use crate::{StoreError, Tx};

row! {
    /// Where a fragment came from.
    FragmentOriginRow in fragment_origins {
        /// The fragment.
        fragment_id: FragmentId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The chronology it was taken into.
        chronology_id: ChronologyId,
        /// The family its agency recorded and sent it about.
        family_id: FamilyId,
        /// The expiry its agency gave it.
        asked_expiry: Instant,
        /// When it was taken in.
        created_at: Instant,
    }
}

/// Notes where a fragment came from.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, row: &FragmentOriginRow) -> Result<(), StoreError> {
    insert_one!(tx, fragment_origins::table, row)
}

/// Where the fragment `id` came from; `None` when it was submitted where it is.
///
/// # Errors
/// When the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: FragmentId,
) -> Result<Option<FragmentOriginRow>, StoreError> {
    let query = dsl::fragment_origins
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::fragment_id.eq(Bind(id)))
        .select(FragmentOriginRow::as_select());
    tx.run(|c| query.get_result(c).optional())
}

/// What was taken into a chronology, by fragment.
///
/// # Errors
/// When the database fails.
pub fn of_chronology(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
) -> Result<Vec<FragmentOriginRow>, StoreError> {
    let query = dsl::fragment_origins
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Bind(id)))
        .order(dsl::fragment_id)
        .select(FragmentOriginRow::as_select());
    tx.run(|c| query.load(c))
}

/// Notes another expiry that the agency gave its fragment.
///
/// # Errors
/// [`StoreError::Stale`] when the fragment was submitted where it is.
pub fn set_asked_expiry(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: FragmentId,
    asked_expiry: Instant,
) -> Result<(), StoreError> {
    let target =
        dsl::fragment_origins.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::fragment_id.eq(Bind(id)));
    one(tx.run(|c| diesel::update(target).set(dsl::asked_expiry.eq(Bind(asked_expiry))).execute(c))?)
}

/// Forgets where a fragment came from: it has gone back there.
///
/// # Errors
/// [`StoreError::Stale`] when the fragment was submitted where it is.
pub fn delete(tx: &mut Tx<'_>, partnership: PartnershipId, id: FragmentId) -> Result<(), StoreError> {
    let target =
        dsl::fragment_origins.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::fragment_id.eq(Bind(id)));
    one(tx.run(|c| diesel::delete(target).execute(c))?)
}

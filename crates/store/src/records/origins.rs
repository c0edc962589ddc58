//! The origins of advance submissions that were attached to a chronology, so that they can be
//! detached again.

use diesel::prelude::*;
use domain::{ChronologyId, FamilyId, FragmentId, Instant, PartnershipId};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::statements::{insert_one, require_one};
use crate::schema::fragment_origins::{self, dsl};
use crate::{StoreError, Tx};

row! {
    /// The origin of an attached fragment.
    FragmentOriginRow in fragment_origins {
        /// The attached fragment.
        fragment_id: FragmentId,
        /// The partnership of the fragment.
        partnership_id: PartnershipId,
        /// The chronology to which it was attached.
        chronology_id: ChronologyId,
        /// The family about which its agency submitted it, as the agency recorded it.
        family_id: FamilyId,
        /// The expiry that its agency requested.
        asked_expiry: Instant,
        /// When it was attached.
        created_at: Instant,
    }
}

/// Records the origin of a fragment.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert(tx: &mut Tx<'_>, row: &FragmentOriginRow) -> Result<(), StoreError> {
    insert_one(tx, fragment_origins::table, row)
}

/// The origin of the fragment `id`; `None` when it was submitted to its chronology directly.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
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

/// The origins of the fragments that were attached to a chronology, by fragment.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_for_chronology(
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

/// Changes the expiry that the agency requested for its fragment.
///
/// # Errors
/// [`StoreError::Stale`] when the fragment has no origin recorded.
pub fn set_asked_expiry(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: FragmentId,
    asked_expiry: Instant,
) -> Result<(), StoreError> {
    let target = dsl::fragment_origins
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::fragment_id.eq(Bind(id)));
    require_one(tx.run(|c| {
        diesel::update(target)
            .set(dsl::asked_expiry.eq(Bind(asked_expiry)))
            .execute(c)
    })?)
}

/// Deletes the origin of a fragment that has been detached.
///
/// # Errors
/// [`StoreError::Stale`] when the fragment has no origin recorded.
pub fn delete(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: FragmentId,
) -> Result<(), StoreError> {
    let target = dsl::fragment_origins
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::fragment_id.eq(Bind(id)));
    require_one(tx.run(|c| diesel::delete(target).execute(c))?)
}

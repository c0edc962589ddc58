//! Destructions before their time that one person has asked for and no other has confirmed.

use diesel::prelude::*;
use domain::{ChronologyId, DestructionReason, DestructionRequestId, Instant, PartnershipId, PractitionerId};

use crate::rows::row;
use crate::schema::destruction_requests::{self, dsl};
use crate::statements::insert_new;
use crate::types::Bind;
use crate::{Sealed, StoreError, Tx};

row! {
    /// A destruction that waits for a second person.
    DestructionRequestRow in destruction_requests {
        /// The chronology.
        chronology_id: ChronologyId,
        /// What a confirmation names.
        id: DestructionRequestId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// Why, from the closed list.
        reason: DestructionReason,
        /// Who asked.
        asked_by: PractitionerId,
        /// When.
        asked_at: Instant,
        /// From when on it cannot be confirmed.
        lapses_at: Instant,
        /// Data key of `sealed`.
        wrapped_key: Sealed,
        /// The reasons in words.
        sealed: Sealed,
    }
}

/// Notes a request.
///
/// # Errors
/// [`StoreError::NotUnique`] when one stands.
pub fn insert(tx: &mut Tx<'_>, row: &DestructionRequestRow) -> Result<(), StoreError> {
    insert_new!(tx, destruction_requests::table, row, "destruction request")
}

/// The request that stands for a chronology and has not lapsed.
///
/// # Errors
/// When the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Option<DestructionRequestRow>, StoreError> {
    let query = dsl::destruction_requests
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::lapses_at.gt(Bind(now)));
    tx.run(|c| query.select(DestructionRequestRow::as_select()).get_result(c).optional())
}

/// Deletes at most `limit` requests that have lapsed; says how many.
///
/// # Errors
/// When the database fails.
pub fn forget(tx: &mut Tx<'_>, now: Instant, limit: impl Into<i64>) -> Result<usize, StoreError> {
    let over = dsl::destruction_requests
        .filter(dsl::lapses_at.le(Bind(now)))
        .order(dsl::lapses_at)
        .limit(limit.into())
        .select(dsl::chronology_id);
    let over: Vec<ChronologyId> = tx.run(|c| over.load(c))?;
    let target = dsl::destruction_requests
        .filter(dsl::chronology_id.eq_any(over.iter().copied().map(Bind)))
        .filter(dsl::lapses_at.le(Bind(now)));
    tx.run(|c| diesel::delete(target).execute(c))
}

/// Takes back the request about a chronology, if there is one.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Tx<'_>, partnership: PartnershipId, chronology: ChronologyId) -> Result<(), StoreError> {
    let target = dsl::destruction_requests
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::partnership_id.eq(Bind(partnership)));
    tx.run(|c| diesel::delete(target).execute(c))?;
    Ok(())
}

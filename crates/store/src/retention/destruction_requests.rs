//! Requests for early destruction that no second person has confirmed yet.

use diesel::prelude::*;
use domain::{
    ChronologyId, DestructionReason, DestructionRequestId, Instant, PartnershipId, PractitionerId,
};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::statements::insert_new;
use crate::schema::destruction_requests::{self, dsl};
use crate::{Sealed, StoreError, Tx};

row! {
    /// A request that waits for a second person's confirmation.
    DestructionRequestRow in destruction_requests {
        /// The chronology to destroy.
        chronology_id: ChronologyId,
        /// The identifier that a confirmation names.
        id: DestructionRequestId,
        /// The partnership of the chronology.
        partnership_id: PartnershipId,
        /// The reason, from the closed list.
        reason: DestructionReason,
        /// The practitioner who made the request.
        asked_by: PractitionerId,
        /// When it was made.
        asked_at: Instant,
        /// When it lapses: from then on it cannot be confirmed.
        lapses_at: Instant,
        /// The wrapped data key of `sealed`.
        wrapped_key: Sealed,
        /// The reasons in words.
        sealed: Sealed,
    }
}

/// Records a request.
///
/// # Errors
/// [`StoreError::NotUnique`] when there is a request about the chronology already.
pub fn insert(tx: &mut Tx<'_>, row: &DestructionRequestRow) -> Result<(), StoreError> {
    insert_new!(tx, destruction_requests::table, row, "destruction request")
}

/// The request about a chronology that has not lapsed.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
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
    tx.run(|c| {
        query
            .select(DestructionRequestRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// Deletes at most `limit` lapsed requests; returns how many were deleted.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn delete_lapsed(
    tx: &mut Tx<'_>,
    now: Instant,
    limit: impl Into<i64>,
) -> Result<usize, StoreError> {
    let lapsed = dsl::destruction_requests
        .filter(dsl::lapses_at.le(Bind(now)))
        .order(dsl::lapses_at)
        .limit(limit.into())
        .select(dsl::chronology_id);
    let lapsed: Vec<ChronologyId> = tx.run(|c| lapsed.load(c))?;
    let target = dsl::destruction_requests
        .filter(dsl::chronology_id.eq_any(lapsed.iter().copied().map(Bind)))
        .filter(dsl::lapses_at.le(Bind(now)));
    tx.run(|c| diesel::delete(target).execute(c))
}

/// Deletes the request about a chronology, if there is one.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn delete(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
) -> Result<(), StoreError> {
    let target = dsl::destruction_requests
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::partnership_id.eq(Bind(partnership)));
    tx.run(|c| diesel::delete(target).execute(c))?;
    Ok(())
}

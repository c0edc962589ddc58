//! Idempotency records: the object that each write was about, for replays of the request. There is
//! no column that could contain content, in clear or sealed.

use diesel::prelude::*;
use domain::{Instant, PartnershipId, PractitionerId, SubmissionOutcome};
use uuid::Uuid;

use crate::columns::{Bind, row};
use crate::connection::statements::insert_new;
use crate::schema::idempotency;
use crate::schema::idempotency::dsl;
use crate::{StoreError, Token, Tx};

row! {
    /// The record of a write.
    IdempotencyRow in idempotency {
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The practitioner who made the write.
        practitioner_id: PractitionerId,
        /// The blind index of the operation and the client's idempotency key.
        key_index: Token,
        /// The keyed hash of path and body.
        fingerprint: Token,
        /// The object of the write; `None` in records of an earlier version.
        object_id: Option<Uuid>,
        /// The outcome of a submission; `None` for any other write.
        outcome: Option<SubmissionOutcome>,
        /// When the record expires.
        expires_at: Instant,
        /// When the write was made.
        created_at: Instant,
    }
}

/// The record under a key, unless it has expired.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    practitioner: PractitionerId,
    key_index: &[u8],
    now: Instant,
) -> Result<Option<IdempotencyRow>, StoreError> {
    let query = dsl::idempotency
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::practitioner_id.eq(Bind(practitioner)))
        .filter(dsl::key_index.eq(key_index))
        .filter(dsl::expires_at.gt(Bind(now)));
    tx.run(|c| {
        query
            .select(IdempotencyRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// Inserts a record, and replaces an expired one under the same key.
///
/// # Errors
/// [`StoreError::NotUnique`] when there is a live record under the key.
pub fn insert(tx: &mut Tx<'_>, row: &IdempotencyRow) -> Result<(), StoreError> {
    let expired = dsl::idempotency
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::practitioner_id.eq(Bind(row.practitioner_id)))
        .filter(dsl::key_index.eq(&row.key_index))
        .filter(dsl::expires_at.le(Bind(row.created_at)));
    tx.run(|c| diesel::delete(expired).execute(c))?;
    insert_new!(tx, idempotency::table, row, "idempotency key")
}

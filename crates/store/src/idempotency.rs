//! What is kept of writes for a repeat: the object that each was about, and no content. There is no column that could hold
//! any, in clear or sealed.

use diesel::prelude::*;
use domain::{Instant, PartnershipId, PractitionerId};
use uuid::Uuid;

use crate::rows::row;
use crate::schema::idempotency::{self, dsl};
use crate::statements::insert_new;
use crate::types::Bind;
use crate::{StoreError, Token, Tx, WriteOutcome};

row! {
    /// What is kept of a write.
    IdempotencyRow in idempotency {
        /// The partnership.
        partnership_id: PartnershipId,
        /// Whose write it was.
        practitioner_id: PractitionerId,
        /// Blind index of the operation and the client's key.
        key_index: Token,
        /// Keyed hash of path and body.
        fingerprint: Token,
        /// What the write was about; none for one of before this was kept.
        object_id: Option<Uuid>,
        /// What became of a submission; none for any other write.
        outcome: Option<WriteOutcome>,
        /// Until when it is kept.
        expires_at: Instant,
        /// When the write was made.
        created_at: Instant,
    }
}

/// What is kept under a key, while it lives.
///
/// # Errors
/// When the database fails.
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
    tx.run(|c| query.select(IdempotencyRow::as_select()).get_result(c).optional())
}

/// Keeps a write. One under the same key that was over when this one was made makes room for it.
///
/// # Errors
/// [`StoreError::NotUnique`] when a live one is kept under the key.
pub fn insert(tx: &mut Tx<'_>, row: &IdempotencyRow) -> Result<(), StoreError> {
    let over = dsl::idempotency
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::practitioner_id.eq(Bind(row.practitioner_id)))
        .filter(dsl::key_index.eq(&row.key_index))
        .filter(dsl::expires_at.le(Bind(row.created_at)));
    tx.run(|c| diesel::delete(over).execute(c))?;
    insert_new!(tx, idempotency::table, row, "idempotency key")
}

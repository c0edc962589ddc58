//! Replies to writes, kept for a retry. A reply is sealed and dies with what it is about.

use diesel::prelude::*;
use domain::{Instant, PartnershipId, PractitionerId};
use uuid::Uuid;

use crate::rows::row;
use crate::schema::idempotency::{self, dsl};
use crate::statements::insert_new;
use crate::types::Bind;
use crate::{Sealed, StoreError, Token, Tx};

row! {
    /// The reply to a write.
    IdempotencyRow in idempotency {
        /// The partnership.
        partnership_id: PartnershipId,
        /// Whose write it was.
        practitioner_id: PractitionerId,
        /// Blind index of the operation and the client's key.
        key_index: Token,
        /// Keyed hash of path and body.
        fingerprint: Token,
        /// The chronology or fragment the reply is about.
        object_id: Option<Uuid>,
        /// Data key of `sealed`.
        wrapped_key: Sealed,
        /// The reply.
        sealed: Sealed,
        /// Until when it is kept.
        expires_at: Instant,
        /// When the write was made.
        created_at: Instant,
    }
}

/// The reply kept under a key, while it lives.
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

/// Keeps a reply. One under the same key that was over when this one was made makes room for it.
///
/// # Errors
/// [`StoreError::NotUnique`] when a live reply is kept under the key.
pub fn insert(tx: &mut Tx<'_>, row: &IdempotencyRow) -> Result<(), StoreError> {
    let over = dsl::idempotency
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::practitioner_id.eq(Bind(row.practitioner_id)))
        .filter(dsl::key_index.eq(&row.key_index))
        .filter(dsl::expires_at.le(Bind(row.created_at)));
    tx.run(|c| diesel::delete(over).execute(c))?;
    insert_new!(tx, idempotency::table, row, "idempotency key")
}

/// Forgets every reply about an object; says how many there were.
///
/// # Errors
/// When the database fails.
pub fn delete_for_object(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    object: impl Into<Uuid>,
) -> Result<usize, StoreError> {
    let target = dsl::idempotency
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::object_id.eq(Some(Bind(object.into()))));
    tx.run(|c| diesel::delete(target).execute(c))
}

//! Deletion of objects together with their dependent rows.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use domain::{
    ChronologyId, FamilyId, FragmentId, Instant, OutboxSubject, PartnershipId, PersonId,
    PractitionerId,
};

use crate::columns::Bind;
use crate::connection::AnyConnection;
use crate::records::outbox;
use crate::schema::{chronologies, families, fragments, idempotency, people};
use crate::{Db, StoreError, Token, Tx};

/// Deletes a fragment with its versions, entries and pending events.
/// Returns whether it existed.
///
/// # Errors
/// [`StoreError::Database`] when another row still refers to it. On PostgreSQL the transaction must
/// then be rolled back, unless this ran in [`Tx::nested`].
pub fn delete_fragment(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: FragmentId,
) -> Result<bool, StoreError> {
    let target = fragments::table
        .filter(fragments::partnership_id.eq(Bind(partnership)))
        .filter(fragments::id.eq(Bind(id)));
    let deleted = tx.run(|c| diesel::delete(target).execute(c))?;
    outbox::delete_of_subject(tx, partnership, OutboxSubject::Fragment, id)?;
    Ok(deleted == 1)
}

/// Deletes a chronology with its team, invitations, fragments, frozen views and pending events.
/// Returns whether it existed.
///
/// # Errors
/// [`StoreError::Database`] when another row still refers to it. On PostgreSQL the transaction must
/// then be rolled back, unless this ran in [`Tx::nested`].
pub fn delete_chronology(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
) -> Result<bool, StoreError> {
    outbox::delete_of_chronology(tx, partnership, id)?;
    let target = chronologies::table
        .filter(chronologies::partnership_id.eq(Bind(partnership)))
        .filter(chronologies::id.eq(Bind(id)));
    let deleted = tx.run(|c| diesel::delete(target).execute(c))?;
    Ok(deleted == 1)
}

/// Deletes a family with its pending events, without its members.
/// Returns whether it existed.
///
/// # Errors
/// [`StoreError::Database`] when another row still refers to it. On PostgreSQL the transaction must
/// then be rolled back, unless this ran in [`Tx::nested`].
pub fn delete_family(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: FamilyId,
) -> Result<bool, StoreError> {
    let target = families::table
        .filter(families::partnership_id.eq(Bind(partnership)))
        .filter(families::id.eq(Bind(id)));
    let deleted = tx.run(|c| diesel::delete(target).execute(c))?;
    outbox::delete_of_subject(tx, partnership, OutboxSubject::Family, id)?;
    Ok(deleted == 1)
}

/// Deletes a person with their look-up tokens, memberships of families and pending events.
/// Returns whether it existed.
///
/// # Errors
/// [`StoreError::Database`] when another row still refers to it. On PostgreSQL the transaction must
/// then be rolled back, unless this ran in [`Tx::nested`].
pub fn delete_person(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: PersonId,
) -> Result<bool, StoreError> {
    let target = people::table
        .filter(people::partnership_id.eq(Bind(partnership)))
        .filter(people::id.eq(Bind(id)));
    let deleted = tx.run(|c| diesel::delete(target).execute(c))?;
    outbox::delete_of_subject(tx, partnership, OutboxSubject::Person, id)?;
    Ok(deleted == 1)
}

/// Deletes at most `limit` expired idempotency records of any partnership; returns how many were
/// deleted.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn delete_expired_idempotency_records(
    tx: &mut Tx<'_>,
    now: Instant,
    limit: impl Into<i64>,
) -> Result<usize, StoreError> {
    use idempotency::dsl;
    let expired = dsl::idempotency
        .filter(dsl::expires_at.le(Bind(now)))
        .order((dsl::expires_at, dsl::key_index))
        .limit(limit.into())
        .select((dsl::partnership_id, dsl::practitioner_id, dsl::key_index));
    let expired: Vec<(PartnershipId, PractitionerId, Token)> =
        tx.run(|connection| match connection {
            AnyConnection::Postgresql(c) => expired.for_update().skip_locked().load(c),
            AnyConnection::Sqlite(c) => expired.load(c),
        })?;
    let mut deleted = 0;
    for (partnership, practitioner, key_index) in expired {
        let target = dsl::idempotency
            .filter(dsl::partnership_id.eq(Bind(partnership)))
            .filter(dsl::practitioner_id.eq(Bind(practitioner)))
            .filter(dsl::key_index.eq(&key_index));
        deleted += tx.run(|c| diesel::delete(target).execute(c))?;
    }
    Ok(deleted)
}

/// Moves the contents of SQLite's write-ahead log into the database file and truncates the log, so
/// that no deleted content remains in it. Returns whether the log was truncated, which a long read
/// can prevent. Does nothing on PostgreSQL.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn checkpoint(db: &Db) -> Result<bool, StoreError> {
    if db.kind() == crate::DatabaseKind::Postgresql {
        return Ok(true);
    }
    let mut lease = db.writer()?;
    let busy: i64 =
        sql::<BigInt>("PRAGMA wal_checkpoint(TRUNCATE)").get_result(&mut lease.connection)?;
    Ok(busy == 0)
}

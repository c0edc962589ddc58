//! Deletion of objects together with their dependent rows.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use domain::{
    ChronologyId, FamilyId, FragmentId, Instant, PartnershipId, PersonId, PractitionerId,
};

use crate::columns::Bind;
use crate::connection::AnyConnection;
use crate::schema::{chronologies, families, fragments, idempotency, people};
use crate::{Db, StoreError, Token, Tx};

macro_rules! delete {
    ($(#[$meta:meta])* $name:ident: $table:ident, $id:ident) => {
        $(#[$meta])*
        ///
        /// Returns whether it existed.
        ///
        /// # Errors
        /// [`StoreError::Database`] when another row still refers to it. On PostgreSQL the
        /// transaction must then be rolled back, unless this ran in [`Tx::nested`].
        pub fn $name(tx: &mut Tx<'_>, partnership: PartnershipId, id: $id) -> Result<bool, StoreError> {
            let target =
                $table::table.filter($table::partnership_id.eq(Bind(partnership))).filter($table::id.eq(Bind(id)));
            Ok(tx.run(|c| diesel::delete(target).execute(c))? == 1)
        }
    };
}

delete! {
    /// Deletes a fragment with its versions and entries.
    delete_fragment: fragments, FragmentId
}
delete! {
    /// Deletes a chronology with its team, invitations, fragments and frozen views.
    delete_chronology: chronologies, ChronologyId
}
delete! {
    /// Deletes a family without its members.
    delete_family: families, FamilyId
}
delete! {
    /// Deletes a person with their look-up tokens and their memberships of families.
    delete_person: people, PersonId
}

/// Deletes at most `limit` expired idempotency records of any partnership; returns how many were
/// deleted.
///
/// # Errors
/// [`StoreError::Unavailable`] or [`StoreError::Timeout`] when a statement fails.
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
/// [`StoreError::Unavailable`] or [`StoreError::Timeout`] when the query fails,
/// [`StoreError::Corrupt`] on bad data.
pub fn checkpoint(db: &Db) -> Result<bool, StoreError> {
    if db.kind() == crate::DatabaseKind::Postgresql {
        return Ok(true);
    }
    let mut lease = db.writer()?;
    let busy: i64 =
        sql::<BigInt>("PRAGMA wal_checkpoint(TRUNCATE)").get_result(&mut lease.connection)?;
    Ok(busy == 0)
}

//! Deletion, each with what hangs on it.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use domain::{ChronologyId, FamilyId, FragmentId, Instant, PartnershipId, PersonId, PractitionerId};

use crate::connection::AnyConnection;
use crate::schema::{chronologies, families, fragments, idempotency, people};
use crate::types::Bind;
use crate::{Db, StoreError, Token, Tx};

macro_rules! delete {
    ($(#[$meta:meta])* $name:ident: $table:ident, $id:ident) => {
        $(#[$meta])*
        ///
        /// Says whether it was there.
        ///
        /// # Errors
        /// When something still refers to it, and when the database fails. On PostgreSQL the transaction can then only
        /// be given up, unless this stood in [`Tx::nested`].
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
    /// Deletes a family; its members stay.
    delete_family: families, FamilyId
}
delete! {
    /// Deletes a person with the tokens by which they could be looked up and their places in families.
    delete_person: people, PersonId
}

/// Deletes at most `limit` kept replies that are over, of any partnership; says how many there were.
///
/// # Errors
/// When the database fails.
pub fn delete_expired_replies(tx: &mut Tx<'_>, now: Instant, limit: impl Into<i64>) -> Result<usize, StoreError> {
    use idempotency::dsl;
    let over = dsl::idempotency
        .filter(dsl::expires_at.le(Bind(now)))
        .order((dsl::expires_at, dsl::key_index))
        .limit(limit.into())
        .select((dsl::partnership_id, dsl::practitioner_id, dsl::key_index));
    let over: Vec<(PartnershipId, PractitionerId, Token)> = tx.run(|connection| match connection {
        AnyConnection::Postgresql(c) => over.for_update().skip_locked().load(c),
        AnyConnection::Sqlite(c) => over.load(c),
    })?;
    let mut deleted = 0;
    for (partnership, practitioner, key_index) in over {
        let target = dsl::idempotency
            .filter(dsl::partnership_id.eq(Bind(partnership)))
            .filter(dsl::practitioner_id.eq(Bind(practitioner)))
            .filter(dsl::key_index.eq(&key_index));
        deleted += tx.run(|c| diesel::delete(target).execute(c))?;
    }
    Ok(deleted)
}

/// Moves what SQLite has written to its log into the file and empties the log, so that nothing deleted stays in it;
/// says whether it was emptied, which a long read can prevent. Nothing to do on PostgreSQL.
///
/// # Errors
/// When the database fails.
pub fn checkpoint(db: &Db) -> Result<bool, StoreError> {
    if db.kind() == crate::Kind::Postgresql {
        return Ok(true);
    }
    let mut lease = db.writer()?;
    let busy: i64 = sql::<BigInt>("PRAGMA wal_checkpoint(TRUNCATE)").get_result(&mut lease.connection)?;
    Ok(busy == 0)
}

//! Scopes whose rows are deleted and whose keys are still to be destroyed.

use diesel::prelude::*;
use domain::Instant;
use uuid::Uuid;

use crate::connection::on_either;
use crate::rows::row;
use crate::schema::scopes_to_destroy::{self, dsl};
use crate::types::Bind;
use crate::{StoreError, Tx};

row! {
    /// A scope whose key has nothing left to open.
    WaitingRow in scopes_to_destroy {
        /// The scope.
        scope: Uuid,
        /// Since when.
        since: Instant,
        /// It is only to be taken away: all that it opens needs another key too, which is destroyed.
        unneeded: bool,
    }
}

/// Notes scopes whose keys are to be destroyed, in the transaction that deletes what lived by them; one that is noted
/// already stays as it is.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, scopes: impl IntoIterator<Item = Uuid>, since: Instant) -> Result<(), StoreError> {
    insert_all(tx, scopes.into_iter().map(|scope| WaitingRow { scope, since, unneeded: false }))
}

/// Notes scopes whose keys are only to be taken away; otherwise as [`insert`].
///
/// # Errors
/// When the database fails.
pub fn insert_unneeded(
    tx: &mut Tx<'_>,
    scopes: impl IntoIterator<Item = Uuid>,
    since: Instant,
) -> Result<(), StoreError> {
    insert_all(tx, scopes.into_iter().map(|scope| WaitingRow { scope, since, unneeded: true }))
}

fn insert_all(tx: &mut Tx<'_>, rows: impl Iterator<Item = WaitingRow>) -> Result<(), StoreError> {
    for row in rows {
        tx.run(|connection| {
            on_either!(connection, |c| diesel::insert_into(scopes_to_destroy::table)
                .values(&row)
                .on_conflict_do_nothing()
                .execute(c))
        })?;
    }
    Ok(())
}

/// At most `limit` of them, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<WaitingRow>, StoreError> {
    let query = dsl::scopes_to_destroy.order((dsl::since, dsl::scope)).limit(limit).select(WaitingRow::as_select());
    tx.run(|c| query.load(c))
}

/// Takes out a scope whose key is gone.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Tx<'_>, scope: Uuid) -> Result<(), StoreError> {
    let target = dsl::scopes_to_destroy.filter(dsl::scope.eq(Bind(scope)));
    tx.run(|c| diesel::delete(target).execute(c)).map(|_| ())
}

//! Scopes whose rows have been deleted and whose keys must still be destroyed.

use diesel::prelude::*;
use domain::Instant;
use uuid::Uuid;

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::on_either;
use crate::schema::scopes_to_destroy::{self, dsl};
use crate::{StoreError, Tx};

row! {
    /// A scope whose key no longer seals any row.
    ScopeToDestroyRow in scopes_to_destroy {
        /// The scope.
        scope: Uuid,
        /// When its rows were deleted.
        since: Instant,
        /// Whether the key is only to be discarded, because all that it opens also needs another
        /// key, which is destroyed.
        unneeded: bool,
    }
}

/// Records scopes whose keys must be destroyed, in the transaction that deletes the rows that they
/// sealed. A scope that is recorded already stays unchanged.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert(
    tx: &mut Tx<'_>,
    scopes: impl IntoIterator<Item = Uuid>,
    since: Instant,
) -> Result<(), StoreError> {
    insert_all(
        tx,
        scopes.into_iter().map(|scope| ScopeToDestroyRow {
            scope,
            since,
            unneeded: false,
        }),
    )
}

/// Records scopes whose keys are only to be discarded; otherwise as [`insert`].
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert_unneeded(
    tx: &mut Tx<'_>,
    scopes: impl IntoIterator<Item = Uuid>,
    since: Instant,
) -> Result<(), StoreError> {
    insert_all(
        tx,
        scopes.into_iter().map(|scope| ScopeToDestroyRow {
            scope,
            since,
            unneeded: true,
        }),
    )
}

fn insert_all(
    tx: &mut Tx<'_>,
    rows: impl Iterator<Item = ScopeToDestroyRow>,
) -> Result<(), StoreError> {
    for row in rows {
        tx.run(|connection| {
            on_either!(connection, |c| diesel::insert_into(
                scopes_to_destroy::table
            )
            .values(&row)
            .on_conflict_do_nothing()
            .execute(c))
        })?;
    }
    Ok(())
}

/// At most `limit` scopes, the oldest first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<ScopeToDestroyRow>, StoreError> {
    let query = dsl::scopes_to_destroy
        .order((dsl::since, dsl::scope))
        .limit(limit)
        .select(ScopeToDestroyRow::as_select());
    tx.run(|c| query.load(c))
}

/// Deletes a scope whose key has been destroyed.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn delete(tx: &mut Tx<'_>, scope: Uuid) -> Result<(), StoreError> {
    let target = dsl::scopes_to_destroy.filter(dsl::scope.eq(Bind(scope)));
    tx.run(|c| diesel::delete(target).execute(c)).map(|_| ())
}

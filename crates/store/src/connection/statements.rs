//! Statements that several tables share.
//!
//! Rows that a key makes unique are read with `get_result`, not with `first`: SQLite plans by the
//! value of `LIMIT`, so it plans a statement with one again on each run (measured: a ninth of the
//! time of a submission).

use diesel::query_builder::InsertStatement;
use diesel::query_dsl::methods::ExecuteDsl;
use diesel::{Insertable, PgConnection, QueryResult, SqliteConnection, Table};

use crate::connection::{AnyConnection, on_either};
use crate::{StoreError, Tx};

/// Inserts one row, or fails with `NotUnique` when its natural key exists. Uses `ON CONFLICT DO
/// NOTHING` instead of an error of the database, because PostgreSQL aborts a transaction after any
/// error and SQLite does not.
///
/// A function cannot do it: diesel does not export the type of a statement with `ON CONFLICT`, so no
/// bound can require that both databases accept it.
macro_rules! insert_new {
    ($tx:expr, $table:path, $row:expr, $what:literal) => {{
        let inserted = $tx.run(|connection| {
            $crate::connection::on_either!(connection, |c| diesel::RunQueryDsl::execute(
                diesel::insert_into($table)
                    .values($row)
                    .on_conflict_do_nothing(),
                c
            ))
        })?;
        if inserted == 0 {
            Err($crate::StoreError::NotUnique($what))
        } else {
            Ok(())
        }
    }};
}

pub(crate) use insert_new;

/// Inserts one row whose key is a generated identifier.
///
/// The statement counts as one of the calling function (`testing::statements`).
#[cfg_attr(any(test, feature = "testing"), track_caller)]
pub(crate) fn insert_one<T, R>(tx: &mut Tx<'_>, table: T, row: R) -> Result<(), StoreError>
where
    T: Table,
    R: Insertable<T>,
    InsertStatement<T, R::Values>: ExecuteDsl<AnyConnection>,
{
    let statement = diesel::insert_into(table).values(row);
    tx.run(|c| ExecuteDsl::execute(statement, c)).map(|_| ())
}

/// Inserts many rows, in batches below both databases' limits on bound values; otherwise as
/// [`insert_one`].
#[cfg_attr(any(test, feature = "testing"), track_caller)]
pub(crate) fn insert_many<'r, T, R>(
    tx: &mut Tx<'_>,
    table: T,
    rows: &'r [R],
) -> Result<(), StoreError>
where
    T: Copy,
    R: BatchInsertable<'r, T>,
{
    for batch in rows.chunks(500) {
        tx.run(|c| R::insert_batch(c, table, batch))?;
    }
    Ok(())
}

/// A row of which both databases insert several with one statement.
pub(crate) trait BatchInsertable<'r, T>: Sized {
    fn insert_batch(
        connection: &mut AnyConnection,
        table: T,
        batch: &'r [Self],
    ) -> QueryResult<usize>;
}

impl<'r, T, R> BatchInsertable<'r, T> for R
where
    T: Table,
    R: 'r,
    &'r [R]: Insertable<T>,
    InsertStatement<T, <&'r [R] as Insertable<T>>::Values>:
        ExecuteDsl<PgConnection> + ExecuteDsl<SqliteConnection>,
{
    fn insert_batch(
        connection: &mut AnyConnection,
        table: T,
        batch: &'r [Self],
    ) -> QueryResult<usize> {
        let statement = diesel::insert_into(table).values(batch);
        on_either!(connection, |c| ExecuteDsl::execute(statement, c))
    }
}

/// Fails with [`StoreError::Stale`] unless exactly one row was changed.
pub(crate) fn require_one(changed: usize) -> Result<(), StoreError> {
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Stale)
    }
}

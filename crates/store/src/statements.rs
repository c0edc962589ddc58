//! Statement shapes that several tables share.
//!
//! What a key makes unique is read with `get_result`, not with `first`: SQLite plans by the value of `LIMIT`, so that a
//! statement with one is planned anew each time it is run (a ninth of the time of a submission, measured).

use crate::StoreError;

/// Inserts one row, or fails with `NotUnique` when its natural key is taken. `ON CONFLICT DO NOTHING` rather than an
/// error from the database, because PostgreSQL abandons a transaction after any error and SQLite does not.
macro_rules! insert_new {
    ($tx:expr, $table:path, $row:expr, $what:literal) => {{
        let inserted = $tx.run(|connection| {
            $crate::connection::on_either!(connection, |c| diesel::RunQueryDsl::execute(
                diesel::insert_into($table).values($row).on_conflict_do_nothing(),
                c
            ))
        })?;
        if inserted == 0 { Err($crate::StoreError::NotUnique($what)) } else { Ok(()) }
    }};
}

/// Inserts one row whose key is an identifier that we made.
macro_rules! insert_one {
    ($tx:expr, $table:path, $row:expr) => {
        $tx.run(|c| diesel::RunQueryDsl::execute(diesel::insert_into($table).values($row), c)).map(|_| ())
    };
}

/// Inserts many rows at once, in batches that stay below both databases' limits on values in a statement.
macro_rules! insert_many {
    ($tx:expr, $table:path, $rows:expr) => {{
        for batch in $rows.chunks(500) {
            $tx.run(|connection| {
                $crate::connection::on_either!(connection, |c| diesel::RunQueryDsl::execute(
                    diesel::insert_into($table).values(batch),
                    c
                ))
            })?;
        }
        Ok(())
    }};
}
pub(crate) use {insert_many, insert_new, insert_one};

/// Exactly one row was meant: none means that it has changed or gone.
pub(crate) fn one(changed: usize) -> Result<(), StoreError> {
    if changed == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

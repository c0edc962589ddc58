//! Statements that several tables share.
//!
//! Rows that a key makes unique are read with `get_result`, not with `first`: SQLite plans by the
//! value of `LIMIT`, so it plans a statement with one again on each run (measured: a ninth of the
//! time of a submission).

use crate::StoreError;

/// Inserts one row, or fails with `NotUnique` when its natural key exists. Uses `ON CONFLICT DO
/// NOTHING` instead of an error of the database, because PostgreSQL aborts a transaction after any
/// error and SQLite does not.
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

/// Inserts one row whose key is a generated identifier.
macro_rules! insert_one {
    ($tx:expr, $table:path, $row:expr) => {
        $tx.run(|c| diesel::RunQueryDsl::execute(diesel::insert_into($table).values($row), c))
            .map(|_| ())
    };
}

/// Inserts many rows, in batches below both databases' limits on bound values.
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

/// Defines the functions of a table whose rows contain reasons in words that expire before the row:
/// deleting expired reasons, and setting an expiry for reasons that an earlier version sealed
/// without one.
macro_rules! expiring_reasons {
    ($table:ident, $row:ident, $key:ident, $id:ident, $what:literal) => {
        #[doc = concat!("Deletes the reasons in at most `limit` rows where they have expired; the ", $what, " stays.")]
        /// Returns how many rows were changed.
        ///
        /// # Errors
        /// [`StoreError::Unavailable`] or [`StoreError::Timeout`] when a statement fails.
        pub fn delete_expired_reasons(
            tx: &mut Tx<'_>,
            now: Instant,
            limit: impl Into<i64>,
        ) -> Result<usize, StoreError> {
            let expired = dsl::$table
                .filter(dsl::words_until.le(Some(Bind(now))))
                .filter(dsl::sealed.is_not_null())
                .order((dsl::words_until, dsl::$key))
                .limit(limit.into())
                .select(dsl::$key);
            let expired: Vec<$id> = tx.run(|c| expired.load(c))?;
            let target = dsl::$table.filter(dsl::$key.eq_any(expired.iter().copied().map(Bind)));
            let none: Option<Sealed> = None;
            tx.run(|c| diesel::update(target).set((dsl::wrapped_key.eq(&none), dsl::sealed.eq(&none))).execute(c))
        }

        /// At most `limit` rows, of any partnership, whose reasons an earlier version sealed
        /// without expiry.
        ///
        /// # Errors
        /// [`StoreError::Unavailable`] or [`StoreError::Timeout`] when the query fails,
        /// [`StoreError::Corrupt`] on bad data.
        pub fn list_without_expiry(tx: &mut Tx<'_>, limit: impl Into<i64>) -> Result<Vec<$row>, StoreError> {
            let query = dsl::$table
                .filter(dsl::words_until.is_null())
                .filter(dsl::sealed.is_not_null())
                .order(dsl::$key)
                .limit(limit.into());
            tx.run(|c| query.select($row::as_select()).load(c))
        }

        /// Replaces the sealed reasons of a row, and sets their expiry.
        ///
        /// # Errors
        /// [`StoreError::Stale`] when they have an expiry already.
        pub fn set_reasons_expiry(tx: &mut Tx<'_>, row: &$row) -> Result<(), StoreError> {
            let target = dsl::$table
                .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
                .filter(dsl::$key.eq(Bind(row.$key)))
                .filter(dsl::words_until.is_null());
            require_one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
        }
    };
}
pub(crate) use {expiring_reasons, insert_many, insert_new, insert_one};

/// Fails with [`StoreError::Stale`] unless exactly one row was changed.
pub(crate) fn require_one(changed: usize) -> Result<(), StoreError> {
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Stale)
    }
}

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

/// For a table whose rows hold words that go before the row does: taking off those whose time is over, and giving an end to
/// those that a former version sealed for good.
macro_rules! words_with_an_end {
    ($table:ident, $row:ident, $key:ident, $id:ident, $what:literal) => {
        #[doc = concat!("Takes the words off at most `limit` rows whose words are over; says how many. The ", $what, " stays.")]
        ///
        /// # Errors
        /// When the database fails.
        pub fn forget_words(tx: &mut Tx<'_>, now: Instant, limit: impl Into<i64>) -> Result<usize, StoreError> {
            let over = dsl::$table
                .filter(dsl::words_until.le(Some(Bind(now))))
                .filter(dsl::sealed.is_not_null())
                .order((dsl::words_until, dsl::$key))
                .limit(limit.into())
                .select(dsl::$key);
            let over: Vec<$id> = tx.run(|c| over.load(c))?;
            let target = dsl::$table.filter(dsl::$key.eq_any(over.iter().copied().map(Bind)));
            let nothing: Option<Sealed> = None;
            tx.run(|c| {
                diesel::update(target).set((dsl::wrapped_key.eq(&nothing), dsl::sealed.eq(&nothing))).execute(c)
            })
        }

        /// At most `limit` rows, of any partnership, whose words a former version sealed for good.
        ///
        /// # Errors
        /// When the database fails.
        pub fn sealed_for_good(tx: &mut Tx<'_>, limit: impl Into<i64>) -> Result<Vec<$row>, StoreError> {
            let query = dsl::$table
                .filter(dsl::words_until.is_null())
                .filter(dsl::sealed.is_not_null())
                .order(dsl::$key)
                .limit(limit.into());
            tx.run(|c| query.select($row::as_select()).load(c))
        }

        /// Writes the words of a row as they are sealed now, with their end.
        ///
        /// # Errors
        /// [`StoreError::Stale`] when they have an end already.
        pub fn give_words_an_end(tx: &mut Tx<'_>, row: &$row) -> Result<(), StoreError> {
            let target = dsl::$table
                .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
                .filter(dsl::$key.eq(Bind(row.$key)))
                .filter(dsl::words_until.is_null());
            one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
        }
    };
}
pub(crate) use {insert_many, insert_new, insert_one, words_with_an_end};

/// Exactly one row was meant: none means that it has changed or gone.
pub(crate) fn one(changed: usize) -> Result<(), StoreError> {
    if changed == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

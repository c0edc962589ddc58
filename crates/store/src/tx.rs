//! One transaction, as the queries see it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::result::QueryResult;

use crate::book::Pen;
use crate::connection::{AnyConnection, on_either};
use crate::error::Failure;
use crate::{Kind, StoreError};

/// One transaction. It ends when the closure it was lent to returns: with a commit after `Ok`, else rolled back.
pub struct Tx<'c> {
    connection: &'c mut AnyConnection,
    pen: Option<&'c mut Pen>,
    again: bool,
}

impl Tx<'_> {
    /// Which of the two databases this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.connection {
            AnyConnection::Postgresql(_) => Kind::Postgresql,
            AnyConnection::Sqlite(_) => Kind::Sqlite,
        }
    }

    /// Runs `body` so that its failure undoes its own work alone, and the transaction can go on.
    ///
    /// # Errors
    /// Whatever `body` says, and [`StoreError`] when the database fails.
    pub fn nested<T, E: From<StoreError>>(&mut self, body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let (outcome, again) = in_savepoint(self.connection, self.pen.as_deref_mut(), body);
        self.again |= again;
        outcome
    }

    /// What audit records are numbered with.
    ///
    /// # Errors
    /// [`StoreError::Setting`] when no book is kept, or in a transaction that only reads.
    pub(crate) fn pen(&mut self) -> Result<&mut Pen, StoreError> {
        self.pen.as_deref_mut().ok_or(StoreError::Setting("audit book"))
    }

    /// Runs one statement and says what its failure means; the way for every query of this crate.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub(crate) fn run<T>(
        &mut self,
        statement: impl FnOnce(&mut AnyConnection) -> QueryResult<T>,
    ) -> Result<T, StoreError> {
        #[cfg(any(test, feature = "testing"))]
        let statement = {
            let caller = std::panic::Location::caller();
            |connection: &mut _| crate::testing::statements::called_from(caller, || statement(connection))
        };
        statement(self.connection).map_err(|error| {
            let failure = Failure::from(error);
            self.again |= failure.again;
            failure.error
        })
    }
}

/// How a transaction ended.
pub(crate) enum Ended<T, E> {
    /// Committed, or rolled back because the closure said so.
    With(Result<T, E>),
    /// Rolled back for a reason that may be gone when it is run again.
    Again(E),
}

/// How a transaction begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Read,
    Write,
    /// A short write that somebody waits for who has been waiting already: it gives up well within two seconds.
    Append,
}

impl Mode {
    /// `BEGIN` with the isolation stated. SQLite's writers take the write lock at once: a deferred transaction that
    /// reads first and writes later fails whenever another has written in between.
    const fn begin(self, kind: Kind) -> &'static str {
        match (kind, self) {
            (Kind::Sqlite, Self::Read) => "BEGIN DEFERRED",
            (Kind::Sqlite, Self::Write | Self::Append) => "BEGIN IMMEDIATE",
            (Kind::Postgresql, Self::Read) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            (Kind::Postgresql, Self::Write) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE",
            (Kind::Postgresql, Self::Append) => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE; SET LOCAL lock_timeout = '800ms'; \
                 SET LOCAL statement_timeout = '800ms'"
            }
        }
    }
}

/// Begins a transaction.
pub(crate) fn begin(connection: &mut AnyConnection, mode: Mode) -> QueryResult<()> {
    let kind = Tx { connection, pen: None, again: false }.kind();
    on_either!(connection, |inner| AnsiTransactionManager::begin_transaction_sql(inner, mode.begin(kind)))
}

/// Runs `body` in the transaction that has begun, and ends it. What `pen` took is left to the caller to settle after a
/// commit, and is free again after a rollback; after a commit that failed for another reason it stays in doubt.
pub(crate) fn conclude<T, E: From<StoreError>>(
    connection: &mut AnyConnection,
    mut pen: Option<&mut Pen>,
    body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Ended<T, E> {
    let mut tx = Tx { connection, pen: pen.as_deref_mut(), again: false };
    let outcome = body(&mut tx);
    let again = tx.again;
    match outcome {
        Ok(value) => match AnyConnection::commit_transaction(connection).map_err(Failure::from) {
            Ok(()) => Ended::With(Ok(value)),
            Err(failure) if failure.again => {
                undo(pen, 0);
                Ended::Again(failure.error.into())
            }
            Err(failure) => Ended::With(Err(failure.error.into())),
        },
        Err(error) => {
            // A rollback that fails leaves a connection marked broken, which the pool throws away; the server or the
            // closing of the file rolls back then.
            let _ = AnyConnection::rollback_transaction(connection);
            undo(pen, 0);
            if again { Ended::Again(error) } else { Ended::With(Err(error)) }
        }
    }
}

/// What was numbered since `mark` was undone.
fn undo(pen: Option<&mut Pen>, mark: usize) {
    if let Some(pen) = pen {
        pen.undo(mark);
    }
}

/// Runs `body` inside a savepoint of the transaction that has begun: its failure undoes its own work alone. Says also
/// whether the whole transaction may succeed when it is run again.
///
/// # Panics
/// Passes on a panic of `body` after undoing its work.
pub(crate) fn in_savepoint<T, E: From<StoreError>>(
    connection: &mut AnyConnection,
    mut pen: Option<&mut Pen>,
    body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> (Result<T, E>, bool) {
    if let Err(error) = AnyConnection::begin_transaction(connection) {
        return (Err(StoreError::from(error).into()), false);
    }
    let mark = pen.as_deref().map_or(0, Pen::mark);
    let mut tx = Tx { connection, pen: pen.as_deref_mut(), again: false };
    let outcome = catch_unwind(AssertUnwindSafe(|| body(&mut tx)));
    let Tx { connection, again, .. } = tx;
    let outcome = match outcome {
        Ok(Ok(value)) => AnyConnection::commit_transaction(connection).map(|()| Ok(value)),
        Ok(Err(error)) => AnyConnection::rollback_transaction(connection).map(|()| Err(error)),
        Err(panic) => {
            let _ = AnyConnection::rollback_transaction(connection);
            resume_unwind(panic)
        }
    };
    if !matches!(outcome, Ok(Ok(_))) {
        undo(pen, mark);
    }
    (outcome.unwrap_or_else(|error| Err(StoreError::from(error).into())), again)
}

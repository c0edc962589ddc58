//! One transaction, as the queries use it.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::result::QueryResult;
use vault::KeyId;

use crate::audit::audit_sequence::SequenceLease;
use crate::connection::{AnyConnection, on_either};
use crate::error::StatementFailure;
use crate::{DatabaseKind, StoreError};

/// One open transaction. It is committed when the closure that borrows it returns `Ok`, and rolled
/// back otherwise.
pub struct Tx<'c> {
    connection: &'c mut AnyConnection,
    numbers: Option<&'c mut SequenceLease>,
    /// Whether a failed statement may succeed when the transaction is run again.
    retryable: bool,
    /// The keys that seal what the transaction writes.
    used_keys: BTreeSet<KeyId>,
}

impl Tx<'_> {
    /// Notes a key that seals what the transaction writes, so that its commitment can be published
    /// with it.
    pub fn note_used_key(&mut self, key: KeyId) {
        self.used_keys.insert(key);
    }

    /// Takes the keys that have been noted so far.
    #[must_use]
    pub fn take_used_keys(&mut self) -> BTreeSet<KeyId> {
        std::mem::take(&mut self.used_keys)
    }

    /// Which of the two databases this is.
    #[must_use]
    pub const fn kind(&self) -> DatabaseKind {
        match self.connection {
            AnyConnection::Postgresql(_) => DatabaseKind::Postgresql,
            AnyConnection::Sqlite(_) => DatabaseKind::Sqlite,
        }
    }

    /// Runs `body` in a savepoint: its failure undoes only its own work, and the transaction can
    /// continue.
    ///
    /// # Errors
    /// The error of `body`, or a [`StoreError`] when the savepoint cannot be set or released.
    pub fn nested<T, E: From<StoreError>>(
        &mut self,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let SavepointOutcome {
            result,
            retryable,
            used_keys,
        } = run_in_savepoint(self.connection, self.numbers.as_deref_mut(), body);
        self.retryable |= retryable;
        self.used_keys.extend(used_keys);
        result
    }

    /// The audit sequence numbers of this transaction.
    ///
    /// # Errors
    /// [`StoreError::Setting`] when the database has no audit sequence, or in a transaction that
    /// only reads.
    pub(crate) fn sequence_lease(&mut self) -> Result<&mut SequenceLease, StoreError> {
        self.numbers
            .as_deref_mut()
            .ok_or(StoreError::Setting("audit sequence"))
    }

    /// Runs one statement and classifies its failure. Every query of this crate goes through here.
    #[cfg_attr(any(test, feature = "testing"), track_caller)]
    pub(crate) fn run<T>(
        &mut self,
        statement: impl FnOnce(&mut AnyConnection) -> QueryResult<T>,
    ) -> Result<T, StoreError> {
        #[cfg(any(test, feature = "testing"))]
        let statement = {
            let caller = std::panic::Location::caller();
            |connection: &mut _| {
                crate::testing::statements::with_caller(caller, || statement(connection))
            }
        };
        statement(self.connection).map_err(|error| {
            let failure = StatementFailure::from(error);
            self.retryable |= failure.retryable;
            failure.error
        })
    }
}

/// How a transaction ended.
pub(crate) enum TxOutcome<T, E> {
    /// Committed, or rolled back because the closure returned an error.
    Finished(Result<T, E>),
    /// Rolled back because of a conflict: the transaction may succeed when it is run again.
    Retry(E),
}

/// The access mode of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TxMode {
    Read,
    Write,
    /// A short write for a caller that has waited already: it gives up well within two seconds.
    Append,
}

impl TxMode {
    /// `BEGIN` with the isolation stated. SQLite's writers take the write lock at once: a deferred
    /// transaction that reads first and writes later fails whenever another has written in between.
    const fn begin(self, kind: DatabaseKind) -> &'static str {
        match (kind, self) {
            (DatabaseKind::Sqlite, Self::Read) => "BEGIN DEFERRED",
            (DatabaseKind::Sqlite, Self::Write | Self::Append) => "BEGIN IMMEDIATE",
            (DatabaseKind::Postgresql, Self::Read) => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            }
            (DatabaseKind::Postgresql, Self::Write) => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"
            }
            (DatabaseKind::Postgresql, Self::Append) => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE; SET LOCAL lock_timeout = '800ms'; \
                 SET LOCAL statement_timeout = '800ms'"
            }
        }
    }
}

/// Begins a transaction in `mode`.
pub(crate) fn begin(connection: &mut AnyConnection, mode: TxMode) -> QueryResult<()> {
    let kind = Tx {
        connection,
        numbers: None,
        retryable: false,
        used_keys: BTreeSet::new(),
    }
    .kind();
    on_either!(connection, |inner| {
        AnsiTransactionManager::begin_transaction_sql(inner, mode.begin(kind))
    })
}

/// Runs `body` in the transaction that has begun, and commits it or rolls it back. After a commit
/// the caller commits the `numbers` too; after a rollback they are released here; after a failed
/// commit their use stays uncertain.
pub(crate) fn run_to_end<T, E: From<StoreError>>(
    connection: &mut AnyConnection,
    mut numbers: Option<&mut SequenceLease>,
    body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> TxOutcome<T, E> {
    let mut tx = Tx {
        connection,
        numbers: numbers.as_deref_mut(),
        retryable: false,
        used_keys: BTreeSet::new(),
    };
    let outcome = body(&mut tx);
    let retryable = tx.retryable;
    match outcome {
        Ok(value) => {
            match AnyConnection::commit_transaction(connection).map_err(StatementFailure::from) {
                Ok(()) => TxOutcome::Finished(Ok(value)),
                Err(failure) if failure.retryable => {
                    release_since(numbers, 0);
                    TxOutcome::Retry(failure.error.into())
                }
                Err(failure) => TxOutcome::Finished(Err(failure.error.into())),
            }
        }
        Err(error) => {
            // A failed rollback marks the connection broken, and the pool discards it. The server,
            // or closing the file, then rolls back.
            let _ = AnyConnection::rollback_transaction(connection);
            release_since(numbers, 0);
            if retryable {
                TxOutcome::Retry(error)
            } else {
                TxOutcome::Finished(Err(error))
            }
        }
    }
}

/// Releases the numbers assigned after the first `count`.
fn release_since(numbers: Option<&mut SequenceLease>, count: usize) {
    if let Some(numbers) = numbers {
        numbers.release_since(count);
    }
}

/// How the work in a savepoint ended.
pub(crate) struct SavepointOutcome<T, E> {
    /// The result of the work.
    pub(crate) result: Result<T, E>,
    /// Whether the whole transaction may succeed when it is run again.
    retryable: bool,
    /// The keys that were noted.
    used_keys: BTreeSet<KeyId>,
}

/// Runs `body` inside a savepoint of the open transaction: its failure undoes only its own work.
///
/// # Panics
/// Resumes a panic of `body` after undoing its work.
pub(crate) fn run_in_savepoint<T, E: From<StoreError>>(
    connection: &mut AnyConnection,
    mut numbers: Option<&mut SequenceLease>,
    body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> SavepointOutcome<T, E> {
    if let Err(error) = AnyConnection::begin_transaction(connection) {
        return SavepointOutcome {
            result: Err(StoreError::from(error).into()),
            retryable: false,
            used_keys: BTreeSet::new(),
        };
    }
    let assigned = numbers.as_deref().map_or(0, SequenceLease::assigned_count);
    let mut tx = Tx {
        connection,
        numbers: numbers.as_deref_mut(),
        retryable: false,
        used_keys: BTreeSet::new(),
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| body(&mut tx)));
    let Tx {
        connection,
        retryable,
        used_keys,
        ..
    } = tx;
    let outcome = match outcome {
        Ok(Ok(value)) => AnyConnection::commit_transaction(connection).map(|()| Ok(value)),
        Ok(Err(error)) => AnyConnection::rollback_transaction(connection).map(|()| Err(error)),
        Err(panic) => {
            let _ = AnyConnection::rollback_transaction(connection);
            resume_unwind(panic)
        }
    };
    if !matches!(outcome, Ok(Ok(_))) {
        release_since(numbers, assigned);
    }
    SavepointOutcome {
        result: outcome.unwrap_or_else(|error| Err(StoreError::from(error).into())),
        retryable,
        used_keys,
    }
}

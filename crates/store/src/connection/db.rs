//! The database: connection pools, and the three ways to run a transaction.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::audit::audit_sequence::{AuditSequence, SequenceLease};
use crate::connection::config::Target;
use crate::connection::group::CommitGroup;
use crate::connection::pool::{ConnectionLease, ConnectionManager, Pool};
use crate::connection::sqlite::ConnectionRole;
use crate::connection::tx::{Tx, TxMode, TxOutcome, begin, run_to_end};
use crate::{DatabaseKind, DbConfig, StoreError};

/// Maximum number of attempts for a transaction that cannot be serialised. Between nodes the order
/// is left to chance.
const MAX_ATTEMPTS: usize = 32;

/// Number of attempts that run concurrently with other writes of this node. Later attempts run
/// alone, because new writes could otherwise overtake the transaction every time.
const MAX_CONCURRENT_ATTEMPTS: usize = 4;

/// A database with its connection pools. Clones share the connections.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    config: DbConfig,
    kind: DatabaseKind,
    reads: Pool,
    /// One connection on SQLite, which has a single writer; the same pool as `reads` on PostgreSQL.
    writes: Pool,
    group: CommitGroup,
    /// Assigns the numbers of the audit records written here.
    audit_sequence: RwLock<Option<AuditSequence>>,
    /// Held by a transaction that is being retried, so that retries run one at a time.
    retry_lock: Mutex<()>,
    /// Held shared by transactions that write, and exclusively by one that was overtaken too often.
    write_lock: RwLock<()>,
}

/// The numbers of pooled connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionCounts {
    /// Open connections, in use or idle.
    pub open: u32,
    /// Open connections that are not in use.
    pub idle: u32,
}

impl Db {
    /// Opens the database that the address names, and makes a first connection to check it.
    ///
    /// # Errors
    /// [`StoreError::Address`] when the address is invalid, [`StoreError::Unavailable`] when the
    /// database cannot be reached (a PostgreSQL address never creates a file),
    /// [`StoreError::Setting`] when a required setting does not take effect.
    pub fn connect(config: &DbConfig) -> Result<Self, StoreError> {
        let kind = match config.target()? {
            Target::Postgresql(_) => DatabaseKind::Postgresql,
            Target::Sqlite(_) => DatabaseKind::Sqlite,
        };
        drop(ConnectionManager::new(config, ConnectionRole::Writer)?.open()?);
        let (reads, writes) = match kind {
            DatabaseKind::Postgresql => {
                let pool =
                    ConnectionManager::new(config, ConnectionRole::Writer)?.pool(config.pool_size);
                (pool.clone(), pool)
            }
            DatabaseKind::Sqlite => {
                let readers =
                    ConnectionManager::new(config, ConnectionRole::Reader)?.pool(config.pool_size);
                let writer = ConnectionManager::new(config, ConnectionRole::Writer)?.pool(1);
                (readers, writer)
            }
        };
        let inner = Inner {
            config: config.clone(),
            kind,
            reads,
            writes,
            group: CommitGroup::default(),
            audit_sequence: RwLock::default(),
            retry_lock: Mutex::default(),
            write_lock: RwLock::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Which of the two databases this is.
    #[must_use]
    pub fn kind(&self) -> DatabaseKind {
        self.inner.kind
    }

    /// The current numbers of pooled connections, on SQLite without the writer.
    #[must_use]
    pub fn connections(&self) -> ConnectionCounts {
        let state = self.inner.reads.state();
        ConnectionCounts {
            open: state.connections,
            idle: state.idle_connections,
        }
    }

    /// Numbers audit records by `sequence` from now on. Without a sequence no audit record can be
    /// written.
    pub fn set_audit_sequence(&self, sequence: AuditSequence) {
        *self
            .inner
            .audit_sequence
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(sequence);
    }

    /// The sequence that numbers audit records, once it is set.
    #[must_use]
    pub fn audit_sequence(&self) -> Option<AuditSequence> {
        self.inner
            .audit_sequence
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn sequence_lease(&self) -> Option<SequenceLease> {
        self.audit_sequence().as_ref().map(AuditSequence::lease)
    }

    pub(crate) fn config(&self) -> &DbConfig {
        &self.inner.config
    }

    /// Reads in one snapshot. On SQLite a read never waits for a writer. `name` identifies the
    /// transaction in traces.
    ///
    /// # Errors
    /// The error of `body`, or a [`StoreError`] when the transaction cannot begin or end.
    pub fn read<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _span = tracing::debug_span!("read", name).entered();
        let mut lease = begin_on_pool(&self.inner.reads, TxMode::Read)?;
        match run_to_end(&mut lease.connection, None, body) {
            TxOutcome::Finished(outcome) => outcome,
            TxOutcome::Retry(error) => Err(error),
        }
    }

    /// Writes in a transaction of its own, which is durable when this returns `Ok`. On PostgreSQL
    /// it is `REPEATABLE READ`, and `body` is run again after a conflict with another transaction,
    /// so it must not depend on how often it is called. Never nest a write in a write: SQLite has
    /// one writer.
    ///
    /// # Errors
    /// The error of `body`, or a [`StoreError`] when the transaction cannot begin or be committed.
    pub fn write<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        body: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_as(TxMode::Write, name, body)
    }

    fn write_as<T, E: From<StoreError>>(
        &self,
        mode: TxMode,
        name: &'static str,
        mut body: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _span = tracing::debug_span!("write", name).entered();
        let mut retry_guard = None;
        let mut last = E::from(StoreError::Unavailable);
        for attempt in 0..MAX_ATTEMPTS {
            match self.attempt(mode, attempt, &mut body)? {
                TxOutcome::Finished(outcome) => return outcome,
                TxOutcome::Retry(error) => last = error,
            }
            if retry_guard.is_none() {
                retry_guard = Some(
                    self.inner
                        .retry_lock
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner),
                );
            }
        }
        tracing::warn!(name, "transaction could not be serialised; giving up");
        Err(last)
    }

    /// Runs a transaction once. The connection is returned to the pool before anything waits for
    /// the retry lock or for the journal, because the holder of the retry lock may need the
    /// connection.
    fn attempt<T, E: From<StoreError>>(
        &self,
        mode: TxMode,
        attempt: usize,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<TxOutcome<T, E>, StoreError> {
        let write_lock = &self.inner.write_lock;
        let alone = attempt >= MAX_CONCURRENT_ATTEMPTS;
        let _exclusive = alone.then(|| write_lock.write().unwrap_or_else(PoisonError::into_inner));
        let _shared = (!alone).then(|| write_lock.read().unwrap_or_else(PoisonError::into_inner));
        let mut numbers = self.sequence_lease();
        let mut lease = begin_on_pool(&self.inner.writes, mode)?;
        let outcome = run_to_end(&mut lease.connection, numbers.as_mut(), body);
        drop(lease);
        if matches!(outcome, TxOutcome::Finished(Ok(_))) {
            numbers.map_or(Ok(()), SequenceLease::commit)?;
        }
        Ok(outcome)
    }

    /// Writes in a transaction that may be shared with concurrent writers, so that one wait for the
    /// disk serves them all: for short, frequent writes such as audit records. A failing writer
    /// undoes only its own work, and no writer reports success before the commit is durable.
    /// PostgreSQL groups commits by itself; there this is [`Db::write`] with short time limits.
    ///
    /// # Errors
    /// The error of `body`, or a [`StoreError`] when the transaction cannot begin or be committed.
    pub fn write_grouped<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        body: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.inner.kind {
            DatabaseKind::Postgresql => self.write_as(TxMode::Append, name, body),
            DatabaseKind::Sqlite => {
                let _span = tracing::debug_span!("write_grouped", name).entered();
                self.inner
                    .group
                    .write(|| lease(&self.inner.writes), self.sequence_lease(), body)
            }
        }
    }

    /// The number of commits made for grouped writes so far.
    #[cfg(test)]
    pub(crate) fn grouped_commits(&self) -> usize {
        self.inner
            .group
            .groups
            .load(std::sync::atomic::Ordering::Relaxed)
    }

    /// A connection that can write, outside any transaction.
    pub(crate) fn writer(&self) -> Result<ConnectionLease, StoreError> {
        lease(&self.inner.writes)
    }
}

fn lease(pool: &Pool) -> Result<ConnectionLease, StoreError> {
    pool.get().map_err(|_| StoreError::Unavailable)
}

/// Takes a connection and begins a transaction on it. Connections that died while idle are
/// discarded one by one until a new one answers.
fn begin_on_pool(pool: &Pool, mode: TxMode) -> Result<ConnectionLease, StoreError> {
    for _ in 0..pool.max_size() {
        let mut lease = lease(pool)?;
        match begin(&mut lease.connection, mode).map_err(StoreError::from) {
            Ok(()) => return Ok(lease),
            Err(StoreError::Unavailable) => lease.broken = true,
            Err(error) => {
                lease.broken = true;
                return Err(error);
            }
        }
    }
    lease(pool).and_then(|mut lease| {
        begin(&mut lease.connection, mode).inspect_err(|_| lease.broken = true)?;
        Ok(lease)
    })
}

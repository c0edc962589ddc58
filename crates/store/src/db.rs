//! The database: pools, and the three ways into a transaction.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::book::{Book, Pen};
use crate::config::Target;
use crate::group::Group;
use crate::pool::{Lease, Manager, Pool};
use crate::sqlite::Part;
use crate::tx::{Ended, Mode, Tx, begin, conclude};
use crate::{DbConfig, Kind, StoreError};

/// How often a transaction that could not be serialised is run at most. Between nodes chance decides who goes first.
const ATTEMPTS: usize = 32;

/// How often it is run beside others of this node; after that it is run alone, or those who come fresh could overtake
/// it every time.
const ATTEMPTS_BESIDE_OTHERS: usize = 4;

/// The database. Clones share its connections.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    config: DbConfig,
    kind: Kind,
    reads: Pool,
    /// One connection on SQLite, which has one writer; the same as `reads` on PostgreSQL.
    writes: Pool,
    group: Group,
    /// Numbers the audit records that are written here.
    book: RwLock<Option<Book>>,
    /// Held by a transaction that is run again.
    again: Mutex<()>,
    /// Shared by transactions that write; held alone by one that was overtaken too often.
    writing: RwLock<()>,
}

/// How many connections there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Open, in use or not.
    pub open: u32,
    /// Open and not in use.
    pub idle: u32,
}

impl Db {
    /// Opens the database that the address names, and tries it.
    ///
    /// # Errors
    /// [`StoreError::Address`], [`StoreError::Unavailable`] when it cannot be reached (no file is ever made for a
    /// PostgreSQL address), [`StoreError::Setting`] when a setting that we rely on is not kept.
    pub fn connect(config: &DbConfig) -> Result<Self, StoreError> {
        let kind = match config.target()? {
            Target::Postgresql(_) => Kind::Postgresql,
            Target::Sqlite(_) => Kind::Sqlite,
        };
        drop(Manager::new(config, Part::Writes)?.open()?);
        let (reads, writes) = match kind {
            Kind::Postgresql => {
                let pool = Manager::new(config, Part::Writes)?.pool(config.pool_size);
                (pool.clone(), pool)
            }
            Kind::Sqlite => {
                (Manager::new(config, Part::Reads)?.pool(config.pool_size), Manager::new(config, Part::Writes)?.pool(1))
            }
        };
        let (config, group) = (config.clone(), Group::default());
        let (again, writing) = (Mutex::default(), RwLock::default());
        let book = RwLock::default();
        Ok(Self { inner: Arc::new(Inner { config, kind, reads, writes, group, book, again, writing }) })
    }

    /// Which of the two databases this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// Connections now, the writer's not counted on SQLite.
    #[must_use]
    pub fn connections(&self) -> Connections {
        let state = self.inner.reads.state();
        Connections { open: state.connections, idle: state.idle_connections }
    }

    /// Numbers audit records by `book` from now on. Without one none can be written.
    pub fn keep_book(&self, book: Book) {
        *self.inner.book.write().unwrap_or_else(PoisonError::into_inner) = Some(book);
    }

    /// The book that audit records are numbered by.
    #[must_use]
    pub fn book(&self) -> Option<Book> {
        self.inner.book.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn pen(&self) -> Option<Pen> {
        self.book().as_ref().map(Book::pen)
    }

    pub(crate) fn config(&self) -> &DbConfig {
        &self.inner.config
    }

    /// Reads in one snapshot. On SQLite this waits for no writer. `name` names the transaction in traces.
    ///
    /// # Errors
    /// Whatever `body` says, and [`StoreError`] when the database fails.
    pub fn read<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _span = tracing::debug_span!("read", name).entered();
        let mut lease = begun(&self.inner.reads, Mode::Read)?;
        match conclude(&mut lease.connection, None, body) {
            Ended::With(outcome) => outcome,
            Ended::Again(error) => Err(error),
        }
    }

    /// Writes in a transaction of its own: durable when this returns `Ok`. On PostgreSQL it is `REPEATABLE READ`, and
    /// `body` is run again when two transactions got in each other's way, so it must not count its calls. Never write
    /// inside a write: SQLite has one writer.
    ///
    /// # Errors
    /// Whatever `body` says, and [`StoreError`] when the database fails.
    pub fn write<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        body: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_as(Mode::Write, name, body)
    }

    fn write_as<T, E: From<StoreError>>(
        &self,
        mode: Mode,
        name: &'static str,
        mut body: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _span = tracing::debug_span!("write", name).entered();
        let mut turn = None;
        let mut last = E::from(StoreError::Unavailable);
        for attempt in 0..ATTEMPTS {
            match self.attempt(mode, attempt, &mut body)? {
                Ended::With(outcome) => return outcome,
                Ended::Again(error) => last = error,
            }
            if turn.is_none() {
                turn = Some(self.inner.again.lock().unwrap_or_else(PoisonError::into_inner));
            }
        }
        tracing::warn!(name, "gave up serialising a transaction");
        Err(last)
    }

    /// Runs a transaction once. Its connection is given back before anybody waits for a turn or for the journal: whoever
    /// has the turn may need it.
    fn attempt<T, E: From<StoreError>>(
        &self,
        mode: Mode,
        attempt: usize,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<Ended<T, E>, StoreError> {
        let writing = &self.inner.writing;
        let alone = attempt >= ATTEMPTS_BESIDE_OTHERS;
        let _alone = alone.then(|| writing.write().unwrap_or_else(PoisonError::into_inner));
        let _beside = (!alone).then(|| writing.read().unwrap_or_else(PoisonError::into_inner));
        let mut pen = self.pen();
        let mut lease = begun(&self.inner.writes, mode)?;
        let ended = conclude(&mut lease.connection, pen.as_mut(), body);
        drop(lease);
        if matches!(ended, Ended::With(Ok(_))) {
            pen.map_or(Ok(()), Pen::settle)?;
        }
        Ok(ended)
    }

    /// Writes in a transaction that may be shared with others who write at the same time, so that one wait for the
    /// disk serves them all: for short writes that come often, such as audit records. A failure undoes its own work
    /// alone, and nobody is told of success before the commit is durable. On PostgreSQL, which groups commits by
    /// itself, this is [`Db::write`].
    ///
    /// # Errors
    /// Whatever `body` says, and [`StoreError`] when the database fails.
    pub fn write_grouped<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        body: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.inner.kind {
            Kind::Postgresql => self.write_as(Mode::Append, name, body),
            Kind::Sqlite => {
                let _span = tracing::debug_span!("write_grouped", name).entered();
                self.inner.group.write(|| lease(&self.inner.writes), self.pen(), body)
            }
        }
    }

    /// How many commits grouped writes have taken so far.
    #[cfg(test)]
    pub(crate) fn grouped_commits(&self) -> usize {
        self.inner.group.led.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// A connection that writes, outside any transaction.
    pub(crate) fn writer(&self) -> Result<Lease, StoreError> {
        lease(&self.inner.writes)
    }
}

fn lease(pool: &Pool) -> Result<Lease, StoreError> {
    pool.get().map_err(|_| StoreError::Unavailable)
}

/// A connection inside a transaction that has just begun. Connections that died while they were idle are thrown away
/// one after the other until a fresh one answers.
fn begun(pool: &Pool, mode: Mode) -> Result<Lease, StoreError> {
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

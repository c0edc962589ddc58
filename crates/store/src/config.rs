//! How a database is reached and what limits hold on it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::StoreError;

/// How a database is reached and what limits hold on it.
#[derive(Clone)]
pub struct DbConfig {
    /// `sqlite:PATH`, `sqlite://PATH`, `postgres://…` or `postgresql://…`. May hold a password, so `Debug` hides it.
    pub url: String,
    /// Connections at most; on SQLite these read, and one more writes. At least 1.
    pub pool_size: u32,
    /// How long a caller waits for a connection.
    pub connection_timeout: Duration,
    /// How long one statement may run. PostgreSQL only.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a row another transaction changes. PostgreSQL only.
    pub lock_timeout: Duration,
    /// How long a transaction may sit idle before the server ends it. PostgreSQL only.
    pub idle_in_transaction_timeout: Duration,
    /// How long a writer waits for another process that writes. SQLite only.
    pub busy_timeout: Duration,
}

impl DbConfig {
    /// The database at `url` with the default limits: 8 connections, seconds for everything.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            pool_size: 8,
            connection_timeout: Duration::from_secs(1),
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(30),
            busy_timeout: Duration::from_secs(1),
        }
    }

    /// Which database the address names. Its scheme alone decides: nothing is tried.
    ///
    /// # Errors
    /// [`StoreError::Address`] for any other scheme, a database in memory (each connection would have its own), or a
    /// path that SQLite would read as an address with options.
    pub(crate) fn target(&self) -> Result<Target, StoreError> {
        if self.url.starts_with("postgres://") || self.url.starts_with("postgresql://") {
            return Ok(Target::Postgresql(self.url.clone()));
        }
        let Some(path) = self.url.strip_prefix("sqlite:") else {
            return Err(StoreError::Address("its scheme is not sqlite, postgres or postgresql"));
        };
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.starts_with(':') || path.starts_with("file:") || path.starts_with("sqlite:") {
            return Err(StoreError::Address("the SQLite path is not that of a file"));
        }
        Ok(Target::Sqlite(PathBuf::from(path)))
    }
}

impl fmt::Debug for DbConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("DbConfig")
            .field("url", &format_args!("{scheme}:…"))
            .field("pool_size", &self.pool_size)
            .finish_non_exhaustive()
    }
}

/// Which of the two databases, and where.
#[derive(Clone)]
pub(crate) enum Target {
    Postgresql(String),
    Sqlite(PathBuf),
}

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// PostgreSQL.
    Postgresql,
    /// SQLite.
    Sqlite,
}

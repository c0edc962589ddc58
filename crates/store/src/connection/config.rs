//! The configuration of a database connection.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::StoreError;

/// The address of a database and the limits of its connections.
#[derive(Clone)]
pub struct DbConfig {
    /// `sqlite:PATH`, `sqlite://PATH`, `postgres://…` or `postgresql://…`. May hold a password, so
    /// `Debug` hides it.
    pub url: String,
    /// Maximum number of connections, at least 1. On SQLite they only read, and one more connection
    /// writes.
    pub pool_size: u32,
    /// How long a caller waits for a connection.
    pub connection_timeout: Duration,
    /// How long one statement may run. PostgreSQL only.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a row lock. PostgreSQL only.
    pub lock_timeout: Duration,
    /// How long a transaction may be idle before the server ends it. PostgreSQL only.
    pub idle_in_transaction_timeout: Duration,
    /// How long a writer waits for another writing process. SQLite only.
    pub busy_timeout: Duration,
}

impl DbConfig {
    /// The database at `url` with the default limits.
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

    /// The database that the address names, decided by its scheme alone, without connecting.
    ///
    /// # Errors
    /// [`StoreError::Address`] for any other scheme, a database in memory (each connection would
    /// open its own), or a path that SQLite would read as a URI with options.
    pub(crate) fn target(&self) -> Result<Target, StoreError> {
        if self.url.starts_with("postgres://") || self.url.starts_with("postgresql://") {
            return Ok(Target::Postgresql(self.url.clone()));
        }
        let Some(path) = self.url.strip_prefix("sqlite:") else {
            return Err(StoreError::Address(
                "its scheme is not sqlite, postgres or postgresql",
            ));
        };
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty()
            || path.starts_with(':')
            || path.starts_with("file:")
            || path.starts_with("sqlite:")
        {
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

/// A supported database and its location.
#[derive(Clone)]
pub(crate) enum Target {
    Postgresql(String),
    Sqlite(PathBuf),
}

/// The supported database systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseKind {
    /// PostgreSQL.
    Postgresql,
    /// SQLite.
    Sqlite,
}

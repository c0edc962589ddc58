//! Connection pools for either database.

use diesel::connection::TransactionManager;
use r2d2::{HandleError, ManageConnection};

use crate::connection::AnyConnection;
use crate::connection::config::Target;
use crate::connection::sqlite::ConnectionRole;
use crate::connection::{postgresql, sqlite};
use crate::{DbConfig, StoreError};

/// Opens connections to one database for one role.
pub(crate) struct ConnectionManager {
    target: Target,
    role: ConnectionRole,
    config: DbConfig,
}

/// A connection with a flag that tells the pool to discard it.
pub(crate) struct ManagedConnection {
    pub(crate) connection: AnyConnection,
    pub(crate) broken: bool,
}

pub(crate) type Pool = r2d2::Pool<ConnectionManager>;
pub(crate) type ConnectionLease = r2d2::PooledConnection<ConnectionManager>;

impl ConnectionManager {
    pub(crate) fn new(config: &DbConfig, role: ConnectionRole) -> Result<Self, StoreError> {
        Ok(Self {
            target: config.target()?,
            role,
            config: config.clone(),
        })
    }

    /// Opens one connection outside any pool.
    pub(crate) fn open(&self) -> Result<AnyConnection, StoreError> {
        let connection = match &self.target {
            Target::Postgresql(url) => {
                postgresql::open(url, &self.config).map(AnyConnection::Postgresql)
            }
            Target::Sqlite(path) => {
                sqlite::open(path, self.role, &self.config).map(AnyConnection::Sqlite)
            }
        };
        #[cfg(any(test, feature = "testing"))]
        let connection = connection.map(with_statement_recorder);
        connection
    }

    /// A pool of at most `size` connections, each opened on first use.
    pub(crate) fn pool(self, size: u32) -> Pool {
        let timeout = self.config.connection_timeout;
        r2d2::Pool::builder()
            .max_size(size.max(1))
            // No idle connection is opened in advance: a command that exits while one is being
            // opened may crash in the PostgreSQL client library.
            .min_idle(Some(0))
            .max_lifetime(None)
            .idle_timeout(None)
            .test_on_check_out(false)
            .connection_timeout(timeout)
            .error_handler(Box::new(RedactedErrorHandler))
            .build_unchecked(self)
    }
}

/// Records the statements of a connection, for tests of query plans.
#[cfg(any(test, feature = "testing"))]
fn with_statement_recorder(mut connection: AnyConnection) -> AnyConnection {
    let kind = match connection {
        AnyConnection::Postgresql(_) => crate::DatabaseKind::Postgresql,
        AnyConnection::Sqlite(_) => crate::DatabaseKind::Sqlite,
    };
    diesel::Connection::set_instrumentation(
        &mut connection,
        crate::testing::statements::StatementRecorder(kind),
    );
    connection
}

impl ManageConnection for ConnectionManager {
    type Connection = ManagedConnection;
    type Error = StoreError;

    fn connect(&self) -> Result<ManagedConnection, StoreError> {
        self.open().map(|connection| ManagedConnection {
            connection,
            broken: false,
        })
    }

    /// Connections are checked by the statement that begins their transaction, at no extra cost.
    fn is_valid(&self, _: &mut ManagedConnection) -> Result<(), StoreError> {
        Ok(())
    }

    /// A connection that is returned inside a transaction (its user panicked) is broken too.
    fn has_broken(&self, pooled: &mut ManagedConnection) -> bool {
        pooled.broken || AnyConnection::is_broken_transaction_manager(&mut pooled.connection)
    }
}

/// Logs failed connections without their address.
#[derive(Debug)]
struct RedactedErrorHandler;

impl HandleError<StoreError> for RedactedErrorHandler {
    fn handle_error(&self, error: StoreError) {
        tracing::warn!(%error, "cannot connect to the database");
    }
}

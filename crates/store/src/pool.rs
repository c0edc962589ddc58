//! Pools of connections, opened by the scheme of their address.

use diesel::connection::TransactionManager;
use r2d2::{HandleError, ManageConnection};

use crate::config::Target;
use crate::connection::AnyConnection;
use crate::sqlite::Part;
use crate::{DbConfig, StoreError, postgresql, sqlite};

/// Opens connections to one database for one part.
pub(crate) struct Manager {
    target: Target,
    part: Part,
    config: DbConfig,
}

/// A pooled connection with a note that it is not to be used again.
pub(crate) struct Pooled {
    pub(crate) connection: AnyConnection,
    pub(crate) broken: bool,
}

pub(crate) type Pool = r2d2::Pool<Manager>;
pub(crate) type Lease = r2d2::PooledConnection<Manager>;

impl Manager {
    pub(crate) fn new(config: &DbConfig, part: Part) -> Result<Self, StoreError> {
        Ok(Self { target: config.target()?, part, config: config.clone() })
    }

    /// Opens one connection outside any pool.
    pub(crate) fn open(&self) -> Result<AnyConnection, StoreError> {
        let connection = match &self.target {
            Target::Postgresql(url) => postgresql::open(url, &self.config).map(AnyConnection::Postgresql),
            Target::Sqlite(path) => sqlite::open(path, self.part, &self.config).map(AnyConnection::Sqlite),
        };
        #[cfg(any(test, feature = "testing"))]
        let connection = connection.map(recorded);
        connection
    }

    /// A pool of at most `size` connections; none is opened before it is asked for.
    pub(crate) fn pool(self, size: u32) -> Pool {
        let timeout = self.config.connection_timeout;
        r2d2::Pool::builder()
            .max_size(size.max(1))
            // None ahead of need: a command that ends while one is being made may crash in the client library of PostgreSQL.
            .min_idle(Some(0))
            .max_lifetime(None)
            .idle_timeout(None)
            .test_on_check_out(false)
            .connection_timeout(timeout)
            .error_handler(Box::new(Silent))
            .build_unchecked(self)
    }
}

/// Notes the statements of a connection, for tests of their plans.
#[cfg(any(test, feature = "testing"))]
fn recorded(mut connection: AnyConnection) -> AnyConnection {
    let kind = match connection {
        AnyConnection::Postgresql(_) => crate::Kind::Postgresql,
        AnyConnection::Sqlite(_) => crate::Kind::Sqlite,
    };
    diesel::Connection::set_instrumentation(&mut connection, crate::testing::statements::Recorder(kind));
    connection
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = StoreError;

    fn connect(&self) -> Result<Pooled, StoreError> {
        self.open().map(|connection| Pooled { connection, broken: false })
    }

    /// Connections are tried by the statement that begins their transaction, which costs nothing more.
    fn is_valid(&self, _: &mut Pooled) -> Result<(), StoreError> {
        Ok(())
    }

    /// A connection that comes back inside a transaction (its user panicked) is broken too.
    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.broken || AnyConnection::is_broken_transaction_manager(&mut pooled.connection)
    }
}

/// Takes note of failed connections without their address.
#[derive(Debug)]
struct Silent;

impl HandleError<StoreError> for Silent {
    fn handle_error(&self, error: StoreError) {
        tracing::warn!(%error, "no connection to the database");
    }
}

//! Databases for tests: a SQLite file in a temporary folder, or a new PostgreSQL database on a
//! server that all test processes share. A test that needs PostgreSQL fails when there is none; it
//! is never skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "test support: any failure here must end the test"
)]

mod local_server;
mod postgresql;
pub mod sources;
pub mod statements;

use std::ops::Deref;

use tempfile::TempDir;

use crate::{AuditSequence, DatabaseKind, Db, DbConfig, StoreError, Tx, migrate};

/// A database that exists for one test. It is deleted on drop.
pub struct TestDb {
    /// Present until the drop, which closes the connections before the database is deleted.
    db: Option<Db>,
    config: DbConfig,
    storage: TestStorage,
}

/// What is deleted together with a test's database.
enum TestStorage {
    Folder(TempDir),
    Server(#[expect(dead_code, reason = "held until the test ends")] postgresql::TestDatabase),
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        self.db
            .as_ref()
            .expect("the database exists until it is dropped")
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        self.db = None;
    }
}

impl TestDb {
    /// The configuration of the database, for a second connection pool or another process.
    #[must_use]
    pub fn config(&self) -> &DbConfig {
        &self.config
    }

    /// The folder of the SQLite file.
    ///
    /// # Panics
    /// On PostgreSQL.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        match &self.storage {
            TestStorage::Folder(folder) => folder.path(),
            TestStorage::Server(..) => panic!("a PostgreSQL test database has no folder"),
        }
    }
}

/// Creates a database and applies all migrations.
///
/// # Panics
/// When the database cannot be created or a migration fails.
#[must_use]
pub fn fresh_database(kind: DatabaseKind) -> TestDb {
    let test = match kind {
        DatabaseKind::Postgresql => create_postgresql(true),
        DatabaseKind::Sqlite => create_sqlite(),
    };
    migrate(&test).expect("migrations apply");
    test
}

/// Creates a database without any table.
///
/// # Panics
/// When the database cannot be created.
#[must_use]
pub fn empty_database(kind: DatabaseKind) -> TestDb {
    match kind {
        DatabaseKind::Postgresql => create_postgresql(false),
        DatabaseKind::Sqlite => create_sqlite(),
    }
}

/// Runs `body` on a new database of each kind, SQLite first.
///
/// # Panics
/// When `body` panics or a database cannot be created.
pub fn for_each_database(body: impl Fn(&TestDb)) {
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgresql] {
        body(&fresh_database(kind));
    }
}

/// Turns each function into two tests, `NAME::sqlite` and `NAME::postgresql`.
///
/// ```text
/// on_each_database! {
///     fn agency_is_found_by_code(db) { assert!(db.read("test", …).is_ok()); }
/// }
/// ```
#[macro_export]
macro_rules! on_each_database {
    ($($(#[$meta:meta])* fn $name:ident($db:ident) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$meta])*
            fn run($db: &$crate::testing::TestDb) $body

            #[test]
            fn sqlite() {
                run(&$crate::testing::fresh_database($crate::DatabaseKind::Sqlite));
            }

            #[test]
            fn postgresql() {
                run(&$crate::testing::fresh_database($crate::DatabaseKind::Postgresql));
            }
        }
    )+};
}

fn create_sqlite() -> TestDb {
    let folder = TempDir::new().expect("a temporary folder is created");
    let url = format!("sqlite:{}", folder.path().join("test.sqlite").display());
    connect(url, TestStorage::Folder(folder))
}

fn create_postgresql(migrated: bool) -> TestDb {
    let database = postgresql::TestDatabase::create(migrated);
    connect(database.url(), TestStorage::Server(database))
}

fn connect(url: String, storage: TestStorage) -> TestDb {
    let config = DbConfig {
        pool_size: 4,
        connection_timeout: std::time::Duration::from_secs(20),
        ..DbConfig::new(url)
    };
    let db = Db::connect(&config).expect("the test database accepts connections");
    db.set_audit_sequence(AuditSequence::new(uuid::Uuid::from_u128(0xb00c), None));
    TestDb {
        db: Some(db),
        config,
        storage,
    }
}

/// Executes the SQL statements of a test inside a transaction.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn execute_batch(tx: &mut Tx<'_>, statements: &str) -> Result<(), StoreError> {
    use diesel::connection::SimpleConnection as _;
    tx.run(|connection| crate::connection::on_either!(connection, |c| c.batch_execute(statements)))
}

//! Databases for tests: a SQLite file in a temporary folder, and a fresh PostgreSQL database on a server that all test
//! processes share. A test that cannot have PostgreSQL fails; it is never skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "part of tests: whatever goes wrong here is to end the test"
)]

mod cluster;
mod postgresql;
pub mod sources;
pub mod statements;

use std::ops::Deref;

use tempfile::TempDir;

use crate::{Book, Db, DbConfig, Kind, StoreError, Tx, migrate};

/// A database that is there for one test and gone after it.
pub struct TestDb {
    /// Goes before what it is connected to.
    db: Option<Db>,
    config: DbConfig,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Server(#[expect(dead_code, reason = "held until the test is over")] postgresql::TestDatabase),
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        self.db.as_ref().expect("the database is there until it is dropped")
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        self.db = None;
    }
}

impl TestDb {
    /// How to reach the database, for a second set of connections or another process.
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
        match &self.place {
            Place::Folder(folder) => folder.path(),
            Place::Server(..) => panic!("a PostgreSQL database has no folder of ours"),
        }
    }
}

/// A fresh, migrated database.
///
/// # Panics
/// When it cannot be had.
#[must_use]
pub fn fresh(kind: Kind) -> TestDb {
    let test = match kind {
        Kind::Postgresql => on_server(true),
        Kind::Sqlite => in_folder(),
    };
    migrate(&test).expect("migrations apply");
    test
}

/// A fresh database without any table.
///
/// # Panics
/// When it cannot be had.
#[must_use]
pub fn empty(kind: Kind) -> TestDb {
    match kind {
        Kind::Postgresql => on_server(false),
        Kind::Sqlite => in_folder(),
    }
}

/// Runs `body` on a fresh database of each kind, SQLite first.
///
/// # Panics
/// When `body` does, or a database cannot be had.
pub fn each_database(body: impl Fn(&TestDb)) {
    for kind in [Kind::Sqlite, Kind::Postgresql] {
        body(&fresh(kind));
    }
}

/// Makes of one body two tests, `NAME::sqlite` and `NAME::postgresql`.
///
/// ```text
/// on_each_database! {
///     fn agencies_are_found(db) { assert!(db.read("test", …).is_ok()); }
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
                run(&$crate::testing::fresh($crate::Kind::Sqlite));
            }

            #[test]
            fn postgresql() {
                run(&$crate::testing::fresh($crate::Kind::Postgresql));
            }
        }
    )+};
}

fn in_folder() -> TestDb {
    let folder = TempDir::new().expect("a temporary folder");
    let url = format!("sqlite:{}", folder.path().join("test.sqlite").display());
    connected(url, Place::Folder(folder))
}

fn on_server(migrated: bool) -> TestDb {
    let database = postgresql::TestDatabase::create(migrated);
    connected(database.url(), Place::Server(database))
}

fn connected(url: String, place: Place) -> TestDb {
    let config =
        DbConfig { pool_size: 4, connection_timeout: std::time::Duration::from_secs(20), ..DbConfig::new(url) };
    let db = Db::connect(&config).expect("the test database answers");
    db.keep_book(Book::new(uuid::Uuid::from_u128(0xb00c), None));
    TestDb { db: Some(db), config, place }
}

/// Carries out statements of a test inside a transaction.
///
/// # Errors
/// When the database refuses.
pub fn execute(tx: &mut Tx<'_>, statements: &str) -> Result<(), StoreError> {
    use diesel::connection::SimpleConnection as _;
    tx.run(|connection| crate::connection::on_either!(connection, |c| c.batch_execute(statements)))
}

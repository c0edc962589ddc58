//! The schema and its versions: both databases' migrations are inside the program.

use diesel::backend::Backend;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource};
use diesel::sql_types::{BigInt, Text};
use diesel::{RunQueryDsl, connection::SimpleConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connection::AnyConnection;
use crate::error::Fault;
use crate::pool::Manager;
use crate::sqlite::Part;
use crate::{Db, StoreError};

const POSTGRESQL: EmbeddedMigrations = embed_migrations!("../../migrations/postgresql");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Held while migrations run, so that two nodes that start together do not both run them. The number means nothing.
const LOCK: i64 = 0x6368_726f_6e6f;

/// Applies what is pending; gives the versions applied, in order. New tables and indexes have their statistics taken.
///
/// # Errors
/// [`StoreError::Newer`] when the database is ahead of this program, and when the database fails.
pub fn migrate(db: &Db) -> Result<Vec<String>, StoreError> {
    check_newer(db)?;
    let applied = apply(&mut exclusive(db)?)?;
    if !applied.is_empty() {
        crate::statistics::refresh(db)?;
    }
    Ok(applied)
}

/// Applies what is pending over one connection.
pub(crate) fn apply(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let applied = match connection {
        AnyConnection::Postgresql(inner) => inner.run_pending_migrations(POSTGRESQL).map(names),
        // In one transaction that has the write lock from its start, so that nobody else decides on the same ones.
        AnyConnection::Sqlite(inner) => inner
            .immediate_transaction(|inner| inner.run_pending_migrations(SQLITE).map(names).map_err(Abandoned))
            .map_err(|Abandoned(error)| error),
    };
    applied.map_err(|error| failed(error.as_ref()))
}

/// The versions this program knows and the database has not applied, in order.
///
/// # Errors
/// When the database fails.
pub fn pending(db: &Db) -> Result<Vec<String>, StoreError> {
    let applied = applied(db)?;
    Ok(known(db)?.into_iter().filter(|version| !applied.contains(version)).collect())
}

/// Says whether this program and the database fit together.
///
/// # Errors
/// [`StoreError::Pending`], [`StoreError::Newer`], and when the database fails.
pub fn check(db: &Db) -> Result<(), StoreError> {
    check_newer(db)?;
    let pending = pending(db)?;
    if pending.is_empty() { Ok(()) } else { Err(StoreError::Pending(pending)) }
}

/// Undoes the last `number` migrations, and the data in what they made; gives the versions undone, the last first.
///
/// # Errors
/// [`StoreError::Newer`] when the database is ahead of this program, and when the database fails.
pub fn revert(db: &Db, number: u64) -> Result<Vec<String>, StoreError> {
    check_newer(db)?;
    let there = applied(db)?.len();
    let mut connection = exclusive(db)?;
    let mut undone = Vec::new();
    for _ in 0..usize::try_from(number).unwrap_or(usize::MAX).min(there) {
        let version = match &mut connection {
            AnyConnection::Postgresql(inner) => inner.revert_last_migration(POSTGRESQL).map(|one| one.to_string()),
            AnyConnection::Sqlite(inner) => inner.revert_last_migration(SQLITE).map(|one| one.to_string()),
        };
        undone.push(version.map_err(|error| failed(error.as_ref()))?);
    }
    Ok(undone)
}

/// Undoes every migration, and all data with them. For tests.
///
/// # Errors
/// When the database fails.
pub fn revert_all(db: &Db) -> Result<Vec<String>, StoreError> {
    let mut connection = exclusive(db)?;
    let reverted = match &mut connection {
        AnyConnection::Postgresql(inner) => inner.revert_all_migrations(POSTGRESQL).map(names),
        AnyConnection::Sqlite(inner) => inner.revert_all_migrations(SQLITE).map(names),
    };
    reverted.map_err(|error| failed(error.as_ref()))
}

fn check_newer(db: &Db) -> Result<(), StoreError> {
    let known = known(db)?;
    let newer: Vec<String> = applied(db)?.into_iter().filter(|version| !known.contains(version)).collect();
    if newer.is_empty() { Ok(()) } else { Err(StoreError::Newer(newer)) }
}

/// A connection of its own without a limit on time, holding the lock on migrations until it closes.
fn exclusive(db: &Db) -> Result<AnyConnection, StoreError> {
    let mut connection = Manager::new(db.config(), Part::Writes)?.open()?;
    if let AnyConnection::Postgresql(inner) = &mut connection {
        inner.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0;")?;
        inner.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))?;
    }
    Ok(connection)
}

/// The versions in the database. Reads without making the table, which the service's role may not be allowed to.
fn applied(db: &Db) -> Result<Vec<String>, StoreError> {
    let mut lease = db.writer()?;
    let there = match &lease.connection {
        AnyConnection::Postgresql(_) => {
            "SELECT count(*) FROM pg_class WHERE oid = to_regclass('__diesel_schema_migrations')"
        }
        AnyConnection::Sqlite(_) => {
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'"
        }
    };
    if sql::<BigInt>(there).get_result::<i64>(&mut lease.connection)? == 0 {
        return Ok(Vec::new());
    }
    let versions = sql::<Text>("SELECT CAST(version AS text) FROM __diesel_schema_migrations ORDER BY version");
    Ok(versions.load(&mut lease.connection)?)
}

fn known(db: &Db) -> Result<Vec<String>, StoreError> {
    match db.kind() {
        crate::Kind::Postgresql => versions::<diesel::pg::Pg>(&POSTGRESQL),
        crate::Kind::Sqlite => versions::<diesel::sqlite::Sqlite>(&SQLITE),
    }
}

fn versions<DB: Backend>(source: &EmbeddedMigrations) -> Result<Vec<String>, StoreError>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let migrations: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(|error| failed(error.as_ref()))?;
    let mut versions: Vec<String> = migrations.iter().map(|one| one.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}

fn names<T: ToString>(versions: Vec<T>) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

/// An error of the migrations' own kind, which an abandoned transaction passes on.
struct Abandoned(Box<dyn std::error::Error + Send + Sync>);

impl From<diesel::result::Error> for Abandoned {
    fn from(error: diesel::result::Error) -> Self {
        Self(Box::new(error))
    }
}

/// Migrations hold no data of ours, so their errors may be shown.
fn failed(error: &(dyn std::error::Error + Send + Sync + 'static)) -> StoreError {
    StoreError::Database(Fault { what: format!("migration: {error}"), constraint: None })
}

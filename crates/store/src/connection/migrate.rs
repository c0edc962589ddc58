//! The schema migrations of both databases, which are embedded in the program.

use diesel::backend::Backend;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource};
use diesel::sql_types::{BigInt, Text};
use diesel::{RunQueryDsl, connection::SimpleConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connection::AnyConnection;
use crate::connection::pool::ConnectionManager;
use crate::connection::sqlite::ConnectionRole;
use crate::error::DatabaseFault;
use crate::{Db, StoreError};

const POSTGRESQL: EmbeddedMigrations = embed_migrations!("../../migrations/postgresql");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// The advisory lock held while migrations run, so that two nodes do not run them at once. The
/// number is arbitrary.
const LOCK: i64 = 0x6368_726f_6e6f;

/// Applies the pending migrations, and refreshes the statistics of the tables; returns the applied
/// versions in order.
///
/// # Errors
/// [`StoreError::Newer`] when the schema is newer than this program, [`StoreError::Database`] when
/// a migration fails.
pub fn migrate(db: &Db) -> Result<Vec<String>, StoreError> {
    refuse_newer(db)?;
    let applied = apply(&mut open_locked(db)?)?;
    if !applied.is_empty() {
        crate::statistics::refresh(db)?;
    }
    Ok(applied)
}

/// Applies the pending migrations over one connection.
pub(crate) fn apply(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let applied = match connection {
        AnyConnection::Postgresql(inner) => {
            inner.run_pending_migrations(POSTGRESQL).map(to_strings)
        }
        // One transaction that holds the write lock from its start, so that no other process
        // applies the same migrations.
        AnyConnection::Sqlite(inner) => inner
            .immediate_transaction(|inner| {
                inner
                    .run_pending_migrations(SQLITE)
                    .map(to_strings)
                    .map_err(MigrationError)
            })
            .map_err(|MigrationError(error)| error),
    };
    applied.map_err(|error| migration_error(error.as_ref()))
}

/// The versions that this program knows and the database has not applied, in order.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn pending(db: &Db) -> Result<Vec<String>, StoreError> {
    let applied = applied_versions(db)?;
    Ok(known_versions(db)?
        .into_iter()
        .filter(|version| !applied.contains(version))
        .collect())
}

/// Checks that the database is at the schema version of this program.
///
/// # Errors
/// [`StoreError::Pending`] when the schema is older than this program, [`StoreError::Newer`] when
/// it is newer.
pub fn check(db: &Db) -> Result<(), StoreError> {
    refuse_newer(db)?;
    let pending = pending(db)?;
    if pending.is_empty() {
        Ok(())
    } else {
        Err(StoreError::Pending(pending))
    }
}

/// Reverts the last `number` migrations, with the data in the tables and columns that they created;
/// returns the reverted versions, the last first.
///
/// # Errors
/// [`StoreError::Newer`] when the schema is newer than this program, [`StoreError::Database`] when
/// a migration fails.
pub fn revert(db: &Db, number: u64) -> Result<Vec<String>, StoreError> {
    refuse_newer(db)?;
    let applied_count = applied_versions(db)?.len();
    let mut connection = open_locked(db)?;
    let mut reverted = Vec::new();
    for _ in 0..usize::try_from(number)
        .unwrap_or(usize::MAX)
        .min(applied_count)
    {
        let version = match &mut connection {
            AnyConnection::Postgresql(inner) => inner
                .revert_last_migration(POSTGRESQL)
                .map(|migration| migration.to_string()),
            AnyConnection::Sqlite(inner) => inner
                .revert_last_migration(SQLITE)
                .map(|migration| migration.to_string()),
        };
        reverted.push(version.map_err(|error| migration_error(error.as_ref()))?);
    }
    Ok(reverted)
}

/// Reverts every migration, and with them all data. For tests.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn revert_all(db: &Db) -> Result<Vec<String>, StoreError> {
    let mut connection = open_locked(db)?;
    let reverted = match &mut connection {
        AnyConnection::Postgresql(inner) => inner.revert_all_migrations(POSTGRESQL).map(to_strings),
        AnyConnection::Sqlite(inner) => inner.revert_all_migrations(SQLITE).map(to_strings),
    };
    reverted.map_err(|error| migration_error(error.as_ref()))
}

fn refuse_newer(db: &Db) -> Result<(), StoreError> {
    let known = known_versions(db)?;
    let newer: Vec<String> = applied_versions(db)?
        .into_iter()
        .filter(|version| !known.contains(version))
        .collect();
    if newer.is_empty() {
        Ok(())
    } else {
        Err(StoreError::Newer(newer))
    }
}

/// Opens a dedicated connection without time limits that holds the migration lock until it closes.
fn open_locked(db: &Db) -> Result<AnyConnection, StoreError> {
    let mut connection = ConnectionManager::new(db.config(), ConnectionRole::Writer)?.open()?;
    if let AnyConnection::Postgresql(inner) = &mut connection {
        inner.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0;")?;
        inner.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))?;
    }
    Ok(connection)
}

/// The versions applied in the database. Never creates the table of versions, which the service's
/// role may not be allowed to do.
fn applied_versions(db: &Db) -> Result<Vec<String>, StoreError> {
    let mut lease = db.writer()?;
    let table_count = match &lease.connection {
        AnyConnection::Postgresql(_) => {
            "SELECT count(*) FROM pg_class WHERE oid = to_regclass('__diesel_schema_migrations')"
        }
        AnyConnection::Sqlite(_) => {
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'"
        }
    };
    if sql::<BigInt>(table_count).get_result::<i64>(&mut lease.connection)? == 0 {
        return Ok(Vec::new());
    }
    let versions = sql::<Text>(
        "SELECT CAST(version AS text) FROM __diesel_schema_migrations ORDER BY version",
    );
    Ok(versions.load(&mut lease.connection)?)
}

fn known_versions(db: &Db) -> Result<Vec<String>, StoreError> {
    match db.kind() {
        crate::DatabaseKind::Postgresql => versions::<diesel::pg::Pg>(&POSTGRESQL),
        crate::DatabaseKind::Sqlite => versions::<diesel::sqlite::Sqlite>(&SQLITE),
    }
}

fn versions<DB: Backend>(source: &EmbeddedMigrations) -> Result<Vec<String>, StoreError>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let migrations: Vec<Box<dyn Migration<DB>>> = source
        .migrations()
        .map_err(|error| migration_error(error.as_ref()))?;
    let mut versions: Vec<String> = migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    versions.sort();
    Ok(versions)
}

fn to_strings<T: ToString>(versions: Vec<T>) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

/// An error of a migration, which a rolled-back transaction passes on.
struct MigrationError(Box<dyn std::error::Error + Send + Sync>);

impl From<diesel::result::Error> for MigrationError {
    fn from(error: diesel::result::Error) -> Self {
        Self(Box::new(error))
    }
}

/// Errors of migrations contain no data of the service, so they may be shown.
fn migration_error(error: &(dyn std::error::Error + Send + Sync + 'static)) -> StoreError {
    StoreError::Database(DatabaseFault {
        summary: format!("migration: {error}"),
        constraint: None,
    })
}

//! Planner statistics. No query needs statistics to read few rows (`tests/plans` checks that); with
//! statistics the planner chooses better among such plans.

use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::sql_types::{Bool, Text};

use crate::connection::AnyConnection;
use crate::connection::pool::ConnectionManager;
use crate::connection::sqlite::ConnectionRole;
use crate::{DatabaseKind, Db, StoreError};

/// The advisory lock held by the node that refreshes statistics, so that the others skip it. The
/// number is arbitrary.
const LOCK: i64 = 0x7374_6174;

/// Maximum number of rows that SQLite samples of an index: a fraction of a second for any size of
/// table.
const ANALYSIS_LIMIT: u32 = 2_000;

/// Refreshes the statistics of every table. Returns false when another node is refreshing them.
///
/// On SQLite the samples of values are deleted, so that plans do not depend on the values of one
/// statement and no value of a row outlives it; that changes the schema version, so every
/// connection reads the new statistics. On PostgreSQL, tables that belong to another role are left
/// to autovacuum.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn refresh(db: &Db) -> Result<bool, StoreError> {
    match db.kind() {
        DatabaseKind::Sqlite => {
            let mut lease = db.writer()?;
            lease
                .connection
                .batch_execute(&format!("PRAGMA analysis_limit = {ANALYSIS_LIMIT}"))?;
            let statements = "BEGIN IMMEDIATE; ANALYZE; DROP TABLE IF EXISTS sqlite_stat4; COMMIT";
            lease
                .connection
                .batch_execute(statements)
                .inspect_err(|_| lease.broken = true)?;
            Ok(true)
        }
        DatabaseKind::Postgresql => {
            let mut connection =
                ConnectionManager::new(db.config(), ConnectionRole::Writer)?.open()?;
            analyse(&mut connection)
        }
    }
}

/// Analyses the tables over a connection that holds the lock until it closes.
fn analyse(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    connection.batch_execute("SET statement_timeout = 0; SET client_min_messages = error")?;
    if !sql::<Bool>(&format!("SELECT pg_try_advisory_lock({LOCK})"))
        .get_result::<bool>(connection)?
    {
        return Ok(false);
    }
    let tables = sql::<Text>(
        "SELECT quote_ident(relname) FROM pg_class WHERE relkind IN ('r', 'p') \
         AND relnamespace = current_schema()::regnamespace AND pg_has_role(relowner, 'USAGE') ORDER BY relname",
    );
    let tables: Vec<String> = tables.load(connection)?;
    for table in tables {
        connection.batch_execute(&format!("ANALYZE {table}"))?;
    }
    Ok(true)
}

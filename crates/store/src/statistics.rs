//! What the databases know of their tables' sizes, by which they choose between plans. The queries are such that none
//! needs statistics to stay small (`tests/plans` shows it); with them the planner chooses better among plans that are.

use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::sql_types::{Bool, Text};

use crate::connection::AnyConnection;
use crate::pool::Manager;
use crate::sqlite::Part;
use crate::{Db, Kind, StoreError};

/// Held by the node that takes statistics, so that the others need not. The number means nothing.
const LOCK: i64 = 0x7374_6174;

/// Rows of an index that SQLite looks at, at most: a fraction of a second however large the table is.
const LIMIT: u32 = 2_000;

/// Takes statistics of every table anew. Says whether it did: another node may be at it.
///
/// SQLite's samples of values are thrown away, so that plans do not go by the values of one statement and nothing of a row
/// outlives it; that changes the schema's version, so that every connection reads the new statistics. On PostgreSQL tables
/// that belong to another role are left to the server's own routine.
///
/// # Errors
/// When the database fails.
pub fn refresh(db: &Db) -> Result<bool, StoreError> {
    match db.kind() {
        Kind::Sqlite => {
            let mut lease = db.writer()?;
            lease.connection.batch_execute(&format!("PRAGMA analysis_limit = {LIMIT}"))?;
            let statements = "BEGIN IMMEDIATE; ANALYZE; DROP TABLE IF EXISTS sqlite_stat4; COMMIT";
            lease.connection.batch_execute(statements).inspect_err(|_| lease.broken = true)?;
            Ok(true)
        }
        Kind::Postgresql => {
            let mut connection = Manager::new(db.config(), Part::Writes)?.open()?;
            analyse(&mut connection)
        }
    }
}

/// Ends with the connection, and with it the lock.
fn analyse(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    connection.batch_execute("SET statement_timeout = 0; SET client_min_messages = error")?;
    if !sql::<Bool>(&format!("SELECT pg_try_advisory_lock({LOCK})")).get_result::<bool>(connection)? {
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

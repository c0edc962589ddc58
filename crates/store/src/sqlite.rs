//! A SQLite connection as we want it: durable, strict about references, and leaving nothing of what is deleted.

use std::path::Path;

use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection};

use crate::{DbConfig, StoreError};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Reads,
    Writes,
}

/// Opens a connection, sets what is to be set, and reads it back.
pub(crate) fn open(path: &Path, part: Part, config: &DbConfig) -> Result<SqliteConnection, StoreError> {
    private_file(path)?;
    let path = path.to_str().ok_or(StoreError::Address("the SQLite path is not UTF-8"))?;
    let mut connection = SqliteConnection::establish(path).map_err(|_| StoreError::Unavailable)?;
    // First of all, so that the statements below wait for a writer too.
    connection.batch_execute(&format!("PRAGMA busy_timeout = {}", config.busy_timeout.as_millis()))?;
    for (name, value, shown) in settings(part) {
        connection.batch_execute(&format!("PRAGMA {name} = {value}"))?;
        if current(&mut connection, name)? != shown {
            return Err(StoreError::Setting(name));
        }
    }
    Ok(connection)
}

/// Each pragma with the value to set and the form in which SQLite shows it.
fn settings(part: Part) -> [(&'static str, &'static str, &'static str); 7] {
    let query_only = if part == Part::Reads { "1" } else { "0" };
    [
        ("journal_mode", "WAL", "wal"),
        ("synchronous", "FULL", "2"),
        ("foreign_keys", "ON", "1"),
        ("secure_delete", "ON", "1"),
        ("trusted_schema", "OFF", "0"),
        ("temp_store", "MEMORY", "2"),
        ("query_only", query_only, query_only),
    ]
}

pub(crate) fn current(connection: &mut SqliteConnection, pragma: &'static str) -> Result<String, StoreError> {
    let query = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
    Ok(sql::<Text>(&query).get_result(connection)?)
}

/// Makes the file readable to its owner alone before SQLite makes it; the log beside it takes the same permissions.
fn private_file(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(_) => Err(StoreError::Unavailable),
    }
}

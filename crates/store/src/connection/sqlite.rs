//! SQLite connections with the settings that the service requires: durable commits, enforced
//! foreign keys, and deleted content overwritten.

use std::path::Path;

use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection};

use crate::{DbConfig, StoreError};

/// What a connection is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionRole {
    Reader,
    Writer,
}

/// Opens a connection, applies the settings, and checks that each has taken effect.
pub(crate) fn open(
    path: &Path,
    role: ConnectionRole,
    config: &DbConfig,
) -> Result<SqliteConnection, StoreError> {
    create_private_file(path)?;
    let path = path
        .to_str()
        .ok_or(StoreError::Address("the SQLite path is not UTF-8"))?;
    let mut connection = SqliteConnection::establish(path).map_err(|_| StoreError::Unavailable)?;
    // Set first, so that the statements below wait for a writer too.
    connection.batch_execute(&format!(
        "PRAGMA busy_timeout = {}",
        config.busy_timeout.as_millis()
    ))?;
    for (name, value, shown) in settings(role) {
        connection.batch_execute(&format!("PRAGMA {name} = {value}"))?;
        if current_pragma(&mut connection, name)? != shown {
            return Err(StoreError::Setting(name));
        }
    }
    Ok(connection)
}

/// Each pragma with the value to set and the form in which SQLite returns it.
fn settings(role: ConnectionRole) -> [(&'static str, &'static str, &'static str); 7] {
    let query_only = if role == ConnectionRole::Reader {
        "1"
    } else {
        "0"
    };
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

pub(crate) fn current_pragma(
    connection: &mut SqliteConnection,
    pragma: &'static str,
) -> Result<String, StoreError> {
    let query = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
    Ok(sql::<Text>(&query).get_result(connection)?)
}

/// Creates the file readable to its owner alone before SQLite opens it. The write-ahead log takes
/// the same permissions.
fn create_private_file(path: &Path) -> Result<(), StoreError> {
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

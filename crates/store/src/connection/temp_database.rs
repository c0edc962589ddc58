//! Temporary PostgreSQL databases.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use crate::StoreError;

/// A temporary PostgreSQL database, which is dropped with this value.
pub struct TempDatabase {
    server: String,
    name: String,
    url: String,
}

impl TempDatabase {
    /// Creates an empty database whose name begins with `prefix`. `server` is the address of the
    /// server, with a role that may create databases.
    ///
    /// # Errors
    /// [`StoreError::Address`] when the prefix is not a plain name or the address has no scheme;
    /// [`StoreError::Unavailable`] when the server cannot be reached.
    pub fn create(server: &str, prefix: &str) -> Result<Self, StoreError> {
        if prefix.is_empty()
            || !prefix
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            return Err(StoreError::Address(
                "the prefix is not lower-case letters and underscores",
            ));
        }
        let name = format!("{prefix}_{}", std::process::id());
        let url = with_database(server, &name).ok_or(StoreError::Address("it has no scheme"))?;
        let database = Self {
            server: server.to_owned(),
            name,
            url,
        };
        database.drop_database()?;
        database.execute(&format!(
            "CREATE DATABASE {} TEMPLATE template0",
            database.name
        ))?;
        Ok(database)
    }

    /// The address of the database.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    fn drop_database(&self) -> Result<(), StoreError> {
        self.execute(&format!(
            "DROP DATABASE IF EXISTS {} WITH (FORCE)",
            self.name
        ))
    }

    fn execute(&self, statement: &str) -> Result<(), StoreError> {
        let mut server =
            PgConnection::establish(&self.server).map_err(|_| StoreError::Unavailable)?;
        Ok(server.batch_execute(statement)?)
    }
}

impl Drop for TempDatabase {
    fn drop(&mut self) {
        // An unreachable server leaves nothing to be done.
        let _ = self.drop_database();
    }
}

/// The server address with its database name replaced.
pub(crate) fn with_database(server: &str, name: &str) -> Option<String> {
    let (scheme, rest) = server.split_once("://")?;
    let (authority, options) = rest
        .split_once('?')
        .map_or((rest, None), |(authority, options)| {
            (authority, Some(options))
        });
    let authority = authority
        .split_once('/')
        .map_or(authority, |(authority, _)| authority);
    let options = options
        .map(|options| format!("?{options}"))
        .unwrap_or_default();
    Some(format!("{scheme}://{authority}/{name}{options}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_database_replaces_only_the_database() {
        let replaced = |server| with_database(server, "new").unwrap();
        assert_eq!(
            replaced("postgres://me@%2Ftmp/old?a=b"),
            "postgres://me@%2Ftmp/new?a=b"
        );
        assert_eq!(replaced("postgresql://host:1"), "postgresql://host:1/new");
        assert_eq!(with_database("host/old", "new"), None);
    }

    #[test]
    fn create_rejects_invalid_prefixes() {
        for prefix in ["", "a; DROP", "A"] {
            assert!(matches!(
                TempDatabase::create("postgres://nowhere", prefix),
                Err(StoreError::Address(_))
            ));
        }
    }
}

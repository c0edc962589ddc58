//! A PostgreSQL database that is there for one purpose and gone after it.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use crate::StoreError;

/// An empty database on a server; dropped with this value.
pub struct Scratch {
    server: String,
    name: String,
    url: String,
}

impl Scratch {
    /// A database whose name begins with `prefix`, on the server that `server` names with a role that may create
    /// databases.
    ///
    /// # Errors
    /// [`StoreError::Address`] when the prefix is no plain name or the address has no scheme;
    /// [`StoreError::Unavailable`] when the server does not answer.
    pub fn create(server: &str, prefix: &str) -> Result<Self, StoreError> {
        if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return Err(StoreError::Address("the prefix is not lower-case letters and underscores"));
        }
        let name = format!("{prefix}_{}", std::process::id());
        let url = with_database(server, &name).ok_or(StoreError::Address("it has no scheme"))?;
        let scratch = Self { server: server.to_owned(), name, url };
        scratch.drop_database()?;
        scratch.execute(&format!("CREATE DATABASE {} TEMPLATE template0", scratch.name))?;
        Ok(scratch)
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    fn drop_database(&self) -> Result<(), StoreError> {
        self.execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name))
    }

    fn execute(&self, statement: &str) -> Result<(), StoreError> {
        let mut server = PgConnection::establish(&self.server).map_err(|_| StoreError::Unavailable)?;
        Ok(server.batch_execute(statement)?)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A server that is gone has nothing left to drop.
        let _ = self.drop_database();
    }
}

/// The address with another database in it.
pub(crate) fn with_database(server: &str, name: &str) -> Option<String> {
    let (scheme, rest) = server.split_once("://")?;
    let (place, options) = rest.split_once('?').map_or((rest, None), |(place, options)| (place, Some(options)));
    let place = place.split_once('/').map_or(place, |(place, _)| place);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    Some(format!("{scheme}://{place}/{name}{options}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_replaced_and_nothing_else() {
        let replaced = |server| with_database(server, "new").unwrap();
        assert_eq!(replaced("postgres://me@%2Ftmp/old?a=b"), "postgres://me@%2Ftmp/new?a=b");
        assert_eq!(replaced("postgresql://host:1"), "postgresql://host:1/new");
        assert_eq!(with_database("host/old", "new"), None);
    }

    #[test]
    fn a_name_that_is_no_name_reaches_no_server() {
        for prefix in ["", "a; DROP", "A"] {
            assert!(matches!(Scratch::create("postgres://nowhere", prefix), Err(StoreError::Address(_))));
        }
    }
}

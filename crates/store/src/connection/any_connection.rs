//! The connection type for either database. The items that the derive generates stay inside this
//! crate.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use diesel::{Connection, PgConnection, SqliteConnection};

/// A connection to either database. Never call `establish` on it, which tries PostgreSQL and then
/// creates a SQLite file.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Postgresql(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs one body on either connection, for clauses without a portable form (batch insert, `ON
/// CONFLICT`). A function cannot do it: the body is compiled for two types of connection, and a
/// closure has one type of argument.
macro_rules! on_either {
    ($connection:expr, |$inner:ident| $body:expr) => {
        match $connection {
            $crate::connection::AnyConnection::Postgresql($inner) => $body,
            $crate::connection::AnyConnection::Sqlite($inner) => $body,
        }
    };
}
pub(crate) use on_either;

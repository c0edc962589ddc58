//! Connections to either database: settings, pools, transactions, group commits, migrations and
//! statistics, and the statements and conditions that all tables share.

mod any_connection;
pub mod clock;
mod config;
mod db;
mod group;
pub mod inspect;
mod migrate;
pub(crate) mod page;
mod pool;
mod postgresql;
mod sqlite;
pub(crate) mod statements;
pub mod statistics;
pub mod temp_database;
mod tx;

pub use config::{DatabaseKind, DbConfig};
pub use db::{ConnectionCounts, Db};
pub use migrate::{check, migrate, pending, revert, revert_all};
pub use page::Keyset;
pub use tx::Tx;

pub(crate) use any_connection::{AnyConnection, MultiBackend, MultiRawValue, on_either};
#[cfg(any(test, feature = "testing"))]
pub(crate) use migrate::apply;

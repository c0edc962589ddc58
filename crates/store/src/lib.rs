//! The one query layer over SQLite and PostgreSQL: one set of queries, one behaviour, two databases.
//!
//! A use case opens one transaction ([`Db::read`], [`Db::write`], [`Db::write_grouped`]) and calls the functions of the
//! modules named after the tables. Every finder is confined to a partnership; those that return sealed narrative ask
//! for a [`domain::Permit`], and what has expired is not found by them.

mod bytes;
mod config;
mod connection;
mod db;
mod error;
mod group;
mod migrate;
mod object_id;
mod page;
mod pool;
mod postgresql;
mod rows;
mod schema;
mod sqlite;
mod statements;
mod tx;
mod types;
mod words;

pub mod agencies;

pub use bytes::{Sealed, Token};
pub use config::{DbConfig, Kind};
pub use db::{Connections, Db};
pub use error::{Fault, StoreError};
pub use migrate::{check, migrate, pending, revert_all};
pub use object_id::ObjectId;
pub use page::Position;
pub use tx::Tx;
pub use words::{FragmentState, HoldScope, TombstoneKind, TombstoneReason};

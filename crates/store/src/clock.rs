//! The database's own clock, and the latest instant it has been told of.

use diesel::dsl::sql;
use diesel::prelude::*;
use domain::Instant;

use crate::connection::{AnyConnection, on_either};
use crate::rows::row;
use crate::schema::clock_mark::{self, dsl};
use crate::schema::clock_trust;
use crate::types::{Bind, Moment};
use crate::{StoreError, Tx};

row! {
    /// The latest instant the database has been told of.
    MarkRow in clock_mark {
        /// Always 1: there is one row.
        id: i64,
        /// The instant.
        high_water: Instant,
    }
}

/// The latest instant the database has been told of; none when it is new.
///
/// # Errors
/// When the database fails.
pub fn high_water(tx: &mut Tx<'_>) -> Result<Option<Instant>, StoreError> {
    tx.run(|c| dsl::clock_mark.select(dsl::high_water).get_result(c).optional())
}

/// Tells the database of an instant, and gives the latest it has been told of, which never goes back.
///
/// # Errors
/// When the database fails.
pub fn raise_high_water(tx: &mut Tx<'_>, to: Instant) -> Result<Instant, StoreError> {
    let earlier = dsl::clock_mark.filter(dsl::high_water.lt(Bind(to)));
    let raised = tx.run(|c| diesel::update(earlier).set(dsl::high_water.eq(Bind(to))).execute(c))?;
    if raised == 0 {
        let first = MarkRow { id: 1, high_water: to };
        tx.run(|connection| {
            on_either!(connection, |c| diesel::insert_into(clock_mark::table)
                .values(&first)
                .on_conflict_do_nothing()
                .execute(c))
        })?;
    }
    Ok(high_water(tx)?.unwrap_or(to))
}

row! {
    /// The latest instant that somebody else than a node's own clock has vouched for.
    TrustRow in clock_trust {
        /// Always 1: there is one row.
        id: i64,
        /// The instant.
        vouched: Instant,
    }
}

/// The latest instant vouched for; none when the database is new.
///
/// # Errors
/// When the database fails.
pub fn vouched(tx: &mut Tx<'_>) -> Result<Option<Instant>, StoreError> {
    tx.run(|c| clock_trust::table.select(clock_trust::vouched).get_result(c).optional())
}

/// Notes an instant vouched for, and gives the latest, which never goes back.
///
/// # Errors
/// When the database fails.
pub fn raise_vouched(tx: &mut Tx<'_>, to: Instant) -> Result<Instant, StoreError> {
    let earlier = clock_trust::table.filter(clock_trust::vouched.lt(Bind(to)));
    let raised = tx.run(|c| diesel::update(earlier).set(clock_trust::vouched.eq(Bind(to))).execute(c))?;
    if raised == 0 {
        let first = TrustRow { id: 1, vouched: to };
        tx.run(|connection| {
            on_either!(connection, |c| diesel::insert_into(clock_trust::table)
                .values(&first)
                .on_conflict_do_nothing()
                .execute(c))
        })?;
    }
    Ok(vouched(tx)?.unwrap_or(to))
}

/// Whether the database runs on another machine, as far as it can tell: over a network, and not from the address it has
/// itself. Only then is its clock another one than ours.
///
/// # Errors
/// When the database fails.
pub fn is_elsewhere(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    match tx.kind() {
        crate::Kind::Sqlite => Ok(false),
        crate::Kind::Postgresql => {
            let query = "SELECT COALESCE(inet_server_addr() <> inet_client_addr(), false)";
            tx.run(|c| sql::<diesel::sql_types::Bool>(query).get_result(c))
        }
    }
}

/// What the database's own clock shows: a second opinion on the time.
///
/// # Errors
/// When the database fails.
pub fn database_now(tx: &mut Tx<'_>) -> Result<Instant, StoreError> {
    tx.run(|connection| {
        let query = match connection {
            AnyConnection::Postgresql(_) => "SELECT clock_timestamp()",
            // To the millisecond: SQLite has no finer clock.
            AnyConnection::Sqlite(_) => "SELECT CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000",
        };
        sql::<Moment>(query).get_result(connection)
    })
}

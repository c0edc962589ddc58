//! The clock of the database server, and the latest instants recorded in the database.

use diesel::dsl::sql;
use diesel::prelude::*;
use domain::Instant;

use crate::columns::row;
use crate::columns::{Bind, UtcTimestamp};
use crate::connection::{AnyConnection, on_either};
use crate::schema::clock_mark::{self, dsl};
use crate::schema::clock_trust;
use crate::{StoreError, Tx};

row! {
    /// The latest instant that any node has reported.
    HighWaterRow in clock_mark {
        /// Always 1: there is one row.
        id: i64,
        /// The latest instant seen.
        high_water: Instant,
    }
}

/// The latest instant that any node has reported; `None` in a new database.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn high_water(tx: &mut Tx<'_>) -> Result<Option<Instant>, StoreError> {
    tx.run(|c| {
        dsl::clock_mark
            .select(dsl::high_water)
            .get_result(c)
            .optional()
    })
}

/// Reports an instant, and returns the latest reported one, which never goes back.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn raise_high_water(tx: &mut Tx<'_>, to: Instant) -> Result<Instant, StoreError> {
    let earlier = dsl::clock_mark.filter(dsl::high_water.lt(Bind(to)));
    let raised = tx.run(|c| {
        diesel::update(earlier)
            .set(dsl::high_water.eq(Bind(to)))
            .execute(c)
    })?;
    if raised == 0 {
        let first = HighWaterRow {
            id: 1,
            high_water: to,
        };
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
    /// The latest instant that a source other than a node's own clock has vouched for.
    TrustedInstantRow in clock_trust {
        /// Always 1: there is one row.
        id: i64,
        /// The latest instant that a second source confirmed.
        vouched: Instant,
    }
}

/// The latest instant vouched for; `None` in a new database.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn vouched(tx: &mut Tx<'_>) -> Result<Option<Instant>, StoreError> {
    tx.run(|c| {
        clock_trust::table
            .select(clock_trust::vouched)
            .get_result(c)
            .optional()
    })
}

/// Records an instant vouched for, and returns the latest one, which never goes back.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn raise_vouched(tx: &mut Tx<'_>, to: Instant) -> Result<Instant, StoreError> {
    let earlier = clock_trust::table.filter(clock_trust::vouched.lt(Bind(to)));
    let raised = tx.run(|c| {
        diesel::update(earlier)
            .set(clock_trust::vouched.eq(Bind(to)))
            .execute(c)
    })?;
    if raised == 0 {
        let first = TrustedInstantRow { id: 1, vouched: to };
        tx.run(|connection| {
            on_either!(connection, |c| diesel::insert_into(clock_trust::table)
                .values(&first)
                .on_conflict_do_nothing()
                .execute(c))
        })?;
    }
    Ok(vouched(tx)?.unwrap_or(to))
}

/// Whether the database appears to run on another machine: it is connected over a network, from an
/// address that is not its own. Only then is its clock independent of this node's.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn is_remote(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    match tx.kind() {
        crate::DatabaseKind::Sqlite => Ok(false),
        crate::DatabaseKind::Postgresql => {
            let query = "SELECT COALESCE(inet_server_addr() <> inet_client_addr(), false)";
            tx.run(|c| sql::<diesel::sql_types::Bool>(query).get_result(c))
        }
    }
}

/// The time of the database server's clock, as a second source of time.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn database_now(tx: &mut Tx<'_>) -> Result<Instant, StoreError> {
    tx.run(|connection| {
        let query = match connection {
            AnyConnection::Postgresql(_) => "SELECT clock_timestamp()",
            // To the millisecond: SQLite has no finer clock.
            AnyConnection::Sqlite(_) => {
                "SELECT CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000"
            }
        };
        sql::<UtcTimestamp>(query).get_result(connection)
    })
}

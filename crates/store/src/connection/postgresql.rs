//! PostgreSQL connections with the settings that the service requires: time limits, UTC, and
//! commits that wait for the disk.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection};

use crate::{DbConfig, StoreError};

/// Opens a connection, applies the settings, and checks that each has taken effect.
pub(crate) fn open(url: &str, config: &DbConfig) -> Result<PgConnection, StoreError> {
    let mut connection = PgConnection::establish(url).map_err(|_| StoreError::Unavailable)?;
    let settings = settings(config);
    let statements: String = settings
        .iter()
        .map(|(name, value)| format!("SET SESSION {name} = '{value}';"))
        .collect();
    connection.batch_execute(&statements)?;
    for (name, value) in &settings {
        if current_setting(&mut connection, name)? != *value {
            return Err(StoreError::Setting(name));
        }
    }
    if current_setting(&mut connection, "synchronous_commit")? == "off"
        || current_setting(&mut connection, "fsync")? == "off"
    {
        return Err(StoreError::Setting("synchronous_commit"));
    }
    if !["C", "POSIX", "en", ""].contains(&message_language(&mut connection)?.as_str()) {
        tracing::warn!(
            "lc_messages is not English: timeouts and deadlocks will be reported as unclassified database errors"
        );
    }
    Ok(connection)
}

/// The settings of a session, each in the form in which PostgreSQL returns it.
fn settings(config: &DbConfig) -> [(&'static str, String); 5] {
    [
        (
            "statement_timeout",
            format_duration(config.statement_timeout),
        ),
        ("lock_timeout", format_duration(config.lock_timeout)),
        (
            "idle_in_transaction_session_timeout",
            format_duration(config.idle_in_transaction_timeout),
        ),
        ("application_name", "chronology".to_owned()),
        ("timezone", "UTC".to_owned()),
    ]
}

/// Formats a duration as PostgreSQL returns it: in the largest unit without remainder.
fn format_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    match millis {
        0 => "0".to_owned(),
        m if m % 86_400_000 == 0 => format!("{}d", m / 86_400_000),
        m if m % 3_600_000 == 0 => format!("{}h", m / 3_600_000),
        m if m % 60_000 == 0 => format!("{}min", m / 60_000),
        m if m % 1_000 == 0 => format!("{}s", m / 1_000),
        m => format!("{m}ms"),
    }
}

fn current_setting(connection: &mut PgConnection, name: &str) -> Result<String, StoreError> {
    let query = sql::<Text>("SELECT current_setting(")
        .bind::<Text, _>(name)
        .sql(")");
    Ok(query.get_result(connection)?)
}

/// The language part of `lc_messages`: `en` of `en_GB.UTF-8`.
fn message_language(connection: &mut PgConnection) -> Result<String, StoreError> {
    let locale = current_setting(connection, "lc_messages")?;
    Ok(locale
        .split(['_', '.'])
        .next()
        .unwrap_or_default()
        .to_owned())
}

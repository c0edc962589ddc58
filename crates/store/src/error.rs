//! Errors of the store. They do not depend on HTTP.

use std::fmt;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, DeserializeFieldError, Error};

use crate::columns::InvalidValue;

/// Why an operation of the store failed. Neither `Display` nor `Debug` shows data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A row with this natural key exists already.
    #[error("{0} exists already")]
    NotUnique(&'static str),
    /// The row is not at the expected version, or does not exist.
    #[error("the row is at another version or does not exist")]
    Stale,
    /// The database cannot be reached, has no free connection or no space left, or could not
    /// serialise the transaction.
    #[error("the database is not available")]
    Unavailable,
    /// The database cancelled a statement because it reached a time limit.
    #[error("the database reached a time limit")]
    Timeout,
    /// A stored value of this kind is not one that this program writes.
    #[error("the database holds an invalid {0}")]
    Corrupt(&'static str),
    /// The connection address is not one of `sqlite:PATH`, `sqlite://PATH`, `postgres://…`,
    /// `postgresql://…`.
    #[error("invalid database address: {0}")]
    Address(&'static str),
    /// This setting is missing, or did not take effect in the database.
    #[error("the setting {0} is missing or has no effect")]
    Setting(&'static str),
    /// The database schema is older than this program: these migrations have not been applied.
    #[error("{} migrations are pending", .0.len())]
    Pending(Vec<String>),
    /// The database schema is newer than this program, which does not know these migrations.
    #[error("the database has {} migrations that this program does not know", .0.len())]
    Newer(Vec<String>),
    /// Any other error of the database, such as a violated constraint.
    #[error("the database reported: {0}")]
    Database(DatabaseFault),
}

/// An error of the database, reduced to the parts that cannot contain data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatabaseFault {
    /// The kind, and the message up to the first quotation mark or colon.
    pub summary: String,
    /// The constraint's name, on PostgreSQL.
    pub constraint: Option<String>,
}

impl fmt::Display for DatabaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)?;
        match &self.constraint {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

/// What a failed statement means for its transaction.
pub(crate) struct StatementFailure {
    pub(crate) error: StoreError,
    /// Whether the same transaction may succeed when it is run again from the start.
    pub(crate) retryable: bool,
}

impl From<Error> for StatementFailure {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(kind, information) => {
                classify_database_error(&kind, information.as_ref())
            }
            Error::DeserializationError(cause) => {
                Self::permanent(StoreError::Corrupt(invalid_value_name(cause.as_ref())))
            }
            Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => {
                Self::permanent(StoreError::Unavailable)
            }
            Error::NotFound => Self::permanent(StoreError::Stale),
            other => Self::permanent(StoreError::Database(DatabaseFault {
                summary: error_kind_name(&other).to_owned(),
                constraint: None,
            })),
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        StatementFailure::from(error).error
    }
}

impl StatementFailure {
    const fn permanent(error: StoreError) -> Self {
        Self {
            error,
            retryable: false,
        }
    }
}

/// What the invalid value should have been. Diesel wraps this error in one that names the column.
fn invalid_value_name(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> &'static str {
    if let Some(field) = cause.downcast_ref::<DeserializeFieldError>() {
        return invalid_value_name(field.error.as_ref());
    }
    cause
        .downcast_ref::<InvalidValue>()
        .map_or("value", |invalid_value_name| invalid_value_name.0)
}

/// Fragments of messages that identify an error for which the database library has no code: those
/// of SQLite, and those of PostgreSQL in English (connections check the language).
const TIMEOUT_MESSAGES: [&str; 2] = ["statement timeout", "lock timeout"];
const UNAVAILABLE_MESSAGES: [&str; 9] = [
    "terminating connection",
    "the database system is",
    "server closed the connection",
    "No space left on device",
    "too many clients",
    "database is locked",
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
];

fn classify_database_error(
    kind: &DatabaseErrorKind,
    information: &dyn DatabaseErrorInformation,
) -> StatementFailure {
    let message = information.message();
    match kind {
        DatabaseErrorKind::SerializationFailure => StatementFailure {
            error: StoreError::Unavailable,
            retryable: true,
        },
        DatabaseErrorKind::Unknown if message.contains("deadlock detected") => StatementFailure {
            error: StoreError::Unavailable,
            retryable: true,
        },
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
            StatementFailure::permanent(StoreError::Unavailable)
        }
        DatabaseErrorKind::Unknown
            if TIMEOUT_MESSAGES.iter().any(|text| message.contains(text)) =>
        {
            StatementFailure::permanent(StoreError::Timeout)
        }
        DatabaseErrorKind::Unknown
            if UNAVAILABLE_MESSAGES
                .iter()
                .any(|text| message.contains(text)) =>
        {
            StatementFailure::permanent(StoreError::Unavailable)
        }
        _ => StatementFailure::permanent(StoreError::Database(DatabaseFault {
            summary: format!("{kind:?}: {}", strip_values(message)),
            constraint: information.constraint_name().map(str::to_owned),
        })),
    }
}

/// Removes the values from a message: databases put them after a colon or in quotation marks, after
/// fixed text.
fn strip_values(message: &str) -> &str {
    message
        .split([':', '"', '\'', '\n'])
        .next()
        .unwrap_or_default()
        .trim_end()
}

/// The kind alone, because the text of some errors is not ours.
const fn error_kind_name(error: &Error) -> &'static str {
    match error {
        Error::InvalidCString(_) => "invalid text",
        Error::QueryBuilderError(_) => "query builder",
        Error::SerializationError(_) => "serialisation",
        Error::RollbackTransaction => "rolled back",
        Error::AlreadyInTransaction => "already in a transaction",
        Error::NotInTransaction => "not in a transaction",
        _ => "other",
    }
}

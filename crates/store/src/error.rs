//! What can go wrong with a database, in words that know no HTTP.

use std::fmt;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind as Kind, DeserializeFieldError, Error};

use crate::types::Misfit;

/// Why the store could not do what it was asked. Neither `Display` nor `Debug` shows data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Something with this natural key is there already.
    #[error("{0} is taken")]
    NotUnique(&'static str),
    /// The row is not at the version the change was made for, or it is not there.
    #[error("changed by somebody else")]
    Stale,
    /// The database cannot be reached, has no connection or no room left, or could not serialise the transaction.
    #[error("the database is not available")]
    Unavailable,
    /// The database gave up because a limit on time was reached.
    #[error("the database took too long")]
    Timeout,
    /// A value in this column or list is not one that we write.
    #[error("the database holds an invalid {0}")]
    Corrupt(&'static str),
    /// The connection address is not one of `sqlite:PATH`, `sqlite://PATH`, `postgres://…`, `postgresql://…`.
    #[error("not a database address: {0}")]
    Address(&'static str),
    /// A setting was refused by the database: what it shows is not what was set.
    #[error("the database does not keep its setting {0}")]
    Setting(&'static str),
    /// The database is behind: these migrations have not been applied.
    #[error("{} migrations are pending", .0.len())]
    Pending(Vec<String>),
    /// The database is ahead: it knows migrations that this program does not.
    #[error("the database has {} migrations that this program does not know", .0.len())]
    Newer(Vec<String>),
    /// Any other refusal.
    #[error("the database refused: {0}")]
    Database(Fault),
}

/// A refusal of the database reduced to what cannot hold data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fault {
    /// The kind, and the message up to the first quotation or colon.
    pub what: String,
    /// The constraint's name, on PostgreSQL.
    pub constraint: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.constraint {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

/// What a failed statement means for its transaction.
pub(crate) struct Failure {
    pub(crate) error: StoreError,
    /// The same transaction may succeed when it is run again from the start.
    pub(crate) again: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(kind, information) => refusal(&kind, information.as_ref()),
            Error::DeserializationError(cause) => Self::last(StoreError::Corrupt(misfit(cause.as_ref()))),
            Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => {
                Self::last(StoreError::Unavailable)
            }
            Error::NotFound => Self::last(StoreError::Stale),
            other => Self::last(StoreError::Database(Fault { what: name_of(&other).to_owned(), constraint: None })),
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Failure::from(error).error
    }
}

impl Failure {
    const fn last(error: StoreError) -> Self {
        Self { error, again: false }
    }
}

/// What the value was meant to be; the library says which column around what we said.
fn misfit(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> &'static str {
    if let Some(field) = cause.downcast_ref::<DeserializeFieldError>() {
        return misfit(field.error.as_ref());
    }
    cause.downcast_ref::<Misfit>().map_or("value", |misfit| misfit.0)
}

/// Messages by which a refusal is known where the database library gives no code. They are those of PostgreSQL with
/// English messages (which connections check) and of SQLite.
const TIMED_OUT: [&str; 2] = ["statement timeout", "lock timeout"];
const AWAY: [&str; 9] = [
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

fn refusal(kind: &Kind, information: &dyn DatabaseErrorInformation) -> Failure {
    let message = information.message();
    match kind {
        Kind::SerializationFailure => Failure { error: StoreError::Unavailable, again: true },
        Kind::Unknown if message.contains("deadlock detected") => {
            Failure { error: StoreError::Unavailable, again: true }
        }
        Kind::ClosedConnection | Kind::UnableToSendCommand => Failure::last(StoreError::Unavailable),
        Kind::Unknown if TIMED_OUT.iter().any(|text| message.contains(text)) => Failure::last(StoreError::Timeout),
        Kind::Unknown if AWAY.iter().any(|text| message.contains(text)) => Failure::last(StoreError::Unavailable),
        _ => Failure::last(StoreError::Database(Fault {
            what: format!("{kind:?}: {}", without_data(message)),
            constraint: information.constraint_name().map(str::to_owned),
        })),
    }
}

/// Databases quote values after a colon or in quotation marks; what stands before is fixed text.
fn without_data(message: &str) -> &str {
    message.split([':', '"', '\'', '\n']).next().unwrap_or_default().trim_end()
}

/// The kind alone: some of these carry text that we did not write.
const fn name_of(error: &Error) -> &'static str {
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

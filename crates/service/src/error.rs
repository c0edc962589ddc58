//! What can go wrong in a use case. Knows no HTTP; the API turns each into a problem document in one place.

use domain::Denial;
use store::StoreError;
use vault::VaultError;

/// One fault of an input, found at `pointer`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Fault {
    /// JSON pointer (RFC 6901) to the faulty value in the request body; empty for the body as a whole.
    #[schema(example = "/entries/2/when/edtf")]
    pub pointer: String,
    /// Stable code.
    #[schema(example = "impossible_date")]
    pub code: String,
    /// What to do about it, in plain words and without quoting the value.
    pub message: String,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), message: message.into() }
    }
}

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Absent, or not the caller's to know of: the two are the same answer.
    #[error("absent or not yours")]
    NotFound,
    /// Was the caller's to know of, and its time is over.
    #[error("expired")]
    Expired,
    /// Not possible in the present state.
    #[error("wrong state: {0}")]
    Conflict(&'static str),
    /// The input has faults; all of them are named.
    #[error("invalid input")]
    Invalid(Vec<Fault>),
    /// `If-Match` names another version.
    #[error("stale version")]
    Stale,
    /// Changing what is already there needs `If-Match`.
    #[error("precondition required")]
    PreconditionRequired,
    /// The same idempotency key came with another body.
    #[error("idempotency key used for another request")]
    KeyReused,
    /// The first request with this idempotency key is still being carried out.
    #[error("in flight")]
    InFlight,
    /// A page cursor that is not ours, or of another list.
    #[error("unknown cursor")]
    Cursor,
    /// The database or keystore cannot be reached, or the audit record could not be written. Nothing was done or shown.
    #[error("unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The directory has not met the caller yet; never leaves the service.
    #[error("unmet")]
    Unmet,
    /// A fault of ours.
    #[error("internal: {0}")]
    Internal(&'static str),
}

impl From<Denial> for ServiceError {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::NotYours => Self::NotFound,
            Denial::Expired => Self::Expired,
            Denial::WrongState => Self::Conflict("wrong_state"),
            Denial::OwnReturnFirst => Self::Conflict("own_return_first"),
            Denial::AlreadyYours => Self::Conflict("already_yours"),
            Denial::OwnAccess => Self::Conflict("own_access"),
            Denial::ReviewsOutstanding => Self::Conflict("reviews_outstanding"),
        }
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => Self::Stale,
            StoreError::NotUnique(_) => Self::Conflict("already_exists"),
            other => Self::Unavailable(Box::new(other)),
        }
    }
}

impl From<VaultError> for ServiceError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Expired | VaultError::Destroyed => Self::NotFound,
            VaultError::Cursor => Self::Cursor,
            other => Self::Unavailable(Box::new(other)),
        }
    }
}

impl ServiceError {
    /// An input with one fault.
    pub fn fault(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(pointer, code, message)])
    }

    /// Whether the database does not answer at all.
    pub(crate) fn is_database_away(&self) -> bool {
        matches!(self, Self::Unavailable(cause) if matches!(cause.downcast_ref(), Some(StoreError::Unavailable)))
    }

    /// The word for the audit's `outcome` column.
    #[must_use]
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::NotFound | Self::Unmet => "denied",
            Self::Expired => "expired",
            Self::Conflict(_) | Self::InFlight => "wrong_state",
            Self::Invalid(_) | Self::KeyReused | Self::Cursor => "invalid",
            Self::Stale | Self::PreconditionRequired => "stale",
            Self::Unavailable(_) | Self::Internal(_) => "failed",
        }
    }
}

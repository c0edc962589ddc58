//! The errors of use cases. They do not depend on HTTP; the API converts each into a problem
//! document in one place.

use std::time::Duration;

use domain::Denial;
use store::StoreError;
use vault::VaultError;

/// One fault of an input, found at `pointer`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Fault {
    /// JSON pointer (RFC 6901) to the faulty value in the request body; empty for the body as a
    /// whole.
    #[schema(example = "/entries/2/when/edtf")]
    pub pointer: String,
    /// Stable code.
    #[schema(example = "impossible_date")]
    pub code: String,
    /// What to do about it, in plain words and without quoting the value.
    pub message: String,
}

impl Fault {
    /// Creates a fault at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

/// The part of the present state that prevents an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The state of the object does not allow the step.
    WrongState,
    /// The contributor's agency has not made its own return yet.
    OwnReturnFirst,
    /// The caller reads the chronology without an emergency access.
    AlreadyYours,
    /// The caller neither recorded the person nor has a case about them.
    NoCase,
    /// A second person has to confirm the operation.
    SecondPerson,
    /// The caller may not review their own emergency access.
    OwnAccess,
    /// Too many of the caller's emergency accesses have not been reviewed.
    ReviewsOutstanding,
    /// The object exists already.
    AlreadyExists,
    /// A legal hold prevents the deletion of the object.
    Held,
    /// The chronology has no signed-off view.
    SnapshotNeeded,
    /// The emergency access has ended.
    AlreadyEnded,
    /// The emergency access has been reviewed.
    AlreadyReviewed,
    /// The emergency access has not ended.
    StillRunning,
    /// The decision has been withdrawn.
    AlreadyWithdrawn,
    /// The question has been answered.
    AlreadyAnswered,
    /// One of the records is already linked with another person.
    AlreadyLinked,
    /// A fragment that would be detached has been corrected since it was attached.
    CorrectedSince,
    /// The hold has been released.
    AlreadyReleased,
    /// The agency has a submitted fragment, which must be withdrawn first.
    HasReturn,
    /// A live object still refers to the member.
    MemberInUse,
}

impl Conflict {
    /// Returns the stable code that clients can rely on.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongState => "wrong_state",
            Self::OwnReturnFirst => "own_return_first",
            Self::AlreadyYours => "already_yours",
            Self::NoCase => "no_case",
            Self::SecondPerson => "second_person",
            Self::OwnAccess => "own_access",
            Self::ReviewsOutstanding => "reviews_outstanding",
            Self::AlreadyExists => "already_exists",
            Self::Held => "held",
            Self::SnapshotNeeded => "snapshot_needed",
            Self::AlreadyEnded => "already_ended",
            Self::AlreadyReviewed => "already_reviewed",
            Self::StillRunning => "still_running",
            Self::AlreadyWithdrawn => "already_withdrawn",
            Self::AlreadyAnswered => "already_answered",
            Self::AlreadyLinked => "already_linked",
            Self::CorrectedSince => "corrected_since",
            Self::AlreadyReleased => "already_released",
            Self::HasReturn => "has_return",
            Self::MemberInUse => "member_in_use",
        }
    }
}

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The object does not exist, or the caller may not know of it; the two are indistinguishable.
    #[error("not found")]
    NotFound,
    /// The caller could know of the object, and it has expired.
    #[error("expired")]
    Expired,
    /// The present state does not allow the operation.
    #[error("wrong state: {}", .0.code())]
    Conflict(Conflict),
    /// The input is invalid; the list contains every fault.
    #[error("invalid input")]
    Invalid(Vec<Fault>),
    /// `If-Match` names another version.
    #[error("stale version")]
    Stale,
    /// A change to an existing object needs `If-Match`.
    #[error("precondition required")]
    PreconditionRequired,
    /// The idempotency key was used before with another body.
    #[error("idempotency key used for another request")]
    KeyReused,
    /// The first request with this idempotency key is still in progress.
    #[error("a request with this idempotency key is in progress")]
    InFlight,
    /// Too many of the caller's texts were refused because they disclose a protected address; the
    /// caller may write again after `retry_after`.
    #[error("too many texts refused for a protected address")]
    TooManyAddressRefusals {
        /// The time until the caller may write again.
        retry_after: Duration,
    },
    /// The caller's agency has too many provisional directory entries.
    #[error("too many provisional callers of one agency")]
    TooManyNewCallers,
    /// The page cursor was not issued by this service, or belongs to another list.
    #[error("invalid page cursor")]
    Cursor,
    /// The database or keystore cannot be reached, or the audit record could not be written.
    /// Nothing was changed or disclosed.
    #[error("unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The caller has no directory entry yet; handled inside the service and never returned.
    #[error("the caller has no directory entry")]
    UnknownCaller,
    /// An internal error: an invariant of the service does not hold.
    #[error("internal: {0}")]
    Internal(&'static str),
}

impl From<Denial> for ServiceError {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::NotFound => Self::NotFound,
            Denial::Expired => Self::Expired,
            Denial::WrongState => Self::Conflict(Conflict::WrongState),
            Denial::OwnReturnRequired => Self::Conflict(Conflict::OwnReturnFirst),
            Denial::AlreadyAccessible => Self::Conflict(Conflict::AlreadyYours),
            Denial::NoCaseInvolvement => Self::Conflict(Conflict::NoCase),
            Denial::OwnEmergencyAccess => Self::Conflict(Conflict::OwnAccess),
            Denial::ReviewsOutstanding => Self::Conflict(Conflict::ReviewsOutstanding),
        }
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => Self::Stale,
            StoreError::NotUnique(_) => Self::Conflict(Conflict::AlreadyExists),
            StoreError::Unavailable
            | StoreError::Timeout
            | StoreError::Corrupt(_)
            | StoreError::Address(_)
            | StoreError::Setting(_)
            | StoreError::Pending(_)
            | StoreError::Newer(_)
            | StoreError::Database(_) => Self::Unavailable(Box::new(error)),
        }
    }
}

impl From<VaultError> for ServiceError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Expired | VaultError::Destroyed => Self::NotFound,
            VaultError::Cursor => Self::Cursor,
            VaultError::Tampered | VaultError::Keystore(_) | VaultError::Malformed => {
                Self::Unavailable(Box::new(error))
            }
        }
    }
}

impl ServiceError {
    /// Creates the error for an input with one fault.
    pub fn invalid(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(pointer, code, message)])
    }

    /// Whether the database cannot be reached at all.
    pub fn is_database_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(cause) if matches!(cause.downcast_ref(), Some(StoreError::Unavailable)))
    }

    /// Returns the value for the audit's `outcome` column.
    #[must_use]
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::NotFound | Self::UnknownCaller => "denied",
            Self::Expired => "expired",
            Self::Conflict(_) | Self::InFlight => "wrong_state",
            Self::TooManyAddressRefusals { .. } | Self::TooManyNewCallers => "denied",
            Self::Invalid(_) | Self::KeyReused | Self::Cursor => "invalid",
            Self::Stale | Self::PreconditionRequired => "stale",
            Self::Unavailable(_) | Self::Internal(_) => "failed",
        }
    }
}

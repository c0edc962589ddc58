//! What can go wrong in a use case. Knows no HTTP; the API turns each into a problem document in one place.

use std::time::Duration;

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

/// What of the present state stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The state of the object does not allow the step.
    WrongState,
    /// A contributor's own agency has not returned yet.
    OwnReturnFirst,
    /// The caller reads the chronology without an emergency access.
    AlreadyYours,
    /// The caller neither recorded the person nor has a case about them.
    NoCase,
    /// Somebody else has to confirm it.
    SecondPerson,
    /// Nobody reviews their own emergency access.
    OwnAccess,
    /// Too many of the caller's emergency accesses have not been reviewed.
    ReviewsOutstanding,
    /// The object is there already.
    AlreadyExists,
    /// A legal hold keeps the object.
    Held,
    /// No view is signed off.
    SnapshotNeeded,
    /// The emergency access has ended.
    AlreadyEnded,
    /// The emergency access has been reviewed.
    AlreadyReviewed,
    /// The emergency access has not ended.
    StillRunning,
    /// The decision has been withdrawn.
    AlreadyWithdrawn,
    /// Somebody has answered the question.
    AlreadyAnswered,
    /// One of the records is linked with another person.
    AlreadyLinked,
    /// A fragment that would go back has been corrected since.
    CorrectedSince,
    /// The hold has been released.
    AlreadyReleased,
    /// A fragment of the agency stands.
    HasReturn,
    /// A live object refers to the member.
    MemberInUse,
}

impl Conflict {
    /// The stable word that programs go by.
    #[must_use]
    pub const fn word(self) -> &'static str {
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
    #[error("wrong state: {}", .0.word())]
    Conflict(Conflict),
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
    /// Too many of the caller's texts were refused for an address; after `wait` they may write again.
    #[error("too many refused for an address")]
    AddressRefusals {
        /// How long to wait.
        wait: Duration,
    },
    /// Too many of the caller's agency have come for the first time.
    #[error("too many new callers")]
    TooManyNew,
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
            Denial::WrongState => Self::Conflict(Conflict::WrongState),
            Denial::OwnReturnFirst => Self::Conflict(Conflict::OwnReturnFirst),
            Denial::AlreadyYours => Self::Conflict(Conflict::AlreadyYours),
            Denial::NoCase => Self::Conflict(Conflict::NoCase),
            Denial::OwnAccess => Self::Conflict(Conflict::OwnAccess),
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
            Self::AddressRefusals { .. } | Self::TooManyNew => "denied",
            Self::Invalid(_) | Self::KeyReused | Self::Cursor => "invalid",
            Self::Stale | Self::PreconditionRequired => "stale",
            Self::Unavailable(_) | Self::Internal(_) => "failed",
        }
    }
}

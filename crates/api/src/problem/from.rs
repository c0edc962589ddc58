//! The one place where what went wrong becomes a problem.

use actix_web::http::StatusCode;
use service::{Conflict, Fault, ServiceError};

use super::table;
use super::{Code, Problem};

/// Seconds after which a caller may try again when we could not answer.
const SOON: u64 = 2;

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            // A caller nobody has met is nobody; the service keeps this word to itself.
            ServiceError::NotFound | ServiceError::Unmet => Self::new(&table::NOT_FOUND),
            ServiceError::Expired => Self::new(&table::EXPIRED),
            ServiceError::Conflict(word) => conflict(word),
            ServiceError::Invalid(faults) => Self::new(&table::INVALID).faults(faults),
            ServiceError::Stale => Self::new(&table::STALE),
            ServiceError::PreconditionRequired => Self::new(&table::PRECONDITION_REQUIRED),
            ServiceError::KeyReused => Self::new(&table::KEY_REUSED),
            ServiceError::InFlight => Self::new(&table::IN_FLIGHT).retry_after(1),
            ServiceError::AddressRefusals { wait } => {
                Self::new(&table::ADDRESS_REFUSALS).retry_after(wait.as_secs().max(1))
            }
            ServiceError::TooManyNew => Self::new(&table::TOO_MANY_NEW).retry_after(3_600),
            ServiceError::Cursor => Self::new(&table::INVALID).fault(unknown_cursor()),
            ServiceError::Unavailable(cause) => {
                tracing::error!(error = %cause, "a use case could not be carried out");
                Self::new(&table::UNAVAILABLE).retry_after(SOON)
            }
            ServiceError::Internal(what) => {
                tracing::error!(what, "a fault of ours");
                Self::new(&table::INTERNAL)
            }
        }
    }
}

/// Some conflicts are a problem of their own; the others are a wrong state with their word among its errors.
fn conflict(conflict: Conflict) -> Problem {
    use Conflict as C;
    match conflict {
        C::WrongState => Problem::new(&table::WRONG_STATE),
        C::OwnReturnFirst => Problem::new(&table::OWN_RETURN_FIRST),
        C::AlreadyYours => Problem::new(&table::ALREADY_YOURS),
        C::NoCase => Problem::new(&table::NO_CASE),
        C::SecondPerson => Problem::new(&table::SECOND_PERSON),
        C::OwnAccess => Problem::new(&table::OWN_ACCESS),
        C::ReviewsOutstanding => Problem::new(&table::REVIEWS_OUTSTANDING),
        C::AlreadyExists => Problem::new(&table::ALREADY_EXISTS),
        C::Held
        | C::SnapshotNeeded
        | C::AlreadyEnded
        | C::AlreadyReviewed
        | C::StillRunning
        | C::AlreadyWithdrawn
        | C::AlreadyAnswered
        | C::AlreadyLinked
        | C::CorrectedSince
        | C::AlreadyReleased
        | C::HasReturn
        | C::MemberInUse => Problem::new(&table::WRONG_STATE).fault(not_allowed(conflict)),
    }
}

fn not_allowed(conflict: Conflict) -> Fault {
    Fault::new("", conflict.word(), "the present state does not allow this")
}

fn unknown_cursor() -> Fault {
    Fault::new("/query/cursor", "unknown_cursor", "use the cursor of the page before, unchanged and on the same list")
}

impl Problem {
    /// The problem that stands for an error of the framework with this status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self::new(code_of(status.as_u16()))
    }
}

fn code_of(status: u16) -> &'static Code {
    match status {
        404 => &table::NOT_FOUND,
        405 => &table::METHOD_NOT_ALLOWED,
        408 => &table::TIMEOUT,
        413 => &table::TOO_LARGE,
        415 => &table::MEDIA_TYPE,
        431 => &table::HEAD_TOO_LARGE,
        400..=499 => &table::MALFORMED,
        503 => &table::UNAVAILABLE,
        _ => &table::INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(ServiceError::NotFound, 404, "not_found")]
    #[case(ServiceError::Expired, 410, "expired")]
    #[case(ServiceError::Conflict(Conflict::WrongState), 409, "wrong_state")]
    #[case(ServiceError::Conflict(Conflict::OwnReturnFirst), 409, "own_return_first")]
    #[case(ServiceError::Conflict(Conflict::MemberInUse), 409, "wrong_state")]
    #[case(ServiceError::Stale, 412, "stale")]
    #[case(ServiceError::PreconditionRequired, 428, "precondition_required")]
    #[case(ServiceError::KeyReused, 422, "idempotency_key_reused")]
    #[case(ServiceError::InFlight, 409, "in_flight")]
    #[case(ServiceError::Cursor, 422, "invalid")]
    #[case(ServiceError::Invalid(Vec::new()), 422, "invalid")]
    #[case(ServiceError::Unavailable("down".into()), 503, "unavailable")]
    #[case(ServiceError::Internal("x"), 500, "internal")]
    fn each_service_error_is_one_problem(#[case] error: ServiceError, #[case] status: u16, #[case] word: &str) {
        let problem = Problem::from(error);
        assert_eq!((problem.code().status, problem.code().word), (status, word));
    }

    #[test]
    fn unavailable_says_when_to_try_again_and_nothing_of_why() {
        let problem = Problem::from(ServiceError::Unavailable("password=hunter2".into()));
        let answer = problem.answer("/v1/me", domain::RequestId(uuid::Uuid::nil()));
        assert!(answer.headers().contains_key("retry-after"));
        assert!(!format!("{problem:?}").contains("hunter2"));
    }
}

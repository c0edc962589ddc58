//! Maps errors of the service and of the framework to problems.

use actix_web::http::StatusCode;
use service::{Conflict, Fault, ServiceError};

use super::table;
use super::{Problem, ProblemCode};

/// `Retry-After` of `unavailable`, in seconds.
const RETRY_AFTER_SECONDS: u64 = 2;

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            // The service never tells a caller that they are not registered.
            ServiceError::NotFound | ServiceError::UnknownCaller => Self::new(&table::NOT_FOUND),
            ServiceError::Expired => Self::new(&table::EXPIRED),
            ServiceError::Conflict(word) => conflict_problem(word),
            ServiceError::Invalid(faults) => Self::new(&table::INVALID).with_faults(faults),
            ServiceError::Stale => Self::new(&table::STALE),
            ServiceError::PreconditionRequired => Self::new(&table::PRECONDITION_REQUIRED),
            ServiceError::KeyReused => Self::new(&table::KEY_REUSED),
            ServiceError::InFlight => Self::new(&table::IN_FLIGHT).retry_after(1),
            ServiceError::TooManyAddressRefusals { retry_after } => {
                Self::new(&table::ADDRESS_REFUSALS).retry_after(retry_after.as_secs().max(1))
            }
            ServiceError::TooManyNewCallers => Self::new(&table::TOO_MANY_NEW).retry_after(3_600),
            ServiceError::Cursor => Self::new(&table::INVALID).with_fault(unknown_cursor_fault()),
            ServiceError::Unavailable(cause) => {
                tracing::error!(error = %cause, "a use case is unavailable");
                Self::new(&table::UNAVAILABLE).retry_after(RETRY_AFTER_SECONDS)
            }
            ServiceError::Internal(what) => {
                tracing::error!(what, "internal error");
                Self::new(&table::INTERNAL)
            }
        }
    }
}

/// Some conflicts have a problem code of their own; the others are `wrong_state` with the
/// conflict's code as a fault.
fn conflict_problem(conflict: Conflict) -> Problem {
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
        | C::MemberInUse => {
            Problem::new(&table::WRONG_STATE).with_fault(wrong_state_fault(conflict))
        }
    }
}

fn wrong_state_fault(conflict: Conflict) -> Fault {
    Fault::new("", conflict.code(), "the current state does not allow this")
}

fn unknown_cursor_fault() -> Fault {
    Fault::new(
        "/query/cursor",
        "unknown_cursor",
        "use the cursor from the previous page of the same list, unchanged",
    )
}

impl Problem {
    /// The problem for a framework error with this status.
    pub(crate) fn from_status(status: StatusCode) -> Self {
        Self::new(code_for_status(status.as_u16()))
    }
}

fn code_for_status(status: u16) -> &'static ProblemCode {
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
    #[case(
        ServiceError::Conflict(Conflict::OwnReturnFirst),
        409,
        "own_return_first"
    )]
    #[case(ServiceError::Conflict(Conflict::MemberInUse), 409, "wrong_state")]
    #[case(ServiceError::Stale, 412, "stale")]
    #[case(ServiceError::PreconditionRequired, 428, "precondition_required")]
    #[case(ServiceError::KeyReused, 422, "idempotency_key_reused")]
    #[case(ServiceError::InFlight, 409, "in_flight")]
    #[case(ServiceError::Cursor, 422, "invalid")]
    #[case(ServiceError::Invalid(Vec::new()), 422, "invalid")]
    #[case(ServiceError::Unavailable("down".into()), 503, "unavailable")]
    #[case(ServiceError::Internal("x"), 500, "internal")]
    fn maps_each_service_error_to_one_problem(
        #[case] error: ServiceError,
        #[case] status: u16,
        #[case] slug: &str,
    ) {
        let problem = Problem::from(error);
        assert_eq!((problem.code().status, problem.code().slug), (status, slug));
    }

    #[test]
    fn unavailable_has_retry_after_and_hides_cause() {
        let problem = Problem::from(ServiceError::Unavailable("password=hunter2".into()));
        let response = problem.to_response("/v1/me", domain::RequestId(uuid::Uuid::nil()));
        assert!(response.headers().contains_key("retry-after"));
        assert!(!format!("{problem:?}").contains("hunter2"));
    }
}

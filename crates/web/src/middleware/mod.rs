//! Middleware in front of every route: request ids, rate and concurrency limits, response headers,
//! metrics, and the rendering of errors.

pub(crate) mod in_flight_limit;
pub(crate) mod rate_limiter;
mod readiness;
mod request_capacity;
mod request_pipeline;
mod telemetry;
pub(crate) mod work_queue;

pub use request_pipeline::process_request;

pub(crate) use request_capacity::RequestPermit;
pub(crate) use request_pipeline::{UnauthenticatedGuard, add_problem_headers};

use std::sync::Arc;

use domain::{Clock, IdGenerator, RequestId};
use identity::Verifier;
use in_flight_limit::{InFlightGuard, InFlightLimit, LimitExceeded};
use rate_limiter::{CallerKey, RateLimiter};
use readiness::ReadinessCache;
use request_capacity::RequestCapacity;
use work_queue::{QueueCapacity, WorkQueue};

use crate::connection::{BareResponseRewriter, Origin};
use crate::problem::{Problem, table};
use crate::{Limits, RouteDeclarations};

/// `Retry-After` of requests refused because of load, in seconds.
const RETRY_AFTER_SECONDS: u64 = 1;
/// One caller may have the memory of all callers divided by this.
const PER_CALLER_MEMORY_DIVISOR: usize = 20;

/// What middleware and extractors share on one node.
pub struct MiddlewareState {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdGenerator>,
    pub(crate) limits: Limits,
    pub(crate) routes: Arc<RouteDeclarations>,
    pub(crate) rate_limiter: RateLimiter,
    pub(crate) work_queue: WorkQueue,
    pub(crate) readiness: ReadinessCache,
    request_capacity: RequestCapacity,
    unauthenticated_requests: InFlightLimit<Origin>,
    caller_requests: InFlightLimit<CallerKey>,
    body_uploads: InFlightLimit<Origin>,
    memory: InFlightLimit<CallerKey>,
}

/// Counts a request or its memory against its caller until it is dropped.
pub(crate) type CallerGuard = InFlightGuard<CallerKey>;

impl MiddlewareState {
    /// State without any request in flight. `routes` are those of the application.
    #[must_use]
    pub fn new(
        verifier: Arc<Verifier>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
        limits: Limits,
        routes: Arc<RouteDeclarations>,
    ) -> Self {
        let rate_limiter = RateLimiter::new(&limits, Arc::clone(&clock));
        let ordinary = limits.concurrent_use_cases.max(1);
        let capacity = QueueCapacity {
            ordinary,
            heavy: (ordinary / 3).max(1),
            audit: 1,
        };
        let request_capacity = RequestCapacity::new(limits.in_flight, limits.reserved_for_audit());
        let work_queue = WorkQueue::new(capacity, Arc::clone(&clock));
        Self {
            verifier,
            clock,
            ids,
            limits,
            routes,
            rate_limiter,
            work_queue,
            readiness: ReadinessCache::default(),
            request_capacity,
            unauthenticated_requests: InFlightLimit::default(),
            caller_requests: InFlightLimit::default(),
            body_uploads: InFlightLimit::default(),
            memory: InFlightLimit::default(),
        }
    }

    /// Counts a request to this path as in flight. Some capacity is reserved for the audit.
    ///
    /// # Errors
    /// `overloaded` when the capacity is exhausted.
    pub(crate) fn begin_request(&self, path: &str) -> Result<RequestPermit, Problem> {
        let audit = self
            .routes
            .audit_paths
            .is_some_and(|start| path.starts_with(start));
        self.request_capacity
            .try_acquire(audit)
            .ok_or_else(overloaded)
    }

    /// Number of requests in flight.
    pub(crate) fn in_flight_count(&self) -> usize {
        self.request_capacity.in_flight()
    }

    /// Counts a request against its address until its caller is authenticated.
    ///
    /// # Errors
    /// `too_many_at_once` when the address has reached its limit.
    pub(crate) fn begin_unauthenticated_request(
        &self,
        origin: Option<Origin>,
    ) -> Result<InFlightGuard<Origin>, Problem> {
        let per_address = self.limits.in_flight_per_address;
        self.unauthenticated_requests
            .try_acquire(origin, 1, per_address, usize::MAX)
            .map_err(limit_problem)
    }

    /// Counts a request against its caller until its response is sent.
    ///
    /// # Errors
    /// `too_many_at_once` when the caller has reached their limit.
    pub(crate) fn begin_caller_request(&self, key: CallerKey) -> Result<CallerGuard, Problem> {
        let per_caller = self.limits.in_flight_per_caller;
        self.caller_requests
            .try_acquire(Some(key), 1, per_caller, usize::MAX)
            .map_err(limit_problem)
    }

    /// Counts a body that is being received against its address.
    ///
    /// # Errors
    /// `too_many_at_once` when the address has reached its limit.
    pub(crate) fn begin_body_upload(
        &self,
        origin: Option<Origin>,
    ) -> Result<InFlightGuard<Origin>, Problem> {
        self.body_uploads
            .try_acquire(origin, 1, self.limits.bodies_per_address, usize::MAX)
            .map_err(limit_problem)
    }

    /// Reserves memory for bytes from or to a caller, until they are consumed or sent.
    ///
    /// # Errors
    /// `too_many_at_once` when the caller has reserved too much, `overloaded` when all callers
    /// together have.
    pub(crate) fn reserve_memory(
        &self,
        key: CallerKey,
        bytes: usize,
    ) -> Result<CallerGuard, Problem> {
        let total = self.limits.memory_bytes;
        let per_caller = total / PER_CALLER_MEMORY_DIVISOR;
        self.memory
            .try_acquire(Some(key), bytes, per_caller, total)
            .map_err(limit_problem)
    }

    /// As [`Self::reserve_memory`] but without limits, for a response that must be delivered
    /// whatever else is in memory.
    pub(crate) fn reserve_memory_unbounded(
        &self,
        key: CallerKey,
        bytes: usize,
    ) -> Option<CallerGuard> {
        self.memory
            .try_acquire(Some(key), bytes, usize::MAX, usize::MAX)
            .ok()
    }

    /// Replaces bare responses of the HTTP parser by problem documents.
    pub(crate) fn rewriter(&self) -> BareResponseRewriter {
        BareResponseRewriter {
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
        }
    }

    /// Generates a request id.
    pub(crate) fn new_request_id(&self) -> RequestId {
        RequestId::new(self.ids.as_ref(), self.clock.now())
    }
}

fn limit_problem(exceeded: LimitExceeded) -> Problem {
    match exceeded {
        LimitExceeded::PerKey => {
            Problem::new(&table::TOO_MANY_AT_ONCE).retry_after(RETRY_AFTER_SECONDS)
        }
        LimitExceeded::Total => overloaded(),
    }
}

/// The problem for a node under too much load.
pub(crate) fn overloaded() -> Problem {
    Problem::new(&table::OVERLOADED).retry_after(RETRY_AFTER_SECONDS)
}

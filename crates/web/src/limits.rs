//! Limits on what one caller, and all callers together, may use of a node.

use std::time::Duration;

/// Limits of the HTTP API, and request handling that the deployer decides. Limits of lists and
/// texts are in the schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body, in bytes. The OpenAPI document says 2 MiB; a deployer may set less.
    pub body_bytes: usize,
    /// Longest time a body may take to arrive.
    pub body_timeout: Duration,
    /// Quota of one caller (a practitioner or record system of one agency) per [`Limits::window`].
    /// Reads cost 1, writes 2, what consolidates a timeline 4.
    pub caller_allowance: u32,
    /// Failed sign-ins per network address in each [`Limits::window`].
    pub failed_sign_ins: u32,
    /// Time in which an exhausted quota recovers fully.
    pub window: Duration,
    /// Concurrent requests; further ones get 503 at once. Health probes are exempt, and the audit
    /// has reserved capacity.
    pub in_flight: usize,
    /// Concurrent requests of one caller, counted until their responses are sent.
    pub in_flight_per_caller: usize,
    /// Concurrent requests of one network address whose callers are not authenticated yet.
    pub in_flight_per_address: usize,
    /// Concurrent uploads of bodies from one network address.
    pub bodies_per_address: usize,
    /// Bytes of memory for the bodies and responses of all requests together; one caller may use a
    /// twentieth.
    pub memory_bytes: usize,
    /// Use cases executed concurrently; up to a third of them may be heavy (open whole
    /// chronologies). Others are queued.
    pub concurrent_use_cases: usize,
    /// Longest time a request waits in the queue.
    pub queue_timeout: Duration,
    /// Whether `X-Request-ID` replaces a missing `Idempotency-Key`, as in NHS APIs. Proxies set
    /// that header to a new value for each request, or to one value for several, which would turn a
    /// retry into a second write or a new write into a replay.
    pub request_id_is_key: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 2 * 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            caller_allowance: 1_200,
            failed_sign_ins: 60,
            window: Duration::from_secs(60),
            in_flight: 512,
            in_flight_per_caller: 16,
            in_flight_per_address: 128,
            bodies_per_address: 64,
            memory_bytes: 160 * 1024 * 1024,
            concurrent_use_cases: 6,
            queue_timeout: Duration::from_secs(10),
            request_id_is_key: false,
        }
    }
}

impl Limits {
    /// In-flight capacity that is reserved for the audit.
    pub(crate) const fn reserved_for_audit(&self) -> usize {
        self.in_flight / 16 + 1
    }
}

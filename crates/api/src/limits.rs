//! What one caller, and all callers together, may ask of a node.

use std::time::Duration;

/// Limits of the HTTP side, and what the deployer decides about requests. Sizes of lists and texts stand in the schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body, in bytes. The document says 2 MiB; a smaller value is a deployer's choice.
    pub body_bytes: usize,
    /// Longest time a body may take to arrive.
    pub body_timeout: Duration,
    /// Allowance of one caller (a practitioner or record system of one agency) for each [`Limits::window`]. Reads cost
    /// 1, writes 2, what draws up a timeline 4.
    pub caller_allowance: u32,
    /// Failed sign-ins one network address may have in each [`Limits::window`].
    pub failed_sign_ins: u32,
    /// The time after which an allowance is whole again.
    pub window: Duration,
    /// Requests carried out at the same time; what comes beyond is answered 503 at once. Health probes are exempt, and the
    /// audit has places of its own.
    pub in_flight: usize,
    /// Requests of one caller at the same time, until their answers are sent.
    pub in_flight_per_caller: usize,
    /// Requests of one network address at the same time of which it is not known yet who sends them.
    pub in_flight_per_address: usize,
    /// Bodies that one network address may be sending at the same time.
    pub bodies_per_address: usize,
    /// Bytes of memory for the bodies and answers of all requests together; one caller has a twentieth part.
    pub memory_bytes: usize,
    /// Use cases carried out at the same time; a third of them may open whole chronologies. The others wait for their turn.
    pub turns: usize,
    /// How long a request waits for its turn.
    pub turn_timeout: Duration,
    /// Whether `X-Request-ID` stands for an absent `Idempotency-Key`, as NHS APIs name it. Proxies add that header with a
    /// new value to each request or the same to several, which would make a retry a second write or a write a replay.
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
            turns: 6,
            turn_timeout: Duration::from_secs(10),
            request_id_is_key: false,
        }
    }
}

impl Limits {
    /// Places among the requests in flight that are for the audit alone.
    pub(crate) const fn reserved_for_audit(&self) -> usize {
        self.in_flight / 16 + 1
    }
}

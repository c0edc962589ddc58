//! What stands before every route: request ids, allowances, headers, metrics and the one place where errors get their
//! final shape.

pub(crate) mod allowance;
pub(crate) mod frame;
mod observe;
mod readiness;
pub(crate) mod shares;
pub(crate) mod work;

use std::sync::Arc;

use domain::{Clock, Ids, RequestId};
use identity::Verifier;

use crate::Limits;
use crate::connection::Origin;
use crate::problem::{Problem, table};
use allowance::{Allowances, CallerKey};
use readiness::Readiness;
use shares::{Exhausted, Share, Shares};
use work::{Turns, Work};

/// Seconds a caller should wait who has too much going on at once.
const SOON: u64 = 1;
/// Of what all callers may have together, one may have this part.
const PART: usize = 20;

/// Everything a request meets before it reaches a use case.
pub(crate) struct Front {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) limits: Limits,
    pub(crate) allowances: Allowances,
    pub(crate) work: Work,
    pub(crate) readiness: Readiness,
    in_flight: Shares<()>,
    strangers: Shares<Origin>,
    callers: Shares<CallerKey>,
    bodies: Shares<Origin>,
    memory: Shares<CallerKey>,
}

/// Everything that a request in flight counts for; given back when it is dropped.
pub(crate) type CallerShare = Share<CallerKey>;

impl Front {
    /// A front with nobody waiting.
    pub(crate) fn new(verifier: Arc<Verifier>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>, limits: Limits) -> Self {
        let allowances = Allowances::new(&limits, Arc::clone(&clock));
        let ordinary = limits.turns.max(1);
        let work = Work::new(Turns { ordinary, heavy: (ordinary / 3).max(1), audit: 1 }, Arc::clone(&clock));
        Self {
            verifier,
            clock,
            ids,
            limits,
            allowances,
            work,
            readiness: Readiness::default(),
            in_flight: Shares::default(),
            strangers: Shares::default(),
            callers: Shares::default(),
            bodies: Shares::default(),
            memory: Shares::default(),
        }
    }

    /// A place among the requests in flight. Some are left for the audit alone.
    ///
    /// # Errors
    /// `overloaded` when there is none.
    pub(crate) fn in_flight(&self, audit: bool) -> Result<Share<()>, Problem> {
        let all = if audit { self.limits.in_flight + self.limits.reserved_for_audit() } else { self.limits.in_flight };
        self.in_flight.take(None, 1, 0, all).map_err(|_| overloaded())
    }

    /// How many requests are in flight.
    pub(crate) fn in_flight_now(&self) -> usize {
        self.in_flight.all()
    }

    /// A place among the requests of which nobody knows yet who sends them.
    ///
    /// # Errors
    /// `too_many_at_once` when the address has too many.
    pub(crate) fn stranger(&self, origin: Option<Origin>) -> Result<Share<Origin>, Problem> {
        self.strangers.take(origin, 1, self.limits.in_flight_per_address, usize::MAX).map_err(refused)
    }

    /// A place among a caller's requests, held until the answer is sent.
    ///
    /// # Errors
    /// `too_many_at_once` when the caller has too many.
    pub(crate) fn caller(&self, key: CallerKey) -> Result<CallerShare, Problem> {
        self.callers.take(Some(key), 1, self.limits.in_flight_per_caller, usize::MAX).map_err(refused)
    }

    /// A place among the bodies that are arriving.
    ///
    /// # Errors
    /// `too_many_at_once` when the address sends too many.
    pub(crate) fn body(&self, origin: Option<Origin>) -> Result<Share<Origin>, Problem> {
        self.bodies.take(origin, 1, self.limits.bodies_per_address, usize::MAX).map_err(refused)
    }

    /// Memory for bytes that come from a caller or go to them, until they are used or sent.
    ///
    /// # Errors
    /// `too_many_at_once` when the caller holds too much, `overloaded` when all callers together do.
    pub(crate) fn memory(&self, key: CallerKey, bytes: usize) -> Result<CallerShare, Problem> {
        self.memory.take(Some(key), bytes, self.limits.memory_bytes / PART, self.limits.memory_bytes).map_err(refused)
    }

    /// As [`Self::memory`], for what must be told whatever else is in memory.
    pub(crate) fn memory_at_any_rate(&self, key: CallerKey, bytes: usize) -> Option<CallerShare> {
        self.memory.take(Some(key), bytes, usize::MAX, usize::MAX).ok()
    }

    /// A new request id.
    pub(crate) fn request_id(&self) -> RequestId {
        RequestId::new(self.ids.as_ref(), self.clock.now())
    }
}

fn refused(exhausted: Exhausted) -> Problem {
    match exhausted {
        Exhausted::Own => Problem::new(&table::TOO_MANY_AT_ONCE).retry_after(SOON),
        Exhausted::All => overloaded(),
    }
}

/// Too much is going on.
pub(crate) fn overloaded() -> Problem {
    Problem::new(&table::OVERLOADED).retry_after(SOON)
}

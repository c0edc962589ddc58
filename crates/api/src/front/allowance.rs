//! Allowances: a leaky bucket for each caller, and one for each address that fails to sign in.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::Clock;
use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::Limits;

/// After how many checks callers whose allowance is whole again are forgotten.
const TIDY_EVERY: u32 = 4_096;

/// A caller, as a hash: the limiter's memory holds no names.
pub(crate) type CallerKey = [u8; 32];

type Buckets<K> = RateLimiter<K, HashMapStateStore<K>, Ticks, StateInformationMiddleware>;

/// The allowances of everybody who asks this node.
pub(crate) struct Allowances {
    callers: Buckets<CallerKey>,
    sign_ins: Buckets<IpAddr>,
    allowance: u32,
    window: Duration,
    checks: AtomicU32,
}

/// What is left of an allowance, for the `RateLimit` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What the whole allowance is.
    pub(crate) allowance: u32,
    /// What is left.
    pub(crate) left: u32,
    /// Seconds until it is whole again.
    pub(crate) whole_in: u64,
    /// Seconds in which a whole allowance comes back.
    pub(crate) window: u64,
}

/// Too much was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exceeded {
    /// Whole seconds to wait, at least 1.
    pub(crate) wait: u64,
}

/// The injected clock as the limiter wants it: it never goes back. A clock that is set back goes on from where it was,
/// because whoever has asked before would otherwise wait until the clock is there again.
#[derive(Clone)]
struct Ticks {
    clock: Arc<dyn Clock>,
    seen: Arc<Mutex<Seen>>,
}

/// What the clock showed last, and by how much it has been set back so far.
#[derive(Default)]
struct Seen {
    last: Duration,
    set_back: Duration,
}

impl Ticks {
    fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, seen: Arc::default() }
    }
}

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Duration::from_micros(u64::try_from(self.clock.now().as_micros()).unwrap_or(0));
        let (last, set_back) = (seen.last, seen.set_back);
        *seen = Seen { last: now, set_back: set_back + last.saturating_sub(now) };
        now.saturating_add(seen.set_back)
    }
}

impl Allowances {
    /// Whole allowances for everybody.
    pub(crate) fn new(limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        let clock = Ticks::new(clock);
        Self {
            callers: buckets(limits.caller_allowance, limits.window, &clock),
            sign_ins: buckets(limits.failed_sign_ins, limits.window, &clock),
            allowance: limits.caller_allowance.max(1),
            window: limits.window,
            checks: AtomicU32::new(0),
        }
    }

    /// Takes `cost` from a caller's allowance.
    ///
    /// # Errors
    /// [`Exceeded`] when there is not enough left; then nothing is taken.
    pub(crate) fn take(&self, caller: &CallerKey, cost: u32) -> Result<Standing, Exceeded> {
        self.tidy();
        let cost = NonZeroU32::new(cost.clamp(1, self.allowance)).unwrap_or(NonZeroU32::MIN);
        match self.callers.check_key_n(caller, cost) {
            Ok(Ok(state)) => Ok(self.standing(state.remaining_burst_capacity())),
            Ok(Err(not_until)) => Err(Exceeded { wait: seconds(not_until.wait_time_from(self.callers.clock().now())) }),
            Err(_) => Err(Exceeded { wait: seconds(self.window) }),
        }
    }

    /// Counts a failed sign-in from an address.
    ///
    /// # Errors
    /// [`Exceeded`] when there were too many.
    pub(crate) fn failed_sign_in(&self, peer: IpAddr) -> Result<(), Exceeded> {
        self.tidy();
        let checked = self.sign_ins.check_key(&peer);
        checked.map(|_| ()).map_err(|not_until| {
            let now = self.sign_ins.clock().now();
            Exceeded { wait: seconds(not_until.wait_time_from(now)) }
        })
    }

    /// The standing of a caller with nothing left.
    pub(crate) fn nothing_left(&self) -> Standing {
        self.standing(0)
    }

    fn standing(&self, left: u32) -> Standing {
        let used = self.allowance.saturating_sub(left);
        let whole_in = self.window.mul_f64(f64::from(used) / f64::from(self.allowance));
        let window = self.window.as_secs().max(1);
        Standing { allowance: self.allowance, left, whole_in: whole_in.as_secs_f64().ceil() as u64, window }
    }

    fn tidy(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.callers.retain_recent();
            self.sign_ins.retain_recent();
        }
    }
}

impl Standing {
    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
    pub(crate) fn headers(&self) -> [(&'static str, String); 2] {
        let Self { allowance, left, whole_in, window } = self;
        [
            ("RateLimit-Policy", format!("\"caller\";q={allowance};w={window}")),
            ("RateLimit", format!("\"caller\";r={left};t={whole_in}")),
        ]
    }
}

fn buckets<K: std::hash::Hash + Eq + Clone>(allowance: u32, window: Duration, clock: &Ticks) -> Buckets<K> {
    let allowance = NonZeroU32::new(allowance).unwrap_or(NonZeroU32::MIN);
    let each = window.checked_div(allowance.get()).and_then(Quota::with_period);
    let quota = each.unwrap_or_else(|| Quota::per_minute(allowance)).allow_burst(allowance);
    RateLimiter::new(quota, HashMapStateStore::default(), clock.clone())
}

/// Whole seconds, rounded up, at least one.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0 || wait.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Instant, MockClock};

    const CALLER: CallerKey = [1; 32];

    fn allowances(clock: &MockClock) -> Allowances {
        let limits = Limits { caller_allowance: 6, failed_sign_ins: 2, ..Limits::default() };
        Allowances::new(&limits, Arc::new(clock.clone()))
    }

    #[test]
    fn costs_are_weighed_and_come_back_with_time() {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let allowances = allowances(&clock);
        assert_eq!(allowances.take(&CALLER, 4).map(|standing| standing.left), Ok(2));
        assert_eq!(allowances.take(&CALLER, 4), Err(Exceeded { wait: 20 }));
        assert!(allowances.take(&[2; 32], 4).is_ok(), "another caller has an allowance of its own");
        clock.advance(Duration::from_secs(20));
        assert_eq!(allowances.take(&CALLER, 4).map(|standing| standing.left), Ok(0));
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_waiting() {
        let start = Instant::parse("2026-03-02T09:30:00Z").unwrap();
        let clock = MockClock::new(start);
        let allowances = allowances(&clock);
        assert_eq!(allowances.take(&CALLER, 4).map(|standing| standing.left), Ok(2));
        clock.set(start.minus(Duration::from_secs(3_600)));
        assert_eq!(allowances.take(&CALLER, 2).map(|standing| standing.left), Ok(0), "what was left is left");
        assert_eq!(allowances.take(&CALLER, 2), Err(Exceeded { wait: 20 }), "and no more than that");
        clock.advance(Duration::from_secs(20));
        assert_eq!(allowances.take(&CALLER, 2).map(|standing| standing.left), Ok(0), "it comes back as ever");
    }

    #[test]
    fn headers_show_what_is_left() {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let headers = allowances(&clock).take(&CALLER, 2).unwrap().headers();
        assert_eq!(headers[0].1, "\"caller\";q=6;w=60");
        assert_eq!(headers[1].1, "\"caller\";r=4;t=20");
    }

    #[test]
    fn failed_sign_ins_are_counted_by_address() {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let allowances = allowances(&clock);
        let peer = IpAddr::from([192, 0, 2, 7]);
        assert!(allowances.failed_sign_in(peer).is_ok() && allowances.failed_sign_in(peer).is_ok());
        assert_eq!(allowances.failed_sign_in(peer), Err(Exceeded { wait: 30 }));
        assert!(allowances.failed_sign_in(IpAddr::from([192, 0, 2, 8])).is_ok());
    }
}

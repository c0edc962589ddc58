//! Rate limits: one leaky bucket per caller, and one per network address for failed sign-ins.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::Clock;
use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota as GovernorQuota, RateLimiter as GovernorLimiter};

use crate::Limits;

/// Checks between two evictions of keys whose quota is whole again.
const EVICT_EVERY_CHECKS: u32 = 4_096;

/// A caller as a hash, so that the limiter holds no names in memory.
pub(crate) type CallerKey = [u8; 32];

type KeyedLimiter<K> =
    GovernorLimiter<K, HashMapStateStore<K>, MonotonicClock, StateInformationMiddleware>;

/// The rate limits of one node.
pub(crate) struct RateLimiter {
    callers: KeyedLimiter<CallerKey>,
    sign_ins: KeyedLimiter<IpAddr>,
    limit: u32,
    window: Duration,
    checks: AtomicU32,
}

/// A caller's remaining quota, for the `RateLimit` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    /// Full quota.
    pub(crate) limit: u32,
    /// Remaining quota.
    pub(crate) remaining: u32,
    /// Seconds until the quota is full again.
    pub(crate) reset_seconds: u64,
    /// Seconds in which an exhausted quota recovers fully.
    pub(crate) window_seconds: u64,
}

/// The quota does not cover the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaExceeded {
    /// Whole seconds to wait, at least 1.
    pub(crate) retry_after_seconds: u64,
}

/// The injected clock for governor. It measures elapsed time, because after a wall clock that
/// jumped ahead and was corrected every caller would be without quota until the clock reached the
/// jump again.
#[derive(Clone)]
struct MonotonicClock(Arc<dyn Clock>);

impl governor::clock::Clock for MonotonicClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

impl RateLimiter {
    /// A limiter with full quotas.
    pub(crate) fn new(limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        let clock = MonotonicClock(clock);
        Self {
            callers: build_limiter(limits.caller_allowance, limits.window, &clock),
            sign_ins: build_limiter(limits.failed_sign_ins, limits.window, &clock),
            limit: limits.caller_allowance.max(1),
            window: limits.window,
            checks: AtomicU32::new(0),
        }
    }

    /// Charges `cost` to a caller's quota.
    ///
    /// # Errors
    /// [`QuotaExceeded`] when the remaining quota is smaller; then nothing is charged.
    pub(crate) fn charge(&self, caller: &CallerKey, cost: u32) -> Result<Quota, QuotaExceeded> {
        self.evict_idle_keys();
        let cost = NonZeroU32::new(cost.clamp(1, self.limit)).unwrap_or(NonZeroU32::MIN);
        match self.callers.check_key_n(caller, cost) {
            Ok(Ok(state)) => Ok(self.quota(state.remaining_burst_capacity())),
            Ok(Err(not_until)) => Err(QuotaExceeded::after(
                not_until.wait_time_from(self.callers.clock().now()),
            )),
            Err(_) => Err(QuotaExceeded::after(self.window)),
        }
    }

    /// Counts a failed sign-in from an address.
    ///
    /// # Errors
    /// [`QuotaExceeded`] when the address exceeds `Limits::failed_sign_ins`.
    pub(crate) fn record_failed_sign_in(&self, peer: IpAddr) -> Result<(), QuotaExceeded> {
        self.evict_idle_keys();
        let checked = self.sign_ins.check_key(&peer);
        checked.map(|_| ()).map_err(|not_until| {
            let now = self.sign_ins.clock().now();
            QuotaExceeded::after(not_until.wait_time_from(now))
        })
    }

    /// The quota of a caller who has used all of it.
    pub(crate) fn exhausted_quota(&self) -> Quota {
        self.quota(0)
    }

    fn quota(&self, remaining: u32) -> Quota {
        let used = self.limit.saturating_sub(remaining);
        let reset_after = self.window.mul_f64(f64::from(used) / f64::from(self.limit));
        Quota {
            limit: self.limit,
            remaining,
            reset_seconds: reset_after.as_secs_f64().ceil() as u64,
            window_seconds: self.window.as_secs().max(1),
        }
    }

    fn evict_idle_keys(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % EVICT_EVERY_CHECKS
            == EVICT_EVERY_CHECKS - 1
        {
            self.callers.retain_recent();
            self.sign_ins.retain_recent();
        }
    }
}

impl QuotaExceeded {
    fn after(delay: Duration) -> Self {
        let round_up = delay.subsec_nanos() > 0 || delay.is_zero();
        Self {
            retry_after_seconds: delay.as_secs() + u64::from(round_up),
        }
    }
}

impl Quota {
    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
    pub(crate) fn headers(&self) -> [(&'static str, String); 2] {
        let Self {
            limit,
            remaining,
            reset_seconds,
            window_seconds,
        } = self;
        [
            (
                "RateLimit-Policy",
                format!("\"caller\";q={limit};w={window_seconds}"),
            ),
            (
                "RateLimit",
                format!("\"caller\";r={remaining};t={reset_seconds}"),
            ),
        ]
    }
}

fn build_limiter<K: std::hash::Hash + Eq + Clone>(
    limit: u32,
    window: Duration,
    clock: &MonotonicClock,
) -> KeyedLimiter<K> {
    let limit = NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN);
    let replenish_period = window
        .checked_div(limit.get())
        .and_then(GovernorQuota::with_period);
    let quota = replenish_period
        .unwrap_or_else(|| GovernorQuota::per_minute(limit))
        .allow_burst(limit);
    GovernorLimiter::new(quota, HashMapStateStore::default(), clock.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Instant, MockClock};

    const CALLER: CallerKey = [1; 32];

    fn rate_limiter(clock: &MockClock) -> RateLimiter {
        let limits = Limits {
            caller_allowance: 6,
            failed_sign_ins: 2,
            ..Limits::default()
        };
        RateLimiter::new(&limits, Arc::new(clock.clone()))
    }

    #[test]
    fn costs_are_charged_and_recover_over_time() {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let rate_limiter = rate_limiter(&clock);
        assert_eq!(
            rate_limiter.charge(&CALLER, 4).map(|quota| quota.remaining),
            Ok(2)
        );
        assert_eq!(
            rate_limiter.charge(&CALLER, 4),
            Err(QuotaExceeded {
                retry_after_seconds: 20
            })
        );
        assert!(
            rate_limiter.charge(&[2; 32], 4).is_ok(),
            "another caller has a separate quota"
        );
        clock.advance(Duration::from_secs(20));
        assert_eq!(
            rate_limiter.charge(&CALLER, 4).map(|quota| quota.remaining),
            Ok(0)
        );
    }

    #[test]
    fn clock_jump_does_not_consume_quota() {
        let correct_time = Instant::parse("2026-03-02T09:30:00Z").unwrap();
        let clock = MockClock::new(correct_time);
        let rate_limiter = rate_limiter(&clock);
        clock.jump(correct_time.plus(Duration::from_secs(90 * 86_400)));
        assert_eq!(
            rate_limiter.charge(&CALLER, 2).map(|quota| quota.remaining),
            Ok(4)
        );
        clock.jump(correct_time);
        assert_eq!(
            rate_limiter.charge(&CALLER, 2).map(|quota| quota.remaining),
            Ok(2)
        );
    }

    #[test]
    fn headers_report_remaining_quota() {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let headers = rate_limiter(&clock).charge(&CALLER, 2).unwrap().headers();
        assert_eq!(headers[0].1, "\"caller\";q=6;w=60");
        assert_eq!(headers[1].1, "\"caller\";r=4;t=20");
    }

    #[test]
    fn failed_sign_ins_are_counted_by_address() {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let rate_limiter = rate_limiter(&clock);
        let peer = IpAddr::from([192, 0, 2, 7]);
        assert!(
            rate_limiter.record_failed_sign_in(peer).is_ok()
                && rate_limiter.record_failed_sign_in(peer).is_ok()
        );
        assert_eq!(
            rate_limiter.record_failed_sign_in(peer),
            Err(QuotaExceeded {
                retry_after_seconds: 30
            })
        );
        assert!(
            rate_limiter
                .record_failed_sign_in(IpAddr::from([192, 0, 2, 8]))
                .is_ok()
        );
    }
}

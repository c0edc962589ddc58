//! The machine's clock. No other code reads it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::{Clock, Instant};
use rustix::time::{ClockId, clock_gettime};

/// The system clock, with microsecond precision.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the only implementation; all other code receives a Clock"
    )]
    fn now(&self) -> Instant {
        let now = SystemTime::now();
        let micros = now.duration_since(UNIX_EPOCH).map_or_else(
            |before| -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
            |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        );
        Instant::from_micros(micros)
    }

    /// Linux's boot-time clock, which cannot be set and continues while the machine is suspended.
    fn monotonic(&self) -> Duration {
        let elapsed = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(elapsed.tv_sec);
        let nanoseconds = u32::try_from(elapsed.tv_nsec);
        Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monotonic_time_never_goes_back() {
        let first = SystemClock.monotonic();
        assert!(first > Duration::ZERO);
        assert!(SystemClock.monotonic() >= first);
    }

    #[test]
    fn now_is_in_this_century() {
        let now = SystemClock.now();
        assert!(now > Instant::parse("2025-01-01T00:00:00Z").unwrap());
        assert!(now < Instant::parse("2100-01-01T00:00:00Z").unwrap());
    }
}

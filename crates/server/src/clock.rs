//! The machine's clock. Nothing else in the product calls it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::{Clock, Instant};
use rustix::time::{ClockId, clock_gettime};

/// The system clock, to the microsecond.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one implementation that everything else is handed")]
    fn now(&self) -> Instant {
        let now = SystemTime::now();
        let micros = now.duration_since(UNIX_EPOCH).map_or_else(
            |before| -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
            |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        );
        Instant::from_micros(micros)
    }

    /// Linux's clock since start of the machine, which nobody can set and which goes on while the machine sleeps.
    fn monotonic(&self) -> Duration {
        let passed = clock_gettime(ClockId::Boottime);
        let (seconds, nanoseconds) = (u64::try_from(passed.tv_sec), u32::try_from(passed.tv_nsec));
        Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_passed_never_goes_back() {
        let first = SystemClock.monotonic();
        assert!(first > Duration::ZERO);
        assert!(SystemClock.monotonic() >= first);
    }

    #[test]
    fn shows_a_time_of_this_century() {
        let now = SystemClock.now();
        assert!(now > Instant::parse("2025-01-01T00:00:00Z").unwrap());
        assert!(now < Instant::parse("2100-01-01T00:00:00Z").unwrap());
    }
}

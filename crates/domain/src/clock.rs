//! The injected source of time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Instant;

/// Source of the current time. The server provides the implementation; all other code receives it
/// as a dependency.
pub trait Clock: Send + Sync {
    /// The current instant by the system clock, which may be set forward or back.
    fn now(&self) -> Instant;

    /// Time elapsed since a fixed but unspecified moment. It never goes back, cannot be set, and
    /// includes the time during which the machine is suspended.
    fn monotonic(&self) -> Duration;
}

/// A clock for tests whose time changes only on request. Clones share the same time.
#[derive(Debug, Clone)]
pub struct MockClock(Arc<Mutex<MockTime>>);

#[derive(Debug)]
struct MockTime {
    now: Instant,
    elapsed: Duration,
}

impl MockClock {
    /// Creates a clock at `start`.
    #[must_use]
    pub fn new(start: Instant) -> Self {
        Self(Arc::new(Mutex::new(MockTime {
            now: start,
            elapsed: Duration::ZERO,
        })))
    }

    /// Advances the time of this clock and its clones.
    pub fn advance(&self, by: Duration) {
        let mut time = self.lock();
        time.now = time.now.plus(by);
        time.elapsed = time.elapsed.saturating_add(by);
    }

    /// Advances the time to `to`. An earlier instant sets the clock back without elapsed time.
    pub fn set(&self, to: Instant) {
        let mut time = self.lock();
        time.elapsed = time.elapsed.saturating_add(to.since(time.now));
        time.now = to;
    }

    /// Sets the clock to `to` without elapsed time, as a wrong time server or an operator's mistake
    /// does.
    pub fn jump(&self, to: Instant) {
        self.lock().now = to;
    }

    fn lock(&self) -> MutexGuard<'_, MockTime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for MockClock {
    fn now(&self) -> Instant {
        self.lock().now
    }

    fn monotonic(&self) -> Duration {
        self.lock().elapsed
    }
}

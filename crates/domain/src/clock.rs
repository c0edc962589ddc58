//! The one way to learn the time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Instant;

/// Source of the current time. The server implements it once; everything else is handed one.
pub trait Clock: Send + Sync {
    /// The current instant, as the machine believes it to be. Somebody may set it.
    fn now(&self) -> Instant;

    /// Time that has passed since some moment before this process asked first: never set, never back, the machine's sleep
    /// included.
    fn monotonic(&self) -> Duration;
}

/// A clock that stands still until told to move. Clones share the same time.
#[derive(Debug, Clone)]
pub struct MockClock(Arc<Mutex<Told>>);

#[derive(Debug)]
struct Told {
    now: Instant,
    passed: Duration,
}

impl MockClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: Instant) -> Self {
        Self(Arc::new(Mutex::new(Told { now: start, passed: Duration::ZERO })))
    }

    /// Lets time pass, for all its clones.
    pub fn advance(&self, by: Duration) {
        let mut told = self.told();
        told.now = told.now.plus(by);
        told.passed = told.passed.saturating_add(by);
    }

    /// Lets time pass until `to`; an earlier instant sets the clock back, and no time passes.
    pub fn set(&self, to: Instant) {
        let mut told = self.told();
        told.passed = told.passed.saturating_add(to.since(told.now));
        told.now = to;
    }

    /// Sets the clock to any instant while no time passes: what a wrong time server or a slip of the hand does.
    pub fn jump(&self, to: Instant) {
        self.told().now = to;
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for MockClock {
    fn now(&self) -> Instant {
        self.told().now
    }

    fn monotonic(&self) -> Duration {
        self.told().passed
    }
}

//! The latest vouched instant, advanced by the monotonic clock.

use std::time::Duration;

use domain::Instant;

/// The latest vouched instants, and the monotonic time at which they were set. `agreed` includes
/// the start-up allowance; `confirmed` does not and is the one that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AgreedTime {
    agreed: Instant,
    confirmed: Instant,
    since: Duration,
}

impl AgreedTime {
    /// Creates the agreement at start-up: the wall clock is trusted up to `gap` after the `known`
    /// instant.
    pub(crate) fn new_at_startup(
        known: Instant,
        gap: Duration,
        wall: Instant,
        monotonic: Duration,
    ) -> Self {
        let agreed = wall.min(known.plus(gap)).max(known);
        Self {
            agreed,
            confirmed: known,
            since: monotonic,
        }
    }

    /// Returns the vouched instant at a monotonic time, including the start-up allowance.
    pub(crate) fn agreed(&self, monotonic: Duration) -> Instant {
        self.agreed.plus(monotonic.saturating_sub(self.since))
    }

    /// Returns the vouched instant at a monotonic time, without the start-up allowance.
    pub(crate) fn confirmed(&self, monotonic: Duration) -> Instant {
        self.confirmed.plus(monotonic.saturating_sub(self.since))
    }

    /// Accepts that it is `at` or later.
    pub(crate) fn vouch(&mut self, at: Instant, monotonic: Duration) {
        let monotonic = monotonic.max(self.since);
        *self = Self {
            agreed: self.agreed(monotonic).max(at),
            confirmed: self.confirmed(monotonic).max(at),
            since: monotonic,
        };
    }
}

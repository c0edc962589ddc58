//! The latest instant vouched for, as it grows.

use std::time::Duration;

use domain::Instant;

/// The latest instant vouched for, and when that was by the clock that cannot be set. Two of them: one with what a start
/// allows for the pause before it, one without, which is what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agreement {
    agreed: Instant,
    sure: Instant,
    since: Duration,
}

impl Agreement {
    /// At a start: the clock is believed as far as `gap` beyond what is `known`.
    pub(crate) fn at_start(known: Instant, gap: Duration, wall: Instant, monotonic: Duration) -> Self {
        let agreed = wall.min(known.plus(gap)).max(known);
        Self { agreed, sure: known, since: monotonic }
    }

    /// What is vouched for by now, the start's allowance included.
    pub(crate) fn agreed(&self, monotonic: Duration) -> Instant {
        self.agreed.plus(monotonic.saturating_sub(self.since))
    }

    /// What is vouched for by now without it.
    pub(crate) fn sure(&self, monotonic: Duration) -> Instant {
        self.sure.plus(monotonic.saturating_sub(self.since))
    }

    /// Somebody says that it is `at` or later.
    pub(crate) fn vouch(&mut self, at: Instant, monotonic: Duration) {
        let monotonic = monotonic.max(self.since);
        *self = Self { agreed: self.agreed(monotonic).max(at), sure: self.sure(monotonic).max(at), since: monotonic };
    }
}

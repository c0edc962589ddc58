//! The merge delay: how long the oldest audit record has been waiting to be added to the tree.

use std::sync::PoisonError;
use std::time::Duration;

use super::DelayObservation;
use crate::{Kernel, ServiceError, ServiceResult};

/// A merge delay from which operators are alerted.
pub const MERGE_DELAY_ALARM: Duration = Duration::from_secs(5);
/// A merge delay from which all requests except those on the audit log are refused, because their
/// records could not be proved.
pub const MERGE_DELAY_LIMIT: Duration = Duration::from_secs(60);

impl Kernel {
    /// Measures the merge delay and returns it. While the database cannot be reached, the delay
    /// grows from the last measurement.
    pub fn measure_merge_delay(&self) -> Duration {
        if let Ok(oldest) = self
            .db
            .read("audit.merge_delay", store::audit_tree::oldest_unsequenced)
        {
            let observed_at = self.clock.monotonic();
            let mut last_observation = self
                .ledger
                .last_observation
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let caught_up_at = last_observation
                .filter(|_| oldest.is_some())
                .map_or(observed_at, |last| last.caught_up_at);
            // If the wall clock jumps, the delay is still at most the time since the tree was last
            // complete.
            let delay = oldest.map_or(Duration::ZERO, |oldest| {
                self.now()
                    .since(oldest)
                    .min(observed_at.saturating_sub(caught_up_at))
            });
            *last_observation = Some(DelayObservation {
                delay,
                observed_at,
                caught_up_at,
            });
        }
        self.merge_delay()
    }

    /// Returns the merge delay as far as it is known; zero before the first measurement.
    #[must_use]
    pub(crate) fn merge_delay(&self) -> Duration {
        let last_observation = *self
            .ledger
            .last_observation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last_observation.map_or(Duration::ZERO, |last| {
            last.delay + self.clock.monotonic().saturating_sub(last.observed_at)
        })
    }

    /// Refuses requests while the merge delay is at or above [`MERGE_DELAY_LIMIT`].
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the tree is that far behind.
    pub(crate) fn check_merge_delay(&self) -> ServiceResult<()> {
        if self.merge_delay() < MERGE_DELAY_LIMIT {
            return Ok(());
        }
        Err(ServiceError::Unavailable(Box::new(
            store::StoreError::Unavailable,
        )))
    }
}

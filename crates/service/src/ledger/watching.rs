//! How far the tree is behind the records, and what follows from it.

use std::sync::PoisonError;
use std::time::Duration;

use super::Seen;
use crate::{Answer, Service, ServiceError};

/// From this delay between a record and its place on, somebody is to be told.
pub const MERGE_DELAY_ALARM: Duration = Duration::from_secs(5);
/// From this delay on nothing is served but the audit itself: looks that cannot be proved are not to be had.
pub const MERGE_DELAY_REFUSES: Duration = Duration::from_secs(60);

impl Service {
    /// Looks how far the tree is behind; says the delay. When the database does not say, the delay grows from the last time
    /// it did.
    pub fn watch_audit(&self) -> Duration {
        if let Ok(oldest) = self.0.db.read("audit.watch", store::audit_tree::oldest_unplaced) {
            let at = self.0.clock.monotonic();
            let mut seen = self.0.ledger.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let clear = seen.filter(|_| oldest.is_some()).map_or(at, |seen| seen.clear);
            // A clock that jumps makes nobody wait longer than since nobody did.
            let delay = oldest.map_or(Duration::ZERO, |oldest| self.now().since(oldest).min(at.saturating_sub(clear)));
            *seen = Some(Seen { delay, at, clear });
        }
        self.merge_delay()
    }

    /// How long the oldest record without a place has been waiting for it, as far as is known; nothing when nobody watches.
    #[must_use]
    pub fn merge_delay(&self) -> Duration {
        let seen = *self.0.ledger.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.map_or(Duration::ZERO, |seen| seen.delay + self.0.clock.monotonic().saturating_sub(seen.at))
    }

    /// # Errors
    /// [`ServiceError::Unavailable`] when the tree is so far behind that nothing may be served.
    pub(crate) fn check_merge_delay(&self) -> Answer<()> {
        if self.merge_delay() < MERGE_DELAY_REFUSES {
            return Ok(());
        }
        Err(ServiceError::Unavailable(Box::new(store::StoreError::Unavailable)))
    }
}

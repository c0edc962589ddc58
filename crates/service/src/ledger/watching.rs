//! How far the tree is behind the records, and what follows from it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::Instant;

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
            let ledger = &self.0.ledger;
            let oldest = oldest.unwrap_or(Instant::MAX);
            ledger.oldest_unplaced.store(oldest.as_micros(), Ordering::Release);
            ledger.looked_at.store(self.now().as_micros(), Ordering::Release);
        }
        self.merge_delay()
    }

    /// How long the oldest record without a place has been waiting for it, as far as is known; nothing when nobody watches.
    #[must_use]
    pub fn merge_delay(&self) -> Duration {
        let ledger = &self.0.ledger;
        let looked_at = Instant::from_micros(ledger.looked_at.load(Ordering::Acquire));
        if looked_at == Instant::MIN {
            return Duration::ZERO;
        }
        let oldest = Instant::from_micros(ledger.oldest_unplaced.load(Ordering::Acquire));
        self.now().since(oldest.min(looked_at))
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

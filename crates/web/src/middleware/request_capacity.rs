//! The number of requests that a node processes at the same time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The capacity for requests in flight. Some of it is reserved for the audit.
#[derive(Debug)]
pub(super) struct RequestCapacity {
    capacity: usize,
    ordinary: Arc<Semaphore>,
    reserved_for_audit: Arc<Semaphore>,
}

/// A request in flight; its capacity is released on drop.
pub(crate) type RequestPermit = OwnedSemaphorePermit;

impl RequestCapacity {
    /// Capacity for this many requests, and for some more requests to the audit.
    pub(super) fn new(ordinary: usize, reserved_for_audit: usize) -> Self {
        let [ordinary, reserved_for_audit] =
            [ordinary, reserved_for_audit].map(|permits| permits.min(Semaphore::MAX_PERMITS));
        Self {
            capacity: ordinary + reserved_for_audit,
            ordinary: Arc::new(Semaphore::new(ordinary)),
            reserved_for_audit: Arc::new(Semaphore::new(reserved_for_audit)),
        }
    }

    /// Counts a request as in flight. A request to the audit uses the reserved capacity when the
    /// rest is exhausted. `None` when no capacity is left.
    pub(super) fn try_acquire(&self, audit: bool) -> Option<RequestPermit> {
        let permit = Arc::clone(&self.ordinary).try_acquire_owned().ok();
        permit.or_else(|| {
            audit
                .then(|| {
                    Arc::clone(&self.reserved_for_audit)
                        .try_acquire_owned()
                        .ok()
                })
                .flatten()
        })
    }

    /// Number of requests in flight.
    pub(super) fn in_flight(&self) -> usize {
        let available =
            self.ordinary.available_permits() + self.reserved_for_audit.available_permits();
        self.capacity.saturating_sub(available)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_has_reserved_capacity() {
        let capacity = RequestCapacity::new(1, 1);
        let ordinary = capacity.try_acquire(false).unwrap();
        assert!(capacity.try_acquire(false).is_none());
        let audit = capacity.try_acquire(true).unwrap();
        assert!(capacity.try_acquire(true).is_none());
        assert_eq!(capacity.in_flight(), 2);
        drop((ordinary, audit));
        assert_eq!(capacity.in_flight(), 0);
        assert!(capacity.try_acquire(false).is_some());
    }
}

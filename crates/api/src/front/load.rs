//! How much is being carried out at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts requests in flight, up to a limit.
#[derive(Clone)]
pub(crate) struct Load {
    now: Arc<AtomicUsize>,
    most: usize,
}

/// A place among the requests in flight, given back when dropped.
pub(crate) struct Place(Arc<AtomicUsize>);

impl Load {
    pub(crate) fn new(most: usize) -> Self {
        Self { now: Arc::default(), most }
    }

    /// A place, or `None` when all are taken.
    pub(crate) fn enter(&self) -> Option<Place> {
        let place = Place(Arc::clone(&self.now));
        let before = self.now.fetch_add(1, Ordering::AcqRel);
        // a refused entry gives its count back by dropping the place
        (before < self.most).then_some(place)
    }

    /// Requests in flight.
    pub(crate) fn count(&self) -> usize {
        self.now.load(Ordering::Acquire)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_house_refuses_and_a_place_given_back_is_free_again() {
        let load = Load::new(2);
        let places = (load.enter(), load.enter());
        assert!(places.0.is_some() && places.1.is_some() && load.enter().is_none());
        drop(places);
        assert_eq!(load.count(), 0);
        assert!(load.enter().is_some());
    }
}

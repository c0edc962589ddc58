//! Limits on what is in use at the same time (requests, uploads, bytes), in total and per key.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts what is in use, in total and per key. Clones share the counts.
#[derive(Debug)]
pub(crate) struct InFlightLimit<K>(Arc<Mutex<Usage<K>>>);

#[derive(Debug)]
struct Usage<K> {
    total: usize,
    by_key: HashMap<K, usize>,
}

/// An acquired amount; released on drop.
#[derive(Debug)]
pub(crate) struct InFlightGuard<K: Hash + Eq> {
    limit: InFlightLimit<K>,
    key: Option<K>,
    amount: usize,
}

/// Which limit was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitExceeded {
    /// That of the key.
    PerKey,
    /// That of all keys together.
    Total,
}

impl<K> Clone for InFlightLimit<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for InFlightLimit<K> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Usage {
            total: 0,
            by_key: HashMap::new(),
        })))
    }
}

impl<K: Hash + Eq + Clone> InFlightLimit<K> {
    /// Acquires `amount` for `key`, within `per_key_limit` and `total_limit`. A key that has
    /// nothing may exceed its own limit once, so that one large item is possible; without a key
    /// only the total counts.
    ///
    /// # Errors
    /// [`LimitExceeded`]; then nothing is acquired.
    pub(crate) fn try_acquire(
        &self,
        key: Option<K>,
        amount: usize,
        per_key_limit: usize,
        total_limit: usize,
    ) -> Result<InFlightGuard<K>, LimitExceeded> {
        let mut usage = self.usage();
        let used = key
            .as_ref()
            .and_then(|key| usage.by_key.get(key))
            .copied()
            .unwrap_or(0);
        if used > 0 && used.saturating_add(amount) > per_key_limit {
            return Err(LimitExceeded::PerKey);
        }
        if usage.total.saturating_add(amount) > total_limit {
            return Err(LimitExceeded::Total);
        }
        usage.total += amount;
        if let Some(key) = &key {
            usage.by_key.insert(key.clone(), used + amount);
        }
        drop(usage);
        Ok(InFlightGuard {
            limit: self.clone(),
            key,
            amount,
        })
    }

    /// The amount in use by all keys.
    #[cfg(test)]
    fn total(&self) -> usize {
        self.usage().total
    }
}

impl<K> InFlightLimit<K> {
    fn usage(&self) -> MutexGuard<'_, Usage<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq> Drop for InFlightGuard<K> {
    fn drop(&mut self) {
        let mut usage = self.limit.usage();
        usage.total -= self.amount;
        let Some(key) = &self.key else { return };
        let remaining = usage
            .by_key
            .get(key)
            .map_or(0, |used| used.saturating_sub(self.amount));
        if remaining == 0 {
            usage.by_key.remove(key);
        } else if let Some(used) = usage.by_key.get_mut(key) {
            *used = remaining;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enforces_per_key_and_total_limits() {
        let limit = InFlightLimit::<u8>::default();
        let first = limit.try_acquire(Some(1), 2, 2, 3).unwrap();
        assert_eq!(
            limit.try_acquire(Some(1), 1, 2, 3).map(drop),
            Err(LimitExceeded::PerKey)
        );
        let second = limit.try_acquire(Some(2), 1, 2, 3).unwrap();
        assert_eq!(
            limit.try_acquire(Some(3), 1, 2, 3).map(drop),
            Err(LimitExceeded::Total)
        );
        assert_eq!(limit.try_acquire(None, 1, 0, 4).map(|_| ()), Ok(()));
        drop(first);
        assert!(limit.try_acquire(Some(1), 2, 2, 3).is_ok());
        drop(second);
        assert!(
            limit.try_acquire(Some(4), 3, 2, 3).is_ok(),
            "a key that has nothing may exceed its own limit"
        );
        assert_eq!(limit.total(), 0);
        assert!(limit.usage().by_key.is_empty());
    }
}

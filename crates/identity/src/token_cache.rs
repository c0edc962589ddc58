//! A bounded cache of verified tokens. It saves checking the signature again; time and certificate
//! are checked on every use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// SHA-256 of a token, so that tokens themselves are not kept in memory.
pub(crate) type TokenHash = [u8; 32];

/// Caches at most `capacity` values in two maps. When the recent map reaches half the capacity it
/// replaces the previous one, which evicts values that are not used at constant cost.
pub(crate) struct TokenCache<T> {
    half_capacity: usize,
    maps: Mutex<Maps<T>>,
}

struct Maps<T> {
    recent: HashMap<TokenHash, Arc<T>>,
    previous: HashMap<TokenHash, Arc<T>>,
}

impl<T> TokenCache<T> {
    /// An empty cache.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            half_capacity: (capacity / 2).max(1),
            maps: Mutex::new(Maps {
                recent: HashMap::new(),
                previous: HashMap::new(),
            }),
        }
    }

    /// The value cached for a token.
    pub(crate) fn get(&self, hash: &TokenHash) -> Option<Arc<T>> {
        let mut maps = self.lock_maps();
        if let Some(found) = maps.recent.get(hash) {
            return Some(Arc::clone(found));
        }
        let found = maps.previous.remove(hash)?;
        self.insert_recent(&mut maps, *hash, Arc::clone(&found));
        Some(found)
    }

    /// Caches a value for a token.
    pub(crate) fn insert(&self, hash: TokenHash, value: Arc<T>) {
        self.insert_recent(&mut self.lock_maps(), hash, value);
    }

    /// Removes a token.
    pub(crate) fn remove(&self, hash: &TokenHash) {
        let mut maps = self.lock_maps();
        maps.recent.remove(hash);
        maps.previous.remove(hash);
    }

    /// Removes all tokens.
    pub(crate) fn clear(&self) {
        let mut maps = self.lock_maps();
        maps.recent.clear();
        maps.previous.clear();
    }

    fn insert_recent(&self, maps: &mut Maps<T>, hash: TokenHash, value: Arc<T>) {
        if maps.recent.len() >= self.half_capacity {
            maps.previous = std::mem::take(&mut maps.recent);
        }
        maps.recent.insert(hash, value);
    }

    fn lock_maps(&self) -> MutexGuard<'_, Maps<T>> {
        self.maps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u32) -> TokenHash {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&n.to_be_bytes());
        hash
    }

    #[test]
    fn stays_within_capacity_and_keeps_recently_used() {
        let cache = TokenCache::new(8);
        cache.insert(hash(0), Arc::new(0));
        for n in 1..1_000 {
            cache.insert(hash(n), Arc::new(n));
            assert_eq!(cache.get(&hash(0)).as_deref(), Some(&0), "after {n}");
            let maps = cache.lock_maps();
            assert!(maps.recent.len() + maps.previous.len() <= 8);
        }
        assert!(cache.get(&hash(1)).is_none());
    }

    #[test]
    fn removes_and_clears_entries() {
        let cache = TokenCache::new(2);
        for n in 0..2 {
            cache.insert(hash(n), Arc::new(n));
        }
        cache.remove(&hash(0));
        assert!(cache.get(&hash(0)).is_none());
        assert!(cache.get(&hash(1)).is_some());
        cache.clear();
        assert!(cache.get(&hash(1)).is_none());
    }
}

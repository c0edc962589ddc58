//! Tokens verified before: a bounded memory that spares the signature, never the conditions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// SHA-256 of a token. The token itself is not kept.
pub(crate) type TokenHash = [u8; 32];

/// Remembers at most `capacity` values. Two maps take turns: when the young one is half the capacity it becomes the old
/// one and the old one is dropped, which keeps what is in use at constant cost.
pub(crate) struct Seen<T> {
    half: usize,
    maps: Mutex<Maps<T>>,
}

struct Maps<T> {
    young: HashMap<TokenHash, Arc<T>>,
    old: HashMap<TokenHash, Arc<T>>,
}

impl<T> Seen<T> {
    /// An empty memory.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { half: (capacity / 2).max(1), maps: Mutex::new(Maps { young: HashMap::new(), old: HashMap::new() }) }
    }

    /// What is remembered of this token.
    pub(crate) fn get(&self, hash: &TokenHash) -> Option<Arc<T>> {
        let mut maps = self.lock();
        if let Some(found) = maps.young.get(hash) {
            return Some(Arc::clone(found));
        }
        let found = maps.old.remove(hash)?;
        self.keep(&mut maps, *hash, Arc::clone(&found));
        Some(found)
    }

    /// Remembers a token.
    pub(crate) fn put(&self, hash: TokenHash, value: Arc<T>) {
        self.keep(&mut self.lock(), hash, value);
    }

    /// Forgets one token.
    pub(crate) fn forget(&self, hash: &TokenHash) {
        let mut maps = self.lock();
        maps.young.remove(hash);
        maps.old.remove(hash);
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let mut maps = self.lock();
        maps.young.clear();
        maps.old.clear();
    }

    fn keep(&self, maps: &mut Maps<T>, hash: TokenHash, value: Arc<T>) {
        if maps.young.len() >= self.half {
            maps.old = std::mem::take(&mut maps.young);
        }
        maps.young.insert(hash, value);
    }

    fn lock(&self) -> MutexGuard<'_, Maps<T>> {
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
    fn never_holds_more_than_its_capacity_and_keeps_what_is_in_use() {
        let seen = Seen::new(8);
        seen.put(hash(0), Arc::new(0));
        for n in 1..1_000 {
            seen.put(hash(n), Arc::new(n));
            assert_eq!(seen.get(&hash(0)).as_deref(), Some(&0), "after {n}");
            let maps = seen.lock();
            assert!(maps.young.len() + maps.old.len() <= 8);
        }
        assert!(seen.get(&hash(1)).is_none());
    }

    #[test]
    fn forgets() {
        let seen = Seen::new(2);
        for n in 0..2 {
            seen.put(hash(n), Arc::new(n));
        }
        seen.forget(&hash(0));
        assert!(seen.get(&hash(0)).is_none());
        assert!(seen.get(&hash(1)).is_some());
        seen.clear();
        assert!(seen.get(&hash(1)).is_none());
    }
}

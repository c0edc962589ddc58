//! Unwrapped keys in memory, for a minute at most.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use domain::Instant;

const SECOND: i64 = 1_000_000;
/// Requests take the time once, when they begin, so a slow one may come with a moment this much older than the newest
/// seen. Anything older means that the clock was set back.
const STRAGGLE: i64 = 10 * SECOND;
/// Counted by the newest moment seen. With the straggle it makes the 60 s that are promised.
const LIFE: i64 = 60 * SECOND - STRAGGLE;
const SHARDS: usize = 16;

/// A map from names to unwrapped keys, each kept for less than 60 s by the moments given. A clock set back empties it,
/// so that it never lengthens a life. Values are shared; dropping the last one wipes it.
pub(crate) struct Cache<K, V> {
    shards: [RwLock<HashMap<K, Kept<V>>>; SHARDS],
    hasher: RandomState,
    /// The newest moment seen, in microseconds.
    latest: AtomicI64,
    /// The moment of the last sweep; sweeps come from one worker, in order.
    swept: AtomicI64,
    /// Counts evictions: what was loaded before one is not kept after it.
    evictions: AtomicU64,
}

struct Kept<V> {
    value: Arc<V>,
    since: i64,
}

/// Taken before loading a key; says whether anything was evicted meanwhile.
pub(crate) struct Ticket(u64);

impl<K: Copy + Eq + Hash, V> Cache<K, V> {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| RwLock::new(HashMap::new())),
            hasher: RandomState::new(),
            latest: AtomicI64::new(i64::MIN),
            swept: AtomicI64::new(i64::MIN),
            evictions: AtomicU64::new(0),
        }
    }

    /// The value, if it is young enough.
    pub(crate) fn get(&self, now: Instant, key: &K) -> Option<Arc<V>> {
        let latest = self.observe(now);
        let shard = read(self.shard(key)?);
        shard.get(key).filter(|kept| is_young(kept.since, latest)).map(|kept| Arc::clone(&kept.value))
    }

    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(self.evictions.load(Ordering::SeqCst))
    }

    /// Keeps a value loaded at `now`, unless something was evicted since the ticket was taken.
    pub(crate) fn insert(&self, ticket: &Ticket, now: Instant, key: K, value: &Arc<V>) {
        let latest = self.observe(now);
        let Some(shard) = self.shard(&key) else { return };
        let mut shard = write(shard);
        // Under the shard's lock: an eviction counts first and then takes every lock, so it either shows here or
        // finds the value.
        if self.evictions.load(Ordering::SeqCst) == ticket.0 {
            shard.retain(|_, kept| is_young(kept.since, latest));
            shard.insert(key, Kept { value: Arc::clone(value), since: now.as_micros() });
        }
    }

    /// Drops every value whose name `gone` picks.
    pub(crate) fn evict(&self, gone: impl Fn(&K) -> bool) {
        self.evictions.fetch_add(1, Ordering::SeqCst);
        for shard in &self.shards {
            write(shard).retain(|key, _| !gone(key));
        }
    }

    /// Drops what is too old; everything, if `now` is before the last sweep.
    pub(crate) fn sweep(&self, now: Instant) {
        let micros = now.as_micros();
        if micros < self.swept.swap(micros, Ordering::SeqCst) {
            self.start_again(micros);
        }
        let latest = self.observe(now);
        for shard in &self.shards {
            write(shard).retain(|_, kept| is_young(kept.since, latest));
        }
    }

    /// How many values are in memory.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| read(shard).len()).sum()
    }

    /// Notes the moment and returns the newest seen.
    fn observe(&self, now: Instant) -> i64 {
        let micros = now.as_micros();
        let latest = self.latest.load(Ordering::Relaxed);
        if micros > latest {
            return self.latest.fetch_max(micros, Ordering::Relaxed).max(micros);
        }
        if latest.saturating_sub(micros) > STRAGGLE {
            self.start_again(micros);
            return micros;
        }
        latest
    }

    fn start_again(&self, micros: i64) {
        self.evict(|_| true);
        self.latest.store(micros, Ordering::SeqCst);
    }

    fn shard(&self, key: &K) -> Option<&RwLock<HashMap<K, Kept<V>>>> {
        let hash = self.hasher.hash_one(key);
        usize::try_from(hash % SHARDS as u64).ok().and_then(|index| self.shards.get(index))
    }
}

/// A value from a moment not yet reached comes from before a clock was set back.
const fn is_young(since: i64, latest: i64) -> bool {
    since <= latest && latest.saturating_sub(since) < LIFE
}

// A panic while a lock is held leaves at worst a missing entry: carry on.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * SECOND)
    }

    fn with_one(seconds: i64) -> Cache<u8, u8> {
        let cache = Cache::new();
        cache.insert(&cache.ticket(), at(seconds), 1, &Arc::new(7));
        cache
    }

    #[test]
    fn is_kept_for_less_than_a_minute() {
        let cache = with_one(100);
        assert_eq!(cache.get(at(149), &1).as_deref(), Some(&7));
        assert_eq!(cache.get(at(150), &1), None);
        assert_eq!(cache.get(at(160), &1), None);
    }

    #[test]
    fn use_does_not_lengthen_a_life() {
        let cache = with_one(100);
        for seconds in 100..150 {
            assert!(cache.get(at(seconds), &1).is_some(), "{seconds}");
        }
        assert!(cache.get(at(150), &1).is_none());
    }

    #[test]
    fn a_straggler_neither_empties_nor_lengthens() {
        let cache = with_one(100);
        assert!(cache.get(at(140), &1).is_some());
        assert!(cache.get(at(130), &1).is_some());
        assert!(cache.get(at(149), &1).is_some());
        assert!(cache.get(at(150), &1).is_none());
        assert!(cache.get(at(145), &1).is_none(), "once too old by the newest moment, too old for the straggler");
    }

    #[test]
    fn a_clock_set_back_empties_the_cache() {
        let cache = with_one(100);
        assert!(cache.get(at(89), &1).is_none());
        assert!(cache.get(at(100), &1).is_none(), "it does not come back either");
        assert_eq!(cache.len(), 0);
    }

    #[test]
    fn a_small_step_back_between_sweeps_empties_the_cache() {
        let cache = with_one(100);
        cache.sweep(at(105));
        assert_eq!(cache.len(), 1);
        cache.sweep(at(104));
        assert_eq!(cache.len(), 0);
    }

    #[test]
    fn sweeping_frees_what_nobody_asks_for() {
        let cache = with_one(100);
        let value = cache.get(at(101), &1).unwrap();
        cache.sweep(at(149));
        assert_eq!(Arc::strong_count(&value), 2);
        cache.sweep(at(150));
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn what_was_loaded_before_an_eviction_is_not_kept() {
        let cache = with_one(100);
        let ticket = cache.ticket();
        cache.evict(|key| *key == 2);
        cache.insert(&ticket, at(100), 2, &Arc::new(8));
        assert!(cache.get(at(100), &2).is_none());
        assert!(cache.get(at(100), &1).is_some(), "others stay");
    }
}

//! In-memory cache of unwrapped keys, which lives for less than a minute.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use domain::Instant;

const MICROS_PER_SECOND: i64 = 1_000_000;
/// How far a request may lag behind the newest time observed: a request reads the clock once, when
/// it begins. A larger lag means that the clock was set back.
const MAX_REQUEST_LAG: i64 = 10 * MICROS_PER_SECOND;
/// Maximum age, measured against the newest time observed. Together with the permitted lag it adds
/// up to the documented 60 s.
const MAX_AGE: i64 = 60 * MICROS_PER_SECOND - MAX_REQUEST_LAG;
const SHARD_COUNT: usize = 16;

/// Maps key names to unwrapped keys and keeps each for less than 60 s of the caller's time. A clock
/// set back clears the cache, so that it can never extend a lifetime. Values are shared; dropping
/// the last reference wipes the key.
pub(crate) struct Cache<K, V> {
    shards: [RwLock<HashMap<K, CachedValue<V>>>; SHARD_COUNT],
    hasher: RandomState,
    /// Newest time observed, in microseconds.
    latest: AtomicI64,
    /// Time of the last sweep. One worker sweeps, so these times only increase.
    last_sweep: AtomicI64,
    /// Number of evictions. A value whose loading began before an eviction is not cached after it.
    evictions: AtomicU64,
}

struct CachedValue<V> {
    value: Arc<V>,
    loaded_at: i64,
}

/// Issued before a key is loaded; shows whether an eviction happened in the meantime.
pub(crate) struct LoadTicket(u64);

impl<K: Copy + Eq + Hash, V> Cache<K, V> {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| RwLock::new(HashMap::new())),
            hasher: RandomState::new(),
            latest: AtomicI64::new(i64::MIN),
            last_sweep: AtomicI64::new(i64::MIN),
            evictions: AtomicU64::new(0),
        }
    }

    /// Returns the value if it is not too old.
    pub(crate) fn get(&self, now: Instant, key: &K) -> Option<Arc<V>> {
        let latest = self.observe_time(now);
        let shard = read_shard(self.shard(key)?);
        shard
            .get(key)
            .filter(|cached| is_fresh(cached.loaded_at, latest))
            .map(|cached| Arc::clone(&cached.value))
    }

    pub(crate) fn begin_load(&self) -> LoadTicket {
        LoadTicket(self.evictions.load(Ordering::SeqCst))
    }

    /// Caches a value loaded at `now`, unless an eviction happened after the ticket was issued.
    pub(crate) fn insert(&self, ticket: &LoadTicket, now: Instant, key: K, value: &Arc<V>) {
        let latest = self.observe_time(now);
        let Some(shard) = self.shard(&key) else {
            return;
        };
        let mut shard = write_shard(shard);
        // Checked under the shard's lock: an eviction increments the counter before it takes each
        // lock, so either the counter shows it here or the eviction removes this value.
        if self.evictions.load(Ordering::SeqCst) == ticket.0 {
            shard.retain(|_, cached| is_fresh(cached.loaded_at, latest));
            shard.insert(
                key,
                CachedValue {
                    value: Arc::clone(value),
                    loaded_at: now.as_micros(),
                },
            );
        }
    }

    /// Removes every value for whose key `should_evict` returns true.
    pub(crate) fn evict(&self, should_evict: impl Fn(&K) -> bool) {
        self.evictions.fetch_add(1, Ordering::SeqCst);
        for shard in &self.shards {
            write_shard(shard).retain(|key, _| !should_evict(key));
        }
    }

    /// Removes values that are too old, and all values when `now` is before the last sweep.
    pub(crate) fn sweep(&self, now: Instant) {
        let micros = now.as_micros();
        if micros < self.last_sweep.swap(micros, Ordering::SeqCst) {
            self.reset(micros);
        }
        let latest = self.observe_time(now);
        for shard in &self.shards {
            write_shard(shard).retain(|_, cached| is_fresh(cached.loaded_at, latest));
        }
    }

    /// Number of values in memory.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| read_shard(shard).len())
            .sum()
    }

    /// Records the time and returns the newest time observed.
    fn observe_time(&self, now: Instant) -> i64 {
        let micros = now.as_micros();
        let latest = self.latest.load(Ordering::Relaxed);
        if micros > latest {
            return self.latest.fetch_max(micros, Ordering::Relaxed).max(micros);
        }
        if latest.saturating_sub(micros) > MAX_REQUEST_LAG {
            self.reset(micros);
            return micros;
        }
        latest
    }

    fn reset(&self, micros: i64) {
        self.evict(|_| true);
        self.latest.store(micros, Ordering::SeqCst);
    }

    fn shard(&self, key: &K) -> Option<&RwLock<HashMap<K, CachedValue<V>>>> {
        let hash = self.hasher.hash_one(key);
        usize::try_from(hash % SHARD_COUNT as u64)
            .ok()
            .and_then(|index| self.shards.get(index))
    }
}

/// A value loaded later than the newest time dates from before the clock was set back.
const fn is_fresh(loaded_at: i64, latest: i64) -> bool {
    loaded_at <= latest && latest.saturating_sub(loaded_at) < MAX_AGE
}

// A panic while a lock is held loses at most one cache entry, so a poisoned lock is still usable.
fn read_shard<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write_shard<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_second(seconds: i64) -> Instant {
        Instant::from_micros(seconds * MICROS_PER_SECOND)
    }

    fn cache_with_one_value(seconds: i64) -> Cache<u8, u8> {
        let cache = Cache::new();
        cache.insert(&cache.begin_load(), at_second(seconds), 1, &Arc::new(7));
        cache
    }

    #[test]
    fn value_expires_within_a_minute() {
        let cache = cache_with_one_value(100);
        assert_eq!(cache.get(at_second(149), &1).as_deref(), Some(&7));
        assert_eq!(cache.get(at_second(150), &1), None);
        assert_eq!(cache.get(at_second(160), &1), None);
    }

    #[test]
    fn access_does_not_extend_lifetime() {
        let cache = cache_with_one_value(100);
        for seconds in 100..150 {
            assert!(cache.get(at_second(seconds), &1).is_some(), "{seconds}");
        }
        assert!(cache.get(at_second(150), &1).is_none());
    }

    #[test]
    fn late_request_neither_clears_nor_extends_the_cache() {
        let cache = cache_with_one_value(100);
        assert!(cache.get(at_second(140), &1).is_some());
        assert!(cache.get(at_second(130), &1).is_some());
        assert!(cache.get(at_second(149), &1).is_some());
        assert!(cache.get(at_second(150), &1).is_none());
        assert!(
            cache.get(at_second(145), &1).is_none(),
            "once too old by the newest moment, too old for the straggler"
        );
    }

    #[test]
    fn clock_set_back_clears_the_cache() {
        let cache = cache_with_one_value(100);
        assert!(cache.get(at_second(89), &1).is_none());
        assert!(
            cache.get(at_second(100), &1).is_none(),
            "it does not come back either"
        );
        assert_eq!(cache.len(), 0);
    }

    #[test]
    fn small_step_back_between_sweeps_clears_the_cache() {
        let cache = cache_with_one_value(100);
        cache.sweep(at_second(105));
        assert_eq!(cache.len(), 1);
        cache.sweep(at_second(104));
        assert_eq!(cache.len(), 0);
    }

    #[test]
    fn sweep_frees_unused_values() {
        let cache = cache_with_one_value(100);
        let value = cache.get(at_second(101), &1).unwrap();
        cache.sweep(at_second(149));
        assert_eq!(Arc::strong_count(&value), 2);
        cache.sweep(at_second(150));
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn value_loaded_before_an_eviction_is_not_cached() {
        let cache = cache_with_one_value(100);
        let ticket = cache.begin_load();
        cache.evict(|key| *key == 2);
        cache.insert(&ticket, at_second(100), 2, &Arc::new(8));
        assert!(cache.get(at_second(100), &2).is_none());
        assert!(cache.get(at_second(100), &1).is_some(), "others stay");
    }
}

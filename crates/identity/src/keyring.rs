//! Caches one issuer's keys and decides when to fetch them again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use domain::Instant;

use crate::jwks::{KeyFault, KeySet};
use crate::{Algorithm, FetchError, FetchKeys, JwksError, KeySource};

/// Age after which keys are fetched again.
pub const KEYS_MAX_AGE: Duration = Duration::from_secs(10 * 60);
/// Least time between two attempts to fetch an issuer's keys, whatever the outcome of the first.
pub const KEYS_RETRY_AFTER: Duration = Duration::from_secs(30);
/// Longest time that keys are used after they were last fetched. It is long enough that an issuer's
/// outage does not lock its users out, and limited so that an attacker who cuts the service off
/// cannot keep a withdrawn key in use.
pub const KEYS_MAX_STALENESS: Duration = Duration::from_secs(4 * 60 * 60);

/// An issuer's keys at one moment.
#[derive(Clone)]
pub(crate) struct KeySnapshot {
    /// The keys by id.
    pub(crate) keys: Arc<KeySet>,
    /// Incremented with every change of the keys: tokens verified under another generation must be
    /// verified again.
    pub(crate) generation: u64,
}

/// Outcome of an attempt to fetch the keys.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RefreshOutcome {
    /// No attempt: another thread is fetching, the last attempt is too recent, or the keys are
    /// inline.
    Skipped,
    /// Fetched; the keys are the same as before.
    Unchanged,
    /// Fetched; the keys have changed.
    Changed,
    /// Not fetched; the previous keys stay in use.
    Failed(FetchError),
}

/// The cached keys of one issuer.
pub(crate) struct Keyring {
    source: KeySource,
    algorithm: Algorithm,
    state: RwLock<State>,
    refreshing: AtomicBool,
}

struct State {
    snapshot: KeySnapshot,
    fetched_at: Option<Instant>,
    attempted_at: Option<Instant>,
}

impl Keyring {
    /// A keyring for `source`. Only inline keys are parsed now.
    ///
    /// # Errors
    /// The error of an inline key set, or the faults of its keys; both empty when it has no usable
    /// key.
    pub(crate) fn new(
        source: KeySource,
        algorithm: Algorithm,
    ) -> Result<Self, (Option<JwksError>, Vec<KeyFault>)> {
        let mut keys = KeySet::default();
        if let KeySource::Inline(set) = &source {
            let (read, faults) = KeySet::parse(set.as_bytes(), algorithm)
                .map_err(|error| (Some(error), Vec::new()))?;
            if read.is_empty() || !faults.is_empty() {
                return Err((None, faults));
            }
            keys = read;
        }
        let snapshot = KeySnapshot {
            keys: Arc::new(keys),
            generation: 0,
        };
        let state = RwLock::new(State {
            snapshot,
            fetched_at: None,
            attempted_at: None,
        });
        Ok(Self {
            source,
            algorithm,
            state,
            refreshing: AtomicBool::new(false),
        })
    }

    /// The keys to use at `now`; `None` when they were never fetched or more than
    /// [`KEYS_MAX_STALENESS`] ago.
    pub(crate) fn current_keys(&self, now: Instant) -> Option<KeySnapshot> {
        let state = self.read_state();
        let usable = self.is_inline()
            || state
                .fetched_at
                .is_some_and(|at| now.since(at) <= KEYS_MAX_STALENESS);
        usable.then(|| state.snapshot.clone())
    }

    /// Whether the keys should be fetched now: they are older than [`KEYS_MAX_AGE`], or do not
    /// contain the key id `missing`.
    pub(crate) fn is_refresh_due(&self, now: Instant, missing: Option<&str>) -> bool {
        if self.is_inline() || self.refreshing.load(Ordering::Acquire) {
            return false;
        }
        let state = self.read_state();
        let old = state
            .fetched_at
            .is_none_or(|at| has_elapsed(at, now, KEYS_MAX_AGE));
        let key_missing = missing.is_some_and(|key_id| state.snapshot.keys.get(key_id).is_none());
        (old || key_missing) && state.may_attempt(now)
    }

    /// Fetches the keys, unless another thread is doing so or an attempt was made within
    /// [`KEYS_RETRY_AFTER`]. No lock is held during the fetch, so that other threads go on with the
    /// current keys.
    pub(crate) fn refresh(&self, fetch: &dyn FetchKeys, now: Instant) -> RefreshOutcome {
        let Some(_guard) = self.begin_refresh(now) else {
            return RefreshOutcome::Skipped;
        };
        let outcome = fetch.fetch(&self.source).and_then(|bytes| {
            let (keys, faults) = KeySet::parse(&bytes, self.algorithm)?;
            Ok((keys, faults))
        });
        match outcome {
            Err(error) => RefreshOutcome::Failed(error),
            Ok((keys, faults)) => {
                for fault in faults {
                    tracing::warn!(%fault, "a published key is not used");
                }
                self.replace(keys, now)
            }
        }
    }

    /// The exclusive right to fetch the keys, released on drop; `None` when another thread has it
    /// or it is too soon.
    fn begin_refresh(&self, now: Instant) -> Option<RefreshGuard<'_>> {
        if self.is_inline() || self.refreshing.swap(true, Ordering::AcqRel) {
            return None;
        }
        let guard = RefreshGuard(&self.refreshing);
        let mut state = self.write_state();
        let free = state.may_attempt(now);
        if free {
            state.attempted_at = Some(now);
        }
        free.then_some(guard)
    }

    fn replace(&self, keys: KeySet, now: Instant) -> RefreshOutcome {
        let mut state = self.write_state();
        let same = state.fetched_at.is_some() && *state.snapshot.keys == keys;
        state.fetched_at = Some(now);
        if same {
            return RefreshOutcome::Unchanged;
        }
        state.snapshot = KeySnapshot {
            keys: Arc::new(keys),
            generation: state.snapshot.generation.wrapping_add(1),
        };
        RefreshOutcome::Changed
    }

    fn is_inline(&self) -> bool {
        matches!(self.source, KeySource::Inline(_))
    }

    fn read_state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_state(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn may_attempt(&self, now: Instant) -> bool {
        self.attempted_at
            .is_none_or(|at| has_elapsed(at, now, KEYS_RETRY_AFTER))
    }
}

/// Whether `span` has passed since `at`. A clock set back by more than [`KEYS_RETRY_AFTER`] counts
/// as passed, because otherwise the keys would not be refreshed until the clock has caught up.
fn has_elapsed(at: Instant, now: Instant, span: Duration) -> bool {
    now.since(at) >= span || at.since(now) > KEYS_RETRY_AFTER
}

struct RefreshGuard<'a>(&'a AtomicBool);

impl Drop for RefreshGuard<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct StaticSource(&'static str);

    impl FetchKeys for StaticSource {
        fn fetch(&self, _: &KeySource) -> Result<Vec<u8>, FetchError> {
            Ok(self.0.as_bytes().to_vec())
        }
    }

    const ONE: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"one",
        "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

    #[test]
    fn generation_changes_only_with_keys() {
        let keyring = Keyring::new(
            KeySource::JwksUrl("https://id.example/jwks".into()),
            Algorithm::Es256,
        )
        .unwrap();
        let at = |minutes: u64| Instant::from_micros(0).plus(Duration::from_secs(60 * minutes));
        let generation = |minutes| keyring.current_keys(at(minutes)).unwrap().generation;

        assert!(keyring.current_keys(at(0)).is_none());
        assert_eq!(
            keyring.refresh(&StaticSource(ONE), at(0)),
            RefreshOutcome::Changed
        );
        let first = generation(0);
        assert_eq!(
            keyring.refresh(&StaticSource(ONE), at(1)),
            RefreshOutcome::Unchanged
        );
        assert_eq!(generation(1), first);
        assert_eq!(
            keyring.refresh(&StaticSource("nonsense"), at(2)),
            RefreshOutcome::Failed(JwksError::Malformed.into())
        );
        assert_eq!(generation(2), first);
        // An empty key set withdraws all keys.
        assert_eq!(
            keyring.refresh(&StaticSource(r#"{"keys":[]}"#), at(3)),
            RefreshOutcome::Changed
        );
        assert_ne!(generation(3), first);
    }
}

//! One issuer's keys in memory, and when to read them again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use domain::Instant;

use crate::jwks::{KeyFault, KeySet};
use crate::{Algorithm, FetchError, FetchKeys, JwksError, KeySource};

/// Keys older than this are read again.
pub const KEYS_MAX_AGE: Duration = Duration::from_secs(10 * 60);
/// Least time between two attempts to read an issuer's keys, whatever came of the first.
pub const KEYS_RETRY_AFTER: Duration = Duration::from_secs(30);
/// Keys that could not be read again serve this long after they were last read, so that an issuer's outage does not lock
/// everybody out; then none of its tokens is accepted, so that cutting us off does not keep a withdrawn key alive.
pub const KEYS_KEPT_AT_MOST: Duration = Duration::from_secs(4 * 60 * 60);

/// The keys an issuer has at some moment.
#[derive(Clone)]
pub(crate) struct Held {
    /// The keys.
    pub(crate) keys: Arc<KeySet>,
    /// Counts the changes of the set: what was verified under another generation has to be verified again.
    pub(crate) generation: u64,
}

/// What came of an attempt to read the keys.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refreshed {
    /// Somebody else is at it, it is too soon, or the keys never change.
    NotNow,
    /// Read; the same keys as before.
    Same,
    /// Read; keys came or went.
    Changed,
    /// Not read; the keys held before stay.
    Failed(FetchError),
}

/// One issuer's keys.
pub(crate) struct Keyring {
    source: KeySource,
    algorithm: Algorithm,
    state: RwLock<State>,
    busy: AtomicBool,
}

struct State {
    held: Held,
    read_at: Option<Instant>,
    tried_at: Option<Instant>,
}

impl Keyring {
    /// A ring for `source`; only inline keys are read now.
    pub(crate) fn new(source: KeySource, algorithm: Algorithm) -> Result<Self, (Option<JwksError>, Vec<KeyFault>)> {
        let mut keys = KeySet::default();
        if let KeySource::Inline(set) = &source {
            let (read, faults) = KeySet::parse(set.as_bytes(), algorithm).map_err(|error| (Some(error), Vec::new()))?;
            if read.is_empty() || !faults.is_empty() {
                return Err((None, faults));
            }
            keys = read;
        }
        let held = Held { keys: Arc::new(keys), generation: 0 };
        let state = RwLock::new(State { held, read_at: None, tried_at: None });
        Ok(Self { source, algorithm, state, busy: AtomicBool::new(false) })
    }

    /// The keys that count at `now`; `None` when they were never read, or too long ago.
    pub(crate) fn held(&self, now: Instant) -> Option<Held> {
        let state = self.read();
        let counts = self.fixed() || state.read_at.is_some_and(|at| now.since(at) <= KEYS_KEPT_AT_MOST);
        counts.then(|| state.held.clone())
    }

    /// Whether this is the moment to read the keys again: they are old, or `missing` is a key they lack.
    pub(crate) fn due(&self, now: Instant, missing: Option<&str>) -> bool {
        if self.fixed() || self.busy.load(Ordering::Acquire) {
            return false;
        }
        let state = self.read();
        let old = state.read_at.is_none_or(|at| elapsed(at, now, KEYS_MAX_AGE));
        let lacking = missing.is_some_and(|key_id| state.held.keys.get(key_id).is_none());
        (old || lacking) && state.may_try(now)
    }

    /// Reads the keys, unless another thread does or did within [`KEYS_RETRY_AFTER`]. No lock is held meanwhile: others
    /// go on with the keys there are.
    pub(crate) fn refresh(&self, fetch: &dyn FetchKeys, now: Instant) -> Refreshed {
        let Some(_turn) = self.take_turn(now) else { return Refreshed::NotNow };
        let outcome = fetch.fetch(&self.source).and_then(|bytes| {
            let (keys, faults) = KeySet::parse(&bytes, self.algorithm)?;
            Ok((keys, faults))
        });
        match outcome {
            Err(error) => Refreshed::Failed(error),
            Ok((keys, faults)) => {
                for fault in faults {
                    tracing::warn!(%fault, "a published key is left out");
                }
                self.replace(keys, now)
            }
        }
    }

    /// The right to read the keys, given back when dropped.
    fn take_turn(&self, now: Instant) -> Option<Turn<'_>> {
        if self.fixed() || self.busy.swap(true, Ordering::AcqRel) {
            return None;
        }
        let turn = Turn(&self.busy);
        let mut state = self.write();
        let free = state.may_try(now);
        if free {
            state.tried_at = Some(now);
        }
        free.then_some(turn)
    }

    fn replace(&self, keys: KeySet, now: Instant) -> Refreshed {
        let mut state = self.write();
        let same = state.read_at.is_some() && *state.held.keys == keys;
        state.read_at = Some(now);
        if same {
            return Refreshed::Same;
        }
        state.held = Held { keys: Arc::new(keys), generation: state.held.generation.wrapping_add(1) };
        Refreshed::Changed
    }

    fn fixed(&self) -> bool {
        matches!(self.source, KeySource::Inline(_))
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn may_try(&self, now: Instant) -> bool {
        self.tried_at.is_none_or(|at| elapsed(at, now, KEYS_RETRY_AFTER))
    }
}

/// Whether `span` has passed since `at`. A clock set back further than the throttle counts as passed, or else the keys
/// would stand still until it has caught up.
fn elapsed(at: Instant, now: Instant, span: Duration) -> bool {
    now.since(at) >= span || at.since(now) > KEYS_RETRY_AFTER
}

struct Turn<'a>(&'a AtomicBool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Page(&'static str);

    impl FetchKeys for Page {
        fn fetch(&self, _: &KeySource) -> Result<Vec<u8>, FetchError> {
            Ok(self.0.as_bytes().to_vec())
        }
    }

    const ONE: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"one",
        "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

    #[test]
    fn only_a_change_of_keys_starts_a_new_generation() {
        let ring = Keyring::new(KeySource::JwksUrl("https://id.example/jwks".into()), Algorithm::Es256).unwrap();
        let at = |minutes: u64| Instant::from_micros(0).plus(Duration::from_secs(60 * minutes));
        let generation = |minutes| ring.held(at(minutes)).unwrap().generation;

        assert!(ring.held(at(0)).is_none());
        assert_eq!(ring.refresh(&Page(ONE), at(0)), Refreshed::Changed);
        let first = generation(0);
        assert_eq!(ring.refresh(&Page(ONE), at(1)), Refreshed::Same);
        assert_eq!(generation(1), first);
        assert_eq!(ring.refresh(&Page("nonsense"), at(2)), Refreshed::Failed(JwksError::Malformed.into()));
        assert_eq!(generation(2), first);
        // An issuer that withdraws every key is taken at its word.
        assert_eq!(ring.refresh(&Page(r#"{"keys":[]}"#), at(3)), Refreshed::Changed);
        assert_ne!(generation(3), first);
    }
}

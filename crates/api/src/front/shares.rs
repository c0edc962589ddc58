//! How much of something everybody has at a time, and how much of it one may have.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts what is given out, altogether and to each. Clones share it.
#[derive(Debug)]
pub(crate) struct Shares<K>(Arc<Mutex<Given<K>>>);

#[derive(Debug)]
struct Given<K> {
    all: usize,
    of: HashMap<K, usize>,
}

/// What somebody was given; it comes back when this is dropped.
#[derive(Debug)]
pub(crate) struct Share<K: Hash + Eq> {
    shares: Shares<K>,
    of: Option<K>,
    amount: usize,
}

/// Who has too much for more to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exhausted {
    /// The one who asks.
    Own,
    /// Everybody together.
    All,
}

impl<K> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Given { all: 0, of: HashMap::new() })))
    }
}

impl<K: Hash + Eq + Clone> Shares<K> {
    /// Gives an amount to `of`, so that neither they have more than `own` nor everybody more than `all`. Whoever has nothing
    /// may have more than their own limit at once, and nobody in particular has none.
    ///
    /// # Errors
    /// [`Exhausted`]; then nothing is given.
    pub(crate) fn take(&self, of: Option<K>, amount: usize, own: usize, all: usize) -> Result<Share<K>, Exhausted> {
        let mut given = self.given();
        let has = of.as_ref().and_then(|key| given.of.get(key)).copied().unwrap_or(0);
        if has > 0 && has.saturating_add(amount) > own {
            return Err(Exhausted::Own);
        }
        if given.all.saturating_add(amount) > all {
            return Err(Exhausted::All);
        }
        given.all += amount;
        if let Some(key) = &of {
            given.of.insert(key.clone(), has + amount);
        }
        drop(given);
        Ok(Share { shares: self.clone(), of, amount })
    }

    /// How much everybody has.
    pub(crate) fn all(&self) -> usize {
        self.given().all
    }
}

impl<K> Shares<K> {
    fn given(&self) -> MutexGuard<'_, Given<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq> Drop for Share<K> {
    fn drop(&mut self) {
        let mut given = self.shares.given();
        given.all -= self.amount;
        let Some(key) = &self.of else { return };
        let left = given.of.get(key).map_or(0, |has| has.saturating_sub(self.amount));
        if left == 0 {
            given.of.remove(key);
        } else if let Some(has) = given.of.get_mut(key) {
            *has = left;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_a_limit_and_everybody_together_has_one() {
        let shares = Shares::<u8>::default();
        let first = shares.take(Some(1), 2, 2, 3).unwrap();
        assert_eq!(shares.take(Some(1), 1, 2, 3).map(drop), Err(Exhausted::Own));
        let second = shares.take(Some(2), 1, 2, 3).unwrap();
        assert_eq!(shares.take(Some(3), 1, 2, 3).map(drop), Err(Exhausted::All));
        assert_eq!(shares.take(None, 1, 0, 4).map(|_| ()), Ok(()));
        drop(first);
        assert!(shares.take(Some(1), 2, 2, 3).is_ok());
        drop(second);
        assert!(shares.take(Some(4), 3, 2, 3).is_ok(), "more than one's own limit, for who has nothing");
        assert_eq!(shares.all(), 0);
        assert!(shares.given().of.is_empty());
    }
}

//! Which keys a write has sealed by, so that the commitments to those that its partnership uses for the first time are
//! published in the same transaction.
//!
//! A write runs on one thread from its first statement to its commit. What it seals by is therefore noted for that
//! thread, where sealing happens, many calls below the transaction: no use case can forget to say so. A transaction that
//! is run again begins with an empty note; one that is rolled back has published nothing, and only after the commit is a
//! key remembered as known.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use domain::{Instant, PartnershipId};
use store::{CommitmentRow, Tx};
use vault::{DataKey, Epoch, KeyId, KeyScope, Place, Terms};

use crate::{Answer, Service};

/// Known commitments kept in memory; beyond that they are forgotten and looked up again.
const MOST_KNOWN: usize = 100_000;

thread_local! {
    /// What the write on this thread has sealed by.
    static USED: RefCell<BTreeSet<KeyId>> = const { RefCell::new(BTreeSet::new()) };
}

/// Forgets what a write before this one noted.
pub(crate) fn begin() {
    USED.with_borrow_mut(BTreeSet::clear);
}

/// Commitments that are known to be published.
#[derive(Default)]
pub(crate) struct Known(Mutex<HashSet<(PartnershipId, KeyId)>>);

impl Known {
    fn has(&self, partnership: PartnershipId, key: KeyId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&(partnership, key))
    }

    /// Remembers keys once their publication is committed.
    pub(crate) fn remember(&self, partnership: PartnershipId, keys: Vec<KeyId>) {
        if keys.is_empty() {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + keys.len() > MOST_KNOWN {
            known.clear();
        }
        known.extend(keys.into_iter().map(|key| (partnership, key)));
    }
}

/// Every hour counts; of scopes only chronologies and fragments sent ahead, which alone are destroyed early.
fn note(terms: &Terms, place: &Place) {
    let Terms::Until { scope: KeyScope(scope), expires_at, .. } = *terms else { return };
    USED.with_borrow_mut(|used| {
        used.insert(KeyId::Epoch(Epoch::of(expires_at)));
        if matches!(place.table, "chronologies" | "fragment_versions") {
            used.insert(KeyId::Scope(scope));
        }
    });
}

impl Service {
    /// [`vault::Vault::create_key`], noted.
    pub(crate) fn create_key(&self, now: Instant, terms: &Terms, place: &Place) -> Answer<(DataKey, Vec<u8>)> {
        note(terms, place);
        Ok(self.vault().create_key(now, terms, place)?)
    }

    /// [`vault::Vault::rewrap`], noted.
    pub(crate) fn rewrap(
        &self,
        now: Instant,
        from: &Terms,
        to: &Terms,
        place: &Place,
        wrapped: &[u8],
    ) -> Answer<Vec<u8>> {
        note(to, place);
        Ok(self.vault().rewrap(now, from, to, place, wrapped)?)
    }

    /// Publishes what this write has sealed by for the first time; says which keys are known once it is committed.
    pub(crate) fn publish_used(&self, tx: &mut Tx<'_>, partnership: PartnershipId, now: Instant) -> Answer<Vec<KeyId>> {
        let used = USED.with_borrow_mut(std::mem::take);
        let fresh: Vec<KeyId> = used.into_iter().filter(|key| !self.0.known.has(partnership, *key)).collect();
        for key in &fresh {
            self.publish_key(tx, partnership, *key, now)?;
        }
        Ok(fresh)
    }

    /// Publishes the commitment to one key, unless it is there or the key is gone.
    pub(crate) fn publish_key(
        &self,
        tx: &mut Tx<'_>,
        partnership: PartnershipId,
        key: KeyId,
        now: Instant,
    ) -> Answer<()> {
        if self.0.known.has(partnership, key) {
            return Ok(());
        }
        let (kind, key_id) = (key.kind().as_str(), key.id());
        if let Some(row) = store::commitments::find(tx, partnership, kind, &key_id)? {
            // One that is older than this transaction stays, whatever becomes of this transaction.
            if row.published_at < now {
                self.0.known.remember(partnership, vec![key]);
            }
            return Ok(());
        }
        let Some(record) = self.vault().record(key)? else { return Ok(()) };
        let row = CommitmentRow {
            partnership_id: partnership,
            kind: kind.to_owned(),
            key_id,
            commitment: record.commitment.into(),
            made_at: record.created_at,
            published_at: now,
            due_at: if let KeyId::Epoch(epoch) = key { Some(epoch.over_at()) } else { None },
            certificate_id: None,
            settled_at: None,
        };
        if store::commitments::publish(tx, &row)? {
            self.append(tx, &self.key_record(partnership, "key.publish", None, now))?;
        }
        Ok(())
    }
}

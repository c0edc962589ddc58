//! Publishes commitments to keys. A write publishes, in its own transaction, the commitments to the
//! keys that its partnership uses for the first time.
//!
//! A write runs on one thread from its first statement to its commit. The keys that it seals with
//! are therefore collected per thread, at the point where sealing happens, so that no use case can
//! forget to report them. A transaction that is retried starts with an empty set. A transaction
//! that is rolled back has published nothing; keys are cached as published only after the commit.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use domain::{Instant, PartnershipId, SystemAction};
use store::{CommitmentRow, Tx};
use vault::{DataKey, Epoch, KeyId, KeyScope, KeyTerms, RecordLocation};

use crate::{Service, ServiceResult};

/// The most keys in the cache; a full cache is cleared, and keys are looked up again.
const MAX_CACHED_KEYS: usize = 100_000;

thread_local! {
    /// The keys that the write on this thread has sealed with.
    static USED_KEYS: RefCell<BTreeSet<KeyId>> = const { RefCell::new(BTreeSet::new()) };
}

/// Clears what an earlier write on this thread collected.
pub(crate) fn clear_used_keys() {
    USED_KEYS.with_borrow_mut(BTreeSet::clear);
}

/// A cache of the keys whose commitments are published.
#[derive(Default)]
pub(crate) struct PublishedKeys(Mutex<HashSet<(PartnershipId, KeyId)>>);

impl PublishedKeys {
    fn contains(&self, partnership: PartnershipId, key: KeyId) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&(partnership, key))
    }

    /// Adds keys after the transaction that published them has committed.
    pub(crate) fn remember(&self, partnership: PartnershipId, keys: Vec<KeyId>) {
        if keys.is_empty() {
            return;
        }
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.len() + keys.len() > MAX_CACHED_KEYS {
            cached.clear();
        }
        cached.extend(keys.into_iter().map(|key| (partnership, key)));
    }
}

/// Collects the keys that `terms` use: the epoch key always, the scope key only for chronologies
/// and advance submissions, because no other scope is destroyed early.
fn record_use(terms: &KeyTerms, location: &RecordLocation) {
    let KeyTerms::Expiring {
        scope: KeyScope(scope),
        expires_at,
        ..
    } = *terms
    else {
        return;
    };
    USED_KEYS.with_borrow_mut(|used| {
        used.insert(KeyId::Epoch(Epoch::for_expiry(expires_at)));
        if matches!(location.table, "chronologies" | "fragment_versions") {
            used.insert(KeyId::Scope(scope));
        }
    });
}

impl Service {
    /// Creates a data key as [`vault::Vault::create_key`] does, and collects the keys that wrap it.
    pub(crate) fn create_key(
        &self,
        now: Instant,
        terms: &KeyTerms,
        location: &RecordLocation,
    ) -> ServiceResult<(DataKey, Vec<u8>)> {
        record_use(terms, location);
        Ok(self.vault().create_key(now, terms, location)?)
    }

    /// Wraps a key again as [`vault::Vault::rewrap`] does, and collects the keys that now wrap it.
    pub(crate) fn rewrap(
        &self,
        now: Instant,
        from: &KeyTerms,
        to: &KeyTerms,
        location: &RecordLocation,
        wrapped: &[u8],
    ) -> ServiceResult<Vec<u8>> {
        record_use(to, location);
        Ok(self.vault().rewrap(now, from, to, location, wrapped)?)
    }

    /// Publishes the commitments to keys that this write has used for the first time. Returns the
    /// keys to cache after the commit.
    pub(crate) fn publish_used_keys(
        &self,
        tx: &mut Tx<'_>,
        partnership: PartnershipId,
        now: Instant,
    ) -> ServiceResult<Vec<KeyId>> {
        let used = USED_KEYS.with_borrow_mut(std::mem::take);
        let unpublished: Vec<KeyId> = used
            .into_iter()
            .filter(|key| !self.0.published_keys.contains(partnership, *key))
            .collect();
        for key in &unpublished {
            self.publish_key(tx, partnership, *key, now)?;
        }
        Ok(unpublished)
    }

    /// Publishes the commitment to one key, unless it is published already or the key is destroyed.
    pub(crate) fn publish_key(
        &self,
        tx: &mut Tx<'_>,
        partnership: PartnershipId,
        key: KeyId,
        now: Instant,
    ) -> ServiceResult<()> {
        if self.0.published_keys.contains(partnership, key) {
            return Ok(());
        }
        let kind = key.kind().as_str();
        let key_id = key.id();
        if let Some(row) = store::commitments::find(tx, partnership, kind, &key_id)? {
            // A commitment older than this transaction stays published even if this transaction
            // rolls back.
            if row.published_at < now {
                self.0.published_keys.remember(partnership, vec![key]);
            }
            return Ok(());
        }
        let Some(record) = self.vault().record(key)? else {
            return Ok(());
        };
        let row = CommitmentRow {
            partnership_id: partnership,
            kind: kind.to_owned(),
            key_id,
            commitment: record.commitment.into(),
            made_at: record.created_at,
            published_at: now,
            due_at: if let KeyId::Epoch(epoch) = key {
                Some(epoch.ends_at())
            } else {
                None
            },
            certificate_id: None,
            settled_at: None,
        };
        if store::commitments::publish(tx, &row)? {
            self.append_audit_record(
                tx,
                &self.build_key_audit_record(partnership, SystemAction::KeyPublish, None, now),
            )?;
        }
        Ok(())
    }
}

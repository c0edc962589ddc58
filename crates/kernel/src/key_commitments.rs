//! Publishes commitments to keys. A write publishes, in its own transaction, the commitments to the
//! keys that its partnership uses for the first time.
//!
//! The transaction collects the keys that its rows are sealed with, at the point where sealing
//! happens, so that no use case can forget to report them. A transaction that is retried starts
//! with an empty set. A transaction that is rolled back has published nothing; keys are cached as
//! published only after the commit.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use domain::{Instant, PartnershipId, SystemAction};
use store::{CommitmentRow, Tx};
use vault::{DataKey, Epoch, KeyId, KeyScope, KeyTerms, RecordLocation};

use crate::{AuditRecord, Kernel, ServiceResult};

/// The most keys in the cache; a full cache is cleared, and keys are looked up again.
const MAX_CACHED_KEYS: usize = 100_000;

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

/// Notes the keys that `terms` use: the epoch key always, the scope key only for chronologies and
/// advance submissions, because no other scope is destroyed early.
pub(crate) fn note_use(tx: &mut Tx<'_>, terms: &KeyTerms, location: &RecordLocation) {
    let KeyTerms::Expiring {
        scope: KeyScope(scope),
        expires_at,
        ..
    } = *terms
    else {
        return;
    };
    tx.note_used_key(KeyId::Epoch(Epoch::for_expiry(expires_at)));
    if location.table.has_destructible_scope() {
        tx.note_used_key(KeyId::Scope(scope));
    }
}

/// A wrapped data key whose terms change.
pub struct RewrappedKey<'a> {
    /// The terms under which it is wrapped.
    pub from: &'a KeyTerms,
    /// The terms under which it is to be wrapped.
    pub to: &'a KeyTerms,
    /// Where the value that it encrypts is stored.
    pub location: &'a RecordLocation,
    /// The wrapped key.
    pub wrapped: &'a [u8],
}

impl Kernel {
    /// Creates a data key as [`vault::Vault::create_key`] does, and notes the keys that wrap it in
    /// the transaction.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the keystore cannot be reached.
    pub fn create_key(
        &self,
        tx: &mut Tx<'_>,
        now: Instant,
        terms: &KeyTerms,
        location: &RecordLocation,
    ) -> ServiceResult<(DataKey, Vec<u8>)> {
        note_use(tx, terms, location);
        Ok(self.vault().create_key(now, terms, location)?)
    }

    /// Wraps a key again as [`vault::Vault::rewrap`] does, and notes the keys that now wrap it in
    /// the transaction.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the keystore cannot be reached,
    /// [`crate::ServiceError::Expired`] when a key that wraps it is destroyed.
    pub fn rewrap(
        &self,
        tx: &mut Tx<'_>,
        now: Instant,
        key: &RewrappedKey<'_>,
    ) -> ServiceResult<Vec<u8>> {
        let RewrappedKey {
            from,
            to,
            location,
            wrapped,
        } = *key;
        note_use(tx, to, location);
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
        let unpublished: Vec<KeyId> = tx
            .take_used_keys()
            .into_iter()
            .filter(|key| !self.published_keys.contains(partnership, *key))
            .collect();
        for key in &unpublished {
            self.publish_key(tx, partnership, *key, now)?;
        }
        Ok(unpublished)
    }

    /// Publishes the commitment to one key, unless it is published already or the key is destroyed.
    pub fn publish_key(
        &self,
        tx: &mut Tx<'_>,
        partnership: PartnershipId,
        key: KeyId,
        now: Instant,
    ) -> ServiceResult<()> {
        if self.published_keys.contains(partnership, key) {
            return Ok(());
        }
        let kind = key.kind().as_str();
        let key_id = key.id();
        if let Some(row) = store::commitments::find(tx, partnership, kind, &key_id)? {
            // A commitment older than this transaction stays published even if this transaction
            // rolls back.
            if row.published_at < now {
                self.published_keys.remember(partnership, vec![key]);
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
            let record =
                AuditRecord::system(SystemAction::KeyPublish, partnership, self.ids(), now);
            self.append_audit_record(tx, &record)?;
        }
        Ok(())
    }
}

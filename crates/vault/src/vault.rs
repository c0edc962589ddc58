//! The vault: creates, opens and re-wraps data keys, and destroys keys.

use std::fmt;
use std::sync::Arc;

use domain::{Instant, PartnershipId};

use crate::audit_key::AuditKey;
use crate::cache::Cache;
use crate::index_keys::IndexKeys;
use crate::seal::{Sealer, derive, random_key};
use crate::{
    AuditEpoch, DataKey, DecryptionStats, DestructionRecord, Epoch, KeyId, KeyRecord, KeyScope,
    KeyTerms, Keystore, RecordLocation, StoredKey, VaultError,
};

/// Creation time of the index root, which is created before any clock is available.
const INDEX_ROOT_CREATED_AT: Instant = Instant::from_micros(0);

/// Seals and opens with the keys of a [`Keystore`]. Clones share their state; every method may be
/// called from many threads at once. The caller always provides the time.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    keystore: Arc<dyn Keystore>,
    index_keys: IndexKeys,
    /// Caches derived keys only; epoch and scope keys are wiped as soon as the derived key exists.
    kek_cache: Cache<KekId, Sealer>,
    /// Caches the derived keys of audit periods.
    audit_key_cache: Cache<AuditEpoch, AuditKey>,
    decryption_stats: Arc<DecryptionStats>,
}

/// Identifies a key that wraps data keys (KEK).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum KekId {
    Expiring {
        epoch: Epoch,
        scope: KeyScope,
        object: Option<KeyScope>,
    },
    Permanent {
        partnership: PartnershipId,
    },
}

impl From<&KeyTerms> for KekId {
    fn from(terms: &KeyTerms) -> Self {
        match *terms {
            KeyTerms::Expiring {
                scope,
                object,
                expires_at,
            } => Self::Expiring {
                epoch: Epoch::for_expiry(expires_at),
                scope,
                object,
            },
            KeyTerms::Permanent { partnership } => Self::Permanent { partnership },
        }
    }
}

impl Vault {
    /// Opens a vault over `keystore`. Loads the index root, or creates it on the very first start.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when the keystore was written under another root key;
    /// [`VaultError::Keystore`] when it cannot be read.
    pub fn new(keystore: Arc<dyn Keystore>) -> Result<Self, VaultError> {
        let root = keystore.load_or_create(INDEX_ROOT_CREATED_AT, KeyId::IndexRoot)?;
        let index_keys = IndexKeys::new(&root)?;
        Ok(Self(Arc::new(Inner {
            keystore,
            index_keys,
            kek_cache: Cache::new(),
            audit_key_cache: Cache::new(),
            decryption_stats: Arc::default(),
        })))
    }

    /// Counts what has been opened with the data keys of this vault.
    #[must_use]
    pub fn decryption_stats(&self) -> &DecryptionStats {
        &self.0.decryption_stats
    }

    /// Creates a data key and returns it with its wrapped form, which is stored with the row.
    /// Creates the epoch key and the scope key on first use.
    ///
    /// # Errors
    /// [`VaultError::Expired`] from `expires_at` on; [`VaultError::Destroyed`] for a destroyed
    /// scope; [`VaultError::Keystore`] when a key cannot be stored.
    pub fn create_key(
        &self,
        now: Instant,
        terms: &KeyTerms,
        location: &RecordLocation,
    ) -> Result<(DataKey, Vec<u8>), VaultError> {
        terms.check_not_expired(now)?;
        let key = random_key()?;
        let wrapped = self
            .load_kek(now, terms, MissingKey::Create)?
            .seal(&location.wrapping_associated_data(terms), key.as_slice())?;
        Ok((DataKey::new(&key, &self.0.decryption_stats)?, wrapped))
    }

    /// Opens the data key in `wrapped` if location and terms are those it was wrapped for.
    ///
    /// # Errors
    /// [`VaultError::Expired`] from `expires_at` on, before any key is read;
    /// [`VaultError::Destroyed`] when the epoch key or the scope key is destroyed;
    /// [`VaultError::Tampered`] when location, terms or bytes differ; [`VaultError::Malformed`]
    /// when the bytes do not have the form of a wrapped key.
    pub fn open_key(
        &self,
        now: Instant,
        terms: &KeyTerms,
        location: &RecordLocation,
        wrapped: &[u8],
    ) -> Result<DataKey, VaultError> {
        terms.check_not_expired(now)?;
        let key = self
            .load_kek(now, terms, MissingKey::Refuse)?
            .open_key(&location.wrapping_associated_data(terms), wrapped)?;
        DataKey::new(&key, &self.0.decryption_stats)
    }

    /// Wraps the same data key under other terms, so that payloads need not be sealed again: for an
    /// extension or an earlier end. The caller replaces the old wrapped key. A kept copy of the old
    /// one still opens until its own keys are destroyed.
    ///
    /// # Errors
    /// The errors of [`Vault::open_key`] for `from` and of [`Vault::create_key`] for `to`. Expired
    /// content cannot be extended.
    pub fn rewrap(
        &self,
        now: Instant,
        from: &KeyTerms,
        to: &KeyTerms,
        location: &RecordLocation,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        from.check_not_expired(now)?;
        to.check_not_expired(now)?;
        let key = self
            .load_kek(now, from, MissingKey::Refuse)?
            .open_key(&location.wrapping_associated_data(from), wrapped)?;
        self.load_kek(now, to, MissingKey::Create)?
            .seal(&location.wrapping_associated_data(to), key.as_slice())
    }

    /// The blind index token of `value`: keyed HMAC-SHA-256, different for every partnership and
    /// kind. Normalise the value first: another spelling has an unrelated token.
    #[must_use]
    pub fn index(&self, partnership: PartnershipId, kind: &str, value: &[u8]) -> [u8; 32] {
        self.0.index_keys.index(partnership, kind, value)
    }

    /// Seals a page cursor: opaque, URL-safe, different every time and valid for this partnership
    /// only.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the operating system returns no random bytes.
    pub fn seal_cursor(
        &self,
        partnership: PartnershipId,
        bytes: &[u8],
    ) -> Result<String, VaultError> {
        self.0.index_keys.seal_cursor(partnership, bytes)
    }

    /// Opens a page cursor of this partnership.
    ///
    /// # Errors
    /// [`VaultError::Cursor`] for anything that [`Vault::seal_cursor`] did not return for this
    /// partnership.
    pub fn open_cursor(
        &self,
        partnership: PartnershipId,
        text: &str,
    ) -> Result<Vec<u8>, VaultError> {
        self.0.index_keys.open_cursor(partnership, text)
    }

    /// Destroys the keys of all epochs whose hour is over at `now` and returns their records. A
    /// second source must agree with `now`, because the destruction cannot be undone. If one epoch
    /// fails the others are still destroyed; the first error is returned, and
    /// [`Vault::destroyed_epochs`] lists the successful ones.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read or written; call again.
    pub fn destroy_expired_epochs(
        &self,
        now: Instant,
    ) -> Result<Vec<DestructionRecord>, VaultError> {
        self.destroy_expired_epochs_except(now, &[])
    }

    /// As [`Vault::destroy_expired_epochs`], but keeps the epochs that contain the expiries in
    /// `held`, because content under legal hold needs them.
    ///
    /// # Errors
    /// The errors of [`Vault::destroy_expired_epochs`].
    pub fn destroy_expired_epochs_except(
        &self,
        now: Instant,
        held: &[Instant],
    ) -> Result<Vec<DestructionRecord>, VaultError> {
        let held_epochs: Vec<Epoch> = held
            .iter()
            .map(|expires_at| Epoch::for_expiry(*expires_at))
            .collect();
        let is_due = |epoch: &Epoch| now >= epoch.ends_at() && !held_epochs.contains(epoch);
        let expired: Vec<Epoch> = self
            .0
            .keystore
            .epochs()?
            .into_iter()
            .filter(is_due)
            .collect();
        let outcomes: Vec<_> = expired
            .iter()
            .map(|epoch| self.0.keystore.destroy(now, KeyId::Epoch(*epoch)))
            .collect();
        self.0
            .kek_cache
            .evict(|key| matches!(key, KekId::Expiring { epoch, .. } if now >= epoch.ends_at()));
        outcomes.into_iter().collect()
    }

    /// Destroys the key of a scope before its time. Everything ever wrapped under it becomes
    /// unreadable, in every copy. This node evicts the key at once, other nodes within 60 s.
    /// Calling this again returns the same record.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be written; call again to complete the
    /// destruction.
    pub fn destroy_scope(
        &self,
        now: Instant,
        scope: KeyScope,
    ) -> Result<DestructionRecord, VaultError> {
        let outcome = self.0.keystore.destroy(now, scope.into());
        // Evicts after a failure as well: the destruction may already be decided.
        self.evict_scopes(&[scope]);
        outcome
    }

    /// Removes object keys that are no longer needed because another key that their content also
    /// needs is destroyed, or will be within the hour. This leaves no marker and no proof, and is
    /// cheap for any number of keys. Where no other key protects the content, call
    /// [`Vault::destroy_scope`].
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be written; call again to remove the rest.
    pub fn discard_scopes(&self, scopes: &[KeyScope]) -> Result<(), VaultError> {
        let keys: Vec<KeyId> = scopes.iter().map(|scope| KeyId::from(*scope)).collect();
        let outcome = self.0.keystore.discard(&keys);
        self.evict_scopes(scopes);
        outcome
    }

    fn evict_scopes(&self, scopes: &[KeyScope]) {
        self.0.kek_cache.evict(|key| match key {
            KekId::Expiring { scope, object, .. } => {
                scopes.contains(scope) || object.is_some_and(|object| scopes.contains(&object))
            }
            KekId::Permanent { .. } => false,
        });
    }

    /// Evicts cached keys that are 60 s old. They are refused on use anyway. One worker calls this
    /// every few seconds, so that the keys also leave memory and a clock set back is noticed.
    pub fn evict_expired_keys(&self, now: Instant) {
        self.0.kek_cache.sweep(now);
        self.0.audit_key_cache.sweep(now);
    }

    /// The records of all existing epoch keys, oldest first, for publishing their commitments.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn epoch_records(&self) -> Result<Vec<KeyRecord>, VaultError> {
        let records = self
            .0
            .keystore
            .epochs()?
            .into_iter()
            .map(|epoch| self.0.keystore.record(KeyId::Epoch(epoch)));
        records.filter_map(Result::transpose).collect()
    }

    /// The epochs that still have a key, oldest first. Keystores that can do so read only their
    /// names.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn live_epochs(&self) -> Result<Vec<Epoch>, VaultError> {
        self.0.keystore.epochs()
    }

    /// The publishable facts about an existing scope key; `None` if there is none.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn scope_record(&self, scope: KeyScope) -> Result<Option<KeyRecord>, VaultError> {
        self.0.keystore.record(scope.into())
    }

    /// The records of destroyed epochs, from the epoch of `since` on, each with a new probe. After
    /// a process was killed between destruction and certificate, this lists what still has to be
    /// certified.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn destroyed_epochs(&self, since: Instant) -> Result<Vec<DestructionRecord>, VaultError> {
        let epochs = self
            .0
            .keystore
            .destroyed_epochs()?
            .into_iter()
            .filter(|epoch| *epoch >= Epoch::for_expiry(since));
        epochs
            .filter_map(|epoch| self.0.keystore.destruction(KeyId::Epoch(epoch)).transpose())
            .collect()
    }

    /// The publishable facts about an existing key; `None` if there is none.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn record(&self, key: KeyId) -> Result<Option<KeyRecord>, VaultError> {
        self.0.keystore.record(key)
    }

    /// The record of a destroyed key, with a new probe; `None` if the key exists or was never
    /// created.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn destruction(&self, key: KeyId) -> Result<Option<DestructionRecord>, VaultError> {
        self.0.keystore.destruction(key)
    }

    /// The record of a destroyed scope key, with a new probe; `None` if the key exists or was never
    /// created.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn scope_destruction(
        &self,
        scope: KeyScope,
    ) -> Result<Option<DestructionRecord>, VaultError> {
        self.0.keystore.destruction(scope.into())
    }

    /// The keys of an audit period, created on first use while the period lasts.
    ///
    /// # Errors
    /// [`VaultError::Destroyed`] when the retention of the period has ended, or the period is over
    /// and never had a key; [`VaultError::Keystore`] when the keystore cannot be read or written.
    pub fn audit_key(&self, now: Instant, epoch: AuditEpoch) -> Result<Arc<AuditKey>, VaultError> {
        if let Some(key) = self.0.audit_key_cache.get(now, &epoch) {
            return Ok(key);
        }
        let load_ticket = self.0.audit_key_cache.begin_load();
        let if_missing = if now < epoch.ends_at() {
            MissingKey::Create
        } else {
            MissingKey::Refuse
        };
        let key = Arc::new(AuditKey::new(&self.load_stored_key(
            now,
            KeyId::Audit(epoch),
            if_missing,
        )?)?);
        self.0
            .audit_key_cache
            .insert(&load_ticket, now, epoch, &key);
        Ok(key)
    }

    /// The audit periods whose records can still be opened, oldest first.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn audit_epochs(&self) -> Result<Vec<AuditEpoch>, VaultError> {
        self.0.keystore.audit_epochs()
    }

    /// Destroys the keys of the audit periods that were over at `end` and returns their records.
    /// Personal data in their audit records can no longer be opened, and the audit records stay
    /// provable.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read or written; call again.
    pub fn destroy_audit_epochs(
        &self,
        now: Instant,
        end: Instant,
    ) -> Result<Vec<DestructionRecord>, VaultError> {
        let expired = self
            .0
            .keystore
            .audit_epochs()?
            .into_iter()
            .filter(|epoch| epoch.ends_at() <= end);
        let outcomes: Vec<_> = expired
            .map(|epoch| self.0.keystore.destroy(now, KeyId::Audit(epoch)))
            .collect();
        self.0.audit_key_cache.evict(|epoch| epoch.ends_at() <= end);
        outcomes.into_iter().collect()
    }

    fn load_kek(
        &self,
        now: Instant,
        terms: &KeyTerms,
        if_missing: MissingKey,
    ) -> Result<Arc<Sealer>, VaultError> {
        let kek_id = KekId::from(terms);
        if let Some(sealer) = self.0.kek_cache.get(now, &kek_id) {
            return Ok(sealer);
        }
        let load_ticket = self.0.kek_cache.begin_load();
        let sealer = Arc::new(self.derive_kek(now, kek_id, if_missing)?);
        self.0.kek_cache.insert(&load_ticket, now, kek_id, &sealer);
        Ok(sealer)
    }

    fn derive_kek(
        &self,
        now: Instant,
        kek_id: KekId,
        if_missing: MissingKey,
    ) -> Result<Sealer, VaultError> {
        let key = match kek_id {
            KekId::Expiring {
                epoch,
                scope,
                object,
            } => {
                // Loads the scope first: with a destroyed scope no new epoch key must be created.
                let scope = self.load_stored_key(now, scope.into(), if_missing)?;
                let object = object
                    .map(|object| self.load_stored_key(now, object.into(), if_missing))
                    .transpose()?;
                let epoch = self.load_stored_key(now, KeyId::Epoch(epoch), if_missing)?;
                match &object {
                    None => derive(
                        &[epoch.expose(), scope.expose()],
                        "chronology wrapping key 1",
                    ),
                    Some(object) => derive(
                        &[epoch.expose(), scope.expose(), object.expose()],
                        "chronology wrapping key 2",
                    ),
                }
            }
            KekId::Permanent { partnership } => {
                let stored =
                    self.load_stored_key(now, KeyId::Permanent(partnership), if_missing)?;
                derive(&[stored.expose()], "chronology permanent wrapping key 1")
            }
        };
        Sealer::new(&*key?)
    }

    fn load_stored_key(
        &self,
        now: Instant,
        key: KeyId,
        if_missing: MissingKey,
    ) -> Result<StoredKey, VaultError> {
        match if_missing {
            MissingKey::Create => self.0.keystore.load_or_create(now, key),
            MissingKey::Refuse => self.0.keystore.load(key)?.ok_or(VaultError::Destroyed),
        }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

/// What to do about a key that does not exist.
#[derive(Clone, Copy)]
enum MissingKey {
    Create,
    Refuse,
}

//! The vault: data keys made, opened and re-wrapped; keys destroyed.

use std::fmt;
use std::sync::Arc;

use domain::{Instant, PartnershipId};

use crate::audit_key::AuditKey;
use crate::cache::Cache;
use crate::lookup::Lookup;
use crate::seal::{Sealer, derive, random_key};
use crate::{
    AuditEpoch, DataKey, Destruction, Epoch, KeyId, KeyRecord, KeyScope, Keystore, Place, StoredKey, Terms, VaultError,
    Work,
};

/// When the index root was made: it is older than any clock handed to the vault.
const BEFORE_ANY_CLOCK: Instant = Instant::from_micros(0);

/// Seals and opens with the keys of a [`Keystore`]. Clones share their state; every method may be called from many
/// threads at once. Time is always the caller's.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    keystore: Arc<dyn Keystore>,
    lookup: Lookup,
    /// Only the derived keys are kept; epoch and scope keys are wiped as soon as one is derived from them.
    unwrapped: Cache<Wrapping, Sealer>,
    /// The same for what audit records are sealed and found by.
    audit: Cache<AuditEpoch, AuditKey>,
    work: Arc<Work>,
}

/// Names a key that wraps data keys (KEK).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Wrapping {
    Until { epoch: Epoch, scope: KeyScope, object: Option<KeyScope> },
    Permanent { partnership: PartnershipId },
}

impl From<&Terms> for Wrapping {
    fn from(terms: &Terms) -> Self {
        match *terms {
            Terms::Until { scope, object, expires_at } => Self::Until { epoch: Epoch::of(expires_at), scope, object },
            Terms::Permanent { partnership } => Self::Permanent { partnership },
        }
    }
}

impl Vault {
    /// A vault over `keystore`. Loads the index root, making it on the very first start.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when the keystore was written under another root key; [`VaultError::Keystore`] when it
    /// cannot be read.
    pub fn new(keystore: Arc<dyn Keystore>) -> Result<Self, VaultError> {
        let root = keystore.load_or_create(BEFORE_ANY_CLOCK, KeyId::IndexRoot)?;
        let lookup = Lookup::new(&root)?;
        Ok(Self(Arc::new(Inner {
            keystore,
            lookup,
            unwrapped: Cache::new(),
            audit: Cache::new(),
            work: Arc::default(),
        })))
    }

    /// What was opened so far with the data keys of this vault.
    #[must_use]
    pub fn work(&self) -> &Work {
        &self.0.work
    }

    /// A new data key and its wrapped form, which belongs beside the row it is for. Makes the epoch's and the scope's
    /// key on first need.
    ///
    /// # Errors
    /// [`VaultError::Expired`] from `expires_at` on; [`VaultError::Destroyed`] for a destroyed scope;
    /// [`VaultError::Keystore`] when a key cannot be stored.
    pub fn create_key(&self, now: Instant, terms: &Terms, place: &Place) -> Result<(DataKey, Vec<u8>), VaultError> {
        terms.check_live(now)?;
        let key = random_key()?;
        let wrapped = self.wrapping(now, terms, Need::Create)?.seal(&place.wrap(terms), key.as_slice())?;
        Ok((DataKey::new(&key, &self.0.work)?, wrapped))
    }

    /// The data key in `wrapped`, if place and terms are those it was wrapped for.
    ///
    /// # Errors
    /// [`VaultError::Expired`] from `expires_at` on, before any key is touched; [`VaultError::Destroyed`] when the epoch's
    /// or the scope's key is gone; [`VaultError::Tampered`] when place, terms or bytes are others;
    /// [`VaultError::Malformed`] when it has not the form of a wrapped key.
    pub fn open_key(&self, now: Instant, terms: &Terms, place: &Place, wrapped: &[u8]) -> Result<DataKey, VaultError> {
        terms.check_live(now)?;
        let key = self.wrapping(now, terms, Need::Open)?.open_key(&place.wrap(terms), wrapped)?;
        DataKey::new(&key, &self.0.work)
    }

    /// The same data key under other terms, so that what it seals need not be sealed again: an extension or an earlier
    /// end. The caller replaces the old wrap; whoever kept it can open it until its own keys are destroyed.
    ///
    /// # Errors
    /// As [`Vault::open_key`] for `from` and [`Vault::create_key`] for `to`. What has expired cannot be extended.
    pub fn rewrap(
        &self,
        now: Instant,
        from: &Terms,
        to: &Terms,
        place: &Place,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        from.check_live(now)?;
        to.check_live(now)?;
        let key = self.wrapping(now, from, Need::Open)?.open_key(&place.wrap(from), wrapped)?;
        self.wrapping(now, to, Need::Create)?.seal(&place.wrap(to), key.as_slice())
    }

    /// The blind index token of `value`: keyed HMAC-SHA-256, different for every partnership and kind. Normalise the
    /// value first; the token of another spelling has nothing in common with it.
    #[must_use]
    pub fn index(&self, partnership: PartnershipId, kind: &str, value: &[u8]) -> [u8; 32] {
        self.0.lookup.index(partnership, kind, value)
    }

    /// A page cursor: opaque, URL-safe, different every time, good for this partnership only.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the system gives no random bytes.
    pub fn seal_cursor(&self, partnership: PartnershipId, bytes: &[u8]) -> Result<String, VaultError> {
        self.0.lookup.seal_cursor(partnership, bytes)
    }

    /// What a cursor of this partnership holds.
    ///
    /// # Errors
    /// [`VaultError::Cursor`] for anything that [`Vault::seal_cursor`] did not give for this partnership.
    pub fn open_cursor(&self, partnership: PartnershipId, text: &str) -> Result<Vec<u8>, VaultError> {
        self.0.lookup.open_cursor(partnership, text)
    }

    /// Destroys the keys of all epochs whose hour is over at `now`, and says which. The moment must be one that a second
    /// source agrees with: there is no way back. One epoch's failure does not keep the others; the first is returned,
    /// and [`Vault::destroyed_epochs`] tells of those that went well.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read or written; call again.
    pub fn destroy_epochs_over(&self, now: Instant) -> Result<Vec<Destruction>, VaultError> {
        self.destroy_epochs_over_except(now, &[])
    }

    /// As [`Vault::destroy_epochs_over`], but keeps the epochs of the expiries in `held`: what a legal hold keeps from
    /// destruction lives by them.
    ///
    /// # Errors
    /// As [`Vault::destroy_epochs_over`].
    pub fn destroy_epochs_over_except(&self, now: Instant, held: &[Instant]) -> Result<Vec<Destruction>, VaultError> {
        let kept: Vec<Epoch> = held.iter().map(|expires_at| Epoch::of(*expires_at)).collect();
        let due = |epoch: &Epoch| now >= epoch.over_at() && !kept.contains(epoch);
        let over: Vec<Epoch> = self.0.keystore.epochs()?.into_iter().filter(due).collect();
        let outcomes: Vec<_> = over.iter().map(|epoch| self.0.keystore.destroy(now, KeyId::Epoch(*epoch))).collect();
        self.0.unwrapped.evict(|key| matches!(key, Wrapping::Until { epoch, .. } if now >= epoch.over_at()));
        outcomes.into_iter().collect()
    }

    /// Destroys a scope's key before its time: all that was ever wrapped under it is gone, in every copy. This node
    /// forgets it at once, other nodes within 60 s. Asking again answers as the first time.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be written; call again to finish.
    pub fn destroy_scope(&self, now: Instant, scope: KeyScope) -> Result<Destruction, VaultError> {
        let outcome = self.0.keystore.destroy(now, scope.into());
        // Also after a failure: the destruction may be decided already.
        self.forget_scopes(&[scope]);
        outcome
    }

    /// Takes away keys of objects that nothing needs any more, because another key that everything under them needs too is
    /// destroyed, or will be within the hour. Nothing is proved, nothing is left of them, and it costs little however many
    /// there are; where nothing else ends what they open, call [`Vault::destroy_scope`].
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be written; call again to finish.
    pub fn discard_scopes(&self, scopes: &[KeyScope]) -> Result<(), VaultError> {
        let keys: Vec<KeyId> = scopes.iter().map(|scope| KeyId::from(*scope)).collect();
        let outcome = self.0.keystore.discard(&keys);
        self.forget_scopes(scopes);
        outcome
    }

    fn forget_scopes(&self, scopes: &[KeyScope]) {
        self.0.unwrapped.evict(|key| match key {
            Wrapping::Until { scope, object, .. } => {
                scopes.contains(scope) || object.is_some_and(|object| scopes.contains(&object))
            }
            Wrapping::Permanent { .. } => false,
        });
    }

    /// Drops unwrapped keys that are 60 s old. They are refused on use anyway; call this every few seconds, from one
    /// worker, so that they leave memory too and a clock set back is noticed.
    pub fn forget_unwrapped(&self, now: Instant) {
        self.0.unwrapped.sweep(now);
        self.0.audit.sweep(now);
    }

    /// The living epochs, for publication of their commitments; oldest first.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn epochs(&self) -> Result<Vec<KeyRecord>, VaultError> {
        let records = self.0.keystore.epochs()?.into_iter().map(|epoch| self.0.keystore.record(KeyId::Epoch(epoch)));
        records.filter_map(Result::transpose).collect()
    }

    /// Which epochs still have a key, oldest first; read from names alone, where the keystore can.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn living_epochs(&self) -> Result<Vec<Epoch>, VaultError> {
        self.0.keystore.epochs()
    }

    /// What may be known of a living scope key, for publication; `None` if there is none.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn scope(&self, scope: KeyScope) -> Result<Option<KeyRecord>, VaultError> {
        self.0.keystore.record(scope.into())
    }

    /// Destroyed epochs from the one of `since` on, each probed anew: a process killed between destruction and
    /// certificate finds here what it still has to certify.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn destroyed_epochs(&self, since: Instant) -> Result<Vec<Destruction>, VaultError> {
        let epochs = self.0.keystore.destroyed_epochs()?.into_iter().filter(|epoch| *epoch >= Epoch::of(since));
        epochs.filter_map(|epoch| self.0.keystore.destruction(KeyId::Epoch(epoch)).transpose()).collect()
    }

    /// What may be known of a living key, for publication; `None` if there is none.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn record(&self, key: KeyId) -> Result<Option<KeyRecord>, VaultError> {
        self.0.keystore.record(key)
    }

    /// What is known of a destroyed key, probed anew; `None` if it lives or never was.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn destruction(&self, key: KeyId) -> Result<Option<Destruction>, VaultError> {
        self.0.keystore.destruction(key)
    }

    /// What is known of a destroyed scope, probed anew; `None` if it lives or never was.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn destroyed_scope(&self, scope: KeyScope) -> Result<Option<Destruction>, VaultError> {
        self.0.keystore.destruction(scope.into())
    }

    /// The keys of a period of audit records, made on first need while the period lasts.
    ///
    /// # Errors
    /// [`VaultError::Destroyed`] when the period's retention has ended, or a period that is over never had a key;
    /// [`VaultError::Keystore`] when the keystore does not answer.
    pub fn audit_key(&self, now: Instant, epoch: AuditEpoch) -> Result<Arc<AuditKey>, VaultError> {
        if let Some(key) = self.0.audit.get(now, &epoch) {
            return Ok(key);
        }
        let ticket = self.0.audit.ticket();
        let need = if now < epoch.over_at() { Need::Create } else { Need::Open };
        let key = Arc::new(AuditKey::new(&self.stored(now, KeyId::Audit(epoch), need)?)?);
        self.0.audit.insert(&ticket, now, epoch, &key);
        Ok(key)
    }

    /// The periods of audit records that can still be opened, oldest first.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read.
    pub fn audit_epochs(&self) -> Result<Vec<AuditEpoch>, VaultError> {
        self.0.keystore.audit_epochs()
    }

    /// Destroys the keys of the periods that were over at `end`: what their records say of people opens no more, and
    /// the records stay provable. Says which.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the keystore cannot be read or written; call again.
    pub fn destroy_audit_epochs(&self, now: Instant, end: Instant) -> Result<Vec<Destruction>, VaultError> {
        let over = self.0.keystore.audit_epochs()?.into_iter().filter(|epoch| epoch.over_at() <= end);
        let outcomes: Vec<_> = over.map(|epoch| self.0.keystore.destroy(now, KeyId::Audit(epoch))).collect();
        self.0.audit.evict(|epoch| epoch.over_at() <= end);
        outcomes.into_iter().collect()
    }

    fn wrapping(&self, now: Instant, terms: &Terms, need: Need) -> Result<Arc<Sealer>, VaultError> {
        let name = Wrapping::from(terms);
        if let Some(sealer) = self.0.unwrapped.get(now, &name) {
            return Ok(sealer);
        }
        let ticket = self.0.unwrapped.ticket();
        let sealer = Arc::new(self.unwrap(now, name, need)?);
        self.0.unwrapped.insert(&ticket, now, name, &sealer);
        Ok(sealer)
    }

    fn unwrap(&self, now: Instant, name: Wrapping, need: Need) -> Result<Sealer, VaultError> {
        let key = match name {
            Wrapping::Until { epoch, scope, object } => {
                // The scope first: a destroyed one must not leave a new epoch key behind.
                let scope = self.stored(now, scope.into(), need)?;
                let object = object.map(|object| self.stored(now, object.into(), need)).transpose()?;
                let epoch = self.stored(now, KeyId::Epoch(epoch), need)?;
                match &object {
                    None => derive(&[epoch.expose(), scope.expose()], "chronology wrapping key 1"),
                    Some(object) => {
                        derive(&[epoch.expose(), scope.expose(), object.expose()], "chronology wrapping key 2")
                    }
                }
            }
            Wrapping::Permanent { partnership } => {
                let stored = self.stored(now, KeyId::Permanent(partnership), need)?;
                derive(&[stored.expose()], "chronology permanent wrapping key 1")
            }
        };
        Sealer::new(&*key?)
    }

    fn stored(&self, now: Instant, key: KeyId, need: Need) -> Result<StoredKey, VaultError> {
        match need {
            Need::Create => self.0.keystore.load_or_create(now, key),
            Need::Open => self.0.keystore.load(key)?.ok_or(VaultError::Destroyed),
        }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

/// Whether a missing key may be made.
#[derive(Clone, Copy)]
enum Need {
    Create,
    Open,
}

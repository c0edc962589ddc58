//! What a keystore is: the place, outside the database and its backups, where keys live and are destroyed.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use domain::{Instant, PartnershipId};
use zeroize::Zeroizing;

use crate::associated::Associated;
use crate::seal::{KEY_LEN, KeyMaterial};
use crate::{KeyScope, VaultError};

const HOUR_MICROS: i64 = 3_600_000_000;
const AUDIT_PERIOD_MICROS: i64 = 30 * 24 * HOUR_MICROS;

/// One UTC hour in which things expire: `(h - 1 h, h]`, so that what expires on the hour, as midnight does, loses its key
/// on the hour. The number counts the hours from 1970-01-01T00:00:00Z to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub i64);

impl Epoch {
    /// The epoch of what expires at `instant`.
    #[must_use]
    pub const fn of(instant: Instant) -> Self {
        Self(-(-instant.as_micros()).div_euclid(HOUR_MICROS))
    }

    /// The instant after which the hour begins.
    #[must_use]
    pub fn starts_after(self) -> Instant {
        self.over_at().minus(Duration::from_hours(1))
    }

    /// The hour's last instant: from here on everything in it has expired and the key may be destroyed.
    #[must_use]
    pub const fn over_at(self) -> Instant {
        Instant::from_micros(self.0.saturating_mul(HOUR_MICROS))
    }
}

/// A period of thirty days of audit records, `[30 d × n, 30 d × (n + 1))` from 1970-01-01T00:00:00Z. What a record says of
/// people is sealed under the key of its period, and goes with that key when the audit's retention ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuditEpoch(pub i64);

impl AuditEpoch {
    /// The period of a record made at `instant`.
    #[must_use]
    pub const fn of(instant: Instant) -> Self {
        Self(instant.as_micros().div_euclid(AUDIT_PERIOD_MICROS))
    }

    /// From here on no record of the period is made.
    #[must_use]
    pub const fn over_at(self) -> Instant {
        Instant::from_micros(self.0.saturating_add(1).saturating_mul(AUDIT_PERIOD_MICROS))
    }
}

/// What a stored key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// One hour of expiry.
    Epoch,
    /// One chronology, or a person, family or fragment standing alone.
    Scope,
    /// A partnership's directory data.
    Permanent,
    /// One period of audit records.
    Audit,
    /// What blind index and cursor keys are derived from. One for the whole keystore.
    IndexRoot,
}

impl KeyKind {
    /// The word used in file names, certificates and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Scope => "scope",
            Self::Permanent => "permanent",
            Self::Audit => "audit",
            Self::IndexRoot => "index-root",
        }
    }
}

/// Names one stored key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyId {
    /// The key of one hour of expiry.
    Epoch(Epoch),
    /// The key of a scope.
    Scope(uuid::Uuid),
    /// The key of a partnership's directory data.
    Permanent(PartnershipId),
    /// The key of a period of audit records.
    Audit(AuditEpoch),
    /// The key that blind index and cursor keys are derived from.
    IndexRoot,
}

impl KeyId {
    /// Its kind.
    #[must_use]
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Epoch(_) => KeyKind::Epoch,
            Self::Scope(_) => KeyKind::Scope,
            Self::Permanent(_) => KeyKind::Permanent,
            Self::Audit(_) => KeyKind::Audit,
            Self::IndexRoot => KeyKind::IndexRoot,
        }
    }

    /// Its identifier within the kind: the hour's or the period's number, or a UUID; empty for the index root.
    #[must_use]
    pub fn id(self) -> String {
        match self {
            Self::Epoch(Epoch(number)) | Self::Audit(AuditEpoch(number)) => number.to_string(),
            Self::Scope(id) | Self::Permanent(PartnershipId(id)) => id.to_string(),
            Self::IndexRoot => String::new(),
        }
    }

    /// The key of a kind and an identifier, as [`KeyKind::as_str`] and [`KeyId::id`] write them; `None` for anything else.
    #[must_use]
    pub fn parse(kind: &str, id: &str) -> Option<Self> {
        let key = match kind {
            "epoch" => Self::Epoch(Epoch(id.parse().ok()?)),
            "scope" => Self::Scope(uuid::Uuid::try_parse(id).ok()?),
            "permanent" => Self::Permanent(PartnershipId(uuid::Uuid::try_parse(id).ok()?)),
            "audit" => Self::Audit(AuditEpoch(id.parse().ok()?)),
            "index-root" => Self::IndexRoot,
            _ => return None,
        };
        (key.id() == id).then_some(key)
    }
}

impl From<KeyScope> for KeyId {
    fn from(scope: KeyScope) -> Self {
        Self::Scope(scope.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IndexRoot => f.write_str(KeyKind::IndexRoot.as_str()),
            key => write!(f, "{}-{}", key.kind().as_str(), key.id()),
        }
    }
}

/// A stored key in the clear. Wiped when dropped; `Debug` shows nothing.
pub struct StoredKey(KeyMaterial);

impl StoredKey {
    /// Takes over the bytes a keystore has read.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; KEY_LEN]>) -> Self {
        Self(bytes)
    }

    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredKey(…)")
    }
}

/// The commitment to a key: SHA-256 over a label that names the key, a random salt and the key. It can be published
/// the moment the key is made; when the key and its salt are gone, it says which key that was and nothing else.
#[must_use]
pub fn commitment(key: KeyId, salt: &[u8; KEY_LEN], bytes: &[u8; KEY_LEN]) -> [u8; 32] {
    let named = Associated::new("chronology commitment 1").text(key.kind().as_str()).text(&key.id());
    let mut input = Zeroizing::new(named.as_ref().to_vec());
    input.reserve_exact(2 * KEY_LEN);
    input.extend_from_slice(salt);
    input.extend_from_slice(bytes);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &input).as_ref());
    hash
}

/// What may be known of a stored key, for publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRecord {
    /// Which key.
    pub key: KeyId,
    /// See [`commitment`].
    pub commitment: [u8; 32],
    /// When it was made. The index root is older than any clock here and says 1970.
    pub created_at: Instant,
}

/// What a deletion certificate needs to know of one destroyed key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destruction {
    /// What the key was for.
    pub kind: KeyKind,
    /// Its identifier within the kind: the hour's number, or a UUID.
    pub id: String,
    /// The commitment made when the key was created; all zero if the stored key could not be read any more.
    pub commitment: [u8; 32],
    /// When the key was made; `destroyed_at` if the stored key could not be read any more.
    pub created_at: Instant,
    /// When its destruction was decided, durably; from there on it opens nothing.
    pub destroyed_at: Instant,
    /// What the probe found when this was asked: whether the key can still be had. Must be false.
    pub probe_opens: bool,
}

/// Where keys live. The default is a folder of files; several nodes share a small database or a service behind this
/// same trait, excluded from backups. Every method may be called from many threads, nodes and processes at once.
///
/// # A key management service
/// This trait is also the place for a KMS or an HSM. Two ways fit:
/// - *as root*: keep one of our keystores and let the service hold the root key alone (unwrap it at start; its policy and
///   log then guard every start of a node). Destroying the root key there ends everything at once;
/// - *as keystore*: one key of the service for each [`KeyId`], `load` being an export or a derivation under it. Then
///   `destroy` must be final at once: services that only schedule a deletion (seven days is common) or that keep key
///   versions in backups of their own do not keep this trait's promise, and `destruction` may not say that they do.
///
/// Whatever it is, it must pass the tests of `vault::testing`: one key for all who make it at once, none ever made again,
/// no answer between whole and gone.
pub trait Keystore: Send + Sync {
    /// The key, or `None` if it never was.
    ///
    /// # Errors
    /// [`VaultError::Destroyed`] from the moment its destruction is decided; [`VaultError::Tampered`] when what is
    /// stored is not what was written under this root key.
    fn load(&self, key: KeyId) -> Result<Option<StoredKey>, VaultError>;

    /// The key, made now if it never was. All callers, on all nodes, get the same key; it is durable on return.
    ///
    /// # Errors
    /// As [`Keystore::load`]; [`VaultError::Expired`] for an epoch whose hour is over at `now`.
    fn load_or_create(&self, now: Instant, key: KeyId) -> Result<StoredKey, VaultError>;

    /// What may be known of a living key; `None` if it never was or is gone.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the store cannot be read.
    fn record(&self, key: KeyId) -> Result<Option<KeyRecord>, VaultError>;

    /// The epochs that still have a key, oldest first.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the store cannot be read.
    fn epochs(&self) -> Result<Vec<Epoch>, VaultError>;

    /// The epochs whose key is destroyed, oldest first.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the store cannot be read.
    fn destroyed_epochs(&self) -> Result<Vec<Epoch>, VaultError>;

    /// The audit periods that still have a key, oldest first.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the store cannot be read.
    fn audit_epochs(&self) -> Result<Vec<AuditEpoch>, VaultError>;

    /// Destroys the key for good; it can never be made again. A key that never was is made and destroyed, so that
    /// this holds for it too. Asked again it finishes what was begun and answers as the first time.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the store cannot be written. The destruction may then be decided but unfinished:
    /// the key opens nothing, and asking again finishes it.
    fn destroy(&self, now: Instant, key: KeyId) -> Result<Destruction, VaultError>;

    /// Takes keys away that nothing needs any more, without marker or proof; one that never was, or is gone, is passed
    /// by. Their bytes are overwritten without waiting until that is durable: it is for keys that open nothing without
    /// another one, which is destroyed, or will be.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the store cannot be written; some may be gone. Asking again finishes it.
    fn discard(&self, keys: &[KeyId]) -> Result<(), VaultError>;

    /// What is known of a destroyed key, with the probe made anew; `None` if it lives or never was.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the store cannot be read.
    fn destruction(&self, key: KeyId) -> Result<Option<Destruction>, VaultError>;
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::on_the_hour("2026-03-02T10:00:00Z", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z")]
    #[case::just_after("2026-03-02T09:00:00.000001Z", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z")]
    #[case::just_before("2026-03-02T09:59:59.999999Z", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z")]
    #[case::before_1970("1969-12-31T23:30:00Z", "1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z")]
    fn an_epoch_is_one_hour(#[case] instant: &str, #[case] starts: &str, #[case] over: &str) {
        let epoch = Epoch::of(Instant::parse(instant).unwrap());
        assert_eq!(
            (epoch.starts_after().to_string(), epoch.over_at().to_string()),
            (starts.to_owned(), over.to_owned())
        );
    }

    #[test]
    fn a_key_is_named_in_one_way() {
        let id = uuid::Uuid::from_u128(7);
        for key in [KeyId::Epoch(Epoch(-3)), KeyId::Scope(id), KeyId::Audit(AuditEpoch(4)), KeyId::IndexRoot] {
            assert_eq!(KeyId::parse(key.kind().as_str(), &key.id()), Some(key));
        }
        for (kind, id) in [("epoch", "+3"), ("epoch", "03"), ("scope", "7"), ("root", "")] {
            assert_eq!(KeyId::parse(kind, id), None, "{kind} {id}");
        }
    }

    #[test]
    fn a_commitment_names_its_key() {
        let (salt, bytes) = ([1; KEY_LEN], [2; KEY_LEN]);
        let base = commitment(KeyId::Epoch(Epoch(12)), &salt, &bytes);
        for other in [
            commitment(KeyId::Epoch(Epoch(13)), &salt, &bytes),
            commitment(KeyId::IndexRoot, &salt, &bytes),
            commitment(KeyId::Epoch(Epoch(12)), &bytes, &salt),
        ] {
            assert_ne!(base, other);
        }
    }
}

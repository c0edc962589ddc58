//! The keystore interface. A keystore holds and destroys keys, outside the database and its
//! backups.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use domain::{Instant, PartnershipId};
use zeroize::Zeroizing;

use crate::associated_data::AssociatedData;
use crate::seal::{KEY_LEN, KeyMaterial};
use crate::{KeyScope, VaultError};

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const MICROS_PER_AUDIT_PERIOD: i64 = 30 * 24 * MICROS_PER_HOUR;

/// One UTC hour of expiry, `(h - 1 h, h]`, so that what expires on the hour, such as at midnight,
/// loses its key on the hour. The number counts the hours from 1970-01-01T00:00:00Z to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub i64);

impl Epoch {
    /// The epoch of content that expires at `instant`.
    #[must_use]
    pub const fn for_expiry(instant: Instant) -> Self {
        Self(-(-instant.as_micros()).div_euclid(MICROS_PER_HOUR))
    }

    /// The exclusive start of the hour.
    #[must_use]
    pub fn starts_after(self) -> Instant {
        self.ends_at().minus(Duration::from_hours(1))
    }

    /// The last instant of the hour. From here on everything in the epoch has expired and its key
    /// may be destroyed.
    #[must_use]
    pub const fn ends_at(self) -> Instant {
        Instant::from_micros(self.0.saturating_mul(MICROS_PER_HOUR))
    }
}

/// An audit period of thirty days, `[30 d × n, 30 d × (n + 1))` from 1970-01-01T00:00:00Z. Personal
/// data in audit records is sealed under the key of the period, which is destroyed when the audit's
/// retention ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuditEpoch(pub i64);

impl AuditEpoch {
    /// The period of a record created at `instant`.
    #[must_use]
    pub const fn containing(instant: Instant) -> Self {
        Self(instant.as_micros().div_euclid(MICROS_PER_AUDIT_PERIOD))
    }

    /// The exclusive end of the period: from here on no record of the period is created.
    #[must_use]
    pub const fn ends_at(self) -> Instant {
        Instant::from_micros(
            self.0
                .saturating_add(1)
                .saturating_mul(MICROS_PER_AUDIT_PERIOD),
        )
    }
}

/// Purpose of a stored key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Everything that expires in one hour.
    Epoch,
    /// One chronology, or a person, family or fragment outside any chronology.
    Scope,
    /// The directory data of a partnership.
    Permanent,
    /// One period of audit records.
    Audit,
    /// Source of the blind index and cursor keys. There is one per keystore.
    IndexRoot,
}

impl KeyKind {
    /// The name used in file names, certificates and the database.
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

/// Identifies a stored key.
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
    /// The key from which blind index and cursor keys are derived.
    IndexRoot,
}

impl KeyId {
    /// The kind of the key.
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

    /// The identifier within the kind: the number of the hour or period, or a UUID; empty for the
    /// index root.
    #[must_use]
    pub fn id(self) -> String {
        match self {
            Self::Epoch(Epoch(number)) | Self::Audit(AuditEpoch(number)) => number.to_string(),
            Self::Scope(id) | Self::Permanent(PartnershipId(id)) => id.to_string(),
            Self::IndexRoot => String::new(),
        }
    }

    /// Parses a kind and an identifier as [`KeyKind::as_str`] and [`KeyId::id`] write them; `None`
    /// for anything else.
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

/// A stored key in clear. Wiped when dropped; `Debug` does not show it.
pub struct StoredKey(KeyMaterial);

impl StoredKey {
    /// Takes ownership of the bytes that a keystore has read.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; KEY_LEN]>) -> Self {
        Self(bytes)
    }

    /// The key bytes.
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

/// Computes the commitment to a key: SHA-256 over a label with the name of the key, a random salt
/// and the key. It can be published when the key is created. Once key and salt are destroyed it
/// identifies the key and reveals nothing else.
#[must_use]
pub fn compute_commitment(key: KeyId, salt: &[u8; KEY_LEN], bytes: &[u8; KEY_LEN]) -> [u8; 32] {
    let label = AssociatedData::new("chronology commitment 1")
        .text(key.kind().as_str())
        .text(&key.id());
    let mut input = Zeroizing::new(label.as_ref().to_vec());
    input.reserve_exact(2 * KEY_LEN);
    input.extend_from_slice(salt);
    input.extend_from_slice(bytes);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &input).as_ref());
    hash
}

/// The publishable facts about an existing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRecord {
    /// Identifies the key.
    pub key: KeyId,
    /// Commitment to the key; see [`compute_commitment`].
    pub commitment: [u8; 32],
    /// When the key was created. The index root is created before any clock is available and has
    /// the year 1970.
    pub created_at: Instant,
}

/// The facts about a destroyed key that a deletion certificate needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestructionRecord {
    /// Purpose of the key.
    pub kind: KeyKind,
    /// Identifier within the kind: the number of the hour or period, or a UUID.
    pub id: String,
    /// The commitment computed when the key was created; all zero if the stored key could no longer
    /// be read.
    pub commitment: [u8; 32],
    /// When the key was created; equal to `destroyed_at` if the stored key could no longer be read.
    pub created_at: Instant,
    /// When the destruction was durably decided. From then on the key opens nothing.
    pub destroyed_at: Instant,
    /// Result of a probe made for this record: whether the key can still be read. Must be false.
    pub probe_opens: bool,
}

/// Stores and destroys keys. The default is a folder of files; several nodes can share a small
/// database or a service through this trait, excluded from backups. Every method may be called from
/// many threads, nodes and processes at once.
///
/// # Key management services
/// A KMS or an HSM can be integrated in two ways:
/// - *as root*: keep one of the existing keystores and let the service hold only the root key
///   (unwrap it at start, so that the service's policy and log control every start of a node).
///   Destroying the root key there makes everything unreadable at once;
/// - *as keystore*: one key of the service per [`KeyId`], where `load` exports it or derives from
///   it. `destroy` must then be final at once. A service that only schedules a deletion (seven days
///   is common) or keeps key versions in its own backups does not fulfil this trait, and
///   `destruction` must not claim that it does.
///
/// Every implementation must pass the tests of `vault::testing`: concurrent creators get one key, a
/// destroyed key is never created again, and no call sees a partly destroyed key.
pub trait Keystore: Send + Sync {
    /// Loads the key; `None` if it was never created.
    ///
    /// # Errors
    /// [`VaultError::Destroyed`] from the moment its destruction is decided;
    /// [`VaultError::Tampered`] when the stored bytes are not those written under this root key.
    fn load(&self, key: KeyId) -> Result<Option<StoredKey>, VaultError>;

    /// Loads the key and creates it if it was never created. All callers on all nodes get the same
    /// key, which is durable on return.
    ///
    /// # Errors
    /// The errors of [`Keystore::load`]; [`VaultError::Expired`] for an epoch whose hour is over at
    /// `now`.
    fn load_or_create(&self, now: Instant, key: KeyId) -> Result<StoredKey, VaultError>;

    /// The publishable facts about an existing key; `None` if it was never created or was
    /// destroyed.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the storage cannot be read.
    fn record(&self, key: KeyId) -> Result<Option<KeyRecord>, VaultError>;

    /// The epochs that still have a key, oldest first.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the storage cannot be read.
    fn epochs(&self) -> Result<Vec<Epoch>, VaultError>;

    /// The epochs whose key was destroyed, oldest first.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the storage cannot be read.
    fn destroyed_epochs(&self) -> Result<Vec<Epoch>, VaultError>;

    /// The audit periods that still have a key, oldest first.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the storage cannot be read.
    fn audit_epochs(&self) -> Result<Vec<AuditEpoch>, VaultError>;

    /// Destroys the key for good; it can never be created again. A key that never existed is
    /// created and destroyed, so that the same holds for it. Calling this again completes an
    /// interrupted destruction and returns the same record.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the storage cannot be written. The destruction may then be
    /// decided but incomplete: the key opens nothing, and calling this again completes it.
    fn destroy(&self, now: Instant, key: KeyId) -> Result<DestructionRecord, VaultError>;

    /// Removes keys that are no longer needed, without marker or proof. Keys that never existed or
    /// were destroyed are skipped. The bytes are overwritten without waiting for the disk, so use
    /// this only for keys that open nothing without another key that is destroyed or will be.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the storage cannot be written. Some keys may already be
    /// removed; calling this again removes the rest.
    fn discard(&self, keys: &[KeyId]) -> Result<(), VaultError>;

    /// The record of a destroyed key, with a new probe; `None` if the key exists or was never
    /// created.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the storage cannot be read.
    fn destruction(&self, key: KeyId) -> Result<Option<DestructionRecord>, VaultError>;
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::on_the_hour("2026-03-02T10:00:00Z", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z")]
    #[case::just_after(
        "2026-03-02T09:00:00.000001Z",
        "2026-03-02T09:00:00Z",
        "2026-03-02T10:00:00Z"
    )]
    #[case::just_before(
        "2026-03-02T09:59:59.999999Z",
        "2026-03-02T09:00:00Z",
        "2026-03-02T10:00:00Z"
    )]
    #[case::before_1970("1969-12-31T23:30:00Z", "1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z")]
    fn epoch_covers_the_hour_up_to_its_end(
        #[case] instant: &str,
        #[case] starts: &str,
        #[case] ends: &str,
    ) {
        let epoch = Epoch::for_expiry(Instant::parse(instant).unwrap());
        assert_eq!(
            (
                epoch.starts_after().to_string(),
                epoch.ends_at().to_string()
            ),
            (starts.to_owned(), ends.to_owned())
        );
    }

    #[test]
    fn key_id_round_trips_and_rejects_other_spellings() {
        let id = uuid::Uuid::from_u128(7);
        for key in [
            KeyId::Epoch(Epoch(-3)),
            KeyId::Scope(id),
            KeyId::Audit(AuditEpoch(4)),
            KeyId::IndexRoot,
        ] {
            assert_eq!(KeyId::parse(key.kind().as_str(), &key.id()), Some(key));
        }
        for (kind, id) in [
            ("epoch", "+3"),
            ("epoch", "03"),
            ("scope", "7"),
            ("root", ""),
        ] {
            assert_eq!(KeyId::parse(kind, id), None, "{kind} {id}");
        }
    }

    #[test]
    fn commitment_depends_on_key_id_salt_and_key() {
        let salt = [1; KEY_LEN];
        let bytes = [2; KEY_LEN];
        let base = compute_commitment(KeyId::Epoch(Epoch(12)), &salt, &bytes);
        for other in [
            compute_commitment(KeyId::Epoch(Epoch(13)), &salt, &bytes),
            compute_commitment(KeyId::IndexRoot, &salt, &bytes),
            compute_commitment(KeyId::Epoch(Epoch(12)), &bytes, &salt),
        ] {
            assert_ne!(base, other);
        }
    }
}

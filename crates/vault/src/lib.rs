//! Keys, sealing, blind index and destruction.
//!
//! # Guarantees
//! Content is in clear only in memory and in the response. From its `expires_at` on it cannot be
//! read anywhere, whatever copies of the database exist. Both follow from where the keys are
//! stored:
//!
//! ```text
//!  keystore (never in the database or its backups)            database (and every backup, replica, log of it)
//!
//!  root key ─ seals ─┬─ epoch key, one per hour of expiry ─┐
//!                    ├─ scope key, one per chronology ─────┼─ HKDF ─ KEK ─ wraps ─ data key ─ seals ─ payloads
//!                    ├─ scope key, one per fragment ───────┘  (for the fragment's versions only)
//!                    ├─ permanent key, one per partnership ── HKDF ─ KEK ─ wraps ─ data key ─ seals ─ directory data
//!                    ├─ audit key, one per thirty days ─ HKDF ─ seals personal data in audit records, derives tokens
//!                    └─ index root ─┬─ HKDF ─ blind index tokens
//!                                   └─ HKDF ─ page cursors
//! ```
//!
//! - Destroying an **epoch key** makes everything that expires in its hour, `(h - 1 h, h]`,
//!   unreadable. It is due at the end of the hour; until then [`Vault::open_key`] refuses by
//!   comparing the time.
//! - Destroying a **scope key** makes one chronology (or a person, family or fragment outside any
//!   chronology) unreadable early.
//! - **Extending** re-wraps the data key into another epoch; the payloads do not change.
//! - Every wrapped key is bound to its [`RecordLocation`] and its [`KeyTerms`], every payload to
//!   its
//!   [`RecordLocation`]: a value moved to another row, version, scope or expiry does not open. Fields
//!   are encoded with their lengths, so different lists of fields never have the same encoding.
//!
//! # Example
//! ```
//! # use std::{sync::Arc, time::Duration};
//! # use domain::Instant;
//! # use vault::{FileKeystore, KeyScope, KeyTerms, RecordLocation, RootKey, Vault, VaultError};
//! # let folder = tempfile::tempdir().unwrap();
//! let keystore = FileKeystore::open(&folder.path().join("keys"), RootKey::generate()?)?;
//! let vault = Vault::new(Arc::new(keystore))?;
//!
//! let now = Instant::parse("2026-03-02T09:30:00Z").unwrap();
//! let row = uuid::Uuid::from_u128(1);
//! let expires_at = now.plus(Duration::from_secs(3_600));
//! let terms = KeyTerms::Expiring { scope: KeyScope(row), object: None, expires_at };
//! let version = RecordLocation { table: vault::SealedTable::FragmentVersions, row, version: 1 };
//! let (key, wrapped) = vault.create_key(now, &terms, &version)?;
//! let entry = RecordLocation { table: vault::SealedTable::Entries, row: uuid::Uuid::from_u128(2), version: 1 };
//! let sealed = key.seal(&entry, b"Seen at home")?;
//!
//! let key = vault.open_key(now, &terms, &version, &wrapped)?;
//! assert_eq!(key.open(&entry, &sealed)?.as_slice(), b"Seen at home");
//! assert_eq!(vault.open_key(expires_at, &terms, &version, &wrapped).unwrap_err(), VaultError::Expired);
//! # Ok::<(), VaultError>(())
//! ```
//!
//! # Keys in memory
//! Only KEKs are cached, for at most 60 s of the callers' time, and wiped when dropped. A clock set
//! back clears the cache. A [`DataKey`] lives as long as the use case that opened it.
//!
//! # Formats
//! Every sealed value consists of one byte with the format version (1), a random nonce of 12 bytes,
//! the ciphertext and a tag of 16 bytes (AES-256-GCM, NIST SP 800-38D). Keys are derived with
//! HKDF-SHA-256 (RFC 5869), blind index tokens are HMAC-SHA-256 (RFC 2104), commitments SHA-256.
//! Every label contains a version of its own.
//!
//! # Other keystores
//! [`Keystore`] is the interface. [`FileKeystore`] is the default; its documentation describes each
//! step of a destruction. Several nodes can share a small PostgreSQL database (`store::keystore`),
//! and a key management service would be a third implementation. Only [`SealedKey`] and
//! [`DestructionMarker`] write and read what a keystore stores, so that no keystore handles key
//! bytes. `testing` contains the tests that every keystore must pass.

mod associated_data;
mod audit_key;
#[cfg(feature = "bench-switches")]
pub mod bench_switches;
mod cache;
pub mod certificate;
mod data_key;
mod error;
mod file_keystore;
mod index_keys;
mod key_terms;
mod keystore;
mod root_key;
mod seal;
mod signing;
mod stored_key;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod vault;

pub use audit_key::AuditKey;
pub use data_key::{DataKey, DecryptionStats};
pub use error::VaultError;
pub use file_keystore::FileKeystore;
pub use key_terms::{KeyScope, KeyTerms, RecordLocation, SealedTable};
pub use keystore::{
    AuditEpoch, DestructionRecord, Epoch, KeyId, KeyKind, KeyRecord, Keystore, StoredKey,
    compute_commitment,
};
pub use root_key::RootKey;
pub use signing::{SigningKey, verify_signature};
pub use stored_key::{DestructionMarker, RootSealer, SealedKey, random_bytes};
pub use vault::Vault;

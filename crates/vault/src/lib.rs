//! Keys, sealing, blind index and destruction.
//!
//! # What it promises
//! Content is in clear in memory and in the answer, nowhere else; and from its `expires_at` on it is in clear nowhere,
//! whatever copies of the database exist. Both rest on where the keys are:
//!
//! ```text
//!  keystore (never in the database or its backups)            database (and every backup, replica, log of it)
//!
//!  root key ─ seals ─┬─ epoch key, one an hour of expiry ─┐
//!                    ├─ scope key, one a chronology ──────┼─ HKDF ─ KEK ─ wraps ─ data key ─ seals ─ payloads
//!                    ├─ scope key, one a fragment ────────┘  (of a fragment's versions alone)
//!                    ├─ permanent key, one a partnership ─── HKDF ─ KEK ─ wraps ─ data key ─ seals ─ directory data
//!                    ├─ audit key, one thirty days ─ HKDF ─ seals what audit records say of people, and their tokens
//!                    └─ index root ─┬─ HKDF ─ blind index tokens
//!                                   └─ HKDF ─ page cursors
//! ```
//!
//! - Destroying an **epoch key** keeps the scheduled promise for all that expires in that hour, `(h - 1 h, h]`. It is
//!   due when the hour is over; until then [`Vault::open_key`] refuses by the time alone.
//! - Destroying a **scope key** ends one chronology (or a person, family or fragment standing alone) early.
//! - **Extending** re-wraps the data key into another epoch; the payloads stay as they are.
//! - Every wrapped key is bound to its [`Place`] and its [`Terms`], every payload to its [`Place`]: what is moved to
//!   another row, version, scope or end does not open. Fields are encoded with their lengths, so no two lists of fields
//!   look alike.
//!
//! # One use case
//! ```
//! # use std::{sync::Arc, time::Duration};
//! # use domain::Instant;
//! # use vault::{FileKeystore, KeyScope, Place, RootKey, Terms, Vault, VaultError};
//! # let folder = tempfile::tempdir().unwrap();
//! let keystore = FileKeystore::open(&folder.path().join("keys"), RootKey::generate()?)?;
//! let vault = Vault::new(Arc::new(keystore))?;
//!
//! let now = Instant::parse("2026-03-02T09:30:00Z").unwrap();
//! let row = uuid::Uuid::from_u128(1);
//! let terms = Terms::Until { scope: KeyScope(row), object: None, expires_at: now.plus(Duration::from_secs(3_600)) };
//! let place = Place { table: "fragment_versions", row, version: 1 };
//! let (key, wrapped) = vault.create_key(now, &terms, &place)?;
//! let entry = Place { table: "entries", row: uuid::Uuid::from_u128(2), version: 1 };
//! let sealed = key.seal(&entry, b"Seen at home")?;
//!
//! let key = vault.open_key(now, &terms, &place, &wrapped)?;
//! assert_eq!(key.open(&entry, &sealed)?.as_slice(), b"Seen at home");
//! let later = now.plus(Duration::from_secs(3_600));
//! assert_eq!(vault.open_key(later, &terms, &place, &wrapped).unwrap_err(), VaultError::Expired);
//! # Ok::<(), VaultError>(())
//! ```
//!
//! # Keys in memory
//! Only KEKs are kept, for 60 s at most by the moments callers give, and wiped when dropped. A clock set back empties
//! the cache. A [`DataKey`] lives as long as the use case that opened it.
//!
//! # Formats
//! Every sealed value: one byte format version (1), 12 bytes random nonce, ciphertext, 16 bytes tag (AES-256-GCM, NIST
//! SP 800-38D). Derivation is HKDF-SHA-256 (RFC 5869), blind index tokens are HMAC-SHA-256 (RFC 2104), commitments
//! SHA-256. Labels carry a version of their own.
//!
//! # Another keystore
//! [`Keystore`] is the door. [`FileKeystore`] is the default, and its documentation says what happens at each step of a
//! destruction; several nodes share a small PostgreSQL database (`store::keystore`); a key management service would be a
//! third. What a keystore stores is made and read by [`SealedKey`] and [`Gone`] alone, so that no keystore handles key
//! bytes; `testing` holds the promises as tests that every keystore must pass.

mod associated;
mod audit_key;
#[cfg(feature = "bench-switches")]
pub mod bench_switches;
mod cache;
pub mod certificate;
mod data_key;
mod error;
mod file_keystore;
mod keystore;
mod lookup;
mod root_key;
mod seal;
mod signing;
mod stored;
mod terms;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod vault;

pub use audit_key::AuditKey;
pub use data_key::{DataKey, Work};
pub use error::VaultError;
pub use file_keystore::FileKeystore;
pub use keystore::{AuditEpoch, Destruction, Epoch, KeyId, KeyKind, KeyRecord, Keystore, StoredKey, commitment};
pub use root_key::RootKey;
pub use signing::{SigningKey, verify_signature};
pub use stored::{Gone, RootSealer, SealedKey, noise};
pub use terms::{KeyScope, Place, Terms};
pub use vault::Vault;

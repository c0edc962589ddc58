//! The stored forms of a key and of its destruction marker, which all keystores share.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Instant;
use serde::{Deserialize, Serialize};

use crate::associated_data::AssociatedData;
use crate::seal::{KEY_LEN, KeyMaterial, Sealer, derive, fill_random, random_key};
use crate::{
    DestructionRecord, KeyId, KeyRecord, RootKey, StoredKey, VaultError, compute_commitment,
};

/// Seals stored keys. It is derived from the root key, so that a keystore never holds the root key
/// itself.
pub struct RootSealer(Sealer);

impl RootSealer {
    /// Derives the sealing key from the root key, which is then wiped.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when AWS-LC rejects the key, which does not happen.
    pub fn new(root_key: RootKey) -> Result<Self, VaultError> {
        let derived = derive(&[root_key.material()], "chronology keystore 1")?;
        drop(root_key);
        Ok(Self(Sealer::new(&derived)?))
    }
}

impl fmt::Debug for RootSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootSealer(…)")
    }
}

/// Returns random bytes to overwrite a stored key with.
///
/// # Errors
/// [`VaultError::Keystore`] when the operating system returns no random bytes.
pub fn random_bytes(length: usize) -> Result<Vec<u8>, VaultError> {
    let mut bytes = vec![0; length];
    fill_random(&mut bytes)?;
    Ok(bytes)
}

/// A key in its stored form, serialised as JSON. The key is sealed under the root key and bound to
/// all other fields, its name included.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedKey {
    kind: String,
    id: String,
    created_at: Instant,
    /// Salt of the commitment: base64, 32 bytes.
    salt: String,
    /// Commitment to the key: base64, 32 bytes.
    commitment: String,
    /// The sealed key, base64.
    sealed: String,
}

impl SealedKey {
    /// Generates a random key and seals it.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the operating system returns no random bytes.
    pub fn generate(root: &RootSealer, now: Instant, key: KeyId) -> Result<Self, VaultError> {
        let bytes = random_key()?;
        let salt = random_key()?;
        let commitment = compute_commitment(key, &salt, &bytes);
        let sealed = root.0.seal(
            &stored_key_associated_data(key, now, &salt, &commitment),
            bytes.as_slice(),
        )?;
        Ok(Self {
            kind: key.kind().as_str().to_owned(),
            id: key.id(),
            created_at: now,
            salt: STANDARD.encode(salt.as_slice()),
            commitment: STANDARD.encode(commitment),
            sealed: STANDARD.encode(sealed),
        })
    }

    /// Opens the key if this is what was stored for `key` under this root key.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when a field was changed, or the key belongs to another name or
    /// root key.
    pub fn open(&self, root: &RootSealer, key: KeyId) -> Result<StoredKey, VaultError> {
        let salt = decode_32_bytes(&self.salt)?;
        let stored_commitment = decode_32_bytes(&self.commitment)?;
        let sealed = STANDARD
            .decode(&self.sealed)
            .map_err(|_| VaultError::Tampered)?;
        let bytes: KeyMaterial = root.0.open_key(
            &stored_key_associated_data(key, self.created_at, &salt, &stored_commitment),
            &sealed,
        )?;
        if compute_commitment(key, &salt, &bytes) == stored_commitment {
            Ok(StoredKey::new(bytes))
        } else {
            Err(VaultError::Tampered)
        }
    }

    /// The publishable facts about the key.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when the commitment is not base64 of 32 bytes.
    pub fn record(&self, key: KeyId) -> Result<KeyRecord, VaultError> {
        Ok(KeyRecord {
            key,
            commitment: decode_32_bytes(&self.commitment)?,
            created_at: self.created_at,
        })
    }

    /// Serialises the key for storage.
    ///
    /// # Errors
    /// [`VaultError::Malformed`] when it cannot be serialised, which does not happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>, VaultError> {
        to_bytes(self)
    }

    /// Parses a stored key.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] for anything that the keystore did not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        from_bytes(bytes)
    }
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedKey(…)")
    }
}

fn stored_key_associated_data(
    key: KeyId,
    created_at: Instant,
    salt: &[u8; KEY_LEN],
    commitment: &[u8; 32],
) -> AssociatedData {
    AssociatedData::new("chronology stored key 1")
        .text(key.kind().as_str())
        .text(&key.id())
        .number(created_at.as_micros())
        .bytes(salt)
        .bytes(commitment)
}

/// The marker of a destroyed key, serialised as JSON. It holds no key material; its existence alone
/// decides the destruction.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestructionMarker {
    /// Commitment to the key: base64, 32 bytes.
    commitment: String,
    created_at: Instant,
    destroyed_at: Instant,
}

impl DestructionMarker {
    /// Creates the marker. `record` is `None` when the stored key could not be read.
    #[must_use]
    pub fn new(now: Instant, record: Option<KeyRecord>) -> Self {
        let (commitment, created_at) = record.map_or(([0; 32], now), |record| {
            (record.commitment, record.created_at)
        });
        Self {
            commitment: STANDARD.encode(commitment),
            created_at,
            destroyed_at: now,
        }
    }

    /// Combines the marker with the result of the keystore's probe.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when the commitment is not base64 of 32 bytes.
    pub fn destruction(
        &self,
        key: KeyId,
        probe_opens: bool,
    ) -> Result<DestructionRecord, VaultError> {
        Ok(DestructionRecord {
            kind: key.kind(),
            id: key.id(),
            commitment: decode_32_bytes(&self.commitment)?,
            created_at: self.created_at,
            destroyed_at: self.destroyed_at,
            probe_opens,
        })
    }

    /// Serialises the marker for storage.
    ///
    /// # Errors
    /// [`VaultError::Malformed`] when it cannot be serialised, which does not happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>, VaultError> {
        to_bytes(self)
    }

    /// Parses a stored marker.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] for anything that the keystore did not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        from_bytes(bytes)
    }
}

fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, VaultError> {
    serde_json::to_vec_pretty(value).map_err(|_| VaultError::Malformed)
}

/// The keystore writes only complete documents, so anything else was changed by somebody else.
fn from_bytes<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, VaultError> {
    serde_json::from_slice(bytes).map_err(|_| VaultError::Tampered)
}

fn decode_32_bytes(text: &str) -> Result<[u8; 32], VaultError> {
    STANDARD
        .decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(VaultError::Tampered)
}

//! What stands in a key's file, and in the marker that outlives it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Instant;
use serde::{Deserialize, Serialize};

use crate::associated::Associated;
use crate::seal::{KEY_LEN, KeyMaterial, Sealer, random_key};
use crate::{Destruction, KeyId, KeyRecord, StoredKey, VaultError, commitment};

/// A key's file, as JSON. The key is sealed under the root key and bound to everything else in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    kind: String,
    id: String,
    created_at: Instant,
    /// Base64, 32 bytes.
    salt: String,
    /// Base64, 32 bytes.
    commitment: String,
    /// Base64.
    sealed: String,
}

impl KeyFile {
    /// A new random key, sealed.
    pub(super) fn make(root: &Sealer, now: Instant, key: KeyId) -> Result<Self, VaultError> {
        let (bytes, salt) = (random_key()?, random_key()?);
        let commitment = commitment(key, &salt, &bytes);
        let sealed = root.seal(&bound(key, now, &salt, &commitment), bytes.as_slice())?;
        Ok(Self {
            kind: key.kind().as_str().to_owned(),
            id: key.id(),
            created_at: now,
            salt: STANDARD.encode(salt.as_slice()),
            commitment: STANDARD.encode(commitment),
            sealed: STANDARD.encode(sealed),
        })
    }

    /// The key, if this is the file of `key` as it was written under this root key.
    pub(super) fn open(&self, root: &Sealer, key: KeyId) -> Result<StoredKey, VaultError> {
        let (salt, committed) = (exactly(&self.salt)?, exactly(&self.commitment)?);
        let sealed = STANDARD.decode(&self.sealed).map_err(|_| VaultError::Tampered)?;
        let bytes: KeyMaterial = root.open_key(&bound(key, self.created_at, &salt, &committed), &sealed)?;
        if commitment(key, &salt, &bytes) == committed { Ok(StoredKey::new(bytes)) } else { Err(VaultError::Tampered) }
    }

    /// What may be known of it.
    pub(super) fn record(&self, key: KeyId) -> Result<KeyRecord, VaultError> {
        Ok(KeyRecord { key, commitment: exactly(&self.commitment)?, created_at: self.created_at })
    }
}

fn bound(key: KeyId, created_at: Instant, salt: &[u8; KEY_LEN], commitment: &[u8; 32]) -> Associated {
    Associated::new("chronology stored key 1")
        .text(key.kind().as_str())
        .text(&key.id())
        .number(created_at.as_micros())
        .bytes(salt)
        .bytes(commitment)
}

/// The marker left by a destroyed key, as JSON: no key material. Its mere presence is the decision.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Marker {
    /// Base64, 32 bytes.
    commitment: String,
    created_at: Instant,
    destroyed_at: Instant,
}

impl Marker {
    /// The marker of a key whose record could be read, or not.
    pub(super) fn new(now: Instant, record: Option<KeyRecord>) -> Self {
        let (commitment, created_at) = record.map_or(([0; 32], now), |known| (known.commitment, known.created_at));
        Self { commitment: STANDARD.encode(commitment), created_at, destroyed_at: now }
    }

    pub(super) fn destruction(&self, key: KeyId, probe_opens: bool) -> Result<Destruction, VaultError> {
        Ok(Destruction {
            kind: key.kind(),
            id: key.id(),
            commitment: exactly(&self.commitment)?,
            created_at: self.created_at,
            destroyed_at: self.destroyed_at,
            probe_opens,
        })
    }
}

/// The bytes of a file of ours.
pub(super) fn to_bytes<T: Serialize>(file: &T) -> Result<Vec<u8>, VaultError> {
    serde_json::to_vec_pretty(file).map_err(|_| VaultError::Malformed)
}

/// A file of ours from its bytes. A file that was not written whole by us has been meddled with.
pub(super) fn from_bytes<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, VaultError> {
    serde_json::from_slice(bytes).map_err(|_| VaultError::Tampered)
}

fn exactly(text: &str) -> Result<[u8; 32], VaultError> {
    STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(VaultError::Tampered)
}

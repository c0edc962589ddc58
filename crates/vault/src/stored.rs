//! What a keystore writes down for a key, and the marker that outlives it: the same whatever the keystore is made of.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Instant;
use serde::{Deserialize, Serialize};

use crate::associated::Associated;
use crate::seal::{KEY_LEN, KeyMaterial, Sealer, derive, fill_random, random_key};
use crate::{Destruction, KeyId, KeyRecord, RootKey, StoredKey, VaultError, commitment};

/// What seals stored keys: derived from the root key. A keystore holds one, never the root key itself.
pub struct RootSealer(Sealer);

impl RootSealer {
    /// From the root key, which is wiped.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when the library refuses the key, which it does not.
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

/// Random bytes to write over a stored key.
///
/// # Errors
/// [`VaultError::Keystore`] when the system gives no random bytes.
pub fn noise(length: usize) -> Result<Vec<u8>, VaultError> {
    let mut noise = vec![0; length];
    fill_random(&mut noise)?;
    Ok(noise)
}

/// A key as it is stored, written as JSON. The key is sealed under the root key and bound to everything else in it, its
/// name included.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedKey {
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

impl SealedKey {
    /// A new random key, sealed.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the system gives no random bytes.
    pub fn make(root: &RootSealer, now: Instant, key: KeyId) -> Result<Self, VaultError> {
        let (bytes, salt) = (random_key()?, random_key()?);
        let commitment = commitment(key, &salt, &bytes);
        let sealed = root.0.seal(&bound(key, now, &salt, &commitment), bytes.as_slice())?;
        Ok(Self {
            kind: key.kind().as_str().to_owned(),
            id: key.id(),
            created_at: now,
            salt: STANDARD.encode(salt.as_slice()),
            commitment: STANDARD.encode(commitment),
            sealed: STANDARD.encode(sealed),
        })
    }

    /// The key, if this is what was stored for `key` as it was written under this root key.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] otherwise.
    pub fn open(&self, root: &RootSealer, key: KeyId) -> Result<StoredKey, VaultError> {
        let (salt, committed) = (exactly(&self.salt)?, exactly(&self.commitment)?);
        let sealed = STANDARD.decode(&self.sealed).map_err(|_| VaultError::Tampered)?;
        let bytes: KeyMaterial = root.0.open_key(&bound(key, self.created_at, &salt, &committed), &sealed)?;
        if commitment(key, &salt, &bytes) == committed { Ok(StoredKey::new(bytes)) } else { Err(VaultError::Tampered) }
    }

    /// What may be known of it.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when the commitment has not the form of one.
    pub fn record(&self, key: KeyId) -> Result<KeyRecord, VaultError> {
        Ok(KeyRecord { key, commitment: exactly(&self.commitment)?, created_at: self.created_at })
    }

    /// As it is stored.
    ///
    /// # Errors
    /// [`VaultError::Malformed`] when it cannot be written, which does not happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>, VaultError> {
        to_bytes(self)
    }

    /// From what was stored.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] for anything that is not wholly ours.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        from_bytes(bytes)
    }
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedKey(…)")
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

/// The marker left by a destroyed key, written as JSON: no key material. Its mere presence is the decision.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gone {
    /// Base64, 32 bytes.
    commitment: String,
    created_at: Instant,
    destroyed_at: Instant,
}

impl Gone {
    /// The marker of a key whose record could be read, or not.
    #[must_use]
    pub fn new(now: Instant, record: Option<KeyRecord>) -> Self {
        let (commitment, created_at) = record.map_or(([0; 32], now), |known| (known.commitment, known.created_at));
        Self { commitment: STANDARD.encode(commitment), created_at, destroyed_at: now }
    }

    /// What a deletion certificate needs, with what the keystore's probe found.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when the commitment has not the form of one.
    pub fn destruction(&self, key: KeyId, probe_opens: bool) -> Result<Destruction, VaultError> {
        Ok(Destruction {
            kind: key.kind(),
            id: key.id(),
            commitment: exactly(&self.commitment)?,
            created_at: self.created_at,
            destroyed_at: self.destroyed_at,
            probe_opens,
        })
    }

    /// As it is stored.
    ///
    /// # Errors
    /// [`VaultError::Malformed`] when it cannot be written, which does not happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>, VaultError> {
        to_bytes(self)
    }

    /// From what was stored.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] for anything that is not wholly ours.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        from_bytes(bytes)
    }
}

fn to_bytes<T: Serialize>(file: &T) -> Result<Vec<u8>, VaultError> {
    serde_json::to_vec_pretty(file).map_err(|_| VaultError::Malformed)
}

/// What was not written whole by us has been meddled with.
fn from_bytes<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, VaultError> {
    serde_json::from_slice(bytes).map_err(|_| VaultError::Tampered)
}

fn exactly(text: &str) -> Result<[u8; 32], VaultError> {
    STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(VaultError::Tampered)
}

//! The key that seals payloads.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zeroize::Zeroizing;

use crate::seal::{KeyMaterial, Sealer};
use crate::{Place, VaultError};

/// A data key in the clear, for the length of one use case. One key may seal several payloads, each in its own
/// [`Place`]: a fragment version's key seals all its entries. Wiped when dropped; never shown by `Debug`.
pub struct DataKey(Sealer, Arc<Work>);

/// What a vault has opened since it was made. Two requests that opened the same cannot be told apart by the time that
/// opening takes: what the test of non-interference compares.
#[derive(Debug, Default)]
pub struct Work {
    values: AtomicU64,
    bytes: AtomicU64,
}

impl Work {
    /// How many sealed values, and how many bytes in them.
    #[must_use]
    pub fn done(&self) -> (u64, u64) {
        (self.values.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

impl DataKey {
    pub(crate) fn new(key: &KeyMaterial, work: &Arc<Work>) -> Result<Self, VaultError> {
        Ok(Self(Sealer::new(key)?, Arc::clone(work)))
    }

    /// Seals `plaintext` for its place: 29 bytes longer than the plaintext, different every time.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the system gives no random bytes.
    pub fn seal(&self, place: &Place, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.0.seal(&place.payload(), plaintext)
    }

    /// Opens what [`DataKey::seal`] gave for the same place. The plaintext is wiped when dropped.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] for another place, another key or changed bytes; [`VaultError::Malformed`] when it has
    /// not the form of a sealed value.
    pub fn open(&self, place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.1.values.fetch_add(1, Ordering::Relaxed);
        self.1.bytes.fetch_add(sealed.len() as u64, Ordering::Relaxed);
        self.0.open(&place.payload(), sealed)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

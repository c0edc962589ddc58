//! Data keys, which seal payloads.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zeroize::Zeroizing;

use crate::seal::{KeyMaterial, Sealer};
use crate::{RecordLocation, VaultError};

/// A data key in clear, held for the duration of one use case. One key can seal several payloads,
/// each at its own [`RecordLocation`]: the key of a fragment version seals all its entries. Wiped
/// when dropped; `Debug` does not show it.
pub struct DataKey {
    sealer: Sealer,
    stats: Arc<DecryptionStats>,
}

/// Counts what a vault has opened since it was created. Two requests with equal counts cannot be
/// told apart by the time that opening takes; the non-interference test compares these counts.
#[derive(Debug, Default)]
pub struct DecryptionStats {
    values: AtomicU64,
    bytes: AtomicU64,
}

impl DecryptionStats {
    /// Number of sealed values opened, and their total size in bytes.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        (
            self.values.load(Ordering::Relaxed),
            self.bytes.load(Ordering::Relaxed),
        )
    }
}

impl DataKey {
    pub(crate) fn new(key: &KeyMaterial, stats: &Arc<DecryptionStats>) -> Result<Self, VaultError> {
        Ok(Self {
            sealer: Sealer::new(key)?,
            stats: Arc::clone(stats),
        })
    }

    /// Seals `plaintext` for its location. The result is 29 bytes longer than the plaintext and
    /// different every time.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the operating system returns no random bytes.
    pub fn seal(&self, location: &RecordLocation, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.sealer
            .seal(&location.payload_associated_data(), plaintext)
    }

    /// Opens a value that [`DataKey::seal`] sealed for the same location. The plaintext is wiped
    /// when dropped.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] for another location, another key or changed bytes;
    /// [`VaultError::Malformed`] when the value does not have the form of a sealed value.
    pub fn open(
        &self,
        location: &RecordLocation,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.stats.values.fetch_add(1, Ordering::Relaxed);
        self.stats
            .bytes
            .fetch_add(sealed.len() as u64, Ordering::Relaxed);
        self.sealer
            .open(&location.payload_associated_data(), sealed)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

//! The key of one audit period: seals the personal data in audit records and derives the tokens
//! that find it again.

use aws_lc_rs::hmac;
use domain::PartnershipId;
use zeroize::Zeroizing;

use crate::associated_data::AssociatedData;
use crate::seal::{Sealer, derive, fill_random};
use crate::{RecordLocation, StoredKey, VaultError};

/// The derived keys of one audit period. Once the stored key of the period is destroyed, its
/// payloads cannot be opened and its tokens cannot be computed.
pub struct AuditKey {
    payload: Sealer,
    token: hmac::Key,
}

impl AuditKey {
    pub(crate) fn new(stored: &StoredKey) -> Result<Self, VaultError> {
        let payload = derive(&[stored.expose()], "chronology audit payload 1")?;
        let token = derive(&[stored.expose()], "chronology audit token 1")?;
        Ok(Self {
            payload: Sealer::new(&payload)?,
            token: hmac::Key::new(hmac::HMAC_SHA256, token.as_slice()),
        })
    }

    /// Returns a random salt for the hash of a payload.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the operating system returns no random bytes.
    pub fn salt() -> Result<[u8; 32], VaultError> {
        let mut salt = [0; 32];
        fill_random(&mut salt)?;
        Ok(salt)
    }

    /// Seals the payload of an audit record. All records of one period share a key: random nonces
    /// allow 2^32 of them (NIST SP 800-38D).
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the operating system returns no random bytes.
    pub fn seal(&self, location: &RecordLocation, payload: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.payload
            .seal(&location.payload_associated_data(), payload)
    }

    /// Opens a payload that [`AuditKey::seal`] sealed for the same location.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when the bytes were changed or belong to another location;
    /// [`VaultError::Malformed`] when they do not have the form of a sealed value.
    pub fn open(
        &self,
        location: &RecordLocation,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.payload
            .open(&location.payload_associated_data(), sealed)
    }

    /// The search token for audit records about `value`: HMAC-SHA-256 truncated to 128 bits. It
    /// differs for every partnership, kind and period.
    #[must_use]
    pub fn token(&self, partnership: PartnershipId, kind: &str, value: &[u8]) -> [u8; 16] {
        let data = AssociatedData::new("chronology audit token 1")
            .id(partnership.0)
            .text(kind)
            .bytes(value);
        let digest = hmac::sign(&self.token, data.as_ref());
        let mut token = [0; 16];
        token
            .iter_mut()
            .zip(digest.as_ref())
            .for_each(|(to, from)| *to = *from);
        token
    }
}

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditKey(…)")
    }
}

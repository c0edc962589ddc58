//! What audit records say of people: sealed, and found again, under the key of their period alone.

use aws_lc_rs::hmac;
use domain::PartnershipId;
use zeroize::Zeroizing;

use crate::associated::Associated;
use crate::seal::{Sealer, derive, fill_random};
use crate::{Place, StoredKey, VaultError};

/// The keys of one period of audit records. When the period's stored key is destroyed, neither the payloads nor the
/// tokens by which records are found mean anything any more.
pub struct AuditKey {
    payload: Sealer,
    token: hmac::Key,
}

impl AuditKey {
    pub(crate) fn new(stored: &StoredKey) -> Result<Self, VaultError> {
        let payload = derive(&[stored.expose()], "chronology audit payload 1")?;
        let token = derive(&[stored.expose()], "chronology audit token 1")?;
        Ok(Self { payload: Sealer::new(&payload)?, token: hmac::Key::new(hmac::HMAC_SHA256, token.as_slice()) })
    }

    /// A salt for a payload's hash.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the system gives no random bytes.
    pub fn salt() -> Result<[u8; 32], VaultError> {
        let mut salt = [0; 32];
        fill_random(&mut salt)?;
        Ok(salt)
    }

    /// Seals a record's payload. One period's records share a key: random nonces allow 2^32 of them (NIST SP 800-38D).
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the system gives no random bytes.
    pub fn seal(&self, place: &Place, payload: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.payload.seal(&place.payload(), payload)
    }

    /// Opens what [`AuditKey::seal`] gave for the same place.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when the bytes or the place are others; [`VaultError::Malformed`] when it is nothing of
    /// the kind.
    pub fn open(&self, place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.payload.open(&place.payload(), sealed)
    }

    /// The token by which the period's records about `value` are found: HMAC-SHA-256, cut to 128 bits; different for
    /// every partnership, kind and period.
    #[must_use]
    pub fn token(&self, partnership: PartnershipId, kind: &str, value: &[u8]) -> [u8; 16] {
        let named = Associated::new("chronology audit token 1").id(partnership.0).text(kind).bytes(value);
        let whole = hmac::sign(&self.token, named.as_ref());
        let mut token = [0; 16];
        token.iter_mut().zip(whole.as_ref()).for_each(|(to, from)| *to = *from);
        token
    }
}

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditKey(…)")
    }
}

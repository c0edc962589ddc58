//! The root key, which seals all stored keys.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::VaultError;
use crate::seal::{KEY_LEN, KeyMaterial, random_key};

/// The key under which the keystore seals its files, 256 bits. The operator provides it (as a file
/// or from a secret store) separately from the keystore's folder: neither of the two opens anything
/// alone.
pub struct RootKey(KeyMaterial);

impl RootKey {
    /// Generates a random root key for a first start.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the operating system returns no random bytes.
    pub fn generate() -> Result<Self, VaultError> {
        random_key().map(Self)
    }

    /// Parses standard base64 of 32 bytes, ignoring surrounding white space.
    ///
    /// # Errors
    /// [`VaultError::Malformed`] for anything else, and for a key whose bytes are all equal.
    pub fn from_base64(text: &str) -> Result<Self, VaultError> {
        let bytes = STANDARD
            .decode(text.trim())
            .map(Zeroizing::new)
            .map_err(|_| VaultError::Malformed)?;
        Self::from_bytes(&bytes)
    }

    /// Parses the content of a key file: 32 raw bytes, or base64 as in [`RootKey::from_base64`].
    ///
    /// # Errors
    /// [`VaultError::Malformed`] for anything else, and for a key whose bytes are all equal.
    pub fn from_file_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        if bytes.len() == KEY_LEN {
            return Self::from_bytes(bytes);
        }
        std::str::from_utf8(bytes)
            .map_err(|_| VaultError::Malformed)
            .and_then(Self::from_base64)
    }

    /// The key as base64, for writing a key created with [`RootKey::generate`] to its file.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_slice()))
    }

    pub(crate) fn material(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let key = <[u8; KEY_LEN]>::try_from(bytes)
            .map(Zeroizing::new)
            .map_err(|_| VaultError::Malformed)?;
        // A random key never has equal bytes throughout: this is a template's placeholder or a
        // zeroed disk block.
        if key.iter().all(|byte| Some(byte) == key.first()) {
            Err(VaultError::Malformed)
        } else {
            Ok(Self(key))
        }
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_base64_with_line_end_and_raw_bytes() {
        let key = RootKey::generate().unwrap();
        let text = format!("{}\n", key.to_base64().as_str());
        assert_eq!(
            RootKey::from_base64(&text).unwrap().material(),
            key.material()
        );
        assert_eq!(
            RootKey::from_file_bytes(text.as_bytes())
                .unwrap()
                .material(),
            key.material()
        );
        assert_eq!(
            RootKey::from_file_bytes(key.material()).unwrap().material(),
            key.material()
        );
    }

    #[test]
    fn rejects_wrong_lengths_and_filler_bytes() {
        let long = STANDARD.encode([3; 33]);
        let zeros = STANDARD.encode([0; 32]);
        for text in ["", "change-me", long.as_str(), zeros.as_str()] {
            assert!(
                matches!(RootKey::from_base64(text), Err(VaultError::Malformed)),
                "{text}"
            );
            assert!(
                matches!(
                    RootKey::from_file_bytes(text.as_bytes()),
                    Err(VaultError::Malformed)
                ),
                "{text}"
            );
        }
        assert!(RootKey::from_file_bytes(&[0xff; 32]).is_err());
    }

    #[test]
    fn debug_does_not_show_the_key() {
        assert_eq!(format!("{:?}", RootKey::generate().unwrap()), "RootKey(…)");
    }
}

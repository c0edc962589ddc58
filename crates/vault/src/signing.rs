//! The signing key for documents that others verify: audit checkpoints and deletion certificates.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::VaultError;
use crate::seal::{KEY_LEN, random_key};

/// An Ed25519 key (RFC 8032). It outlives every content key and is shared by all nodes of a
/// deployment; verifiers receive the public half. AWS-LC wipes the private key when it is dropped.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    seed: Zeroizing<[u8; KEY_LEN]>,
}

impl SigningKey {
    /// Generates a key for a first start or a rotation.
    ///
    /// # Errors
    /// [`VaultError::Keystore`] when the operating system returns no random bytes.
    pub fn generate() -> Result<Self, VaultError> {
        Self::from_seed(random_key()?)
    }

    /// Parses the content of a key file: base64 of the 32-byte seed, ignoring surrounding white
    /// space.
    ///
    /// # Errors
    /// [`VaultError::Malformed`] for anything else.
    pub fn from_file_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let text = std::str::from_utf8(bytes).map_err(|_| VaultError::Malformed)?;
        let seed = STANDARD
            .decode(text.trim())
            .map(Zeroizing::new)
            .map_err(|_| VaultError::Malformed)?;
        let seed = <[u8; KEY_LEN]>::try_from(seed.as_slice()).map_err(|_| VaultError::Malformed)?;
        Self::from_seed(Zeroizing::new(seed))
    }

    /// The seed as base64, as [`SigningKey::from_file_bytes`] reads it.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.seed.as_slice()))
    }

    /// The public key, 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        let mut key = [0; 32];
        key.iter_mut()
            .zip(self.pair.public_key().as_ref())
            .for_each(|(to, from)| *to = *from);
        key
    }

    /// Signs `message`. The signature has 64 bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature
            .iter_mut()
            .zip(self.pair.sign(message).as_ref())
            .for_each(|(to, from)| *to = *from);
        signature
    }

    fn from_seed(seed: Zeroizing<[u8; KEY_LEN]>) -> Result<Self, VaultError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice())
            .map_err(|_| VaultError::Malformed)?;
        Ok(Self { pair, seed })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// Whether `signature` is a valid signature of `message` under `public_key`.
#[must_use]
pub fn verify_signature(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(message, signature)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn signature_matches_rfc_8032_test_vector() {
        let seed = STANDARD.encode(hex(
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        ));
        let key = SigningKey::from_file_bytes(format!("{seed}\n").as_bytes()).unwrap();
        assert_eq!(
            key.public_key().to_vec(),
            hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        );
        let expected = hex(concat!(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ));
        assert_eq!(key.sign(&[0x72]).to_vec(), expected);
        assert!(verify_signature(&key.public_key(), &[0x72], &expected));
        assert!(!verify_signature(&key.public_key(), &[0x73], &expected));
    }

    #[test]
    fn file_round_trip_and_debug_do_not_expose_the_key() {
        let key = SigningKey::generate().unwrap();
        let again = SigningKey::from_file_bytes(key.to_base64().as_bytes()).unwrap();
        assert_eq!(again.public_key(), key.public_key());
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
        assert!(SigningKey::from_file_bytes(b"change-me").is_err());
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }
}

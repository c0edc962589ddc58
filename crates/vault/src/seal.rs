//! AES-256-GCM with random nonces, and key derivation. No other file calls these primitives.

use std::io;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::VaultError;
use crate::associated_data::AssociatedData;

/// Length of every key in bytes.
pub(crate) const KEY_LEN: usize = 32;
/// Format version, the first byte of every sealed value.
const FORMAT_VERSION: u8 = 1;
const TAG_LEN: usize = 16;
/// How many bytes sealing adds to the plaintext: format version, nonce and tag.
pub(crate) const OVERHEAD: usize = 1 + NONCE_LEN + TAG_LEN;

/// 32 secret bytes, wiped when dropped.
pub(crate) type KeyMaterial = Zeroizing<[u8; KEY_LEN]>;

/// Fills `bytes` from the operating system's random source.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), VaultError> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| VaultError::Keystore(io::ErrorKind::Other))
}

/// Generates a random key.
pub(crate) fn random_key() -> Result<KeyMaterial, VaultError> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    fill_random(key.as_mut_slice())?;
    Ok(key)
}

/// HKDF-SHA-256 (RFC 5869) over the concatenated `secrets`, without salt because they are already
/// uniformly random.
pub(crate) fn derive(secrets: &[&[u8; KEY_LEN]], label: &str) -> Result<KeyMaterial, VaultError> {
    let mut joined = Zeroizing::new(Vec::with_capacity(secrets.len().saturating_mul(KEY_LEN)));
    for secret in secrets {
        joined.extend_from_slice(secret.as_slice());
    }
    let mut key = Zeroizing::new([0; KEY_LEN]);
    let info = [label.as_bytes()];
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(&joined)
        .expand(&info, hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(key.as_mut_slice()))?;
    Ok(key)
}

/// A key prepared for sealing and opening. AWS-LC wipes its copy of the key when it frees it.
pub(crate) struct Sealer(LessSafeKey);

impl Sealer {
    pub(crate) fn new(key: &[u8; KEY_LEN]) -> Result<Self, VaultError> {
        Ok(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?)))
    }

    /// Seals `plaintext` as format version, nonce, ciphertext and tag. Nonces are random: NIST SP
    /// 800-38D allows 2^32 per key, and a key here seals one fragment version, one hour of one
    /// chronology, or the cursors of one service.
    pub(crate) fn seal(
        &self,
        associated: &AssociatedData,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        #[cfg(feature = "bench-switches")]
        if crate::bench_switches::is_sealing_disabled() {
            return Ok(crate::bench_switches::pad_plaintext(plaintext));
        }
        let mut nonce = [0; NONCE_LEN];
        fill_random(&mut nonce)?;
        let mut sealed = Vec::with_capacity(plaintext.len().saturating_add(OVERHEAD));
        sealed.push(FORMAT_VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let body = sealed.get_mut(1 + NONCE_LEN..).unwrap_or_default();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(associated), body)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens a value that [`Sealer::seal`] returned for the same key and associated data.
    pub(crate) fn open(
        &self,
        associated: &AssociatedData,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let parts = parse_sealed(sealed)?;
        #[cfg(feature = "bench-switches")]
        if crate::bench_switches::is_sealing_disabled() {
            return Ok(crate::bench_switches::copy_plaintext(parts.ciphertext));
        }
        let mut plaintext = Zeroizing::new(vec![0; parts.ciphertext.len()]);
        let nonce = Nonce::assume_unique_for_key(*parts.nonce);
        self.0.open_separate_gather(
            nonce,
            Aad::from(associated),
            parts.ciphertext,
            parts.tag,
            &mut plaintext,
        )?;
        Ok(plaintext)
    }

    /// Opens a sealed key.
    pub(crate) fn open_key(
        &self,
        associated: &AssociatedData,
        sealed: &[u8],
    ) -> Result<KeyMaterial, VaultError> {
        let parts = parse_sealed(sealed)?;
        let mut key = Zeroizing::new([0; KEY_LEN]);
        if parts.ciphertext.len() != KEY_LEN {
            return Err(VaultError::Malformed);
        }
        #[cfg(feature = "bench-switches")]
        if crate::bench_switches::is_sealing_disabled() {
            key.copy_from_slice(parts.ciphertext);
            return Ok(key);
        }
        let nonce = Nonce::assume_unique_for_key(*parts.nonce);
        self.0.open_separate_gather(
            nonce,
            Aad::from(associated),
            parts.ciphertext,
            parts.tag,
            key.as_mut_slice(),
        )?;
        Ok(key)
    }
}

struct SealedParts<'a> {
    nonce: &'a [u8; NONCE_LEN],
    ciphertext: &'a [u8],
    tag: &'a [u8],
}

fn parse_sealed(sealed: &[u8]) -> Result<SealedParts<'_>, VaultError> {
    let (&format, rest) = sealed.split_first().ok_or(VaultError::Malformed)?;
    let (nonce, rest) = rest
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(VaultError::Malformed)?;
    let (ciphertext, tag) = rest
        .split_last_chunk::<TAG_LEN>()
        .ok_or(VaultError::Malformed)?;
    if format == FORMAT_VERSION {
        Ok(SealedParts {
            nonce,
            ciphertext,
            tag,
        })
    } else {
        Err(VaultError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5869 has no test vector without salt and with this length, so this tests that every
    /// input matters.
    #[test]
    fn derived_key_depends_on_secrets_order_and_label() {
        let one = [1; KEY_LEN];
        let two = [2; KEY_LEN];
        let base = derive(&[&one, &two], "label").unwrap();
        assert_eq!(*base, *derive(&[&one, &two], "label").unwrap());
        for other in [
            derive(&[&two, &one], "label"),
            derive(&[&one], "label"),
            derive(&[&one, &two], "other"),
        ] {
            assert_ne!(*base, *other.unwrap());
        }
    }

    #[test]
    fn changed_or_truncated_values_are_refused() {
        let sealer = Sealer::new(&[7; KEY_LEN]).unwrap();
        let associated = AssociatedData::new("test");
        let sealed = sealer.seal(&associated, b"seen at home").unwrap();
        assert_eq!(sealed.len(), 12 + OVERHEAD);
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            let expected = if index == 0 {
                VaultError::Malformed
            } else {
                VaultError::Tampered
            };
            assert_eq!(
                sealer.open(&associated, &changed).unwrap_err(),
                expected,
                "byte {index}"
            );
            assert!(
                sealer.open(&associated, &sealed[..index]).is_err(),
                "cut to {index}"
            );
        }
        assert_eq!(
            sealer.open(&associated, &sealed).unwrap().as_slice(),
            b"seen at home"
        );
    }

    #[test]
    fn sealing_twice_gives_different_bytes() {
        let sealer = Sealer::new(&[7; KEY_LEN]).unwrap();
        let associated = AssociatedData::new("test");
        assert_ne!(
            sealer.seal(&associated, b"").unwrap(),
            sealer.seal(&associated, b"").unwrap()
        );
    }
}

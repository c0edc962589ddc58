//! AES-256-GCM with random nonces, and the derivation of keys: the only file that calls these primitives.

use std::io;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::VaultError;
use crate::associated::Associated;

/// Length of every key in bytes.
pub(crate) const KEY_LEN: usize = 32;
/// First byte of every sealed value: the format's version.
const FORMAT: u8 = 1;
const TAG_LEN: usize = 16;
/// What sealing adds to the plaintext's length: format version, nonce, tag.
pub(crate) const OVERHEAD: usize = 1 + NONCE_LEN + TAG_LEN;

/// 32 secret bytes, wiped when dropped.
pub(crate) type KeyMaterial = Zeroizing<[u8; KEY_LEN]>;

/// Fills `bytes` from the operating system's generator.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), VaultError> {
    SystemRandom::new().fill(bytes).map_err(|_| VaultError::Keystore(io::ErrorKind::Other))
}

/// A new key.
pub(crate) fn random_key() -> Result<KeyMaterial, VaultError> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    fill_random(key.as_mut_slice())?;
    Ok(key)
}

/// HKDF-SHA-256 (RFC 5869) over the joined `secrets`, without salt: they are uniformly random already.
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

/// A key ready to seal and open. The library wipes its copy of the key when it frees it.
pub(crate) struct Sealer(LessSafeKey);

impl Sealer {
    pub(crate) fn new(key: &[u8; KEY_LEN]) -> Result<Self, VaultError> {
        Ok(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?)))
    }

    /// `plaintext` as format version, nonce, ciphertext, tag. Nonces are random: NIST SP 800-38D allows 2^32 for one
    /// key, and a key here seals one fragment version, one hour of one chronology, or the cursors of one service.
    pub(crate) fn seal(&self, associated: &Associated, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        #[cfg(feature = "bench-switches")]
        if crate::bench_switches::unsealed() {
            return Ok(crate::bench_switches::pad(plaintext));
        }
        let mut nonce = [0; NONCE_LEN];
        fill_random(&mut nonce)?;
        let mut sealed = Vec::with_capacity(plaintext.len().saturating_add(OVERHEAD));
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let body = sealed.get_mut(1 + NONCE_LEN..).unwrap_or_default();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(associated), body)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// The plaintext of what [`Sealer::seal`] gave for the same key and associated data.
    pub(crate) fn open(&self, associated: &Associated, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let body = body_of(sealed)?;
        #[cfg(feature = "bench-switches")]
        if crate::bench_switches::unsealed() {
            return Ok(crate::bench_switches::copy(body.text));
        }
        let mut plaintext = Zeroizing::new(vec![0; body.text.len()]);
        let nonce = Nonce::assume_unique_for_key(*body.nonce);
        self.0.open_separate_gather(nonce, Aad::from(associated), body.text, body.tag, &mut plaintext)?;
        Ok(plaintext)
    }

    /// Opens a sealed key.
    pub(crate) fn open_key(&self, associated: &Associated, sealed: &[u8]) -> Result<KeyMaterial, VaultError> {
        let body = body_of(sealed)?;
        let mut key = Zeroizing::new([0; KEY_LEN]);
        if body.text.len() != KEY_LEN {
            return Err(VaultError::Malformed);
        }
        #[cfg(feature = "bench-switches")]
        if crate::bench_switches::unsealed() {
            key.copy_from_slice(body.text);
            return Ok(key);
        }
        let nonce = Nonce::assume_unique_for_key(*body.nonce);
        self.0.open_separate_gather(nonce, Aad::from(associated), body.text, body.tag, key.as_mut_slice())?;
        Ok(key)
    }
}

struct Body<'a> {
    nonce: &'a [u8; NONCE_LEN],
    text: &'a [u8],
    tag: &'a [u8],
}

fn body_of(sealed: &[u8]) -> Result<Body<'_>, VaultError> {
    let (&format, rest) = sealed.split_first().ok_or(VaultError::Malformed)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::Malformed)?;
    let (text, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(VaultError::Malformed)?;
    if format == FORMAT { Ok(Body { nonce, text, tag }) } else { Err(VaultError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5869 gives no case without salt and with this length; what matters is that parts, order and label count.
    #[test]
    fn derivation_depends_on_every_secret_their_order_and_the_label() {
        let (one, two) = ([1; KEY_LEN], [2; KEY_LEN]);
        let base = derive(&[&one, &two], "label").unwrap();
        assert_eq!(*base, *derive(&[&one, &two], "label").unwrap());
        for other in [derive(&[&two, &one], "label"), derive(&[&one], "label"), derive(&[&one, &two], "other")] {
            assert_ne!(*base, *other.unwrap());
        }
    }

    #[test]
    fn every_changed_byte_and_every_length_is_refused() {
        let sealer = Sealer::new(&[7; KEY_LEN]).unwrap();
        let associated = Associated::new("test");
        let sealed = sealer.seal(&associated, b"seen at home").unwrap();
        assert_eq!(sealed.len(), 12 + OVERHEAD);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            let expected = if at == 0 { VaultError::Malformed } else { VaultError::Tampered };
            assert_eq!(sealer.open(&associated, &changed).unwrap_err(), expected, "byte {at}");
            assert!(sealer.open(&associated, &sealed[..at]).is_err(), "cut to {at}");
        }
        assert_eq!(sealer.open(&associated, &sealed).unwrap().as_slice(), b"seen at home");
    }

    #[test]
    fn the_same_words_never_look_the_same() {
        let sealer = Sealer::new(&[7; KEY_LEN]).unwrap();
        let associated = Associated::new("test");
        assert_ne!(sealer.seal(&associated, b"").unwrap(), sealer.seal(&associated, b"").unwrap());
    }
}

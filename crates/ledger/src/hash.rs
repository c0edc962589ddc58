//! The hashes of RFC 6962, section 2.1: SHA-256 with a first byte that separates leaves from nodes.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A SHA-256 hash. `Display` gives standard base64, as in checkpoints.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash of an empty tree: SHA-256 of the empty string.
    #[must_use]
    pub fn empty_tree() -> Self {
        sha256(&[])
    }

    /// Parses standard base64 or hexadecimal. `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = if text.len() == 64 {
            parse_hex(text)?
        } else {
            STANDARD.decode(text).ok()?
        };
        bytes.try_into().ok().map(Self)
    }

    /// The hash in lower-case hexadecimal.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The hash of a leaf: SHA-256(0x00 ‖ data).
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    sha256(&[&[0], data])
}

/// The hash of a node over its two children: SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    sha256(&[&[1], &left.0, &right.0])
}

/// The hash by which a leaf commits to a payload: SHA-256(0x02 ‖ salt ‖ payload). The salt is
/// sealed with the payload; without it, nobody can find the payload by trying candidates.
#[must_use]
pub fn payload_hash(salt: &[u8; 32], payload: &[u8]) -> Hash {
    sha256(&[&[2], salt, payload])
}

pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    Hash(hash)
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .bytes()
        .map(|byte| {
            (byte as char)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let to_byte = |pair: &[u8]| pair.iter().fold(0_u8, |byte, digit| byte << 4 | digit);
    digits.map(|digits| digits.chunks(2).map(to_byte).collect())
}

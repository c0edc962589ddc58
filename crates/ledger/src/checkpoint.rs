//! What is signed: a tree's size and root, as C2SP "tlog-checkpoint" and "signed-note" write them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hash::{Hash, sha256};

/// What the notes mark an Ed25519 key with.
const ED25519: u8 = 1;

/// A log's size and root at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the log: no white space, no plus sign.
    pub origin: String,
    /// How many records.
    pub size: u64,
    /// Root hash over them.
    pub root: Hash,
}

/// Why a note is no checkpoint to rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text has not the form of a signed checkpoint.
    #[error("not a signed checkpoint")]
    Malformed,
    /// It is another log's.
    #[error("a checkpoint of another log")]
    OtherLog,
    /// No signature on it is by the key that was asked for.
    #[error("not signed by the log's key")]
    Unsigned,
}

/// The four bytes by which a note names a key: the beginning of SHA-256(name ‖ newline ‖ 0x01 ‖ public key).
#[must_use]
pub fn key_id(name: &str, public_key: &[u8; 32]) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[ED25519], public_key]).0;
    [a, b, c, d]
}

impl Checkpoint {
    /// What is signed: origin, size and root, a line each.
    #[must_use]
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// The signed note. `sign` gives the Ed25519 signature of the body.
    #[must_use]
    pub fn note(&self, public_key: &[u8; 32], sign: impl FnOnce(&[u8]) -> [u8; 64]) -> String {
        let body = self.body();
        let mut signature = key_id(&self.origin, public_key).to_vec();
        signature.extend_from_slice(&sign(body.as_bytes()));
        format!("{body}\n\u{2014} {} {}\n", self.origin, STANDARD.encode(signature))
    }

    /// The checkpoint in `note`, if the holder of `public_key` signed it for the log `origin`. `verify` says whether a
    /// signature is that of a message.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn open(
        note: &str,
        origin: &str,
        public_key: &[u8; 32],
        verify: impl Fn(&[u8], &[u8]) -> bool,
    ) -> Result<Self, CheckpointError> {
        let (body, signatures) = note.split_once("\n\n").ok_or(CheckpointError::Malformed)?;
        let checkpoint = Self::read(body)?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::OtherLog);
        }
        let wanted = key_id(origin, public_key);
        let body = checkpoint.body();
        let by_key = |line: &str| {
            let signed = line.strip_prefix("\u{2014} ")?.strip_prefix(origin)?.strip_prefix(' ')?;
            let bytes = STANDARD.decode(signed).ok()?;
            let (id, signature) = bytes.split_first_chunk::<4>()?;
            (*id == wanted && verify(body.as_bytes(), signature)).then_some(())
        };
        let signed = signatures.lines().any(|line| by_key(line).is_some());
        if signed { Ok(checkpoint) } else { Err(CheckpointError::Unsigned) }
    }

    fn read(body: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = body.split('\n').collect();
        let [origin, size, root] = lines.as_slice() else { return Err(CheckpointError::Malformed) };
        let read = || {
            let number: u64 = size.parse().ok()?;
            let root = Hash::parse(root)?;
            let checkpoint = Self { origin: (*origin).to_owned(), size: number, root };
            // One way of writing: no leading zero or sign, no other base64.
            (!origin.is_empty() && checkpoint.body().trim_end() == body).then_some(checkpoint)
        };
        read().ok_or(CheckpointError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf_hash;

    const KEY: [u8; 32] = [7; 32];

    fn note() -> String {
        let checkpoint = Checkpoint { origin: "audit.example/marl".into(), size: 12, root: leaf_hash(b"") };
        checkpoint.note(&KEY, |body| [u8::try_from(body.len()).unwrap(); 64])
    }

    fn open(note: &str, origin: &str, key: [u8; 32]) -> Result<u64, CheckpointError> {
        let verify = |body: &[u8], signature: &[u8]| signature == [u8::try_from(body.len()).unwrap_or(0); 64];
        Checkpoint::open(note, origin, &key, verify).map(|checkpoint| checkpoint.size)
    }

    #[test]
    fn opens_for_its_log_and_key_alone() {
        let note = note();
        assert!(note.starts_with(
            "audit.example/marl\n12\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n\n\u{2014} audit.example/marl "
        ));
        assert_eq!(open(&note, "audit.example/marl", KEY), Ok(12));
        assert_eq!(open(&note, "audit.example/other", KEY), Err(CheckpointError::OtherLog));
        assert_eq!(open(&note, "audit.example/marl", [8; 32]), Err(CheckpointError::Unsigned));
        assert_eq!(open(&note.replace("\n12\n", "\n112\n"), "audit.example/marl", KEY), Err(CheckpointError::Unsigned));
        assert_eq!(
            open(&note.replace("\n12\n", "\n012\n"), "audit.example/marl", KEY),
            Err(CheckpointError::Malformed)
        );
        assert_eq!(open("", "audit.example/marl", KEY), Err(CheckpointError::Malformed));
        assert_eq!(open(&note.replace("\n\n", "\n"), "audit.example/marl", KEY), Err(CheckpointError::Malformed));
    }
}

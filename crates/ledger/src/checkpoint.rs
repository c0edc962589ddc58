//! Signed checkpoints of a tree, in the formats of C2SP "tlog-checkpoint" and "signed-note".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hash::{Hash, sha256};

/// The signature type of Ed25519 in signed notes.
const ED25519: u8 = 1;

/// The size and root of a log at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log, without white space and plus signs.
    pub origin: String,
    /// The number of records.
    pub size: u64,
    /// The root hash over the records.
    pub root: Hash,
}

/// Why a note is not accepted as a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text does not have the form of a signed checkpoint.
    #[error("not a signed checkpoint")]
    Malformed,
    /// The checkpoint is of another log.
    #[error("a checkpoint of another log")]
    OtherLog,
    /// The note has no valid signature by the given key.
    #[error("not signed by the log's key")]
    Unsigned,
}

/// The key id of a signed note: the first four bytes of SHA-256(name ‖ newline ‖ 0x01 ‖ public
/// key).
#[must_use]
pub fn key_id(name: &str, public_key: &[u8; 32]) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[ED25519], public_key]).0;
    [a, b, c, d]
}

impl Checkpoint {
    /// The signed text: origin, size and root, one line each.
    #[must_use]
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Signs the checkpoint and returns the signed note. `sign` returns the Ed25519 signature of
    /// the body.
    #[must_use]
    pub fn to_signed_note(
        &self,
        public_key: &[u8; 32],
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> String {
        let body = self.body();
        let mut signature = key_id(&self.origin, public_key).to_vec();
        signature.extend_from_slice(&sign(body.as_bytes()));
        format!(
            "{body}\n\u{2014} {} {}\n",
            self.origin,
            STANDARD.encode(signature)
        )
    }

    /// Verifies a signed note and returns its checkpoint, if the holder of `public_key` signed it
    /// for the log `origin`. `verify` takes a message and a signature and returns whether the
    /// signature is valid.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`] when the note does not have the form of a signed checkpoint,
    /// [`CheckpointError::OtherLog`] when it is of another log, [`CheckpointError::Unsigned`]
    /// without a valid signature by the key.
    pub fn open(
        note: &str,
        origin: &str,
        public_key: &[u8; 32],
        verify: impl Fn(&[u8], &[u8]) -> bool,
    ) -> Result<Self, CheckpointError> {
        let (body, signatures) = note.split_once("\n\n").ok_or(CheckpointError::Malformed)?;
        let checkpoint = Self::parse_body(body)?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::OtherLog);
        }
        let expected_key_id = key_id(origin, public_key);
        let body = checkpoint.body();
        let valid_signature = |line: &str| {
            let signed = line
                .strip_prefix("\u{2014} ")?
                .strip_prefix(origin)?
                .strip_prefix(' ')?;
            let bytes = STANDARD.decode(signed).ok()?;
            let (id, signature) = bytes.split_first_chunk::<4>()?;
            (*id == expected_key_id && verify(body.as_bytes(), signature)).then_some(())
        };
        let signed = signatures
            .lines()
            .any(|line| valid_signature(line).is_some());
        if signed {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Unsigned)
        }
    }

    fn parse_body(body: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = body.split('\n').collect();
        let [origin, size, root] = lines.as_slice() else {
            return Err(CheckpointError::Malformed);
        };
        let parse = || {
            let size: u64 = size.parse().ok()?;
            let root = Hash::parse(root)?;
            let checkpoint = Self {
                origin: (*origin).to_owned(),
                size,
                root,
            };
            // Only the canonical form is accepted: no leading zero or sign, no other base64
            // encoding.
            (!origin.is_empty() && checkpoint.body().trim_end() == body).then_some(checkpoint)
        };
        parse().ok_or(CheckpointError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf_hash;

    const KEY: [u8; 32] = [7; 32];

    fn note() -> String {
        let checkpoint = Checkpoint {
            origin: "audit.example/marl".into(),
            size: 12,
            root: leaf_hash(b""),
        };
        checkpoint.to_signed_note(&KEY, |body| [u8::try_from(body.len()).unwrap(); 64])
    }

    fn open(note: &str, origin: &str, key: [u8; 32]) -> Result<u64, CheckpointError> {
        let verify = |body: &[u8], signature: &[u8]| {
            signature == [u8::try_from(body.len()).unwrap_or(0); 64]
        };
        Checkpoint::open(note, origin, &key, verify).map(|checkpoint| checkpoint.size)
    }

    #[test]
    fn note_opens_only_for_its_log_and_key() {
        let note = note();
        assert!(note.starts_with(
            "audit.example/marl\n12\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n\n\u{2014} audit.example/marl "
        ));
        assert_eq!(open(&note, "audit.example/marl", KEY), Ok(12));
        assert_eq!(
            open(&note, "audit.example/other", KEY),
            Err(CheckpointError::OtherLog)
        );
        assert_eq!(
            open(&note, "audit.example/marl", [8; 32]),
            Err(CheckpointError::Unsigned)
        );
        assert_eq!(
            open(
                &note.replace("\n12\n", "\n112\n"),
                "audit.example/marl",
                KEY
            ),
            Err(CheckpointError::Unsigned)
        );
        assert_eq!(
            open(
                &note.replace("\n12\n", "\n012\n"),
                "audit.example/marl",
                KEY
            ),
            Err(CheckpointError::Malformed)
        );
        assert_eq!(
            open("", "audit.example/marl", KEY),
            Err(CheckpointError::Malformed)
        );
        assert_eq!(
            open(&note.replace("\n\n", "\n"), "audit.example/marl", KEY),
            Err(CheckpointError::Malformed)
        );
    }
}

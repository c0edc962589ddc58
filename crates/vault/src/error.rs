//! What can go wrong, in words that give nothing away.

use std::io;

/// Why the vault refused. No variant carries a key, a path or a word of the content, so it can be logged as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The moment given is at or past `expires_at`, or the key's hour is over.
    #[error("the time is over")]
    Expired,
    /// A key is gone, or was never there; the two cannot be told apart by whoever asks for content.
    #[error("the key is gone")]
    Destroyed,
    /// Authentication failed: another place, other terms, another root key or changed bytes. Never says which.
    #[error("authentication failed")]
    Tampered,
    /// The keystore could not be read or written. The kind only; the path stays out of logs and answers.
    #[error("the keystore failed: {0}")]
    Keystore(io::ErrorKind),
    /// The value has not the form of anything this vault writes, or is of a later format version.
    #[error("not a value of this vault")]
    Malformed,
    /// The cursor is not one of ours for this partnership.
    #[error("not a cursor of this service")]
    Cursor,
}

impl From<io::Error> for VaultError {
    fn from(error: io::Error) -> Self {
        Self::Keystore(error.kind())
    }
}

impl From<aws_lc_rs::error::Unspecified> for VaultError {
    /// The library says this for every failed authentication.
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Tampered
    }
}

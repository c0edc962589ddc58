//! Errors of the vault. Their texts disclose nothing.

use std::io;

/// Why an operation of the vault failed. No variant contains a key, a path or content, so errors
/// can be logged as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The given time is at or past `expires_at`, or the hour of the epoch is over.
    #[error("the content or its epoch has expired")]
    Expired,
    /// A key was destroyed or never existed. Callers that ask for content cannot tell the two
    /// apart.
    #[error("the key was destroyed or never existed")]
    Destroyed,
    /// Authentication failed: another location, other terms, another root key or changed bytes. The
    /// error does not say which.
    #[error("authentication failed")]
    Tampered,
    /// The keystore could not be read or written. Carries the kind only, to keep paths out of logs
    /// and responses.
    #[error("the keystore cannot be read or written: {0}")]
    Keystore(io::ErrorKind),
    /// The value does not have a format that this vault writes, or has a later format version.
    #[error("the value does not have a format of this vault")]
    Malformed,
    /// The text is the text is not a cursor of this service for this partnership.
    #[error("the text is not a cursor of this service")]
    Cursor,
}

impl From<io::Error> for VaultError {
    fn from(error: io::Error) -> Self {
        Self::Keystore(error.kind())
    }
}

impl From<aws_lc_rs::error::Unspecified> for VaultError {
    /// AWS-LC reports every failed authentication with this error.
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Tampered
    }
}

//! Errors of configuring issuers.

/// A configuration of issuers that cannot be used, or a failure of the development issuer.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The issuers' configuration has errors, listed in the order of the issuers.
    #[error("issuers cannot be used: {}", problems.join("; "))]
    Configuration {
        /// One line per error.
        problems: Vec<String>,
    },
    /// The development issuer's key file cannot be read or written.
    #[error("development key file: {0}")]
    KeyFile(#[from] std::io::Error),
    /// The development issuer's key file can be read by other users of the machine.
    #[error("development key file can be read by others: set its mode to 0600")]
    KeyFileExposed,
    /// The development issuer's key file is not a P-256 key in PKCS#8.
    #[error("development key file does not hold a P-256 key in PKCS#8")]
    KeyFileMalformed,
    /// The cryptographic library returned an error.
    #[error("the cryptographic library failed")]
    Cryptography,
}

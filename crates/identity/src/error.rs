//! What can go wrong while setting identity up.

/// Issuers that cannot be used as configured, or a development issuer that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Every mistake found in the issuers' configuration, in the order of the issuers.
    #[error("issuers cannot be used: {}", problems.join("; "))]
    Configuration {
        /// One line for each mistake.
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
    /// The cryptographic library refused to work.
    #[error("cryptographic library refused to work")]
    Cryptography,
}

//! Deletion certificates: signed statements that a key was destroyed, which contributing agencies
//! can verify years later with nothing but the file.
//!
//! A certificate names the key, the commitment that was published while the key existed, when and
//! by which node the key was destroyed, the result of the probe afterwards, and the objects that
//! the destruction covered. These objects are represented by one hash: the root of a Merkle tree
//! (RFC 6962, section 2.1) over salted identifiers, padded with filler leaves. Each agency receives
//! the salts and paths of its own objects. It learns neither the identifiers nor the number of
//! other agencies' objects.
//!
//! The signature covers the certificate as canonical JSON (RFC 8785: members ordered by name, no
//! white space).

mod coverage_tree;
mod document;
mod verify;

pub use coverage_tree::{CoverageTree, MIN_LEAVES, Proof, generate_seed};
pub use document::{Certificate, CertifiedKey, Covers, FORMAT, Hash, SignedCertificate};
pub use verify::{CertificateError, verify};

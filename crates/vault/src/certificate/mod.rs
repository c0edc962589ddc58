//! Deletion certificates: what the service signs when it has destroyed a key, so that whoever contributed can check it
//! years later with nothing but a file.
//!
//! A certificate says which key, the commitment to it that was published while it lived, when it was destroyed, by which
//! node, what the probe found afterwards, and what the destruction covered. What it covered is one hash: the root of a
//! tree (RFC 6962, section 2.1) over salted identifiers, filled up with leaves that stand for nothing. Each agency is
//! given the salts and paths of its own objects; of others' it learns neither identifiers nor how many there are.
//!
//! What is signed is the certificate as canonical JSON (RFC 8785: members by name, no white space).

mod check;
mod covering;
mod document;

pub use check::{CertificateFault, check};
pub use covering::{Covering, LEAST_LEAVES, Proof, new_seed};
pub use document::{Certificate, CertifiedKey, Covers, FORMAT, Hash, SignedCertificate};

//! The certificate document.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{DeletionCertificateId, Instant, NodeId, PartnershipId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::ToSchema;

use super::Proof;
use crate::{SigningKey, VaultError};

/// Value of `format`. Another value means another set of rules.
pub const FORMAT: &str = "chronology deletion certificate 1";

/// SHA-256 hash or salt, 32 bytes, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, min_length = 64, max_length = 64, example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Hash {
    type Err = VaultError;

    fn from_str(text: &str) -> Result<Self, VaultError> {
        let digit = |c: u8| match c {
            b'0'..=b'9' => Some(c - b'0'),
            b'a'..=b'f' => Some(c - b'a' + 10),
            _ => None,
        };
        let mut hash = [0; 32];
        if text.len() != 64 {
            return Err(VaultError::Malformed);
        }
        for (to, pair) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *to = pair
                .iter()
                .try_fold(0_u8, |value, c| Some(value << 4 | digit(*c)?))
                .ok_or(VaultError::Malformed)?;
        }
        Ok(Self(hash))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| D::Error::custom("64 lower-case hexadecimal digits"))
    }
}

/// The signed content of a deletion certificate. Members are ordered by name, which is the order in
/// which they are signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Identifier of the certificate.
    pub certificate_id: DeletionCertificateId,
    /// The commitment to the key as published when the key was first used: SHA-256 over the name of
    /// the key, a salt and the key. Absent when none was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment: Option<Hash>,
    /// The objects that the destruction covered.
    pub covers: Covers,
    /// When the destruction was decided. From then on the key opened nothing.
    pub destroyed_at: Instant,
    /// The commitment stored with the key when it was destroyed; equal to the published one.
    pub destroyed_commitment: Hash,
    /// The rules that this document follows.
    #[schema(example = "chronology deletion certificate 1")]
    pub format: String,
    /// The destroyed key.
    pub key: CertifiedKey,
    /// The node that destroyed and probed the key.
    pub node_id: NodeId,
    /// The partnership that the key belonged to.
    pub partnership_id: PartnershipId,
    /// Result of the probe: whether the key could still be read. Must be false for the certificate
    /// to be valid.
    pub probe_opens: bool,
    /// When the probe was made and the certificate was signed.
    pub probed_at: Instant,
    /// When the commitment was published. Absent when none was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Instant>,
}

/// The key that was destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CertifiedKey {
    /// Number of an epoch (hours from 1970-01-01T00:00:00Z to its end), or the id of the chronology
    /// or fragment.
    #[schema(example = "493000")]
    pub id: String,
    /// epoch: everything that expired in one hour. scope: one chronology or fragment, destroyed
    /// before its time.
    #[schema(example = "epoch")]
    pub kind: String,
    /// When the key was created.
    pub made_at: Instant,
}

/// Summary of the objects that a destruction covered. It does not reveal which objects these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Covers {
    /// Number of leaves of the tree, including filler leaves: a power of two, at least 16.
    #[schema(example = 16)]
    pub leaves: u32,
    /// Root hash of the tree.
    pub root: Hash,
}

impl Certificate {
    /// The signed bytes: canonical JSON.
    ///
    /// # Errors
    /// [`VaultError::Malformed`] when the certificate cannot be serialised, which does not happen.
    pub fn canonical_json(&self) -> Result<Vec<u8>, VaultError> {
        serde_json::to_vec(self).map_err(|_| VaultError::Malformed)
    }

    /// Signs the certificate with `key`.
    ///
    /// # Errors
    /// [`VaultError::Malformed`], as [`Certificate::canonical_json`].
    pub fn sign(self, key: &SigningKey) -> Result<SignedCertificate, VaultError> {
        let signature = STANDARD.encode(key.sign(&self.canonical_json()?));
        let public_key = STANDARD.encode(key.public_key());
        Ok(SignedCertificate {
            certificate: self,
            proofs: Vec::new(),
            public_key,
            signature,
        })
    }
}

/// A certificate with its signature and the proofs for one reader's own objects. This is the
/// document that the service returns and that agencies keep as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedCertificate {
    /// The signed content.
    pub certificate: Certificate,
    /// Proofs that your own objects are among those the certificate covers.
    #[serde(default)]
    pub proofs: Vec<Proof>,
    /// Ed25519 public key that verifies the signature, base64. Compare it with the key you were
    /// given when you joined.
    #[schema(example = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=")]
    pub public_key: String,
    /// Ed25519 signature (RFC 8032) over `certificate` as canonical JSON (RFC 8785), base64.
    pub signature: String,
}

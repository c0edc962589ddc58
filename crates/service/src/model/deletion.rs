//! Destruction: what asks for it, what proves it, and what is still there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{
    ChronologyId, DeletionCertificateId, DestructionReason, Instant, PractitionerId, Sensitive, SnapshotKept,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;
use vault::certificate::{Certificate, Proof};

/// Bytes as base64, as keys and signatures are shown.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Destroying a chronology before its time.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DestructionIn {
    /// Why, in a word.
    pub reason_code: DestructionReason,
    /// Why, in your words; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
    /// Why no copy is kept for the social-care record, where no view was signed off for it; up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub snapshot_waiver: Option<Sensitive<String>>,
}

/// A chronology that was destroyed before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DestructionOut {
    /// The chronology. What is left of it is its tombstone.
    pub chronology_id: ChronologyId,
    /// Why, in a word.
    pub reason_code: DestructionReason,
    /// Why, in the words of whoever decided; absent once its time is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Sensitive<String>>,
    /// What was decided about a copy for the social-care record.
    pub snapshot: SnapshotKept,
    /// Why no copy was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub snapshot_waiver: Option<Sensitive<String>>,
    /// Who decided.
    pub decided_by: PractitionerId,
    /// When; from then on nothing of it was served.
    pub decided_at: Instant,
    /// Certificates of the keys that were destroyed: the chronology's, and those of fragments that were sent ahead of it.
    pub certificates: Vec<DeletionCertificateId>,
}

/// A deletion certificate in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionCertificateSummary {
    /// Identifier.
    pub id: DeletionCertificateId,
    /// epoch: all that expired in one hour. scope: one chronology, destroyed before its time.
    #[schema(example = "epoch")]
    pub key_kind: String,
    /// The hour's number, or the identifier of the chronology or fragment.
    #[schema(example = "493000")]
    pub key_id: String,
    /// When it was signed.
    pub issued_at: Instant,
}

/// A deletion certificate with its signature and the proofs for your own objects. Kept as a file, it can be checked by
/// `chronology verify-deletion` or by any other program that follows the same standards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionCertificateOut {
    /// Identifier.
    pub id: DeletionCertificateId,
    /// When it was signed.
    pub issued_at: Instant,
    /// What is signed.
    pub certificate: Certificate,
    /// That your own objects are among what it covers: at most 500, by identifier.
    pub proofs: Vec<Proof>,
    /// How many more of your own objects it covers; ask for each by `object`.
    pub proofs_left: i64,
    /// Ed25519 public key that verifies it, base64. Compare it with the one you were given when you joined.
    #[schema(example = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=")]
    pub public_key: String,
    /// Ed25519 signature (RFC 8032) of `certificate` as canonical JSON (RFC 8785), base64.
    #[schema(example = "kqAJqfDUyrhyDoILX2JAoquye1QWUD+48/diI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA==")]
    pub signature: String,
}

/// Why something that is over is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnpurgedReason {
    /// A legal hold keeps it.
    Held,
    /// Something that is still there refers to it.
    ReferredTo,
    /// Its minute is not over.
    Waiting,
    /// Nothing keeps it: deleting it has failed, and is tried again.
    Failed,
}

/// Something that is over and still there. Nobody is served its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnpurgedOut {
    /// What it is: chronology, fragment, family or person.
    #[schema(example = "fragment")]
    pub kind: String,
    /// Identifier.
    #[schema(value_type = String, format = "uuid")]
    pub id: uuid::Uuid,
    /// Since when it has been over.
    pub expired_at: Instant,
    /// Why it is still there.
    pub why: UnpurgedReason,
}

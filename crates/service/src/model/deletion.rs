//! Destruction: what asks for it, what proves it, and what is still there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{
    ChronologyId, DeletionCertificateId, DestructionReason, DestructionRequestId, Instant, PractitionerId, Sensitive,
    SnapshotKept,
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
    /// The request of somebody else that this confirms, where the partnership asks for two people; its reasons are kept, and
    /// yours beside them.
    #[serde(default)]
    pub confirms: Option<DestructionRequestId>,
}

/// How far a destruction before its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DestructionState {
    /// Somebody has asked for it; somebody else has to confirm it. Nothing is destroyed.
    Requested,
    /// The chronology is destroyed.
    Destroyed,
}

/// A request to destroy a chronology, until somebody else confirms it or it lapses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DestructionRequestOut {
    /// What a confirmation names.
    pub id: DestructionRequestId,
    /// Who asked.
    pub asked_by: PractitionerId,
    /// When.
    pub asked_at: Instant,
    /// From when on it cannot be confirmed.
    pub lapses_at: Instant,
}

/// A chronology that was, or is to be, destroyed before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DestructionOut {
    /// The chronology. What is left of it is its tombstone.
    pub chronology_id: ChronologyId,
    /// Whether it is destroyed.
    pub state: DestructionState,
    /// What waits for a second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<DestructionRequestOut>,
    /// Why, in a word.
    pub reason_code: DestructionReason,
    /// Why, in the words of whoever asked for it or decided alone; absent once its time is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Sensitive<String>>,
    /// Why, in the words of whoever confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub confirmation_reason: Option<Sensitive<String>>,
    /// What was decided about a copy for the social-care record; absent while it is requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotKept>,
    /// Why no copy was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub snapshot_waiver: Option<Sensitive<String>>,
    /// Who asked for it, where somebody else decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<PractitionerId>,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<PractitionerId>,
    /// When; from then on nothing of it was served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Instant>,
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

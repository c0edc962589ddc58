//! Destruction: its request, its proof, and expired data that still exists.

use domain::{
    ChronologyId, DeletionCertificateId, DestructionReason, DestructionRequestId, DestructionState,
    Instant, PractitionerId, Sensitive, SnapshotKept, UnpurgedReason,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;
use vault::certificate::{Certificate, Proof};

/// A request to destroy a chronology before its expiry.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DestructionIn {
    /// The reason, from the list.
    pub reason_code: DestructionReason,
    /// The reason in your own words; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
    /// The reason why no copy is kept for the social-care record, if no view was signed off for it;
    /// up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub snapshot_waiver: Option<Sensitive<String>>,
    /// The request of another practitioner that this confirms, where the partnership requires two
    /// people. Its reasons are kept together with yours.
    #[serde(default)]
    pub confirms: Option<DestructionRequestId>,
}

/// A request to destroy a chronology, until another practitioner confirms it or it lapses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DestructionRequestOut {
    /// The identifier that a confirmation names.
    pub id: DestructionRequestId,
    /// The practitioner who made the request.
    pub asked_by: PractitionerId,
    /// When the request was made.
    pub asked_at: Instant,
    /// When the request lapses and can no longer be confirmed.
    pub lapses_at: Instant,
}

/// The destruction of a chronology before its expiry, requested or carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DestructionOut {
    /// The chronology. Only its tombstone remains.
    pub chronology_id: ChronologyId,
    /// Whether the chronology is destroyed or its destruction requested.
    pub state: DestructionState,
    /// The request that waits for a second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<DestructionRequestOut>,
    /// The reason, from the list.
    pub reason_code: DestructionReason,
    /// The reason given by the practitioner who requested it or decided alone; absent after its
    /// retention period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Sensitive<String>>,
    /// The reason given by the practitioner who confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub confirmation_reason: Option<Sensitive<String>>,
    /// The decision about a copy for the social-care record; absent while the destruction is only
    /// requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotKept>,
    /// The reason why no copy was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub snapshot_waiver: Option<Sensitive<String>>,
    /// The practitioner who requested it, if another one decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<PractitionerId>,
    /// The practitioner who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<PractitionerId>,
    /// When it was decided; from then on nothing of the chronology was served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Instant>,
    /// The certificates of the destroyed keys: that of the chronology, and those of its advance
    /// submissions.
    pub certificates: Vec<DeletionCertificateId>,
}

/// A deletion certificate in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionCertificateSummary {
    /// The unique identifier.
    pub id: DeletionCertificateId,
    /// `epoch`: all data that expired in one hour. `scope`: one chronology that was destroyed
    /// before its expiry.
    #[schema(example = "epoch")]
    pub key_kind: String,
    /// The number of the hour, or the identifier of the chronology or fragment.
    #[schema(example = "493000")]
    pub key_id: String,
    /// When the certificate was signed.
    pub issued_at: Instant,
}

/// A deletion certificate with its signature and the proofs for your own objects. Saved as a file,
/// it can be verified with `chronology verify-deletion` or any other program that follows the same
/// standards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionCertificateOut {
    /// The unique identifier.
    pub id: DeletionCertificateId,
    /// When the certificate was signed.
    pub issued_at: Instant,
    /// The signed content.
    pub certificate: Certificate,
    /// Proofs that the certificate covers your own objects: at most 500, ordered by identifier.
    pub proofs: Vec<Proof>,
    /// How many more of your own objects the certificate covers; request the proof for each with
    /// `object`.
    pub proofs_left: i64,
    /// The Ed25519 public key that verifies the signature, base64. Compare it with the one you
    /// received when you joined.
    #[schema(example = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=")]
    pub public_key: String,
    /// The Ed25519 signature (RFC 8032) of `certificate` as canonical JSON (RFC 8785), base64.
    #[schema(
        example = "kqAJqfDUyrhyDoILX2JAoquye1QWUD+48/diI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA=="
    )]
    pub signature: String,
}

/// An expired object that still exists. Its content is not served to anyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnpurgedOut {
    /// The kind of the object: chronology, fragment, family or person.
    #[schema(example = "fragment")]
    pub kind: String,
    /// The unique identifier.
    #[schema(value_type = String, format = "uuid")]
    pub id: uuid::Uuid,
    /// When the object expired.
    pub expired_at: Instant,
    /// Why the object still exists.
    pub why: UnpurgedReason,
}

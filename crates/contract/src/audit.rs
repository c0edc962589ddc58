//! The audit log as auditors and owners read it.

use domain::{
    AgencyId, AuditId, ChronologyId, EmergencyAccessId, Instant, PractitionerId, RequestId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A filter for audit records; an absent field matches every record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only records about this chronology.
    pub chronology: Option<ChronologyId>,
    /// Only records about this object.
    pub object: Option<uuid::Uuid>,
    /// Only records of this practitioner.
    pub practitioner: Option<PractitionerId>,
    /// Only records of this operation.
    pub operation: Option<String>,
    /// Only records at or after this instant.
    pub from: Option<Instant>,
    /// Only records before this instant.
    pub until: Option<Instant>,
}

/// One audit record: who did or attempted what to which object, when, and why it was allowed.
/// Contains no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditOut {
    /// The identifier of the record.
    pub id: AuditId,
    /// When it happened.
    pub at: Instant,
    /// The operation, as `object.verb`.
    #[schema(example = "timeline.read")]
    pub operation: String,
    /// The outcome: allowed, denied, expired, wrong_state, invalid, stale or failed.
    pub outcome: String,
    /// Why it was allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The practitioner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practitioner_id: Option<PractitionerId>,
    /// The agency that the practitioner acted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency_id: Option<AgencyId>,
    /// The role that the practitioner acted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The purpose of the chronology concerned, or of the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The kind of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_kind: Option<String>,
    /// The object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub object_id: Option<uuid::Uuid>,
    /// The chronology concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chronology_id: Option<ChronologyId>,
    /// The request identifier, as in problems and logs; absent when the retention of the record's
    /// personal data has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The number of entries that the response disclosed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_count: Option<i64>,
}

/// The signed state of a partnership's audit log: a Merkle tree over its records (RFC 6962), of
/// which size and root are signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditCheckpointOut {
    /// The name of the log.
    #[schema(example = "chronology.example/audit/marlshire")]
    pub origin: String,
    /// The number of records in the tree.
    pub size: i64,
    /// The root hash of the tree, base64.
    pub root: String,
    /// When it was signed.
    pub signed_at: Instant,
    /// The signed note (C2SP tlog-checkpoint). Keep it to compare it with later ones.
    pub note: String,
    /// The Ed25519 public key that verifies the signature, base64. Compare it with the one that the
    /// partnership published.
    pub public_key: String,
}

/// The proof that a record is in the tree (RFC 6962, section 2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditProofOut {
    /// The identifier of the record.
    pub record_id: AuditId,
    /// The leaf of the tree for this record, base64: identifiers, time, operation, outcome, and the
    /// salted hash of the record's personal data.
    pub leaf: String,
    /// SHA-256 of a zero byte and the leaf, base64.
    pub leaf_hash: String,
    /// The position of the record in the tree, from 0.
    pub position: i64,
    /// The size of the tree that the proof is for.
    pub size: i64,
    /// The audit path, from the leaf up, base64.
    pub path: Vec<String>,
}

/// The proof that a tree begins with an earlier one (RFC 6962, section 2.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditConsistencyOut {
    /// The size of the earlier tree.
    pub from: i64,
    /// The size of the later tree.
    pub to: i64,
    /// The hashes of the proof, base64.
    pub path: Vec<String>,
}

/// Up to 256 hashes of one level of the tree (C2SP tlog-tiles).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditTileOut {
    /// The level of the tree: 0 for leaves, 1 for the roots of 256 leaves, and so on.
    pub level: i64,
    /// The index of the tile in its level, from 0.
    pub index: i64,
    /// The hashes, base64.
    pub hashes: Vec<String>,
}

/// Someone who read a chronology's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReaderOut {
    /// When it happened.
    pub at: Instant,
    /// The practitioner.
    pub practitioner_id: PractitionerId,
    /// The agency that the practitioner acted for.
    pub agency_id: AgencyId,
    /// The role that the practitioner acted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The operation, as `object.verb`.
    pub operation: String,
    /// Why it was allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of entries that the response disclosed. Absent for other readers if you may not
    /// read criminal-offence data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_count: Option<i64>,
    /// The emergency access under which this reader came to the chronology; the latest one if there
    /// were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_access_id: Option<EmergencyAccessId>,
}

/// A practitioner who was shown entries of a fragment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FragmentReaderOut {
    /// When it happened.
    pub at: Instant,
    /// The practitioner.
    pub practitioner_id: PractitionerId,
    /// The agency that the practitioner acted for.
    pub agency_id: AgencyId,
    /// The role that the practitioner acted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The operation, as `object.verb`: a read of the fragment itself, or of something that shows
    /// it.
    pub operation: String,
    /// Why it was allowed; `emergency` under an emergency access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The purpose of the chronology concerned, or of the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The number of the fragment's entries that were shown. If you may not see all of the
    /// fragment, it is left out for other readers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_count: Option<i64>,
}

//! The audit, as auditors and owners read it.

use domain::{AgencyId, AuditId, ChronologyId, EmergencyAccessId, Instant, PractitionerId, RequestId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which records are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Records about this chronology.
    pub chronology: Option<ChronologyId>,
    /// Records about this object.
    pub object: Option<uuid::Uuid>,
    /// Records of this practitioner.
    pub practitioner: Option<PractitionerId>,
    /// Records of this operation.
    pub operation: Option<String>,
    /// At or after.
    pub from: Option<Instant>,
    /// Before.
    pub until: Option<Instant>,
}

/// One audit record: who did or tried what, to what, when, and why it was allowed. No personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditOut {
    /// Identifier.
    pub id: AuditId,
    /// When.
    pub at: Instant,
    /// What, as `object.verb`.
    #[schema(example = "timeline.read")]
    pub operation: String,
    /// How it ended: allowed, denied, expired, wrong_state, invalid, stale or failed.
    pub outcome: String,
    /// Why it was allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practitioner_id: Option<PractitionerId>,
    /// For which agency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency_id: Option<AgencyId>,
    /// In which role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The purpose of the chronology concerned, or of the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Kind of object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_kind: Option<String>,
    /// The object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub object_id: Option<uuid::Uuid>,
    /// The chronology concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chronology_id: Option<ChronologyId>,
    /// The request, as in problems and logs; absent when the retention of what the record says of people has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// How many entries left with the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_count: Option<i64>,
}

/// Where a partnership's audit stands: a Merkle tree over its records (RFC 6962) of which size and root are signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditCheckpointOut {
    /// Names the log.
    #[schema(example = "chronology.example/audit/marlshire")]
    pub origin: String,
    /// How many records have their place in the tree.
    pub size: i64,
    /// Root hash over them, base64.
    pub root: String,
    /// When it was signed.
    pub signed_at: Instant,
    /// The signed note (C2SP tlog-checkpoint): keep it, and compare it with later ones.
    pub note: String,
    /// The Ed25519 public key by which it is signed, base64; to be compared with the one the partnership published.
    pub public_key: String,
}

/// The proof that a record is in the tree (RFC 6962, section 2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditProofOut {
    /// The record.
    pub record_id: AuditId,
    /// The record as it stands in the tree, base64: identifiers, time, operation, outcome, and the salted hash of what it
    /// says of people.
    pub leaf: String,
    /// SHA-256 of a zero byte and the leaf, base64.
    pub leaf_hash: String,
    /// Its place, from 0.
    pub position: i64,
    /// The size of the tree it is proved in.
    pub size: i64,
    /// The audit path, from the leaf up, base64.
    pub path: Vec<String>,
}

/// The proof that a tree begins with an earlier one (RFC 6962, section 2.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditConsistencyOut {
    /// Size of the earlier tree.
    pub from: i64,
    /// Size of the later tree.
    pub to: i64,
    /// The proof, base64.
    pub path: Vec<String>,
}

/// Up to 256 hashes of one level of the tree (C2SP tlog-tiles).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditTileOut {
    /// 0 for leaves, 1 for the roots of 256 leaves, and so on.
    pub level: i64,
    /// Which tile of the level, from 0.
    pub index: i64,
    /// The hashes, base64.
    pub hashes: Vec<String>,
}

/// Someone who read a chronology's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReaderOut {
    /// When.
    pub at: Instant,
    /// Who.
    pub practitioner_id: PractitionerId,
    /// For which agency.
    pub agency_id: AgencyId,
    /// In which role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What was read, as `object.verb`.
    pub operation: String,
    /// Why it was allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many entries left with the answer. Absent of others for those who may not read criminal-offence data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_count: Option<i64>,
    /// The emergency access by which this reader came to the chronology: the latest, if there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_access_id: Option<EmergencyAccessId>,
}

/// Somebody who was shown what a fragment tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FragmentReaderOut {
    /// When.
    pub at: Instant,
    /// Who.
    pub practitioner_id: PractitionerId,
    /// For which agency.
    pub agency_id: AgencyId,
    /// In which role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What was read, as `object.verb`: the fragment itself, or something that shows it.
    pub operation: String,
    /// Why it was allowed; `emergency` when the glass was broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The purpose of the chronology concerned, or of the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Left out for whoever may not see all of the fragment, but for themselves. How many of the fragment's entries were shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_count: Option<i64>,
}

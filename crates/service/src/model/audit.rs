//! The audit, as auditors and owners read it.

use domain::{AgencyId, AuditId, ChronologyId, Instant, PractitionerId, RequestId};
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
    /// The request, as in problems and logs.
    pub request_id: RequestId,
    /// How many entries left with the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_count: Option<i64>,
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
}

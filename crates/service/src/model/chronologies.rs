//! Chronologies, their frozen views, snapshots and tombstones.

use domain::{
    AgencyId, ChronologyId, ChronologyState, ConsolidationId, DeletionCertificateId, FamilyId, Instant,
    InvitationState, LawfulBasis, NoConsentReason, PractitionerId, Purpose, Sensitive,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{EmergencyNotice, Patch, TimelineOut};

/// A chronology to prepare. What opening needs may still be absent in a draft.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChronologyIn {
    /// The family it is about.
    pub family_id: FamilyId,
    /// Why it is asked for.
    pub purpose: Purpose,
    /// What social care would like to know, in words to the agencies; up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub question: Option<Sensitive<String>>,
    /// Ground for sharing; needed to open.
    #[serde(default)]
    pub lawful_basis: Option<LawfulBasis>,
    /// Why consent is not relied on.
    #[serde(default)]
    pub no_consent_reason: Option<NoConsentReason>,
    /// Whether the family was told; needed to open.
    #[serde(default)]
    pub family_told: Option<bool>,
    /// Why the family was not told; needed to open when it was not. Up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub family_not_told_reason: Option<Sensitive<String>>,
    /// First day asked for; by default the purpose's look-back from today.
    #[serde(default)]
    #[schema(format = "date", max_length = 10)]
    pub look_back_from: Option<String>,
    /// When returns are due; by default the purpose's days after opening.
    #[serde(default)]
    pub due_at: Option<Instant>,
    /// When it expires; by default the purpose's lifetime, at most the partnership's.
    #[serde(default)]
    pub expires_at: Option<Instant>,
    /// Colleagues who may act on it besides the owner; at most 20.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub team: Vec<PractitionerId>,
}

/// A change to a chronology: absent leaves a field, null clears it.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChronologyPatch {
    /// Why it is asked for; only while it is a draft.
    pub purpose: Option<Purpose>,
    /// What social care would like to know.
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub question: Patch<Sensitive<String>>,
    /// Ground for sharing.
    pub lawful_basis: Option<LawfulBasis>,
    /// Why consent is not relied on.
    #[schema(value_type = Option<NoConsentReason>)]
    pub no_consent_reason: Patch<NoConsentReason>,
    /// Whether the family was told.
    pub family_told: Option<bool>,
    /// Why the family was not told.
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub family_not_told_reason: Patch<Sensitive<String>>,
    /// First day asked for.
    #[schema(value_type = Option<String>, format = "date", max_length = 10)]
    pub look_back_from: Patch<String>,
    /// When returns are due.
    pub due_at: Option<Instant>,
    /// Colleagues who may act on it besides the owner.
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub team: Option<Vec<PractitionerId>>,
    /// Hands the chronology to another practitioner of the same agency.
    pub owner_id: Option<PractitionerId>,
}

/// A chronology, without content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChronologyOut {
    /// Identifier.
    pub id: ChronologyId,
    /// The family it is about.
    pub family_id: FamilyId,
    /// Why it is asked for.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: ChronologyState,
    /// The practitioner who asked.
    pub owner_id: PractitionerId,
    /// The agency that asked.
    pub owner_agency_id: AgencyId,
    /// What social care would like to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub question: Option<Sensitive<String>>,
    /// Ground for sharing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lawful_basis: Option<LawfulBasis>,
    /// Why consent is not relied on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_consent_reason: Option<NoConsentReason>,
    /// Whether the family was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_told: Option<bool>,
    /// Why the family was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub family_not_told_reason: Option<Sensitive<String>>,
    /// First day asked for; absent means from first contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date")]
    pub look_back_from: Option<String>,
    /// When returns are due.
    pub due_at: Instant,
    /// When it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Instant>,
    /// When it expires: from then on nothing is served.
    pub expires_at: Instant,
    /// Colleagues who may act on it; left out for contributing agencies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Vec<PractitionerId>>,
    /// What its owner's side should look to; left out for contributing agencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    pub warnings: Vec<ChronologyWarning>,
    /// Version, as in the `ETag`.
    pub version: i64,
    /// Prepared at.
    pub created_at: Instant,
    /// Last changed at.
    pub updated_at: Instant,
    /// There when it is read under an emergency access: to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}

/// Something about a chronology that somebody should look to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChronologyWarning {
    /// It expires within 14 days, and neither is a view signed off for the social-care record nor is that waived.
    ExpiresWithoutSignOff,
    /// Somebody has asked to destroy it before its time; a second team manager is to confirm that or to leave it.
    DestructionRequested,
}

/// Extending an expiry.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendIn {
    /// The new expiry; later than the present one and within the partnership's cap.
    pub expires_at: Instant,
    /// Why; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// Reopening a chronology.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenIn {
    /// Why; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
    /// New due date for returns; by default the purpose's days from now.
    #[serde(default)]
    pub due_at: Option<Instant>,
}

/// What happens to the frozen view at sign-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotDecision {
    /// It is exported for the social-care record.
    Export,
    /// No copy is kept; the reason says why.
    Waive,
}

/// Signing a chronology off.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOffIn {
    /// The frozen view that is signed off; the latest by default.
    #[serde(default)]
    pub consolidation_id: Option<ConsolidationId>,
    /// Whether a snapshot is exported or explicitly waived.
    pub snapshot: SnapshotDecision,
    /// Why no copy is kept; required when waived. Up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub waiver_reason: Option<Sensitive<String>>,
}

/// A view of the timeline frozen for a meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConsolidationOut {
    /// Identifier.
    pub id: ConsolidationId,
    /// The chronology.
    pub chronology_id: ChronologyId,
    /// Who froze it.
    pub author_id: PractitionerId,
    /// Rows in it.
    pub row_count: i64,
    /// Entries in it.
    pub entry_count: i64,
    /// Keyed hash of the frozen view as you are shown it, hexadecimal: the same view has the same hash.
    pub content_hash: String,
    /// Frozen at.
    pub created_at: Instant,
    /// Signed off at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_off_at: Option<Instant>,
    /// Signed off by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_off_by: Option<PractitionerId>,
    /// The view itself; left out in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<TimelineOut>,
    /// There when it is read under an emergency access: to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}

/// The exported copy for the social-care record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SnapshotOut {
    /// The chronology as it was signed off.
    pub chronology: ChronologyOut,
    /// The frozen view that was signed off.
    pub consolidation: ConsolidationOut,
}

/// What is left after expiry. No content, no names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TombstoneOut {
    /// The id of what is gone.
    #[schema(value_type = String, format = "uuid")]
    pub id: uuid::Uuid,
    /// What it was: chronology or fragment.
    pub kind: String,
    /// The chronology it belonged to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chronology_id: Option<ChronologyId>,
    /// The agency that owned or submitted it.
    pub agency_id: AgencyId,
    /// Why it is gone: expired, withdrawn or destroyed.
    pub reason: String,
    /// Made at.
    pub created_at: Instant,
    /// Expired at.
    pub expired_at: Instant,
    /// Deleted at.
    pub deleted_at: Instant,
    /// How many entries it held: your own agency's for a contributing agency, all for social care, and absent for social
    /// workers who may not read criminal-offence data, because some of them may have been that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_count: Option<i64>,
    /// Keyed hash over what it held, hexadecimal.
    pub content_hash: String,
    /// The agencies that took part with their last state; only your own for a contributing agency.
    pub agencies: Vec<TombstoneAgency>,
    /// Who read it, newest first, at most 25; only for its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readers: Option<Vec<super::ReaderOut>>,
    /// Certificates of the destruction of the keys it lived by, as far as they are made and yours to read.
    #[serde(default)]
    pub certificates: Vec<DeletionCertificateId>,
    /// Who had it destroyed before its time, and why; only for its owner's side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destruction: Option<super::DestructionOut>,
}

/// An agency on a tombstone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TombstoneAgency {
    /// The agency.
    pub agency_id: AgencyId,
    /// Where its invitation stood.
    pub state: InvitationState,
}

//! Chronologies, their frozen views, snapshots and tombstones.

use domain::{
    AgencyId, ChronologyId, ChronologyState, ChronologyWarning, ConsolidationId,
    DeletionCertificateId, FamilyId, Instant, InvitationState, LawfulBasis, NoConsentReason,
    PractitionerId, Purpose, Sensitive, SnapshotDecision,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{EmergencyNotice, Patch, TimelineOut};

/// A chronology to create as a draft. A draft may lack what opening requires.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChronologyIn {
    /// The family that the chronology is about.
    pub family_id: FamilyId,
    /// The purpose of the chronology.
    pub purpose: Purpose,
    /// The question that social care asks the agencies; up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub question: Option<Sensitive<String>>,
    /// The lawful basis for sharing; required for opening.
    #[serde(default)]
    pub lawful_basis: Option<LawfulBasis>,
    /// The reason why consent is not relied on.
    #[serde(default)]
    pub no_consent_reason: Option<NoConsentReason>,
    /// Whether the family was told; required for opening.
    #[serde(default)]
    pub family_told: Option<bool>,
    /// The reason why the family was not told; required for opening in that case. Up to 2,000
    /// characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub family_not_told_reason: Option<Sensitive<String>>,
    /// The first day of the look-back period; by default the purpose's look-back counted from
    /// today.
    #[serde(default)]
    #[schema(format = "date", max_length = 10)]
    pub look_back_from: Option<String>,
    /// When returns are due; by default the purpose's number of days after opening.
    #[serde(default)]
    pub due_at: Option<Instant>,
    /// When the chronology expires; by default after the purpose's lifetime, at most after the
    /// partnership's.
    #[serde(default)]
    pub expires_at: Option<Instant>,
    /// Colleagues who may act on the chronology besides the owner; at most 20.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub team: Vec<PractitionerId>,
}

/// A change to a chronology. An absent field is left unchanged; null clears it.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChronologyPatch {
    /// The purpose of the chronology; can be changed only while it is a draft.
    pub purpose: Option<Purpose>,
    /// The question that social care asks the agencies.
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub question: Patch<Sensitive<String>>,
    /// The lawful basis for sharing.
    pub lawful_basis: Option<LawfulBasis>,
    /// The reason why consent is not relied on.
    #[schema(value_type = Option<NoConsentReason>)]
    pub no_consent_reason: Patch<NoConsentReason>,
    /// Whether the family was told.
    pub family_told: Option<bool>,
    /// The reason why the family was not told.
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub family_not_told_reason: Patch<Sensitive<String>>,
    /// The first day of the look-back period.
    #[schema(value_type = Option<String>, format = "date", max_length = 10)]
    pub look_back_from: Patch<String>,
    /// When returns are due.
    pub due_at: Option<Instant>,
    /// Colleagues who may act on the chronology besides the owner.
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub team: Option<Vec<PractitionerId>>,
    /// Transfers the chronology to another practitioner of the same agency.
    pub owner_id: Option<PractitionerId>,
}

/// A chronology, without its entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChronologyOut {
    /// The unique identifier.
    pub id: ChronologyId,
    /// The family that the chronology is about.
    pub family_id: FamilyId,
    /// The purpose of the chronology.
    pub purpose: Purpose,
    /// The state of the chronology.
    pub state: ChronologyState,
    /// The practitioner who owns the chronology.
    pub owner_id: PractitionerId,
    /// The agency that owns the chronology.
    pub owner_agency_id: AgencyId,
    /// The question that social care asks the agencies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub question: Option<Sensitive<String>>,
    /// The lawful basis for sharing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lawful_basis: Option<LawfulBasis>,
    /// The reason why consent is not relied on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_consent_reason: Option<NoConsentReason>,
    /// Whether the family was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_told: Option<bool>,
    /// The reason why the family was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub family_not_told_reason: Option<Sensitive<String>>,
    /// The first day of the look-back period; absent means from first contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date")]
    pub look_back_from: Option<String>,
    /// When returns are due.
    pub due_at: Instant,
    /// When the chronology was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Instant>,
    /// When the chronology expires; from then on its content is not served.
    pub expires_at: Instant,
    /// Colleagues who may act on the chronology; left out for contributing agencies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Vec<PractitionerId>>,
    /// Warnings for the owner's side; left out for contributing agencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    pub warnings: Vec<ChronologyWarning>,
    /// The version, as in the `ETag`.
    pub version: i64,
    /// When the chronology was created.
    pub created_at: Instant,
    /// When the chronology was last changed.
    pub updated_at: Instant,
    /// Present when read under an emergency access; to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}

/// A request to extend an expiry.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendIn {
    /// The new expiry; later than the present one and within the partnership's limit.
    pub expires_at: Instant,
    /// The reason; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// A request to reopen a chronology.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenIn {
    /// The reason; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
    /// The new due date for returns; by default the purpose's number of days from now.
    #[serde(default)]
    pub due_at: Option<Instant>,
}

/// A request to sign off a chronology.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOffIn {
    /// The frozen view to sign off; the latest one by default.
    #[serde(default)]
    pub consolidation_id: Option<ConsolidationId>,
    /// Whether a snapshot is exported or explicitly waived.
    pub snapshot: SnapshotDecision,
    /// The reason why no copy is kept; required for a waiver. Up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub waiver_reason: Option<Sensitive<String>>,
}

/// A view of the timeline frozen for a meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConsolidationOut {
    /// The unique identifier.
    pub id: ConsolidationId,
    /// The chronology that the view belongs to.
    pub chronology_id: ChronologyId,
    /// The practitioner who froze the view.
    pub author_id: PractitionerId,
    /// The number of rows in the view.
    pub row_count: i64,
    /// The number of entries in the view.
    pub entry_count: i64,
    /// A keyed hash of the view as shown to you, hexadecimal; the same view has the same hash.
    pub content_hash: String,
    /// When the view was frozen.
    pub created_at: Instant,
    /// When the view was signed off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_off_at: Option<Instant>,
    /// The practitioner who signed it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_off_by: Option<PractitionerId>,
    /// The content of the view; left out in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<TimelineOut>,
    /// Present when read under an emergency access; to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}

/// The snapshot that is exported for the social-care record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SnapshotOut {
    /// The chronology as it was signed off.
    pub chronology: ChronologyOut,
    /// The frozen view that was signed off.
    pub consolidation: ConsolidationOut,
}

/// What remains after expiry. Contains no content and no names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TombstoneOut {
    /// The identifier of the deleted object.
    #[schema(value_type = String, format = "uuid")]
    pub id: uuid::Uuid,
    /// The kind of the deleted object: chronology or fragment.
    pub kind: String,
    /// The chronology that the object was or belonged to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chronology_id: Option<ChronologyId>,
    /// The agency that owned or submitted the object.
    pub agency_id: AgencyId,
    /// Why the object was deleted: expired, withdrawn or destroyed.
    pub reason: String,
    /// When the object was created.
    pub created_at: Instant,
    /// When the object expired.
    pub expired_at: Instant,
    /// When the object was deleted.
    pub deleted_at: Instant,
    /// The number of entries in the object: those of your own agency for a contributing agency, all
    /// of them for social care. Absent for social workers who may not read criminal-offence data,
    /// because some entries may have contained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_count: Option<i64>,
    /// A keyed hash over the content, hexadecimal.
    pub content_hash: String,
    /// The agencies that took part, with the last state of their invitation; only your own agency
    /// for a contributing agency.
    pub agencies: Vec<TombstoneAgency>,
    /// Who read the content, newest first, at most 25; only for the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readers: Option<Vec<super::ReaderOut>>,
    /// The certificates for the destruction of its keys, as far as they are issued and you may read
    /// them.
    #[serde(default)]
    pub certificates: Vec<DeletionCertificateId>,
    /// Who ordered the destruction before the expiry, and why; only for the owner's side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destruction: Option<super::DestructionOut>,
}

/// An agency that took part in a deleted chronology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TombstoneAgency {
    /// The agency.
    pub agency_id: AgencyId,
    /// The last state of the agency's invitation.
    pub state: InvitationState,
}

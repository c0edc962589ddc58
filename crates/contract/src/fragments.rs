//! Fragments and their entries.

use domain::{
    AgencyId, ChronologyId, EntryId, FamilyId, FragmentId, FragmentState, Handling, Instant,
    InvolvementStatus, PersonId, PractitionerId, Sensitive, Severity, SubmissionOutcome, WhenOut,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::EmergencyNotice;

/// When an event happened, as far as the agency knows: as EDTF, in words, or both (then the EDTF
/// counts and the words are kept).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhenIn {
    /// The date in EDTF (ISO 8601-2), such as `2024-05-22T14:30`, `2024-05-22`, `2024-05`,
    /// `2024-21` (spring), `2018~`, `2016/2018`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40, example = "2024-05-22")]
    pub edtf: Option<String>,
    /// The original words, such as "22.05.16", "early March 2019" or "c. 2018".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 100, example = "early March 2019")]
    pub words: Option<Sensitive<String>>,
}

domain::entry_form! {
    request
    /// One significant event as an agency writes it. The service adds the agency; clients never send
    /// it.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct EntryIn {
        /// Whether the event concerns every child of the family (or the one child that the fragment is
        /// about).
        #[serde(default)]
        pub all_children: bool,
    }
    with { when: WhenIn, handling: Option<Handling> }
}

/// Who decided to share, and why; stored with each contribution (Children Act 2004, s.16LA).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SharingDecision {
    /// The role or name of the person at the agency who decided; 1 to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub decided_by: Sensitive<String>,
    /// Why sharing is relevant and proportionate; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// The agency's part in the support network around the family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Involvement {
    /// The involvement: current, past or none.
    pub status: InvolvementStatus,
    /// What the agency does for the family, for example "weekly family support"; up to 500
    /// characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub support: Option<Sensitive<String>>,
    /// The role or name of the lead professional; up to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub lead_professional: Option<Sensitive<String>>,
    /// When the involvement began (EDTF).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub since: Option<String>,
    /// When the involvement ended (EDTF).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub until: Option<String>,
}

/// What one agency submits to a chronology, about the whole family or one child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FragmentIn {
    /// The one child that the fragment is about; absent means the whole family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_id: Option<PersonId>,
    /// The agency's own reference for this return. A submission with the same reference updates it.
    /// For `PUT` it is part of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 120))]
    #[schema(min_length = 1, max_length = 120)]
    pub agency_reference: Option<String>,
    /// When the fragment expires; by default with the chronology, and never later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// Social care only: the agency without access on whose behalf the fragment is submitted (proxy
    /// entry, marked as such).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<AgencyId>,
    /// Who decided to share, and why.
    pub sharing: SharingDecision,
    /// The agency's part in the support network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involvement: Option<Involvement>,
    /// The reason for correcting an earlier version; up to 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub correction_reason: Option<Sensitive<String>>,
    /// The significant events; at most 500. Empty if the agency reports only its involvement. An
    /// agency that holds nothing sends a nil return instead.
    #[validate(length(max = 500), nested)]
    #[schema(max_items = 500)]
    pub entries: Vec<EntryIn>,
}

/// What an agency submits in advance of a chronology. It is hidden from other agencies until social
/// care opens a chronology about the family, or it expires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AheadFragmentIn {
    /// The family as the agency recorded it.
    pub family_id: FamilyId,
    /// When the fragment expires; at most after the partnership's lifetime for advance submissions.
    pub expires_at: Instant,
    /// The one child that the fragment is about; absent means the whole family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_id: Option<PersonId>,
    /// Who decided to share, and why.
    pub sharing: SharingDecision,
    /// The agency's part in the support network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involvement: Option<Involvement>,
    /// The significant events; at most 500. Empty if the agency reports only its involvement.
    #[validate(length(max = 500), nested)]
    #[schema(max_items = 500)]
    pub entries: Vec<EntryIn>,
}

domain::entry_form! {
    response
    /// One entry of a fragment.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
    pub struct EntryOut {
        /// The identifier; it stays the same when the entry is corrected.
        pub id: EntryId,
    }
    with { when: WhenOut, handling: Handling }
}

/// A fragment in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FragmentSummary {
    /// The unique identifier.
    pub id: FragmentId,
    /// The chronology; absent for an advance submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chronology_id: Option<ChronologyId>,
    /// The family that the fragment is about.
    pub family_id: FamilyId,
    /// The one child that the fragment is about; absent means the whole family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_id: Option<PersonId>,
    /// The agency that submitted the fragment.
    pub agency_id: AgencyId,
    /// The agency that submitted it on that agency's behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_by_agency_id: Option<AgencyId>,
    /// The state of the fragment.
    pub state: FragmentState,
    /// The current version.
    pub version: i64,
    /// When the fragment expires.
    pub expires_at: Instant,
    /// When the fragment was first submitted.
    pub created_at: Instant,
    /// When the fragment was last changed.
    pub updated_at: Instant,
}

/// A fragment with its entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FragmentOut {
    /// The unique identifier.
    pub id: FragmentId,
    /// The chronology; absent for an advance submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chronology_id: Option<ChronologyId>,
    /// The family that the fragment is about.
    pub family_id: FamilyId,
    /// The one child that the fragment is about; absent means the whole family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_id: Option<PersonId>,
    /// The agency that submitted the fragment.
    pub agency_id: AgencyId,
    /// The agency that submitted it on that agency's behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_by_agency_id: Option<AgencyId>,
    /// The practitioner who wrote this version.
    pub author_id: PractitionerId,
    /// The state of the fragment.
    pub state: FragmentState,
    /// The version shown, as in the `ETag`. Only versions that change something you may see are
    /// counted.
    pub version: i64,
    /// The agency's own reference for this return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency_reference: Option<String>,
    /// Who decided to share, and why; only for social care and the agency itself, and absent for
    /// readers who may see none of its entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing: Option<SharingDecision>,
    /// The agency's part in the support network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involvement: Option<Involvement>,
    /// The reason for correcting the previous version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub correction_reason: Option<Sensitive<String>>,
    /// When the fragment expires.
    pub expires_at: Instant,
    /// When the fragment was first submitted.
    pub created_at: Instant,
    /// When the fragment was last changed.
    pub updated_at: Instant,
    /// The entries, in the order in which they were submitted.
    pub entries: Vec<EntryOut>,
    /// Present when read under an emergency access; to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}

/// A version of a fragment, in summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FragmentVersionOut {
    /// The version number, from 1.
    pub version: i64,
    /// The practitioner who wrote the version.
    pub author_id: PractitionerId,
    /// When the version was written.
    pub created_at: Instant,
    /// The number of entries in the version.
    pub entry_count: i64,
    /// The reason for correcting the previous version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub correction_reason: Option<Sensitive<String>>,
}

/// An entry on a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntryReceipt {
    /// The entry's identifier.
    pub id: EntryId,
    /// The position in the submission, from 0.
    pub position: i64,
    /// The agency's own record reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// A warning about something in a submission that may need improvement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FindingOut {
    /// A JSON pointer (RFC 6901) into the submission; empty for the whole submission.
    #[schema(example = "/entries/0/impact")]
    pub pointer: String,
    /// The stable code of the warning.
    #[schema(example = "impact_missing")]
    pub code: String,
    /// The question that the warning asks.
    pub severity: Severity,
    /// What to do about it, in plain words.
    pub message: String,
}

/// The receipt of a submission: what the service has stored, and what may need improvement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FragmentReceipt {
    /// The identifier of the fragment.
    pub fragment_id: FragmentId,
    /// The chronology; absent for an advance submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chronology_id: Option<ChronologyId>,
    /// The version after the submission, as in the `ETag`.
    pub version: i64,
    /// The outcome: created, updated or unchanged.
    pub outcome: SubmissionOutcome,
    /// When the fragment expires.
    pub expires_at: Instant,
    /// The entries of the fragment.
    pub entries: Vec<EntryReceipt>,
    /// Warnings and prompts; they did not change what was stored.
    pub findings: Vec<FindingOut>,
}

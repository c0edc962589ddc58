//! Fragments and their entries.

use domain::{
    AdultConcerned, AgencyId, Category, ChildVoice, ChronologyId, EntryId, FamilyAccount, FamilyId, FragmentId,
    Handling, Instant, PersonId, PractitionerId, Rag, SeenStatus, Sensitive, Severity, Significance, Source, WhenOut,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::EmergencyNotice;

/// When an event happened, as the agency knows it: EDTF, or words, or both (then the EDTF counts and the words are kept).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhenIn {
    /// EDTF (ISO 8601-2), such as `2024-05-22T14:30`, `2024-05-22`, `2024-05`, `2024-21` (spring), `2018~`, `2016/2018`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40, example = "2024-05-22")]
    pub edtf: Option<String>,
    /// The original words, such as "22.05.16", "early March 2019" or "c. 2018".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 100, example = "early March 2019")]
    pub words: Option<Sensitive<String>>,
}

/// One significant event, as an agency writes it. The agency is stamped by the service, never typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryIn {
    /// The agency's own record reference: a re-sent entry with the same one is an update, never a second entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 120))]
    #[schema(min_length = 1, max_length = 120, example = "HV-2024-00117")]
    pub reference: Option<String>,
    /// When it happened.
    pub when: WhenIn,
    /// What happened, short and factual; 1 to 4,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 4000)]
    pub what: Sensitive<String>,
    /// Category code from the partnership's list.
    pub category: Category,
    /// Role and record system.
    pub source: Source,
    /// The children it concerns, by id; may be left out when `all_children` is true.
    #[serde(default)]
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    pub children: Vec<PersonId>,
    /// It concerns every child of the family (or the one child the fragment is about).
    #[serde(default)]
    pub all_children: bool,
    /// Adults it concerns; at most 50.
    #[serde(default)]
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    pub adults: Vec<AdultConcerned>,
    /// Strength, risk, neutral or both.
    pub significance: Significance,
    /// What was done; this or `no_action_reason`. Up to 4,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4000)]
    pub action_taken: Option<Sensitive<String>>,
    /// Why nothing was done. Up to 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub no_action_reason: Option<Sensitive<String>>,
    /// Impact on the child. Up to 4,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4000)]
    pub impact: Option<Sensitive<String>>,
    /// The child's voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_voice: Option<ChildVoice>,
    /// The family's account, and whether it disputes the fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_account: Option<FamilyAccount>,
    /// Outcome. Up to 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub outcome: Option<Sensitive<String>>,
    /// Reference of a document in the agency's own system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(max = 200))]
    #[schema(max_length = 200)]
    pub document_reference: Option<String>,
    /// Red, amber or green.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rag: Option<Rag>,
    /// Whether the child was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenStatus>,
    /// Who may see it. Left out of a new entry: `normal`. Left out of a correction: as it was marked before, so that a
    /// marking is taken off only by saying so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<Handling>,
    /// A key incident, exempt from the look-back.
    #[serde(default)]
    pub key_incident: bool,
    /// Family history from before the eldest child's pregnancy.
    #[serde(default)]
    pub family_history: bool,
}

/// Who decided to share, and why (Children Act 2004, s.16LA: each contribution stores it).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SharingDecision {
    /// Who at the agency decided (role or name); 1 to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub decided_by: Sensitive<String>,
    /// Why it is relevant and proportionate; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// Whether the agency works with the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvolvementStatus {
    /// Works with the family now.
    Current,
    /// Did so in the past.
    Past,
    /// Has never worked with the family.
    None,
}

/// The agency's part in the support network around the family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Involvement {
    /// Current, past or none.
    pub status: InvolvementStatus,
    /// What it does for the family, "weekly family support" for instance; up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub support: Option<Sensitive<String>>,
    /// Lead professional (role or name); up to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub lead_professional: Option<Sensitive<String>>,
    /// Since when (EDTF).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub since: Option<String>,
    /// Until when (EDTF).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub until: Option<String>,
}

/// What one agency submits to a chronology, for the whole family or for one child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FragmentIn {
    /// The one child it is about; absent means the whole family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_id: Option<PersonId>,
    /// The agency's own reference of this return: sending it again with the same one updates it. On `PUT` it stands in
    /// the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 120))]
    #[schema(min_length = 1, max_length = 120)]
    pub agency_reference: Option<String>,
    /// When it expires; the chronology's expiry by default, never later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// Social care only: the agency without access for which this is entered (proxy entry, marked as such).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<AgencyId>,
    /// Who decided to share, and why.
    pub sharing: SharingDecision,
    /// The agency's part in the support network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involvement: Option<Involvement>,
    /// Why an earlier version is corrected; up to 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub correction_reason: Option<Sensitive<String>>,
    /// Significant events; at most 500. None where the agency has only its involvement to tell; one that holds nothing answers
    /// with a nil return.
    #[validate(length(max = 500), nested)]
    #[schema(max_items = 500)]
    pub entries: Vec<EntryIn>,
}

/// What an agency submits ahead of a chronology: kept, unseen by others, until social care opens one or it expires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AheadFragmentIn {
    /// The family as the agency recorded it.
    pub family_id: FamilyId,
    /// When it expires; at most the partnership's lifetime for fragments ahead of a chronology.
    pub expires_at: Instant,
    /// The one child it is about; absent means the whole family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_id: Option<PersonId>,
    /// Who decided to share, and why.
    pub sharing: SharingDecision,
    /// The agency's part in the support network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involvement: Option<Involvement>,
    /// Significant events; at most 500. None where the agency has only its involvement to tell.
    #[validate(length(max = 500), nested)]
    #[schema(max_items = 500)]
    pub entries: Vec<EntryIn>,
}

/// Where a fragment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FragmentState {
    /// Submitted and part of the timeline, or kept ahead of a chronology.
    Submitted,
    /// Withdrawn by its agency.
    Withdrawn,
}

/// One entry of a fragment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EntryOut {
    /// Identifier; stays the same through corrections of the same entry.
    pub id: EntryId,
    /// The agency's own record reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When it happened.
    pub when: WhenOut,
    /// What happened.
    #[schema(value_type = String)]
    pub what: Sensitive<String>,
    /// Category code.
    pub category: Category,
    /// Role and record system.
    pub source: Source,
    /// The children it concerns.
    pub children: Vec<PersonId>,
    /// Adults it concerns.
    pub adults: Vec<AdultConcerned>,
    /// Strength, risk, neutral or both.
    pub significance: Significance,
    /// What was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub action_taken: Option<Sensitive<String>>,
    /// Why nothing was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub no_action_reason: Option<Sensitive<String>>,
    /// Impact on the child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub impact: Option<Sensitive<String>>,
    /// The child's voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_voice: Option<ChildVoice>,
    /// The family's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_account: Option<FamilyAccount>,
    /// Outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub outcome: Option<Sensitive<String>>,
    /// Reference of a document in the agency's own system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_reference: Option<String>,
    /// Red, amber or green.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rag: Option<Rag>,
    /// Whether the child was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenStatus>,
    /// Who may see it.
    pub handling: Handling,
    /// A key incident.
    pub key_incident: bool,
    /// Family history.
    pub family_history: bool,
}

/// A fragment in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FragmentSummary {
    /// Identifier.
    pub id: FragmentId,
    /// The chronology; absent for one sent ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chronology_id: Option<ChronologyId>,
    /// The family.
    pub family_id: FamilyId,
    /// The one child it is about; absent means the family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_id: Option<PersonId>,
    /// The agency that submitted it.
    pub agency_id: AgencyId,
    /// The agency that entered it on its behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_by_agency_id: Option<AgencyId>,
    /// Where it stands.
    pub state: FragmentState,
    /// Current version.
    pub version: i64,
    /// When it expires.
    pub expires_at: Instant,
    /// First submitted at.
    pub created_at: Instant,
    /// Last changed at.
    pub updated_at: Instant,
}

/// A fragment with its entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FragmentOut {
    /// Identifier.
    pub id: FragmentId,
    /// The chronology; absent for one sent ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chronology_id: Option<ChronologyId>,
    /// The family.
    pub family_id: FamilyId,
    /// The one child it is about; absent means the family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_id: Option<PersonId>,
    /// The agency that submitted it.
    pub agency_id: AgencyId,
    /// The agency that entered it on its behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_by_agency_id: Option<AgencyId>,
    /// Who wrote this version.
    pub author_id: PractitionerId,
    /// Where it stands.
    pub state: FragmentState,
    /// Version shown, as in the `ETag`. Versions are counted by what you may see of them: a correction of nothing that you may
    /// see makes none.
    pub version: i64,
    /// The agency's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency_reference: Option<String>,
    /// Who decided to share, and why; only for social care and the agency itself, and absent for whoever may see none of its
    /// entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing: Option<SharingDecision>,
    /// The agency's part in the support network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involvement: Option<Involvement>,
    /// Why the version before was corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub correction_reason: Option<Sensitive<String>>,
    /// When it expires.
    pub expires_at: Instant,
    /// First submitted at.
    pub created_at: Instant,
    /// Last changed at.
    pub updated_at: Instant,
    /// Its entries, in the order they were submitted.
    pub entries: Vec<EntryOut>,
    /// There when it is read under an emergency access: to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}

/// A version of a fragment, in brief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FragmentVersionOut {
    /// Version number, from 1.
    pub version: i64,
    /// Who wrote it.
    pub author_id: PractitionerId,
    /// When.
    pub created_at: Instant,
    /// How many entries it holds.
    pub entry_count: i64,
    /// Why the version before was corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub correction_reason: Option<Sensitive<String>>,
}

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionOutcome {
    /// A new fragment.
    Created,
    /// A new version of the fragment.
    Updated,
    /// The same content as the current version: nothing changed.
    Unchanged,
}

/// An entry on a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntryReceipt {
    /// The entry's identifier.
    pub id: EntryId,
    /// Its place in the submission, from 0.
    pub position: i64,
    /// The agency's own record reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Something that a second look might improve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FindingOut {
    /// JSON pointer (RFC 6901) into the submission; empty for the whole.
    #[schema(example = "/entries/0/impact")]
    pub pointer: String,
    /// Stable code.
    #[schema(example = "impact_missing")]
    pub code: String,
    /// What it asks.
    pub severity: Severity,
    /// What to do, in plain words.
    pub message: String,
}

/// Receipt of a submission: what the service now holds, and what a second look might improve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FragmentReceipt {
    /// The fragment.
    pub fragment_id: FragmentId,
    /// The chronology; absent for one sent ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chronology_id: Option<ChronologyId>,
    /// Its version now, as in the `ETag`.
    pub version: i64,
    /// Created, updated or unchanged.
    pub outcome: SubmissionOutcome,
    /// When it expires.
    pub expires_at: Instant,
    /// Its entries.
    pub entries: Vec<EntryReceipt>,
    /// Warnings and prompts; nothing was changed because of them.
    pub findings: Vec<FindingOut>,
}

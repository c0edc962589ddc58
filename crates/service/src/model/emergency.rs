//! Breaking the glass: opening, ending and reviewing an emergency access, and the alerts about it.

use domain::{
    AgencyId, ChronologyId, EmergencyAccessId, EmergencyReason, Instant, PractitionerId, ReviewFinding, Sensitive,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

/// Breaking the glass: what is to be read, why, and for how long. Exactly one of chronology, NHS number and UPN is named.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencyAccessIn {
    /// The chronology.
    #[serde(default)]
    pub chronology_id: Option<ChronologyId>,
    /// NHS number of the child: every live open chronology of the child's families. The answer is an access whoever the
    /// number is of; when it is nobody's, or several records have it, the access is to no chronology.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 20)]
    pub nhs_number: Option<Sensitive<String>>,
    /// Unique pupil number of the child: as for an NHS number.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 20)]
    pub upn: Option<Sensitive<String>>,
    /// Why, from the list.
    pub reason_code: EmergencyReason,
    /// Why, in words; 1 to 2,000 characters. Reviewers read it.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
    /// For how many minutes; within the partnership's cap, and its usual time when left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1440)]
    #[validate(range(min = 1, max = 1440))]
    pub minutes: Option<u16>,
}

/// What a review of an emergency access found.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencyReviewIn {
    /// Whether there was reason for it.
    pub finding: ReviewFinding,
    /// On what grounds; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub note: Sensitive<String>,
}

/// Stands on everything that is read under an emergency access, to be shown in red.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyNotice {
    /// The access.
    pub access_id: EmergencyAccessId,
    /// Why it was opened.
    pub reason_code: EmergencyReason,
    /// From then on nothing is read under it.
    pub until: Instant,
    /// What to show in red above what is read.
    pub banner: String,
}

/// A chronology that an emergency access is to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyChronologyOut {
    /// The chronology.
    pub chronology_id: ChronologyId,
    /// From then on nothing of it is read under the access: its own end comes first if it is earlier.
    pub until: Instant,
}

/// Whether an emergency access has been reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Nobody has.
    Open,
    /// Somebody has.
    Reviewed,
}

/// An emergency access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyAccessOut {
    /// Identifier.
    pub id: EmergencyAccessId,
    /// Who broke the glass.
    pub practitioner_id: PractitionerId,
    /// For which agency.
    pub agency_id: AgencyId,
    /// Why, from the list.
    pub reason_code: EmergencyReason,
    /// Why, in words; absent once its time is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Sensitive<String>>,
    /// What it is to; for a team manager, of those that the manager's agency owns. Empty when it was opened by a number by
    /// which no chronology is found.
    pub chronologies: Vec<EmergencyChronologyOut>,
    /// When the glass was broken.
    pub opened_at: Instant,
    /// From then on nothing is read under it.
    pub until: Instant,
    /// When it was ended before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Instant>,
    /// Whether it can still be read under.
    pub active: bool,
    /// Whether it has been reviewed.
    pub state: AlertState,
    /// By when it is to be reviewed.
    pub review_due_at: Instant,
    /// Whether that has passed without a review.
    pub overdue: bool,
    /// When it was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_at: Option<Instant>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<PractitionerId>,
    /// What the review found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<ReviewFinding>,
    /// On what grounds; for reviewers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub note: Option<Sensitive<String>>,
    /// Version, as in the `ETag`.
    pub version: i64,
}

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// Somebody broke the glass.
    EmergencyAccess,
    /// Somebody wrote a text that tells where a protected person lives; it was refused.
    AddressRefused,
}

/// Something that the data protection officer and a chronology's owner are to know. Nothing of the family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertOut {
    /// Identifier: that of the emergency access, or of the refusal.
    #[schema(value_type = String, format = "uuid")]
    pub id: uuid::Uuid,
    /// What it is about.
    pub kind: AlertKind,
    /// When it came up.
    pub at: Instant,
    /// Who broke the glass, or wrote the text.
    pub practitioner_id: PractitionerId,
    /// For which agency.
    pub agency_id: AgencyId,
    /// The chronologies concerned; for an owner and a manager, of their own.
    pub chronology_ids: Vec<ChronologyId>,
    /// Of an emergency access: what it is for, and what became of it.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub access: Option<EmergencyAlert>,
    /// Of a refused text: what it was sent for, as in the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "fragment.submit")]
    pub operation: Option<String>,
}

/// What an alert says of an emergency access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyAlert {
    /// Why, from the list.
    pub reason_code: EmergencyReason,
    /// When the access ends or ended.
    pub until: Instant,
    /// Whether it can still be read under.
    pub active: bool,
    /// Whether it has been reviewed.
    pub state: AlertState,
    /// By when it is to be reviewed.
    pub review_due_at: Instant,
    /// Whether that has passed without a review.
    pub overdue: bool,
    /// When it was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_at: Option<Instant>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<PractitionerId>,
    /// What the review found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<ReviewFinding>,
}

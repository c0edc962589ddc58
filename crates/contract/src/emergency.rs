//! Emergency access ("breaking the glass"): opening, ending and reviewing it, and the alerts about
//! it.

use domain::{
    AgencyId, AlertKind, AlertState, ChronologyId, EmergencyAccessId, EmergencyReason, Instant,
    PractitionerId, ReviewFinding, Sensitive,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

/// A request for emergency access: what to read, why, and for how long. Exactly one of chronology,
/// NHS number and UPN is named.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencyAccessIn {
    /// The chronology.
    #[serde(default)]
    pub chronology_id: Option<ChronologyId>,
    /// The NHS number of the child, for access to every live open chronology of the child's
    /// families. The response is an access whether or not the number is known; if no record has it,
    /// or several do, the access covers no chronology.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 20)]
    pub nhs_number: Option<Sensitive<String>>,
    /// The unique pupil number of the child, used in the same way as an NHS number.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 20)]
    pub upn: Option<Sensitive<String>>,
    /// The reason, from the list.
    pub reason_code: EmergencyReason,
    /// The reason in your own words; 1 to 2,000 characters. Reviewers read it.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
    /// The duration in minutes, within the partnership's limit; by default the partnership's usual
    /// duration.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1440)]
    #[validate(range(min = 1, max = 1440))]
    pub minutes: Option<u16>,
}

/// The finding of a review of an emergency access.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencyReviewIn {
    /// Whether the access was justified.
    pub finding: ReviewFinding,
    /// The grounds of the finding; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub note: Sensitive<String>,
}

/// A notice on everything that is read under an emergency access, to be shown in red.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyNotice {
    /// The emergency access.
    pub access_id: EmergencyAccessId,
    /// The reason for which it was opened.
    pub reason_code: EmergencyReason,
    /// When the access ends.
    pub until: Instant,
    /// The text to show in red above the content.
    pub banner: String,
}

/// A chronology that an emergency access covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyChronologyOut {
    /// The chronology.
    pub chronology_id: ChronologyId,
    /// When the access to this chronology ends; the chronology's own expiry if that is earlier.
    pub until: Instant,
}

/// An emergency access ("breaking the glass").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyAccessOut {
    /// The unique identifier.
    pub id: EmergencyAccessId,
    /// The practitioner who opened the access.
    pub practitioner_id: PractitionerId,
    /// The agency that the practitioner acted for.
    pub agency_id: AgencyId,
    /// The reason, from the list.
    pub reason_code: EmergencyReason,
    /// The reason in words; absent after its retention period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Sensitive<String>>,
    /// The chronologies that the access covers; for a team manager, those that the manager's agency
    /// owns. Empty if it was opened with a number that leads to no chronology.
    pub chronologies: Vec<EmergencyChronologyOut>,
    /// When the access was opened.
    pub opened_at: Instant,
    /// When the access ends.
    pub until: Instant,
    /// When the access was ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Instant>,
    /// Whether the access is still active.
    pub active: bool,
    /// Whether the access has been reviewed.
    pub state: AlertState,
    /// When the review is due.
    pub review_due_at: Instant,
    /// Whether the review is overdue.
    pub overdue: bool,
    /// When the access was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_at: Option<Instant>,
    /// The practitioner who reviewed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<PractitionerId>,
    /// The finding of the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<ReviewFinding>,
    /// The grounds of the finding; for reviewers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub note: Option<Sensitive<String>>,
    /// The version, as in the `ETag`.
    pub version: i64,
}

/// An alert for the data protection officer and a chronology's owner. Contains nothing about the
/// family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertOut {
    /// The identifier of the emergency access or of the refusal.
    #[schema(value_type = String, format = "uuid")]
    pub id: uuid::Uuid,
    /// The subject of the alert.
    pub kind: AlertKind,
    /// When the event happened.
    pub at: Instant,
    /// The practitioner who opened the access or wrote the text.
    pub practitioner_id: PractitionerId,
    /// The agency that the practitioner acted for.
    pub agency_id: AgencyId,
    /// The chronologies concerned; an owner or a manager sees only their own.
    pub chronology_ids: Vec<ChronologyId>,
    /// For an emergency access: its reason and its state.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub access: Option<EmergencyAlert>,
    /// For a refused text: the operation that it was sent with, as in the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "fragment.submit")]
    pub operation: Option<String>,
}

/// What an alert says about an emergency access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyAlert {
    /// The reason, from the list.
    pub reason_code: EmergencyReason,
    /// When the access ends or ended.
    pub until: Instant,
    /// Whether the access is still active.
    pub active: bool,
    /// Whether the access has been reviewed.
    pub state: AlertState,
    /// When the review is due.
    pub review_due_at: Instant,
    /// Whether the review is overdue.
    pub overdue: bool,
    /// When the access was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_at: Option<Instant>,
    /// The practitioner who reviewed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<PractitionerId>,
    /// The finding of the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<ReviewFinding>,
}

//! Invitations, their answers, and the form that comes pre-filled.

use domain::{
    AgencyId, ChronologyId, DeclineReason, Instant, InvitationId, InvitationState, PractitionerId, Sensitive,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{AgencyOut, CategoryOut, ChronologyOut, EmergencyNotice, FamilyOut, FragmentOut, Patch, PractitionerOut};

/// An agency to invite.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationIn {
    /// The agency.
    pub agency_id: AgencyId,
    /// Practitioners named to contribute and read; its safeguarding lead can name more. At most 20.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub practitioners: Vec<PractitionerId>,
    /// When its return is due; the chronology's due date by default.
    #[serde(default)]
    pub due_at: Option<Instant>,
    /// A word to the agency; up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub message: Option<Sensitive<String>>,
}

/// A change to an invitation.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InvitationPatch {
    /// Practitioners named on it; replaces the list.
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub practitioners: Option<Vec<PractitionerId>>,
    /// When its return is due; social care only.
    pub due_at: Option<Instant>,
    /// A word to the agency; social care only.
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub message: Patch<Sensitive<String>>,
}

/// One agency's place on a chronology.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationOut {
    /// Identifier.
    pub id: InvitationId,
    /// The chronology.
    pub chronology_id: ChronologyId,
    /// The agency.
    pub agency_id: AgencyId,
    /// Where it stands.
    pub state: InvitationState,
    /// When its return is due.
    pub due_at: Instant,
    /// First looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewed_at: Option<Instant>,
    /// Writing began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drafting_at: Option<Instant>,
    /// Answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Instant>,
    /// Why it declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
    /// What the agency added to a nil return or refusal; only for social care and the agency itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub statement: Option<Sensitive<String>>,
    /// Who at the agency decided; only for social care and the agency itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub decided_by: Option<Sensitive<String>>,
    /// The word to the agency; only for social care and the agency itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub message: Option<Sensitive<String>>,
    /// Practitioners named; only for social care and the agency itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practitioners: Option<Vec<PractitionerId>>,
    /// Version, as in the `ETag`.
    pub version: i64,
    /// Invited at.
    pub created_at: Instant,
    /// Last changed at.
    pub updated_at: Instant,
    /// There when it is read under an emergency access: to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}

/// The agency holds nothing relevant and says so.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NilReturnIn {
    /// Who at the agency looked and decided (role or name); 1 to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub decided_by: Sensitive<String>,
    /// What was searched; up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub statement: Option<Sensitive<String>>,
}

/// The agency declines.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineIn {
    /// Why.
    pub reason: DeclineReason,
    /// Why, in words; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub statement: Sensitive<String>,
    /// Who at the agency decided (role or name); 1 to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub decided_by: Sensitive<String>,
}

/// A line of guidance shown next to the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GuidanceOut {
    /// What it is about.
    pub title: String,
    /// The advice.
    pub text: String,
}

/// Everything the service knows that saves typing: the form comes filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FormOut {
    /// The chronology: purpose, question, look-back, due date.
    pub chronology: ChronologyOut,
    /// The agency's invitation.
    pub invitation: InvitationOut,
    /// The family: one form for all siblings.
    pub family: FamilyOut,
    /// The agency that answers.
    pub agency: AgencyOut,
    /// The practitioner who asks for the form.
    pub practitioner: PractitionerOut,
    /// Categories to choose from.
    pub categories: Vec<CategoryOut>,
    /// The agency's return so far on this chronology, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_return: Option<FragmentOut>,
    /// The latest expiry a fragment can have.
    pub latest_expiry: Instant,
    /// What to include and what not to.
    pub guidance: Vec<GuidanceOut>,
}

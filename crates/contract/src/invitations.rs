//! Invitations, their answers, and the pre-filled form.

use domain::{
    AgencyId, ChronologyId, DeclineReason, Instant, InvitationId, InvitationState, PractitionerId,
    Sensitive,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{
    AgencyOut, CategoryOut, ChronologyOut, EmergencyNotice, FamilyOut, FragmentOut, Patch,
    PractitionerOut,
};

/// An agency to invite.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationIn {
    /// The agency concerned.
    pub agency_id: AgencyId,
    /// The practitioners who may contribute and read; the agency's safeguarding lead can name more.
    /// At most 20.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub practitioners: Vec<PractitionerId>,
    /// When the agency's return is due; by default the chronology's due date.
    #[serde(default)]
    pub due_at: Option<Instant>,
    /// A message to the agency; up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub message: Option<Sensitive<String>>,
}

/// A change to an invitation.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InvitationPatch {
    /// The practitioners named on the invitation; replaces the list.
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub practitioners: Option<Vec<PractitionerId>>,
    /// When the agency's return is due; can be changed by social care only.
    pub due_at: Option<Instant>,
    /// A message to the agency; can be changed by social care only.
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub message: Patch<Sensitive<String>>,
}

/// The invitation of one agency to a chronology.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationOut {
    /// The unique identifier.
    pub id: InvitationId,
    /// The chronology that the agency is invited to.
    pub chronology_id: ChronologyId,
    /// The agency concerned.
    pub agency_id: AgencyId,
    /// The state of the invitation.
    pub state: InvitationState,
    /// When the agency's return is due.
    pub due_at: Instant,
    /// When the invitation was first viewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewed_at: Option<Instant>,
    /// When the agency began to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drafting_at: Option<Instant>,
    /// When the agency answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Instant>,
    /// The reason for declining.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
    /// The agency's comment on a nil return or on declining; only for social care and the agency
    /// itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub statement: Option<Sensitive<String>>,
    /// The role or name of the person at the agency who decided; only for social care and the
    /// agency itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub decided_by: Option<Sensitive<String>>,
    /// The message to the agency; only for social care and the agency itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub message: Option<Sensitive<String>>,
    /// The practitioners named; only for social care and the agency itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practitioners: Option<Vec<PractitionerId>>,
    /// The version, as in the `ETag`.
    pub version: i64,
    /// When the agency was invited.
    pub created_at: Instant,
    /// When the invitation was last changed.
    pub updated_at: Instant,
    /// Present when read under an emergency access; to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}

/// A nil return: the agency states that it holds nothing relevant.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NilReturnIn {
    /// The role or name of the person at the agency who searched and decided; 1 to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub decided_by: Sensitive<String>,
    /// Which records were searched; up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub statement: Option<Sensitive<String>>,
}

/// A statement that the agency declines to contribute.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineIn {
    /// The reason, from the list.
    pub reason: DeclineReason,
    /// The reason in your own words; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub statement: Sensitive<String>,
    /// The role or name of the person at the agency who decided; 1 to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub decided_by: Sensitive<String>,
}

/// One item of guidance shown next to the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GuidanceOut {
    /// The subject of the guidance.
    pub title: String,
    /// The text of the guidance.
    pub text: String,
}

/// The pre-filled form: everything that the service knows and a practitioner need not type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FormOut {
    /// The chronology, with purpose, question, look-back and due date.
    pub chronology: ChronologyOut,
    /// The agency's invitation.
    pub invitation: InvitationOut,
    /// The family; one form serves all siblings.
    pub family: FamilyOut,
    /// The agency that the form is for.
    pub agency: AgencyOut,
    /// The practitioner who requested the form.
    pub practitioner: PractitionerOut,
    /// The categories to choose from.
    pub categories: Vec<CategoryOut>,
    /// The agency's present return on this chronology, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_return: Option<FragmentOut>,
    /// The latest expiry a fragment can have.
    pub latest_expiry: Instant,
    /// Guidance on what to include and what to leave out.
    pub guidance: Vec<GuidanceOut>,
}

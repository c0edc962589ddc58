//! The partnership, its agencies and its practitioners.

use domain::{AgencyId, AgencyKind, Category, Instant, PartnershipId, PractitionerId, Purpose, Sensitive};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

/// The safeguarding partnership: its policy, categories and purposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartnershipOut {
    /// Identifier.
    pub id: PartnershipId,
    /// Short name, as tokens carry it.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Categories an entry can have.
    pub categories: Vec<CategoryOut>,
    /// Purposes with their defaults.
    pub purposes: Vec<PurposeOut>,
    /// The longest a chronology may live, extensions included, in days.
    pub max_lifetime_days: u64,
    /// Whether agencies may submit ahead of a chronology.
    pub allow_ahead: bool,
    /// Whether contributors read the timeline after their own return.
    pub contributors_read_timeline: bool,
    /// Whether every entry must state the impact on the child.
    pub impact_mandatory: bool,
    /// Whether every entry must state an action or the reason for none.
    pub action_mandatory: bool,
}

/// A category of entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CategoryOut {
    /// Code used in entries.
    pub code: Category,
    /// What it covers.
    pub covers: String,
}

/// A purpose with the partnership's defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PurposeOut {
    /// The purpose.
    pub purpose: Purpose,
    /// Days after opening on which returns are due.
    pub due_days: u16,
    /// Years of history asked for; absent means from first contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_back_years: Option<u8>,
    /// Days from opening to expiry unless asked otherwise.
    pub lifetime_days: u16,
}

/// A new agency.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgencyIn {
    /// Short name that tokens carry: lower-case letters, digits and hyphens.
    #[validate(length(min = 2, max = 60))]
    #[schema(min_length = 2, max_length = 60, pattern = "^[a-z0-9][a-z0-9-]{1,59}$", example = "st-brannoc-primary")]
    pub code: String,
    /// Full name.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "St Brannoc's Primary School")]
    pub name: String,
    /// What kind of agency it is.
    pub kind: AgencyKind,
    /// Whether the agency has access of its own; if not, social care enters events on its behalf.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub has_access: bool,
}

const fn yes() -> bool {
    true
}

/// A change to an agency.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgencyPatch {
    /// New name.
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// Whether it has access of its own.
    #[serde(default)]
    pub has_access: Option<bool>,
    /// Whether it still takes part.
    #[serde(default)]
    pub active: Option<bool>,
}

/// An agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgencyOut {
    /// Identifier.
    pub id: AgencyId,
    /// Short name that tokens carry.
    pub code: String,
    /// Full name.
    pub name: String,
    /// What kind of agency it is.
    pub kind: AgencyKind,
    /// Whether it has access of its own.
    pub has_access: bool,
    /// Whether it takes part.
    pub active: bool,
    /// Version, as in the `ETag`.
    pub version: i64,
    /// Registered at.
    pub created_at: Instant,
    /// Last changed at.
    pub updated_at: Instant,
}

/// A practitioner to be known before their first visit, so that an invitation can name them.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PractitionerIn {
    /// The agency they work for.
    pub agency_id: AgencyId,
    /// The issuer of their tokens.
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    pub issuer: String,
    /// Their subject at that issuer.
    #[validate(length(min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255)]
    pub subject: String,
    /// Name.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub name: Sensitive<String>,
    /// Job title.
    #[serde(default)]
    #[validate(length(max = 200))]
    #[schema(max_length = 200)]
    pub job_title: Option<String>,
}

/// A change to a practitioner.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PractitionerPatch {
    /// New name.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub name: Option<Sensitive<String>>,
    /// New job title.
    #[serde(default)]
    #[validate(length(max = 200))]
    #[schema(max_length = 200)]
    pub job_title: Option<String>,
    /// False once they have left the agency: from then on they may do nothing.
    #[serde(default)]
    pub active: Option<bool>,
}

/// A practitioner or system client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PractitionerOut {
    /// Identifier.
    pub id: PractitionerId,
    /// The agency they work for.
    pub agency_id: AgencyId,
    /// Name.
    #[schema(value_type = String)]
    pub name: Sensitive<String>,
    /// Job title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// Whether they still work there.
    pub active: bool,
    /// Version, as in the `ETag`.
    pub version: i64,
}

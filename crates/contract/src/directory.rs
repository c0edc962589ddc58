//! The partnership, its agencies and its practitioners.

use domain::{
    AgencyId, AgencyKind, Category, Instant, PartnershipId, PractitionerId, Purpose, Sensitive,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

/// The safeguarding partnership: its policy, categories and purposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartnershipOut {
    /// The unique identifier.
    pub id: PartnershipId,
    /// The short code that access tokens carry.
    pub code: String,
    /// The full name.
    pub name: String,
    /// The categories that an entry can have.
    pub categories: Vec<CategoryOut>,
    /// The purposes, with their defaults.
    pub purposes: Vec<PurposeOut>,
    /// The longest lifetime of a chronology in days, extensions included.
    pub max_lifetime_days: u64,
    /// Whether agencies may submit fragments in advance of a chronology.
    pub allow_ahead: bool,
    /// Whether contributors may read the timeline after their own return.
    pub contributors_read_timeline: bool,
    /// Whether every entry must state the impact on the child.
    pub impact_mandatory: bool,
    /// Whether every entry must state an action or the reason for none.
    pub action_mandatory: bool,
}

/// A category of entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CategoryOut {
    /// The code used in entries.
    pub code: Category,
    /// What the category covers.
    pub covers: String,
}

/// A purpose with the partnership's defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PurposeOut {
    /// The purpose.
    pub purpose: Purpose,
    /// The number of days after opening on which returns are due.
    pub due_days: u16,
    /// The look-back in years; absent means from first contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_back_years: Option<u8>,
    /// The default number of days from opening to expiry.
    pub lifetime_days: u16,
}

/// A new agency.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgencyIn {
    /// The short code that access tokens carry: lower-case letters, digits and hyphens.
    #[validate(length(min = 2, max = 60))]
    #[schema(
        min_length = 2,
        max_length = 60,
        pattern = "^[a-z0-9][a-z0-9-]{1,59}$",
        example = "st-brannoc-primary"
    )]
    pub code: String,
    /// The full name.
    #[validate(length(min = 1, max = 200))]
    #[schema(
        min_length = 1,
        max_length = 200,
        example = "St Brannoc's Primary School"
    )]
    pub name: String,
    /// The kind of the agency.
    pub kind: AgencyKind,
    /// Whether the agency has access of its own; if not, social care submits events on its behalf.
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
    /// The new name.
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// Whether the agency has access of its own.
    #[serde(default)]
    pub has_access: Option<bool>,
    /// Whether the agency still takes part.
    #[serde(default)]
    pub active: Option<bool>,
}

/// An agency of the partnership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgencyOut {
    /// The unique identifier.
    pub id: AgencyId,
    /// The short code that access tokens carry.
    pub code: String,
    /// The full name.
    pub name: String,
    /// The kind of the agency.
    pub kind: AgencyKind,
    /// Whether the agency has access of its own.
    pub has_access: bool,
    /// Whether the agency takes part.
    pub active: bool,
    /// The version, as in the `ETag`.
    pub version: i64,
    /// When the agency was registered.
    pub created_at: Instant,
    /// When the agency was last changed.
    pub updated_at: Instant,
}

/// A practitioner to register before they first sign in, so that an invitation can name them.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PractitionerIn {
    /// The agency that the practitioner works for.
    pub agency_id: AgencyId,
    /// The issuer of the practitioner's tokens.
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    pub issuer: String,
    /// The practitioner's subject identifier at that issuer.
    #[validate(length(min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255)]
    pub subject: String,
    /// The practitioner's name.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub name: Sensitive<String>,
    /// The practitioner's job title.
    #[serde(default)]
    #[validate(length(max = 200))]
    #[schema(max_length = 200)]
    pub job_title: Option<String>,
}

/// A change to a practitioner.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PractitionerPatch {
    /// The new name.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub name: Option<Sensitive<String>>,
    /// The new job title.
    #[serde(default)]
    #[validate(length(max = 200))]
    #[schema(max_length = 200)]
    pub job_title: Option<String>,
    /// False once the practitioner has left the agency; from then on they may do nothing.
    #[serde(default)]
    pub active: Option<bool>,
}

/// A practitioner or system client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PractitionerOut {
    /// The unique identifier.
    pub id: PractitionerId,
    /// The agency that the practitioner works for.
    pub agency_id: AgencyId,
    /// The practitioner's name.
    #[schema(value_type = String)]
    pub name: Sensitive<String>,
    /// The practitioner's job title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// Whether the practitioner still works for the agency.
    pub active: bool,
    /// The version, as in the `ETag`.
    pub version: i64,
}

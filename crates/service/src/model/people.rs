//! Children, adults and families.

use domain::{
    Address, BirthDate, FamilyId, Instant, NoIdentifierReason, PersonId, PersonKind, PersonName, RelationshipKind,
    Sensitive, Sex,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::EmergencyNotice;

/// A child or an adult, as an agency knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonIn {
    /// Child or adult.
    pub kind: PersonKind,
    /// The name in use. For an unborn child a placeholder such as "Unborn baby" is right.
    pub name: PersonName,
    /// Known-as, former and other names; at most 20.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub other_names: Vec<PersonName>,
    /// Date of birth, or expected date of birth.
    #[serde(default)]
    pub birth: Option<BirthDate>,
    /// Sex as recorded.
    #[serde(default = "sex_not_known")]
    pub sex: Sex,
    /// NHS number: 10 digits, spaces allowed; its check digit is tested, and so is whether such a number is ever issued: ten
    /// equal digits and numbers of no range in use are refused (`never_issued`), and those kept for tests (999) unless the
    /// service is set to take them.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(value_type = Option<String>, max_length = 20, example = "401 023 2137")]
    pub nhs_number: Option<String>,
    /// Why there is no NHS number; required for a child without one.
    #[serde(default)]
    pub no_nhs_number_reason: Option<NoIdentifierReason>,
    /// Unique pupil number: check letter and 12 characters.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(value_type = Option<String>, max_length = 20, example = "B801200005001")]
    pub upn: Option<String>,
    /// Addresses, newest first; at most 50.
    #[serde(default)]
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    pub addresses: Vec<Address>,
}

const fn sex_not_known() -> Sex {
    Sex::NotKnown
}

/// A child or an adult.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonOut {
    /// Identifier.
    pub id: PersonId,
    /// Child or adult.
    pub kind: PersonKind,
    /// The name in use.
    pub name: PersonName,
    /// Known-as, former and other names.
    pub other_names: Vec<PersonName>,
    /// Date of birth, or expected date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<BirthDate>,
    /// Sex as recorded.
    pub sex: Sex,
    /// NHS number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub nhs_number: Option<Sensitive<String>>,
    /// Why there is no NHS number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_nhs_number_reason: Option<NoIdentifierReason>,
    /// Unique pupil number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub upn: Option<Sensitive<String>>,
    /// Addresses, newest first. Protected ones are shown to whoever recorded them, to social care with a case about the person,
    /// and in an emergency; for others they, and changes of them, are left out.
    pub addresses: Vec<Address>,
    /// When the record goes unless something live still refers to it.
    pub expires_at: Instant,
    /// Version, as in the `ETag`.
    pub version: i64,
    /// Recorded at.
    pub created_at: Instant,
    /// Last changed at.
    pub updated_at: Instant,
    /// There when it is read under an emergency access: to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}

/// Identifiers to look a person up by; at least one of NHS number, UPN, or family name with date of birth.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindPersonIn {
    /// NHS number.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(max_length = 20)]
    pub nhs_number: Option<String>,
    /// Unique pupil number.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(max_length = 20)]
    pub upn: Option<String>,
    /// Given and family name, with `born_on`.
    #[serde(default)]
    pub name: Option<PersonName>,
    /// Date of birth.
    #[serde(default)]
    #[schema(format = "date", max_length = 10)]
    pub born_on: Option<String>,
}

/// What one person of the family is to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Relationship {
    /// The person who is something…
    pub from: PersonId,
    /// …this…
    pub kind: RelationshipKind,
    /// …to this person.
    pub to: PersonId,
    /// Since when (EDTF), when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub since: Option<String>,
    /// Until when (EDTF), when it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub until: Option<String>,
}

/// People who live together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Household {
    /// What practitioners call it, "Mum's" for instance; up to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub label: Sensitive<String>,
    /// Who lives there; all must belong to the family.
    #[schema(max_items = 100)]
    pub members: Vec<PersonId>,
}

/// A family: who belongs to it and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FamilyIn {
    /// What practitioners call the family; up to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Fenwick family")]
    pub label: Sensitive<String>,
    /// Children and adults who belong to it; 1 to 100. A child can belong to two families.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_items = 1, max_items = 100)]
    pub members: Vec<PersonId>,
    /// Declared relationships between members; at most 500.
    #[serde(default)]
    #[validate(length(max = 500))]
    #[schema(max_items = 500)]
    pub relationships: Vec<Relationship>,
    /// Households; at most 20.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub households: Vec<Household>,
}

/// A member of a family, in brief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberOut {
    /// Identifier.
    pub id: PersonId,
    /// Child or adult.
    pub kind: PersonKind,
    /// The name in use.
    pub name: PersonName,
    /// Date of birth, or expected date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<BirthDate>,
    /// Sex as recorded.
    pub sex: Sex,
}

/// A family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FamilyOut {
    /// Identifier.
    pub id: FamilyId,
    /// What practitioners call the family.
    #[schema(value_type = String)]
    pub label: Sensitive<String>,
    /// Children and adults, children first, eldest first.
    pub members: Vec<MemberOut>,
    /// Declared relationships.
    pub relationships: Vec<Relationship>,
    /// Households.
    pub households: Vec<Household>,
    /// When the record goes unless something live still refers to it.
    pub expires_at: Instant,
    /// Version, as in the `ETag`.
    pub version: i64,
    /// Recorded at.
    pub created_at: Instant,
    /// Last changed at.
    pub updated_at: Instant,
}

/// A family in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FamilySummary {
    /// Identifier.
    pub id: FamilyId,
    /// What practitioners call the family.
    #[schema(value_type = String)]
    pub label: Sensitive<String>,
    /// When the record goes unless something live still refers to it.
    pub expires_at: Instant,
    /// Version.
    pub version: i64,
}

//! Inputs and outputs of children, adults and families.

use domain::{
    Address, BirthDate, FamilyId, Instant, NoIdentifierReason, PersonId, PersonKind, PersonName,
    RelationshipKind, Sensitive, Sex,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::EmergencyNotice;

/// A child or an adult as an agency records them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonIn {
    /// Whether the person is a child or an adult.
    pub kind: PersonKind,
    /// The name in use. For an unborn child, a placeholder such as "Unborn baby" is correct.
    pub name: PersonName,
    /// Other names: known-as, former and others; at most 20.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub other_names: Vec<PersonName>,
    /// The date of birth, or the expected date of birth.
    #[serde(default)]
    pub birth: Option<BirthDate>,
    /// The sex as recorded.
    #[serde(default = "sex_not_known")]
    pub sex: Sex,
    /// The NHS number: 10 digits, spaces allowed. Its check digit is verified. Numbers that are
    /// never issued are refused (`never_issued`): ten equal digits, ranges not in use, and test
    /// numbers (999) unless the service is configured to accept them.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(value_type = Option<String>, max_length = 20, example = "401 023 2137")]
    pub nhs_number: Option<String>,
    /// The reason why there is no NHS number; required for a child without one.
    #[serde(default)]
    pub no_nhs_number_reason: Option<NoIdentifierReason>,
    /// The unique pupil number: a check letter and 12 characters.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(value_type = Option<String>, max_length = 20, example = "B801200005001")]
    pub upn: Option<String>,
    /// The addresses, newest first; at most 50.
    #[serde(default)]
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    pub addresses: Vec<Address>,
}

const fn sex_not_known() -> Sex {
    Sex::NotKnown
}

/// A child or an adult as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonOut {
    /// The unique identifier.
    pub id: PersonId,
    /// Whether the person is a child or an adult.
    pub kind: PersonKind,
    /// The name in use.
    pub name: PersonName,
    /// Other names: known-as, former and others.
    pub other_names: Vec<PersonName>,
    /// The date of birth, or the expected date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<BirthDate>,
    /// The sex as recorded.
    pub sex: Sex,
    /// The NHS number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub nhs_number: Option<Sensitive<String>>,
    /// The reason why there is no NHS number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_nhs_number_reason: Option<NoIdentifierReason>,
    /// The unique pupil number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub upn: Option<Sensitive<String>>,
    /// The addresses, newest first. Protected addresses are shown to the practitioner who recorded
    /// them, to social care with a case about the person, and under an emergency access; for
    /// others, protected addresses and changes to them are left out.
    pub addresses: Vec<Address>,
    /// When the record is deleted unless live data still refers to it.
    pub expires_at: Instant,
    /// The version, as in the `ETag`.
    pub version: i64,
    /// When the record was created.
    pub created_at: Instant,
    /// When the record was last changed.
    pub updated_at: Instant,
    /// Present when read under an emergency access; to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}

/// The identifiers for looking up a person; at least one of NHS number, UPN, or family name with
/// date of birth.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindPersonIn {
    /// The NHS number.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(max_length = 20)]
    pub nhs_number: Option<String>,
    /// The unique pupil number.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(max_length = 20)]
    pub upn: Option<String>,
    /// The given and family name, together with `born_on`.
    #[serde(default)]
    pub name: Option<PersonName>,
    /// The date of birth.
    #[serde(default)]
    #[schema(format = "date", max_length = 10)]
    pub born_on: Option<String>,
}

/// A relationship between two people of the family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Relationship {
    /// The person who has the relationship…
    pub from: PersonId,
    /// …of this kind…
    pub kind: RelationshipKind,
    /// …to this person.
    pub to: PersonId,
    /// When the relationship began (EDTF), if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub since: Option<String>,
    /// When the relationship ended (EDTF), if it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub until: Option<String>,
}

/// A household: people who live together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Household {
    /// What practitioners call the household, for example "Mum's"; up to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub label: Sensitive<String>,
    /// The people who live there; all must belong to the family.
    #[schema(max_items = 100)]
    pub members: Vec<PersonId>,
}

/// A family: its members and their relationships.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FamilyIn {
    /// What practitioners call the family; up to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Fenwick family")]
    pub label: Sensitive<String>,
    /// The children and adults who belong to the family; 1 to 100. A child can belong to two
    /// families.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_items = 1, max_items = 100)]
    pub members: Vec<PersonId>,
    /// The declared relationships between members; at most 500.
    #[serde(default)]
    #[validate(length(max = 500))]
    #[schema(max_items = 500)]
    pub relationships: Vec<Relationship>,
    /// The households; at most 20.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub households: Vec<Household>,
}

/// A member of a family, in summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberOut {
    /// The unique identifier.
    pub id: PersonId,
    /// Whether the person is a child or an adult.
    pub kind: PersonKind,
    /// The name in use.
    pub name: PersonName,
    /// The date of birth, or the expected date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<BirthDate>,
    /// The sex as recorded.
    pub sex: Sex,
}

/// A family as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FamilyOut {
    /// The unique identifier.
    pub id: FamilyId,
    /// What practitioners call the family.
    #[schema(value_type = String)]
    pub label: Sensitive<String>,
    /// The children and adults: children first, the eldest first.
    pub members: Vec<MemberOut>,
    /// The declared relationships.
    pub relationships: Vec<Relationship>,
    /// The households.
    pub households: Vec<Household>,
    /// When the record is deleted unless live data still refers to it.
    pub expires_at: Instant,
    /// The version, as in the `ETag`.
    pub version: i64,
    /// When the record was created.
    pub created_at: Instant,
    /// When the record was last changed.
    pub updated_at: Instant,
}

/// A family in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FamilySummary {
    /// The unique identifier.
    pub id: FamilyId,
    /// What practitioners call the family.
    #[schema(value_type = String)]
    pub label: Sensitive<String>,
    /// When the record is deleted unless live data still refers to it.
    pub expires_at: Instant,
    /// The version of the record.
    pub version: i64,
}

//! Children, adults and their relationships.

use serde::{Deserialize, Serialize};

use crate::enums::string_enum;
use crate::{NhsNumber, Sensitive, Upn};

string_enum! {
    /// Whether a person is recorded as a child or as an adult.
    PersonKind {
        /// A child, born or unborn.
        Child = "child",
        /// A parent, carer or other significant adult.
        Adult = "adult",
    }
}

string_enum! {
    /// The sex of a person as recorded.
    Sex {
        /// Recorded as female.
        Female = "female",
        /// Recorded as male.
        Male = "male",
        /// Recorded as indeterminate.
        Indeterminate = "indeterminate",
        /// Not known or not recorded.
        NotKnown = "not_known",
    }
}

string_enum! {
    /// Why a person is recorded without an NHS number.
    NoIdentifierReason {
        /// Not yet born.
        Unborn = "unborn",
        /// Born, number not yet issued.
        NotYetIssued = "not_yet_issued",
        /// New to the country or not registered.
        NotRegistered = "not_registered",
        /// The number exists, but the agency does not know it.
        NotKnownToAgency = "not_known_to_agency",
        /// Withheld because the person is protected.
        Protected = "protected",
    }
}

string_enum! {
    /// What `from` is to `to`.
    RelationshipKind {
        /// Mother of.
        MotherOf = "mother_of",
        /// Father of.
        FatherOf = "father_of",
        /// Cares for, as a man who is not the father.
        MaleCarerOf = "male_carer_of",
        /// Cares for, as a woman who is not the mother.
        FemaleCarerOf = "female_carer_of",
        /// Full sibling of.
        SiblingOf = "sibling_of",
        /// Half-sibling of: one parent in common.
        HalfSiblingOf = "half_sibling_of",
        /// Twin of.
        TwinOf = "twin_of",
        /// Step-parent of.
        StepParentOf = "step_parent_of",
        /// Grandparent of.
        GrandparentOf = "grandparent_of",
        /// Partner of.
        PartnerOf = "partner_of",
        /// Former partner of.
        FormerPartnerOf = "former_partner_of",
        /// Another relative of.
        RelativeOf = "relative_of",
        /// Any other significant relationship.
        OtherTo = "other_to",
    }
}

/// A name that a person uses or has used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonName {
    /// Given names; up to 200 characters. A placeholder such as "Unborn baby" is allowed.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Orla")]
    pub given: Sensitive<String>,
    /// Family name; up to 200 characters; absent when the person has or uses none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 200, example = "Fenwick")]
    pub family: Option<Sensitive<String>>,
}

/// A date of birth, or the date a birth is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BirthDate {
    /// The day.
    #[serde(with = "crate::event_date::iso_date")]
    #[schema(value_type = String, format = "date", example = "2019-03-14")]
    pub date: time::Date,
    /// Whether the child is unborn and the day is the expected one.
    #[serde(default)]
    pub expected: bool,
}

/// An address with the days it was lived at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Lines of the address, without the postcode; up to 300 characters.
    #[schema(value_type = String, min_length = 1, max_length = 300)]
    pub lines: Sensitive<String>,
    /// Postcode; up to 10 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 10)]
    pub postcode: Option<Sensitive<String>>,
    /// The first day at the address, if known (EDTF).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub from: Option<String>,
    /// The last day at the address, if the person has left it (EDTF).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub until: Option<String>,
    /// The address of a protected person: shown to social care and the author's agency only.
    #[serde(default)]
    pub protected: bool,
}

/// The record of a person. It is sealed as a whole before it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonDetails {
    /// Whether the person is a child or an adult.
    pub kind: PersonKind,
    /// The name in use.
    pub name: PersonName,
    /// Known-as, former and other names.
    pub other_names: Vec<PersonName>,
    /// The date of birth or expected birth.
    pub birth: Option<BirthDate>,
    /// The sex as recorded.
    pub sex: Sex,
    /// The NHS number.
    pub nhs_number: Option<NhsNumber>,
    /// Why there is no NHS number.
    pub no_nhs_number_reason: Option<NoIdentifierReason>,
    /// The unique pupil number.
    pub upn: Option<Upn>,
    /// Addresses, newest first.
    pub addresses: Vec<Address>,
}

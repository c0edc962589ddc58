//! The reasons why two records are of one child or not, in words that a practitioner can read. They
//! repeat no value of a record.

use serde::{Deserialize, Serialize};

use super::addresses::{HouseLevel, PostcodeLevel};
use super::compare::{Comparison, ParentLevel};
use super::dates::BirthLevel;
use super::identifiers::IdentifierLevel;
use super::names::{FamilyLevel, GivenLevel};
use super::weights::{self, Population};
use crate::evidence::{Evidence, EvidenceCode as E};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident => $words:literal,)+) => {
        /// The kind of a fact for or against two records being of one child, or two children of one
        /// family.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ReasonCode {
            $(#[doc = $words] $(#[$doc])* $name,)+
        }

        impl ReasonCode {
            /// The fixed sentence for this kind of fact.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }
        }
    };
}

reasons! {
    NhsSame => "The NHS number is the same",
    NhsSlip => "The NHS numbers differ by one slip, and one of them cannot be right",
    NhsDifferent => "The NHS numbers differ, and both could be right",
    UpnSame => "The pupil number is the same",
    UpnSlip => "The pupil numbers differ by one slip, and one of them cannot be right",
    UpnDifferent => "The pupil numbers differ",
    ReferenceSame => "The agency uses one reference for both",
    ReferenceDifferent => "One agency keeps them as two records",
    NumberOfAnother => "One number is recorded with two names: it may be a brother's or sister's",
    Twin => "Same birthday and family, another given name: a twin, not the same child",
    GivenSame => "The given names are the same",
    GivenForm => "One given name is a short form, nickname or spelling of the other",
    GivenSlip => "The given names differ by a slip or sound alike",
    GivenPart => "One given name is among the other's given names",
    GivenInitial => "One given name is the other's first letter",
    GivenSwapped => "The given and family names are swapped",
    GivenNotNamed => "At least one has no given name yet",
    GivenDifferent => "The given names are two different names",
    OneOfSeveral => "One record is of a twin or triplet who has no name yet",
    TwinsApart => "They are said to be the first and the second of twins",
    FamilyNameSame => "The family names are the same",
    FamilyNameAlike => "The family names are spelt alike or share a part",
    FamilyNameDifferent => "The family names differ",
    BirthSame => "The dates of birth are the same",
    BirthNewYear => "One or both dates are a first of January, which may stand for the year",
    BirthSwapped => "The day and month of birth are swapped",
    BirthSlip => "The dates of birth differ by one slip",
    BirthNear => "The dates of birth agree in part",
    BirthExpected => "The birth fits the expected date",
    BirthDifferent => "The dates of birth differ",
    SexSame => "The recorded sex is the same",
    SexDifferent => "The recorded sexes differ",
    HouseSame => "They have lived in the same house",
    PostcodeSame => "They have lived under the same postcode",
    AddressDifferent => "The addresses differ",
    MotherSame => "The mother is the same",
    MotherAlike => "The mothers have the same given name",
    MotherDifferent => "The mothers differ",
    FatherSame => "The father is the same",
    FatherAlike => "The fathers have the same given name",
    FatherDifferent => "The fathers differ",
    SchoolSame => "They go to the same school or nursery",
    PracticeSame => "They are with the same general practice",
    NamedAsSibling => "One record names the other as a brother or sister",
    ChildAndAdult => "One record is a child's, the other an adult's",
    RunnerUp => "Another child fits nearly as well",
    Grouped => "Joining them would bring together records that contradict each other",
    OneForm => "An agency sends them on one form",
    ParentNumber => "A parent's NHS number is the same",
    SharedAddress => "Many families have lived at the address: it says little",
}

/// One fact for or against a decision, with its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reason {
    /// The kind of fact.
    pub code: ReasonCode,
    /// Its weight in hundredths of a bit: above zero for the decision, below zero against it; zero
    /// for a fact that only explains.
    pub weight: i32,
}

impl Reason {
    pub(crate) const fn new(code: ReasonCode, weight: i32) -> Self {
        Self { code, weight }
    }

    /// The fact in plain words.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        self.code.words()
    }
}

/// All reasons for and against a decision on two records, in a fixed order.
pub(crate) fn reasons(comparison: &Comparison, population: Population) -> Vec<Reason> {
    identifier_reasons(comparison, population)
        .into_iter()
        .chain(name_reasons(comparison, population))
        .chain(fact_reasons(comparison, population))
        .chain(family_reasons(comparison))
        .flatten()
        .map(|(code, weight)| Reason::new(code, weight))
        .collect()
}

/// A fact with its weight, if the comparison shows it.
type WeightedCode = Option<(ReasonCode, i32)>;

fn identifier_reasons(comparison: &Comparison, population: Population) -> [WeightedCode; 5] {
    use ReasonCode as R;
    let nhs_weight = weights::nhs_number_weight(comparison.nhs).stranger;
    let upn_weight = weights::upn_weight(comparison.upn).stranger;
    let given_names_differ = comparison.given >= GivenLevel::Unlike;
    let same_number =
        comparison.nhs == IdentifierLevel::Same || comparison.upn == IdentifierLevel::Same;
    let reference_reason = |same: bool| {
        let code = if same {
            R::ReferenceSame
        } else {
            R::ReferenceDifferent
        };
        let weight = weights::reference_weight(comparison.same_reference, population);
        (code, weight.stranger)
    };
    [
        identifier_reason(comparison.nhs, [R::NhsSame, R::NhsSlip, R::NhsDifferent])
            .map(|code| (code, nhs_weight)),
        identifier_reason(comparison.upn, [R::UpnSame, R::UpnSlip, R::UpnDifferent])
            .map(|code| (code, upn_weight)),
        comparison.same_reference.map(reference_reason),
        (same_number && given_names_differ).then_some((R::NumberOfAnother, 0)),
        is_twin(comparison).then_some((R::Twin, 0)),
    ]
}

fn name_reasons(comparison: &Comparison, population: Population) -> [WeightedCode; 4] {
    let given_weight = weights::given_name_weight(comparison.given, population).stranger;
    let family_weight = weights::family_name_weight(comparison.family, population);
    [
        Some((given_name_reason(comparison.given), given_weight)),
        comparison
            .one_of_several
            .then_some((ReasonCode::OneOfSeveral, 0)),
        comparison
            .ordinals_differ
            .then_some((ReasonCode::TwinsApart, 0)),
        family_name_reason(comparison.family).map(|code| (code, family_weight)),
    ]
}

/// The reasons in the birth, the sex and the address.
fn fact_reasons(comparison: &Comparison, population: Population) -> [WeightedCode; 3] {
    let birth_weight = weights::birth_weight(comparison.birth, population).stranger;
    let address_weight = weights::address_weight(comparison.postcode, comparison.house);
    let sex_reason = |same: bool| {
        let code = if same {
            ReasonCode::SexSame
        } else {
            ReasonCode::SexDifferent
        };
        let weight = weights::sex_weight(comparison.same_sex, population);
        (code, weight.stranger)
    };
    [
        birth_reason(comparison.birth).map(|code| (code, birth_weight)),
        comparison.same_sex.map(sex_reason),
        address_reason(comparison.postcode, comparison.house).map(|code| (code, address_weight)),
    ]
}

/// The reasons in the people and services around the child.
fn family_reasons(comparison: &Comparison) -> [WeightedCode; 6] {
    use ReasonCode as R;
    let mother = [R::MotherSame, R::MotherAlike, R::MotherDifferent];
    let father = [R::FatherSame, R::FatherAlike, R::FatherDifferent];
    [
        parent_reason(comparison.mother, mother)
            .map(|code| (code, weights::parent_weight(comparison.mother))),
        parent_reason(comparison.father, father)
            .map(|code| (code, weights::parent_weight(comparison.father))),
        comparison
            .same_school
            .then_some((R::SchoolSame, weights::SCHOOL)),
        comparison
            .same_gp
            .then_some((R::PracticeSame, weights::PRACTICE)),
        comparison
            .named_as_sibling
            .then_some((R::NamedAsSibling, 0)),
        comparison.kinds_differ.then_some((R::ChildAndAdult, 0)),
    ]
}

/// Whether the comparison is typical of twins: the same birthday and family with different given
/// names.
pub(crate) fn is_twin(comparison: &Comparison) -> bool {
    let same_family = comparison.family < FamilyLevel::Missing
        || matches!(comparison.mother, ParentLevel::Certain | ParentLevel::Same)
        || comparison.house == HouseLevel::Same;
    comparison.birth == BirthLevel::Same && same_family && comparison.given >= GivenLevel::Unlike
}

const fn identifier_reason(
    level: IdentifierLevel,
    [same, slip, different]: [ReasonCode; 3],
) -> Option<ReasonCode> {
    match level {
        IdentifierLevel::Same => Some(same),
        IdentifierLevel::Slip => Some(slip),
        IdentifierLevel::Different => Some(different),
        IdentifierLevel::Missing | IdentifierLevel::Unclear => None,
    }
}

const fn given_name_reason(level: GivenLevel) -> ReasonCode {
    match level {
        GivenLevel::SameRare | GivenLevel::Same => ReasonCode::GivenSame,
        GivenLevel::Swapped => ReasonCode::GivenSwapped,
        GivenLevel::Form => ReasonCode::GivenForm,
        GivenLevel::Slip | GivenLevel::Slips => ReasonCode::GivenSlip,
        GivenLevel::Part => ReasonCode::GivenPart,
        GivenLevel::Initial => ReasonCode::GivenInitial,
        GivenLevel::Missing => ReasonCode::GivenNotNamed,
        GivenLevel::Unlike | GivenLevel::Distinct => ReasonCode::GivenDifferent,
    }
}

const fn family_name_reason(level: FamilyLevel) -> Option<ReasonCode> {
    match level {
        FamilyLevel::SameRare | FamilyLevel::Same => Some(ReasonCode::FamilyNameSame),
        FamilyLevel::Alike | FamilyLevel::Part => Some(ReasonCode::FamilyNameAlike),
        FamilyLevel::Missing => None,
        FamilyLevel::Different => Some(ReasonCode::FamilyNameDifferent),
    }
}

const fn birth_reason(level: BirthLevel) -> Option<ReasonCode> {
    Some(match level {
        BirthLevel::Missing => return None,
        BirthLevel::Same => ReasonCode::BirthSame,
        BirthLevel::SamePlaceholder | BirthLevel::WithinYear => ReasonCode::BirthNewYear,
        BirthLevel::DayMonthSwapped => ReasonCode::BirthSwapped,
        BirthLevel::Slip => ReasonCode::BirthSlip,
        BirthLevel::YearDiffers | BirthLevel::Near => ReasonCode::BirthNear,
        BirthLevel::BornAsExpected | BirthLevel::BornEarly | BirthLevel::SameExpected => {
            ReasonCode::BirthExpected
        }
        BirthLevel::Different | BirthLevel::Generation => ReasonCode::BirthDifferent,
    })
}

const fn address_reason(postcode: PostcodeLevel, house: HouseLevel) -> Option<ReasonCode> {
    match (postcode, house) {
        (_, HouseLevel::Same) => Some(ReasonCode::HouseSame),
        (PostcodeLevel::Same, _) => Some(ReasonCode::PostcodeSame),
        (PostcodeLevel::Different, _) | (_, HouseLevel::Different) => {
            Some(ReasonCode::AddressDifferent)
        }
        _ => None,
    }
}

const fn parent_reason(
    level: ParentLevel,
    [same, alike, different]: [ReasonCode; 3],
) -> Option<ReasonCode> {
    match level {
        ParentLevel::Certain | ParentLevel::Same => Some(same),
        ParentLevel::Alike => Some(alike),
        ParentLevel::Missing => None,
        ParentLevel::Different => Some(different),
    }
}

/// The same reasons with the evidence codes of timelines and the API; facts without such a code are
/// left out.
pub(crate) fn to_evidence(comparison: &Comparison) -> Vec<Evidence> {
    let same_number =
        comparison.nhs == IdentifierLevel::Same || comparison.upn == IdentifierLevel::Same;
    let other_number = comparison.nhs == IdentifierLevel::Different
        || comparison.upn == IdentifierLevel::Different;
    let same_given = comparison.given <= GivenLevel::Same;
    let same_name = same_given && comparison.family <= FamilyLevel::Same;
    let given_names_differ = comparison.given >= GivenLevel::Unlike;
    let same_birth = matches!(
        comparison.birth,
        BirthLevel::Same | BirthLevel::SamePlaceholder
    );
    let other_birth = matches!(
        comparison.birth,
        BirthLevel::Different | BirthLevel::Generation | BirthLevel::YearDiffers
    );
    let all = [
        (same_number, E::SameIdentifier),
        (other_number, E::IdentifiersDiffer),
        (same_name, E::SameName),
        (same_given && !same_name, E::SameGivenName),
        (given_names_differ && !is_twin(comparison), E::NamesDiffer),
        (same_birth, E::SameBirth),
        (other_birth, E::BirthsDiffer),
        (is_twin(comparison), E::Twin),
        (comparison.same_sex == Some(false), E::SexDiffers),
        (comparison.kinds_differ, E::KindsDiffer),
    ];
    all.into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, code)| Evidence::new(code))
        .collect()
}

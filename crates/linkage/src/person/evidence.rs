//! Why two records are one child, or not, in words a practitioner can read. No value of a record is repeated.

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
        /// What kind of fact spoke for or against two records being one child, or two children one family.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ReasonCode {
            $(#[doc = $words] $(#[$doc])* $name,)+
        }

        impl ReasonCode {
            /// The standing words for this kind of fact.
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
    NumberOfAnother => "One number stands beside two names: it may be a brother's or sister's",
    Twin => "Same birthday and family, another given name: a twin, not the same child",
    GivenSame => "The given names are the same",
    GivenForm => "One given name is a short form, nickname or spelling of the other",
    GivenSlip => "The given names differ by a slip or sound alike",
    GivenPart => "One given name is among the other's given names",
    GivenInitial => "One given name is the other's first letter",
    GivenSwapped => "Given and family name have changed places",
    GivenNotNamed => "At least one has no given name yet",
    GivenDifferent => "The given names are two different names",
    OneOfSeveral => "One stands for a twin or triplet that is not named yet",
    TwinsApart => "They are said to be the first and the second of twins",
    FamilyNameSame => "The family names are the same",
    FamilyNameAlike => "The family names are spelt alike or share a part",
    FamilyNameDifferent => "The family names differ",
    BirthSame => "The dates of birth are the same",
    BirthNewYear => "One or both dates are a first of January, which may stand for the year",
    BirthSwapped => "Day and month of the birth have changed places",
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

/// One fact that spoke for or against, with what it weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reason {
    /// What kind of fact.
    pub code: ReasonCode,
    /// Its weight in hundredths of a bit: above zero it spoke for, below against, zero explains.
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

/// All reasons of a decision on two records, for and against, in a fixed order.
pub(crate) fn reasons(c: &Comparison, population: Population) -> Vec<Reason> {
    use ReasonCode as R;
    let numbers = (weights::nhs(c.nhs).stranger, weights::upn(c.upn).stranger);
    let apart = c.given >= GivenLevel::Unlike;
    let same_number = c.nhs == IdentifierLevel::Same || c.upn == IdentifierLevel::Same;
    let all = [
        identifier(c.nhs, [R::NhsSame, R::NhsSlip, R::NhsDifferent]).map(|code| (code, numbers.0)),
        identifier(c.upn, [R::UpnSame, R::UpnSlip, R::UpnDifferent]).map(|code| (code, numbers.1)),
        c.same_reference.map(|same| {
            (
                if same { R::ReferenceSame } else { R::ReferenceDifferent },
                weights::reference(c.same_reference, population).stranger,
            )
        }),
        (same_number && apart).then_some((R::NumberOfAnother, 0)),
        is_twin(c).then_some((R::Twin, 0)),
        Some((given(c.given), weights::given(c.given, population).stranger)),
        c.one_of_several.then_some((R::OneOfSeveral, 0)),
        c.ordinals_differ.then_some((R::TwinsApart, 0)),
        family(c.family).map(|code| (code, weights::family_name(c.family, population))),
        birth(c.birth).map(|code| (code, weights::birth(c.birth, population).stranger)),
        c.same_sex.map(|same| {
            (if same { R::SexSame } else { R::SexDifferent }, weights::sex(c.same_sex, population).stranger)
        }),
        address(c.postcode, c.house).map(|code| (code, weights::address(c.postcode, c.house))),
        parent(c.mother, [R::MotherSame, R::MotherAlike, R::MotherDifferent])
            .map(|code| (code, weights::parent(c.mother))),
        parent(c.father, [R::FatherSame, R::FatherAlike, R::FatherDifferent])
            .map(|code| (code, weights::parent(c.father))),
        c.same_school.then_some((R::SchoolSame, weights::SCHOOL)),
        c.same_gp.then_some((R::PracticeSame, weights::PRACTICE)),
        c.named_as_sibling.then_some((R::NamedAsSibling, 0)),
        c.kinds_differ.then_some((R::ChildAndAdult, 0)),
    ];
    all.into_iter().flatten().map(|(code, weight)| Reason::new(code, weight)).collect()
}

/// Same birthday and family, another given name, no number in common.
pub(crate) fn is_twin(c: &Comparison) -> bool {
    let family = c.family < FamilyLevel::Missing
        || matches!(c.mother, ParentLevel::Sure | ParentLevel::Same)
        || c.house == HouseLevel::Same;
    c.birth == BirthLevel::Same && family && c.given >= GivenLevel::Unlike
}

const fn identifier(level: IdentifierLevel, [same, slip, different]: [ReasonCode; 3]) -> Option<ReasonCode> {
    match level {
        IdentifierLevel::Same => Some(same),
        IdentifierLevel::Slip => Some(slip),
        IdentifierLevel::Different => Some(different),
        IdentifierLevel::Missing | IdentifierLevel::Unclear => None,
    }
}

const fn given(level: GivenLevel) -> ReasonCode {
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

const fn family(level: FamilyLevel) -> Option<ReasonCode> {
    match level {
        FamilyLevel::SameRare | FamilyLevel::Same => Some(ReasonCode::FamilyNameSame),
        FamilyLevel::Alike | FamilyLevel::Part => Some(ReasonCode::FamilyNameAlike),
        FamilyLevel::Missing => None,
        FamilyLevel::Different => Some(ReasonCode::FamilyNameDifferent),
    }
}

const fn birth(level: BirthLevel) -> Option<ReasonCode> {
    Some(match level {
        BirthLevel::Missing => return None,
        BirthLevel::Same => ReasonCode::BirthSame,
        BirthLevel::SamePlaceholder | BirthLevel::WithinYear => ReasonCode::BirthNewYear,
        BirthLevel::DayMonthSwapped => ReasonCode::BirthSwapped,
        BirthLevel::Slip => ReasonCode::BirthSlip,
        BirthLevel::YearDiffers | BirthLevel::Near => ReasonCode::BirthNear,
        BirthLevel::BornAsExpected | BirthLevel::BornEarly | BirthLevel::SameExpected => ReasonCode::BirthExpected,
        BirthLevel::Different | BirthLevel::Generation => ReasonCode::BirthDifferent,
    })
}

const fn address(postcode: PostcodeLevel, house: HouseLevel) -> Option<ReasonCode> {
    match (postcode, house) {
        (_, HouseLevel::Same) => Some(ReasonCode::HouseSame),
        (PostcodeLevel::Same, _) => Some(ReasonCode::PostcodeSame),
        (PostcodeLevel::Different, _) | (_, HouseLevel::Different) => Some(ReasonCode::AddressDifferent),
        _ => None,
    }
}

const fn parent(level: ParentLevel, [same, alike, different]: [ReasonCode; 3]) -> Option<ReasonCode> {
    match level {
        ParentLevel::Sure | ParentLevel::Same => Some(same),
        ParentLevel::Alike => Some(alike),
        ParentLevel::Missing => None,
        ParentLevel::Different => Some(different),
    }
}

/// The same reasons with the codes that timelines and the API already know; facts without such a code are left out.
pub(crate) fn as_evidence(c: &Comparison) -> Vec<Evidence> {
    let same_number = c.nhs == IdentifierLevel::Same || c.upn == IdentifierLevel::Same;
    let other_number = c.nhs == IdentifierLevel::Different || c.upn == IdentifierLevel::Different;
    let same_given = c.given <= GivenLevel::Same;
    let same_name = same_given && c.family <= FamilyLevel::Same;
    let apart = c.given >= GivenLevel::Unlike;
    let same_birth = matches!(c.birth, BirthLevel::Same | BirthLevel::SamePlaceholder);
    let other_birth = matches!(c.birth, BirthLevel::Different | BirthLevel::Generation | BirthLevel::YearDiffers);
    let all = [
        (same_number, E::SameIdentifier),
        (other_number, E::IdentifiersDiffer),
        (same_name, E::SameName),
        (same_given && !same_name, E::SameGivenName),
        (apart && !is_twin(c), E::NamesDiffer),
        (same_birth, E::SameBirth),
        (other_birth, E::BirthsDiffer),
        (is_twin(c), E::Twin),
        (c.same_sex == Some(false), E::SexDiffers),
        (c.kinds_differ, E::KindsDiffer),
    ];
    all.into_iter().filter(|(holds, _)| *holds).map(|(_, code)| Evidence::of(code)).collect()
}

//! The weight of each agreement after Fellegi and Sunter (1969): the binary logarithm of the ratio
//! of its probability between two records of one child to that between records of two children, in
//! hundredths of a bit.
//!
//! Two children can be strangers or siblings, so there are two weights. Against a **stranger** all
//! facts count, but facts about the family are capped at what identifies the household. Against a
//! **sibling**, twins included, only the child's own facts count, because siblings share the
//! others. A match needs enough weight against both.
//!
//! | fact | against a stranger | against a sibling | why |
//! |---|---|---|---|
//! | prior odds | -1800 | -200 | one in 260,000; one in four of a household |
//! | given name the same: common, rarer | 620, 800 | 700, 750 | one in 60; one in 300 or fewer |
//! | a form of it; a typing error; one of several; two typing errors; an initial | 550, 600, 400, 400, 200 | 500, 460, 300, 250, 100 | |
//! | two names: possibly, clearly | -500, -900 | -600, -1100 | |
//! | day of birth | 1200 | 600 | one in 6,570 days; three siblings in a hundred are twins |
//! | a first of January; a typing error; another year | 450, 750, 450 | 150, 500, 350 | |
//! | born as expected, early | 800, 500 | 600, 600 | |
//! | births differ; by a generation | -800, -1200 | -600, -1000 | |
//! | NHS number: the same, a typing error, another | 2400, 900, -900 | 800, 500, -550 | a sibling's number is the most frequent error |
//! | pupil number: likewise | 2200, 700, -600 | 800, 400, -350 | a school may give a new one |
//! | sex: the same, another | 95, -450 | 95, -450 | |
//! | signs of a second child, counted once for two groups of records | | | |
//! | two records at one agency; and two names there | -250; -450 | -250; -450 | agencies register some children twice |
//! | a twin with a similar name; another sex with a short form | -600; -350 | -600; -350 | |
//! | two spellings, each used by several agencies | -500 | -500 | a typing error is one person's |
//! | one agency's reference: the same, another | 2200, -250 | 700, -250 | |
//! | family's name, home, parents, brothers and sisters, school and practice together | -600 to 1800 | 0 | siblings share them |
//! | unborn: the mother the same; the house or the father; another mother | 900, 500, -900 | 0, 0, -900 | |
//!
//! The weights follow from the frequencies of names, dates and errors, as the last column says.
//! They were set on seeds 1 to 20 of the benchmark's generated families; those of a register on the
//! data sets FEBRL 1 and 2.

use super::addresses::{HouseLevel, PostcodeLevel};
use super::bands::SecondChildEvidence;
use super::compare::{Comparison, ParentLevel};
use super::dates::BirthLevel;
use super::identifiers::IdentifierLevel;
use super::names::{FamilyLevel, GivenLevel};

/// The population among which matches are sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Population {
    /// Families with siblings and twins, as in the service.
    #[default]
    Families,
    /// A register of unrelated adults, in which no twins share birthday and home. For measurements
    /// on test registers, never for children.
    Register,
}

/// The weights of one agreement, in hundredths of a bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Weight {
    /// Against two strangers.
    pub(crate) stranger: i32,
    /// Against two siblings.
    pub(crate) sibling: i32,
}

const fn weight(stranger: i32, sibling: i32) -> Weight {
    Weight { stranger, sibling }
}

/// The prior odds: one in about 260,000 strangers, one in four children of a household.
pub(crate) const PRIOR: Weight = weight(-1800, -200);
/// The greatest total weight of facts about the family.
pub(crate) const MAX_FAMILY: i32 = 1800;
/// The least total weight of facts about the family.
pub(crate) const MIN_FAMILY: i32 = -600;
/// The weight of the same school, one of several dozen.
pub(crate) const SCHOOL: i32 = 250;
/// The weight of the same general practice.
pub(crate) const PRACTICE: i32 = 150;
/// The weight of a brother or sister of the same name; with the same birthday it counts three
/// times.
pub(crate) const SIBLING: i32 = 250;
/// The greatest count of brothers and sisters.
const MAX_SIBLINGS: u8 = 4;

/// The weights of given names. One person in sixty has a given one of the commonest names, one in
/// three hundred or fewer any other name.
pub(crate) const fn given_name_weight(level: GivenLevel, population: Population) -> Weight {
    match (level, population) {
        (GivenLevel::SameRare, _) => weight(800, 750),
        (GivenLevel::Same, _) => weight(620, 700),
        (GivenLevel::Swapped, _) => weight(650, 500),
        (GivenLevel::Form, _) => weight(550, 500),
        (GivenLevel::Slip, _) => weight(600, 460),
        (GivenLevel::Part, _) => weight(400, 300),
        (GivenLevel::Slips, _) => weight(400, 250),
        (GivenLevel::Initial, _) => weight(200, 100),
        (GivenLevel::Missing, _) => weight(0, 0),
        (GivenLevel::Unlike, Population::Families) => weight(-500, -600),
        (GivenLevel::Distinct, Population::Families) => weight(-900, -1100),
        (GivenLevel::Unlike, Population::Register) => weight(-250, 0),
        (GivenLevel::Distinct, Population::Register) => weight(-350, 0),
    }
}

/// The weights of dates of birth: one of 6,570 days for a stranger under eighteen; three siblings
/// in a hundred are twins.
pub(crate) const fn birth_weight(level: BirthLevel, population: Population) -> Weight {
    match (level, population) {
        (BirthLevel::Missing, _) => weight(0, 0),
        (BirthLevel::Same, _) => weight(1200, 600),
        (BirthLevel::SamePlaceholder, _) => weight(450, 150),
        (BirthLevel::DayMonthSwapped, _) => weight(850, 550),
        (BirthLevel::Slip, _) => weight(750, 500),
        (BirthLevel::YearDiffers, _) => weight(450, 350),
        (BirthLevel::WithinYear, _) => weight(250, 50),
        (BirthLevel::Near, _) => weight(250, 50),
        (BirthLevel::BornAsExpected, _) => weight(800, 600),
        (BirthLevel::BornEarly, _) => weight(500, 600),
        (BirthLevel::SameExpected, _) => weight(800, 600),
        (BirthLevel::Different | BirthLevel::Generation, Population::Register) => weight(-450, 0),
        (BirthLevel::Different, Population::Families) => weight(-800, -600),
        (BirthLevel::Generation, Population::Families) => weight(-1200, -1000),
    }
}

/// The weights of NHS numbers. The most frequent error is a sibling's number on a child's record,
/// so the number weighs less against a sibling.
pub(crate) const fn nhs_number_weight(level: IdentifierLevel) -> Weight {
    match level {
        IdentifierLevel::Same => weight(2400, 800),
        IdentifierLevel::Slip => weight(900, 500),
        IdentifierLevel::Different => weight(-900, -550),
        IdentifierLevel::Missing | IdentifierLevel::Unclear => weight(0, 0),
    }
}

/// The weights of unique pupil numbers: as for NHS numbers, but a school may give a new one.
pub(crate) const fn upn_weight(level: IdentifierLevel) -> Weight {
    match level {
        IdentifierLevel::Same => weight(2200, 800),
        IdentifierLevel::Slip => weight(700, 400),
        IdentifierLevel::Different => weight(-600, -350),
        IdentifierLevel::Missing | IdentifierLevel::Unclear => weight(0, 0),
    }
}

/// The weights of the recorded sex.
pub(crate) const fn sex_weight(same: Option<bool>, population: Population) -> Weight {
    match (same, population) {
        (None, _) => weight(0, 0),
        (Some(true), _) => weight(95, 95),
        (Some(false), Population::Families) => weight(-450, -450),
        (Some(false), Population::Register) => weight(-200, 0),
    }
}

/// The weights of an agency's own references: an agency usually has one record of a child.
pub(crate) const fn reference_weight(same: Option<bool>, population: Population) -> Weight {
    match (same, population) {
        (None, _) => weight(0, 0),
        (Some(true), _) => weight(2200, 700),
        (Some(false), Population::Families) => weight(-250, -250),
        (Some(false), Population::Register) => weight(-2000, 0),
    }
}

/// The weights of the signs of a second child, which count once for any number of records.
pub(crate) fn second_child_weight(
    comparison: &Comparison,
    second_child: SecondChildEvidence,
) -> Weight {
    let is_similar_name =
        comparison.given > GivenLevel::Same && comparison.given < GivenLevel::Missing;
    let may_be_twin = comparison.twin_alike && is_similar_name;
    let penalty = -250 * i32::from(second_child.two_references)
        - 450 * i32::from(second_child.two_names_at_one_agency)
        - 350
            * i32::from(
                matches!(comparison.given, GivenLevel::Form | GivenLevel::Part)
                    && comparison.same_sex == Some(false),
            )
        - 600 * i32::from(may_be_twin)
        - 500 * i32::from(second_child.two_established_spellings && comparison.two_spellings);
    let reference = if second_child.shared_reference {
        reference_weight(Some(true), Population::Families)
    } else {
        Weight::default()
    };
    weight(penalty + reference.stranger, penalty + reference.sibling)
}

/// The total weights of the child's own facts.
pub(crate) const fn child_weight(comparison: &Comparison, population: Population) -> Weight {
    let parts = [
        given_name_weight(comparison.given, population),
        birth_weight(comparison.birth, population),
        nhs_number_weight(comparison.nhs),
        upn_weight(comparison.upn),
        sex_weight(comparison.same_sex, population),
        reference_weight(comparison.same_reference, population),
    ];
    let mut sum = weight(0, 0);
    let mut rest: &[Weight] = &parts;
    while let [first, tail @ ..] = rest {
        sum = weight(sum.stranger + first.stranger, sum.sibling + first.sibling);
        rest = tail;
    }
    sum
}

/// The weight of the family name: one person in fifty has a given one of the commonest names, one
/// in several hundred any other name.
pub(crate) const fn family_name_weight(level: FamilyLevel, population: Population) -> i32 {
    match (level, population) {
        (FamilyLevel::SameRare, _) => 750,
        (FamilyLevel::Same, _) => 550,
        (FamilyLevel::Alike, _) => 550,
        (FamilyLevel::Part, _) => 500,
        (FamilyLevel::Missing, _) => 0,
        (FamilyLevel::Different, Population::Families) => -300,
        (FamilyLevel::Different, Population::Register) => -350,
    }
}

/// The weight of the address.
pub(crate) const fn address_weight(postcode: PostcodeLevel, house: HouseLevel) -> i32 {
    let by_postcode = match postcode {
        PostcodeLevel::Same => 900,
        PostcodeLevel::Slip => 450,
        PostcodeLevel::Missing => 0,
        PostcodeLevel::Different => -100,
    };
    let by_house = match house {
        HouseLevel::Same => 900,
        HouseLevel::Street => 500,
        HouseLevel::Partial => 150,
        HouseLevel::Missing => 0,
        HouseLevel::Different => -50,
    };
    match (postcode, house) {
        (PostcodeLevel::Missing | PostcodeLevel::Slip, HouseLevel::Same) => 1350,
        _ => by_postcode + by_house,
    }
}

/// The weight of the mother or the father.
pub(crate) const fn parent_weight(level: ParentLevel) -> i32 {
    match level {
        ParentLevel::Certain => 1500,
        ParentLevel::Same => 800,
        ParentLevel::Alike => 350,
        ParentLevel::Missing => 0,
        ParentLevel::Different => -300,
    }
}

/// The total weight of the facts about the family, before it is capped.
pub(crate) const fn family_weight(comparison: &Comparison, population: Population) -> i32 {
    address_words_weight(comparison, population)
        + if comparison.unborn && matches!(comparison.family, FamilyLevel::Different) {
            0
        } else {
            family_name_weight(comparison.family, population)
        }
        + address_weight(comparison.postcode, comparison.house)
        + parent_weight(comparison.mother)
        + parent_weight(comparison.father) * 3 / 4
        + SIBLING
            * if comparison.siblings > MAX_SIBLINGS {
                MAX_SIBLINGS as i32
            } else {
                comparison.siblings as i32
            }
        + if comparison.same_school { SCHOOL } else { 0 }
        + if comparison.same_gp { PRACTICE } else { 0 }
}

/// The weight of the words that two addresses share in a register, where moves are rarer than
/// errors and addresses have many words.
const fn address_words_weight(comparison: &Comparison, population: Population) -> i32 {
    match (population, comparison.address_words) {
        (Population::Families, _) => 0,
        (Population::Register, 0) => -600,
        (Population::Register, 1) => -200,
        (Population::Register, 2) => 0,
        (Population::Register, 3) => 500,
        (Population::Register, 4) => 900,
        (Population::Register, _) => 1300,
    }
}

/// The weight of the parents and the house for an unborn child: they are facts about the child
/// itself, because no sibling but a twin is expected at the same time.
pub(crate) const fn pregnancy_weight(comparison: &Comparison) -> i32 {
    match (
        comparison.unborn,
        comparison.mother,
        comparison.house,
        comparison.father,
    ) {
        (true, ParentLevel::Certain | ParentLevel::Same, _, _) => 900,
        (true, ParentLevel::Different, _, _) => -900,
        (true, _, HouseLevel::Same, _) | (true, _, _, ParentLevel::Certain | ParentLevel::Same) => {
            500
        }
        _ => 0,
    }
}

//! What each agreement is worth, after Fellegi and Sunter (1969): the binary logarithm of how much likelier it is
//! between two records of one child than between two children, in hundredths of a bit.
//!
//! There are two ways to be another child, so there are two weights. Against a **stranger**, everything counts, but what
//! shows the same family is capped where it has led to the household. Against a **sibling**, twins included, only the
//! child's own facts count: siblings share the rest. A match must be plain against both.
//!
//! | fact | against a stranger | against a sibling | why |
//! |---|---|---|---|
//! | before anything is known | -1800 | -200 | one in 260,000; one in four of a household |
//! | given name the same: common, rarer | 620, 800 | 700, 750 | one in 60; one in 300 or fewer |
//! | a form of it; a slip; one of several; two slips; an initial | 550, 600, 400, 400, 200 | 500, 460, 300, 250, 100 | |
//! | two names: doubtful, plain | -500, -900 | -600, -1100 | |
//! | day of birth | 1200 | 600 | one in 6,570 days; three siblings in a hundred are twins |
//! | a first of January; a slip; another year | 450, 750, 450 | 150, 500, 350 | |
//! | born as expected, early | 800, 500 | 600, 600 | |
//! | births differ; by a generation | -800, -1200 | -600, -1000 | |
//! | NHS number: the same, a slip, another | 2400, 900, -900 | 800, 500, -550 | a sibling's number is the commonest error |
//! | pupil number: likewise | 2200, 700, -600 | 800, 400, -350 | a school may give a new one |
//! | sex: the same, another | 95, -450 | 95, -450 | |
//! | what a second child would leave behind, once for two groups of records | | | |
//! | two records at one agency; and two names there | -250; -450 | -250; -450 | agencies register some children twice |
//! | a twin of a name that is alike; another sex beside a short form | -600; -350 | -600; -350 | |
//! | two spellings, each used by several agencies | -500 | -500 | a slip is one hand's |
//! | one agency's reference: the same, another | 2200, -250 | 700, -250 | |
//! | family's name, home, parents, brothers and sisters, school and practice together | -600 to 1800 | 0 | siblings share them |
//! | unborn: the mother the same; the house or the father; another mother | 900, 500, -900 | 0, 0, -900 | |
//!
//! The weights follow from how common names, days and errors are, as the third column says, and were set on seeds 1 to 20 of
//! the benchmark's own families; those of a register on FEBRL 1 and 2.

use super::addresses::{HouseLevel, PostcodeLevel};
use super::bands::SecondChild;
use super::compare::{Comparison, ParentLevel};
use super::dates::BirthLevel;
use super::identifiers::IdentifierLevel;
use super::names::{FamilyLevel, GivenLevel};

/// Among whom a match is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Population {
    /// Families with siblings and twins: the service's own setting.
    #[default]
    Families,
    /// A register of unrelated grown-ups, where nobody shares birthday and home with a twin. For registers kept for
    /// measuring, never for children.
    Register,
}

/// The two weights of one agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Weight {
    pub(crate) stranger: i32,
    pub(crate) sibling: i32,
}

const fn w(stranger: i32, sibling: i32) -> Weight {
    Weight { stranger, sibling }
}

/// Odds before anything is known: one in about 260,000 strangers; one in four of a household.
pub(crate) const PRIOR: Weight = w(-1800, -200);
/// The most and the least that family facts may say of a child.
pub(crate) const MOST_FAMILY: i32 = 1800;
pub(crate) const LEAST_FAMILY: i32 = -600;
/// One school or one general practice of several dozen.
pub(crate) const SCHOOL: i32 = 250;
pub(crate) const PRACTICE: i32 = 150;
/// A brother or sister of the same name, counted thrice with the same birthday, and how often it counts.
pub(crate) const SIBLING: i32 = 250;
const MOST_SIBLINGS: u8 = 4;

/// Given names. The commonest are shared by chance by one in sixty, others by one in three hundred or fewer.
pub(crate) const fn given(level: GivenLevel, population: Population) -> Weight {
    match (level, population) {
        (GivenLevel::SameRare, _) => w(800, 750),
        (GivenLevel::Same, _) => w(620, 700),
        (GivenLevel::Swapped, _) => w(650, 500),
        (GivenLevel::Form, _) => w(550, 500),
        (GivenLevel::Slip, _) => w(600, 460),
        (GivenLevel::Part, _) => w(400, 300),
        (GivenLevel::Slips, _) => w(400, 250),
        (GivenLevel::Initial, _) => w(200, 100),
        (GivenLevel::Missing, _) => w(0, 0),
        (GivenLevel::Unlike, Population::Families) => w(-500, -600),
        (GivenLevel::Distinct, Population::Families) => w(-900, -1100),
        (GivenLevel::Unlike, Population::Register) => w(-250, 0),
        (GivenLevel::Distinct, Population::Register) => w(-350, 0),
    }
}

/// Births: one in 6,570 days for a stranger up to eighteen; three in a hundred siblings are twins.
pub(crate) const fn birth(level: BirthLevel, population: Population) -> Weight {
    match (level, population) {
        (BirthLevel::Missing, _) => w(0, 0),
        (BirthLevel::Same, _) => w(1200, 600),
        (BirthLevel::SamePlaceholder, _) => w(450, 150),
        (BirthLevel::DayMonthSwapped, _) => w(850, 550),
        (BirthLevel::Slip, _) => w(750, 500),
        (BirthLevel::YearDiffers, _) => w(450, 350),
        (BirthLevel::WithinYear, _) => w(250, 50),
        (BirthLevel::Near, _) => w(250, 50),
        (BirthLevel::BornAsExpected, _) => w(800, 600),
        (BirthLevel::BornEarly, _) => w(500, 600),
        (BirthLevel::SameExpected, _) => w(800, 600),
        (BirthLevel::Different | BirthLevel::Generation, Population::Register) => w(-450, 0),
        (BirthLevel::Different, Population::Families) => w(-800, -600),
        (BirthLevel::Generation, Population::Families) => w(-1200, -1000),
    }
}

/// NHS numbers: a sibling's number on another child's record is the commonest error, so it says less against a sibling.
pub(crate) const fn nhs(level: IdentifierLevel) -> Weight {
    match level {
        IdentifierLevel::Same => w(2400, 800),
        IdentifierLevel::Slip => w(900, 500),
        IdentifierLevel::Different => w(-900, -550),
        IdentifierLevel::Missing | IdentifierLevel::Unclear => w(0, 0),
    }
}

/// Unique pupil numbers: like NHS numbers, but a school may give a new one.
pub(crate) const fn upn(level: IdentifierLevel) -> Weight {
    match level {
        IdentifierLevel::Same => w(2200, 800),
        IdentifierLevel::Slip => w(700, 400),
        IdentifierLevel::Different => w(-600, -350),
        IdentifierLevel::Missing | IdentifierLevel::Unclear => w(0, 0),
    }
}

pub(crate) const fn sex(same: Option<bool>, population: Population) -> Weight {
    match (same, population) {
        (None, _) => w(0, 0),
        (Some(true), _) => w(95, 95),
        (Some(false), Population::Families) => w(-450, -450),
        (Some(false), Population::Register) => w(-200, 0),
    }
}

/// An agency keeps one record of a child, mostly.
pub(crate) const fn reference(same: Option<bool>, population: Population) -> Weight {
    match (same, population) {
        (None, _) => w(0, 0),
        (Some(true), _) => w(2200, 700),
        (Some(false), Population::Families) => w(-250, -250),
        (Some(false), Population::Register) => w(-2000, 0),
    }
}

/// What a second child would leave behind: charged once, however many records there are.
pub(crate) fn second_child(c: &Comparison, second: SecondChild) -> Weight {
    let alike = c.given > GivenLevel::Same && c.given < GivenLevel::Missing;
    let twin = c.twin_alike && alike;
    let charge = -250 * i32::from(second.two_references)
        - 450 * i32::from(second.two_names_at_one_agency)
        - 350 * i32::from(matches!(c.given, GivenLevel::Form | GivenLevel::Part) && c.same_sex == Some(false))
        - 600 * i32::from(twin)
        - 500 * i32::from(second.spelt_by_several && c.two_spellings);
    let reference = if second.one_reference { reference(Some(true), Population::Families) } else { Weight::default() };
    w(charge + reference.stranger, charge + reference.sibling)
}

/// The child's own facts.
pub(crate) const fn child(c: &Comparison, population: Population) -> Weight {
    let parts = [
        given(c.given, population),
        birth(c.birth, population),
        nhs(c.nhs),
        upn(c.upn),
        sex(c.same_sex, population),
        reference(c.same_reference, population),
    ];
    let mut sum = w(0, 0);
    let mut rest: &[Weight] = &parts;
    while let [first, tail @ ..] = rest {
        sum = w(sum.stranger + first.stranger, sum.sibling + first.sibling);
        rest = tail;
    }
    sum
}

/// A family's name: the commonest are shared by one in fifty, others by one in several hundred.
pub(crate) const fn family_name(level: FamilyLevel, population: Population) -> i32 {
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

pub(crate) const fn address(postcode: PostcodeLevel, house: HouseLevel) -> i32 {
    let by_postcode = match postcode {
        PostcodeLevel::Same => 900,
        PostcodeLevel::Slip => 450,
        PostcodeLevel::Missing => 0,
        PostcodeLevel::Different => -100,
    };
    let by_house = match house {
        HouseLevel::Same => 900,
        HouseLevel::Street => 500,
        HouseLevel::Half => 150,
        HouseLevel::Missing => 0,
        HouseLevel::Different => -50,
    };
    match (postcode, house) {
        (PostcodeLevel::Missing | PostcodeLevel::Slip, HouseLevel::Same) => 1350,
        _ => by_postcode + by_house,
    }
}

pub(crate) const fn parent(level: ParentLevel) -> i32 {
    match level {
        ParentLevel::Sure => 1500,
        ParentLevel::Same => 800,
        ParentLevel::Alike => 350,
        ParentLevel::Missing => 0,
        ParentLevel::Different => -300,
    }
}

/// The family's facts, not yet capped.
pub(crate) const fn family(c: &Comparison, population: Population) -> i32 {
    address_words(c, population)
        + if c.unborn && matches!(c.family, FamilyLevel::Different) { 0 } else { family_name(c.family, population) }
        + address(c.postcode, c.house)
        + parent(c.mother)
        + parent(c.father) * 3 / 4
        + SIBLING * if c.siblings > MOST_SIBLINGS { MOST_SIBLINGS as i32 } else { c.siblings as i32 }
        + if c.same_school { SCHOOL } else { 0 }
        + if c.same_gp { PRACTICE } else { 0 }
}

/// In a register a change of house is rarer than a slip, and streets, villages and houses have long names.
const fn address_words(c: &Comparison, population: Population) -> i32 {
    match (population, c.address_words) {
        (Population::Families, _) => 0,
        (Population::Register, 0) => -600,
        (Population::Register, 1) => -200,
        (Population::Register, 2) => 0,
        (Population::Register, 3) => 500,
        (Population::Register, 4) => 900,
        (Population::Register, _) => 1300,
    }
}

/// An unborn child is its mother's: her name, or the house she lives in, is then a fact about the child, and no sibling but a
/// twin is expected with it.
pub(crate) const fn pregnancy(c: &Comparison) -> i32 {
    match (c.unborn, c.mother, c.house, c.father) {
        (true, ParentLevel::Sure | ParentLevel::Same, _, _) => 900,
        (true, ParentLevel::Different, _, _) => -900,
        (true, _, HouseLevel::Same, _) | (true, _, _, ParentLevel::Sure | ParentLevel::Same) => 500,
        _ => 0,
    }
}

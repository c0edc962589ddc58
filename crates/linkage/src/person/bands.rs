//! From agreements to a decision: match, possible (a person decides) or different.

use super::addresses::{HouseLevel, PostcodeLevel};
use super::compare::{Comparison, ParentLevel, born_together};
use super::dates::BirthLevel;
use super::identifiers::IdentifierLevel;
use super::names::{FamilyLevel, GivenLevel};
use super::weights::{self, Population, Weight};
use crate::child::ChildBand;

/// What a match needs against a stranger and against a sibling, and what a question needs.
const MATCH: Weight = Weight { stranger: 600, sibling: 350 };
const ASK: Weight = Weight { stranger: 400, sibling: 150 };
/// What all records of two groups together can still make a match.
const WEAK: i32 = -900;
const WEAK_SIBLING: i32 = -150;
/// What a match needs in a register of unrelated people, chosen on FEBRL 1 and 2.
const MATCH_IN_REGISTER: i32 = -300;
const ASK_IN_REGISTER: i32 = -700;

/// What a second child would leave behind in two groups of records, beside what their facts are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SecondChild {
    /// One agency has one reference in both.
    pub(crate) one_reference: bool,
    /// One agency keeps a record in each, under two references.
    pub(crate) two_references: bool,
    /// And spells the given name in two ways there.
    pub(crate) two_names_at_one_agency: bool,
    /// A record points at one of the other group as a brother or sister.
    pub(crate) points: bool,
    /// In each, several agencies spell the given name alike, and otherwise than in the other.
    pub(crate) spelt_by_several: bool,
    /// One agency spells the name in two ways or gives two second names, several agencies each do, or as many pairs of records
    /// have two names as have one.
    pub(crate) two_names: bool,
}

/// A decision on two records, or two groups of records, with what led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) band: ChildBand,
    pub(crate) stranger: i32,
    pub(crate) sibling: i32,
    /// Born on one day in one home: one child, or twins.
    pub(crate) together: bool,
    /// Nobody is named, or by an initial only: a twin would fit as well.
    pub(crate) nameless: bool,
    pub(crate) given: GivenLevel,
    pub(crate) same_number: bool,
    /// At least one is unborn.
    pub(crate) unborn: bool,
}

impl Judged {
    /// How sure a match is: the stronger goes first.
    pub(crate) const fn strength(&self) -> i32 {
        self.stranger + self.sibling
    }

    /// When its turn comes: plain pairs, then names that are only alike, then none.
    pub(crate) const fn turn(&self) -> u8 {
        match self.given {
            _ if self.nameless => 2,
            GivenLevel::SameRare | GivenLevel::Same => 0,
            _ if self.same_number => 0,
            _ => 1,
        }
    }

    /// Whether they cannot be one child, whoever else is: not that too little is known, but that what is known differs.
    pub(crate) const fn contradicts(&self) -> bool {
        self.sibling < ASK.sibling || matches!(self.band, ChildBand::Different) && self.stranger >= ASK.stranger
    }

    /// Whether all records of both together could still make it a match.
    pub(crate) const fn weak(&self) -> bool {
        self.stranger >= WEAK && self.sibling >= WEAK_SIBLING
    }
}

/// Two records by themselves.
pub(crate) fn judge(c: &Comparison, population: Population) -> Judged {
    judge_groups(c, SecondChild::default(), population)
}

/// Two groups of records, compared by all that each says together.
pub(crate) fn judge_groups(c: &Comparison, second: SecondChild, population: Population) -> Judged {
    let child = weights::child(c, population);
    let family = weights::family(c, population);
    let judged = |band, stranger, sibling| Judged {
        band,
        stranger,
        sibling,
        together: born_together(c),
        given: c.given,
        same_number: same_number(c),
        unborn: c.unborn,
        nameless: matches!(c.given, GivenLevel::Missing | GivenLevel::Initial) && !same_number(c),
    };
    if population == Population::Register {
        let sum = weights::PRIOR.stranger + child.stranger + family;
        return judged(band_of(sum, i32::MAX, MATCH_IN_REGISTER, ASK_IN_REGISTER), sum, 0);
    }
    let capped = family.clamp(weights::LEAST_FAMILY, weights::MOST_FAMILY);
    let pregnancy = weights::pregnancy(c);
    let left = weights::second_child(c, second);
    let stranger = weights::PRIOR.stranger + child.stranger + capped + pregnancy + left.stranger;
    let sibling = weights::PRIOR.sibling + child.sibling + pregnancy.min(0) + left.sibling;
    judged(guarded(c, second, stranger, sibling), stranger, sibling)
}

const fn band_of(stranger: i32, sibling: i32, sure: i32, ask: i32) -> ChildBand {
    if stranger >= sure && sibling >= MATCH.sibling {
        ChildBand::Match
    } else if stranger >= ask && sibling >= ASK.sibling {
        ChildBand::Possible
    } else {
        ChildBand::Different
    }
}

/// The band by weight, held down by the few things that no weight outdoes.
fn guarded(c: &Comparison, second: SecondChild, stranger: i32, sibling: i32) -> ChildBand {
    if c.kinds_differ || c.ordinals_differ {
        return ChildBand::Different;
    }
    let band = band_of(stranger, sibling, MATCH.stranger, ASK.stranger);
    let at_most_asked = band.max(ChildBand::Possible);
    let same_number = same_number(c);
    if c.nhs == IdentifierLevel::Different {
        // Two numbers that are both right are two children's, unless all else says that one was given wrongly.
        let all_else = c.given <= GivenLevel::Same && births_same(c) && (one_home(c) || c.family <= FamilyLevel::Same);
        return if all_else && !c.named_as_sibling { ChildBand::Possible } else { ChildBand::Different };
    }
    if c.named_as_sibling || second.points {
        return if same_number { ChildBand::Possible } else { ChildBand::Different };
    }
    if c.given == GivenLevel::Distinct || c.given == GivenLevel::Unlike && !(same_number && births_same(c)) {
        let one_family = one_home(c) || c.family <= FamilyLevel::Alike;
        let renamed = same_number && births_agree(c) && c.same_sex != Some(false) && one_family;
        return if renamed { ChildBand::Possible } else { ChildBand::Different };
    }
    let births_differ = matches!(c.birth, BirthLevel::Different | BirthLevel::Generation);
    let doubtful_birth = if same_number { !births_agree(c) && !one_home(c) } else { births_differ };
    let two_names =
        second.two_names || second.spelt_by_several && matches!(c.given, GivenLevel::Slip | GivenLevel::Slips);
    if !same_number && two_names {
        return at_most_asked;
    }
    if doubtful_birth || c.one_of_several && !same_number || by_name_of_mother(c) {
        return at_most_asked;
    }
    band
}

fn same_number(c: &Comparison) -> bool {
    c.nhs == IdentifierLevel::Same || c.upn == IdentifierLevel::Same
}

const fn births_same(c: &Comparison) -> bool {
    matches!(c.birth, BirthLevel::Same | BirthLevel::DayMonthSwapped | BirthLevel::Slip)
}

const fn births_agree(c: &Comparison) -> bool {
    !matches!(c.birth, BirthLevel::Different | BirthLevel::Generation | BirthLevel::Near)
}

fn one_home(c: &Comparison) -> bool {
    c.house == HouseLevel::Same || same_mother(c)
}

const fn same_mother(c: &Comparison) -> bool {
    matches!(c.mother, ParentLevel::Sure | ParentLevel::Same)
}

/// Whether a baby without a name would be told by its mother's name alone: many mothers bear one name. Two houses of one
/// postcode are two homes, and what both parents are called says little across two homes.
fn by_name_of_mother(c: &Comparison) -> bool {
    let one_place = c.postcode == PostcodeLevel::Same && matches!(c.house, HouseLevel::Street | HouseLevel::Missing);
    let two_homes = c.postcode == PostcodeLevel::Different;
    let beside = c.house == HouseLevel::Same
        || one_place
        || c.mother == ParentLevel::Sure
        || c.father == ParentLevel::Sure
        || c.father == ParentLevel::Same && !two_homes;
    (c.unborn || c.given == GivenLevel::Missing) && !beside && !same_number(c)
}

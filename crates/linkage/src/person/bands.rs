//! From agreements to a decision: match, possible (a person decides) or different.

use super::addresses::{HouseLevel, PostcodeLevel};
use super::compare::{Comparison, ParentLevel};
use super::dates::BirthLevel;
use super::evidence;
use super::identifiers::IdentifierLevel;
use super::names::{FamilyLevel, GivenLevel};
use super::weights::{self, Population, Weight};
use crate::child::ChildBand;

/// What a match needs against a stranger and against a sibling, and what a question needs.
const MATCH: Weight = Weight { stranger: 600, sibling: 350 };
const ASK: Weight = Weight { stranger: 400, sibling: 150 };
/// What more facts can still make a match.
const WEAK: i32 = -700;
/// What a match needs in a register of unrelated people, chosen on FEBRL 1 and 2.
const MATCH_IN_REGISTER: i32 = -300;
const ASK_IN_REGISTER: i32 = -700;

/// A decision on two records, with what led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) band: ChildBand,
    pub(crate) stranger: i32,
    pub(crate) sibling: i32,
    /// They cannot well be in one cluster, whoever else is in it.
    pub(crate) conflict: bool,
    /// Same birthday and family, two names: each has a twin.
    pub(crate) twins: bool,
    /// Nobody is named, or by an initial only: a twin would fit as well.
    pub(crate) nameless: bool,
    /// The births exclude each other.
    pub(crate) births_differ: bool,
    /// Two spellings of one name, each of which may be a twin's.
    pub(crate) spellings: bool,
    pub(crate) given: GivenLevel,
    pub(crate) same_number: bool,
    /// At least one is unborn.
    pub(crate) unborn: bool,
    pub(crate) mother_same: bool,
    /// One is unborn, and its mother is said to be another woman.
    pub(crate) mothers_differ: bool,
    /// A record that names brothers and sisters names none who is called alike.
    pub(crate) no_twin: bool,
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

    /// Whether more facts could still make it a match: nothing contradicts, there are only too few.
    pub(crate) const fn weak(&self) -> bool {
        !self.conflict && self.stranger >= WEAK && self.sibling >= ASK.sibling
    }
}

pub(crate) fn judge(c: &Comparison, population: Population) -> Judged {
    let child = weights::child(c, population);
    let family = weights::family(c, population);
    let judged = |band, stranger, sibling| Judged {
        band,
        stranger,
        sibling,
        conflict: if population == Population::Families { conflict(c) } else { c.same_reference == Some(false) },
        twins: twins_of_one_home(c) && !same_number(c),
        spellings: spellings_doubtful(c) && births_agree(c),
        given: c.given,
        same_number: same_number(c),
        unborn: c.unborn,
        mother_same: same_mother(c),
        mothers_differ: mothers_differ(c),
        no_twin: c.no_twin,
        nameless: matches!(c.given, GivenLevel::Missing | GivenLevel::Initial) && !same_number(c),
        births_differ: matches!(c.birth, BirthLevel::Different | BirthLevel::Generation),
    };
    if population == Population::Register {
        let sum = weights::PRIOR.stranger + child.stranger + family;
        return judged(band_of(sum, i32::MAX, MATCH_IN_REGISTER, ASK_IN_REGISTER), sum, 0);
    }
    let capped = family.clamp(weights::LEAST_FAMILY, weights::MOST_FAMILY);
    let pregnancy = weights::pregnancy(c);
    let stranger = weights::PRIOR.stranger + child.stranger + capped + pregnancy;
    let sibling = weights::PRIOR.sibling + child.sibling + pregnancy.min(0);
    judged(guarded(c, stranger, sibling), stranger, sibling)
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

/// The band by weight, held down where a twin or a wrong number may be behind it.
fn guarded(c: &Comparison, stranger: i32, sibling: i32) -> ChildBand {
    if c.kinds_differ || c.ordinals_differ {
        return ChildBand::Different;
    }
    let same_number = same_number(c);
    let band = band_of(stranger, sibling, MATCH.stranger, ASK.stranger);
    if two_numbers_one_name(c) && !c.named_as_sibling {
        return ChildBand::Possible;
    }
    if conflict(c) || c.named_as_sibling {
        let ask = same_number || c.same_reference == Some(true) && band != ChildBand::Different;
        return if ask { ChildBand::Possible } else { weaker(band, c) };
    }
    let two_records = c.same_reference == Some(false) && c.given > GivenLevel::Same;
    if same_number && (band == ChildBand::Different || in_doubt(c) || two_records) {
        return ChildBand::Possible;
    }
    if c.one_of_several && !same_number {
        return band.max(ChildBand::Possible);
    }
    band
}

fn same_number(c: &Comparison) -> bool {
    c.nhs == IdentifierLevel::Same || c.upn == IdentifierLevel::Same
}

/// Whether something speaks against a number in common: another number differs, or the births do and nothing of the
/// home is known to be the same.
fn in_doubt(c: &Comparison) -> bool {
    let numbers =
        c.nhs == IdentifierLevel::Different || c.upn == IdentifierLevel::Different && c.nhs != IdentifierLevel::Same;
    let births = matches!(c.birth, BirthLevel::Different | BirthLevel::Generation);
    numbers || births && !one_home(c)
}

/// A rare name, the family's name and the birthday in common, and two numbers: one child with a wrong number, or two.
fn two_numbers_one_name(c: &Comparison) -> bool {
    c.nhs == IdentifierLevel::Different
        && c.given == GivenLevel::SameRare
        && c.family <= FamilyLevel::Same
        && c.birth == BirthLevel::Same
}

/// What is left of a band where something speaks plainly against it: a question, unless two names are at odds, which is
/// a twin or a sibling.
fn weaker(band: ChildBand, c: &Comparison) -> ChildBand {
    let two_records =
        c.nhs == IdentifierLevel::Different || c.upn == IdentifierLevel::Different || c.same_reference == Some(false);
    let two_names = c.given >= GivenLevel::Unlike || c.given > GivenLevel::Same && two_records;
    if two_names || c.named_as_sibling { ChildBand::Different } else { band.max(ChildBand::Possible) }
}

/// What keeps two records out of one cluster: two names, two spellings that twins may bear, two numbers or one agency's
/// two records where not all else is the same.
fn conflict(c: &Comparison) -> bool {
    let same_name = c.given <= GivenLevel::Same;
    c.given >= GivenLevel::Unlike
        || c.ordinals_differ
        || c.kinds_differ
        || c.named_as_sibling
        || spellings_doubtful(c)
        || c.nhs == IdentifierLevel::Different && !(same_name && births_agree(c) && one_home(c))
        || c.upn == IdentifierLevel::Different && c.nhs != IdentifierLevel::Same && !(same_name && one_home(c))
        || !same_name && c.twin_alike && !same_number(c)
        || c.same_reference == Some(false)
            && !(same_number(c) && c.given <= GivenLevel::Form && !c.two_spellings)
            && !(same_name && births_agree(c) && one_home(c))
        || c.same_sex == Some(false) && !same_name && c.nhs != IdentifierLevel::Same
        || mothers_differ(c)
}

/// Two spellings, and neither number nor reference that says they are one child's.
pub(crate) fn spellings_doubtful(c: &Comparison) -> bool {
    c.two_spellings && !c.no_twin && !same_number(c) && c.same_reference != Some(true)
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

fn mothers_differ(c: &Comparison) -> bool {
    c.unborn && c.mother == ParentLevel::Different && c.family >= FamilyLevel::Missing
}

/// Twins by name and birthday, as far as nothing says that they live in two homes: a family's name is common.
fn twins_of_one_home(c: &Comparison) -> bool {
    let nothing_known = c.house == HouseLevel::Missing && c.postcode == PostcodeLevel::Missing;
    evidence::is_twin(c)
        && (one_home(c)
            || c.postcode == PostcodeLevel::Same
            || nothing_known && c.mother == ParentLevel::Missing && c.family == FamilyLevel::SameRare)
}

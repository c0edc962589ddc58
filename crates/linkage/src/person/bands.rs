//! From agreements to a decision: match, possible (a person decides) or different.

use super::addresses::HouseLevel;
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
}

impl Judged {
    /// How sure a match is: the stronger goes first.
    pub(crate) const fn strength(&self) -> i32 {
        self.stranger + self.sibling
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
        twins: evidence::is_twin(c) && !same_number(c),
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
    if conflict(c) || c.named_as_sibling {
        let ask = same_number || c.same_reference == Some(true) && band != ChildBand::Different;
        return if ask { ChildBand::Possible } else { weaker(band, c) };
    }
    if same_number && (band == ChildBand::Different || in_doubt(c)) {
        return ChildBand::Possible;
    }
    if two_numbers_one_name(c) && band == ChildBand::Different {
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
    let home = c.house == HouseLevel::Same || matches!(c.mother, ParentLevel::Sure | ParentLevel::Same);
    numbers || births && !home
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

/// What keeps two records out of one cluster: two names, two numbers without the very same name, one agency's two
/// records without the very same name.
fn conflict(c: &Comparison) -> bool {
    let same_name = c.given <= GivenLevel::Same;
    c.given >= GivenLevel::Unlike
        || c.ordinals_differ
        || c.kinds_differ
        || c.named_as_sibling
        || !same_name && c.nhs == IdentifierLevel::Different
        || !same_name && c.twin_alike && !same_number(c)
        || !same_name && c.same_reference == Some(false) && c.birth == BirthLevel::Same
        || c.same_sex == Some(false) && !same_name && c.nhs != IdentifierLevel::Same
        || c.unborn && c.mother == ParentLevel::Different && c.family >= FamilyLevel::Missing
}

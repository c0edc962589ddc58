//! Turns the comparison of two records into a decision: match, possible (a person decides) or
//! different.

use super::addresses::{HouseLevel, PostcodeLevel};
use super::compare::{Comparison, ParentLevel, born_together};
use super::dates::BirthLevel;
use super::identifiers::IdentifierLevel;
use super::names::{FamilyLevel, GivenLevel};
use super::weights::{self, Population, Weight};
use crate::child::ChildBand;

/// The least weights of a match, against a stranger and against a sibling.
const MATCH: Weight = Weight {
    stranger: 600,
    sibling: 350,
};
/// The least weights of a question for a person.
const QUESTION: Weight = Weight {
    stranger: 400,
    sibling: 150,
};
/// The least weights of a pair that could become a match once all records of both groups are
/// considered.
const MIN_STRANGER_FOR_CANDIDATE: i32 = -900;
const MIN_SIBLING_FOR_CANDIDATE: i32 = -150;
/// The least weight of a match in a register of unrelated people, chosen on the data sets FEBRL 1
/// and 2.
const REGISTER_MATCH: i32 = -300;
/// The least weight of a question in such a register.
const REGISTER_QUESTION: i32 = -700;

/// Signs in two groups of records that they are of two children, in addition to the comparison of
/// their facts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SecondChildEvidence {
    /// An agency uses the same reference in both groups: a sign of one child.
    pub(crate) shared_reference: bool,
    /// An agency has a record in each group, under two references.
    pub(crate) two_references: bool,
    /// Such an agency also gives two given names there.
    pub(crate) two_names_at_one_agency: bool,
    /// A record refers to one of the other group as a brother or sister.
    pub(crate) declared_siblings: bool,
    /// In each group, several agencies use the same spelling of the given name, and no spelling
    /// occurs in both groups.
    pub(crate) two_established_spellings: bool,
    /// One agency spells the name in two ways or gives two second names; several agencies each
    /// misspell it; or as many pairs of records have two different names as have the same one.
    pub(crate) two_names: bool,
}

/// A decision on two records, or two groups of records, with the facts that later steps need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) band: ChildBand,
    /// The weight against the records' being of two strangers.
    pub(crate) stranger: i32,
    /// The weight against their being of two siblings.
    pub(crate) sibling: i32,
    /// Born on the same day in the same home: one child, or twins.
    pub(crate) born_together: bool,
    /// One has no given name or only an initial, so a twin would fit as well.
    pub(crate) is_unnamed: bool,
    pub(crate) given: GivenLevel,
    pub(crate) same_number: bool,
    /// At least one is unborn.
    pub(crate) unborn: bool,
}

impl Judgement {
    /// The strength of a match; stronger pairs are merged first.
    pub(crate) const fn strength(&self) -> i32 {
        self.stranger + self.sibling
    }

    /// The round in which a pair is first considered: pairs with the same name or number, then
    /// pairs with similar names, then pairs without a name.
    pub(crate) const fn merge_round(&self) -> u8 {
        match self.given {
            _ if self.is_unnamed => 2,
            GivenLevel::SameRare | GivenLevel::Same => 0,
            _ if self.same_number => 0,
            _ => 1,
        }
    }

    /// Whether the records cannot be of one child because known facts differ, not because too
    /// little is known.
    pub(crate) const fn is_contradicted(&self) -> bool {
        self.sibling < QUESTION.sibling
            || matches!(self.band, ChildBand::Different) && self.stranger >= QUESTION.stranger
    }

    /// Whether the pair could become a match once all records of both groups are considered.
    pub(crate) const fn could_become_match(&self) -> bool {
        self.stranger >= MIN_STRANGER_FOR_CANDIDATE && self.sibling >= MIN_SIBLING_FOR_CANDIDATE
    }
}

/// Decides on two records alone.
pub(crate) fn judge(comparison: &Comparison, population: Population) -> Judgement {
    judge_groups(comparison, SecondChildEvidence::default(), population)
}

/// Decides on two groups of records, each compared as one combined record.
pub(crate) fn judge_groups(
    comparison: &Comparison,
    second_child: SecondChildEvidence,
    population: Population,
) -> Judgement {
    let child = weights::child_weight(comparison, population);
    let family = weights::family_weight(comparison, population);
    let judgement = |band, stranger, sibling| Judgement {
        band,
        stranger,
        sibling,
        born_together: born_together(comparison),
        given: comparison.given,
        same_number: same_number(comparison),
        unborn: comparison.unborn,
        is_unnamed: matches!(comparison.given, GivenLevel::Missing | GivenLevel::Initial)
            && !same_number(comparison),
    };
    if population == Population::Register {
        let sum = weights::PRIOR.stranger + child.stranger + family;
        return judgement(
            band_by_weight(sum, i32::MAX, REGISTER_MATCH, REGISTER_QUESTION),
            sum,
            0,
        );
    }
    let capped = family.clamp(weights::MIN_FAMILY, weights::MAX_FAMILY);
    let pregnancy = weights::pregnancy_weight(comparison);
    let second_child_weight = weights::second_child_weight(comparison, second_child);
    let stranger = weights::PRIOR.stranger
        + child.stranger
        + capped
        + pregnancy
        + second_child_weight.stranger;
    let sibling =
        weights::PRIOR.sibling + child.sibling + pregnancy.min(0) + second_child_weight.sibling;
    judgement(
        band_with_vetoes(comparison, second_child, stranger, sibling),
        stranger,
        sibling,
    )
}

/// The band by weight alone. `match_at` and `question_at` are the least weights against a stranger.
const fn band_by_weight(stranger: i32, sibling: i32, match_at: i32, question_at: i32) -> ChildBand {
    if stranger >= match_at && sibling >= MATCH.sibling {
        ChildBand::Match
    } else if stranger >= question_at && sibling >= QUESTION.sibling {
        ChildBand::Possible
    } else {
        ChildBand::Different
    }
}

/// The band by weight, lowered by the few facts that no weight can outweigh.
fn band_with_vetoes(
    comparison: &Comparison,
    second_child: SecondChildEvidence,
    stranger: i32,
    sibling: i32,
) -> ChildBand {
    if let Some(band) = band_by_veto(comparison, second_child) {
        return band;
    }
    let band = band_by_weight(stranger, sibling, MATCH.stranger, QUESTION.stranger);
    if is_doubtful(comparison, second_child) {
        band.max(ChildBand::Possible)
    } else {
        band
    }
}

/// The band that a fact which no weight can outweigh leaves: possible where other facts show that
/// it may be an error, else different. `None` without such a fact.
fn band_by_veto(comparison: &Comparison, second_child: SecondChildEvidence) -> Option<ChildBand> {
    if comparison.kinds_differ || comparison.ordinals_differ {
        return Some(ChildBand::Different);
    }
    let same_number = same_number(comparison);
    let may_be_error = if comparison.nhs == IdentifierLevel::Different {
        // Two valid numbers belong to two children, unless all other facts show that one of them
        // was recorded wrongly.
        let all_else_agrees = comparison.given <= GivenLevel::Same
            && births_same(comparison)
            && (same_home(comparison) || comparison.family <= FamilyLevel::Same);
        all_else_agrees && !comparison.named_as_sibling
    } else if comparison.named_as_sibling || second_child.declared_siblings {
        same_number
    } else if comparison.given == GivenLevel::Distinct
        || comparison.given == GivenLevel::Unlike && !(same_number && births_same(comparison))
    {
        let same_family = same_home(comparison) || comparison.family <= FamilyLevel::Alike;
        same_number && births_agree(comparison) && comparison.same_sex != Some(false) && same_family
    } else {
        return None;
    };
    Some(if may_be_error {
        ChildBand::Possible
    } else {
        ChildBand::Different
    })
}

/// Whether two records may match at most as a question: births that differ, two names, one name of
/// several, or a mother's name alone.
fn is_doubtful(comparison: &Comparison, second_child: SecondChildEvidence) -> bool {
    let same_number = same_number(comparison);
    let births_differ = matches!(
        comparison.birth,
        BirthLevel::Different | BirthLevel::Generation
    );
    let doubtful_birth = if same_number {
        !births_agree(comparison) && !same_home(comparison)
    } else {
        births_differ
    };
    let two_names = second_child.two_names
        || second_child.two_established_spellings
            && matches!(comparison.given, GivenLevel::Slip | GivenLevel::Slips);
    doubtful_birth
        || !same_number && (two_names || comparison.one_of_several)
        || identified_only_by_mother(comparison)
}

fn same_number(comparison: &Comparison) -> bool {
    comparison.nhs == IdentifierLevel::Same || comparison.upn == IdentifierLevel::Same
}

const fn births_same(comparison: &Comparison) -> bool {
    matches!(
        comparison.birth,
        BirthLevel::Same | BirthLevel::DayMonthSwapped | BirthLevel::Slip
    )
}

const fn births_agree(comparison: &Comparison) -> bool {
    !matches!(
        comparison.birth,
        BirthLevel::Different | BirthLevel::Generation | BirthLevel::Near
    )
}

fn same_home(comparison: &Comparison) -> bool {
    comparison.house == HouseLevel::Same || same_mother(comparison)
}

const fn same_mother(comparison: &Comparison) -> bool {
    matches!(comparison.mother, ParentLevel::Certain | ParentLevel::Same)
}

/// Whether a baby without a name would be identified by its mother's name alone, which many mothers
/// share. Two houses in one postcode are two homes, and the names of both parents are weak evidence
/// across two homes.
fn identified_only_by_mother(comparison: &Comparison) -> bool {
    let one_postcode = comparison.postcode == PostcodeLevel::Same
        && matches!(comparison.house, HouseLevel::Street | HouseLevel::Missing);
    let two_homes = comparison.postcode == PostcodeLevel::Different;
    let other_evidence = comparison.house == HouseLevel::Same
        || one_postcode
        || comparison.mother == ParentLevel::Certain
        || comparison.father == ParentLevel::Certain
        || comparison.father == ParentLevel::Same && !two_homes;
    (comparison.unborn || comparison.given == GivenLevel::Missing)
        && !other_evidence
        && !same_number(comparison)
}

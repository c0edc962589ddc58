//! Compares two records fact by fact, by level of agreement. `weights` gives the weight of each
//! level.

use domain::{BirthDate, PersonKind, RelationshipKind, Sex};

use super::addresses::{self, HouseLevel, PostcodeLevel};
use super::dates::{self, BirthLevel};
use super::identifiers::{self, IdentifierLevel};
use super::names::{self, FamilyLevel, GivenLevel};
use super::prepared::{PreparedRecord, Relative};
use super::weights::{self, Population};
use super::words::WordInterner;

/// The most brothers and sisters of a record that are compared with another record's.
const MAX_SIBLINGS: usize = 8;

/// The level of agreement of two records' mothers, or fathers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParentLevel {
    /// The same by NHS number, or by name and date of birth.
    Certain,
    /// The same by name.
    Same,
    /// The same given name with a different family name.
    Alike,
    Missing,
    Different,
}

/// The level of agreement of each fact of two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "a list of independent facts, each read by name"
)]
pub(crate) struct Comparison {
    pub(crate) given: GivenLevel,
    pub(crate) family: FamilyLevel,
    /// The given names are two spellings of one name, which twins may have.
    pub(crate) two_spellings: bool,
    pub(crate) birth: BirthLevel,
    pub(crate) nhs: IdentifierLevel,
    pub(crate) upn: IdentifierLevel,
    pub(crate) same_sex: Option<bool>,
    /// Whether the references are the same, for two records of one agency.
    pub(crate) same_reference: Option<bool>,
    pub(crate) postcode: PostcodeLevel,
    pub(crate) house: HouseLevel,
    /// Number of words that the addresses share.
    pub(crate) address_words: u8,
    pub(crate) mother: ParentLevel,
    pub(crate) father: ParentLevel,
    /// Number of brothers and sisters whom both records name; those with the same birthday count
    /// three times.
    pub(crate) siblings: u8,
    pub(crate) same_school: bool,
    pub(crate) same_gp: bool,
    /// At least one is unborn.
    pub(crate) unborn: bool,
    /// One record names a twin whom the other record could be of: it has a similar name or none
    /// yet.
    pub(crate) twin_alike: bool,
    /// At least one is a placeholder for one child of twins or triplets.
    pub(crate) one_of_several: bool,
    /// One is the first and the other the second of twins.
    pub(crate) ordinals_differ: bool,
    /// One record names the other as a brother or sister.
    pub(crate) named_as_sibling: bool,
    /// One is a child's record, the other an adult's.
    pub(crate) kinds_differ: bool,
}

impl Comparison {
    /// Compares two records.
    pub(crate) fn new(words: &WordInterner, a: &PreparedRecord, b: &PreparedRecord) -> Self {
        let (given, family) = names::compare(words, &a.forms, &b.forms);
        let is_parents_name = family == FamilyLevel::Different
            && (has_parents_family_name(words, a, b) || has_parents_family_name(words, b, a));
        let family = if is_parents_name {
            FamilyLevel::Part
        } else {
            family
        };
        let (postcode, house, address_words) =
            addresses::compare(words, &a.addresses, &b.addresses);
        let ordinal = |record: &PreparedRecord| {
            record
                .placeholder
                .and_then(|placeholder| placeholder.ordinal)
        };
        let ordinals = ordinal(a).zip(ordinal(b));
        let is_one_of_several = |record: &PreparedRecord| {
            record
                .placeholder
                .is_some_and(|placeholder| placeholder.is_multiple)
        };
        Self {
            given,
            family,
            two_spellings: matches!(given, GivenLevel::Form | GivenLevel::Swapped)
                && names::two_spellings(words, &a.forms, &b.forms),
            birth: compare_births(a, b),
            nhs: identifiers::compare(a.nhs, b.nhs),
            upn: identifiers::compare(a.upn, b.upn),
            same_sex: same_sex(a.sex, b.sex),
            same_reference: same_reference(a, b),
            postcode,
            house,
            address_words,
            mother: compare_parents(words, a, b, RelationshipKind::MotherOf),
            father: compare_parents(words, a, b, RelationshipKind::FatherOf),
            siblings: count_shared_siblings(words, a, b),
            same_school: a.school != 0 && a.school == b.school,
            same_gp: a.gp != 0 && a.gp == b.gp,
            unborn: a.is_unborn() || b.is_unborn(),
            twin_alike: has_similar_twin(words, a, b) || has_similar_twin(words, b, a),
            one_of_several: is_one_of_several(a) || is_one_of_several(b),
            ordinals_differ: ordinals.is_some_and(|(x, y)| x != y),
            named_as_sibling: names_as_sibling(words, a, b) || names_as_sibling(words, b, a),
            kinds_differ: a.kind != b.kind
                && (a.kind == PersonKind::Adult || b.kind == PersonKind::Adult),
        }
    }
}

/// Whether `b` has the family name of a parent of `a`. Many children are known by either parent's
/// name.
fn has_parents_family_name(words: &WordInterner, a: &PreparedRecord, b: &PreparedRecord) -> bool {
    let parents = [RelationshipKind::MotherOf, RelationshipKind::FatherOf]
        .into_iter()
        .flat_map(|kind| a.relatives_of(kind));
    let mut parents = parents.filter(|parent| !parent.name.family.is_empty());
    parents.any(|parent| {
        b.forms
            .iter()
            .any(|form| names::family_level(words, form, &parent.name) <= FamilyLevel::Alike)
    })
}

/// Whether two records are of people born on the same day in the same home.
pub(crate) fn born_together(c: &Comparison) -> bool {
    c.birth == BirthLevel::Same
        && (c.house == HouseLevel::Same
            || c.postcode == PostcodeLevel::Same
            || matches!(c.mother, ParentLevel::Certain | ParentLevel::Same))
}

/// The best agreement of any two dates of birth of the records.
fn compare_births(a: &PreparedRecord, b: &PreparedRecord) -> BirthLevel {
    let births = |record: &PreparedRecord| -> Vec<BirthDate> {
        record
            .birth
            .into_iter()
            .chain(record.other_births.iter().copied())
            .collect()
    };
    let births_a = births(a);
    let births_b = births(b);
    let levels = births_a
        .iter()
        .flat_map(|x| births_b.iter().map(|y| dates::compare(Some(*x), Some(*y))));
    let weight = |level: &BirthLevel| weights::birth_weight(*level, Population::Families).stranger;
    levels.max_by_key(weight).unwrap_or(BirthLevel::Missing)
}

/// The number of brothers and sisters whom both records name; those with the same birthday count
/// three times.
fn count_shared_siblings(words: &WordInterner, a: &PreparedRecord, b: &PreparedRecord) -> u8 {
    let named_siblings = |record: &PreparedRecord| -> Vec<Relative> {
        let siblings = record
            .relatives
            .iter()
            .filter(|relative| is_sibling(relative.kind) && !relative.name.given.is_empty());
        siblings.take(MAX_SIBLINGS).cloned().collect()
    };
    let siblings_a = named_siblings(a);
    let mut siblings_b = named_siblings(b);
    let mut sum = 0_u8;
    for x in &siblings_a {
        let same = siblings_b.iter().position(|y| {
            let births_agree = x.birth.zip(y.birth).is_none_or(|(x, y)| x == y);
            births_agree && names::compare_forms(words, &x.name, &y.name).0 <= GivenLevel::Form
        });
        if let Some(at) = same {
            let y = siblings_b.swap_remove(at);
            sum = sum.saturating_add(if x.birth.is_some() && y.birth.is_some() {
                3
            } else {
                1
            });
        }
    }
    sum
}

/// Whether the sexes are the same; `None` unless both are recorded as female or male.
fn same_sex(a: Sex, b: Sex) -> Option<bool> {
    let is_recorded = |sex| matches!(sex, Sex::Female | Sex::Male);
    (is_recorded(a) && is_recorded(b)).then_some(a == b)
}

/// Whether the references are the same; `None` unless both are references of one agency for born
/// children.
fn same_reference(a: &PreparedRecord, b: &PreparedRecord) -> Option<bool> {
    let is_comparable = !a.is_unborn()
        && !b.is_unborn()
        && a.agency != 0
        && a.agency == b.agency
        && a.reference != 0
        && b.reference != 0;
    is_comparable.then_some(a.reference == b.reference)
}

/// The best agreement of any two parents of one kind.
fn compare_parents(
    words: &WordInterner,
    a: &PreparedRecord,
    b: &PreparedRecord,
    kind: RelationshipKind,
) -> ParentLevel {
    let pairs = a
        .relatives_of(kind)
        .flat_map(|x| b.relatives_of(kind).map(move |y| (x, y)));
    let mut best = ParentLevel::Missing;
    for (x, y) in pairs {
        match compare_adults(words, x, y) {
            ParentLevel::Certain => return ParentLevel::Certain,
            ParentLevel::Same => best = ParentLevel::Same,
            ParentLevel::Alike if best != ParentLevel::Same => best = ParentLevel::Alike,
            ParentLevel::Different if best == ParentLevel::Missing => best = ParentLevel::Different,
            _ => {}
        }
    }
    best
}

/// The agreement of two mentions of a parent by names, births and numbers.
pub(crate) fn compare_adults(words: &WordInterner, x: &Relative, y: &Relative) -> ParentLevel {
    if identifiers::compare(x.nhs, y.nhs) == IdentifierLevel::Same
        && x.nhs.is_some_and(|nhs| nhs.valid)
    {
        return ParentLevel::Certain;
    }
    let (given, family) = names::compare_forms(words, &x.name, &y.name);
    if given >= GivenLevel::Unlike || births_contradict(x, y) {
        return ParentLevel::Different;
    }
    let has_exact_birth = x.birth.is_some_and(|birth| !dates::is_new_year(birth));
    if given <= GivenLevel::Slips && has_exact_birth && x.birth == y.birth {
        return ParentLevel::Certain;
    }
    match (given, family) {
        (GivenLevel::Missing, _) => ParentLevel::Missing,
        (GivenLevel::Initial, FamilyLevel::Different | FamilyLevel::Missing) => {
            ParentLevel::Missing
        }
        (GivenLevel::Initial, _) | (_, FamilyLevel::Different | FamilyLevel::Missing) => {
            ParentLevel::Alike
        }
        _ => ParentLevel::Same,
    }
}

/// Whether `a` names a twin whom `b` could be of.
fn has_similar_twin(words: &WordInterner, a: &PreparedRecord, b: &PreparedRecord) -> bool {
    a.declared_twins().any(|twin| {
        b.forms
            .iter()
            .any(|form| names::compare_forms(words, form, &twin.name).0 <= GivenLevel::Missing)
    })
}

/// Whether the birthdays of two mentions cannot be of one person.
fn births_contradict(x: &Relative, y: &Relative) -> bool {
    let born = |relative: &Relative| {
        relative.birth.map(|date| BirthDate {
            date,
            expected: false,
        })
    };
    matches!(
        dates::compare(born(x), born(y)),
        BirthLevel::Different | BirthLevel::Generation
    )
}

/// Whether `a` refers to `b` as its brother or sister, or names a brother or sister with exactly
/// the name of `b` and not that of `a`.
fn names_as_sibling(words: &WordInterner, a: &PreparedRecord, b: &PreparedRecord) -> bool {
    a.relatives
        .iter()
        .filter(|relative| is_sibling(relative.kind))
        .any(|sibling| {
            let refers_to_b = sibling.key != 0 && sibling.key == b.key
                || sibling.reference != 0 && sibling.reference == b.reference;
            let has_name = |record: &PreparedRecord| {
                record.forms.iter().any(|form| {
                    names::compare_forms(words, form, &sibling.name).0 <= GivenLevel::Same
                })
            };
            refers_to_b && a.key != b.key || has_name(b) && !has_name(a)
        })
}

pub(crate) const fn is_sibling(kind: RelationshipKind) -> bool {
    matches!(
        kind,
        RelationshipKind::SiblingOf | RelationshipKind::HalfSiblingOf | RelationshipKind::TwinOf
    )
}

//! Two records side by side: how each fact agrees. What that is worth stands in `weights`.

use domain::{BirthDate, PersonKind, RelationshipKind, Sex};

use super::addresses::{self, HouseLevel, PostcodeLevel};
use super::dates::{self, BirthLevel};
use super::identifiers::{self, IdentifierLevel};
use super::names::{self, FamilyLevel, GivenLevel};
use super::prepared::{Person, Relative};
use super::weights::{self, Population};
use super::words::Words;

/// The most brothers and sisters of a record that are looked for in another.
const SIBLINGS: usize = 8;

/// How two people's mothers, or fathers, agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParentLevel {
    /// By number, or by name and birth.
    Sure,
    Same,
    /// The given name, with another family name.
    Alike,
    Missing,
    Different,
}

/// How each fact of two records agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "a list of independent facts, each read by name")]
pub(crate) struct Comparison {
    pub(crate) given: GivenLevel,
    pub(crate) family: FamilyLevel,
    /// Two spellings of one given name, which twins may bear.
    pub(crate) two_spellings: bool,
    pub(crate) birth: BirthLevel,
    pub(crate) nhs: IdentifierLevel,
    pub(crate) upn: IdentifierLevel,
    pub(crate) same_sex: Option<bool>,
    /// Of one agency: whether its own references are the same.
    pub(crate) same_reference: Option<bool>,
    pub(crate) postcode: PostcodeLevel,
    pub(crate) house: HouseLevel,
    /// How many words of the address agree.
    pub(crate) address_words: u8,
    pub(crate) mother: ParentLevel,
    pub(crate) father: ParentLevel,
    /// Brothers and sisters whom both name.
    pub(crate) siblings: u8,
    pub(crate) same_school: bool,
    pub(crate) same_gp: bool,
    /// At least one is unborn.
    pub(crate) unborn: bool,
    /// One names a twin whom the other could be: called alike, or not named yet.
    pub(crate) twin_alike: bool,
    /// At least one is a placeholder for one of several.
    pub(crate) one_of_several: bool,
    /// Twin one and twin two.
    pub(crate) ordinals_differ: bool,
    /// One record names the other as a brother or sister.
    pub(crate) named_as_sibling: bool,
    /// A child and an adult.
    pub(crate) kinds_differ: bool,
}

impl Comparison {
    pub(crate) fn of(words: &Words, a: &Person, b: &Person) -> Self {
        let (given, family) = names::compare(words, &a.forms, &b.forms);
        let borne =
            family == FamilyLevel::Different && (bears_parents_name(words, a, b) || bears_parents_name(words, b, a));
        let family = if borne { FamilyLevel::Part } else { family };
        let (postcode, house, address_words) = addresses::compare(words, &a.addresses, &b.addresses);
        let ordinals = (a.placeholder.and_then(|p| p.ordinal)).zip(b.placeholder.and_then(|p| p.ordinal));
        let several = |p: &Person| p.placeholder.is_some_and(|placeholder| placeholder.multiple);
        Self {
            given,
            family,
            two_spellings: matches!(given, GivenLevel::Form | GivenLevel::Swapped)
                && names::two_spellings(words, &a.forms, &b.forms),
            birth: births(a, b),
            nhs: identifiers::compare(a.nhs, b.nhs),
            upn: identifiers::compare(a.upn, b.upn),
            same_sex: same_sex(a.sex, b.sex),
            same_reference: same_reference(a, b),
            postcode,
            house,
            address_words,
            mother: parents(words, a, b, RelationshipKind::MotherOf),
            father: parents(words, a, b, RelationshipKind::FatherOf),
            siblings: siblings_in_common(words, a, b),
            same_school: a.school != 0 && a.school == b.school,
            same_gp: a.gp != 0 && a.gp == b.gp,
            unborn: a.is_unborn() || b.is_unborn(),
            twin_alike: twin_alike(words, a, b) || twin_alike(words, b, a),
            one_of_several: several(a) || several(b),
            ordinals_differ: ordinals.is_some_and(|(x, y)| x != y),
            named_as_sibling: names_as_sibling(words, a, b) || names_as_sibling(words, b, a),
            kinds_differ: a.kind != b.kind && (a.kind == PersonKind::Adult || b.kind == PersonKind::Adult),
        }
    }
}

/// Whether `b` bears the family name of a parent of `a`: many children are known by either.
fn bears_parents_name(words: &Words, a: &Person, b: &Person) -> bool {
    let parents =
        [RelationshipKind::MotherOf, RelationshipKind::FatherOf].into_iter().flat_map(|kind| a.relatives_of(kind));
    let mut parents = parents.filter(|parent| !parent.name.family.is_empty());
    parents
        .any(|parent| b.forms.iter().any(|form| names::family_level(words, form, &parent.name) <= FamilyLevel::Alike))
}

/// Whether two people were born on one day in one home, as far as the records say.
pub(crate) fn born_together(c: &Comparison) -> bool {
    c.birth == BirthLevel::Same
        && (c.house == HouseLevel::Same
            || c.postcode == PostcodeLevel::Same
            || matches!(c.mother, ParentLevel::Sure | ParentLevel::Same))
}

/// The best agreement of any two days of birth that the records give.
fn births(a: &Person, b: &Person) -> BirthLevel {
    let all = |person: &Person| -> Vec<BirthDate> {
        person.birth.into_iter().chain(person.other_births.iter().copied()).collect()
    };
    let (ours, theirs) = (all(a), all(b));
    let levels = ours.iter().flat_map(|x| theirs.iter().map(|y| dates::compare(Some(*x), Some(*y))));
    levels.max_by_key(|level| weights::birth(*level, Population::Families).stranger).unwrap_or(BirthLevel::Missing)
}

/// How many brothers and sisters both name, those with the same birthday counted thrice.
fn siblings_in_common(words: &Words, a: &Person, b: &Person) -> u8 {
    let named = |person: &Person| -> Vec<Relative> {
        let siblings = person.relatives.iter().filter(|one| is_sibling(one.kind) && !one.name.given.is_empty());
        siblings.take(SIBLINGS).cloned().collect()
    };
    let (ours, mut theirs) = (named(a), named(b));
    let mut sum = 0_u8;
    for x in &ours {
        let same = theirs.iter().position(|y| {
            let births = x.birth.zip(y.birth).is_none_or(|(x, y)| x == y);
            births && names::compare_forms(words, &x.name, &y.name).0 <= GivenLevel::Form
        });
        if let Some(at) = same {
            let y = theirs.swap_remove(at);
            sum = sum.saturating_add(if x.birth.is_some() && y.birth.is_some() { 3 } else { 1 });
        }
    }
    sum
}

fn same_sex(a: Sex, b: Sex) -> Option<bool> {
    let told = |sex| matches!(sex, Sex::Female | Sex::Male);
    (told(a) && told(b)).then_some(a == b)
}

fn same_reference(a: &Person, b: &Person) -> Option<bool> {
    let told = !a.is_unborn()
        && !b.is_unborn()
        && a.agency != 0
        && a.agency == b.agency
        && a.reference != 0
        && b.reference != 0;
    told.then_some(a.reference == b.reference)
}

fn parents(words: &Words, a: &Person, b: &Person, kind: RelationshipKind) -> ParentLevel {
    let pairs = a.relatives_of(kind).flat_map(|x| b.relatives_of(kind).map(move |y| (x, y)));
    let mut best = ParentLevel::Missing;
    for (x, y) in pairs {
        match same_adult(words, x, y) {
            ParentLevel::Sure => return ParentLevel::Sure,
            ParentLevel::Same => best = ParentLevel::Same,
            ParentLevel::Alike if best != ParentLevel::Same => best = ParentLevel::Alike,
            ParentLevel::Different if best == ParentLevel::Missing => best = ParentLevel::Different,
            _ => {}
        }
    }
    best
}

/// Whether two mentions of a parent are the same person, as far as names, births and numbers say.
pub(crate) fn same_adult(words: &Words, x: &Relative, y: &Relative) -> ParentLevel {
    if identifiers::compare(x.nhs, y.nhs) == IdentifierLevel::Same && x.nhs.is_some_and(|nhs| nhs.valid) {
        return ParentLevel::Sure;
    }
    let (given, family) = names::compare_forms(words, &x.name, &y.name);
    if given >= GivenLevel::Unlike || births_exclude(x, y) {
        return ParentLevel::Different;
    }
    let told = x.birth.is_some_and(|birth| !dates::is_new_year(birth));
    if given <= GivenLevel::Slips && told && x.birth == y.birth {
        return ParentLevel::Sure;
    }
    match (given, family) {
        (GivenLevel::Missing, _) => ParentLevel::Missing,
        (GivenLevel::Initial, FamilyLevel::Different | FamilyLevel::Missing) => ParentLevel::Missing,
        (GivenLevel::Initial, _) | (_, FamilyLevel::Different | FamilyLevel::Missing) => ParentLevel::Alike,
        _ => ParentLevel::Same,
    }
}

/// Whether `a` has a twin whom `b` could be.
fn twin_alike(words: &Words, a: &Person, b: &Person) -> bool {
    a.twins()
        .any(|twin| b.forms.iter().any(|form| names::compare_forms(words, form, &twin.name).0 <= GivenLevel::Missing))
}

fn births_exclude(x: &Relative, y: &Relative) -> bool {
    let born = |relative: &Relative| relative.birth.map(|date| BirthDate { date, expected: false });
    matches!(dates::compare(born(x), born(y)), BirthLevel::Different | BirthLevel::Generation)
}

/// Whether `a` names, as its brother or sister, one who is called exactly like `b` and not like `a` itself, or points at `b`.
fn names_as_sibling(words: &Words, a: &Person, b: &Person) -> bool {
    a.relatives.iter().filter(|relative| is_sibling(relative.kind)).any(|sibling| {
        let points =
            sibling.key != 0 && sibling.key == b.key || sibling.reference != 0 && sibling.reference == b.reference;
        let called = |person: &Person| {
            person.forms.iter().any(|form| names::compare_forms(words, form, &sibling.name).0 <= GivenLevel::Same)
        };
        points && a.key != b.key || called(b) && !called(a)
    })
}

pub(crate) const fn is_sibling(kind: RelationshipKind) -> bool {
    matches!(kind, RelationshipKind::SiblingOf | RelationshipKind::HalfSiblingOf | RelationshipKind::TwinOf)
}

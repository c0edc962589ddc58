//! Compares two children: whether they are of one family, and through which relatives.
//!
//! Weights are in hundredths of a bit, after Fellegi and Sunter, as in `weights`:
//!
//! | fact | weight | why |
//! |---|---|---|
//! | prior odds | -1800 | one in about 260,000 pairs |
//! | a parent's NHS number | 2600 | |
//! | a parent's given name: common, rarer, only similar | 400, 500, 350 | one in 60 or fewer; less, as names go with families |
//! | a parent's family name: common, rarer, similar | 350, 500, 300 | likewise |
//! | a parent's date of birth, in addition to the name | 1200 | one in about 9,000 days |
//! | two mothers; two fathers | -700; -300 | full siblings are more frequent than half-siblings |
//! | the same house at the same time; by number and street alone | 1800; 800 | |
//! | the same house at different times | half of that | |
//! | a hostel or another shared address | 300 | |
//! | one form | 1900 | agencies send families together |
//! | referred to as brother or sister | 2400 | |
//! | named as brother or sister; with the birthday; with the whole name too | 450; 1650; 2300 | |
//! | a third child named by both as brother or sister; with its birthday | 150; 1300 | |
//! | the children's family name: common, rarer, similar, different | 400, 600, 400, -250 | less with the same mother |

use domain::RelationshipKind;
use time::Date;

use super::super::addresses::{self, Address, HouseLevel, PostcodeLevel};
use super::super::compare::{ParentLevel, compare_adults};
use super::super::dates;
use super::super::evidence::{Reason, ReasonCode as R};
use super::super::identifiers;
use super::super::name_forms::NameForm;
use super::super::names::{self, FamilyLevel, GivenLevel};
use super::super::prepared::{Relative, hash_parts};
use super::super::words::WordInterner;
use super::SharedAddresses;
use super::child::FamilyChild;

/// The prior odds.
pub(super) const PRIOR: i32 = -1800;
/// The weight of a birthday in addition to a name.
const BIRTH: i32 = 1200;
/// The weight of a birthday in addition to exactly the same given and family name: no two children
/// of a county share all three by chance.
const BIRTH_WITH_WHOLE_NAME: i32 = 1850;
/// The weight of a rare given name together with a rare family name.
const RARE_PARENT_NAME: i32 = 1000;
/// The greatest total weight of brothers and sisters mentioned by name.
const MAX_DECLARED_SIBLINGS: i32 = 2600;

/// The agreement of two children's families.
#[derive(Debug, Default)]
pub(super) struct Kinship {
    pub(super) weight: i32,
    pub(super) same_mother: bool,
    pub(super) mothers_differ: bool,
    pub(super) fathers_differ: bool,
    /// Whether the fathers may be the same man, judged by name.
    pub(super) same_father: bool,
    /// Whether one is named as the other's brother or sister, or an agency sent them on one form.
    pub(super) declared_related: bool,
    /// Whether they have the same home, are on one form, or are named as full siblings.
    pub(super) same_home: bool,
    /// Whether more than names and practices agrees: a home, a form, a birthday, a number, or both
    /// parents.
    pub(super) has_strong_evidence: bool,
    pub(super) reasons: Vec<Reason>,
}

impl Kinship {
    /// Adds the weight of a reason.
    fn add(&mut self, code: R, weight: i32) {
        self.weight += weight;
        self.reasons.push(Reason::new(code, weight));
    }

    /// Compares two children. Fathers of different households are compared later, with the
    /// households.
    pub(super) fn new(
        words: &WordInterner,
        shared_addresses: &SharedAddresses,
        a: &FamilyChild,
        b: &FamilyChild,
    ) -> Self {
        let mut kinship = Self {
            weight: PRIOR,
            ..Self::default()
        };
        let (mother, mother_weight) = compare_parents(words, &a.mothers, &b.mothers);
        kinship.same_mother = matches!(mother, ParentLevel::Certain | ParentLevel::Same);
        kinship.mothers_differ = mother == ParentLevel::Different;
        match mother {
            ParentLevel::Certain | ParentLevel::Same => kinship.add(R::MotherSame, mother_weight),
            ParentLevel::Alike => kinship.add(R::MotherAlike, 0),
            ParentLevel::Different => kinship.add(R::MotherDifferent, -700),
            ParentLevel::Missing => {}
        }
        kinship.has_strong_evidence = kinship.same_mother && mother_weight >= BIRTH;
        let (father, father_weight) = compare_parents(words, &a.fathers, &b.fathers);
        kinship.fathers_differ = father == ParentLevel::Different;
        kinship.same_father = matches!(
            father,
            ParentLevel::Certain | ParentLevel::Same | ParentLevel::Alike
        );
        match father {
            ParentLevel::Certain | ParentLevel::Same if kinship.same_mother => {
                kinship.has_strong_evidence |=
                    father_weight >= BIRTH || father_weight.max(mother_weight) >= RARE_PARENT_NAME;
                kinship.add(R::FatherSame, father_weight);
            }
            ParentLevel::Certain | ParentLevel::Same if !kinship.mothers_differ => {
                kinship.add(R::FatherSame, father_weight / 2);
            }
            ParentLevel::Different if !kinship.same_mother => kinship.add(R::FatherDifferent, -300),
            _ => {}
        }
        let (code, weight) = compare_family_names(words, a, b, kinship.same_mother);
        code.into_iter().for_each(|code| kinship.add(code, weight));
        kinship.compare_homes(words, shared_addresses, a, b);
        kinship.compare_declarations(words, a, b);
        kinship
    }

    /// Compares homes and general practices.
    fn compare_homes(
        &mut self,
        words: &WordInterner,
        shared_addresses: &SharedAddresses,
        a: &FamilyChild,
        b: &FamilyChild,
    ) {
        let pairs = a
            .homes
            .iter()
            .flat_map(|x| b.homes.iter().map(move |y| (x, y)));
        let best = pairs
            .map(|(x, y)| compare_home_pair(words, shared_addresses, x, y))
            .max();
        let (weight, code) = best.unwrap_or((0, R::AddressDifferent));
        if weight > 0 {
            self.same_home |= code == R::HouseSame;
            self.has_strong_evidence |= code == R::HouseSame;
            self.add(code, weight);
        }
        if a.practices
            .iter()
            .any(|practice| b.practices.contains(practice))
        {
            self.add(R::PracticeSame, 100);
        }
    }

    /// Compares what agencies declare: one form, or brothers and sisters named on records.
    fn compare_declarations(&mut self, words: &WordInterner, a: &FamilyChild, b: &FamilyChild) {
        if a.family_references
            .iter()
            .any(|reference| b.family_references.contains(reference))
        {
            self.same_home = true;
            self.has_strong_evidence = true;
            self.declared_related = true;
            self.add(R::OneForm, 1900);
        }
        let declared = declared_as_sibling(words, a, b)
            .into_iter()
            .chain(declared_as_sibling(words, b, a))
            .max();
        let third_weight = shared_third_sibling_weight(words, a, b);
        let (is_full_sibling, weight) = declared.unwrap_or((false, 0));
        self.has_strong_evidence |= weight >= BIRTH || third_weight >= BIRTH;
        self.declared_related |= declared.is_some();
        if weight + third_weight > 0 {
            self.same_home |= is_full_sibling && !self.mothers_differ && !self.fathers_differ;
            self.add(
                R::NamedAsSibling,
                (weight + third_weight).min(MAX_DECLARED_SIBLINGS),
            );
        }
    }
}

/// The best agreement of any two mentions of a parent, with its weight.
pub(super) fn compare_parents(
    words: &WordInterner,
    a: &[Relative],
    b: &[Relative],
) -> (ParentLevel, i32) {
    let rank = |level| match level {
        ParentLevel::Certain => 4,
        ParentLevel::Same => 3,
        ParentLevel::Alike => 2,
        ParentLevel::Different => 1,
        ParentLevel::Missing => 0,
    };
    let mut best = (ParentLevel::Missing, 0);
    for x in a {
        for y in b {
            let level = compare_adults(words, x, y);
            let weight = if rank(level) >= 2 {
                adult_weight(words, x, y)
            } else {
                0
            };
            if (rank(level), weight) > (rank(best.0), best.1) {
                best = (level, weight);
            }
        }
    }
    best
}

/// Whether the known birthdays of a parent can only be those of two people.
pub(super) fn births_contradict(a: &[Relative], b: &[Relative]) -> bool {
    let births = |mentions: &[Relative]| {
        mentions
            .iter()
            .filter_map(|mention| mention.birth)
            .collect::<Vec<_>>()
    };
    let births_a = births(a);
    let births_b = births(b);
    let is_compatible = |x: &Date| births_b.iter().any(|y| dates::births_compatible(*x, *y));
    !births_a.is_empty() && !births_b.is_empty() && !births_a.iter().any(is_compatible)
}

/// The weight of two mentions of the same adult.
fn adult_weight(words: &WordInterner, x: &Relative, y: &Relative) -> i32 {
    if identifiers::compare(x.nhs, y.nhs) == identifiers::IdentifierLevel::Same {
        return 2600;
    }
    let (given, family) = names::compare_forms(words, &x.name, &y.name);
    let given = match given {
        GivenLevel::SameRare => 500,
        GivenLevel::Same => 400,
        GivenLevel::Initial => 100,
        _ => 350,
    };
    let family = match family {
        FamilyLevel::SameRare => 500,
        FamilyLevel::Same => 350,
        FamilyLevel::Missing | FamilyLevel::Different => 0,
        _ => 300,
    };
    let birth = if x.birth.is_some() && x.birth == y.birth {
        BIRTH
    } else {
        0
    };
    given + family + birth
}

/// Compares the children's family names, which weigh little in addition to the same mother. A
/// child's name can be that of the other child's parent.
fn compare_family_names(
    words: &WordInterner,
    a: &FamilyChild,
    b: &FamilyChild,
    same_mother: bool,
) -> (Option<R>, i32) {
    match family_level(words, a, b) {
        Some(FamilyLevel::SameRare) => {
            (Some(R::FamilyNameSame), if same_mother { 250 } else { 600 })
        }
        Some(FamilyLevel::Same) => (Some(R::FamilyNameSame), if same_mother { 150 } else { 400 }),
        Some(FamilyLevel::Different)
            if has_parents_family_name(words, a, b) || has_parents_family_name(words, b, a) =>
        {
            (
                Some(R::FamilyNameAlike),
                if same_mother { 100 } else { 300 },
            )
        }
        Some(FamilyLevel::Different) => (
            Some(R::FamilyNameDifferent),
            if same_mother { -50 } else { -250 },
        ),
        Some(_) => (
            Some(R::FamilyNameAlike),
            if same_mother { 150 } else { 400 },
        ),
        None => (None, 0),
    }
}

/// The best agreement of the children's own family names; `None` if one has none.
pub(super) fn family_level(
    words: &WordInterner,
    a: &FamilyChild,
    b: &FamilyChild,
) -> Option<FamilyLevel> {
    let level = |x: &NameForm, y: &NameForm| names::family_level(words, x, y);
    let best = a
        .forms
        .iter()
        .flat_map(|x| b.forms.iter().map(move |y| level(x, y)));
    best.filter(|level| *level != FamilyLevel::Missing).min()
}

/// Whether `b` has the family name of a parent of `a`.
fn has_parents_family_name(words: &WordInterner, a: &FamilyChild, b: &FamilyChild) -> bool {
    let same = |parent: &Relative| {
        b.forms
            .iter()
            .any(|form| names::family_level(words, form, &parent.name) <= FamilyLevel::Same)
    };
    a.mothers.iter().chain(&a.fathers).any(same)
}

/// Compares two addresses.
fn compare_home_pair(
    words: &WordInterner,
    shared_addresses: &SharedAddresses,
    x: &Address,
    y: &Address,
) -> (i32, R) {
    let same_house = addresses::compare_houses(words, x, y) == HouseLevel::Same;
    let same_number = !x.numbers.is_empty() && x.numbers == y.numbers;
    let postcode = addresses::compare_postcodes(x.postcode, y.postcode);
    let weight = match (postcode, same_house) {
        (PostcodeLevel::Same, _) if same_house || same_number => 1800,
        (PostcodeLevel::Slip, true) => 1800,
        (PostcodeLevel::Missing, true) => 800,
        (PostcodeLevel::Same, _) => return (500, R::PostcodeSame),
        _ => return (0, R::AddressDifferent),
    };
    if x.is_shared_accommodation
        || y.is_shared_accommodation
        || shared_addresses.is_shared(words, x)
    {
        return (300, R::SharedAddress);
    }
    if x.overlaps(y) {
        (weight, R::HouseSame)
    } else {
        (weight / 2, R::PostcodeSame)
    }
}

/// Whether a record of `a` names `b` as a full sibling, with the weight; `None` if it does not name
/// `b` as a sibling at all.
fn declared_as_sibling(
    words: &WordInterner,
    a: &FamilyChild,
    b: &FamilyChild,
) -> Option<(bool, i32)> {
    let is_full = |sibling: &Relative| sibling.kind != RelationshipKind::HalfSiblingOf;
    let declared = a
        .siblings
        .iter()
        .filter_map(|sibling| Some((is_full(sibling), sibling_weight(words, sibling, b)?)));
    declared.max_by_key(|(is_full, weight)| (*weight, *is_full))
}

/// The weight of a mention of a sibling that refers to `child` or names it; `None` if it does
/// neither.
pub(super) fn sibling_weight(
    words: &WordInterner,
    sibling: &Relative,
    child: &FamilyChild,
) -> Option<i32> {
    let refers_to_child = child
        .pointers
        .iter()
        .any(|pointer| *pointer == sibling.key || *pointer == sibling.reference);
    if refers_to_child {
        Some(2400)
    } else {
        sibling_name_weight(words, sibling, child)
    }
}

/// The weight of a mention of a sibling with the name of `child`.
fn sibling_name_weight(
    words: &WordInterner,
    sibling: &Relative,
    child: &FamilyChild,
) -> Option<i32> {
    if sibling
        .birth
        .is_some_and(|birth| !child.births.is_empty() && !child.births.contains(&birth))
    {
        return None;
    }
    let levels = child
        .forms
        .iter()
        .map(|form| names::compare_forms(words, form, &sibling.name));
    let (given, family) = levels.min_by_key(|(given, family)| (*given, *family))?;
    let same_birth = sibling
        .birth
        .filter(|_| !child.births.is_empty())
        .map(|birth| child.births.contains(&birth));
    if given > GivenLevel::Slip || same_birth == Some(false) {
        return None;
    }
    let given_weight = if given <= GivenLevel::Same { 450 } else { 300 };
    let family_weight = if family <= FamilyLevel::Part { 0 } else { -300 };
    let is_whole_name =
        given <= GivenLevel::Same && family_weight == 0 && !sibling.name.family.is_empty();
    let birth_weight = if is_whole_name {
        BIRTH_WITH_WHOLE_NAME
    } else {
        BIRTH
    };
    Some(
        given_weight
            + family_weight
            + if same_birth == Some(true) {
                birth_weight
            } else {
                0
            },
    )
}

/// The weight of other children whom both records name as a brother or sister.
fn shared_third_sibling_weight(words: &WordInterner, a: &FamilyChild, b: &FamilyChild) -> i32 {
    let mut sum = 0;
    let mut counted: Vec<u64> = Vec::new();
    for x in &a.siblings {
        for y in &b.siblings {
            let (given, family) = names::compare_forms(words, &x.name, &y.name);
            let key = hash_parts(&[&format!("{:?}", x.name.given.first())]);
            let same_name = given <= GivenLevel::Same && family <= FamilyLevel::Part;
            let same_birth = x.birth.zip(y.birth).map(|(x, y)| x == y);
            if same_name && same_birth != Some(false) && !counted.contains(&key) {
                counted.push(key);
                sum += if same_birth == Some(true) { 1300 } else { 150 };
            }
        }
    }
    sum
}

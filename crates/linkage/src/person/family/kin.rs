//! Two children side by side: whether they are of one family, and through whom.
//!
//! Weights are hundredths of a bit, after Fellegi and Sunter, as in `weights`:
//!
//! | fact | weight | why |
//! |---|---|---|
//! | before anything is known | -1800 | one in about 260,000 pairs |
//! | a parent's NHS number | 2600 | |
//! | a parent's given name: common, rarer, only alike | 400, 500, 350 | one in 60 or fewer; less, as names go with families |
//! | a parent's family name: common, rarer, alike | 350, 500, 300 | likewise |
//! | a parent's day of birth, beside the name | 1200 | one in about 9,000 days |
//! | two mothers; two fathers | -700; -300 | full brothers and sisters are commoner than half ones |
//! | one house at one time; by number and street alone | 1800; 800 | |
//! | one house, one after another | half of that | |
//! | a hostel or another shared address | 300 | |
//! | one form | 1900 | agencies send families together |
//! | pointed at as brother or sister | 2400 | |
//! | named as brother or sister; with the birthday; with the whole name too | 450; 1650; 2300 | |
//! | a third child named by both as brother or sister; with its birthday | 150; 1300 | |
//! | the children's family name: common, rarer, alike, another | 400, 600, 400, -250 | less beside a parent |

use domain::RelationshipKind;
use time::Date;

use super::super::addresses::{self, Address, HouseLevel, PostcodeLevel};
use super::super::compare::{ParentLevel, same_adult};
use super::super::dates;
use super::super::evidence::{Reason, ReasonCode as R};
use super::super::identifiers;
use super::super::name_forms::NameForm;
use super::super::names::{self as spoken, FamilyLevel, GivenLevel};
use super::super::prepared::{Relative, hash};
use super::super::words::Words;
use super::Shared;
use super::child::Child;

/// Odds before anything is known.
pub(super) const PRIOR: i32 = -1800;
/// What a birthday is worth beside a name.
const BIRTH: i32 = 1200;
/// The same beside a whole name that is the very same: no two children of a county share all three by chance.
const BIRTH_OF_ONE_NAMED: i32 = 1850;
/// What a rare given name and a rare family name are worth together.
const RARE: i32 = 1000;
/// The most that brothers and sisters named by name can say.
const MOST_NAMED: i32 = 2600;

/// How two children's families agree.
#[derive(Debug, Default)]
pub(super) struct Kin {
    pub(super) weight: i32,
    pub(super) mother: bool,
    pub(super) mothers_differ: bool,
    pub(super) fathers_differ: bool,
    /// Their fathers are one man, as far as names tell.
    pub(super) father: bool,
    /// One is named as the other's brother or sister, or an agency sends them on one form.
    pub(super) named: bool,
    /// Home, form, or named as brothers and sisters.
    pub(super) home: bool,
    /// Something beyond names and practices is the same: a home, a form, a birthday, a number, or both parents.
    pub(super) hard: bool,
    pub(super) reasons: Vec<Reason>,
}

impl Kin {
    fn add(&mut self, code: R, weight: i32) {
        self.weight += weight;
        self.reasons.push(Reason::new(code, weight));
    }

    /// What two children have in common but for their fathers, who are weighed among households.
    pub(super) fn of(words: &Words, shared: &Shared, a: &Child, b: &Child) -> Self {
        let mut kin = Self { weight: PRIOR, ..Self::default() };
        let (mother, named) = parents(words, &a.mothers, &b.mothers);
        kin.mother = matches!(mother, ParentLevel::Sure | ParentLevel::Same);
        kin.mothers_differ = mother == ParentLevel::Different;
        match mother {
            ParentLevel::Sure | ParentLevel::Same => kin.add(R::MotherSame, named),
            ParentLevel::Alike => kin.add(R::MotherAlike, 0),
            ParentLevel::Different => kin.add(R::MotherDifferent, -700),
            ParentLevel::Missing => {}
        }
        let of_mother = named;
        kin.hard = kin.mother && named >= BIRTH;
        let (father, named) = parents(words, &a.fathers, &b.fathers);
        kin.fathers_differ = father == ParentLevel::Different;
        kin.father = matches!(father, ParentLevel::Sure | ParentLevel::Same | ParentLevel::Alike);
        match father {
            ParentLevel::Sure | ParentLevel::Same if kin.mother => {
                kin.hard |= named >= BIRTH || named.max(of_mother) >= RARE;
                kin.add(R::FatherSame, named);
            }
            ParentLevel::Sure | ParentLevel::Same if !kin.mothers_differ => kin.add(R::FatherSame, named / 2),
            ParentLevel::Different if !kin.mother => kin.add(R::FatherDifferent, -300),
            _ => {}
        }
        let (code, weight) = family_names(words, a, b, kin.mother);
        code.into_iter().for_each(|code| kin.add(code, weight));
        kin.homes(words, shared, a, b);
        kin.declared(words, a, b);
        kin
    }

    fn homes(&mut self, words: &Words, shared: &Shared, a: &Child, b: &Child) {
        let pairs = a.homes.iter().flat_map(|x| b.homes.iter().map(move |y| (x, y)));
        let best = pairs.map(|(x, y)| home(words, shared, x, y)).max().unwrap_or((0, R::AddressDifferent));
        if best.0 > 0 {
            self.home |= best.1 == R::HouseSame;
            self.hard |= best.1 == R::HouseSame;
            self.add(best.1, best.0);
        }
        if a.practices.iter().any(|practice| b.practices.contains(practice)) {
            self.add(R::PracticeSame, 100);
        }
    }

    fn declared(&mut self, words: &Words, a: &Child, b: &Child) {
        if a.sheets.iter().any(|sheet| b.sheets.contains(sheet)) {
            (self.home, self.hard, self.named) = (true, true, true);
            self.add(R::OneForm, 1900);
        }
        let found = named(words, a, b).into_iter().chain(named(words, b, a)).max();
        let third = third_named(words, a, b);
        let (full, weight) = found.unwrap_or((false, 0));
        self.hard |= weight >= BIRTH || third >= BIRTH;
        self.named |= found.is_some();
        if weight + third > 0 {
            self.home |= full && !self.mothers_differ && !self.fathers_differ;
            self.add(R::NamedAsSibling, (weight + third).min(MOST_NAMED));
        }
    }
}

/// The best agreement of any two mentions of a parent, and what the sameness is worth.
pub(super) fn parents(words: &Words, a: &[Relative], b: &[Relative]) -> (ParentLevel, i32) {
    let rank = |level| match level {
        ParentLevel::Sure => 4,
        ParentLevel::Same => 3,
        ParentLevel::Alike => 2,
        ParentLevel::Different => 1,
        ParentLevel::Missing => 0,
    };
    let mut best = (ParentLevel::Missing, 0);
    for x in a {
        for y in b {
            let level = same_adult(words, x, y);
            let weight = if rank(level) >= 2 { adult_weight(words, x, y) } else { 0 };
            if (rank(level), weight) > (rank(best.0), best.1) {
                best = (level, weight);
            }
        }
    }
    best
}

/// Whether the birthdays known of a parent are two people's.
pub(super) fn births_contradict(a: &[Relative], b: &[Relative]) -> bool {
    let births = |list: &[Relative]| list.iter().filter_map(|one| one.birth).collect::<Vec<_>>();
    let (one, other) = (births(a), births(b));
    let same = |x: &Date| other.iter().any(|y| dates::near(*x, *y));
    !one.is_empty() && !other.is_empty() && !one.iter().any(same)
}

fn adult_weight(words: &Words, x: &Relative, y: &Relative) -> i32 {
    if identifiers::compare(x.nhs, y.nhs) == identifiers::IdentifierLevel::Same {
        return 2600;
    }
    let (given, family) = spoken::compare_forms(words, &x.name, &y.name);
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
    let birth = if x.birth.is_some() && x.birth == y.birth { BIRTH } else { 0 };
    given + family + birth
}

/// The children's family names; beside a parent they say little. One child's name can be the other's parent's.
pub(super) fn family_names(words: &Words, a: &Child, b: &Child, parent_said: bool) -> (Option<R>, i32) {
    match family_level(words, a, b) {
        Some(FamilyLevel::SameRare) => (Some(R::FamilyNameSame), if parent_said { 250 } else { 600 }),
        Some(FamilyLevel::Same) => (Some(R::FamilyNameSame), if parent_said { 150 } else { 400 }),
        Some(FamilyLevel::Different) if bears_parents_name(words, a, b) || bears_parents_name(words, b, a) => {
            (Some(R::FamilyNameAlike), if parent_said { 100 } else { 300 })
        }
        Some(FamilyLevel::Different) => (Some(R::FamilyNameDifferent), if parent_said { -50 } else { -250 }),
        Some(_) => (Some(R::FamilyNameAlike), if parent_said { 150 } else { 400 }),
        None => (None, 0),
    }
}

/// The best agreement of their own family names.
pub(super) fn family_level(words: &Words, a: &Child, b: &Child) -> Option<FamilyLevel> {
    let level = |x: &NameForm, y: &NameForm| spoken::family_level(words, x, y);
    let best = a.forms.iter().flat_map(|x| b.forms.iter().map(move |y| level(x, y)));
    best.filter(|level| *level != FamilyLevel::Missing).min()
}

/// Whether `b` bears the family name of a parent of `a`.
fn bears_parents_name(words: &Words, a: &Child, b: &Child) -> bool {
    let same = |parent: &Relative| {
        b.forms.iter().any(|form| spoken::family_level(words, form, &parent.name) <= FamilyLevel::Same)
    };
    a.mothers.iter().chain(&a.fathers).any(same)
}

fn home(words: &Words, shared: &Shared, x: &Address, y: &Address) -> (i32, R) {
    let house = addresses::houses(words, x, y) == HouseLevel::Same;
    let same_number = !x.numbers.is_empty() && x.numbers == y.numbers;
    let postcode = addresses::postcodes(x.postcode, y.postcode);
    let lives = match (postcode, house) {
        (PostcodeLevel::Same, _) if house || same_number => 1800,
        (PostcodeLevel::Slip, true) => 1800,
        (PostcodeLevel::Missing, true) => 800,
        (PostcodeLevel::Same, _) => return (500, R::PostcodeSame),
        _ => return (0, R::AddressDifferent),
    };
    if x.shared || y.shared || shared.is_shared(words, x) {
        return (300, R::SharedAddress);
    }
    if x.overlaps(y) { (lives, R::HouseSame) } else { (lives / 2, R::PostcodeSame) }
}

/// Whether a record of `a` names `b` as brother or sister: whether a full one, and what that is worth.
pub(super) fn named(words: &Words, a: &Child, b: &Child) -> Option<(bool, i32)> {
    let full = |sibling: &Relative| sibling.kind != RelationshipKind::HalfSiblingOf;
    let found = a.siblings.iter().filter_map(|sibling| Some((full(sibling), names(words, sibling, b)?)));
    found.max_by_key(|(full, weight)| (*weight, *full))
}

/// What it is worth that somebody names, or points at, `child` as a brother or sister.
pub(super) fn names(words: &Words, sibling: &Relative, child: &Child) -> Option<i32> {
    let points = child.pointers.iter().any(|pointer| *pointer == sibling.key || *pointer == sibling.reference);
    if points { Some(2400) } else { called(words, sibling, child) }
}

fn called(words: &Words, sibling: &Relative, child: &Child) -> Option<i32> {
    if sibling.birth.is_some_and(|birth| !child.births.is_empty() && !child.births.contains(&birth)) {
        return None;
    }
    let levels = child.forms.iter().map(|form| spoken::compare_forms(words, form, &sibling.name));
    let (given, family) = levels.min_by_key(|(given, family)| (*given, *family))?;
    let same_birth = sibling.birth.filter(|_| !child.births.is_empty()).map(|birth| child.births.contains(&birth));
    if given > GivenLevel::Slip || same_birth == Some(false) {
        return None;
    }
    let named = if given <= GivenLevel::Same { 450 } else { 300 };
    let family = if family <= FamilyLevel::Part { 0 } else { -300 };
    let whole = given <= GivenLevel::Same && family == 0 && !sibling.name.family.is_empty();
    let birth = if whole { BIRTH_OF_ONE_NAMED } else { BIRTH };
    Some(named + family + if same_birth == Some(true) { birth } else { 0 })
}

/// Other children whom both name as their brother or sister.
fn third_named(words: &Words, a: &Child, b: &Child) -> i32 {
    let mut sum = 0;
    let mut counted: Vec<u64> = Vec::new();
    for x in &a.siblings {
        for y in &b.siblings {
            let (given, family) = spoken::compare_forms(words, &x.name, &y.name);
            let key = hash(&[&format!("{:?}", x.name.given.first())]);
            let same = given <= GivenLevel::Same && family <= FamilyLevel::Part;
            let births = x.birth.zip(y.birth).map(|(x, y)| x == y);
            if same && births != Some(false) && !counted.contains(&key) {
                counted.push(key);
                sum += if births == Some(true) { 1300 } else { 150 };
            }
        }
    }
    sum
}

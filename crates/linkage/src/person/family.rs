//! Children, sorted into families: who shares a mother, a father, a home, or a form.
//!
//! A child can belong to two families: its mother's and its father's. So families overlap: each is the children of one
//! mother, of one father, or of one home, and one that lies within another is left out. A hostel or a block of flats is
//! no family: where children of many names have lived, the address says little.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::RelationshipKind;

use super::addresses::HouseLevel;
use super::blocking;
use super::cluster::ChildCluster;
use super::compare::{ParentLevel, is_sibling, same_adult};
use super::evidence::{Reason, ReasonCode as R};
use super::facts::PersonFacts;
use super::names::{self, FamilyLevel, GivenLevel, NameForm};
use super::prepared::{Person, Relative, hash};
use super::words::Words;
use super::{addresses, identifiers};

/// Up to how many children a key compares all with all, and how many neighbours each has beyond that.
const CROWD: usize = 40;
const NEIGHBOURS: usize = 8;
/// An address at which children of more family names than this have lived is shared by many families.
const NAMES_IN_A_HOME: usize = 3;
/// Odds before anything is known, and what two children of one family need, in hundredths of a bit.
const PRIOR: i32 = -1800;
const ONE_FAMILY: i32 = 0;

/// Children of one family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Places among the clusters of children given, ascending; never empty. A child can stand in several families.
    pub children: Vec<usize>,
    /// Why they are together; empty for one child.
    pub evidence: Vec<Reason>,
}

/// Sorts children, each a cluster of records, into families. Every child is in at least one.
#[must_use]
pub fn cluster_families(records: &[PersonFacts], clusters: &[ChildCluster]) -> Vec<Family> {
    let mut words = Words::default();
    let children: Vec<Child> = clusters.iter().map(|cluster| Child::read(&mut words, records, cluster)).collect();
    let families = Families { words, children };
    families.sorted()
}

/// What all records of one child say of its family.
#[derive(Debug, Default)]
struct Child {
    records: Vec<Person>,
    /// Settles the order; of the records' keys.
    key: String,
}

impl Child {
    fn read(words: &mut Words, records: &[PersonFacts], cluster: &ChildCluster) -> Self {
        let mut facts: Vec<&PersonFacts> = cluster.members.iter().filter_map(|member| records.get(*member)).collect();
        facts.sort_by(|a, b| a.key.cmp(&b.key));
        let key = facts.first().map(|facts| facts.key.clone()).unwrap_or_default();
        Self { records: facts.into_iter().take(16).map(|facts| Person::read(words, facts)).collect(), key }
    }

    fn relatives(&self, kind: RelationshipKind) -> impl Iterator<Item = &Relative> {
        self.records.iter().flat_map(move |record| record.relatives_of(kind))
    }

    fn forms(&self) -> impl Iterator<Item = &NameForm> {
        self.records.iter().flat_map(|record| &record.forms)
    }
}

/// How two children's families agree.
#[derive(Debug, Default)]
struct Kin {
    weight: i32,
    mother: bool,
    father: bool,
    /// Home, form, or named as full siblings.
    home: bool,
    mothers_differ: bool,
    fathers_differ: bool,
    reasons: Vec<Reason>,
}

impl Kin {
    fn add(&mut self, code: R, weight: i32) {
        self.weight += weight;
        self.reasons.push(Reason::new(code, weight));
    }
}

struct Families {
    words: Words,
    children: Vec<Child>,
}

impl Families {
    fn sorted(&self) -> Vec<Family> {
        let (blocks, shared) = self.blocks();
        let mut pairs: Vec<(usize, usize)> = blocks.into_values().flat_map(|block| self.pairs_of(block)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let count = self.children.len();
        let (mut mothers, mut fathers, mut homes) = (Sets::new(count), Sets::new(count), Sets::new(count));
        let mut reasons: BTreeMap<(usize, usize), Vec<Reason>> = BTreeMap::new();
        for (a, b) in pairs {
            let Some(kin) = self.kin(a, b, &shared).filter(|kin| kin.weight >= ONE_FAMILY) else { continue };
            if kin.mother {
                mothers.join(a, b);
            }
            if kin.father {
                fathers.join(a, b);
            }
            if kin.home && !(kin.mothers_differ && kin.fathers_differ) || !kin.mother && !kin.father {
                homes.join(a, b);
            }
            reasons.insert((a, b), kin.reasons);
        }
        assemble(count, [mothers, fathers, homes], &reasons)
    }

    /// Children by key, and the homes that many families have shared.
    fn blocks(&self) -> (HashMap<u64, Vec<usize>>, BTreeSet<u64>) {
        let mut blocks: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut names: HashMap<u64, BTreeSet<&str>> = HashMap::new();
        for (place, child) in self.children.iter().enumerate() {
            let mut keys = BTreeSet::new();
            for record in &child.records {
                self.keys_of(record, &mut keys);
                blocking::households(&self.words, record, &mut |kind, parts| {
                    let key = hash(&[kind, &parts.concat()]);
                    keys.insert(key);
                    let family = record.forms.first().and_then(|form| form.family.last());
                    names.entry(key).or_default().extend(family.map(|word| &*self.words.get(*word).sound));
                });
            }
            for key in keys {
                blocks.entry(key).or_default().push(place);
            }
        }
        let shared = names.into_iter().filter(|(_, names)| names.len() > NAMES_IN_A_HOME).map(|(key, _)| key).collect();
        (blocks, shared)
    }

    fn keys_of(&self, record: &Person, keys: &mut BTreeSet<u64>) {
        if record.family_reference != 0 {
            keys.insert(record.family_reference);
        }
        keys.extend([record.key, record.reference].into_iter().filter(|key| *key != 0));
        for relative in &record.relatives {
            keys.extend([relative.key, relative.reference].into_iter().filter(|key| *key != 0));
            keys.extend(relative.nhs.map(|nhs| hash(&["parent number", &nhs.text()])));
            let Some(name) = blocking::adult(&self.words, relative) else { continue };
            if is_parent(relative.kind) {
                keys.insert(hash(&["parent", &name]));
            } else if is_sibling(relative.kind) {
                keys.insert(hash(&["child", &name]));
            }
        }
        for form in &record.forms {
            let sound = |word: Option<&u32>| word.map_or("", |word| &*self.words.get(*word).sound);
            keys.insert(hash(&["child", &format!("{} {}", sound(form.given.first()), sound(form.family.last()))]));
        }
    }

    fn pairs_of(&self, mut block: Vec<usize>) -> Vec<(usize, usize)> {
        let reach = if block.len() <= CROWD { CROWD } else { NEIGHBOURS };
        if block.len() > CROWD {
            block.sort_by_cached_key(|place| self.children.get(*place).map(|child| (self.nearness(child), &child.key)));
        }
        let near = |(at, a): (usize, &usize)| {
            block.iter().skip(at + 1).take(reach).map(|b| (*a.min(b), *a.max(b))).collect::<Vec<_>>()
        };
        block.iter().enumerate().flat_map(near).collect()
    }

    /// An order in which one family's children stand near each other: family name, postcode.
    fn nearness(&self, child: &Child) -> (&str, u128) {
        let family = child.forms().find_map(|form| form.family.last()).map_or("", |word| &*self.words.get(*word).text);
        let postcode = child.records.iter().flat_map(|record| &record.addresses).map(|address| address.postcode).min();
        (family, postcode.unwrap_or(0))
    }

    fn kin(&self, a: usize, b: usize, shared: &BTreeSet<u64>) -> Option<Kin> {
        let (a, b) = (self.children.get(a)?, self.children.get(b)?);
        let mut kin = Kin { weight: PRIOR, ..Kin::default() };
        self.parents(a, b, &mut kin);
        self.names(a, b, &mut kin);
        self.home(a, b, shared, &mut kin);
        self.declared(a, b, &mut kin);
        Some(kin)
    }

    fn parents(&self, a: &Child, b: &Child, kin: &mut Kin) {
        let (mother, named) = self.parent(a, b, RelationshipKind::MotherOf);
        match mother {
            ParentLevel::Sure | ParentLevel::Same => kin.add(R::MotherSame, named),
            ParentLevel::Alike => kin.add(R::MotherAlike, 350),
            ParentLevel::Different => kin.add(R::MotherDifferent, 0),
            ParentLevel::Missing => {}
        }
        kin.mother = matches!(mother, ParentLevel::Sure | ParentLevel::Same);
        kin.mothers_differ = mother == ParentLevel::Different;
        let (father, named) = self.parent(a, b, RelationshipKind::FatherOf);
        match father {
            ParentLevel::Sure | ParentLevel::Same => kin.add(R::FatherSame, named),
            ParentLevel::Alike => kin.add(R::FatherAlike, 300),
            ParentLevel::Different => kin.add(R::FatherDifferent, 0),
            ParentLevel::Missing => {}
        }
        kin.father = matches!(father, ParentLevel::Sure | ParentLevel::Same);
        kin.fathers_differ = father == ParentLevel::Different;
        kin.weight -= if kin.mothers_differ && !kin.father { 300 } else { 0 };
        kin.weight -= if kin.fathers_differ && !kin.mother { 150 } else { 0 };
    }

    /// The best agreement of any two mentions, and what the sameness is worth: names by rarity, births, numbers.
    fn parent(&self, a: &Child, b: &Child, kind: RelationshipKind) -> (ParentLevel, i32) {
        let mut best = (ParentLevel::Missing, 0);
        for x in a.relatives(kind) {
            for y in b.relatives(kind) {
                let found = (same_adult(&self.words, x, y), self.adult_weight(x, y));
                best = match (best.0, found.0) {
                    (ParentLevel::Sure, ParentLevel::Sure) | (ParentLevel::Same, ParentLevel::Same) => {
                        (found.0, best.1.max(found.1))
                    }
                    (ParentLevel::Sure, _) => best,
                    (_, ParentLevel::Sure | ParentLevel::Same) | (ParentLevel::Missing, _) => found,
                    (ParentLevel::Different, ParentLevel::Alike) => found,
                    _ => best,
                };
            }
        }
        best
    }

    fn adult_weight(&self, x: &Relative, y: &Relative) -> i32 {
        if identifiers::compare(x.nhs, y.nhs) == identifiers::IdentifierLevel::Same {
            return 2600;
        }
        let (given, family) = names::compare_forms(&self.words, &x.name, &y.name);
        let given = match given {
            GivenLevel::SameRare => 500,
            GivenLevel::Same => 400,
            GivenLevel::Initial => 100,
            _ => 350,
        };
        let family = match family {
            FamilyLevel::SameRare => 450,
            FamilyLevel::Same => 350,
            FamilyLevel::Missing | FamilyLevel::Different => 0,
            _ => 300,
        };
        let birth = if x.birth.is_some() && x.birth == y.birth { 1200 } else { 0 };
        given + family + birth
    }

    fn names(&self, a: &Child, b: &Child, kin: &mut Kin) {
        let levels = a.forms().flat_map(|x| b.forms().map(move |y| names::compare_forms(&self.words, x, y).1));
        let parent_said = kin.mother || kin.father;
        match levels.filter(|level| *level != FamilyLevel::Missing).min() {
            Some(FamilyLevel::SameRare) => kin.add(R::FamilyNameSame, if parent_said { 150 } else { 600 }),
            Some(FamilyLevel::Same) => kin.add(R::FamilyNameSame, if parent_said { 100 } else { 400 }),
            Some(FamilyLevel::Different) => kin.add(R::FamilyNameDifferent, if parent_said { -50 } else { -250 }),
            Some(_) => kin.add(R::FamilyNameAlike, if parent_said { 100 } else { 400 }),
            None => {}
        }
    }

    fn home(&self, a: &Child, b: &Child, shared: &BTreeSet<u64>, kin: &mut Kin) {
        let of = |child: &Child| child.records.iter().flat_map(|record| record.addresses.clone()).collect::<Vec<_>>();
        let (homes, others) = (of(a), of(b));
        let (mut best, mut why) = (0, R::AddressDifferent);
        for x in &homes {
            for y in &others {
                let (weight, code) = self.homes(x, y, shared);
                if weight > best {
                    (best, why) = (weight, code);
                }
            }
        }
        if best > 0 {
            kin.home = why == R::HouseSame;
            kin.add(why, best);
        }
        let (one, other) = (a.records.iter(), &b.records);
        if one.flat_map(|x| other.iter().map(move |y| x.gp != 0 && x.gp == y.gp)).any(|same| same) {
            kin.add(R::PracticeSame, 100);
        }
    }

    fn homes(&self, x: &addresses::Address, y: &addresses::Address, shared: &BTreeSet<u64>) -> (i32, R) {
        let house = addresses::houses(&self.words, x, y);
        let postcode = x.postcode != 0 && x.postcode == y.postcode;
        let same_number = !x.numbers.is_empty() && x.numbers == y.numbers;
        if house == HouseLevel::Same && (postcode || x.postcode == 0 || y.postcode == 0) || postcode && same_number {
            if x.shared || y.shared || self.is_shared(x, shared) {
                return (300, R::SharedAddress);
            }
            return if x.overlaps(y) { (1650, R::HouseSame) } else { (600, R::PostcodeSame) };
        }
        match (postcode, house) {
            (_, HouseLevel::Same) => (1000, R::HouseSame),
            (true, _) => (500, R::PostcodeSame),
            _ => (0, R::AddressDifferent),
        }
    }

    fn is_shared(&self, home: &addresses::Address, shared: &BTreeSet<u64>) -> bool {
        let number = home.numbers.last().map(|number| &*self.words.get(*number).text);
        number.is_some_and(|number| {
            shared.contains(&hash(&["household", &[&identifiers::unpack(home.postcode), number].concat()]))
        })
    }

    fn declared(&self, a: &Child, b: &Child, kin: &mut Kin) {
        let form = |x: &Person, y: &Person| x.family_reference != 0 && x.family_reference == y.family_reference;
        if a.records.iter().any(|x| b.records.iter().any(|y| form(x, y))) {
            kin.home = true;
            kin.add(R::OneForm, 1900);
        }
        let one = self.names_sibling(a, b);
        let other = self.names_sibling(b, a);
        if let Some((full, weight)) = one.into_iter().chain(other).max() {
            kin.home |= full && !kin.mothers_differ && !kin.fathers_differ;
            kin.add(R::NamedAsSibling, weight);
        }
    }

    /// Whether a record of `a` names `b` as brother or sister: whether a full one, and what that is worth.
    fn names_sibling(&self, a: &Child, b: &Child) -> Option<(bool, i32)> {
        let siblings =
            a.records.iter().flat_map(|record| &record.relatives).filter(|relative| is_sibling(relative.kind));
        let found = siblings.filter_map(|sibling| {
            let points = b.records.iter().any(|record| {
                sibling.key != 0 && sibling.key == record.key
                    || sibling.reference != 0 && sibling.reference == record.reference
            });
            let weight = if points { 2400 } else { self.called(sibling, b)? };
            Some((sibling.kind != RelationshipKind::HalfSiblingOf, weight))
        });
        found.max_by_key(|(full, weight)| (*weight, *full))
    }

    fn called(&self, sibling: &Relative, child: &Child) -> Option<i32> {
        let levels = child.forms().map(|form| names::compare_forms(&self.words, form, &sibling.name));
        let (given, family) = levels.min_by_key(|(given, family)| (*given, *family))?;
        let births = child.records.iter().filter_map(|record| record.birth.map(|birth| birth.date));
        let same_birth = sibling.birth.map(|birth| births.clone().any(|other| other == birth));
        if given > GivenLevel::Slip || same_birth == Some(false) && births.count() > 0 {
            return None;
        }
        let named = if given <= GivenLevel::Same { 450 } else { 300 };
        let family = if family <= FamilyLevel::Part { 100 } else { -300 };
        Some(named + family + if same_birth == Some(true) { 1200 } else { 0 })
    }
}

const fn is_parent(kind: RelationshipKind) -> bool {
    matches!(kind, RelationshipKind::MotherOf | RelationshipKind::FatherOf)
}

/// Sets that join.
struct Sets {
    root: Vec<usize>,
}

impl Sets {
    fn new(count: usize) -> Self {
        Self { root: (0..count).collect() }
    }

    fn find(&mut self, mut node: usize) -> usize {
        while let Some(&above) = self.root.get(node).filter(|above| **above != node) {
            let next = self.root.get(above).copied().unwrap_or(above);
            if let Some(slot) = self.root.get_mut(node) {
                *slot = next;
            }
            node = above;
        }
        node
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if let Some(slot) = self.root.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }

    fn groups(mut self) -> BTreeMap<usize, Vec<usize>> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for node in 0..self.root.len() {
            groups.entry(self.find(node)).or_default().push(node);
        }
        groups
    }
}

/// The sets of all kinds as families, those within another left out.
fn assemble(count: usize, kinds: [Sets; 3], reasons: &BTreeMap<(usize, usize), Vec<Reason>>) -> Vec<Family> {
    let mut groups: Vec<Vec<usize>> = kinds.into_iter().flat_map(|sets| sets.groups().into_values()).collect();
    groups.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    groups.dedup();
    let mut standing: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut kept: Vec<BTreeSet<usize>> = Vec::new();
    for group in groups {
        let first = group.first().and_then(|child| standing.get(*child)).cloned().unwrap_or_default();
        if first
            .iter()
            .filter_map(|place| kept.get(*place))
            .any(|family| group.iter().all(|child| family.contains(child)))
        {
            continue;
        }
        for child in &group {
            if let Some(families) = standing.get_mut(*child) {
                families.push(kept.len());
            }
        }
        kept.push(group.into_iter().collect());
    }
    let mut families: Vec<Family> = kept.into_iter().map(|children| family(children, reasons)).collect();
    families.sort_by(|a, b| a.children.cmp(&b.children));
    families
}

fn family(children: BTreeSet<usize>, reasons: &BTreeMap<(usize, usize), Vec<Reason>>) -> Family {
    let children: Vec<usize> = children.into_iter().collect();
    let mut found: BTreeMap<R, i32> = BTreeMap::new();
    for (at, a) in children.iter().enumerate().take(CROWD) {
        for b in children.iter().skip(at + 1).take(NEIGHBOURS) {
            for reason in reasons.get(&(*a, *b)).into_iter().flatten() {
                let weight = found.entry(reason.code).or_insert(reason.weight);
                *weight = reason.weight.max(*weight);
            }
        }
    }
    Family { children, evidence: found.into_iter().map(|(code, weight)| Reason::new(code, weight)).collect() }
}

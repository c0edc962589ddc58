//! Children, sorted into families: who shares a mother, a father, a home, or a form.
//!
//! A child can belong to two families: its mother's and its father's. So families overlap: each is the children of one
//! mother, of one father, or of one home, and one that lies within another is left out. A hostel or a block of flats is
//! no family: where children of many names have lived, the address says little.

mod child;
mod households;
mod kin;
mod men;
mod sets;

use std::collections::{BTreeSet, HashMap, HashSet};

use super::addresses::Address;
use super::cluster::ChildCluster;
use super::compare::ParentLevel;
use super::evidence::Reason;
use super::facts::PersonFacts;
use super::identifiers;
use super::prepared::{Relative, hash};
use super::words::Words;
use child::Child;
use households::Households;
use kin::Kin;
use men::Men;
use sets::{Sets, assemble};

/// Up to how many children a key compares all with all, and how many neighbours each has beyond that.
const CROWD: usize = 40;
const NEIGHBOURS: usize = 8;
/// An address at which children of more family names than this have lived is shared by many families.
const NAMES_IN_A_HOME: usize = 4;
/// So is one at which children of more mothers have lived.
const MOTHERS_IN_A_HOME: usize = 3;

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
    cluster_families_with(records, clusters, 1)
}

/// The same on several threads, which change how long it takes, not the result.
#[must_use]
pub fn cluster_families_with(records: &[PersonFacts], clusters: &[ChildCluster], threads: usize) -> Vec<Family> {
    let mut words = Words::default();
    let mut children: Vec<Child> =
        (0..).zip(clusters).map(|(place, cluster)| Child::read(&mut words, records, cluster, place)).collect();
    children.sort_by(|a, b| (&a.key, a.place).cmp(&(&b.key, b.place)));
    Families { words, children }.sorted(threads.max(1))
}

/// Homes that many families have shared.
struct Shared(HashSet<u64>);

impl Shared {
    fn is_shared(&self, words: &Words, home: &Address) -> bool {
        let number = home.numbers.last().map(|number| &*words.get(*number).text);
        number.is_some_and(|number| {
            self.0.contains(&hash(&["household", &[&identifiers::unpack(home.postcode), number].concat()]))
        })
    }
}

struct Families {
    words: Words,
    children: Vec<Child>,
}

type Pair = (usize, usize);

/// A pair of children of one family, with how plain that is.
struct Link {
    weight: i32,
    pair: Pair,
    /// Of one mother, or of one home where mothers are not known to differ.
    household: bool,
    reasons: Vec<Reason>,
}

impl Families {
    fn sorted(&self, threads: usize) -> Vec<Family> {
        let blocks = self.blocks();
        let shared = self.shared();
        let mut pairs: Vec<Pair> = blocks.into_values().flat_map(|block| self.pairs_of(block)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut links = self.links_on(&pairs, &shared, threads);
        links.sort_by_key(|link| (-link.weight, link.pair));
        let mut mothers = self.households(&links);
        let households = self.moved(&mut mothers, &pairs);
        let mut groups: Vec<Vec<usize>> = households.households.iter().map(|house| house.children.clone()).collect();
        groups.extend(self.fathers(&households, &pairs));
        groups.extend(links.iter().filter(|link| !link.household).map(|link| vec![link.pair.0, link.pair.1]));
        let reasons = links.into_iter().map(|link| (link.pair, link.reasons)).collect();
        self.placed(assemble(self.children.len(), groups, &reasons))
    }

    fn links_on(&self, pairs: &[Pair], shared: &Shared, threads: usize) -> Vec<Link> {
        let share = pairs.len().div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let workers: Vec<_> =
                pairs.chunks(share).map(|part| scope.spawn(move || self.links(part, shared))).collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
        })
    }

    fn links(&self, pairs: &[Pair], shared: &Shared) -> Vec<Link> {
        let link = |(a, b): &Pair| {
            let (one, other) = self.children.get(*a).zip(self.children.get(*b))?;
            let kin = Kin::of(&self.words, shared, one, other);
            let household = !kin.mothers_differ;
            // Children of two mothers are of one family through their father, or because somebody says so.
            if kin.mothers_differ && !kin.father && !kin.named {
                return None;
            }
            let Kin { weight, hard, reasons, .. } = kin;
            (weight >= 0 && hard).then_some(Link { weight, pair: (*a, *b), household, reasons })
        };
        pairs.iter().filter_map(link).collect()
    }

    /// Children joined into households, the plainest pair first, unless their mothers are two women.
    fn households(&self, links: &[Link]) -> Sets {
        let mut sets = Sets::new(self.children.len());
        let mut mothers: HashMap<usize, Vec<Relative>> = HashMap::new();
        for link in links.iter().filter(|link| link.household) {
            let (a, b) = (sets.find(link.pair.0), sets.find(link.pair.1));
            if a == b {
                continue;
            }
            let of = |root: usize| {
                mothers.get(&root).or_else(|| self.children.get(root).map(|c| &c.mothers)).cloned().unwrap_or_default()
            };
            let (mut one, other) = (of(a), of(b));
            if kin::parents(&self.words, &one, &other).0 == ParentLevel::Different {
                continue;
            }
            sets.join(a, b);
            other.into_iter().for_each(|mother| {
                if !one.contains(&mother) {
                    one.push(mother)
                }
            });
            mothers.insert(a.min(b), one);
        }
        sets
    }

    /// Households of one mother, joined: she has moved, or her children are written of at two homes.
    fn moved(&self, sets: &mut Sets, pairs: &[Pair]) -> Households {
        let households = Households::new(&self.words, &self.children, sets.groups());
        let mut near: Vec<Pair> = between(&households, pairs);
        near.retain(|(a, b)| households.one_mother(&self.words, &self.children, *a, *b));
        for (a, b) in near {
            let first = |household: usize| households.households.get(household)?.children.first().copied();
            if let Some((a, b)) = first(a).zip(first(b)) {
                sets.join(a, b);
            }
        }
        Households::new(&self.words, &self.children, sets.groups())
    }

    /// The children of each father.
    fn fathers(&self, households: &Households, pairs: &[Pair]) -> Vec<Vec<usize>> {
        let near = between(households, pairs);
        let one = |(a, b): &Pair| households.one_father(&self.words, &self.children, *a, *b);
        let mut links: Vec<(i32, usize, usize)> = near.iter().filter_map(one).collect();
        links.sort_by_key(|(weight, a, b)| (-weight, *a, *b));
        let mut men = Men::new(households);
        links.iter().for_each(|(_, a, b)| men.join(*a, *b));
        men.children()
    }

    /// Children by key.
    fn blocks(&self) -> HashMap<u64, Vec<usize>> {
        let mut blocks: HashMap<u64, Vec<usize>> = HashMap::new();
        for (place, child) in self.children.iter().enumerate() {
            for key in child.keys(&self.words) {
                blocks.entry(key).or_default().push(place);
            }
        }
        blocks.retain(|_, block| block.len() > 1);
        blocks
    }

    /// Homes where children of more family names, or of more mothers, have lived than one family has.
    fn shared(&self) -> Shared {
        let mut seen: HashMap<u64, (BTreeSet<&str>, BTreeSet<&str>)> = HashMap::new();
        let sound = |word: Option<&u32>| word.map(|word| &*self.words.get(*word).sound);
        for child in &self.children {
            let name = child.forms.first().and_then(|form| sound(form.family.last()));
            let mother = child.mothers.first().and_then(|mother| sound(mother.name.given.first()));
            child.each_home(&self.words, &mut |key| {
                let (names, mothers) = seen.entry(key).or_default();
                names.extend(name);
                mothers.extend(mother);
            });
        }
        let many = seen
            .into_iter()
            .filter(|(_, (names, mothers))| names.len() > NAMES_IN_A_HOME || mothers.len() > MOTHERS_IN_A_HOME);
        Shared(many.map(|(key, _)| key).collect())
    }

    fn pairs_of(&self, mut block: Vec<usize>) -> Vec<Pair> {
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
        let family = child.forms.iter().find_map(|form| form.family.last());
        let family = family.map_or("", |word| &*self.words.get(*word).text);
        (family, child.homes.iter().map(|home| home.postcode).min().unwrap_or(0))
    }

    /// Families with the children's places as they were given.
    fn placed(&self, mut families: Vec<Family>) -> Vec<Family> {
        for family in &mut families {
            let place = |child: &usize| self.children.get(*child).map(|child| child.place);
            family.children = family.children.iter().filter_map(place).collect();
            family.children.sort_unstable();
        }
        families.sort_by(|a, b| a.children.cmp(&b.children));
        families
    }
}

/// Pairs of households some of whose children were compared.
fn between(households: &Households, pairs: &[Pair]) -> Vec<Pair> {
    let of = |child: usize| households.of_child.get(child).copied().unwrap_or(0);
    let mut out: Vec<Pair> =
        pairs.iter().map(|(a, b)| (of(*a).min(of(*b)), of(*a).max(of(*b)))).filter(|(a, b)| a != b).collect();
    out.sort_unstable();
    out.dedup();
    out
}

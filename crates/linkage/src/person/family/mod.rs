//! Sorts children into families: children with the same mother, father, home, or form.
//!
//! A child can belong to two families, its mother's and its father's, so families overlap. A family
//! is the children of one mother, of one father, or of one home; one that lies within another is
//! left out. The residents of a hostel or a block of flats are not a family: an address of children
//! with many family names is weak evidence.

mod child;
mod disjoint_sets;
mod fathers;
mod households;
mod kinship;

use std::collections::{BTreeSet, HashMap, HashSet};

use super::addresses::Address;
use super::cluster::ChildCluster;
use super::compare::ParentLevel;
use super::evidence::Reason;
use super::facts::PersonFacts;
use super::identifiers;
use super::prepared::{Relative, hash_parts};
use super::words::WordInterner;
use child::FamilyChild;
use disjoint_sets::{DisjointSets, assemble_families};
use fathers::FatherMerger;
use households::Households;
use kinship::Kinship;

/// The largest block of children in which all pairs are compared.
const MAX_BLOCK_FOR_ALL_PAIRS: usize = 40;
/// The number of neighbours with which each child of a larger block is compared.
const NEIGHBOURS_IN_LARGE_BLOCK: usize = 8;
/// An address at which children with more family names than this have lived is shared by several
/// families.
const MAX_FAMILY_NAMES_IN_HOME: usize = 4;
/// An address at which children of more mothers than this have lived is shared by several families.
const MAX_MOTHERS_IN_HOME: usize = 3;

/// The children of one family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Ascending indexes of the clusters of children; never empty. A child can be in several
    /// families.
    pub children: Vec<usize>,
    /// Why they are together; empty for one child.
    pub evidence: Vec<Reason>,
}

/// Sorts children, each a cluster of records, into families. Every child is in at least one family.
#[must_use]
pub fn cluster_families(records: &[PersonFacts], clusters: &[ChildCluster]) -> Vec<Family> {
    cluster_families_with(records, clusters, 1)
}

/// As [`cluster_families`], on several threads. The number of threads does not change the result.
#[must_use]
pub fn cluster_families_with(
    records: &[PersonFacts],
    clusters: &[ChildCluster],
    threads: usize,
) -> Vec<Family> {
    let mut words = WordInterner::default();
    let mut children: Vec<FamilyChild> = (0..)
        .zip(clusters)
        .map(|(index, cluster)| FamilyChild::read(&mut words, records, cluster, index))
        .collect();
    children.sort_by(|a, b| (&a.key, a.original_index).cmp(&(&b.key, b.original_index)));
    FamilyClustering { words, children }.cluster(threads.max(1))
}

/// Hashed keys of the homes in which several families have lived.
struct SharedAddresses(HashSet<u64>);

impl SharedAddresses {
    fn is_shared(&self, words: &WordInterner, home: &Address) -> bool {
        let number = home.numbers.last().map(|number| &*words.get(*number).text);
        number.is_some_and(|number| {
            self.0.contains(&hash_parts(&[
                "household",
                &[&identifiers::unpack(home.postcode), number].concat(),
            ]))
        })
    }
}

/// The children, ordered by key, during clustering.
struct FamilyClustering {
    words: WordInterner,
    children: Vec<FamilyChild>,
}

/// Two indexes of children or households, the smaller first.
type Pair = (usize, usize);

/// A pair of children of one family, with its weight.
struct FamilyLink {
    weight: i32,
    pair: Pair,
    /// Whether they may be of one household: their mothers are not known to differ.
    may_share_household: bool,
    reasons: Vec<Reason>,
}

impl FamilyClustering {
    fn cluster(&self, threads: usize) -> Vec<Family> {
        let blocks = self.blocks();
        let shared = self.find_shared_addresses();
        let mut pairs: Vec<Pair> = blocks
            .into_values()
            .flat_map(|block| self.block_pairs(block))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut links = self.links_in_parallel(&pairs, &shared, threads);
        links.sort_by_key(|link| (-link.weight, link.pair));
        let mut household_sets = self.household_sets(&links);
        let households = self.join_moved_households(&mut household_sets, &pairs);
        let mut groups: Vec<Vec<usize>> = households
            .households
            .iter()
            .map(|household| household.children.clone())
            .collect();
        groups.extend(self.children_of_fathers(&households, &pairs));
        groups.extend(
            links
                .iter()
                .filter(|link| !link.may_share_household)
                .map(|link| vec![link.pair.0, link.pair.1]),
        );
        let reasons = links
            .into_iter()
            .map(|link| (link.pair, link.reasons))
            .collect();
        self.restore_original_indexes(assemble_families(self.children.len(), groups, &reasons))
    }

    /// As `links`, on several threads.
    fn links_in_parallel(
        &self,
        pairs: &[Pair],
        shared: &SharedAddresses,
        threads: usize,
    ) -> Vec<FamilyLink> {
        let chunk_size = pairs.len().div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let workers: Vec<_> = pairs
                .chunks(chunk_size)
                .map(|chunk| scope.spawn(move || self.links(chunk, shared)))
                .collect();
            workers
                .into_iter()
                .filter_map(|worker| worker.join().ok())
                .flatten()
                .collect()
        })
    }

    /// The pairs that are of one family.
    fn links(&self, pairs: &[Pair], shared: &SharedAddresses) -> Vec<FamilyLink> {
        let link = |(a, b): &Pair| {
            let (one, other) = self.children.get(*a).zip(self.children.get(*b))?;
            let kinship = Kinship::new(&self.words, shared, one, other);
            let may_share_household = !kinship.mothers_differ;
            // Children of two mothers are of one family only through their father, or if an agency
            // declares it.
            if kinship.mothers_differ && !kinship.same_father && !kinship.declared_related {
                return None;
            }
            let Kinship {
                weight,
                has_strong_evidence,
                reasons,
                ..
            } = kinship;
            let pair = (*a, *b);
            let is_family = weight >= 0 && has_strong_evidence;
            is_family.then_some(FamilyLink {
                weight,
                pair,
                may_share_household,
                reasons,
            })
        };
        pairs.iter().filter_map(link).collect()
    }

    /// Joins children into households, the strongest link first, unless their mothers are known to
    /// differ.
    fn household_sets(&self, links: &[FamilyLink]) -> DisjointSets {
        let mut sets = DisjointSets::new(self.children.len());
        let mut mothers: HashMap<usize, Vec<Relative>> = HashMap::new();
        for link in links.iter().filter(|link| link.may_share_household) {
            let a = sets.find(link.pair.0);
            let b = sets.find(link.pair.1);
            if a == b {
                continue;
            }
            let mothers_of = |root: usize| {
                let own = || self.children.get(root).map(|child| &child.mothers);
                mothers.get(&root).or_else(own).cloned().unwrap_or_default()
            };
            let mut joined_mothers = mothers_of(a);
            let other_mothers = mothers_of(b);
            if kinship::compare_parents(&self.words, &joined_mothers, &other_mothers).0
                == ParentLevel::Different
            {
                continue;
            }
            sets.join(a, b);
            for mother in other_mothers {
                if !joined_mothers.contains(&mother) {
                    joined_mothers.push(mother);
                }
            }
            mothers.insert(a.min(b), joined_mothers);
        }
        sets
    }

    /// Joins households with the same mother, who has moved or whose children are recorded at two
    /// homes.
    fn join_moved_households(&self, sets: &mut DisjointSets, pairs: &[Pair]) -> Households {
        let households = Households::new(&self.words, &self.children, sets.groups());
        let mut candidates: Vec<Pair> = household_pairs(&households, pairs);
        candidates.retain(|(a, b)| households.share_mother(&self.words, &self.children, *a, *b));
        for (a, b) in candidates {
            let first_child = |household: usize| {
                households
                    .households
                    .get(household)?
                    .children
                    .first()
                    .copied()
            };
            if let Some((a, b)) = first_child(a).zip(first_child(b)) {
                sets.join(a, b);
            }
        }
        Households::new(&self.words, &self.children, sets.groups())
    }

    /// The children of each father.
    fn children_of_fathers(&self, households: &Households, pairs: &[Pair]) -> Vec<Vec<usize>> {
        let candidates = household_pairs(households, pairs);
        let shared_father =
            |(a, b): &Pair| households.shared_father(&self.words, &self.children, *a, *b);
        let mut links: Vec<(i32, usize, usize)> =
            candidates.iter().filter_map(shared_father).collect();
        links.sort_by_key(|(weight, a, b)| (-weight, *a, *b));
        let mut merger = FatherMerger::new(households);
        links.iter().for_each(|(_, a, b)| merger.join(*a, *b));
        merger.children()
    }

    /// The children under each blocking key that several have.
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

    /// Finds the homes in which children with more family names or mothers have lived than one
    /// family has.
    fn find_shared_addresses(&self) -> SharedAddresses {
        let mut names_by_home: HashMap<u64, (BTreeSet<&str>, BTreeSet<&str>)> = HashMap::new();
        let sound = |word: Option<&u32>| word.map(|word| &*self.words.get(*word).sound);
        for child in &self.children {
            let name = child
                .forms
                .first()
                .and_then(|form| sound(form.family.last()));
            let mother = child
                .mothers
                .first()
                .and_then(|mother| sound(mother.name.given.first()));
            child.for_each_home_key(&self.words, &mut |key| {
                let (names, mothers) = names_by_home.entry(key).or_default();
                names.extend(name);
                mothers.extend(mother);
            });
        }
        let shared = names_by_home.into_iter().filter(|(_, (names, mothers))| {
            names.len() > MAX_FAMILY_NAMES_IN_HOME || mothers.len() > MAX_MOTHERS_IN_HOME
        });
        SharedAddresses(shared.map(|(key, _)| key).collect())
    }

    /// The pairs of a block that are compared.
    fn block_pairs(&self, mut block: Vec<usize>) -> Vec<Pair> {
        let is_large = block.len() > MAX_BLOCK_FOR_ALL_PAIRS;
        let neighbours = if is_large {
            NEIGHBOURS_IN_LARGE_BLOCK
        } else {
            MAX_BLOCK_FOR_ALL_PAIRS
        };
        if is_large {
            block.sort_by_cached_key(|place| {
                self.children
                    .get(*place)
                    .map(|child| (self.sort_key(child), &child.key))
            });
        }
        let pairs_of = |(position, a): (usize, &usize)| {
            block
                .iter()
                .skip(position + 1)
                .take(neighbours)
                .map(|b| (*a.min(b), *a.max(b)))
                .collect::<Vec<_>>()
        };
        block.iter().enumerate().flat_map(pairs_of).collect()
    }

    /// A sort key that brings the children of one family close to each other: family name,
    /// postcode.
    fn sort_key(&self, child: &FamilyChild) -> (&str, u128) {
        let family = child.forms.iter().find_map(|form| form.family.last());
        let family = family.map_or("", |word| &*self.words.get(*word).text);
        (
            family,
            child
                .homes
                .iter()
                .map(|home| home.postcode)
                .min()
                .unwrap_or(0),
        )
    }

    /// Replaces the children's indexes by those of their clusters.
    fn restore_original_indexes(&self, mut families: Vec<Family>) -> Vec<Family> {
        for family in &mut families {
            let original_index =
                |child: &usize| self.children.get(*child).map(|child| child.original_index);
            family.children = family.children.iter().filter_map(original_index).collect();
            family.children.sort_unstable();
        }
        families.sort_by(|a, b| a.children.cmp(&b.children));
        families
    }
}

/// The pairs of households of whose children some were compared.
fn household_pairs(households: &Households, pairs: &[Pair]) -> Vec<Pair> {
    let household_of = |child: usize| households.of_child.get(child).copied().unwrap_or(0);
    let mut out: Vec<Pair> = pairs
        .iter()
        .map(|(a, b)| (household_of(*a), household_of(*b)))
        .map(|(a, b)| (a.min(b), a.max(b)))
        .filter(|(a, b)| a != b)
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

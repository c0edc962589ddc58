//! Households, which are the children of one mother or one home, and the fathers who connect two
//! households.
//!
//! The mentions of a father on all records of a household's children are combined, because one
//! agency may know his birthday and another the half-sister. His name alone does not connect two
//! households: in a county of 50,000 families, six of seven such pairs are two men.

use std::collections::{BTreeMap, BTreeSet};

use super::super::compare::{ParentLevel, compare_adults};
use super::super::names::FamilyLevel;
use super::super::prepared::Relative;
use super::super::words::WordInterner;
use super::child::FamilyChild;
use super::kinship::{self, PRIOR};

/// The most mentions of one person that are compared.
const MAX_MENTIONS: usize = 12;
/// The greatest total weight of brothers and sisters who are named in the other household.
const MAX_DECLARED_SIBLINGS: i32 = 3000;

/// A father in a household, with his children there.
#[derive(Debug, Default)]
pub(super) struct Father {
    pub(super) household: usize,
    pub(super) mentions: Vec<Relative>,
    pub(super) children: Vec<usize>,
}

/// Children of one mother or home.
#[derive(Debug, Default)]
pub(super) struct Household {
    pub(super) children: Vec<usize>,
    /// Indexes of the fathers of all households.
    pub(super) fathers: Vec<usize>,
    pub(super) mothers: Vec<Relative>,
    /// Brothers and sisters whom the children name and who live elsewhere.
    siblings_elsewhere: Vec<Relative>,
}

/// All households with their fathers.
#[derive(Debug, Default)]
pub(super) struct Households {
    /// The household of each child.
    pub(super) of_child: Vec<usize>,
    pub(super) households: Vec<Household>,
    pub(super) fathers: Vec<Father>,
}

impl Households {
    /// Builds the households of the given groups of children.
    pub(super) fn new(
        words: &WordInterner,
        children: &[FamilyChild],
        groups: BTreeMap<usize, Vec<usize>>,
    ) -> Self {
        let mut all = Self {
            of_child: vec![0; children.len()],
            ..Self::default()
        };
        for members in groups.into_values() {
            let household = all.households.len();
            for child in &members {
                if let Some(slot) = all.of_child.get_mut(*child) {
                    *slot = household;
                }
            }
            all.add(words, children, members);
        }
        all
    }

    /// Adds the household of `members`.
    fn add(&mut self, words: &WordInterner, children: &[FamilyChild], members: Vec<usize>) {
        let household = self.households.len();
        let mut fathers: Vec<Father> = Vec::new();
        let mut mothers: Vec<Relative> = Vec::new();
        for child in &members {
            let Some(facts) = children.get(*child) else {
                continue;
            };
            mothers.extend(facts.mothers.iter().cloned());
            for mention in &facts.fathers {
                assign_father(words, &mut fathers, household, *child, mention);
            }
        }
        mothers.truncate(MAX_MENTIONS);
        assign_fatherless_children(words, children, &members, &mut fathers);
        let first = self.fathers.len();
        self.fathers.extend(fathers);
        let siblings_elsewhere = siblings_elsewhere(words, children, &members);
        let fathers = (first..self.fathers.len()).collect();
        self.households.push(Household {
            children: members,
            fathers,
            mothers,
            siblings_elsewhere,
        });
    }

    /// Whether the children of two households have the same mother, judged by names, births and
    /// mentions of each other.
    pub(super) fn share_mother(
        &self,
        words: &WordInterner,
        children: &[FamilyChild],
        a: usize,
        b: usize,
    ) -> bool {
        let Some((one, other)) = self.households.get(a).zip(self.households.get(b)) else {
            return false;
        };
        let (level, weight) = kinship::compare_parents(words, &one.mothers, &other.mothers);
        if !matches!(level, ParentLevel::Certain | ParentLevel::Same) {
            return false;
        }
        let declared_sibling_weight = self.declared_sibling_weight(words, children, a, b);
        let family_name_weight = family_name_weight(words, children, one, other);
        PRIOR + weight + declared_sibling_weight + family_name_weight >= 0
    }

    /// The fathers of two households who are most likely the same man, with the weight of that;
    /// `None` if it is below zero.
    pub(super) fn shared_father(
        &self,
        words: &WordInterner,
        children: &[FamilyChild],
        a: usize,
        b: usize,
    ) -> Option<(i32, usize, usize)> {
        let (one, other) = self.households.get(a).zip(self.households.get(b))?;
        let declared_sibling_weight = self.declared_sibling_weight(words, children, a, b);
        let family_name_weight = family_name_weight(words, children, one, other);
        let mut best = None;
        for x in &one.fathers {
            for y in &other.fathers {
                let fathers = self.fathers.get(*x).zip(self.fathers.get(*y));
                let Some((father_a, father_b)) = fathers else {
                    continue;
                };
                let (level, weight) =
                    kinship::compare_parents(words, &father_a.mentions, &father_b.mentions);
                let mention_weight = match level {
                    ParentLevel::Certain | ParentLevel::Same => weight,
                    ParentLevel::Alike => 350,
                    ParentLevel::Missing => 0,
                    ParentLevel::Different => -1200,
                };
                let sum = if kinship::births_contradict(&father_a.mentions, &father_b.mentions) {
                    PRIOR
                } else {
                    PRIOR + mention_weight + declared_sibling_weight + family_name_weight
                };
                best = best.max(Some((sum, *x, *y)));
            }
        }
        best.filter(|(weight, _, _)| *weight >= 0)
    }

    /// The weight of children of one household being named as brothers and sisters by the children
    /// of the other household. Each child counts once; names of children of the own household do
    /// not count.
    fn declared_sibling_weight(
        &self,
        words: &WordInterner,
        children: &[FamilyChild],
        a: usize,
        b: usize,
    ) -> i32 {
        let Some((one, other)) = self.households.get(a).zip(self.households.get(b)) else {
            return 0;
        };
        let named_by = |x: &Household, y: &Household| -> i32 {
            let siblings_elsewhere = x.siblings_elsewhere.iter();
            let best_weight = |child: &usize| {
                let child = children.get(*child)?;
                siblings_elsewhere
                    .clone()
                    .filter_map(|sibling| kinship::sibling_weight(words, sibling, child))
                    .max()
            };
            y.children.iter().filter_map(best_weight).sum()
        };
        named_by(one, other)
            .max(named_by(other, one))
            .min(MAX_DECLARED_SIBLINGS)
    }
}

/// Brothers and sisters whom the children name and who do not live with them.
fn siblings_elsewhere(
    words: &WordInterner,
    children: &[FamilyChild],
    members: &[usize],
) -> Vec<Relative> {
    let members: Vec<&FamilyChild> = members
        .iter()
        .filter_map(|child| children.get(*child))
        .collect();
    let mut out: Vec<Relative> = Vec::new();
    for sibling in members.iter().flat_map(|child| &child.siblings) {
        if out.len() >= MAX_MENTIONS {
            break;
        }
        let is_listed = out
            .iter()
            .any(|listed| listed.name == sibling.name && listed.birth == sibling.birth);
        let is_member = || {
            members
                .iter()
                .any(|child| kinship::sibling_weight(words, sibling, child).is_some())
        };
        if !is_listed && !is_member() {
            out.push(sibling.clone());
        }
    }
    out
}

/// The weight of the best agreement of the family names of two households' children.
fn family_name_weight(
    words: &WordInterner,
    children: &[FamilyChild],
    a: &Household,
    b: &Household,
) -> i32 {
    let children_of = |household: &Household| -> Vec<&FamilyChild> {
        household
            .children
            .iter()
            .take(MAX_MENTIONS)
            .filter_map(|child| children.get(*child))
            .collect()
    };
    let children_a = children_of(a);
    let children_b = children_of(b);
    let levels = children_a.iter().flat_map(|x| {
        children_b
            .iter()
            .filter_map(|y| kinship::family_level(words, x, y))
    });
    match levels.min() {
        Some(FamilyLevel::SameRare) => 250,
        Some(FamilyLevel::Same | FamilyLevel::Alike | FamilyLevel::Part) => 150,
        Some(FamilyLevel::Different) => -100,
        _ => 0,
    }
}

/// Assigns a mention of a child's father to a known father of the household, or to a new one.
fn assign_father(
    words: &WordInterner,
    fathers: &mut Vec<Father>,
    household: usize,
    child: usize,
    mention: &Relative,
) {
    let is_mentioned = |father: &&mut Father| {
        father.children.contains(&child)
            || father.mentions.iter().any(|known| {
                !matches!(
                    compare_adults(words, known, mention),
                    ParentLevel::Different | ParentLevel::Missing
                )
            })
    };
    let Some(father) = fathers.iter_mut().find(is_mentioned) else {
        fathers.push(Father {
            household,
            mentions: vec![mention.clone()],
            children: vec![child],
        });
        return;
    };
    if !father.children.contains(&child) {
        father.children.push(child);
    }
    if father.mentions.len() < MAX_MENTIONS && !father.mentions.contains(mention) {
        father.mentions.push(mention.clone());
    }
}

/// Assigns children without a named father to the only known father of the household, if they have
/// the family name of one of his children; in a household without a known father, to one unknown
/// father.
fn assign_fatherless_children(
    words: &WordInterner,
    children: &[FamilyChild],
    members: &[usize],
    fathers: &mut Vec<Father>,
) {
    let assigned: BTreeSet<usize> = fathers
        .iter()
        .flat_map(|father| &father.children)
        .copied()
        .collect();
    let household = fathers.first().map_or(0, |father| father.household);
    let rest: Vec<usize> = members
        .iter()
        .copied()
        .filter(|child| !assigned.contains(child))
        .collect();
    match fathers.as_mut_slice() {
        [] => fathers.push(Father {
            household,
            mentions: Vec::new(),
            children: rest,
        }),
        [only] => {
            let has_name_of_his_children = |child: &usize| {
                let Some(child) = children.get(*child) else {
                    return false;
                };
                let mut his_children = only.children.iter().filter_map(|own| children.get(*own));
                his_children.any(|own| {
                    kinship::family_level(words, own, child)
                        .is_some_and(|level| level < FamilyLevel::Missing)
                })
            };
            let added: Vec<usize> = rest.into_iter().filter(has_name_of_his_children).collect();
            only.children.extend(added);
        }
        _ => {}
    }
}

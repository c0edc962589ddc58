//! Households: the children of one mother or one home; and the fathers that join two of them.
//!
//! A father is one man over all records of a household's children: one agency knows his birthday, another the half-sister.
//! His name alone does not join two households: in a county of 50,000 families it is another man's six times in seven.

use std::collections::{BTreeMap, BTreeSet};

use super::super::compare::{ParentLevel, same_adult};
use super::super::names::FamilyLevel;
use super::super::prepared::Relative;
use super::super::words::Words;
use super::child::Child;
use super::kin::{self, PRIOR};

/// The most mentions of one person that are compared.
const MENTIONS: usize = 12;
/// The most that brothers and sisters named by name can say.
const MOST_NAMED: i32 = 3000;

/// A father in a household, and his children there.
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
    /// Places among all fathers.
    pub(super) fathers: Vec<usize>,
    pub(super) mothers: Vec<Relative>,
    /// Brothers and sisters named who live elsewhere.
    elsewhere: Vec<Relative>,
}

/// All households with their fathers.
#[derive(Debug, Default)]
pub(super) struct Households {
    pub(super) of_child: Vec<usize>,
    pub(super) households: Vec<Household>,
    pub(super) fathers: Vec<Father>,
}

impl Households {
    pub(super) fn new(words: &Words, children: &[Child], groups: BTreeMap<usize, Vec<usize>>) -> Self {
        let mut all = Self { of_child: vec![0; children.len()], ..Self::default() };
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

    fn add(&mut self, words: &Words, children: &[Child], members: Vec<usize>) {
        let household = self.households.len();
        let mut fathers: Vec<Father> = Vec::new();
        let mut mothers: Vec<Relative> = Vec::new();
        for child in &members {
            let Some(facts) = children.get(*child) else { continue };
            mothers.extend(facts.mothers.iter().cloned());
            for mention in &facts.fathers {
                place(words, &mut fathers, household, *child, mention);
            }
        }
        mothers.truncate(MENTIONS);
        fatherless(words, children, &members, &mut fathers);
        let first = self.fathers.len();
        self.fathers.extend(fathers);
        let elsewhere = elsewhere(words, children, &members);
        let fathers = (first..self.fathers.len()).collect();
        self.households.push(Household { children: members, fathers, mothers, elsewhere });
    }

    /// Whether two households' children have one mother, as far as names, births and what they say of each other tell.
    pub(super) fn one_mother(&self, words: &Words, children: &[Child], a: usize, b: usize) -> bool {
        let Some((one, other)) = self.households.get(a).zip(self.households.get(b)) else { return false };
        let (level, weight) = kin::parents(words, &one.mothers, &other.mothers);
        let same = matches!(level, ParentLevel::Sure | ParentLevel::Same);
        same && PRIOR + weight + self.named(words, children, a, b) + surname(words, children, one, other) >= 0
    }

    /// The fathers of two households that are one man, with how plain that is.
    pub(super) fn one_father(
        &self,
        words: &Words,
        children: &[Child],
        a: usize,
        b: usize,
    ) -> Option<(i32, usize, usize)> {
        let (one, other) = self.households.get(a).zip(self.households.get(b))?;
        let named = self.named(words, children, a, b);
        let surname = surname(words, children, one, other);
        let mut best = None;
        for x in &one.fathers {
            for y in &other.fathers {
                let Some((father, man)) = self.fathers.get(*x).zip(self.fathers.get(*y)) else { continue };
                let (level, weight) = kin::parents(words, &father.mentions, &man.mentions);
                let said = match level {
                    ParentLevel::Sure | ParentLevel::Same => weight,
                    ParentLevel::Alike => 350,
                    ParentLevel::Missing => 0,
                    ParentLevel::Different => -1200,
                };
                let sum = if kin::births_contradict(&father.mentions, &man.mentions) {
                    PRIOR
                } else {
                    PRIOR + said + named + surname
                };
                best = best.max(Some((sum, *x, *y)));
            }
        }
        best.filter(|(weight, _, _)| *weight >= 0)
    }

    /// What it is worth that children of one household name children of the other as brothers and sisters; each name once,
    /// and none that is borne at home.
    fn named(&self, words: &Words, children: &[Child], a: usize, b: usize) -> i32 {
        let Some((one, other)) = self.households.get(a).zip(self.households.get(b)) else { return 0 };
        let of = |x: &Household, y: &Household| -> i32 {
            let elsewhere = x.elsewhere.iter();
            let best = |child: &usize| {
                let child = children.get(*child)?;
                elsewhere.clone().filter_map(|sibling| kin::names(words, sibling, child)).max()
            };
            y.children.iter().filter_map(best).sum()
        };
        of(one, other).max(of(other, one)).min(MOST_NAMED)
    }
}

/// Brothers and sisters whom the children name and who do not live with them.
fn elsewhere(words: &Words, children: &[Child], members: &[usize]) -> Vec<Relative> {
    let members: Vec<&Child> = members.iter().filter_map(|child| children.get(*child)).collect();
    let mut out: Vec<Relative> = Vec::new();
    for sibling in members.iter().flat_map(|child| &child.siblings) {
        let known = out.iter().any(|known| known.name == sibling.name && known.birth == sibling.birth);
        if out.len() < MENTIONS && !known && !members.iter().any(|child| kin::names(words, sibling, child).is_some()) {
            out.push(sibling.clone());
        }
    }
    out
}

fn surname(words: &Words, children: &[Child], a: &Household, b: &Household) -> i32 {
    let of = |household: &Household| -> Vec<&Child> {
        household.children.iter().take(MENTIONS).filter_map(|child| children.get(*child)).collect()
    };
    let (one, other) = (of(a), of(b));
    let levels = one.iter().flat_map(|x| other.iter().filter_map(|y| kin::family_level(words, x, y)));
    match levels.min() {
        Some(FamilyLevel::SameRare) => 250,
        Some(FamilyLevel::Same | FamilyLevel::Alike | FamilyLevel::Part) => 150,
        Some(FamilyLevel::Different) => -100,
        _ => 0,
    }
}

/// Puts a mention of a father to the man it is, or to a new one.
fn place(words: &Words, fathers: &mut Vec<Father>, household: usize, child: usize, mention: &Relative) {
    let is = |father: &&mut Father| {
        father.children.contains(&child)
            || father.mentions.iter().any(|known| {
                !matches!(same_adult(words, known, mention), ParentLevel::Different | ParentLevel::Missing)
            })
    };
    let Some(father) = fathers.iter_mut().find(is) else {
        fathers.push(Father { household, mentions: vec![mention.clone()], children: vec![child] });
        return;
    };
    if !father.children.contains(&child) {
        father.children.push(child);
    }
    if father.mentions.len() < MENTIONS && !father.mentions.contains(mention) {
        father.mentions.push(mention.clone());
    }
}

/// Children of whom nobody named the father belong to the only one that is known, if they bear his children's name.
fn fatherless(words: &Words, children: &[Child], members: &[usize], fathers: &mut Vec<Father>) {
    let known: BTreeSet<usize> = fathers.iter().flat_map(|father| &father.children).copied().collect();
    let household = fathers.first().map_or(0, |father| father.household);
    let rest: Vec<usize> = members.iter().copied().filter(|child| !known.contains(child)).collect();
    match fathers.as_mut_slice() {
        [] => fathers.push(Father { household, mentions: Vec::new(), children: rest }),
        [only] => {
            let of_the_known = |child: &usize| {
                let Some(child) = children.get(*child) else { return false };
                let mut known = only.children.iter().filter_map(|known| children.get(*known));
                known.any(|known| {
                    kin::family_level(words, known, child).is_some_and(|level| level < FamilyLevel::Missing)
                })
            };
            let rest: Vec<usize> = rest.into_iter().filter(of_the_known).collect();
            only.children.extend(rest);
        }
        _ => {}
    }
}

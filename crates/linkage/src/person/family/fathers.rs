//! Joins the fathers of several households who are one man.

use std::collections::HashMap;

use super::super::prepared::Relative;
use super::disjoint_sets::DisjointSets;
use super::households::Households;
use super::kinship;

/// The fathers during joining.
pub(super) struct FatherMerger<'a> {
    households: &'a Households,
    sets: DisjointSets,
    /// All mentions of each joined father, by the root of his set.
    mentions: HashMap<usize, Vec<Relative>>,
}

impl<'a> FatherMerger<'a> {
    /// Starts with the fathers of all households unjoined.
    pub(super) fn new(households: &'a Households) -> Self {
        Self {
            households,
            sets: DisjointSets::new(households.fathers.len()),
            mentions: HashMap::new(),
        }
    }

    /// Joins two fathers unless their birthdays contradict each other.
    pub(super) fn join(&mut self, a: usize, b: usize) {
        let a = self.sets.find(a);
        let b = self.sets.find(b);
        let mut mentions = self.mentions_of(a);
        let added = self.mentions_of(b);
        if a == b || kinship::births_contradict(&mentions, &added) {
            return;
        }
        self.sets.join(a, b);
        mentions.extend(added);
        self.mentions.insert(a.min(b), mentions);
    }

    /// All mentions of the father with this root.
    fn mentions_of(&self, root: usize) -> Vec<Relative> {
        let own = || {
            self.households
                .fathers
                .get(root)
                .map(|father| father.mentions.clone())
        };
        self.mentions
            .get(&root)
            .cloned()
            .or_else(own)
            .unwrap_or_default()
    }

    /// The children of each father, ascending.
    pub(super) fn children(mut self) -> Vec<Vec<usize>> {
        let fathers = &self.households.fathers;
        let children_of = |index: usize| {
            fathers
                .get(index)
                .map(|father| father.children.clone())
                .unwrap_or_default()
        };
        let groups = self.sets.groups().into_values();
        let mut children: Vec<Vec<usize>> = groups
            .map(|group| group.into_iter().flat_map(children_of).collect())
            .collect();
        children
            .iter_mut()
            .for_each(|children| children.sort_unstable());
        children
    }
}

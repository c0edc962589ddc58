//! Fathers of several households, joined where they are one man.

use std::collections::HashMap;

use super::super::prepared::Relative;
use super::households::Households;
use super::kin;
use super::sets::Sets;

/// Men while they are joined.
pub(super) struct Men<'a> {
    households: &'a Households,
    sets: Sets,
    /// What is said of the men joined so far, by the first of them.
    mentions: HashMap<usize, Vec<Relative>>,
}

impl<'a> Men<'a> {
    pub(super) fn new(households: &'a Households) -> Self {
        Self { households, sets: Sets::new(households.fathers.len()), mentions: HashMap::new() }
    }

    /// Joins two unless their birthdays are two men's.
    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.sets.find(a), self.sets.find(b));
        let (mut said, more) = (self.said(a), self.said(b));
        if a == b || kin::births_contradict(&said, &more) {
            return;
        }
        self.sets.join(a, b);
        said.extend(more);
        self.mentions.insert(a.min(b), said);
    }

    fn said(&self, man: usize) -> Vec<Relative> {
        let own = || self.households.fathers.get(man).map(|man| man.mentions.clone());
        self.mentions.get(&man).cloned().or_else(own).unwrap_or_default()
    }

    /// The children of each man, ascending.
    pub(super) fn children(mut self) -> Vec<Vec<usize>> {
        let of = |man: usize| self.households.fathers.get(man).map(|man| man.children.clone()).unwrap_or_default();
        let groups = self.sets.groups().into_values();
        let mut children: Vec<Vec<usize>> = groups.map(|men| men.into_iter().flat_map(of).collect()).collect();
        children.iter_mut().for_each(|children| children.sort_unstable());
        children
    }
}

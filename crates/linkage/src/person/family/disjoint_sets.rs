//! A union-find structure for children, and the families that result from groups of children.

use std::collections::{BTreeMap, BTreeSet};

use super::super::evidence::{Reason, ReasonCode as R};
use super::{Family, MAX_BLOCK_FOR_ALL_PAIRS, NEIGHBOURS_IN_LARGE_BLOCK};

/// Disjoint sets of nodes (union-find).
#[derive(Debug)]
pub(super) struct DisjointSets {
    root: Vec<usize>,
}

impl DisjointSets {
    /// One set for each node.
    pub(super) fn new(count: usize) -> Self {
        Self {
            root: (0..count).collect(),
        }
    }

    /// The root of a node's set.
    pub(super) fn find(&mut self, mut node: usize) -> usize {
        while let Some(&above) = self.root.get(node).filter(|above| **above != node) {
            let next = self.root.get(above).copied().unwrap_or(above);
            if let Some(slot) = self.root.get_mut(node) {
                *slot = next;
            }
            node = above;
        }
        node
    }

    /// Joins the sets of two nodes.
    pub(super) fn join(&mut self, a: usize, b: usize) {
        let a = self.find(a);
        let b = self.find(b);
        if let Some(slot) = self.root.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }

    /// The sets, by root.
    pub(super) fn groups(&mut self) -> BTreeMap<usize, Vec<usize>> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for node in 0..self.root.len() {
            groups.entry(self.find(node)).or_default().push(node);
        }
        groups
    }
}

/// Builds families from groups of children, without groups that lie within another group.
pub(super) fn assemble_families(
    count: usize,
    mut groups: Vec<Vec<usize>>,
    reasons: &BTreeMap<(usize, usize), Vec<Reason>>,
) -> Vec<Family> {
    groups.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    groups.dedup();
    let mut families_of_child: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut kept: Vec<BTreeSet<usize>> = Vec::new();
    for group in groups {
        let families_of_first = group
            .first()
            .and_then(|child| families_of_child.get(*child))
            .cloned()
            .unwrap_or_default();
        let mut candidates = families_of_first
            .iter()
            .filter_map(|index| kept.get(*index));
        if candidates.any(|family| group.iter().all(|child| family.contains(child))) {
            continue;
        }
        for child in &group {
            if let Some(families) = families_of_child.get_mut(*child) {
                families.push(kept.len());
            }
        }
        kept.push(group.into_iter().collect());
    }
    let mut families: Vec<Family> = kept
        .into_iter()
        .map(|children| build_family(children, reasons))
        .collect();
    families.sort_by(|a, b| a.children.cmp(&b.children));
    families
}

/// Builds a family with the reasons for its pairs of children, with the greatest weight of each
/// kind.
fn build_family(
    children: BTreeSet<usize>,
    reasons: &BTreeMap<(usize, usize), Vec<Reason>>,
) -> Family {
    let children: Vec<usize> = children.into_iter().collect();
    let mut weights: BTreeMap<R, i32> = BTreeMap::new();
    for (position, a) in children.iter().enumerate().take(MAX_BLOCK_FOR_ALL_PAIRS) {
        for b in children
            .iter()
            .skip(position + 1)
            .take(NEIGHBOURS_IN_LARGE_BLOCK)
        {
            for reason in reasons.get(&(*a, *b)).into_iter().flatten() {
                let weight = weights.entry(reason.code).or_insert(reason.weight);
                *weight = reason.weight.max(*weight);
            }
        }
    }
    let evidence = weights
        .into_iter()
        .map(|(code, weight)| Reason::new(code, weight))
        .collect();
    Family { children, evidence }
}

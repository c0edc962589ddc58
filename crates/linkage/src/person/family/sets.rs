//! Sets of children that join, and the families they make.

use std::collections::{BTreeMap, BTreeSet};

use super::super::evidence::{Reason, ReasonCode as R};
use super::{CROWD, Family, NEIGHBOURS};

/// Sets that join.
#[derive(Debug)]
pub(super) struct Sets {
    root: Vec<usize>,
}

impl Sets {
    pub(super) fn new(count: usize) -> Self {
        Self { root: (0..count).collect() }
    }

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

    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if let Some(slot) = self.root.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }

    pub(super) fn groups(&mut self) -> BTreeMap<usize, Vec<usize>> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for node in 0..self.root.len() {
            groups.entry(self.find(node)).or_default().push(node);
        }
        groups
    }
}

/// The sets of all kinds as families, those within another left out.
pub(super) fn assemble(
    count: usize,
    mut groups: Vec<Vec<usize>>,
    reasons: &BTreeMap<(usize, usize), Vec<Reason>>,
) -> Vec<Family> {
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

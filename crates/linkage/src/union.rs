//! Joins pairs into groups, the strongest pair first. The caller can refuse a join, so that a chain
//! of pairs never brings contradicting records together.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::{EvidenceWeights, merge_evidence};

/// A pair of nodes that belong together, `a < b`.
pub(crate) struct RankedLink {
    pub(crate) a: usize,
    pub(crate) b: usize,
    /// The strength of the pair; 0 is the strongest.
    pub(crate) rank: u8,
    pub(crate) evidence: EvidenceWeights,
}

/// A partition of nodes into groups. Groups are identified by an index; their members are in
/// ascending order.
pub(crate) struct Groups {
    group_of: Vec<usize>,
    members: Vec<Vec<usize>>,
    evidence: Vec<EvidenceWeights>,
}

impl Groups {
    /// One group for each node.
    pub(crate) fn singletons(count: usize) -> Self {
        Self {
            group_of: (0..count).collect(),
            members: (0..count).map(|node| vec![node]).collect(),
            evidence: vec![EvidenceWeights::new(); count],
        }
    }

    /// Joins the groups of each link, strongest link first, where `may_join` allows it.
    pub(crate) fn join(
        &mut self,
        mut links: Vec<RankedLink>,
        may_join: impl Fn(&[usize], &[usize]) -> bool,
    ) {
        links.sort_by_key(|link| (link.rank, link.a, link.b));
        for link in links {
            let (Some(&to), Some(&from)) = (self.group_of.get(link.a), self.group_of.get(link.b))
            else {
                continue;
            };
            let is_allowed = to == from || may_join(self.members_of(to), self.members_of(from));
            if is_allowed {
                self.merge(to, from);
                if let Some(evidence) = self.evidence.get_mut(to) {
                    merge_evidence(evidence, link.evidence);
                }
            }
        }
    }

    fn members_of(&self, group: usize) -> &[usize] {
        self.members.get(group).map_or(&[], Vec::as_slice)
    }

    fn merge(&mut self, to: usize, from: usize) {
        if to == from {
            return;
        }
        let moved = self
            .members
            .get_mut(from)
            .map(std::mem::take)
            .unwrap_or_default();
        let evidence = self
            .evidence
            .get_mut(from)
            .map(std::mem::take)
            .unwrap_or_default();
        for node in &moved {
            if let Some(group) = self.group_of.get_mut(*node) {
                *group = to;
            }
        }
        if let Some(members) = self.members.get_mut(to) {
            members.extend(moved);
            members.sort_unstable();
        }
        if let Some(own) = self.evidence.get_mut(to) {
            merge_evidence(own, evidence);
        }
    }

    /// The groups with their evidence, ordered by their first member.
    pub(crate) fn finish(self) -> Vec<(Vec<usize>, EvidenceWeights)> {
        let groups = self
            .members
            .into_iter()
            .zip(self.evidence)
            .filter(|(members, _)| !members.is_empty());
        let mut groups: Vec<_> = groups.collect();
        groups.sort_by(|(a, _), (b, _)| a.first().cmp(&b.first()));
        groups
    }
}

/// Removes every link of a node whose strongest partners cannot all be the same event: choosing one
/// of them would be a guess. Partners are equally strong when their ranks differ by at most
/// `margin`.
pub(crate) fn without_ambiguous(
    links: Vec<RankedLink>,
    margin: u8,
    exclude: impl Fn(usize, usize) -> bool,
) -> Vec<RankedLink> {
    let mut partners: BTreeMap<usize, Vec<(u8, usize)>> = BTreeMap::new();
    for link in &links {
        partners
            .entry(link.a)
            .or_default()
            .push((link.rank, link.b));
        partners
            .entry(link.b)
            .or_default()
            .push((link.rank, link.a));
    }
    let ambiguous: BTreeSet<usize> = partners
        .into_iter()
        .filter_map(|(node, mut partners)| {
            partners.sort_unstable();
            let best = partners.first()?.0;
            let strongest: Vec<usize> = partners
                .iter()
                .take_while(|(rank, _)| rank - best <= margin)
                .map(|(_, partner)| *partner)
                .collect();
            any_excluded(&strongest, &exclude).then_some(node)
        })
        .collect();
    links
        .into_iter()
        .filter(|link| !ambiguous.contains(&link.a) && !ambiguous.contains(&link.b))
        .collect()
}

/// Whether any of the partners exclude each other. Compares the first partner with all others and
/// each with the next one. This is linear, and sufficient, because the causes of exclusion (another
/// time, another day, the same agency) divide the partners into classes.
fn any_excluded(partners: &[usize], exclude: &impl Fn(usize, usize) -> bool) -> bool {
    let Some((&first, others)) = partners.split_first() else {
        return false;
    };
    others.iter().any(|&other| exclude(first, other))
        || others
            .windows(2)
            .any(|pair| matches!(pair, [one, other] if exclude(*one, *other)))
}

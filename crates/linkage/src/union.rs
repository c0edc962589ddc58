//! Joining pairs into groups, the strongest pair first, with a veto: a chain never brings together what contradicts.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::{Spoken, join};

/// A pair that belongs together, `a < b`.
pub(crate) struct Link {
    pub(crate) a: usize,
    pub(crate) b: usize,
    /// 0 is the strongest.
    pub(crate) rank: u8,
    pub(crate) codes: Spoken,
}

/// Nodes in groups. A node's group is named by its index; members are in ascending order.
pub(crate) struct Groups {
    group_of: Vec<usize>,
    members: Vec<Vec<usize>>,
    codes: Vec<Spoken>,
}

impl Groups {
    pub(crate) fn singles(count: usize) -> Self {
        Self {
            group_of: (0..count).collect(),
            members: (0..count).map(|node| vec![node]).collect(),
            codes: vec![Spoken::new(); count],
        }
    }

    /// Joins along `links`, strongest first, where `may_join` allows it.
    pub(crate) fn join(&mut self, mut links: Vec<Link>, may_join: impl Fn(&[usize], &[usize]) -> bool) {
        links.sort_by_key(|link| (link.rank, link.a, link.b));
        for link in links {
            let (Some(&to), Some(&from)) = (self.group_of.get(link.a), self.group_of.get(link.b)) else { continue };
            let allowed = to == from || may_join(self.of(to), self.of(from));
            if allowed {
                self.merge(to, from);
                if let Some(codes) = self.codes.get_mut(to) {
                    join(codes, link.codes);
                }
            }
        }
    }

    fn of(&self, group: usize) -> &[usize] {
        self.members.get(group).map_or(&[], Vec::as_slice)
    }

    fn merge(&mut self, to: usize, from: usize) {
        if to == from {
            return;
        }
        let moved = self.members.get_mut(from).map(std::mem::take).unwrap_or_default();
        let codes = self.codes.get_mut(from).map(std::mem::take).unwrap_or_default();
        for node in &moved {
            if let Some(group) = self.group_of.get_mut(*node) {
                *group = to;
            }
        }
        if let Some(members) = self.members.get_mut(to) {
            members.extend(moved);
            members.sort_unstable();
        }
        if let Some(own) = self.codes.get_mut(to) {
            join(own, codes);
        }
    }

    /// The groups with their reasons, ordered by their first member.
    pub(crate) fn finish(self) -> Vec<(Vec<usize>, Spoken)> {
        let groups = self.members.into_iter().zip(self.codes).filter(|(members, _)| !members.is_empty());
        let mut groups: Vec<_> = groups.collect();
        groups.sort_by(|(a, _), (b, _)| a.first().cmp(&b.first()));
        groups
    }
}

/// Leaves out every link of a node whose strongest partners cannot all be the same event: choosing one would be a guess.
/// Partners are equally strong when their ranks lie within `margin`.
pub(crate) fn without_ambiguous(links: Vec<Link>, margin: u8, exclude: impl Fn(usize, usize) -> bool) -> Vec<Link> {
    let mut partners: BTreeMap<usize, Vec<(u8, usize)>> = BTreeMap::new();
    for link in &links {
        partners.entry(link.a).or_default().push((link.rank, link.b));
        partners.entry(link.b).or_default().push((link.rank, link.a));
    }
    let torn: BTreeSet<usize> = partners
        .into_iter()
        .filter_map(|(node, mut partners)| {
            partners.sort_unstable();
            let best = partners.first()?.0;
            let strongest: Vec<usize> =
                partners.iter().take_while(|(rank, _)| rank - best <= margin).map(|(_, partner)| *partner).collect();
            any_excluded(&strongest, &exclude).then_some(node)
        })
        .collect();
    links.into_iter().filter(|link| !torn.contains(&link.a) && !torn.contains(&link.b)).collect()
}

/// Compares the first with every other and each with its neighbour: linear, and enough, because what excludes (another
/// time, another day, the same agency) splits partners into kinds.
fn any_excluded(partners: &[usize], exclude: &impl Fn(usize, usize) -> bool) -> bool {
    let Some((&first, others)) = partners.split_first() else { return false };
    others.iter().any(|&other| exclude(first, other))
        || others.windows(2).any(|pair| matches!(pair, [one, other] if exclude(*one, *other)))
}

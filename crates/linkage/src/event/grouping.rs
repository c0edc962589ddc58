//! Which accounts are on one row: all accounts are assigned to events jointly, so that the evidence
//! is strongest overall.
//!
//! First, pairs are merged from the strongest down, where the evidence across the two whole groups
//! is positive. Then each account moves to the group, or to a row of its own, for which the
//! evidence from all accounts of the group is strongest. So no row is a chain of single links. No
//! row has two accounts of one agency, because an agency's repeats are one account.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::accounts::Accounts;
use super::model::{FLOOR, NEVER};

/// One pair counts at most this much for or against a group.
const MAX_PAIR_EVIDENCE: i32 = 6_000;
/// The number of rounds in which accounts move. Few groups change after the second.
const ROUNDS: usize = 6;
/// Pairs whose score is below the threshold by no more than this make their groups candidates for a
/// move.
const NEIGHBOUR_MARGIN: i32 = 3_000;

/// A score with the two accounts that have it.
type ScoredPair = (i32, usize, usize);

/// Groups the accounts into rows. Every account is in exactly one group; the groups are sorted.
pub(crate) fn group_accounts(
    accounts: &Accounts<'_, '_, '_>,
    pairs: &[(usize, usize)],
) -> Vec<Vec<usize>> {
    let threshold = accounts.family.model.join;
    let mut scored: Vec<ScoredPair> = pairs
        .iter()
        .filter_map(|&(a, b)| Some((accounts.score(a, b)?, a, b)))
        .filter(|(score, ..)| *score > threshold - NEIGHBOUR_MARGIN)
        .collect();
    scored.sort_by_key(|&(score, a, b)| (Reverse(score), a, b));
    let mut groups = AccountGroups::singletons(accounts);
    groups.merge_strongest_pairs(&scored);
    for _ in 0..ROUNDS {
        let moved = groups.move_accounts(&scored);
        let merged = groups.merge_groups(&scored);
        if !moved && !merged {
            break;
        }
    }
    groups
        .members
        .into_values()
        .map(|members| members.into_iter().collect())
        .collect()
}

struct AccountGroups<'a, 't, 'e, 'f> {
    accounts: &'a Accounts<'t, 'e, 'f>,
    group_of: Vec<usize>,
    members: BTreeMap<usize, BTreeSet<usize>>,
}

impl<'a, 't, 'e, 'f> AccountGroups<'a, 't, 'e, 'f> {
    /// Each account in a group of its own.
    fn singletons(accounts: &'a Accounts<'t, 'e, 'f>) -> Self {
        let count = accounts.accounts.len();
        let members = (0..count)
            .map(|account| (account, BTreeSet::from([account])))
            .collect();
        Self {
            accounts,
            group_of: (0..count).collect(),
            members,
        }
    }

    fn threshold(&self) -> i32 {
        self.accounts.family.model.join
    }

    fn group_of(&self, account: usize) -> usize {
        self.group_of.get(account).copied().unwrap_or(account)
    }

    fn members(&self, group: usize) -> impl Iterator<Item = usize> + '_ {
        self.members.get(&group).into_iter().flatten().copied()
    }

    /// The evidence above the threshold for two accounts being on one row.
    fn pair_evidence(&self, a: usize, b: usize) -> i32 {
        let score = self.accounts.score(a, b).unwrap_or(NEVER);
        (score - self.threshold()).clamp(-MAX_PAIR_EVIDENCE, MAX_PAIR_EVIDENCE)
    }

    fn share_agency(&self, a: usize, b: usize) -> bool {
        self.members(a).any(|member| {
            self.members(b)
                .any(|other| self.accounts.same_agency(member, other))
        })
    }

    fn merge_strongest_pairs(&mut self, scored: &[ScoredPair]) {
        for &(score, a, b) in scored {
            if score <= self.threshold() {
                break;
            }
            let to = self.group_of(a);
            let from = self.group_of(b);
            if to != from && self.can_merge(to, from, true) {
                self.merge(to, from);
            }
        }
    }

    /// Whether the evidence of all pairs across two groups together is for one event. With
    /// `needs_floor`, no pair may be below [`FLOOR`].
    fn can_merge(&self, a: usize, b: usize, needs_floor: bool) -> bool {
        if self.share_agency(a, b) {
            return false;
        }
        let mut sum = 0;
        for one in self.members(a) {
            for other in self.members(b) {
                let score = self.accounts.score(one, other).unwrap_or(NEVER);
                if needs_floor && score < FLOOR {
                    return false;
                }
                sum += self.pair_evidence(one, other);
            }
        }
        sum > 0
    }

    fn merge(&mut self, to: usize, from: usize) {
        for account in self.members.remove(&from).unwrap_or_default() {
            self.insert(account, to);
        }
    }

    fn insert(&mut self, account: usize, group: usize) {
        if let Some(slot) = self.group_of.get_mut(account) {
            *slot = group;
        }
        self.members.entry(group).or_default().insert(account);
    }

    /// Moves each account to the group for which the evidence is strongest. Returns whether any
    /// account moved.
    fn move_accounts(&mut self, scored: &[ScoredPair]) -> bool {
        let mut neighbours: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for &(_, a, b) in scored {
            neighbours.entry(a).or_default().insert(b);
            neighbours.entry(b).or_default().insert(a);
        }
        let mut moved = false;
        for (account, near) in neighbours {
            let own = self.group_of(account);
            let groups: BTreeSet<usize> =
                near.into_iter().map(|other| self.group_of(other)).collect();
            let current_evidence = self.group_evidence(account, own).unwrap_or_default();
            let others = groups.into_iter().filter(|group| *group != own);
            let offers = others
                .filter_map(|group| Some((self.group_evidence(account, group)?, Some(group))));
            let alone = (0, None);
            let (evidence, best) = offers.fold(
                alone,
                |best, offer| if offer.0 > best.0 { offer } else { best },
            );
            let is_alone = self.members(own).count() == 1;
            if evidence <= current_evidence || (best.is_none() && is_alone) {
                continue;
            }
            self.remove(account, own);
            let group = best.unwrap_or_else(|| self.unused_group());
            self.insert(account, group);
            moved = true;
        }
        moved
    }

    /// The evidence for an account being in a group, from the group's other members. `None` when
    /// its agency has another account there or the score with a member is below [`FLOOR`].
    fn group_evidence(&self, account: usize, group: usize) -> Option<i32> {
        let others = || self.members(group).filter(|other| *other != account);
        let has_agency = others().any(|other| self.accounts.same_agency(account, other));
        let score = |other| self.accounts.score(account, other).unwrap_or(NEVER);
        let is_below_floor = others().any(|other| score(other) < FLOOR);
        (!has_agency && !is_below_floor).then(|| {
            others()
                .map(|other| self.pair_evidence(account, other))
                .sum()
        })
    }

    fn remove(&mut self, account: usize, group: usize) {
        if let Some(members) = self.members.get_mut(&group) {
            members.remove(&account);
            if members.is_empty() {
                self.members.remove(&group);
            }
        }
    }

    fn unused_group(&self) -> usize {
        self.members
            .last_key_value()
            .map_or(0, |(last, _)| last + 1)
            .max(self.group_of.len())
    }

    /// Merges whole groups where the evidence across them is for one event. Returns whether any
    /// were merged.
    fn merge_groups(&mut self, scored: &[ScoredPair]) -> bool {
        let mut merged = false;
        for &(score, a, b) in scored {
            if score <= self.threshold() {
                break;
            }
            let to = self.group_of(a);
            let from = self.group_of(b);
            if to != from && self.can_merge(to, from, false) {
                self.merge(to, from);
                merged = true;
            }
        }
        merged
    }
}

//! Which accounts stand on one row: the assignment of all accounts to events for which most speaks, taken together.
//!
//! Pairs are joined from the strongest down where the evidence of the whole group is for it; then each account moves to
//! the group, or to a row of its own, where the evidence of all of the group's accounts is greatest. No row is a chain of
//! single links, and no row has two accounts of one agency, because an agency's repeats have been taken together before.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts::Accounts;
use super::model::{FLOOR, NEVER};

/// One pair never counts more than this for or against a group.
const MOST: i32 = 6_000;
/// So many rounds of moving accounts suffice; few groups change after the second.
const ROUNDS: usize = 6;
/// Pairs with less evidence than is needed, by no more than this, make their groups neighbours.
const NEIGHBOUR: i32 = 3_000;

/// The accounts in groups, each sorted; every account is in exactly one.
pub(crate) fn group(accounts: &Accounts<'_, '_, '_>, pairs: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let join = accounts.family.model.join;
    let mut scored: Vec<(i32, usize, usize)> = pairs
        .iter()
        .filter_map(|&(a, b)| Some((accounts.score(a, b)?, a, b)))
        .filter(|(score, ..)| *score > join - NEIGHBOUR)
        .collect();
    scored.sort_by_key(|&(score, a, b)| (std::cmp::Reverse(score), a, b));
    let mut groups = Groups::singles(accounts);
    groups.join_strongest(&scored);
    for _ in 0..ROUNDS {
        let moved = groups.move_each(&scored);
        let merged = groups.merge_whole(&scored);
        if !moved && !merged {
            break;
        }
    }
    groups.members.into_values().map(|members| members.into_iter().collect()).collect()
}

struct Groups<'a, 't, 'e, 'f> {
    accounts: &'a Accounts<'t, 'e, 'f>,
    group_of: Vec<usize>,
    members: BTreeMap<usize, BTreeSet<usize>>,
}

impl<'a, 't, 'e, 'f> Groups<'a, 't, 'e, 'f> {
    fn singles(accounts: &'a Accounts<'t, 'e, 'f>) -> Self {
        let count = accounts.accounts.len();
        let members = (0..count).map(|one| (one, BTreeSet::from([one]))).collect();
        Self { accounts, group_of: (0..count).collect(), members }
    }

    fn join(&self) -> i32 {
        self.accounts.family.model.join
    }

    fn of(&self, account: usize) -> usize {
        self.group_of.get(account).copied().unwrap_or(account)
    }

    fn members(&self, group: usize) -> impl Iterator<Item = usize> + '_ {
        self.members.get(&group).into_iter().flatten().copied()
    }

    /// Evidence above the threshold for one account standing with another.
    fn over(&self, a: usize, b: usize) -> i32 {
        let score = self.accounts.score(a, b).unwrap_or(NEVER);
        (score - self.join()).clamp(-MOST, MOST)
    }

    fn share_agency(&self, a: usize, b: usize) -> bool {
        self.members(a).any(|one| self.members(b).any(|other| self.accounts.same_agency(one, other)))
    }

    fn join_strongest(&mut self, scored: &[(i32, usize, usize)]) {
        for &(score, a, b) in scored {
            if score <= self.join() {
                break;
            }
            let (to, from) = (self.of(a), self.of(b));
            if to != from && self.may_join(to, from, true) {
                self.merge(to, from);
            }
        }
    }

    /// Whether the evidence of all pairs across two groups is for one event; `each`: and none is far against it.
    fn may_join(&self, a: usize, b: usize, each: bool) -> bool {
        if self.share_agency(a, b) {
            return false;
        }
        let mut sum = 0;
        for one in self.members(a) {
            for other in self.members(b) {
                let score = self.accounts.score(one, other).unwrap_or(NEVER);
                if each && score < FLOOR {
                    return false;
                }
                sum += self.over(one, other);
            }
        }
        sum > 0
    }

    fn merge(&mut self, to: usize, from: usize) {
        for one in self.members.remove(&from).unwrap_or_default() {
            self.place(one, to);
        }
    }

    fn place(&mut self, account: usize, group: usize) {
        if let Some(place) = self.group_of.get_mut(account) {
            *place = group;
        }
        self.members.entry(group).or_default().insert(account);
    }

    /// Moves each account to where most speaks for it; whether any moved.
    fn move_each(&mut self, scored: &[(i32, usize, usize)]) -> bool {
        let mut neighbours: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for &(_, a, b) in scored {
            neighbours.entry(a).or_default().insert(b);
            neighbours.entry(b).or_default().insert(a);
        }
        let mut moved = false;
        for (account, near) in neighbours {
            let own = self.of(account);
            let groups: BTreeSet<usize> = near.into_iter().map(|other| self.of(other)).collect();
            let current = self.gain(account, own).unwrap_or_default();
            let alone = (0, None);
            let others = groups.into_iter().filter(|group| *group != own);
            let offers = others.filter_map(|group| Some((self.gain(account, group)?, Some(group))));
            let (gain, best) = offers.fold(alone, |best, offer| if offer.0 > best.0 { offer } else { best });
            let is_alone = self.members(own).count() == 1;
            if gain <= current || (best.is_none() && is_alone) {
                continue;
            }
            self.leave(account, own);
            let group = best.unwrap_or_else(|| self.empty_group());
            self.place(account, group);
            moved = true;
        }
        moved
    }

    /// Evidence for an account standing in a group, without itself; `None` when its agency has an account there.
    fn gain(&self, account: usize, group: usize) -> Option<i32> {
        let others = || self.members(group).filter(|other| *other != account);
        let taken = others().any(|other| self.accounts.same_agency(account, other));
        let score = |other| self.accounts.score(account, other).unwrap_or(NEVER);
        let against = others().any(|other| score(other) < FLOOR);
        (!taken && !against).then(|| others().map(|other| self.over(account, other)).sum())
    }

    fn leave(&mut self, account: usize, group: usize) {
        if let Some(members) = self.members.get_mut(&group) {
            members.remove(&account);
            if members.is_empty() {
                self.members.remove(&group);
            }
        }
    }

    fn empty_group(&self) -> usize {
        self.members.last_key_value().map_or(0, |(last, _)| last + 1).max(self.group_of.len())
    }

    /// Joins whole groups for which the evidence across them speaks; whether any were.
    fn merge_whole(&mut self, scored: &[(i32, usize, usize)]) -> bool {
        let mut merged = false;
        for &(score, a, b) in scored {
            if score <= self.join() {
                break;
            }
            let (to, from) = (self.of(a), self.of(b));
            if to != from && self.may_join(to, from, false) {
                self.merge(to, from);
                merged = true;
            }
        }
        merged
    }
}

//! How rare meanings, kinds, acts and numbers are among the accounts of one family, and in records
//! in general.

use std::collections::HashMap;

use super::bit_set::BitSet;
use super::parsed_entry::ParsedEntry;
use super::rarity::intersect_sorted;
use super::word_frequencies::thousandths_of_ln;

/// A family with fewer accounts than this is treated as having this many, so that nothing is rare
/// in a few accounts.
const MIN_ACCOUNTS: u32 = 16;
/// A word that is frequent in English counts this percentage of its rarity in the family.
const FREQUENT_WORD_PERCENT: i32 = 35;

/// How rare each meaning, kind, act and number is, in thousandths of a natural logarithm.
pub(crate) struct RarityWeights {
    /// The rarity of each meaning in the family, by meaning id.
    family: Vec<i32>,
    /// The rarity of each meaning in records in general, by meaning id.
    general: Vec<i32>,
    frequent: Vec<bool>,
    accounts_with_meaning: Vec<u32>,
    kinds: [i32; BitSet::CAPACITY],
    acts: [i32; BitSet::CAPACITY],
    accounts_with_number: HashMap<u64, u32>,
    accounts: u32,
}

/// How rare the meanings are that two accounts have in common.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WordOverlap {
    /// The general rarity of all of them.
    pub(crate) general: i32,
    /// Their rarity in the family.
    pub(crate) family: i32,
    /// The two rarest, by the product of general rarity and rarity in the family.
    pub(crate) two_rarest: i32,
    /// The five rarest.
    pub(crate) five_rarest: i32,
    /// The number of them that are not frequent in English.
    pub(crate) uncommon: i32,
}

impl RarityWeights {
    /// Counts over the accounts of a family. `general` and `frequent` are by meaning id.
    pub(crate) fn count<'r>(
        accounts: impl Iterator<Item = &'r ParsedEntry>,
        general: &[i32],
        frequent: &[bool],
    ) -> Self {
        let mut accounts_with_meaning = vec![0_u32; general.len()];
        let mut kind_counts = [0_u32; BitSet::CAPACITY];
        let mut act_counts = [0_u32; BitSet::CAPACITY];
        let mut accounts_with_number = HashMap::new();
        let mut account_count = 0;
        for parsed in accounts {
            account_count += 1;
            for id in &parsed.meaning_ids {
                if let Some(count) =
                    as_index(*id).and_then(|index| accounts_with_meaning.get_mut(index))
                {
                    *count += 1;
                }
            }
            count_members(parsed.kinds, &mut kind_counts);
            count_members(parsed.acts.all, &mut act_counts);
            for number in &parsed.numbers {
                *accounts_with_number.entry(*number).or_insert(0) += 1;
            }
        }
        let rarity = |count: u32| rarity(account_count, count);
        let family = accounts_with_meaning
            .iter()
            .zip(frequent)
            .map(|(count, frequent)| {
                let rare = rarity(*count);
                if *frequent {
                    rare * FREQUENT_WORD_PERCENT / 100
                } else {
                    rare
                }
            });
        Self {
            family: family.collect(),
            general: general.to_vec(),
            frequent: frequent.to_vec(),
            kinds: kind_counts.map(rarity),
            acts: act_counts.map(rarity),
            accounts_with_meaning,
            accounts_with_number,
            accounts: account_count,
        }
    }

    /// The rarity of all meanings of an account together, in general and in the family.
    pub(crate) fn total_rarity(&self, parsed: &ParsedEntry) -> (i32, i32) {
        let indexes = || parsed.meaning_ids.iter().filter_map(|id| as_index(*id));
        let general = indexes().filter_map(|index| self.general.get(index)).sum();
        let family = indexes().filter_map(|index| self.family.get(index)).sum();
        (general, family)
    }

    /// How rare the meanings are that two accounts have in common.
    pub(crate) fn overlap(&self, a: &ParsedEntry, b: &ParsedEntry) -> WordOverlap {
        let mut overlap = WordOverlap::default();
        let mut rarest: Vec<i32> = Vec::new();
        for index in intersect_sorted(&a.meaning_ids, &b.meaning_ids).filter_map(as_index) {
            let general = self.general.get(index).copied().unwrap_or_default();
            overlap.general += general;
            overlap.family += self.family.get(index).copied().unwrap_or_default();
            overlap.uncommon += i32::from(!self.frequent.get(index).copied().unwrap_or(true));
            let accounts_with = self
                .accounts_with_meaning
                .get(index)
                .copied()
                .unwrap_or_default();
            let in_family = rarity(self.accounts, accounts_with);
            rarest.push(general / 10 * (in_family / 10) / 10);
        }
        rarest.sort_unstable_by(|a, b| b.cmp(a));
        overlap.two_rarest = rarest.iter().take(2).sum();
        overlap.five_rarest = rarest.iter().take(5).sum();
        overlap
    }

    /// How distinctive a meaning is: the product of its general rarity and its rarity in the
    /// family.
    pub(crate) fn distinctiveness(&self, meaning: u32) -> i32 {
        let Some(index) = as_index(meaning) else {
            return 0;
        };
        let general = self.general.get(index).copied().unwrap_or_default();
        general / 10 * (self.family.get(index).copied().unwrap_or_default() / 10) / 10
    }

    /// The rarity in the family of several kinds together.
    pub(crate) fn kinds(&self, kinds: BitSet) -> i32 {
        kinds
            .indices()
            .filter_map(|index| self.kinds.get(index))
            .sum()
    }

    /// The rarity in the family of several acts together.
    pub(crate) fn acts(&self, acts: BitSet) -> i32 {
        acts.indices()
            .filter_map(|index| self.acts.get(index))
            .sum()
    }

    /// The rarity in the family of a number.
    pub(crate) fn number(&self, number: u64) -> i32 {
        rarity(
            self.accounts,
            self.accounts_with_number
                .get(&number)
                .copied()
                .unwrap_or_default(),
        )
    }
}

fn count_members(set: BitSet, counts: &mut [u32; BitSet::CAPACITY]) {
    for index in set.indices() {
        if let Some(count) = counts.get_mut(index) {
            *count += 1;
        }
    }
}

fn as_index(meaning: u32) -> Option<usize> {
    usize::try_from(meaning).ok()
}

fn rarity(accounts: u32, count: u32) -> i32 {
    thousandths_of_ln(accounts.max(MIN_ACCOUNTS) + 1) - thousandths_of_ln(count.max(1))
}

//! How telling words, kinds and figures are among the accounts of one family.

use super::bits::Bits;
use super::frequencies::thousandths_of_ln;
use super::rarity::shared;
use super::reading::Reading;

/// Of fewer accounts than this nothing is rare.
const LEAST_ACCOUNTS: u32 = 16;
/// A word that is frequent in English counts so many hundredths of its rarity in the family.
const FREQUENT_PERCENT: i32 = 35;

/// How rare each meaning, kind, act and number is, in thousandths of a natural logarithm.
pub(crate) struct Weighing {
    family: Vec<i32>,
    general: Vec<i32>,
    frequent: Vec<bool>,
    counts: Vec<u32>,
    kinds: [i32; Bits::MOST],
    acts: [i32; Bits::MOST],
    numbers: std::collections::HashMap<u64, u32>,
    accounts: u32,
}

/// What two accounts say in common.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Overlap {
    /// Rarity in general of all shared meanings.
    pub(crate) general: i32,
    /// Rarity in the family of all shared meanings.
    pub(crate) family: i32,
    /// The two rarest, in the family and in general taken together.
    pub(crate) two_rarest: i32,
    /// The five rarest.
    pub(crate) five_rarest: i32,
    /// How many of the shared meanings are not frequent in English.
    pub(crate) uncommon: i32,
}

impl Weighing {
    /// Counts over the accounts of a family.
    pub(crate) fn of<'r>(readings: impl Iterator<Item = &'r Reading>, general: &[i32], frequent: &[bool]) -> Self {
        let mut counts = vec![0_u32; general.len()];
        let mut kinds = [0_u32; Bits::MOST];
        let mut acts = [0_u32; Bits::MOST];
        let mut numbers = std::collections::HashMap::new();
        let mut accounts = 0;
        for reading in readings {
            accounts += 1;
            for stem in &reading.stems {
                if let Some(count) = place(*stem).and_then(|place| counts.get_mut(place)) {
                    *count += 1;
                }
            }
            count_places(reading.kinds, &mut kinds);
            count_places(reading.told.all, &mut acts);
            for number in &reading.numbers {
                *numbers.entry(*number).or_insert(0) += 1;
            }
        }
        let rarity = |count: u32| rarity(accounts, count);
        let family = counts.iter().zip(frequent).map(|(count, frequent)| {
            let rare = rarity(*count);
            if *frequent { rare * FREQUENT_PERCENT / 100 } else { rare }
        });
        let family = family.collect();
        let (kinds, acts) = (kinds.map(rarity), acts.map(rarity));
        Self { family, general: general.to_vec(), frequent: frequent.to_vec(), counts, kinds, acts, numbers, accounts }
    }

    /// Rarity in general and in the family of all that an account says.
    pub(crate) fn whole(&self, reading: &Reading) -> (i32, i32) {
        let places = || reading.stems.iter().filter_map(|stem| place(*stem));
        let general = places().filter_map(|place| self.general.get(place)).sum();
        let family = places().filter_map(|place| self.family.get(place)).sum();
        (general, family)
    }

    /// What two accounts say in common.
    pub(crate) fn overlap(&self, a: &Reading, b: &Reading) -> Overlap {
        let mut overlap = Overlap::default();
        let mut rarest: Vec<i32> = Vec::new();
        for place in shared(&a.stems, &b.stems).filter_map(place) {
            let general = self.general.get(place).copied().unwrap_or_default();
            overlap.general += general;
            overlap.family += self.family.get(place).copied().unwrap_or_default();
            overlap.uncommon += i32::from(!self.frequent.get(place).copied().unwrap_or(true));
            let in_family = rarity(self.accounts, self.counts.get(place).copied().unwrap_or_default());
            rarest.push(general / 10 * (in_family / 10) / 10);
        }
        rarest.sort_unstable_by(|a, b| b.cmp(a));
        overlap.two_rarest = rarest.iter().take(2).sum();
        overlap.five_rarest = rarest.iter().take(5).sum();
        overlap
    }

    /// How telling a meaning is, in general and in the family taken together.
    pub(crate) fn telling(&self, stem: u32) -> i32 {
        let Some(place) = place(stem) else { return 0 };
        let general = self.general.get(place).copied().unwrap_or_default();
        general / 10 * (self.family.get(place).copied().unwrap_or_default() / 10) / 10
    }

    /// Rarity in the family of several kinds together.
    pub(crate) fn kinds(&self, kinds: Bits) -> i32 {
        kinds.places().filter_map(|place| self.kinds.get(place)).sum()
    }

    /// Rarity in the family of several acts together.
    pub(crate) fn acts(&self, acts: Bits) -> i32 {
        acts.places().filter_map(|place| self.acts.get(place)).sum()
    }

    /// Rarity in the family of a number.
    pub(crate) fn number(&self, number: u64) -> i32 {
        rarity(self.accounts, self.numbers.get(&number).copied().unwrap_or_default())
    }
}

fn count_places(set: Bits, counts: &mut [u32; Bits::MOST]) {
    for place in set.places() {
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }
}

fn place(stem: u32) -> Option<usize> {
    usize::try_from(stem).ok()
}

fn rarity(accounts: u32, count: u32) -> i32 {
    thousandths_of_ln(accounts.max(LEAST_ACCOUNTS) + 1) - thousandths_of_ln(count.max(1))
}

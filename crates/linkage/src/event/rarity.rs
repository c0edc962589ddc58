//! How rare meanings, kinds and references are in one family's records.

use std::collections::{BTreeMap, BTreeSet};

use super::kinds::{self, Kinds};
use super::parsed_entry::ParsedEntry;

/// Points that a kind of event gets in addition when it happens only once in a lifetime.
const ONCE_IN_A_LIFETIME_POINTS: i32 = 12;
/// A family with fewer entries than this is treated as having this many, so that nothing is rare in
/// a few entries.
const MIN_ENTRIES: u32 = 16;
/// From this many entries on, what occurs in more than half of them is common.
const MIN_ENTRIES_TO_BE_COMMON: u32 = 4;

/// How rare each meaning, kind and reference is in the entries of a family, in points. A point is a
/// tenth of a natural logarithm.
pub(crate) struct RarityPoints {
    entries: usize,
    /// The number of entries with each meaning, by meaning id.
    entries_with_meaning: Vec<u32>,
    /// The number of days on which each reference occurs.
    reference_days: BTreeMap<u64, u32>,
    meaning_points: Vec<i32>,
    kind_points: [i32; 64],
}

impl RarityPoints {
    /// Counts over parsed entries. `frequent` says whether each meaning is frequent in English, by
    /// meaning id.
    pub(crate) fn count<'r>(
        parsed_entries: impl Iterator<Item = &'r ParsedEntry> + Clone,
        frequent: &[bool],
    ) -> Self {
        let mut entries_with_meaning = vec![0_u32; frequent.len()];
        let mut kind_counts = [0_u32; 64];
        let mut days: BTreeSet<(u64, Option<time::Date>)> = BTreeSet::new();
        let mut entries = 0;
        for parsed in parsed_entries {
            entries += 1;
            for id in &parsed.meaning_ids {
                if let Some(count) = usize::try_from(*id)
                    .ok()
                    .and_then(|id| entries_with_meaning.get_mut(id))
                {
                    *count += 1;
                }
            }
            for index in parsed.kinds.indices() {
                if let Some(count) = kind_counts.get_mut(index) {
                    *count += 1;
                }
            }
            days.extend(
                parsed
                    .references
                    .iter()
                    .map(|reference| (*reference, parsed.day)),
            );
        }
        let mut reference_days = BTreeMap::new();
        for (reference, _) in days {
            *reference_days.entry(reference).or_insert(0) += 1;
        }
        let meaning_points = Vec::new();
        let kind_points = [0; 64];
        let mut rarity = Self {
            entries,
            entries_with_meaning,
            reference_days,
            meaning_points,
            kind_points,
        };
        rarity.compute_points(&kind_counts, frequent);
        rarity
    }

    fn compute_points(&mut self, kind_counts: &[u32; 64], frequent: &[bool]) {
        let reduced = |points: i32, frequent: &bool| if *frequent { points / 3 } else { points };
        let meanings = self.entries_with_meaning.iter().zip(frequent);
        self.meaning_points = meanings
            .map(|(count, frequent)| reduced(self.points(*count), frequent))
            .collect();
        let extra = |kind: Kinds| {
            if kind.intersects(kinds::ONCE_IN_A_LIFETIME) {
                ONCE_IN_A_LIFETIME_POINTS
            } else {
                0
            }
        };
        let kinds = kind_counts.iter().zip(Kinds::all_singletons());
        let points: Vec<i32> = kinds
            .map(|(count, kind)| 6 + self.points(*count) * 6 / 10 + extra(kind))
            .collect();
        self.kind_points
            .iter_mut()
            .zip(points)
            .for_each(|(slot, points)| *slot = points);
    }

    /// The points of what occurs in `count` entries; 0 when that is most of them.
    fn points(&self, count: u32) -> i32 {
        let entries = u32::try_from(self.entries).unwrap_or(u32::MAX);
        if entries >= MIN_ENTRIES_TO_BE_COMMON && count.saturating_mul(2) > entries {
            return 0;
        }
        let entries = entries.max(MIN_ENTRIES);
        ten_times_ln(entries.saturating_add(1) / count.max(1))
    }

    /// The points of one meaning.
    fn of_meaning(&self, id: u32) -> i32 {
        usize::try_from(id)
            .ok()
            .and_then(|id| self.meaning_points.get(id))
            .copied()
            .unwrap_or(0)
    }

    /// The number of entries with a meaning.
    pub(crate) fn entries_with(&self, meaning: u32) -> u32 {
        usize::try_from(meaning)
            .ok()
            .and_then(|id| self.entries_with_meaning.get(id))
            .copied()
            .unwrap_or(0)
    }

    /// The points of several kinds together.
    pub(crate) fn kinds(&self, kinds: Kinds) -> i32 {
        kinds
            .indices()
            .filter_map(|index| self.kind_points.get(index))
            .sum()
    }

    /// Whether a reference stands for one event, and not for a file that holds many.
    pub(crate) fn identifies_event(&self, reference: u64) -> bool {
        self.reference_days
            .get(&reference)
            .is_some_and(|days| *days <= 2)
    }

    /// The points of the meanings that both entries have.
    pub(crate) fn common_words(&self, a: &ParsedEntry, b: &ParsedEntry) -> i32 {
        intersect_sorted(&a.meaning_ids, &b.meaning_ids)
            .map(|id| self.of_meaning(id))
            .sum()
    }

    /// The points of all meanings of an entry.
    pub(crate) fn all_words(&self, parsed: &ParsedEntry) -> i32 {
        parsed
            .meaning_ids
            .iter()
            .map(|id| self.of_meaning(*id))
            .sum()
    }
}

/// Ten times the natural logarithm, from a table of whole numbers, so that every machine computes
/// the same.
fn ten_times_ln(ratio: u32) -> i32 {
    const STEPS: [(u32, i32); 16] = [
        (403, 60),
        (244, 55),
        (148, 50),
        (90, 45),
        (54, 40),
        (33, 35),
        (20, 30),
        (15, 27),
        (12, 25),
        (9, 22),
        (7, 20),
        (6, 18),
        (5, 16),
        (4, 14),
        (3, 11),
        (2, 7),
    ];
    STEPS
        .iter()
        .find(|(least, _)| ratio >= *least)
        .map_or(0, |(_, points)| *points)
}

/// The values that two sorted lists have in common, ascending.
pub(crate) fn intersect_sorted<'s, T: Ord + Copy>(
    a: &'s [T],
    b: &'s [T],
) -> impl Iterator<Item = T> + 's {
    let mut rest = b;
    a.iter().copied().filter(move |sought| {
        while let [first, others @ ..] = rest {
            match first.cmp(sought) {
                std::cmp::Ordering::Less => rest = others,
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Greater => return false,
            }
        }
        false
    })
}

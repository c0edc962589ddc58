//! How rare words, kinds and references are in one family's records.

use std::collections::{BTreeMap, BTreeSet};

use super::kinds::{self, Kinds};
use super::reading::Reading;

/// What nobody lives through twice.
const ONCE_IN_A_LIFE: i32 = 12;
/// Fewer entries than this make nothing rare.
const LEAST_ENTRIES: u32 = 16;
/// Among so many entries, what stands in more than half of them is common.
const ENOUGH_TO_BE_COMMON: u32 = 4;

/// Entries of the family in which each meaning, kind and reference occurs, as weights in points: ten times the natural
/// logarithm of how rare.
pub(crate) struct Rarity {
    entries: usize,
    stems: Vec<u32>,
    reference_days: BTreeMap<u64, u32>,
    stem_points: Vec<i32>,
    kind_points: [i32; 64],
}

impl Rarity {
    /// Counts over all readings; `frequent` says of each meaning whether it is frequent in English.
    pub(crate) fn of<'r>(readings: impl Iterator<Item = &'r Reading> + Clone, frequent: &[bool]) -> Self {
        let mut stems = vec![0_u32; frequent.len()];
        let mut counts = [0_u32; 64];
        let mut days: BTreeSet<(u64, Option<time::Date>)> = BTreeSet::new();
        let mut entries = 0;
        for reading in readings {
            entries += 1;
            for stem in &reading.stems {
                if let Some(count) = usize::try_from(*stem).ok().and_then(|stem| stems.get_mut(stem)) {
                    *count += 1;
                }
            }
            reading.kinds.places().filter_map(|place| counts.get_mut(place).map(|count| *count += 1)).count();
            days.extend(reading.references.iter().map(|reference| (*reference, reading.day)));
        }
        let mut rarity =
            Self { entries, stems, reference_days: BTreeMap::new(), stem_points: Vec::new(), kind_points: [0; 64] };
        for (reference, _) in days {
            *rarity.reference_days.entry(reference).or_insert(0) += 1;
        }
        rarity.weigh(&counts, frequent);
        rarity
    }

    fn weigh(&mut self, kind_counts: &[u32; 64], frequent: &[bool]) {
        let halved = |points: i32, frequent: &bool| if *frequent { points / 3 } else { points };
        let stems = self.stems.iter().zip(frequent);
        self.stem_points = stems.map(|(count, frequent)| halved(self.points(*count), frequent)).collect();
        let once = |kind: Kinds| if kind.meets(kinds::ONCE) { ONCE_IN_A_LIFE } else { 0 };
        let kinds = kind_counts.iter().zip(Kinds::all_single());
        let points: Vec<i32> = kinds.map(|(count, kind)| 6 + self.points(*count) * 6 / 10 + once(kind)).collect();
        self.kind_points.iter_mut().zip(points).for_each(|(place, points)| *place = points);
    }

    /// Ten times the natural logarithm of how rare: 0 for what stands in most entries.
    fn points(&self, count: u32) -> i32 {
        let entries = u32::try_from(self.entries).unwrap_or(u32::MAX);
        if entries >= ENOUGH_TO_BE_COMMON && count.saturating_mul(2) > entries {
            return 0;
        }
        let entries = entries.max(LEAST_ENTRIES);
        tenfold_log(entries.saturating_add(1) / count.max(1))
    }

    /// Points of one meaning.
    pub(crate) fn stem(&self, stem: u32) -> i32 {
        usize::try_from(stem).ok().and_then(|stem| self.stem_points.get(stem)).copied().unwrap_or(0)
    }

    /// How often a meaning occurs.
    pub(crate) fn count(&self, stem: u32) -> u32 {
        usize::try_from(stem).ok().and_then(|stem| self.stems.get(stem)).copied().unwrap_or(0)
    }

    /// Points of several kinds together.
    pub(crate) fn kinds(&self, kinds: Kinds) -> i32 {
        kinds.places().filter_map(|place| self.kind_points.get(place)).sum()
    }

    /// Whether a reference stands for an event, not for a file in which many events are kept.
    pub(crate) fn names_event(&self, reference: u64) -> bool {
        self.reference_days.get(&reference).is_some_and(|days| *days <= 2)
    }

    /// Points of the meanings that both texts use.
    pub(crate) fn common_words(&self, a: &Reading, b: &Reading) -> i32 {
        shared(&a.stems, &b.stems).map(|stem| self.stem(stem)).sum()
    }

    /// Points of all meanings of a text.
    pub(crate) fn all_words(&self, reading: &Reading) -> i32 {
        reading.stems.iter().map(|stem| self.stem(*stem)).sum()
    }
}

/// Ten times the natural logarithm, in whole numbers so that every machine agrees.
pub(crate) fn tenfold_log(ratio: u32) -> i32 {
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
    STEPS.iter().find(|(least, _)| ratio >= *least).map_or(0, |(_, points)| *points)
}

/// What two sorted lists have in common.
pub(crate) fn shared<'s, T: Ord + Copy>(a: &'s [T], b: &'s [T]) -> impl Iterator<Item = T> + 's {
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

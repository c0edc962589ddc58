//! Features of words, kinds and figures in common, and of the children concerned.

use super::super::accounts::Account;
use super::super::date_comparison::DateComparison;
use super::super::parsed_entry::ParsedEntry;
use super::super::rarity::intersect_sorted;
use super::super::rarity_weights::RarityWeights;
use super::super::word_frequencies::thousandths_of_ln;
use super::{Feature, FeatureBuilder, ONE, ratio};

impl FeatureBuilder {
    pub(super) fn add_words(
        &mut self,
        a: &Account,
        b: &Account,
        dates: &DateComparison,
        rarity_weights: &RarityWeights,
    ) {
        use Feature as F;
        let overlap = rarity_weights.overlap(&a.parsed, &b.parsed);
        let share = |part: i32, whole: i32, least: i32| {
            i32::try_from(i64::from(part) * 1000 / i64::from(whole.max(least))).unwrap_or_default()
        };
        let general = share(
            overlap.general,
            a.total_rarity.0.min(b.total_rarity.0),
            12_000,
        );
        let family = share(
            overlap.family,
            a.total_rarity.1.min(b.total_rarity.1),
            8_000,
        );
        let rarest = overlap.five_rarest / 40;
        self.uncommon_words = overlap.uncommon;
        let none = if overlap.uncommon == 0 { ONE } else { 0 };
        self.set(F::Words, general);
        self.set(F::FamilyWords, family);
        self.set(F::TwoRarest, overlap.two_rarest / 20);
        self.set(F::FiveRarest, rarest);
        self.set(F::NoCommonWords, none);
        let adjacent = intersect_sorted(&a.parsed.adjacent_meanings, &b.parsed.adjacent_meanings)
            .count()
            .min(4);
        self.set(
            F::AdjacentWords,
            i32::try_from(adjacent).unwrap_or(4) * ONE / 2,
        );
        self.set(
            F::ShorterLength,
            thousandths_of_ln(a.parsed.word_count.min(b.parsed.word_count) + 1) / 3,
        );
        if dates.is_same_day() {
            self.set(F::WordsSameDay, general);
            self.set(F::FamilyWordsSameDay, family);
            self.set(F::RarestSameDay, rarest);
            self.set(F::NoCommonWordsSameDay, none);
        }
        if dates.quoted.is_some() {
            self.set(F::WordsQuoted, general);
            self.set(F::FamilyWordsQuoted, family);
        }
        if dates.is_inexact_overlap() {
            self.set(F::WordsInexact, general);
            self.set(F::FamilyWordsInexact, family);
        }
    }

    pub(super) fn add_kinds(
        &mut self,
        a: &ParsedEntry,
        b: &ParsedEntry,
        rarity_weights: &RarityWeights,
    ) {
        let both = a.kinds.intersection(b.kinds);
        self.set(Feature::Kinds, ratio(both, a.kinds.union(b.kinds)));
        self.set_flag(Feature::NoCommonKind, both.is_empty());
        self.set(Feature::KindRarity, rarity_weights.kinds(both) / 5);
    }

    pub(super) fn add_figures(
        &mut self,
        a: &ParsedEntry,
        b: &ParsedEntry,
        rarity_weights: &RarityWeights,
    ) {
        let mut has_common = false;
        let mut has_long = false;
        let mut rarity = 0;
        for number in intersect_sorted(&a.numbers, &b.numbers) {
            has_common = true;
            rarity += rarity_weights.number(number);
            has_long |= a.long_numbers.contains(&number);
        }
        self.set_flag(Feature::LongFigure, has_long);
        self.set(Feature::FigureRarity, rarity / 5);
        self.set_flag(
            Feature::FiguresDiffer,
            !has_common && !a.numbers.is_empty() && !b.numbers.is_empty(),
        );
    }

    pub(super) fn add_children(&mut self, a: &Account, b: &Account) {
        let no_common_child = a.children.is_disjoint(&b.children);
        let is_single_child_event =
            a.parsed.concerns_one_child_only() || b.parsed.concerns_one_child_only();
        self.set_flag(
            Feature::SingleChildEvent,
            no_common_child && is_single_child_event,
        );
        let x = &a.parsed.named_children;
        let y = &b.parsed.named_children;
        let share_named_child = intersect_sorted(x, y).next().is_some();
        let differ = !x.is_empty() && !y.is_empty() && !share_named_child;
        self.set_flag(Feature::NamesDiffer, differ);
        self.set_flag(Feature::NoCommonChild, no_common_child);
        self.set_flag(Feature::SameChildren, a.children == b.children);
        self.set_flag(Feature::NamedInBoth, share_named_child);
    }
}

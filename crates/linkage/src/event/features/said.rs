//! Words, kinds and figures of two accounts, and the children whom they concern.

use super::super::accounts::Account;
use super::super::dates::Dates;
use super::super::frequencies::thousandths_of_ln;
use super::super::rarity::shared;
use super::super::reading::Reading;
use super::super::weighing::Weighing;
use super::{Feature, ONE, Writer, ratio};

impl Writer {
    pub(super) fn words(&mut self, a: &Account, b: &Account, dates: &Dates, weighing: &Weighing) {
        use Feature as F;
        let overlap = weighing.overlap(&a.reading, &b.reading);
        let share = |part: i32, whole: i32, least: i32| {
            i32::try_from(i64::from(part) * 1000 / i64::from(whole.max(least))).unwrap_or_default()
        };
        let general = share(overlap.general, a.whole.0.min(b.whole.0), 12_000);
        let family = share(overlap.family, a.whole.1.min(b.whole.1), 8_000);
        let rarest = overlap.five_rarest / 40;
        self.uncommon = overlap.uncommon;
        let none = if overlap.uncommon == 0 { ONE } else { 0 };
        self.put(F::Words, general);
        self.put(F::FamilyWords, family);
        self.put(F::TwoRarest, overlap.two_rarest / 20);
        self.put(F::FiveRarest, rarest);
        self.put(F::NoWords, none);
        let neighbours = shared(&a.reading.neighbours, &b.reading.neighbours).count().min(4);
        self.put(F::Neighbours, i32::try_from(neighbours).unwrap_or(4) * ONE / 2);
        self.put(F::Length, thousandths_of_ln(a.reading.length.min(b.reading.length) + 1) / 3);
        if dates.same_day() {
            self.put(F::WordsSameDay, general);
            self.put(F::FamilyWordsSameDay, family);
            self.put(F::RarestSameDay, rarest);
            self.put(F::NoWordsSameDay, none);
        }
        if dates.quoted.is_some() {
            self.put(F::WordsQuoted, general);
            self.put(F::FamilyWordsQuoted, family);
        }
        if dates.inexact_overlap() {
            self.put(F::WordsInexact, general);
            self.put(F::FamilyWordsInexact, family);
        }
    }

    pub(super) fn kinds(&mut self, a: &Reading, b: &Reading, weighing: &Weighing) {
        let both = a.kinds.and(b.kinds);
        self.put(Feature::Kinds, ratio(both, a.kinds.with(b.kinds)));
        self.holds(Feature::NoKind, both.is_empty());
        self.put(Feature::KindRarity, weighing.kinds(both) / 5);
    }

    pub(super) fn figures(&mut self, a: &Reading, b: &Reading, weighing: &Weighing) {
        let (mut any, mut rarity, mut long) = (false, 0, false);
        for number in shared(&a.numbers, &b.numbers) {
            any = true;
            rarity += weighing.number(number);
            long |= a.long_numbers.contains(&number);
        }
        self.holds(Feature::LongFigure, long);
        self.put(Feature::FigureRarity, rarity / 5);
        self.holds(Feature::FiguresDiffer, !any && !a.numbers.is_empty() && !b.numbers.is_empty());
    }

    pub(super) fn children(&mut self, a: &Account, b: &Account) {
        let apart = a.children.is_disjoint(&b.children);
        let own = a.reading.is_own_business() || b.reading.is_own_business();
        self.holds(Feature::OwnBusiness, apart && own);
        let (x, y) = (&a.reading.named, &b.reading.named);
        let differ = !x.is_empty() && !y.is_empty() && shared(x, y).next().is_none();
        self.holds(Feature::NamesDiffer, differ);
        self.holds(Feature::NoChild, a.children.is_disjoint(&b.children));
        self.holds(Feature::SameChildren, a.children == b.children);
        self.holds(Feature::NamedInBoth, shared(&a.reading.named, &b.reading.named).next().is_some());
    }
}

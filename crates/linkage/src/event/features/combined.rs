//! Features that combine others: separate contacts of each agency, steps that follow an event,
//! dates that a text gives.

use super::super::acts;
use super::super::bit_set::BitSet;
use super::super::date_comparison::DateComparison;
use super::super::parsed_entry::ParsedEntry;
use super::{Feature, FeatureBuilder};

/// A date may be mistaken by this many days.
const MAX_MISTAKEN_DAYS: i64 = 3;

impl FeatureBuilder {
    /// Adds the features that depend on those added before.
    pub(super) fn add_combined(
        &mut self,
        a: &ParsedEntry,
        b: &ParsedEntry,
        dates: &DateComparison,
    ) {
        self.add_separate_contacts(a, b, dates);
        self.add_inexact_dates(a, b, dates);
    }

    /// Adds the features of two contacts or steps, of which each entry describes one.
    fn add_separate_contacts(&mut self, a: &ParsedEntry, b: &ParsedEntry, dates: &DateComparison) {
        use Feature as F;
        let is_close = self.has(F::Minutes10) || self.has(F::Minutes30) || self.has(F::Reference);
        let both = |act: BitSet| a.acts.opening.intersects(act) && b.acts.opening.intersects(act);
        let only_first_shows = |one: &ParsedEntry, other: &ParsedEntry, acts: BitSet| {
            let own = one.acts.opening.intersection(acts);
            !own.is_empty() && !own.intersects(other.acts.all)
        };
        let only_one_shows =
            |acts: BitSet| only_first_shows(a, b, acts) || only_first_shows(b, a, acts);
        let is_meeting = a
            .acts
            .leading
            .union(b.acts.leading)
            .intersects(acts::OTHER_MEETING);
        self.set_flag(
            F::SeparateVisits,
            self.has(F::BothVisits) && !self.has(F::BothVisitsJoint) && !is_close,
        );
        self.set_flag(
            F::SeparateMissedContacts,
            (both(acts::MISSED) || both(acts::ABSENCE)) && dates.quoted.is_none() && !is_close,
        );
        self.set_flag(
            F::OnlyOneAftermath,
            only_one_shows(acts::AFTERMATH) && !self.has(F::NamedAndUnnamedMeeting),
        );
        self.set_flag(
            F::OnlyOnePeriod,
            a.is_period && b.is_within_a_month() || b.is_period && a.is_within_a_month(),
        );
        self.set_flag(
            F::UnmentionedStep,
            only_one_shows(acts::SEPARATE_STEPS) && !is_meeting,
        );
    }

    /// Adds the features of inexact dates with little in common, and of dates that a text gives.
    fn add_inexact_dates(&mut self, a: &ParsedEntry, b: &ParsedEntry, dates: &DateComparison) {
        use Feature as F;
        let is_day_quoted = dates.quoted.is_some() || dates.quoted_by_both.is_some();
        let is_vague =
            dates.is_inexact_overlap() && !is_day_quoted && !self.has(F::SameNamedMeeting);
        let is_apart = self.has(F::InexactApart) && !is_day_quoted;
        let least_words = if self.has(F::WideOverlap) { 2 } else { 1 };
        let shares_family_event = a
            .acts
            .all
            .intersection(b.acts.all)
            .intersects(acts::FAMILY_EVENTS);
        let is_other_day = dates.both_exact && dates.gap_days > 0 && !is_day_quoted;
        self.set_flag(
            F::InexactWithTooLittle,
            is_apart || is_vague && self.uncommon_words < least_words && !shares_family_event,
        );
        self.set_flag(
            F::InexactWithOneWord,
            is_vague && self.uncommon_words < 2 && !shares_family_event,
        );
        self.set_flag(
            F::AnotherDay,
            is_other_day && (gives_other_date(a, b) || gives_other_date(b, a)),
        );
    }
}

/// Whether the text gives dates before its own, and all of them are too far from the other entry's
/// day to be mistaken.
fn gives_other_date(one: &ParsedEntry, other: &ParsedEntry) -> bool {
    let (Some(own), Some(day)) = (one.day, other.day) else {
        return false;
    };
    let explicit = one.quoted_days.iter().filter(|quoted| quoted.is_explicit);
    let mut dates = explicit.filter_map(|quoted| quoted.date()).peekable();
    dates.peek().is_some()
        && dates.all(|date| date < own && (date - day).whole_days().abs() > MAX_MISTAKEN_DAYS)
}

//! Features of the days and times of two accounts.

use super::super::date_comparison::DateComparison;
use super::super::parsed_entry::ParsedEntry;
use super::super::quoted_times::QuotedTime;
use super::super::word_frequencies::thousandths_of_ln;
use super::{Feature, FeatureBuilder, ONE};

/// An inexact date with a longer span says little about the day.
const MAX_NARROW_SPAN_DAYS: i64 = 60;

impl FeatureBuilder {
    pub(super) fn add_days(&mut self, a: &ParsedEntry, b: &ParsedEntry, dates: &DateComparison) {
        use Feature as F;
        let overlap = dates.is_inexact_overlap() && !dates.is_undated;
        self.set_flag(F::SameDay, dates.is_same_day());
        self.set(
            F::DayGap,
            thousandths_of_ln(u32::try_from(dates.gap_days + 1).unwrap_or(u32::MAX)),
        );
        self.set_flag(F::FarApart, dates.gap_days > 40);
        self.set_flag(
            F::InexactOverlap,
            overlap && dates.longer_span_days <= MAX_NARROW_SPAN_DAYS,
        );
        self.set_flag(
            F::WideOverlap,
            overlap && dates.longer_span_days > MAX_NARROW_SPAN_DAYS,
        );
        self.set_flag(F::InexactApart, !dates.both_exact && dates.gap_days > 0);
        self.set_flag(F::Undated, dates.is_undated);
        let is_explicit = dates.quoted.map(|(quoted, _)| quoted.is_explicit);
        self.set_flag(F::DateQuoted, is_explicit == Some(true));
        self.set_flag(F::DayQuoted, is_explicit == Some(false));
        self.set(
            F::BothQuote,
            dates
                .quoted_by_both
                .map_or(0, |quoted| if quoted.is_explicit { 2 * ONE } else { ONE }),
        );
        let a_quotes_earlier = quotes_earlier_day(a);
        let b_quotes_earlier = quotes_earlier_day(b);
        self.set_flag(
            F::OnlyOneQuotesEarlierDay,
            dates.is_same_day()
                && dates.quoted_by_both.is_none()
                && a_quotes_earlier != b_quotes_earlier,
        );
        let is_other_day = dates.both_exact && dates.gap_days > 0 && dates.quoted.is_none();
        self.set_flag(
            F::QuotesThirdDay,
            is_other_day && (a_quotes_earlier || b_quotes_earlier),
        );
        let weekday = weekday_agrees(a, b).or_else(|| weekday_agrees(b, a));
        self.set_flag(F::WeekdayAgrees, weekday == Some(true));
        self.set_flag(F::WeekdayDiffers, weekday == Some(false));
    }

    pub(super) fn add_times(&mut self, a: &ParsedEntry, b: &ParsedEntry, dates: &DateComparison) {
        use Feature as F;
        if let Some((x, y)) = a.minutes.zip(b.minutes).filter(|_| dates.is_same_day()) {
            let feature = match x.abs_diff(y) {
                0..=10 => F::Minutes10,
                11..=30 => F::Minutes30,
                31..=60 => F::Minutes60,
                61..=180 => F::Minutes180,
                _ => F::HoursApart,
            };
            self.set_flag(feature, true);
        }
        if dates.gap_days <= 1 || dates.quoted.is_some() {
            match quoted_minutes_apart(a, b) {
                Some(0..=5) => self.set_flag(F::Quoted5, true),
                Some(6..=20) => self.set_flag(F::Quoted20, true),
                Some(21..=45) => self.set_flag(F::Quoted45, true),
                Some(121..) => self.set_flag(F::QuotedApart, true),
                _ => {}
            }
        }
        if let Some((quoted, first_quotes)) = dates.quoted
            && let Some((from, until)) = quoted.part_of_day
            && let Some(minutes) = if first_quotes { b.minutes } else { a.minutes }
        {
            let is_near = (from.saturating_sub(45)..=until + 45).contains(&minutes);
            let agrees = is_near || (from..=until).contains(&(minutes + 1440));
            self.set_flag(
                if agrees {
                    F::PartOfDayAgrees
                } else {
                    F::PartOfDayDiffers
                },
                true,
            );
        }
    }
}

/// Whether the text quotes a day before the first possible day of its entry.
fn quotes_earlier_day(parsed: &ParsedEntry) -> bool {
    let first = parsed.span.map(|(first, _)| first);
    let mut dates = parsed.quoted_days.iter().filter_map(|quoted| quoted.date());
    dates.any(|date| first.is_some_and(|first| date < first))
}

/// Whether a day of the week that an account without an exact date names is that of the other
/// account's date. `None` when there is nothing to compare.
fn weekday_agrees(inexact: &ParsedEntry, exact: &ParsedEntry) -> Option<bool> {
    let day = exact
        .day
        .filter(|_| inexact.day.is_none() && inexact.weekdays != 0)?;
    Some(inexact.weekdays & (1 << day.weekday().number_days_from_monday()) != 0)
}

/// The minutes between the two nearest times of day of which one account quotes one and the other
/// quotes or has the other.
fn quoted_minutes_apart(a: &ParsedEntry, b: &ParsedEntry) -> Option<u16> {
    let own = |parsed: &ParsedEntry| parsed.minutes.map(QuotedTime::exact);
    let nearest = |one: &ParsedEntry, other: &ParsedEntry| {
        let theirs = || other.quoted_times.iter().copied().chain(own(other));
        let minutes = |quoted: &QuotedTime| theirs().map(|time| quoted.minutes_apart(time)).min();
        one.quoted_times.iter().filter_map(minutes).min()
    };
    nearest(a, b).into_iter().chain(nearest(b, a)).min()
}

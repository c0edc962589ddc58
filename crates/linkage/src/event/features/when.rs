//! Days and times of two accounts.

use super::super::clock::Clock;
use super::super::dates::Dates;
use super::super::frequencies::thousandths_of_ln;
use super::super::reading::Reading;
use super::{Feature, ONE, Writer};

/// An inexact date of more days than this says little.
const WIDE_DAYS: i64 = 60;

impl Writer {
    pub(super) fn days(&mut self, a: &Reading, b: &Reading, dates: &Dates) {
        use Feature as F;
        let overlap = dates.inexact_overlap() && !dates.undated;
        self.holds(F::SameDay, dates.same_day());
        self.put(F::Gap, thousandths_of_ln(u32::try_from(dates.gap + 1).unwrap_or(u32::MAX)));
        self.holds(F::FarApart, dates.gap > 40);
        self.holds(F::InexactOverlap, overlap && dates.width <= WIDE_DAYS);
        self.holds(F::WideOverlap, overlap && dates.width > WIDE_DAYS);
        self.holds(F::InexactApart, !dates.exact && dates.gap > 0);
        self.holds(F::Undated, dates.undated);
        let firm = dates.quoted.map(|(quoted, _)| quoted.firm);
        self.holds(F::DateQuoted, firm == Some(true));
        self.holds(F::DayQuoted, firm == Some(false));
        self.put(F::BothQuote, dates.both.map_or(0, |quoted| if quoted.firm { 2 * ONE } else { ONE }));
        let earlier = (speaks_of_earlier(a), speaks_of_earlier(b));
        self.holds(F::OneEarlier, dates.same_day() && dates.both.is_none() && earlier.0 != earlier.1);
        let elsewhere = dates.exact && dates.gap > 0 && dates.quoted.is_none() && (earlier.0 || earlier.1);
        self.holds(F::QuotesElsewhere, elsewhere);
        let weekday = weekday_within(a, b).or_else(|| weekday_within(b, a));
        self.holds(F::WeekdayAgrees, weekday == Some(true));
        self.holds(F::WeekdayDiffers, weekday == Some(false));
    }

    pub(super) fn times(&mut self, a: &Reading, b: &Reading, dates: &Dates) {
        use Feature as F;
        if let Some((x, y)) = a.minutes.zip(b.minutes).filter(|_| dates.same_day()) {
            self.holds(
                match x.abs_diff(y) {
                    0..=10 => F::Minutes10,
                    11..=30 => F::Minutes30,
                    31..=60 => F::Minutes60,
                    61..=180 => F::Minutes180,
                    _ => F::HoursApart,
                },
                true,
            );
        }
        if dates.gap <= 1 || dates.quoted.is_some() {
            match quoted_time_apart(a, b) {
                Some(0..=5) => self.holds(F::Quoted5, true),
                Some(6..=20) => self.holds(F::Quoted20, true),
                Some(21..=45) => self.holds(F::Quoted45, true),
                Some(121..) => self.holds(F::QuotedApart, true),
                _ => {}
            }
        }
        if let Some((quoted, first)) = dates.quoted
            && let Some((from, until)) = quoted.part
            && let Some(at) = if first { b.minutes } else { a.minutes }
        {
            let within = (from.saturating_sub(45)..=until + 45).contains(&at) || (from..=until).contains(&(at + 1440));
            self.holds(if within { F::PartOfDayAgrees } else { F::PartOfDayDiffers }, true);
        }
    }
}

fn speaks_of_earlier(reading: &Reading) -> bool {
    let first = reading.span.map(|(from, _)| from);
    reading.days.iter().filter_map(|quoted| quoted.date()).any(|date| first.is_some_and(|first| date < first))
}

/// Whether the day of the week that an account without an exact date names is that of the other's date.
fn weekday_within(wide: &Reading, exact: &Reading) -> Option<bool> {
    let day = exact.day.filter(|_| wide.day.is_none() && wide.weekdays != 0)?;
    Some(wide.weekdays & (1 << day.weekday().number_days_from_monday()) != 0)
}

/// Minutes between the nearest times of day that the texts quote, or that one quotes and the other is dated with.
fn quoted_time_apart(a: &Reading, b: &Reading) -> Option<u16> {
    let own = |reading: &Reading| reading.minutes.map(Clock::exact);
    let nearest = |one: &Reading, other: &Reading| {
        let theirs = || other.clocks.iter().copied().chain(own(other));
        one.clocks.iter().filter_map(|clock| theirs().map(|at| clock.apart(at)).min()).min()
    };
    nearest(a, b).into_iter().chain(nearest(b, a)).min()
}

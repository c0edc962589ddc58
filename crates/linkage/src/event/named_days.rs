//! Days with a name, such as Christmas Eve, New Year's Day and Easter Sunday.

use std::sync::LazyLock;

use domain::word_list::WordList;
use time::{Date, Duration, Month};

use crate::stable_hash::WordSet;

const NAMED_DAY_LIST: &str = include_str!("../../data/named-days.txt");

/// A named day lies at most this many days before the entry that names it.
const MAX_DAYS_BACK: i64 = 120;

/// When a named day is in each year.
#[derive(Debug, Clone, Copy)]
enum Occurrence {
    /// On a fixed date.
    Fixed(Month, u8),
    /// A number of days after Easter Sunday, negative before it.
    FromEaster(i64),
}

struct NamedDays {
    days: Vec<(Vec<&'static str>, Occurrence)>,
    /// The first words of the names.
    starts: WordSet,
}

static NAMED_DAYS: LazyLock<NamedDays> = LazyLock::new(|| {
    let list = WordList::parse(NAMED_DAY_LIST);
    let words = |name: &'static str| name.split_whitespace().collect::<Vec<_>>();
    let fixed = list
        .pairs("dates")
        .into_iter()
        .filter_map(|(name, date)| Some((words(name), fixed_date(date)?)));
    let movable = list.pairs("easter").into_iter();
    let movable = movable
        .filter_map(|(name, days)| Some((words(name), Occurrence::FromEaster(days.parse().ok()?))));
    let days: Vec<_> = fixed.chain(movable).collect();
    let starts = days
        .iter()
        .filter_map(|(name, _)| name.first().copied())
        .collect();
    NamedDays { days, starts }
});

/// Parses "12-26", a month and a day.
fn fixed_date(text: &str) -> Option<Occurrence> {
    let (month, day) = text.split_once('-')?;
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Some(Occurrence::Fixed(month, day.parse().ok()?))
}

/// Whether the name of a day can begin with the word.
pub(crate) fn starts_named_day(word: &str) -> bool {
    NAMED_DAYS.starts.contains(word)
}

/// The last day of the name that begins at `word`, on or before the entry's own day; `None` when
/// there is no such name, or it is too long ago. `after` are the words that follow.
pub(crate) fn parse_named_day(word: &str, after: &[&str; 3], own: Option<Date>) -> Option<Date> {
    let own = own?;
    let [second, third, _] = *after;
    let text = [word, second, third];
    let (_, occurrence) = NAMED_DAYS
        .days
        .iter()
        .find(|(name, _)| text.starts_with(name))?;
    let years = [own.year(), own.year() - 1];
    let mut dates = years
        .into_iter()
        .filter_map(|year| occurrence.in_year(year));
    dates.find(|date| *date <= own && (own - *date).whole_days() <= MAX_DAYS_BACK)
}

impl Occurrence {
    fn in_year(self, year: i32) -> Option<Date> {
        match self {
            Self::Fixed(month, day) => Date::from_calendar_date(year, month, day).ok(),
            Self::FromEaster(days) => easter(year)?.checked_add(Duration::days(days)),
        }
    }
}

/// Easter Sunday of the Gregorian calendar, by the anonymous algorithm published by Meeus, Jones
/// and Butcher.
fn easter(year: i32) -> Option<Date> {
    let a = year % 19;
    let b = year / 100;
    let c = year % 100;
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    let month = Month::try_from(u8::try_from(sum / 31).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(sum % 31 + 1).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};
    use time::macros::date;

    use super::*;

    #[test]
    fn list_is_well_formed() {
        assert_eq!(
            mistakes(NAMED_DAY_LIST, ItemOrder::Sorted),
            Vec::<String>::new()
        );
        let list = WordList::parse(NAMED_DAY_LIST);
        let lines: usize = list.sections().map(|(_, items)| items.len()).sum();
        assert_eq!(
            NAMED_DAYS.days.len(),
            lines,
            "a date or a number of days cannot be read"
        );
        assert!(NAMED_DAYS.days.iter().all(|(name, _)| name.len() <= 3));
    }

    #[test]
    fn easter_agrees_with_the_calendar() {
        let expected = [
            (2023, date!(2023 - 04 - 09)),
            (2024, date!(2024 - 03 - 31)),
            (2025, date!(2025 - 04 - 20)),
        ];
        for (year, date) in expected {
            assert_eq!(easter(year), Some(date));
        }
    }
}

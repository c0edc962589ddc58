//! Days counted from the entry's own day ("yesterday", "Saturday", "two days ago"), and the parts
//! of the day named with them.

use time::{Date, Duration};

use super::day_words::{is_weekend, is_yesterday, parse_weekday};
use super::quoted_days::QuotedDay;

/// A range of times of day in minutes after midnight. It may end on the next day, above 1440.
pub(crate) type MinuteRange = (u16, u16);

/// Parses a day that is counted from the entry's own day: "today", "yesterday", "Saturday", "two
/// days ago". `before` are the words before it, the nearest first; `after` those that follow.
pub(crate) fn parse_relative_day(
    word: &str,
    before: &[&str; 3],
    after: &[&str; 3],
    own: Option<Date>,
) -> Option<QuotedDay> {
    let own = own?;
    let days_back = match word {
        _ if is_yesterday(word) && matches!(before, ["before", "day", _]) => 2,
        _ if is_yesterday(word) => 1,
        "today" | "tonight" => 0,
        "night" | "nite" | "evening" if before[0] == "last" || before[0] == "previous" => 1,
        "before" if matches!(before[0], "night" | "evening" | "day") && after[0] != "yesterday" => {
            1
        }
        "ago" => parse_days_ago(before)?,
        _ if is_weekend(word) => i64::from(own.weekday().number_days_from_sunday()) + 1,
        _ => days_since_weekday(word, before[0], own)?,
    };
    own.checked_sub(Duration::days(days_back))
        .map(|date| QuotedDay::from_date(date, false))
}

/// Parses the words before "ago": "two days", "a week".
fn parse_days_ago(before: &[&str; 3]) -> Option<i64> {
    const NUMBERS: [&str; 6] = ["two", "three", "four", "five", "six", "seven"];
    match before[0] {
        "days" | "nights" => {}
        "week" if matches!(before[1], "a" | "one" | "1") => return Some(7),
        _ => return None,
    }
    let position = NUMBERS.iter().position(|number| *number == before[1]);
    let spelt_out = position.and_then(|index| i64::try_from(index + 2).ok());
    spelt_out
        .or_else(|| before[1].parse().ok())
        .filter(|days| (1..=14).contains(days))
}

fn days_since_weekday(word: &str, before: &str, own: Date) -> Option<i64> {
    let weekday = parse_weekday(word)?;
    let days = i64::from(
        (7 + own.weekday().number_days_from_monday() - weekday.number_days_from_monday()) % 7,
    );
    Some(if days == 0 && before == "last" {
        7
    } else {
        days
    })
}

/// The part of the day named with a quoted day: "sat night", "3/2/24 evening".
pub(crate) fn parse_part_of_day(word: &str, after: &[&str; 3]) -> Option<MinuteRange> {
    if matches!(word, "tonight" | "night" | "nite" | "evening") {
        return Some((1020, 1620));
    }
    let candidates = after.iter().take(2).take_while(|word| !word.is_empty());
    candidates.filter_map(|word| part_of_day_range(word)).next()
}

fn part_of_day_range(word: &str) -> Option<MinuteRange> {
    Some(match word {
        "am" | "morning" => (240, 750),
        "pm" | "afternoon" => (700, 1260),
        "eve" | "evening" => (990, 1440),
        "night" | "nite" | "nt" | "late" => (1080, 1680),
        "early" => (0, 480),
        "tea" | "teatime" => (900, 1140),
        "dinner" | "lunch" | "lunchtime" => (660, 870),
        _ => return None,
    })
}

//! Days counted from the entry's own: "yesterday", "Saturday", "two days ago"; and the times of day said with them.

use time::{Date, Duration, Weekday};

use super::days::Quoted;

/// Minutes from and until, past midnight above 1440.
pub(crate) type Part = (u16, u16);
/// Saturday and Sunday together.
pub(crate) const WEEKEND: &[&str] = &["w/e", "wkend", "weekend", "w/end"];

/// "Today", "yesterday", "Saturday", "two days ago": counted from the entry's own day.
pub(crate) fn relative(word: &str, before: &[&str; 3], after: &[&str; 3], own: Option<Date>) -> Option<Quoted> {
    let own = own?;
    let back = match word {
        "yesterday" | "ydy" | "yday" | "yest" if matches!(before, ["before", "day", _]) => 2,
        "yesterday" | "ydy" | "yday" | "yest" => 1,
        "today" | "tonight" => 0,
        "night" | "nite" | "evening" if before[0] == "last" || before[0] == "previous" => 1,
        "before" if matches!(before[0], "night" | "evening" | "day") && after[0] != "yesterday" => 1,
        "ago" => days_ago(before)?,
        _ if WEEKEND.contains(&word) => i64::from(own.weekday().number_days_from_sunday()) + 1,
        _ => weekday_back(word, before[0], own)?,
    };
    own.checked_sub(Duration::days(back)).map(|date| Quoted::of(date, false))
}

/// "Two days ago".
fn days_ago(before: &[&str; 3]) -> Option<i64> {
    const NUMBERS: [&str; 6] = ["two", "three", "four", "five", "six", "seven"];
    let unit = match before[0] {
        "days" | "nights" => 1,
        "week" if matches!(before[1], "a" | "one" | "1") => return Some(7),
        _ => return None,
    };
    let named = NUMBERS.iter().position(|number| *number == before[1]).and_then(|at| i64::try_from(at + 2).ok());
    named.or_else(|| before[1].parse().ok()).filter(|days| (1..=14).contains(days)).map(|days| days * unit)
}

fn weekday_back(word: &str, before: &str, own: Date) -> Option<i64> {
    let day = weekday_named(word)?;
    let back = i64::from((7 + own.weekday().number_days_from_monday() - day.number_days_from_monday()) % 7);
    Some(if back == 0 && before == "last" { 7 } else { back })
}

pub(crate) fn weekday_named(word: &str) -> Option<Weekday> {
    Some(match word {
        "mon" | "monday" | "mondy" => Weekday::Monday,
        "tue" | "tues" | "tuesday" | "tusday" | "teusday" => Weekday::Tuesday,
        "wed" | "weds" | "wednesday" | "wensday" | "wednsday" => Weekday::Wednesday,
        "thu" | "thur" | "thurs" | "thursday" | "thurday" | "thrusday" => Weekday::Thursday,
        "fri" | "friday" | "firday" => Weekday::Friday,
        "sat" | "saturday" | "saterday" | "satuday" => Weekday::Saturday,
        "sun" | "sunday" | "sundy" => Weekday::Sunday,
        _ => return None,
    })
}

/// The time of day said with a quoted day: "sat night", "3/2/24 evening".
pub(crate) fn part_of_day(word: &str, after: &[&str; 3]) -> Option<Part> {
    if matches!(word, "tonight" | "night" | "nite" | "evening") {
        return Some((1020, 1620));
    }
    let sought = after.iter().take(2).take_while(|word| !word.is_empty());
    sought.filter_map(|word| part_named(word)).next()
}

fn part_named(word: &str) -> Option<Part> {
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

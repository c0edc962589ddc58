//! Days that go by a name: Christmas, New Year, Easter, the fifth of November.

use time::{Date, Duration, Month};

/// How far back a named day may lie.
const BACK_DAYS: i64 = 120;

/// Whether a named day can begin with the word.
pub(crate) fn is_feast_word(word: &str) -> bool {
    matches!(
        word,
        "boxing" | "christmas" | "xmas" | "halloween" | "bonfire" | "valentine's" | "new" | "easter" | "good" | "nye"
    )
}

/// The last day of that name before `own`.
pub(crate) fn named(word: &str, after: &[&str; 3], own: Option<Date>) -> Option<Date> {
    let own = own?;
    let years = [own.year(), own.year() - 1];
    let dates = years.into_iter().filter_map(|year| in_year(word, after, year));
    dates.into_iter().find(|date| *date <= own && (own - *date).whole_days() <= BACK_DAYS)
}

fn in_year(word: &str, after: &[&str; 3], year: i32) -> Option<Date> {
    let day = |month, day| Date::from_calendar_date(year, month, day).ok();
    let from_easter = |days| easter(year)?.checked_add(Duration::days(days));
    match (word, after[0], after[1]) {
        ("boxing", "day", _) => day(Month::December, 26),
        ("christmas" | "xmas", "eve", _) => day(Month::December, 24),
        ("christmas" | "xmas", "day", _) => day(Month::December, 25),
        ("new", "year's" | "years" | "year", "eve") | ("nye", ..) => day(Month::December, 31),
        ("new", "year's" | "years", "day") => day(Month::January, 1),
        ("halloween", ..) => day(Month::October, 31),
        ("bonfire", "night", _) => day(Month::November, 5),
        ("valentine's", "day", _) => day(Month::February, 14),
        ("good", "friday", _) => from_easter(-2),
        ("easter", "sunday", _) => from_easter(0),
        ("easter", "monday", _) => from_easter(1),
        _ => None,
    }
}

/// Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher's computation).
fn easter(year: i32) -> Option<Date> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
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
    use time::macros::date;

    use super::*;

    #[test]
    fn easter_is_where_the_calendar_has_it() {
        let expected = [(2023, date!(2023 - 04 - 09)), (2024, date!(2024 - 03 - 31)), (2025, date!(2025 - 04 - 20))];
        for (year, date) in expected {
            assert_eq!(easter(year), Some(date));
        }
    }
}

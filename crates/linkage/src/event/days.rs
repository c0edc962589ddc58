//! Days and times of day that a text quotes: "Sat night 18/11 abt 11pm", "yesterday", "17.8.24", "3 February".
//!
//! A day that is quoted survives any wording, so that a school's note of Monday finds the police's of Saturday. Days to
//! come ("next 29/5") are plans and are left out; durations ("rv 2/52") are no days.

use time::{Date, Month};

use super::clock::{self, Clock};
use super::feasts;
use super::relative::{Part, WEEKEND, part_of_day, relative, weekday_named};

/// How far back a day without a year may lie.
const BACK_DAYS: i64 = 150;
/// How far after the entry's own day a day without a year may lie: an event may end on the next.
const AHEAD_DAYS: i64 = 2;
/// The years between which a day of the week and a date together are looked for.
const YEARS: std::ops::Range<i32> = 2005..2041;

/// A day that a text speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quoted {
    /// The year is absent when neither the text nor the entry's own date gives it.
    pub(crate) year: Option<i32>,
    /// Month and day.
    pub(crate) day: (u8, u8),
    /// Said as a date, not as "yesterday" or "Saturday".
    pub(crate) firm: bool,
    /// The time of day said with it.
    pub(crate) part: Option<Part>,
}

impl Quoted {
    pub(crate) fn of(date: Date, firm: bool) -> Self {
        Self { year: Some(date.year()), day: (u8::from(date.month()), date.day()), firm, part: None }
    }

    /// Whether it can be `date`.
    pub(crate) fn is(&self, date: Date) -> bool {
        self.day == (u8::from(date.month()), date.day()) && self.year.is_none_or(|year| year == date.year())
    }

    /// Whether both can be one day.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.day == other.day && self.year.zip(other.year).is_none_or(|(a, b)| a == b)
    }

    /// The day, when its year is known.
    pub(crate) fn date(&self) -> Option<Date> {
        Date::from_calendar_date(self.year?, Month::try_from(self.day.0).ok()?, self.day.1).ok()
    }
}

/// What a text says of days and times.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// Days quoted, each once.
    pub(crate) days: Vec<Quoted>,
    /// Times of day quoted.
    pub(crate) clocks: Vec<Clock>,
    /// Days of the week named, Monday being the lowest bit.
    pub(crate) weekdays: u8,
}

/// Whether a word may be part of a day or a time that is quoted; others need not be looked at.
pub(crate) fn is_temporal(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || c == '@')
        || clock::is_clock_word(word)
        || matches!(
            word,
            "yesterday"
                | "ydy"
                | "yday"
                | "yest"
                | "today"
                | "tonight"
                | "night"
                | "nite"
                | "evening"
                | "ago"
                | "before"
        )
        || WEEKEND.contains(&word)
        || weekday_named(word).is_some()
        || ordinal_named(word).is_some()
        || feasts::is_feast_word(word)
}

/// Whether a word next to a day is part of how it is named: "Saturday 2 March", "late on Friday night".
pub(crate) fn belongs_to_day(word: &str) -> bool {
    is_temporal(word) && !matches!(word, "at" | "in" | "to" | "past" | "before")
        || month_named(word).is_some()
        || matches!(word, "last" | "late" | "early" | "morning" | "afternoon" | "am" | "pm" | "of")
        || word.len() == 4 && word.starts_with("20") && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Saturday and Sunday.
const SATURDAY_AND_SUNDAY: u8 = 0b110_0000;

/// Reads the lower-case words of a text, split at white space with their inner signs kept; only those that `temporal`
/// points out are looked at. `own` is the entry's own day, `around` a day of the family's records.
pub(crate) fn read(words: &[&str], temporal: impl Fn(usize) -> bool, own: Option<Date>, around: Option<Date>) -> Times {
    let mut times = Times::default();
    let mut own = own;
    for (place, word) in words.iter().enumerate().filter(|(place, _)| temporal(*place)) {
        let near = |at: Option<usize>| at.and_then(|at| words.get(at)).copied().unwrap_or_default();
        let before: [&str; 3] = std::array::from_fn(|step| near(place.checked_sub(step + 1)));
        let after: [&str; 3] = std::array::from_fn(|step| near(Some(place + 1 + step)));
        times.clocks.extend(clock::at(word, &before, &after));
        if to_come(before[0]) {
            continue;
        }
        times.weekdays |= weekday_bits(word);
        let found = dated(word, &before, &after, own).or_else(|| relative(word, &before, &after, own));
        if let Some(mut quoted) = found {
            quoted.part = part_of_day(word, &after);
            // Without a date of its own an entry counts "Saturday" from the first day that it gives.
            if own.is_none() && quoted.firm {
                quoted.year = quoted.year.or_else(|| year_of(quoted.day, before[0], around));
                own = quoted.date();
            }
            add(&mut times.days, quoted);
        }
    }
    times
}

/// The year, nearest to `around`, in which a day falls on the day of the week said before it: "Monday 6th January".
fn year_of((month, day): (u8, u8), before: &str, around: Option<Date>) -> Option<i32> {
    let (weekday, around) = (weekday_named(before)?, around?.year());
    let fits = |year: &i32| calendar(*year, month, day).is_some_and(|date| date.weekday() == weekday);
    YEARS.filter(fits).min_by_key(|year| ((year - around).abs(), *year))
}

fn weekday_bits(word: &str) -> u8 {
    if WEEKEND.contains(&word) {
        return SATURDAY_AND_SUNDAY;
    }
    weekday_named(word).map_or(0, |day| 1 << day.number_days_from_monday())
}

fn add(days: &mut Vec<Quoted>, quoted: Quoted) {
    match days.iter_mut().find(|known| known.agrees(&quoted)) {
        Some(known) => {
            known.firm |= quoted.firm;
            known.part = known.part.or(quoted.part);
        }
        None => days.push(quoted),
    }
}

fn to_come(before: &str) -> bool {
    const AHEAD: &[&str] =
        &["next", "by", "until", "till", "due", "booked", "viewing", "reint", "rebooked", "rearranged", "review", "rv"];
    AHEAD.contains(&before)
}

fn dated(word: &str, before: &[&str; 3], after: &[&str; 3], own: Option<Date>) -> Option<Quoted> {
    let figure = word.starts_with(|c: char| c.is_ascii_digit());
    let figures = || iso(word).or_else(|| slashed(word, before[0], own));
    let feast = || feasts::named(word, after, own).map(|date| Quoted::of(date, true));
    figure.then(figures).flatten().or_else(|| spelt(word, before[0], after, own)).or_else(feast)
}

fn iso(word: &str) -> Option<Quoted> {
    let mut parts = word.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let date = (year.len() == 4).then(|| calendar(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))??;
    Some(Quoted::of(date, true))
}

fn calendar(year: i32, month: u8, day: u8) -> Option<Date> {
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

/// "3/2", "03/02/24", "17.8.24"; the last of "14–15/3". A point alone ("3.2") is a date only after a word like "on".
fn slashed(word: &str, before: &str, own: Option<Date>) -> Option<Quoted> {
    let word = word.rsplit(['–', '—']).next().unwrap_or(word);
    let sign = word.chars().find(|c| matches!(c, '/' | '.' | '-'))?;
    let fields: Vec<&str> = word.split(sign).collect();
    let number = |at: usize| fields.get(at).filter(|field| field.len() <= 2).and_then(|field| field.parse::<u8>().ok());
    let day = number(0)?;
    if let [_, month, year] = fields[..] {
        let month = month.parse().ok().or_else(|| month_named(month))?;
        return calendar(full_year(year)?, month, day).map(|date| Quoted::of(date, true));
    }
    let spoken = matches!(
        before,
        "on" | "re" | "since" | "of" | "dated" | "mo" | "sat" | "sun" | "mon" | "tues" | "wed" | "thurs" | "fri"
    );
    if fields.len() != 2 || sign == '-' || (sign == '.' && !spoken) {
        return None;
    }
    near(day, number(1)?, own)
}

fn full_year(text: &str) -> Option<i32> {
    let year: i32 = text.parse().ok()?;
    match text.len() {
        2 => Some(2000 + year),
        4 => Some(year),
        _ => None,
    }
}

/// A day and month in the year that makes it the last such day before `own`; without a year when there is none.
fn near(day: u8, month: u8, own: Option<Date>) -> Option<Quoted> {
    calendar(2024, month, day)?;
    let Some(own) = own else { return Some(Quoted { year: None, day: (month, day), firm: true, part: None }) };
    let years = [own.year() + 1, own.year(), own.year() - 1];
    let dates = years.into_iter().filter_map(|year| calendar(year, month, day));
    let past = dates.into_iter().find(|date| (*date - own).whole_days() <= AHEAD_DAYS)?;
    ((own - past).whole_days() <= BACK_DAYS).then(|| Quoted::of(past, true))
}

/// "3 February", "3rd Feb 2024", "February 3rd", "the third of February", "on the 10th".
fn spelt(word: &str, before: &str, after: &[&str; 3], own: Option<Date>) -> Option<Quoted> {
    let day: u8 = ordinal(word).or_else(|| ordinal_named(word))?;
    let next = if after[0] == "of" { 1 } else { 0 };
    let Some(month) = after.get(next).and_then(|word| month_named(word)) else {
        return month_named(before).and_then(|month| in_year(day, month, after[0], own)).or_else(|| {
            let alone = before == "the" && word.ends_with(|c: char| c.is_ascii_alphabetic()) && ordinal(word).is_some();
            (alone && !OF_OTHER_THINGS.contains(&after[0])).then(|| of_this_month(day, own?)).flatten()
        });
    };
    in_year(day, month, after.get(next + 1).copied().unwrap_or_default(), own)
}

/// What an ordinal may count that is no day.
const OF_OTHER_THINGS: &[&str] = &[
    "centile",
    "percentile",
    "birthday",
    "floor",
    "time",
    "visit",
    "year",
    "week",
    "appointment",
    "occasion",
    "child",
];

fn in_year(day: u8, month: u8, year: &str, own: Option<Date>) -> Option<Quoted> {
    match Some(year).filter(|year| year.len() == 4).and_then(full_year) {
        Some(year) => calendar(year, month, day).map(|date| Quoted::of(date, true)),
        None => near(day, month, own),
    }
}

/// The last such day before `own`, not as firm as a date with its month.
fn of_this_month(day: u8, own: Date) -> Option<Quoted> {
    let this = own.replace_day(day).ok().filter(|date| *date <= own);
    let last = || own.replace_day(1).ok()?.previous_day()?.replace_day(day).ok();
    this.or_else(last).map(|date| Quoted::of(date, false))
}

fn ordinal(word: &str) -> Option<u8> {
    let bare = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    (bare.len() <= 2).then(|| bare.parse().ok()).flatten().filter(|day| (1..=31).contains(day))
}

/// "Third", "twenty-first": days of a month in words.
fn ordinal_named(word: &str) -> Option<u8> {
    const FIRST: [&str; 20] = [
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "eleventh",
        "twelfth",
        "thirteenth",
        "fourteenth",
        "fifteenth",
        "sixteenth",
        "seventeenth",
        "eighteenth",
        "nineteenth",
        "twentieth",
    ];
    if let Some(units) = word.strip_prefix("twenty-") {
        return ordinal_named(units).filter(|day| *day < 10).map(|day| day + 20);
    }
    match word {
        "thirtieth" => Some(30),
        "thirty-first" => Some(31),
        _ => FIRST.iter().position(|named| *named == word).and_then(|at| u8::try_from(at + 1).ok()),
    }
}

fn month_named(word: &str) -> Option<u8> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const LONG: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = MONTHS
        .iter()
        .zip(LONG)
        .position(|(short, long)| word == *short || word == long || word == "sept" && *short == "sep")?;
    u8::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::date;

    use super::*;

    fn days(text: &str) -> Vec<Date> {
        let words: Vec<&str> = text.split_whitespace().collect();
        read(&words, |_| true, Some(date!(2024 - 02 - 05)), None).days.iter().filter_map(Quoted::date).collect()
    }

    #[rstest]
    #[case("incident sat eve 3/2", vec![date!(2024-02-03)])]
    #[case("attended a&e 03/02/24 20:05", vec![date!(2024-02-03)])]
    #[case("on 30.1.24", vec![date!(2024-01-30)])]
    #[case("the night of 3rd february", vec![date!(2024-02-03)])]
    #[case("february 3rd", vec![date!(2024-02-03)])]
    #[case("yesterday", vec![date!(2024-02-04)])]
    #[case("last mon", vec![date!(2024-01-29)])]
    #[case("31/12", vec![date!(2023-12-31)])]
    #[case("on the 1st he", vec![date!(2024-02-01)])]
    #[case("the third of february", vec![date!(2024-02-03)])]
    #[case("three days ago", vec![date!(2024-02-02)])]
    #[case("on boxing day", vec![date!(2023-12-26)])]
    #[case("next 29/2", vec![])]
    #[case("the 2nd floor", vec![])]
    #[case("review 2/52 then 3/40", vec![])]
    #[case("weight 3.2", vec![])]
    fn a_text_quotes_days(#[case] text: &str, #[case] expected: Vec<Date>) {
        assert_eq!(days(text), expected);
    }

    #[test]
    fn without_a_date_of_its_own_the_year_stays_open() {
        let read = read(&["on", "3/2"], |_| true, None, None);
        assert!(read.days[0].is(date!(2023 - 02 - 03)) && read.days[0].is(date!(2024 - 02 - 03)));
        assert!(read.days[0].date().is_none());
    }

    #[test]
    fn a_day_of_the_week_gives_the_year_and_what_follows_is_counted_from_it() {
        let words = ["monday", "10th", "feb", "that", "on", "saturday", "night"];
        let days = read(&words, |_| true, None, Some(date!(2024 - 07 - 01))).days;
        let dates: Vec<Date> = days.iter().filter_map(Quoted::date).collect();
        assert_eq!(dates, [date!(2025 - 02 - 10), date!(2025 - 02 - 08)]);
    }
}

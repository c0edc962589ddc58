//! Days and times of day that a text quotes: "Sat night 18/11 abt 11pm", "yesterday", "17.8.24", "3
//! February".
//!
//! A quoted day does not depend on the wording: through it, a school's entry of Monday matches the
//! police's of Saturday. Days still to come ("next 29/5") are plans and are left out, as are
//! durations ("rv 2/52").

use time::{Date, Month};

use super::day_words::{
    announces_planned_day, is_counted_by_ordinals, is_weekend, is_yesterday, parse_weekday,
};
use super::named_days;
use super::quoted_times::{self, QuotedTime};
use super::relative_days::{MinuteRange, parse_part_of_day, parse_relative_day};

/// A day without a year lies at most this many days before the entry's own day.
const MAX_DAYS_BACK: i64 = 150;
/// A day without a year lies at most this many days after the entry's own day, because an event may
/// end on a later day.
const MAX_DAYS_AHEAD: i64 = 2;
/// The years that are tried to find the one in which a date falls on a named day of the week.
const CANDIDATE_YEARS: std::ops::Range<i32> = 2005..2041;

/// A day that a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct QuotedDay {
    /// Absent when neither the text nor the entry's own date gives it.
    pub(crate) year: Option<i32>,
    pub(crate) month_day: (u8, u8),
    /// Whether the text gives a date, not "yesterday" or "Saturday".
    pub(crate) is_explicit: bool,
    /// The part of the day named with it.
    pub(crate) part_of_day: Option<MinuteRange>,
}

impl QuotedDay {
    pub(crate) fn from_date(date: Date, is_explicit: bool) -> Self {
        let month_day = (u8::from(date.month()), date.day());
        Self {
            year: Some(date.year()),
            month_day,
            is_explicit,
            part_of_day: None,
        }
    }

    /// Whether it is `date` as far as it is known.
    pub(crate) fn could_be(&self, date: Date) -> bool {
        self.month_day == (u8::from(date.month()), date.day())
            && self.year.is_none_or(|year| year == date.year())
    }

    /// Whether both are one day as far as they are known.
    pub(crate) fn could_equal(&self, other: &Self) -> bool {
        self.month_day == other.month_day && self.year.zip(other.year).is_none_or(|(a, b)| a == b)
    }

    /// The day, when its year is known.
    pub(crate) fn date(&self) -> Option<Date> {
        Date::from_calendar_date(
            self.year?,
            Month::try_from(self.month_day.0).ok()?,
            self.month_day.1,
        )
        .ok()
    }
}

/// The days and times that a text names.
#[derive(Debug, Default)]
pub(crate) struct TemporalMentions {
    /// Days, each once.
    pub(crate) days: Vec<QuotedDay>,
    /// Times of day.
    pub(crate) times: Vec<QuotedTime>,
    /// Days of the week as a bit set, Monday being the lowest bit.
    pub(crate) weekdays: u8,
}

/// Whether a day or a time of day may be named at the word. Other words need not be examined.
pub(crate) fn is_temporal(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || c == '@')
        || quoted_times::is_clock_word(word)
        || matches!(
            word,
            "today" | "tonight" | "night" | "nite" | "evening" | "ago" | "before"
        )
        || is_yesterday(word)
        || is_weekend(word)
        || parse_weekday(word).is_some()
        || parse_ordinal_word(word).is_some()
        || named_days::starts_named_day(word)
}

/// Whether a word next to a day is part of its name, as in "Saturday 2 March" and "late on Friday
/// night".
pub(crate) fn belongs_to_day(word: &str) -> bool {
    is_temporal(word) && !matches!(word, "at" | "in" | "to" | "past" | "before")
        || parse_month(word).is_some()
        || matches!(
            word,
            "last" | "late" | "early" | "morning" | "afternoon" | "am" | "pm" | "of"
        )
        || word.len() == 4
            && word.starts_with("20")
            && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The bits of Saturday and Sunday.
const WEEKEND_BITS: u8 = 0b110_0000;

/// Finds the days and times in the lower-case words of a text, which were split at white space and
/// keep their inner punctuation. Only words for whose index `is_temporal` holds are examined. `own`
/// is the entry's own day, `around` a day in the middle of the family's records.
pub(crate) fn find_mentions(
    words: &[&str],
    is_temporal: impl Fn(usize) -> bool,
    own: Option<Date>,
    around: Option<Date>,
) -> TemporalMentions {
    let mut mentions = TemporalMentions::default();
    let mut own = own;
    for (index, word) in words
        .iter()
        .enumerate()
        .filter(|(index, _)| is_temporal(*index))
    {
        let word_at = |index: Option<usize>| {
            index
                .and_then(|index| words.get(index))
                .copied()
                .unwrap_or_default()
        };
        let before: [&str; 3] = std::array::from_fn(|step| word_at(index.checked_sub(step + 1)));
        let after: [&str; 3] = std::array::from_fn(|step| word_at(Some(index + 1 + step)));
        mentions
            .times
            .extend(quoted_times::parse_time(word, &before, &after));
        if announces_planned_day(before[0]) {
            continue;
        }
        mentions.weekdays |= weekday_bits(word);
        let absolute = parse_date(word, &before, &after, own);
        let found = absolute.or_else(|| parse_relative_day(word, &before, &after, own));
        if let Some(mut quoted) = found {
            quoted.part_of_day = parse_part_of_day(word, &after);
            // In an entry without a date, "Saturday" is counted from the first date that its text
            // gives.
            if own.is_none() && quoted.is_explicit {
                quoted.year = quoted
                    .year
                    .or_else(|| year_with_weekday(quoted.month_day, before[0], around));
                own = quoted.date();
            }
            add_once(&mut mentions.days, quoted);
        }
    }
    mentions
}

/// The year nearest to `around` in which a date falls on the day of the week named before it:
/// "Monday 6th January".
fn year_with_weekday((month, day): (u8, u8), before: &str, around: Option<Date>) -> Option<i32> {
    let weekday = parse_weekday(before)?;
    let around = around?.year();
    let fits =
        |year: &i32| calendar_date(*year, month, day).is_some_and(|date| date.weekday() == weekday);
    CANDIDATE_YEARS
        .filter(fits)
        .min_by_key(|year| ((year - around).abs(), *year))
}

fn weekday_bits(word: &str) -> u8 {
    if is_weekend(word) {
        return WEEKEND_BITS;
    }
    parse_weekday(word).map_or(0, |day| 1 << day.number_days_from_monday())
}

fn add_once(days: &mut Vec<QuotedDay>, quoted: QuotedDay) {
    match days.iter_mut().find(|known| known.could_equal(&quoted)) {
        Some(known) => {
            known.is_explicit |= quoted.is_explicit;
            known.part_of_day = known.part_of_day.or(quoted.part_of_day);
        }
        None => days.push(quoted),
    }
}

/// Parses a date in figures or in words, or the name of a day.
fn parse_date(
    word: &str,
    before: &[&str; 3],
    after: &[&str; 3],
    own: Option<Date>,
) -> Option<QuotedDay> {
    let has_figure = word.starts_with(|c: char| c.is_ascii_digit());
    let numeric = || parse_iso_date(word).or_else(|| parse_numeric_date(word, before[0], own));
    let named = || {
        named_days::parse_named_day(word, after, own).map(|date| QuotedDay::from_date(date, true))
    };
    let written = || parse_written_date(word, before[0], after, own);
    has_figure
        .then(numeric)
        .flatten()
        .or_else(written)
        .or_else(named)
}

/// Parses "2024-02-03".
fn parse_iso_date(word: &str) -> Option<QuotedDay> {
    let mut parts = word.split('-');
    let year = parts.next()?;
    let month = parts.next()?;
    let day = parts.next()?;
    let date = (year.len() == 4)
        .then(|| calendar_date(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))??;
    Some(QuotedDay::from_date(date, true))
}

fn calendar_date(year: i32, month: u8, day: u8) -> Option<Date> {
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

/// Parses "3/2", "03/02/24" and "17.8.24", and the last day of "14–15/3". "3.2" without a year is a
/// date only after a word like "on".
fn parse_numeric_date(word: &str, before: &str, own: Option<Date>) -> Option<QuotedDay> {
    let word = word.rsplit(['–', '—']).next().unwrap_or(word);
    let separator = word.chars().find(|c| matches!(c, '/' | '.' | '-'))?;
    let fields: Vec<&str> = word.split(separator).collect();
    let number = |index: usize| {
        fields
            .get(index)
            .filter(|field| field.len() <= 2)
            .and_then(|field| field.parse::<u8>().ok())
    };
    let day = number(0)?;
    if let [_, month, year] = fields[..] {
        let month = month.parse().ok().or_else(|| parse_month(month))?;
        return calendar_date(parse_year(year)?, month, day)
            .map(|date| QuotedDay::from_date(date, true));
    }
    let follows_day_word = matches!(
        before,
        "on" | "re"
            | "since"
            | "of"
            | "dated"
            | "mo"
            | "sat"
            | "sun"
            | "mon"
            | "tues"
            | "wed"
            | "thurs"
            | "fri"
    );
    if fields.len() != 2 || separator == '-' || (separator == '.' && !follows_day_word) {
        return None;
    }
    nearest_past_date(day, number(1)?, own)
}

/// Parses a year of two digits, in this century, or of four.
fn parse_year(text: &str) -> Option<i32> {
    let year: i32 = text.parse().ok()?;
    match text.len() {
        2 => Some(2000 + year),
        4 => Some(year),
        _ => None,
    }
}

/// The last date with this day and month before `own`, or at most [`MAX_DAYS_AHEAD`] after it. It
/// has no year when the entry has no day of its own.
fn nearest_past_date(day: u8, month: u8, own: Option<Date>) -> Option<QuotedDay> {
    // Day and month exist in a leap year, or not at all.
    calendar_date(2024, month, day)?;
    let Some(own) = own else {
        return Some(QuotedDay {
            year: None,
            month_day: (month, day),
            is_explicit: true,
            part_of_day: None,
        });
    };
    let years = [own.year() + 1, own.year(), own.year() - 1];
    let dates = years
        .into_iter()
        .filter_map(|year| calendar_date(year, month, day));
    let past = dates
        .into_iter()
        .find(|date| (*date - own).whole_days() <= MAX_DAYS_AHEAD)?;
    ((own - past).whole_days() <= MAX_DAYS_BACK).then(|| QuotedDay::from_date(past, true))
}

/// Parses "3 February", "3rd Feb 2024", "February 3rd", "the third of February" and "on the 10th".
fn parse_written_date(
    word: &str,
    before: &str,
    after: &[&str; 3],
    own: Option<Date>,
) -> Option<QuotedDay> {
    let day: u8 = parse_day_of_month(word).or_else(|| parse_ordinal_word(word))?;
    let month_index = if after[0] == "of" { 1 } else { 0 };
    if let Some(month) = after.get(month_index).and_then(|word| parse_month(word)) {
        let year = after.get(month_index + 1).copied().unwrap_or_default();
        return date_in_year(day, month, year, own);
    }
    let after_month = parse_month(before).and_then(|month| date_in_year(day, month, after[0], own));
    after_month.or_else(|| {
        let has_suffix = word.ends_with(|c: char| c.is_ascii_alphabetic());
        let is_alone = before == "the" && has_suffix && parse_day_of_month(word).is_some();
        let is_day = is_alone && !is_counted_by_ordinals(after[0]);
        is_day
            .then(|| last_day_of_month_number(day, own?))
            .flatten()
    })
}

/// The date in the given year of four digits, or the last such day before `own` when the text gives
/// no year.
fn date_in_year(day: u8, month: u8, year: &str, own: Option<Date>) -> Option<QuotedDay> {
    match Some(year)
        .filter(|year| year.len() == 4)
        .and_then(parse_year)
    {
        Some(year) => calendar_date(year, month, day).map(|date| QuotedDay::from_date(date, true)),
        None => nearest_past_date(day, month, own),
    }
}

/// The last day with this number on or before `own`. It does not count as explicit, because the
/// month is not given.
fn last_day_of_month_number(day: u8, own: Date) -> Option<QuotedDay> {
    let this_month = own.replace_day(day).ok().filter(|date| *date <= own);
    let last_month = || {
        own.replace_day(1)
            .ok()?
            .previous_day()?
            .replace_day(day)
            .ok()
    };
    this_month
        .or_else(last_month)
        .map(|date| QuotedDay::from_date(date, false))
}

/// Parses "3" and "3rd".
fn parse_day_of_month(word: &str) -> Option<u8> {
    let bare = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|suffix| word.strip_suffix(suffix))
        .unwrap_or(word);
    (bare.len() <= 2)
        .then(|| bare.parse().ok())
        .flatten()
        .filter(|day| (1..=31).contains(day))
}

/// Parses a day of the month in words: "third", "twenty-first".
fn parse_ordinal_word(word: &str) -> Option<u8> {
    const ORDINALS: [&str; 20] = [
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
        return parse_ordinal_word(units)
            .filter(|day| *day < 10)
            .map(|day| day + 20);
    }
    match word {
        "thirtieth" => Some(30),
        "thirty-first" => Some(31),
        _ => ORDINALS
            .iter()
            .position(|ordinal| *ordinal == word)
            .and_then(|index| u8::try_from(index + 1).ok()),
    }
}

/// Parses the name of a month or its abbreviation.
fn parse_month(word: &str) -> Option<u8> {
    const SHORT: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    const FULL: [&str; 12] = [
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
    let mut names = SHORT.iter().zip(FULL);
    let is_named = |(short, full): (&&str, &str)| {
        word == *short || word == full || word == "sept" && *short == "sep"
    };
    let index = names.position(is_named)?;
    u8::try_from(index + 1).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::date;

    use super::*;

    fn days(text: &str) -> Vec<Date> {
        let words: Vec<&str> = text.split_whitespace().collect();
        find_mentions(&words, |_| true, Some(date!(2024 - 02 - 05)), None)
            .days
            .iter()
            .filter_map(QuotedDay::date)
            .collect()
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
    fn finds_quoted_days(#[case] text: &str, #[case] expected: Vec<Date>) {
        assert_eq!(days(text), expected);
    }

    #[test]
    fn year_is_unknown_without_a_date_of_the_entry() {
        let mentions = find_mentions(&["on", "3/2"], |_| true, None, None);
        let day = mentions.days[0];
        assert!(day.could_be(date!(2023 - 02 - 03)) && day.could_be(date!(2024 - 02 - 03)));
        assert!(day.date().is_none());
    }

    #[test]
    fn weekday_gives_the_year_and_later_relative_days_count_from_that_date() {
        let words = ["monday", "10th", "feb", "that", "on", "saturday", "night"];
        let days = find_mentions(&words, |_| true, None, Some(date!(2024 - 07 - 01))).days;
        let dates: Vec<Date> = days.iter().filter_map(QuotedDay::date).collect();
        assert_eq!(dates, [date!(2025 - 02 - 10), date!(2025 - 02 - 08)]);
    }
}

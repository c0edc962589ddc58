//! Days and times of day that a text quotes: "Sat night 18/11 abt 11pm", "yesterday", "17.8.24", "3 February".
//!
//! A day that is quoted survives any wording, so that a school's note of Monday finds the police's of Saturday. Days to
//! come ("next 29/5") are plans and are left out; durations ("rv 2/52") are no days.

use time::{Date, Duration, Month, Weekday};

/// How far back a day without a year may lie.
const BACK_DAYS: i64 = 150;
/// Minutes from and until, past midnight above 1440.
pub(crate) type Part = (u16, u16);

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
    fn of(date: Date, firm: bool) -> Self {
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
    /// Minutes after midnight quoted.
    pub(crate) clocks: Vec<u16>,
}

/// Reads the lower-case words of a text, split at white space with their inner signs kept. `own` is the entry's own day.
pub(crate) fn read(words: &[&str], own: Option<Date>) -> Times {
    let mut times = Times::default();
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|at| words.get(at)).copied().unwrap_or_default();
        let after: [&str; 3] = std::array::from_fn(|next| words.get(place + 1 + next).copied().unwrap_or_default());
        if let Some(clock) = clock(word, before, after[0]) {
            times.clocks.push(clock);
        }
        if to_come(before) {
            continue;
        }
        let found = dated(word, before, &after, own).or_else(|| relative(word, before, own));
        if let Some(mut quoted) = found {
            quoted.part = part_of_day(word, &after);
            add(&mut times.days, quoted);
        }
    }
    times
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

fn dated(word: &str, before: &str, after: &[&str; 3], own: Option<Date>) -> Option<Quoted> {
    iso(word).or_else(|| slashed(word, before, own)).or_else(|| spelt(word, before, after, own))
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
    let years = [own.year(), own.year() - 1];
    let dates = years.into_iter().filter_map(|year| calendar(year, month, day));
    let past = dates.into_iter().find(|date| *date <= own)?;
    ((own - past).whole_days() <= BACK_DAYS).then(|| Quoted::of(past, true))
}

/// "3 February", "3rd Feb 2024", "February 3rd".
fn spelt(word: &str, before: &str, after: &[&str; 3], own: Option<Date>) -> Option<Quoted> {
    let day: u8 = ordinal(word)?;
    let next = if after[0] == "of" { 1 } else { 0 };
    let (month, year) = match after.get(next).and_then(|word| month_named(word)) {
        Some(month) => (month, after.get(next + 1)),
        None => (month_named(before)?, after.first()),
    };
    match year.filter(|year| year.len() == 4).and_then(|year| full_year(year)) {
        Some(year) => calendar(year, month, day).map(|date| Quoted::of(date, true)),
        None => near(day, month, own),
    }
}

fn ordinal(word: &str) -> Option<u8> {
    let bare = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    (bare.len() <= 2).then(|| bare.parse().ok()).flatten().filter(|day| (1..=31).contains(day))
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

/// "Today", "yesterday", "Saturday": counted from the entry's own day.
fn relative(word: &str, before: &str, own: Option<Date>) -> Option<Quoted> {
    let own = own?;
    let back = match word {
        "yesterday" | "ydy" | "yday" | "yest" => 1,
        "today" | "tonight" => 0,
        "night" | "nite" | "evening" if before == "last" => 1,
        "w/e" | "wkend" | "weekend" | "w/end" => i64::from(own.weekday().number_days_from_sunday()) + 1,
        _ => weekday_back(word, before, own)?,
    };
    own.checked_sub(Duration::days(back)).map(|date| Quoted::of(date, false))
}

fn weekday_back(word: &str, before: &str, own: Date) -> Option<i64> {
    let day = match word {
        "mon" | "monday" => Weekday::Monday,
        "tue" | "tues" | "tuesday" => Weekday::Tuesday,
        "wed" | "weds" | "wednesday" => Weekday::Wednesday,
        "thu" | "thur" | "thurs" | "thursday" => Weekday::Thursday,
        "fri" | "friday" => Weekday::Friday,
        "sat" | "saturday" => Weekday::Saturday,
        "sun" | "sunday" => Weekday::Sunday,
        _ => return None,
    };
    let back = i64::from((7 + own.weekday().number_days_from_monday() - day.number_days_from_monday()) % 7);
    Some(if back == 0 && before == "last" { 7 } else { back })
}

/// The time of day said with a quoted day: "sat night", "3/2/24 evening".
fn part_of_day(word: &str, after: &[&str; 3]) -> Option<Part> {
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

/// "20:05", "11pm", "3.30pm", "at 1700", "2058 hrs".
fn clock(word: &str, before: &str, after: &str) -> Option<u16> {
    let word = word.trim_start_matches('@');
    let half =
        word.strip_suffix("pm").map(|rest| (rest, 720)).or_else(|| word.strip_suffix("am").map(|rest| (rest, 0)));
    if let Some((rest, add)) = half {
        let mut fields = rest.split([':', '.']);
        let hour: u16 = fields.next()?.parse().ok()?;
        let minute: u16 = fields.next().map_or(Some(0), |field| field.parse().ok())?;
        return (hour <= 12 && minute < 60).then(|| hour % 12 * 60 + minute + add);
    }
    if let Some((hour, minute)) = word.split_once(':') {
        return (minute.len() == 2).then(|| minutes(hour.parse().ok()?, minute.parse().ok()?)).flatten();
    }
    let digits = word.strip_suffix("ish").or_else(|| word.strip_suffix("hrs")).unwrap_or(word);
    let introduced = matches!(before, "at" | "approx" | "abt" | "about" | "around" | "@") || before.contains('/');
    let said = introduced || after == "hrs" || after == "hours" || digits.len() != word.len();
    let number: u16 = (digits.len() == 4).then(|| digits.parse().ok()).flatten()?;
    let said = said || number < 1000 && word.len() == 4;
    said.then(|| minutes(number / 100, number % 100)).flatten()
}

fn minutes(hour: u16, minute: u16) -> Option<u16> {
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::date;

    use super::*;

    fn days(text: &str) -> Vec<Date> {
        let words: Vec<&str> = text.split_whitespace().collect();
        read(&words, Some(date!(2024 - 02 - 05))).days.iter().filter_map(Quoted::date).collect()
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
    #[case("next 29/2", vec![])]
    #[case("review 2/52 then 3/40", vec![])]
    #[case("weight 3.2", vec![])]
    fn a_text_quotes_days(#[case] text: &str, #[case] expected: Vec<Date>) {
        assert_eq!(days(text), expected);
    }

    #[test]
    fn clocks_are_read_and_numbers_are_not() {
        let clocks = |text: &str| read(&text.split_whitespace().collect::<Vec<_>>(), None).clocks;
        assert_eq!(clocks("abt 11pm then 20:05 and 2058 hrs"), [1380, 1205, 1258]);
        assert_eq!(clocks("weight 3120 and 340 pounds"), [0; 0]);
    }

    #[test]
    fn without_a_date_of_its_own_the_year_stays_open() {
        let read = read(&["on", "3/2"], None);
        assert!(read.days[0].is(date!(2023 - 02 - 03)) && read.days[0].is(date!(2024 - 02 - 03)));
        assert!(read.days[0].date().is_none());
    }
}

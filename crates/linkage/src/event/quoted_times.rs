//! Times of day in a text: "20:05", "11pm", "half past three", "ten to midnight", "seven in the
//! morning".

/// Half a day, in minutes.
const HALF_DAY: u16 = 720;
/// A day, in minutes.
const DAY: u16 = 1440;

/// A time of day as the text gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct QuotedTime {
    /// Minutes after midnight.
    minutes: u16,
    /// Whether it may be in either half of the day: "half past three".
    is_ambiguous: bool,
}

impl QuotedTime {
    pub(crate) const fn exact(minutes: u16) -> Self {
        Self {
            minutes,
            is_ambiguous: false,
        }
    }

    const fn ambiguous(minutes: u16) -> Self {
        Self {
            minutes: minutes % HALF_DAY,
            is_ambiguous: true,
        }
    }

    /// The smallest number of minutes that can be between two times, across midnight if need be.
    pub(crate) fn minutes_apart(self, other: Self) -> u16 {
        let period = if self.is_ambiguous || other.is_ambiguous {
            HALF_DAY
        } else {
            DAY
        };
        let difference = (self.minutes % period).abs_diff(other.minutes % period);
        difference.min(period - difference)
    }
}

/// Whether a word can be part of a time of day that is written in words.
pub(crate) fn is_clock_word(word: &str) -> bool {
    matches!(
        word,
        "noon"
            | "midday"
            | "midnight"
            | "past"
            | "to"
            | "o'clock"
            | "am"
            | "pm"
            | "a.m"
            | "p.m"
            | "at"
            | "in"
    )
}

/// Parses the time of day at a word. `before` are the words before it, the nearest first; `after`
/// those that follow.
pub(crate) fn parse_time(word: &str, before: &[&str; 3], after: &[&str; 3]) -> Option<QuotedTime> {
    if word.starts_with(|c: char| c.is_ascii_digit() || c == '@') {
        return parse_figures(word, before[0], after[0]).map(QuotedTime::exact);
    }
    parse_words(word, before, after)
}

/// Parses a time in words, at its distinctive word: "past", "to", "o'clock", "at".
fn parse_words(word: &str, before: &[&str; 3], after: &[&str; 3]) -> Option<QuotedTime> {
    match word {
        "noon" | "midday" if !is_past_or_to(before[0]) => Some(QuotedTime::exact(HALF_DAY)),
        "midnight" if !is_past_or_to(before[0]) => Some(QuotedTime::exact(0)),
        "past" => shifted_hour(i32::from(parse_minutes(before)?), after),
        "to" => shifted_hour(-i32::from(parse_minutes(before)?), after),
        "o'clock" => Some(with_half_of_day(parse_hour(before[0])? * 60, after)),
        "am" | "a.m" | "pm" | "p.m" => parse_hour(before[0])
            .filter(|_| !before[0].starts_with(|c: char| c.is_ascii_digit()))
            .map(|hour| QuotedTime::exact(in_half(hour * 60, word))),
        "at" => {
            let hour = parse_hour(after[0]).filter(|_| !is_counted(after[1]))?;
            let starts_longer_time =
                ["past", "to", "o'clock", "minutes", "in", "am", "pm"].contains(&after[1]);
            (!starts_longer_time).then(|| with_half_of_day(hour * 60, &[after[1], after[2], ""]))
        }
        "in" if after[0] == "the" => {
            let hour = parse_hour(before[0])?;
            let has_half = matches!(after[1], "morning" | "afternoon" | "evening");
            has_half.then(|| with_half_of_day(hour * 60, &["in", "the", after[1]]))
        }
        _ => None,
    }
}

fn is_past_or_to(word: &str) -> bool {
    matches!(word, "past" | "to")
}

/// Whether the word is counted by the number before it, which is then no hour: "at two schools",
/// "at ten weeks".
fn is_counted(next: &str) -> bool {
    next.len() > 3 && next.ends_with('s')
        || matches!(next, "and" | "or" | "month" | "week" | "year" | "of")
}

/// Parses the minutes of "twenty past" and "quarter to".
fn parse_minutes(before: &[&str; 3]) -> Option<u16> {
    let word = if before[0] == "minutes" {
        before[1]
    } else {
        before[0]
    };
    match word {
        "half" => Some(30),
        "quarter" => Some(15),
        "five" | "5" => Some(5),
        "ten" | "10" => Some(10),
        "twenty" | "20" => Some(20),
        "twenty-five" | "25" => Some(25),
        _ => None,
    }
}

/// The hour after "past" or "to", shifted by `shift` minutes.
fn shifted_hour(shift: i32, after: &[&str; 3]) -> Option<QuotedTime> {
    let day = i32::from(DAY);
    let shifted =
        |base: u16| u16::try_from((i32::from(base) + shift).rem_euclid(day)).unwrap_or_default();
    match after[0] {
        "noon" | "midday" => Some(QuotedTime::exact(shifted(HALF_DAY))),
        "midnight" => Some(QuotedTime::exact(shifted(0))),
        hour if !is_counted(after[1]) => Some(with_half_of_day(
            shifted(parse_hour(hour)? * 60),
            &[after[1], after[2], ""],
        )),
        _ => None,
    }
}

/// The time in the half of the day that the words after it name, or an ambiguous time.
fn with_half_of_day(minutes: u16, after: &[&str; 3]) -> QuotedTime {
    match after {
        ["am" | "a.m", ..] | ["in", "the", "morning"] | ["this", "morning", _] => {
            QuotedTime::exact(in_half(minutes, "am"))
        }
        ["pm" | "p.m", ..] | ["in", "the", "afternoon" | "evening"] | ["at", "night", _] => {
            QuotedTime::exact(in_half(minutes, "pm"))
        }
        _ => QuotedTime::ambiguous(minutes),
    }
}

fn in_half(minutes: u16, half: &str) -> u16 {
    minutes % HALF_DAY + if half.starts_with('p') { HALF_DAY } else { 0 }
}

fn parse_hour(word: &str) -> Option<u16> {
    const HOURS: [&str; 12] = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    let spelt_out = HOURS
        .iter()
        .position(|hour| *hour == word)
        .and_then(|index| u16::try_from(index + 1).ok());
    spelt_out
        .or_else(|| word.parse().ok())
        .filter(|hour| (1..=12).contains(hour))
}

/// Parses "20:05", "11pm", "3.30pm", "at 1700", "2058 hrs" and "02:07hrs" into minutes after
/// midnight.
fn parse_figures(word: &str, before: &str, after: &str) -> Option<u16> {
    let word = word.trim_start_matches('@');
    let attached_half = word
        .strip_suffix("pm")
        .map(|rest| (rest, "pm"))
        .or_else(|| word.strip_suffix("am").map(|rest| (rest, "am")));
    let separate_half = matches!(after, "am" | "pm" | "a.m" | "p.m").then_some((word, after));
    if let Some((rest, half)) = attached_half.or(separate_half) {
        let mut fields = rest.split([':', '.']);
        let hour: u16 = fields.next()?.parse().ok()?;
        let minute: u16 = fields.next().map_or(Some(0), |field| field.parse().ok())?;
        return (hour <= 12 && minute < 60).then(|| in_half(hour % 12 * 60 + minute, half));
    }
    let digits = ["ish", "hrs", "hours", "h"]
        .iter()
        .find_map(|unit| word.strip_suffix(unit))
        .unwrap_or(word);
    if let Some((hour, minute)) = digits.split_once(':') {
        let minute = minute.split(':').next().unwrap_or(minute);
        return (minute.len() == 2)
            .then(|| minutes_of_day(hour.parse().ok()?, minute.parse().ok()?))
            .flatten();
    }
    let is_introduced = matches!(
        before,
        "at" | "approx" | "abt" | "about" | "around" | "@" | "circa"
    ) || before.contains('/');
    let has_unit = after == "hrs" || after == "hours" || digits.len() != word.len();
    let number: u16 = (digits.len() == 4).then(|| digits.parse().ok()).flatten()?;
    let has_leading_zero = number < 1000 && word.len() == 4;
    let is_time = is_introduced || has_unit || has_leading_zero;
    is_time
        .then(|| minutes_of_day(number / 100, number % 100))
        .flatten()
}

fn minutes_of_day(hour: u16, minute: u16) -> Option<u16> {
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn parse_all(text: &str) -> Vec<QuotedTime> {
        let words: Vec<&str> = text.split(' ').collect();
        let word = |index: Option<usize>| {
            index
                .and_then(|index| words.get(index))
                .copied()
                .unwrap_or_default()
        };
        let time_at = |index: usize| {
            let before = std::array::from_fn(|step| word(index.checked_sub(step + 1)));
            let after = std::array::from_fn(|step| word(Some(index + 1 + step)));
            parse_time(words[index], &before, &after)
        };
        (0..words.len()).filter_map(time_at).collect()
    }

    #[rstest]
    #[case("from half past three while", 930)]
    #[case("at ten to midnight", 1430)]
    #[case("at quarter to nine", 525)]
    #[case("rang at seven in the morning", 420)]
    #[case("about two in the morning", 120)]
    #[case("at noon", 720)]
    #[case("about 5 pm", 1020)]
    #[case("seen 3.30pm", 930)]
    #[case("phoned at ten with", 600)]
    #[case("0207hrs", 127)]
    fn parses_times_in_figures_and_words(#[case] text: &str, #[case] minutes: u16) {
        let times = parse_all(text);
        assert_eq!(times.len(), 1, "{times:?}");
        assert_eq!(
            times[0].minutes_apart(QuotedTime::exact(minutes)),
            0,
            "{times:?}"
        );
    }

    #[rstest]
    #[case("at two schools")]
    #[case("weight 3120 and 340 pounds")]
    #[case("walked past the shop to school")]
    #[case("waited five to ten minutes")]
    fn ignores_numbers_that_are_no_times(#[case] text: &str) {
        assert_eq!(parse_all(text), []);
    }

    #[test]
    fn difference_wraps_at_midnight_and_ignores_an_unknown_half_of_day() {
        assert_eq!(
            QuotedTime::exact(1430).minutes_apart(QuotedTime::exact(10)),
            20
        );
        assert_eq!(
            QuotedTime::ambiguous(210).minutes_apart(QuotedTime::exact(930)),
            0
        );
    }
}

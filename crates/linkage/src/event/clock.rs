//! Times of day that a text quotes: "20:05", "11pm", "half past three", "ten to midnight", "seven in the morning".

/// Half a day, in minutes.
const HALF_DAY: u16 = 720;
/// A day, in minutes.
const DAY: u16 = 1440;

/// A time of day as said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Clock {
    /// Minutes after midnight.
    minutes: u16,
    /// Whether morning or afternoon is left open: "half past three".
    open: bool,
}

impl Clock {
    pub(crate) const fn exact(minutes: u16) -> Self {
        Self { minutes, open: false }
    }

    const fn open(minutes: u16) -> Self {
        Self { minutes: minutes % HALF_DAY, open: true }
    }

    /// Minutes between two times as far as they are known, round the clock.
    pub(crate) fn apart(self, other: Self) -> u16 {
        let round = if self.open || other.open { HALF_DAY } else { DAY };
        let apart = (self.minutes % round).abs_diff(other.minutes % round);
        apart.min(round - apart)
    }
}

/// Whether a word can stand in a time of day that is not written in figures.
pub(crate) fn is_clock_word(word: &str) -> bool {
    matches!(
        word,
        "noon" | "midday" | "midnight" | "past" | "to" | "o'clock" | "am" | "pm" | "a.m" | "p.m" | "at" | "in"
    )
}

/// The time said at a word, with the words before (the nearest first) and after it.
pub(crate) fn at(word: &str, before: &[&str; 3], after: &[&str; 3]) -> Option<Clock> {
    if word.starts_with(|c: char| c.is_ascii_digit() || c == '@') {
        return figures(word, before[0], after[0]).map(Clock::exact);
    }
    spoken(word, before, after)
}

fn spoken(word: &str, before: &[&str; 3], after: &[&str; 3]) -> Option<Clock> {
    match word {
        "noon" | "midday" if !is_turn(before[0]) => Some(Clock::exact(HALF_DAY)),
        "midnight" if !is_turn(before[0]) => Some(Clock::exact(0)),
        "past" => turned(i32::from(minutes_named(before)?), after),
        "to" => turned(-i32::from(minutes_named(before)?), after),
        "o'clock" => Some(halved(hour_named(before[0])? * 60, after)),
        "am" | "a.m" | "pm" | "p.m" => hour_named(before[0])
            .filter(|_| !before[0].starts_with(|c: char| c.is_ascii_digit()))
            .map(|hour| Clock::exact(in_half(hour * 60, word))),
        "at" => {
            let hour = hour_named(after[0]).filter(|_| !is_counted(after[1]))?;
            let spoken_part = ["past", "to", "o'clock", "minutes", "in", "am", "pm"].contains(&after[1]);
            (!spoken_part).then(|| halved(hour * 60, &[after[1], after[2], ""]))
        }
        "in" if after[0] == "the" => {
            let hour = hour_named(before[0])?;
            matches!(after[1], "morning" | "afternoon" | "evening").then(|| halved(hour * 60, &["in", "the", after[1]]))
        }
        _ => None,
    }
}

fn is_turn(word: &str) -> bool {
    matches!(word, "past" | "to")
}

/// What is counted is no hour: "at two schools", "at ten weeks".
fn is_counted(next: &str) -> bool {
    next.len() > 3 && next.ends_with('s') || matches!(next, "and" | "or" | "month" | "week" | "year" | "of")
}

/// The minutes of "twenty past" and "quarter to".
fn minutes_named(before: &[&str; 3]) -> Option<u16> {
    let word = if before[0] == "minutes" { before[1] } else { before[0] };
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

fn turned(turn: i32, after: &[&str; 3]) -> Option<Clock> {
    let whole = i32::from(DAY);
    let shifted = |base: u16| u16::try_from((i32::from(base) + turn).rem_euclid(whole)).unwrap_or_default();
    match after[0] {
        "noon" | "midday" => Some(Clock::exact(shifted(HALF_DAY))),
        "midnight" => Some(Clock::exact(shifted(0))),
        hour if !is_counted(after[1]) => Some(halved(shifted(hour_named(hour)? * 60), &[after[1], after[2], ""])),
        _ => None,
    }
}

/// With the half of the day when the words after say it.
fn halved(minutes: u16, after: &[&str; 3]) -> Clock {
    match after {
        ["am" | "a.m", ..] | ["in", "the", "morning"] | ["this", "morning", _] => Clock::exact(in_half(minutes, "am")),
        ["pm" | "p.m", ..] | ["in", "the", "afternoon" | "evening"] | ["at", "night", _] => {
            Clock::exact(in_half(minutes, "pm"))
        }
        _ => Clock::open(minutes),
    }
}

fn in_half(minutes: u16, half: &str) -> u16 {
    minutes % HALF_DAY + if half.starts_with('p') { HALF_DAY } else { 0 }
}

fn hour_named(word: &str) -> Option<u16> {
    const HOURS: [&str; 12] =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let named = HOURS.iter().position(|hour| *hour == word).and_then(|at| u16::try_from(at + 1).ok());
    named.or_else(|| word.parse().ok()).filter(|hour| (1..=12).contains(hour))
}

/// "20:05", "11pm", "3.30pm", "at 1700", "2058 hrs", "02:07hrs".
fn figures(word: &str, before: &str, after: &str) -> Option<u16> {
    let word = word.trim_start_matches('@');
    let half =
        word.strip_suffix("pm").map(|rest| (rest, "pm")).or_else(|| word.strip_suffix("am").map(|rest| (rest, "am")));
    let apart = matches!(after, "am" | "pm" | "a.m" | "p.m").then_some((word, after));
    if let Some((rest, half)) = half.or(apart) {
        let mut fields = rest.split([':', '.']);
        let hour: u16 = fields.next()?.parse().ok()?;
        let minute: u16 = fields.next().map_or(Some(0), |field| field.parse().ok())?;
        return (hour <= 12 && minute < 60).then(|| in_half(hour % 12 * 60 + minute, half));
    }
    let digits = ["ish", "hrs", "hours", "h"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    if let Some((hour, minute)) = digits.split_once(':') {
        let minute = minute.split(':').next().unwrap_or(minute);
        return (minute.len() == 2).then(|| minutes(hour.parse().ok()?, minute.parse().ok()?)).flatten();
    }
    let introduced =
        matches!(before, "at" | "approx" | "abt" | "about" | "around" | "@" | "circa") || before.contains('/');
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

    use super::*;

    fn read(text: &str) -> Vec<Clock> {
        let words: Vec<&str> = text.split(' ').collect();
        let word = |at: Option<usize>| at.and_then(|at| words.get(at)).copied().unwrap_or_default();
        let around = |place: usize| {
            let before = std::array::from_fn(|step| word(place.checked_sub(step + 1)));
            (before, std::array::from_fn(|step| word(Some(place + 1 + step))))
        };
        let said = |place: usize| at(words[place], &around(place).0, &around(place).1);
        (0..words.len()).filter_map(said).collect()
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
    fn a_time_is_read_however_it_is_said(#[case] text: &str, #[case] minutes: u16) {
        let read = read(text);
        assert_eq!(read.len(), 1, "{read:?}");
        assert_eq!(read[0].apart(Clock::exact(minutes)), 0, "{read:?}");
    }

    #[rstest]
    #[case("at two schools")]
    #[case("weight 3120 and 340 pounds")]
    #[case("walked past the shop to school")]
    #[case("waited five to ten minutes")]
    fn what_is_no_time_is_not_read(#[case] text: &str) {
        assert_eq!(read(text), []);
    }

    #[test]
    fn round_the_clock() {
        assert_eq!(Clock::exact(1430).apart(Clock::exact(10)), 20);
        assert_eq!(Clock::open(210).apart(Clock::exact(930)), 0);
    }
}

//! The time of day among the words of a date.

use super::tokens::Token;
use crate::event_date::{EventDateError as E, TimeOfDay};

/// What the words say about the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimePhrase {
    /// The words give no time.
    Absent,
    /// A time to the minute.
    Time(TimeOfDay),
    /// An inexact time: "evening", "about 14:30", or "midnight", which can be the start or the end
    /// of a day.
    Inexact,
}

/// Removes the time of day from `tokens`.
///
/// # Errors
/// [`E::ImpossibleTime`] when the words give a time that does not exist.
pub(super) fn take_time<'a>(tokens: &mut Vec<Token<'a>>) -> Result<TimePhrase, E> {
    for start in 0..tokens.len() {
        let Some(here) = tokens.get(start..) else {
            break;
        };
        let after_at = start > 0
            && matches!(
                tokens.get(start - 1),
                Some(Token::Word("at") | Token::Sym('@'))
            );
        let Some((time, used)) = time_at(here, after_at)? else {
            continue;
        };
        let approximate = start > 0 && tokens.get(..start).is_some_and(ends_with_approximation);
        let from = lead_in_start(tokens, start);
        tokens.drain(from..start + used);
        return Ok(time
            .filter(|_| !approximate)
            .map_or(TimePhrase::Inexact, TimePhrase::Time));
    }
    Ok(TimePhrase::Absent)
}

fn is_approximation(token: &Token<'_>) -> bool {
    matches!(
        token,
        Token::Word("about" | "approx" | "approximately" | "around" | "circa" | "roughly" | "c")
            | Token::Sym('~')
    )
}

/// Whether the words directly before a time make it approximate: "at about", "around".
fn ends_with_approximation(before: &[Token<'_>]) -> bool {
    let before = before.strip_suffix(&[Token::Sym('.')]).unwrap_or(before);
    before.last().is_some_and(is_approximation)
}

/// The index at which words such as "at about" before a time begin.
fn lead_in_start(tokens: &[Token<'_>], start: usize) -> usize {
    let leads_in = |token: &Token<'_>| {
        is_approximation(token) || matches!(token, Token::Word("at" | "in") | Token::Sym('@'))
    };
    let mut from = start;
    while from > 0 {
        let dot = from > 1
            && tokens.get(from - 1) == Some(&Token::Sym('.'))
            && tokens.get(from - 2).is_some_and(is_approximation);
        if !dot && !tokens.get(from - 1).is_some_and(leads_in) {
            break;
        }
        from -= 1;
    }
    from
}

/// A time, `None` when it is inexact, with the number of its tokens; or no time at all.
type TimeMatch = Result<Option<(Option<TimeOfDay>, usize)>, E>;

/// The time that begins at the first token, and the number of its tokens.
fn time_at(here: &[Token<'_>], after_at: bool) -> TimeMatch {
    match here {
        [
            Token::Num(h),
            Token::Sym(':'),
            Token::Num(m),
            Token::Sym(':'),
            Token::Num(_),
            rest @ ..,
        ] => parse_clock_time(h, m, rest, 5),
        [Token::Num(h), Token::Sym(':'), Token::Num(m), rest @ ..] => {
            parse_clock_time(h, m, rest, 3)
        }
        [
            Token::Num(h),
            Token::Sym('.'),
            Token::Num(m),
            Token::Word("am" | "pm"),
            ..,
        ] if m.len() == 2 => parse_clock_time(h, m, here.get(3..).unwrap_or_default(), 3),
        [Token::Num(h), Token::Sym('.'), Token::Num(m), rest @ ..]
            if after_at && m.len() == 2 && !has_more_numbers(rest) =>
        {
            parse_clock_time(h, m, rest, 3)
        }
        [Token::Num(h), Token::Word("am" | "pm"), ..] if h.len() <= 2 => {
            parse_clock_time(h, "00", here.get(1..).unwrap_or_default(), 1)
        }
        [Token::Num(hm), Token::Word("hrs" | "hours" | "h"), ..] if hm.len() == 4 => {
            parse_four_digits(hm, 2)
        }
        [Token::Num(hm), rest @ ..] if after_at && hm.len() == 4 && !has_more_numbers(rest) => {
            parse_four_digits(hm, 1)
        }
        [Token::Word("noon" | "midday"), ..] => Ok(Some((TimeOfDay::new(12, 0), 1))),
        [Token::Word(word), ..] if is_part_of_day(word) => Ok(Some((None, 1))),
        _ => Ok(None),
    }
}

/// Whether another number follows after a separator, so that the numbers before are part of a date.
fn has_more_numbers(rest: &[Token<'_>]) -> bool {
    matches!(rest, [Token::Sym('.' | '/' | '-'), Token::Num(_), ..])
}

fn is_part_of_day(word: &str) -> bool {
    matches!(
        word,
        "am" | "pm"
            | "morning"
            | "afternoon"
            | "evening"
            | "night"
            | "overnight"
            | "lunchtime"
            | "midnight"
    )
}

fn parse_four_digits(digits: &str, used: usize) -> TimeMatch {
    let (h, m) = digits.split_at_checked(2).ok_or(E::ImpossibleTime)?;
    parse_clock_time(h, m, &[], used)
}

/// Parses an hour and a minute, and "am", "pm" or "hrs" if one follows.
fn parse_clock_time(hour: &str, minute: &str, rest: &[Token<'_>], used: usize) -> TimeMatch {
    let hour: u8 = hour.parse().map_err(|_| E::ImpossibleTime)?;
    let minute: u8 = minute.parse().map_err(|_| E::ImpossibleTime)?;
    let (hour, used) = match rest.first() {
        Some(Token::Word(half @ ("am" | "pm"))) => match hour {
            12 => (if *half == "am" { 0 } else { 12 }, used + 1),
            1..12 => (if *half == "am" { hour } else { hour + 12 }, used + 1),
            13..24 if *half == "pm" => (hour, used + 1),
            _ => return Err(E::ImpossibleTime),
        },
        Some(Token::Word("hrs" | "hours" | "h")) => (hour, used + 1),
        _ => (hour, used),
    };
    TimeOfDay::new(hour, minute)
        .map(|time| Some((Some(time), used)))
        .ok_or(E::ImpossibleTime)
}

//! Finding a time of day among the words of a date.

use super::tokens::Token;
use crate::event_date::{EventDateError as E, TimeOfDay};

/// What was said of the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing.
    Nothing,
    /// A time to the minute.
    Time(TimeOfDay),
    /// Something that is no time to the minute: "evening", "about 14:30", "midnight" (of which two belong to a day).
    Vaguely,
}

/// Takes the time of day out of `tokens`.
pub(super) fn take<'a>(tokens: &mut Vec<Token<'a>>) -> Result<Said, E> {
    for start in 0..tokens.len() {
        let Some(here) = tokens.get(start..) else { break };
        let after_at = start > 0 && matches!(tokens.get(start - 1), Some(Token::Word("at") | Token::Sym('@')));
        let Some((time, used)) = time_at(here, after_at)? else { continue };
        let approximate = start > 0 && tokens.get(..start).is_some_and(ends_about);
        let from = lead_in(tokens, start);
        tokens.drain(from..start + used);
        return Ok(time.filter(|_| !approximate).map_or(Said::Vaguely, Said::Time));
    }
    Ok(Said::Nothing)
}

fn about(token: &Token<'_>) -> bool {
    matches!(
        token,
        Token::Word("about" | "approx" | "approximately" | "around" | "circa" | "roughly" | "c") | Token::Sym('~')
    )
}

/// Whether the words just before a time make it approximate: "at about", "around"; not "c. 2018".
fn ends_about(before: &[Token<'_>]) -> bool {
    let before = before.strip_suffix(&[Token::Sym('.')]).unwrap_or(before);
    before.last().is_some_and(about)
}

/// Where "at about" before a time begins.
fn lead_in(tokens: &[Token<'_>], start: usize) -> usize {
    let lead = |token: &Token<'_>| about(token) || matches!(token, Token::Word("at" | "in") | Token::Sym('@'));
    let mut from = start;
    while from > 0 {
        let dot = from > 1 && tokens.get(from - 1) == Some(&Token::Sym('.')) && tokens.get(from - 2).is_some_and(about);
        if !dot && !tokens.get(from - 1).is_some_and(lead) {
            break;
        }
        from -= 1;
    }
    from
}

type Found = Result<Option<(Option<TimeOfDay>, usize)>, E>;

/// The time that begins here and how many tokens it takes.
fn time_at(here: &[Token<'_>], after_at: bool) -> Found {
    match here {
        [Token::Num(h), Token::Sym(':'), Token::Num(m), Token::Sym(':'), Token::Num(_), rest @ ..] => {
            with_half(h, m, rest, 5)
        }
        [Token::Num(h), Token::Sym(':'), Token::Num(m), rest @ ..] => with_half(h, m, rest, 3),
        [Token::Num(h), Token::Sym('.'), Token::Num(m), Token::Word("am" | "pm"), ..] if m.len() == 2 => {
            with_half(h, m, here.get(3..).unwrap_or_default(), 3)
        }
        [Token::Num(h), Token::Sym('.'), Token::Num(m), rest @ ..] if after_at && m.len() == 2 && !goes_on(rest) => {
            with_half(h, m, rest, 3)
        }
        [Token::Num(h), Token::Word("am" | "pm"), ..] if h.len() <= 2 => {
            with_half(h, "00", here.get(1..).unwrap_or_default(), 1)
        }
        [Token::Num(hm), Token::Word("hrs" | "hours" | "h"), ..] if hm.len() == 4 => four(hm, 2),
        [Token::Num(hm), rest @ ..] if after_at && hm.len() == 4 && !goes_on(rest) => four(hm, 1),
        [Token::Word("noon" | "midday"), ..] => Ok(Some((TimeOfDay::new(12, 0), 1))),
        [Token::Word(word), ..] if part_of_day(word) => Ok(Some((None, 1))),
        _ => Ok(None),
    }
}

/// Whether numbers go on after a dot, so that what went before is a date.
fn goes_on(rest: &[Token<'_>]) -> bool {
    matches!(rest, [Token::Sym('.' | '/' | '-'), Token::Num(_), ..])
}

fn part_of_day(word: &str) -> bool {
    matches!(word, "am" | "pm" | "morning" | "afternoon" | "evening" | "night" | "overnight" | "lunchtime" | "midnight")
}

fn four(digits: &str, used: usize) -> Found {
    let (h, m) = digits.split_at_checked(2).ok_or(E::ImpossibleTime)?;
    with_half(h, m, &[], used)
}

/// Hour and minute, with "am", "pm" or "hrs" that may follow.
fn with_half(hour: &str, minute: &str, rest: &[Token<'_>], used: usize) -> Found {
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
    TimeOfDay::new(hour, minute).map(|time| Some((Some(time), used))).ok_or(E::ImpossibleTime)
}

//! Parser for dates as people type them. A text is tried as EDTF, then as one date, then as a
//! range. The parser does not guess: it refuses a text with more than one possible meaning, and
//! reports what it corrected.

mod bounds;
mod partial_date;
mod time_phrase;
mod tokens;

use unicode_normalization::UnicodeNormalization as _;

use super::EventDateError as E;
use super::edtf;
use super::span::{CalendarUnit, DateSpan};
use bounds::{Bound, apply_bound};
use partial_date::{PartialDate, read};
use tokens::{Token, tokenize};

/// The corrections that were made while parsing, in words.
type Repairs = Vec<String>;

/// Longest text that is parsed, in characters.
const MAX_CHARACTERS: usize = 100;

pub(crate) fn parse(text: &str) -> Result<(DateSpan, Option<String>), E> {
    if text.trim().is_empty() {
        return Err(E::Empty);
    }
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        return Err(E::TooLong);
    }
    let text = normalize(text);
    let as_edtf = edtf::parse(&text);
    let may_mean_years = matches!(as_edtf, Ok(DateSpan::Single(part)) if matches!(part.unit, CalendarUnit::Season(..)));
    if let Ok(span) = as_edtf
        && !may_mean_years
    {
        return Ok((span, note_possible_year_pair(&text, &span)));
    }
    let mut repairs = Repairs::new();
    match (parse_words(&tokenize(&text), &mut repairs), as_edtf) {
        (Ok(span), _) => Ok((span, (!repairs.is_empty()).then(|| repairs.join("; ")))),
        (Err(_), Ok(span)) => Ok((span, None)),
        (Err(E::Unreadable), Err(other)) => Err(other),
        (Err(error), Err(_)) => Err(error),
    }
}

/// A note for a text such as "2010-11": in ISO 8601 it is November 2010, but the writer may have
/// meant a school or financial year.
fn note_possible_year_pair(text: &str, span: &DateSpan) -> Option<String> {
    let DateSpan::Single(part) = span else {
        return None;
    };
    let CalendarUnit::Month(year, month) = part.unit else {
        return None;
    };
    let could_be_years = text.len() == 7 && i32::from(u8::from(month)) == year % 100 + 1;
    could_be_years.then(|| format!("read as {month} {year}"))
}

/// Makes letters small and dashes and spaces plain; removes commas, brackets, quotation marks and
/// apostrophes.
fn normalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkc().flat_map(char::to_lowercase) {
        match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
            '\'' | '\u{2018}' | '\u{2019}' => {}
            ',' | '(' | ')' | '"' => out.push(' '),
            c if c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
    out.replace("a.m.", "am")
        .replace("p.m.", "pm")
        .trim()
        .to_owned()
}

fn parse_words(tokens: &[Token<'_>], repairs: &mut Repairs) -> Result<DateSpan, E> {
    let (bound, tokens) = leading_bound(tokens);
    let (bound, tokens) = match trailing_onwards(tokens) {
        Some(rest) if matches!(bound, Bound::None | Bound::From) => (Bound::From, rest),
        _ => (bound, tokens),
    };
    match bound {
        Bound::Between => range(tokens, &["and", "to", "until"], repairs),
        Bound::None | Bound::From => single_or_range(bound, tokens, repairs),
        _ => single(bound, tokens, repairs),
    }
}

fn single_or_range(
    bound: Bound,
    tokens: &[Token<'_>],
    repairs: &mut Repairs,
) -> Result<DateSpan, E> {
    let mut own = Repairs::new();
    match single(bound, tokens, &mut own) {
        Ok(span) => {
            repairs.append(&mut own);
            Ok(span)
        }
        Err(error @ (E::Unreadable | E::YearMissing)) => {
            range(tokens, &["to", "until", "till", "til", "through"], repairs).map_err(|in_range| {
                match in_range {
                    E::Unreadable => error,
                    other => other,
                }
            })
        }
        Err(error) => Err(error),
    }
}

fn single(bound: Bound, tokens: &[Token<'_>], repairs: &mut Repairs) -> Result<DateSpan, E> {
    let date = read(tokens, repairs)?;
    let (first, last) = date.complete(None)?;
    let span = apply_bound(bound, first, last)?;
    note_weekday(&date, &span, repairs);
    Ok(span)
}

/// Splits a range at a joining word, or else at each dash. Exactly one split may give a valid
/// range.
fn range(tokens: &[Token<'_>], joiners: &[&str], repairs: &mut Repairs) -> Result<DateSpan, E> {
    let joining_words: Vec<usize> = token_positions(
        tokens,
        |token| matches!(token, Token::Word(word) if joiners.contains(word)),
    )
    .collect();
    let dashes = || token_positions(tokens, |token| *token == Token::Sym('-')).collect();
    let splits: Vec<usize> = if joining_words.is_empty() {
        dashes()
    } else {
        joining_words
    };
    let mut error = E::Unreadable;
    let mut found = None;
    let halves = splits
        .into_iter()
        .filter_map(|split| Some((tokens.get(..split)?, tokens.get(split + 1..)?)));
    for (from, to) in halves {
        let mut own = Repairs::new();
        match range_between(from, to, &mut own) {
            Ok(_) if found.is_some() => return Err(E::Unreadable),
            Ok(span) => found = Some((span, own)),
            Err(E::Unreadable) => {}
            Err(other) => error = other,
        }
    }
    let (span, mut own) = found.ok_or(error)?;
    repairs.append(&mut own);
    Ok(span)
}

fn token_positions<'t>(
    tokens: &'t [Token<'t>],
    wanted: impl Fn(&Token<'t>) -> bool + 't,
) -> impl Iterator<Item = usize> + 't {
    tokens
        .iter()
        .enumerate()
        .filter(move |(_, token)| wanted(token))
        .map(|(at, _)| at)
}

/// Parses the two dates of a range. The first takes what it lacks from the second ("3 to 5 May
/// 2020").
fn range_between(
    from: &[Token<'_>],
    to: &[Token<'_>],
    repairs: &mut Repairs,
) -> Result<DateSpan, E> {
    let from = read(from, repairs)?;
    let to = read(to, repairs)?;
    let (_, last) = to.complete(None)?;
    let (first, _) = from.complete(Some(&to))?;
    DateSpan::between(first, last).ok_or(E::EndBeforeStart)
}

/// The bound that the words before a date express, and the tokens after them.
fn leading_bound<'t, 'a>(tokens: &'t [Token<'a>]) -> (Bound, &'t [Token<'a>]) {
    const PHRASES: &[(&[&str], Bound)] = &[
        (&["on", "or", "before"], Bound::OnOrBefore),
        (&["no", "later", "than"], Bound::OnOrBefore),
        (&["not", "later", "than"], Bound::OnOrBefore),
        (&["on", "or", "after"], Bound::OnOrAfter),
        (&["no", "earlier", "than"], Bound::OnOrAfter),
        (&["not", "before"], Bound::OnOrAfter),
        (&["prior", "to"], Bound::Before),
        (&["up", "to"], Bound::Until),
        (&["before"], Bound::Before),
        (&["pre"], Bound::Before),
        (&["by"], Bound::OnOrBefore),
        (&["after"], Bound::After),
        (&["post"], Bound::After),
        (&["since"], Bound::From),
        (&["from"], Bound::From),
        (&["until"], Bound::Until),
        (&["till"], Bound::Until),
        (&["til"], Bound::Until),
        (&["between"], Bound::Between),
    ];
    for (phrase, bound) in PHRASES {
        let (Some(head), Some(rest)) = (tokens.get(..phrase.len()), tokens.get(phrase.len()..))
        else {
            continue;
        };
        if head
            .iter()
            .zip(*phrase)
            .all(|(token, word)| *token == Token::Word(word))
        {
            return (
                *bound,
                rest.strip_prefix(&[Token::Sym('-')]).unwrap_or(rest),
            );
        }
    }
    (Bound::None, tokens)
}

/// The tokens before an open end such as "2019 onwards", "March 2019 to date" or "2018 - present".
fn trailing_onwards<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<&'t [Token<'a>]> {
    let (last, rest) = tokens.split_last()?;
    let Token::Word(word) = last else { return None };
    match *word {
        "onwards" | "onward" | "ongoing" => Some(rest),
        "date" | "present" | "now" => {
            let (joiner, rest) = rest.split_last()?;
            let joins = matches!(
                joiner,
                Token::Sym('-') | Token::Word("to" | "until" | "till")
            );
            joins.then_some(rest)
        }
        _ => None,
    }
}

/// Notes a day of the week that does not belong to the date.
fn note_weekday(date: &PartialDate, span: &DateSpan, repairs: &mut Repairs) {
    let DateSpan::Single(part) = span else { return };
    let is_exact = matches!(part.unit, CalendarUnit::Day(_) | CalendarUnit::Minute(..));
    if is_exact
        && date
            .weekday
            .is_some_and(|weekday| weekday != part.unit.earliest().weekday())
    {
        repairs.push(format!("that day was a {}", part.unit.earliest().weekday()));
    }
}

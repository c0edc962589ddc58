//! Reading what people type. A text is first tried as EDTF, then as one date, then as a range. Nothing is guessed: what is open to more
//! than one reading is refused, and what had to be mended to be read is said.

mod clock;
mod piece;
mod rough;
mod tokens;

use unicode_normalization::UnicodeNormalization as _;

use super::EventDateError as E;
use super::edtf;
use super::span::{Span, Unit};
use piece::{Bound, bounded};
use rough::{Rough, read};
use tokens::{Token, tokenise};

/// What was mended, joined for display when there is anything.
type Repairs = Vec<String>;

const LONGEST: usize = 100;

pub(crate) fn parse(text: &str) -> Result<(Span, Option<String>), E> {
    if text.trim().is_empty() {
        return Err(E::Empty);
    }
    if text.chars().nth(LONGEST).is_some() {
        return Err(E::TooLong);
    }
    let text = clean(text);
    let as_edtf = edtf::parse(&text);
    let season_or_years = matches!(as_edtf, Ok(Span::One(part)) if matches!(part.unit, Unit::Season(..)));
    if let Ok(span) = as_edtf
        && !season_or_years
    {
        return Ok((span, possible_year_pair(&text, &span)));
    }
    let mut repairs = Repairs::new();
    match (parse_words(&tokenise(&text), &mut repairs), as_edtf) {
        (Ok(span), _) => Ok((span, (!repairs.is_empty()).then(|| repairs.join("; ")))),
        (Err(_), Ok(span)) => Ok((span, None)),
        (Err(E::Unreadable), Err(other)) => Err(other),
        (Err(error), Err(_)) => Err(error),
    }
}

/// "2010-11" is November 2010 in ISO 8601 and may have been meant as a school or financial year: the reading is said.
fn possible_year_pair(text: &str, span: &Span) -> Option<String> {
    let Span::One(part) = span else { return None };
    let Unit::Month(year, month) = part.unit else { return None };
    let pair = text.len() == 7 && i32::from(u8::from(month)) == year % 100 + 1;
    pair.then(|| format!("read as {month} {year}"))
}

/// Small letters, plain dashes and spaces; commas, brackets and apostrophes left out.
fn clean(text: &str) -> String {
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
    out.replace("a.m.", "am").replace("p.m.", "pm").trim().to_owned()
}

fn parse_words(tokens: &[Token<'_>], repairs: &mut Repairs) -> Result<Span, E> {
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

fn single_or_range(bound: Bound, tokens: &[Token<'_>], repairs: &mut Repairs) -> Result<Span, E> {
    let mut own = Repairs::new();
    match single(bound, tokens, &mut own) {
        Ok(span) => {
            repairs.append(&mut own);
            Ok(span)
        }
        Err(error @ (E::Unreadable | E::YearMissing)) => {
            range(tokens, &["to", "until", "till", "til", "through"], repairs).map_err(|in_range| match in_range {
                E::Unreadable => error,
                other => other,
            })
        }
        Err(error) => Err(error),
    }
}

fn single(bound: Bound, tokens: &[Token<'_>], repairs: &mut Repairs) -> Result<Span, E> {
    let rough = read(tokens, repairs)?;
    let (first, last) = rough.complete(None)?;
    let span = bounded(bound, first, last)?;
    note_weekday(&rough, &span, repairs);
    Ok(span)
}

/// Tries the word that joins two dates, then each dash; exactly one split may make sense.
fn range(tokens: &[Token<'_>], joiners: &[&str], repairs: &mut Repairs) -> Result<Span, E> {
    let by_word: Vec<usize> =
        positions(tokens, |token| matches!(token, Token::Word(word) if joiners.contains(word))).collect();
    let at: Vec<usize> =
        if by_word.is_empty() { positions(tokens, |token| *token == Token::Sym('-')).collect() } else { by_word };
    let mut error = E::Unreadable;
    let mut found = None;
    for (from, to) in at.into_iter().filter_map(|at| Some((tokens.get(..at)?, tokens.get(at + 1..)?))) {
        let mut own = Repairs::new();
        match range_of(from, to, &mut own) {
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

fn positions<'t>(
    tokens: &'t [Token<'t>],
    wanted: impl Fn(&Token<'t>) -> bool + 't,
) -> impl Iterator<Item = usize> + 't {
    tokens.iter().enumerate().filter(move |(_, token)| wanted(token)).map(|(at, _)| at)
}

/// Two dates; the first takes from the second what it leaves out ("3 to 5 May 2020").
fn range_of(from: &[Token<'_>], to: &[Token<'_>], repairs: &mut Repairs) -> Result<Span, E> {
    let (from, to) = (read(from, repairs)?, read(to, repairs)?);
    let (_, last) = to.complete(None)?;
    let (first, _) = from.complete(Some(&to))?;
    Span::between(first, last).ok_or(E::EndBeforeStart)
}

/// The words before a date that make it a bound, and what follows them.
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
        let (Some(head), Some(rest)) = (tokens.get(..phrase.len()), tokens.get(phrase.len()..)) else { continue };
        if head.iter().zip(*phrase).all(|(token, word)| *token == Token::Word(word)) {
            return (*bound, rest.strip_prefix(&[Token::Sym('-')]).unwrap_or(rest));
        }
    }
    (Bound::None, tokens)
}

/// "2019 onwards", "March 2019 to date", "2018 - present": what stands before.
fn trailing_onwards<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<&'t [Token<'a>]> {
    let (last, rest) = tokens.split_last()?;
    let Token::Word(word) = last else { return None };
    match *word {
        "onwards" | "onward" | "ongoing" => Some(rest),
        "date" | "present" | "now" => {
            let (joiner, rest) = rest.split_last()?;
            let joins = matches!(joiner, Token::Sym('-') | Token::Word("to" | "until" | "till"));
            joins.then_some(rest)
        }
        _ => None,
    }
}

fn note_weekday(rough: &Rough, span: &Span, repairs: &mut Repairs) {
    let Span::One(part) = span else { return };
    let exact = matches!(part.unit, Unit::Day(_) | Unit::Minute(..));
    if exact && rough.weekday.is_some_and(|weekday| weekday != part.unit.earliest().weekday()) {
        repairs.push(format!("that day was a {}", part.unit.earliest().weekday()));
    }
}

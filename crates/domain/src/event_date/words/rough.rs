//! One date as far as the words give it; a range's first half may lack what its second half has.

use time::{Month, Weekday};

use super::Repairs;
use super::clock::{self, Said};
use super::piece::{Third, term, third};
use super::tokens::Token;
use crate::event_date::edtf::{calendar_day, in_years, month_of};
use crate::event_date::span::{Doubt, Part, Season, Unit};
use crate::event_date::{EventDateError as E, TimeOfDay};

/// What kind of stretch was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A day, month or year.
    Calendar,
    Season(Season),
    Term(Season),
    /// The first year of a decade is `year`.
    Decade,
    /// From `year` to this one.
    Years(i32),
}

/// A date as far as it was given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rough {
    kind: Kind,
    day: Option<i32>,
    month: Option<Month>,
    year: Option<i32>,
    time: Option<TimeOfDay>,
    third: Option<Third>,
    doubt: Doubt,
    /// The day of the week that was named.
    pub(super) weekday: Option<Weekday>,
}

const NOTHING: Rough = Rough {
    kind: Kind::Calendar,
    day: None,
    month: None,
    year: None,
    time: None,
    third: None,
    doubt: Doubt::None,
    weekday: None,
};

impl Rough {
    /// First and last part, with what is missing taken from `lender`.
    pub(super) fn complete(&self, lender: Option<&Self>) -> Result<(Part, Part), E> {
        let year = self.year.or_else(|| lender.and_then(|other| other.year));
        // A lone number is a day only beside another day.
        let month = self.month.or_else(|| lender.filter(|other| other.day.is_some()).and_then(|other| other.month));
        let month = if self.day.is_some() || self.month.is_some() { month } else { None };
        if self.day.is_some() && month.is_none() {
            return Err(E::Unreadable);
        }
        let year = year.ok_or(E::YearMissing)?;
        let doubt = self.doubt;
        let unit = match self.kind {
            Kind::Term(season) => return term(year, season, doubt),
            Kind::Years(last) => {
                return Ok((Part { unit: Unit::Year(year), doubt }, Part { unit: Unit::Year(last), doubt }));
            }
            Kind::Season(season) => Unit::Season(year, season),
            Kind::Decade => Unit::Decade(year / 10),
            Kind::Calendar => self.calendar(year, month)?,
        };
        match self.third {
            Some(which) => third(unit, which, doubt),
            None => Ok((Part { unit, doubt }, Part { unit, doubt })),
        }
    }

    fn calendar(&self, year: i32, month: Option<Month>) -> Result<Unit, E> {
        let day = self.day.zip(month).map(|(day, month)| calendar_day(year, i32::from(u8::from(month)), day));
        match (day.transpose()?, self.time) {
            (Some(day), Some(time)) => Ok(Unit::Minute(day, time)),
            (Some(day), None) => Ok(Unit::Day(day)),
            (None, Some(_)) => Err(E::Unreadable),
            (None, None) => Ok(month.map_or(Unit::Year(year), |month| Unit::Month(year, month))),
        }
    }
}

/// Reads one date.
pub(super) fn read(tokens: &[Token<'_>], repairs: &mut Repairs) -> Result<Rough, E> {
    let mut tokens = tokens.to_vec();
    let said = clock::take(&mut tokens)?;
    let doubt = take_doubt(&mut tokens);
    let weekday = take_weekday(&mut tokens);
    let third = take_third(&mut tokens);
    tokens.retain(|token| !matches!(token, Token::Word("on" | "in" | "during")));
    let rough = read_items(&tokens, repairs)?;
    let time = match said {
        Said::Time(time) if doubt == Doubt::None => Some(time),
        Said::Nothing => None,
        Said::Time(_) | Said::Vaguely => {
            repairs.push("the time is not exact and stays in the words alone".to_owned());
            None
        }
    };
    Ok(Rough { time, third, doubt, weekday, ..rough })
}

fn take_doubt(tokens: &mut Vec<Token<'_>>) -> Doubt {
    let mut doubt = Doubt::None;
    let mut dot_of_abbreviation = false;
    tokens.retain(|token| {
        let here = match token {
            Token::Word("c" | "ca" | "circa" | "about" | "approx" | "approximately" | "around" | "roughly")
            | Token::Sym('~') => Doubt::About,
            Token::Sym('?') | Token::Word("possibly" | "probably" | "maybe" | "perhaps") => Doubt::Uncertain,
            Token::Sym('%') => Doubt::Both,
            _ => Doubt::None,
        };
        let dot = std::mem::replace(&mut dot_of_abbreviation, matches!(token, Token::Word("c" | "ca" | "approx")));
        doubt = doubt.and(here);
        here == Doubt::None && !(dot && *token == Token::Sym('.'))
    });
    doubt
}

fn take_weekday(tokens: &mut Vec<Token<'_>>) -> Option<Weekday> {
    let at = tokens.iter().position(|token| matches!(token, Token::Weekday(_)))?;
    let Token::Weekday(weekday) = tokens.remove(at) else { return None };
    if tokens.get(at) == Some(&Token::Sym('.')) {
        tokens.remove(at);
    }
    Some(weekday)
}

fn take_third(tokens: &mut Vec<Token<'_>>) -> Option<Third> {
    let Some(Token::Word(word)) = tokens.first() else { return None };
    let third = match *word {
        "early" | "beginning" | "start" => Third::Early,
        "mid" | "middle" => Third::Mid,
        "late" | "end" => Third::Late,
        _ => return None,
    };
    tokens.remove(0);
    if tokens.first() == Some(&Token::Sym('-')) {
        tokens.remove(0);
    }
    Some(third)
}

/// Numbers and names, and the signs that stood between each two of them.
struct Items<'a> {
    items: Vec<Token<'a>>,
    signs: Vec<String>,
    trimmed: bool,
}

fn collect<'a>(tokens: &[Token<'a>]) -> Result<Items<'a>, E> {
    let mut found = Items { items: Vec::new(), signs: Vec::new(), trimmed: false };
    let mut signs = String::new();
    for token in tokens {
        match token {
            Token::Sym(sign @ ('.' | '/' | '-' | '\\')) => signs.push(*sign),
            Token::Sym(_) => return Err(E::Unreadable),
            _ if found.items.is_empty() => {
                found.trimmed = !signs.is_empty();
                signs.clear();
                found.items.push(*token);
            }
            _ => {
                found.signs.push(std::mem::take(&mut signs));
                found.items.push(*token);
            }
        }
    }
    found.trimmed |= !signs.is_empty() && signs != ".";
    Ok(found)
}

impl Items<'_> {
    /// Whether one and the same sign, or only spaces, stood everywhere.
    fn consistent(&self) -> bool {
        let first = self.signs.first().map_or("", String::as_str);
        !self.trimmed && first.len() <= 1 && self.signs.iter().all(|signs| signs == first)
    }

    /// The items as they were read.
    fn reading(&self) -> String {
        let numeric = self.items.iter().all(|item| matches!(item, Token::Num(_)));
        let shown = self.items.iter().map(|item| match item {
            Token::Num(digits) | Token::Word(digits) => (*digits).to_owned(),
            Token::Month(month) => month.to_string(),
            Token::Season(season) => format!("{season:?}").to_lowercase(),
            Token::Weekday(weekday) => weekday.to_string(),
            Token::Sym(sign) => sign.to_string(),
        });
        shown.collect::<Vec<_>>().join(if numeric { "/" } else { " " })
    }
}

fn read_items(tokens: &[Token<'_>], repairs: &mut Repairs) -> Result<Rough, E> {
    let found = collect(tokens)?;
    let (rough, said) = shape(&found)?;
    match said {
        Some(reading) => repairs.push(format!("read as {reading}")),
        None if !found.consistent() => repairs.push(format!("read as {}", found.reading())),
        None => {}
    }
    Ok(rough)
}

/// What the items are, and how to say it when their form left something to be mended.
fn shape(found: &Items<'_>) -> Result<(Rough, Option<String>), E> {
    let signed = found.signs.first().is_some_and(|signs| !signs.is_empty());
    match *found.items.as_slice() {
        [Token::Num(y), Token::Num(m), Token::Num(d)] if y.len() == 4 => Ok((full(d, month_number(m)?, y)?, None)),
        [Token::Num(d), Token::Num(m), Token::Num(y)] => Ok((full(d, month_number(m)?, y)?, None)),
        [Token::Num(y), Token::Month(m), Token::Num(d)] if y.len() == 4 => Ok((full(d, m, y)?, None)),
        [Token::Num(d), Token::Month(m), Token::Num(y)] => Ok((full(d, m, y)?, None)),
        [Token::Month(m), Token::Num(d), Token::Num(y)] if y.len() == 4 => Ok((full(d, m, y)?, None)),
        [Token::Month(m), Token::Num(y)] | [Token::Num(y), Token::Month(m)] if y.len() == 4 => {
            Ok((Rough { month: Some(m), year: Some(year_of(y)?), ..NOTHING }, None))
        }
        // A spreadsheet's own way of writing a month.
        [Token::Month(m), Token::Num(y)] if y.len() == 2 && signed => {
            let year = year_of(y)?;
            Ok((Rough { month: Some(m), year: Some(year), ..NOTHING }, Some(format!("{m} {year}"))))
        }
        [Token::Num(d), Token::Month(m)] | [Token::Month(m), Token::Num(d)] => {
            Ok((Rough { day: Some(day_number(d)?), month: Some(m), ..NOTHING }, None))
        }
        [Token::Month(m)] => Ok((Rough { month: Some(m), ..NOTHING }, None)),
        [Token::Num(a), Token::Num(b)] if signed => two_numbers(a, b),
        [Token::Num(digits)] => one_number(digits),
        [Token::Num(y), Token::Word("s")] => decade(y),
        _ => season_items(found.items.as_slice()),
    }
}

fn season_items(items: &[Token<'_>]) -> Result<(Rough, Option<String>), E> {
    let season = |season, year| Rough { kind: Kind::Season(season), year, ..NOTHING };
    match *items {
        [Token::Season(s)] => Ok((season(s, None), None)),
        [Token::Season(s), Token::Num(y)] | [Token::Num(y), Token::Season(s)] if y.len() == 4 => {
            Ok((season(s, Some(year_of(y)?)), None))
        }
        // "Winter 2018/19".
        [Token::Season(Season::Winter), Token::Num(a), Token::Num(b)] => {
            let (first, next) = (year_of(a)?, year_of(b)?);
            let follows = next == first + 1;
            if follows { Ok((season(Season::Winter, Some(first)), None)) } else { Err(E::Unreadable) }
        }
        [Token::Season(s), Token::Word("term")] => Ok((Rough { kind: Kind::Term(s), ..NOTHING }, None)),
        [Token::Season(s), Token::Word("term"), Token::Num(y)] if y.len() == 4 => {
            Ok((Rough { kind: Kind::Term(s), year: Some(year_of(y)?), ..NOTHING }, None))
        }
        _ => Err(E::Unreadable),
    }
}

fn full(day: &str, month: Month, year: &str) -> Result<Rough, E> {
    let (day, year) = (day_number(day)?, year_of(year)?);
    calendar_day(year, i32::from(u8::from(month)), day)?;
    Ok(Rough { day: Some(day), month: Some(month), year: Some(year), ..NOTHING })
}

/// "05/2016", "2016/05" or "2018/19"; two short numbers are a day and a month, or a month and a year: nobody can tell.
fn two_numbers(a: &str, b: &str) -> Result<(Rough, Option<String>), E> {
    let month_and_year =
        |month, year| Ok((Rough { month: Some(month_number(month)?), year: Some(year_of(year)?), ..NOTHING }, None));
    match (a.len(), b.len()) {
        (1 | 2, 4) => month_and_year(a, b),
        (4, 1 | 2) => {
            let (year, last) = (year_of(a)?, number(b)?);
            let last_year = year - year % 100 + last;
            if last <= 12 {
                return month_and_year(b, a);
            }
            if last_year <= year {
                return Err(E::ImpossibleDate);
            }
            let rough = Rough { kind: Kind::Years(in_years(last_year)?), year: Some(year), ..NOTHING };
            Ok((rough, Some(format!("{year} to {last_year}"))))
        }
        _ => Err(E::Unreadable),
    }
}

/// A year, a day beside another date, or a date without separators.
fn one_number(digits: &str) -> Result<(Rough, Option<String>), E> {
    let cut = |at: &[usize]| -> Option<[&str; 3]> {
        let [first, second] = *at else { return None };
        Some([digits.get(..first)?, digits.get(first..second)?, digits.get(second..)?])
    };
    let dated = |[d, m, y]: [&str; 3]| full(d, month_number(m)?, y);
    let said = |[d, m, y]: [&str; 3]| Some(format!("{d}/{m}/{y}"));
    match digits.len() {
        1 | 2 => Ok((Rough { day: Some(day_number(digits)?), ..NOTHING }, None)),
        4 => Ok((Rough { year: Some(year_of(digits)?), ..NOTHING }, None)),
        6 => cut(&[2, 4]).ok_or(E::Unreadable).and_then(|parts| Ok((dated(parts)?, said(parts)))),
        8 => {
            let day_first = cut(&[2, 4]).ok_or(E::Unreadable)?;
            let [y, m, d] = cut(&[4, 6]).ok_or(E::Unreadable)?;
            match (dated(day_first), dated([d, m, y])) {
                (Ok(_), Ok(_)) => Err(E::Unreadable),
                (Ok(rough), Err(_)) => Ok((rough, said(day_first))),
                (Err(_), Ok(rough)) => Ok((rough, said([d, m, y]))),
                (Err(error), Err(_)) => Err(error),
            }
        }
        _ => Err(E::Unreadable),
    }
}

/// "2010s" or "90s".
fn decade(digits: &str) -> Result<(Rough, Option<String>), E> {
    let year = year_of(digits)?;
    if year % 10 != 0 {
        return Err(E::Unreadable);
    }
    let said = (digits.len() == 2).then(|| format!("the {year}s"));
    Ok((Rough { kind: Kind::Decade, year: Some(year), ..NOTHING }, said))
}

fn number(digits: &str) -> Result<i32, E> {
    digits.parse().map_err(|_| E::Unreadable)
}

fn day_number(digits: &str) -> Result<i32, E> {
    match digits.len() {
        1 | 2 => number(digits).and_then(|day| if (1..=31).contains(&day) { Ok(day) } else { Err(E::ImpossibleDate) }),
        _ => Err(E::Unreadable),
    }
}

fn month_number(digits: &str) -> Result<Month, E> {
    if digits.len() > 2 { Err(E::Unreadable) } else { month_of(number(digits)?) }
}

/// Four digits, or two: up to 69 in this century, later ones in the last.
fn year_of(digits: &str) -> Result<i32, E> {
    let year = number(digits)?;
    match digits.len() {
        4 => in_years(year),
        2 if year <= 69 => Ok(2000 + year),
        2 => Ok(1900 + year),
        _ => Err(E::Unreadable),
    }
}

//! A date as far as the words give it. The first date of a range may take what it lacks from the
//! second.

use time::{Month, Weekday};

use super::Repairs;
use super::bounds::{Third, school_term, third_of};
use super::time_phrase::{TimePhrase, take_time};
use super::tokens::Token;
use crate::event_date::edtf::{calendar_date, check_year, month_from_number};
use crate::event_date::span::{CalendarUnit, DatePart, Qualifier, Season};
use crate::event_date::{EventDateError as E, TimeOfDay};

/// The kind of period that the words name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PeriodKind {
    /// A day, month or year.
    Calendar,
    Season(Season),
    Term(Season),
    /// A decade whose first year is `year`.
    Decade,
    /// The years from `year` to this one.
    Years(i32),
}

/// A date of which year, month or day may be missing.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartialDate {
    kind: PeriodKind,
    day: Option<i32>,
    month: Option<Month>,
    year: Option<i32>,
    time: Option<TimeOfDay>,
    third: Option<Third>,
    qualifier: Qualifier,
    /// The day of the week that the words name.
    pub(super) weekday: Option<Weekday>,
}

const EMPTY: PartialDate = PartialDate {
    kind: PeriodKind::Calendar,
    day: None,
    month: None,
    year: None,
    time: None,
    third: None,
    qualifier: Qualifier::None,
    weekday: None,
};

impl PartialDate {
    /// The first and last part of the date. What is missing is taken from `other`, the second date
    /// of a range.
    ///
    /// # Errors
    /// [`E::YearMissing`] without a year, [`E::Unreadable`] for a day without a month,
    /// [`E::ImpossibleDate`] for a day that does not exist.
    pub(super) fn complete(&self, other: Option<&Self>) -> Result<(DatePart, DatePart), E> {
        let year = self.year.or_else(|| other.and_then(|other| other.year));
        // A number without a month is a day only when the other date of the range has a day too.
        let month = self.month.or_else(|| {
            other
                .filter(|other| other.day.is_some())
                .and_then(|other| other.month)
        });
        let month = if self.day.is_some() || self.month.is_some() {
            month
        } else {
            None
        };
        if self.day.is_some() && month.is_none() {
            return Err(E::Unreadable);
        }
        let year = year.ok_or(E::YearMissing)?;
        let qualifier = self.qualifier;
        let unit = match self.kind {
            PeriodKind::Term(season) => return school_term(year, season, qualifier),
            PeriodKind::Years(last) => {
                return Ok((
                    DatePart {
                        unit: CalendarUnit::Year(year),
                        qualifier,
                    },
                    DatePart {
                        unit: CalendarUnit::Year(last),
                        qualifier,
                    },
                ));
            }
            PeriodKind::Season(season) => CalendarUnit::Season(year, season),
            PeriodKind::Decade => CalendarUnit::Decade(year / 10),
            PeriodKind::Calendar => self.calendar_unit(year, month)?,
        };
        match self.third {
            Some(third) => third_of(unit, third, qualifier),
            None => Ok((DatePart { unit, qualifier }, DatePart { unit, qualifier })),
        }
    }

    fn calendar_unit(&self, year: i32, month: Option<Month>) -> Result<CalendarUnit, E> {
        let day = self
            .day
            .zip(month)
            .map(|(day, month)| calendar_date(year, i32::from(u8::from(month)), day));
        match (day.transpose()?, self.time) {
            (Some(day), Some(time)) => Ok(CalendarUnit::Minute(day, time)),
            (Some(day), None) => Ok(CalendarUnit::Day(day)),
            (None, Some(_)) => Err(E::Unreadable),
            (None, None) => Ok(month.map_or(CalendarUnit::Year(year), |month| {
                CalendarUnit::Month(year, month)
            })),
        }
    }
}

/// Parses one date.
pub(super) fn read(tokens: &[Token<'_>], repairs: &mut Repairs) -> Result<PartialDate, E> {
    let mut tokens = tokens.to_vec();
    let time_phrase = take_time(&mut tokens)?;
    let qualifier = take_qualifier(&mut tokens);
    let weekday = take_weekday(&mut tokens);
    let third = take_third_of_period(&mut tokens);
    tokens.retain(|token| !matches!(token, Token::Word("on" | "in" | "during")));
    let date = read_items(&tokens, repairs)?;
    let time = match time_phrase {
        TimePhrase::Time(time) if qualifier == Qualifier::None => Some(time),
        TimePhrase::Absent => None,
        TimePhrase::Time(_) | TimePhrase::Inexact => {
            repairs.push("the time is not exact and stays in the words alone".to_owned());
            None
        }
    };
    Ok(PartialDate {
        time,
        third,
        qualifier,
        weekday,
        ..date
    })
}

fn take_qualifier(tokens: &mut Vec<Token<'_>>) -> Qualifier {
    let mut qualifier = Qualifier::None;
    let mut dot_of_abbreviation = false;
    tokens.retain(|token| {
        let here = match token {
            Token::Word(
                "c" | "ca" | "circa" | "about" | "approx" | "approximately" | "around" | "roughly",
            )
            | Token::Sym('~') => Qualifier::Approximate,
            Token::Sym('?') | Token::Word("possibly" | "probably" | "maybe" | "perhaps") => {
                Qualifier::Uncertain
            }
            Token::Sym('%') => Qualifier::Both,
            _ => Qualifier::None,
        };
        let dot = std::mem::replace(
            &mut dot_of_abbreviation,
            matches!(token, Token::Word("c" | "ca" | "approx")),
        );
        qualifier = qualifier.and(here);
        here == Qualifier::None && !(dot && *token == Token::Sym('.'))
    });
    qualifier
}

fn take_weekday(tokens: &mut Vec<Token<'_>>) -> Option<Weekday> {
    let at = tokens
        .iter()
        .position(|token| matches!(token, Token::Weekday(_)))?;
    let Token::Weekday(weekday) = tokens.remove(at) else {
        return None;
    };
    if tokens.get(at) == Some(&Token::Sym('.')) {
        tokens.remove(at);
    }
    Some(weekday)
}

fn take_third_of_period(tokens: &mut Vec<Token<'_>>) -> Option<Third> {
    let Some(Token::Word(word)) = tokens.first() else {
        return None;
    };
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

/// The numbers and names of a date, and the signs between each two of them.
struct DateItems<'a> {
    items: Vec<Token<'a>>,
    signs: Vec<String>,
    /// Whether signs before the first or after the last item were dropped.
    trimmed: bool,
}

fn collect_items<'a>(tokens: &[Token<'a>]) -> Result<DateItems<'a>, E> {
    let mut found = DateItems {
        items: Vec::new(),
        signs: Vec::new(),
        trimmed: false,
    };
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

impl DateItems<'_> {
    /// Whether the same sign, or only spaces, separates all items.
    fn has_consistent_separators(&self) -> bool {
        let first = self.signs.first().map_or("", String::as_str);
        !self.trimmed && first.len() <= 1 && self.signs.iter().all(|signs| signs == first)
    }

    /// The items as they were interpreted, to show to the writer.
    fn reading(&self) -> String {
        let is_numeric = self.items.iter().all(|item| matches!(item, Token::Num(_)));
        let texts = self.items.iter().map(|item| match item {
            Token::Num(digits) | Token::Word(digits) => (*digits).to_owned(),
            Token::Month(month) => month.to_string(),
            Token::Season(season) => format!("{season:?}").to_lowercase(),
            Token::Weekday(weekday) => weekday.to_string(),
            Token::Sym(sign) => sign.to_string(),
        });
        texts
            .collect::<Vec<_>>()
            .join(if is_numeric { "/" } else { " " })
    }
}

fn read_items(tokens: &[Token<'_>], repairs: &mut Repairs) -> Result<PartialDate, E> {
    let found = collect_items(tokens)?;
    let (date, correction) = interpret_items(&found)?;
    match correction {
        Some(reading) => repairs.push(format!("read as {reading}")),
        None if !found.has_consistent_separators() => {
            repairs.push(format!("read as {}", found.reading()))
        }
        None => {}
    }
    Ok(date)
}

/// The date that the items give, and how they were interpreted when their form was corrected.
fn interpret_items(found: &DateItems<'_>) -> Result<(PartialDate, Option<String>), E> {
    let has_sign = found.signs.first().is_some_and(|signs| !signs.is_empty());
    match *found.items.as_slice() {
        [Token::Num(y), Token::Num(m), Token::Num(d)] if y.len() == 4 => {
            Ok((full_date(d, parse_month_number(m)?, y)?, None))
        }
        [Token::Num(d), Token::Num(m), Token::Num(y)] => {
            Ok((full_date(d, parse_month_number(m)?, y)?, None))
        }
        [Token::Num(y), Token::Month(m), Token::Num(d)] if y.len() == 4 => {
            Ok((full_date(d, m, y)?, None))
        }
        [Token::Num(d), Token::Month(m), Token::Num(y)] => Ok((full_date(d, m, y)?, None)),
        [Token::Month(m), Token::Num(d), Token::Num(y)] if y.len() == 4 => {
            Ok((full_date(d, m, y)?, None))
        }
        [Token::Month(m), Token::Num(y)] | [Token::Num(y), Token::Month(m)] if y.len() == 4 => {
            Ok((
                PartialDate {
                    month: Some(m),
                    year: Some(parse_year(y)?),
                    ..EMPTY
                },
                None,
            ))
        }
        // Spreadsheets write a month this way: "May-16".
        [Token::Month(m), Token::Num(y)] if y.len() == 2 && has_sign => {
            let year = parse_year(y)?;
            Ok((
                PartialDate {
                    month: Some(m),
                    year: Some(year),
                    ..EMPTY
                },
                Some(format!("{m} {year}")),
            ))
        }
        [Token::Num(d), Token::Month(m)] | [Token::Month(m), Token::Num(d)] => Ok((
            PartialDate {
                day: Some(parse_day(d)?),
                month: Some(m),
                ..EMPTY
            },
            None,
        )),
        [Token::Month(m)] => Ok((
            PartialDate {
                month: Some(m),
                ..EMPTY
            },
            None,
        )),
        [Token::Num(a), Token::Num(b)] if has_sign => interpret_two_numbers(a, b),
        [Token::Num(digits)] => interpret_one_number(digits),
        [Token::Num(y), Token::Word("s")] => parse_decade(y),
        _ => interpret_season(found.items.as_slice()),
    }
}

fn interpret_season(items: &[Token<'_>]) -> Result<(PartialDate, Option<String>), E> {
    let season = |season, year| PartialDate {
        kind: PeriodKind::Season(season),
        year,
        ..EMPTY
    };
    match *items {
        [Token::Season(s)] => Ok((season(s, None), None)),
        [Token::Season(s), Token::Num(y)] | [Token::Num(y), Token::Season(s)] if y.len() == 4 => {
            Ok((season(s, Some(parse_year(y)?)), None))
        }
        // "Winter 2018/19".
        [Token::Season(Season::Winter), Token::Num(a), Token::Num(b)] => {
            let first = parse_year(a)?;
            let is_next_year = parse_year(b)? == first + 1;
            if is_next_year {
                Ok((season(Season::Winter, Some(first)), None))
            } else {
                Err(E::Unreadable)
            }
        }
        [Token::Season(s), Token::Word("term")] => Ok((
            PartialDate {
                kind: PeriodKind::Term(s),
                ..EMPTY
            },
            None,
        )),
        [Token::Season(s), Token::Word("term"), Token::Num(y)] if y.len() == 4 => Ok((
            PartialDate {
                kind: PeriodKind::Term(s),
                year: Some(parse_year(y)?),
                ..EMPTY
            },
            None,
        )),
        _ => Err(E::Unreadable),
    }
}

fn full_date(day: &str, month: Month, year: &str) -> Result<PartialDate, E> {
    let day = parse_day(day)?;
    let year = parse_year(year)?;
    calendar_date(year, i32::from(u8::from(month)), day)?;
    Ok(PartialDate {
        day: Some(day),
        month: Some(month),
        year: Some(year),
        ..EMPTY
    })
}

/// Interprets "05/2016", "2016/05" or "2018/19". Two short numbers are refused: they could be a day
/// and a month or a month and a year.
fn interpret_two_numbers(a: &str, b: &str) -> Result<(PartialDate, Option<String>), E> {
    let month_and_year = |month, year| {
        Ok((
            PartialDate {
                month: Some(parse_month_number(month)?),
                year: Some(parse_year(year)?),
                ..EMPTY
            },
            None,
        ))
    };
    match (a.len(), b.len()) {
        (1 | 2, 4) => month_and_year(a, b),
        (4, 1 | 2) => {
            let year = parse_year(a)?;
            let last = parse_number(b)?;
            let last_year = year - year % 100 + last;
            if last <= 12 {
                return month_and_year(b, a);
            }
            if last_year <= year {
                return Err(E::ImpossibleDate);
            }
            let years = PartialDate {
                kind: PeriodKind::Years(check_year(last_year)?),
                year: Some(year),
                ..EMPTY
            };
            Ok((years, Some(format!("{year} to {last_year}"))))
        }
        _ => Err(E::Unreadable),
    }
}

/// Interprets a number as a year, as a day of a range, or as a date without separators.
fn interpret_one_number(digits: &str) -> Result<(PartialDate, Option<String>), E> {
    let split_at = |places: &[usize]| -> Option<[&str; 3]> {
        let [first, second] = *places else {
            return None;
        };
        Some([
            digits.get(..first)?,
            digits.get(first..second)?,
            digits.get(second..)?,
        ])
    };
    let to_date = |[d, m, y]: [&str; 3]| full_date(d, parse_month_number(m)?, y);
    let reading = |[d, m, y]: [&str; 3]| Some(format!("{d}/{m}/{y}"));
    match digits.len() {
        1 | 2 => Ok((
            PartialDate {
                day: Some(parse_day(digits)?),
                ..EMPTY
            },
            None,
        )),
        4 => Ok((
            PartialDate {
                year: Some(parse_year(digits)?),
                ..EMPTY
            },
            None,
        )),
        6 => split_at(&[2, 4])
            .ok_or(E::Unreadable)
            .and_then(|parts| Ok((to_date(parts)?, reading(parts)))),
        8 => {
            let day_first = split_at(&[2, 4]).ok_or(E::Unreadable)?;
            let [y, m, d] = split_at(&[4, 6]).ok_or(E::Unreadable)?;
            match (to_date(day_first), to_date([d, m, y])) {
                (Ok(_), Ok(_)) => Err(E::Unreadable),
                (Ok(date), Err(_)) => Ok((date, reading(day_first))),
                (Err(_), Ok(date)) => Ok((date, reading([d, m, y]))),
                (Err(error), Err(_)) => Err(error),
            }
        }
        _ => Err(E::Unreadable),
    }
}

/// Parses "2010s" or "90s".
fn parse_decade(digits: &str) -> Result<(PartialDate, Option<String>), E> {
    let year = parse_year(digits)?;
    if year % 10 != 0 {
        return Err(E::Unreadable);
    }
    let reading = (digits.len() == 2).then(|| format!("the {year}s"));
    Ok((
        PartialDate {
            kind: PeriodKind::Decade,
            year: Some(year),
            ..EMPTY
        },
        reading,
    ))
}

fn parse_number(digits: &str) -> Result<i32, E> {
    digits.parse().map_err(|_| E::Unreadable)
}

fn parse_day(digits: &str) -> Result<i32, E> {
    match digits.len() {
        1 | 2 => parse_number(digits).and_then(|day| {
            if (1..=31).contains(&day) {
                Ok(day)
            } else {
                Err(E::ImpossibleDate)
            }
        }),
        _ => Err(E::Unreadable),
    }
}

fn parse_month_number(digits: &str) -> Result<Month, E> {
    if digits.len() > 2 {
        Err(E::Unreadable)
    } else {
        month_from_number(parse_number(digits)?)
    }
}

/// Parses a year of four digits, or of two: up to 69 in this century, later ones in the last.
fn parse_year(digits: &str) -> Result<i32, E> {
    let year = parse_number(digits)?;
    match digits.len() {
        4 => check_year(year),
        2 if year <= 69 => Ok(2000 + year),
        2 => Ok(1900 + year),
        _ => Err(E::Unreadable),
    }
}

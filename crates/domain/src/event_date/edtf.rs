//! Reading EDTF (ISO 8601-2): level 0, of level 1 seasons, doubt, unspecified digits and open intervals, of level 2 one-of-a-set with an
//! open side. A month or day written `XX` is the year or month; an unknown end is read as open; a date that was written
//! in two ways comes out in one.

use time::{Date, Month};

use super::EventDateError as E;
use super::TimeOfDay;
use super::span::{Doubt, Part, Season, Span, Unit};
use super::uk::uk_wall;

/// Years that can be meant in a family's chronology. Outside, a slip of the pen is certain.
pub(crate) const YEARS: std::ops::RangeInclusive<i32> = 1800..=2199;

pub(crate) fn parse(text: &str) -> Result<Span, E> {
    let text = text.trim();
    if text.is_empty() {
        return Err(E::Empty);
    }
    if text.len() > 100 {
        return Err(E::TooLong);
    }
    if !text.is_ascii() {
        return Err(E::Unreadable);
    }
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(set) => parse_set(set),
        None => parse_interval(text),
    }
}

/// `..a`, `a..`, `a..b` between brackets: some day in there.
fn parse_set(set: &str) -> Result<Span, E> {
    match set.split_once("..").ok_or(E::Unreadable)? {
        ("", part) => parse_part(part).map(Span::Before),
        (part, "") => parse_part(part).map(Span::After),
        (from, to) => Span::between(parse_part(from)?, parse_part(to)?).ok_or(E::EndBeforeStart),
    }
}

fn parse_interval(text: &str) -> Result<Span, E> {
    match text.split_once('/') {
        None => parse_part(text).map(Span::One),
        Some(("" | "..", "" | "..")) => Err(E::Unreadable),
        Some(("" | "..", part)) => parse_part(part).map(Span::Until),
        Some((part, "" | "..")) => parse_part(part).map(Span::From),
        Some((from, to)) => Span::between(parse_part(from)?, parse_part(to)?).ok_or(E::EndBeforeStart),
    }
}

fn parse_part(text: &str) -> Result<Part, E> {
    let stated = text.trim_end_matches(['~', '?', '%']);
    let marks = text.get(stated.len()..).unwrap_or_default();
    let both = marks.contains('%');
    let doubt = Doubt::new(both || marks.contains('~'), both || marks.contains('?'));
    if marks.len() > 2 {
        return Err(E::Unreadable);
    }
    match stated.split_once(['T', 't']) {
        None => Ok(Part { unit: parse_unit(stated)?, doubt }),
        // EDTF has no doubt about a time of day; saying the day alone, in doubt, is what can be said.
        Some(_) if doubt != Doubt::None => Err(E::Unreadable),
        Some((date, time)) => Ok(Part::sure(parse_minute(date, time)?)),
    }
}

fn parse_unit(text: &str) -> Result<Unit, E> {
    let mut fields = text.split('-');
    let year = fields.next().unwrap_or_default();
    let (second, third, more) = (fields.next(), fields.next(), fields.next());
    if more.is_some() || year.len() != 4 {
        return Err(E::Unreadable);
    }
    if let Some(decade) = year.strip_suffix(['X', 'x']) {
        let decade = number(decade, 3)?;
        in_years(decade * 10)?;
        return if second.is_none() { Ok(Unit::Decade(decade)) } else { Err(E::Unreadable) };
    }
    let year = in_years(number(year, 4)?)?;
    match (second, third) {
        (None, _) | (Some("XX" | "xx"), None | Some("XX" | "xx")) => Ok(Unit::Year(year)),
        (Some(month), None | Some("XX" | "xx")) => parse_month(year, number(month, 2)?, third.is_some()),
        (Some(month), Some(day)) => calendar_day(year, number(month, 2)?, number(day, 2)?).map(Unit::Day),
    }
}

fn parse_month(year: i32, number: i32, day_unspecified: bool) -> Result<Unit, E> {
    let season = match number {
        21 => Season::Spring,
        22 => Season::Summer,
        23 => Season::Autumn,
        24 => Season::Winter,
        _ => return month_of(number).map(|month| Unit::Month(year, month)),
    };
    if day_unspecified { Err(E::Unreadable) } else { Ok(Unit::Season(year, season)) }
}

/// `14:30`, with seconds if need be (left out) and `Z` or an offset (converted to the UK's wall clock).
fn parse_minute(date: &str, time: &str) -> Result<Unit, E> {
    let Unit::Day(date) = parse_unit(date)? else { return Err(E::Unreadable) };
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone_at).ok_or(E::Unreadable)?;
    let (clock, seconds) = clock.split_at_checked(5).ok_or(E::Unreadable)?;
    check_seconds(seconds)?;
    let clock: TimeOfDay = clock.parse()?;
    let (date, clock) = match zone {
        "" => (date, clock),
        "Z" | "z" => uk_wall(date, clock, 0).ok_or(E::ImpossibleTime)?,
        offset => uk_wall(date, clock, offset_minutes(offset)?).ok_or(E::ImpossibleTime)?,
    };
    in_years(date.year())?;
    Ok(Unit::Minute(date, clock))
}

fn check_seconds(text: &str) -> Result<(), E> {
    if text.is_empty() {
        return Ok(());
    }
    let seconds = text.strip_prefix(':').ok_or(E::Unreadable)?;
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let digits = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    if !digits {
        return Err(E::Unreadable);
    }
    if number(whole, 2)? < 60 { Ok(()) } else { Err(E::ImpossibleTime) }
}

fn offset_minutes(text: &str) -> Result<i32, E> {
    let (sign, clock) = text.split_at_checked(1).ok_or(E::Unreadable)?;
    let clock: TimeOfDay = clock.parse()?;
    let minutes = i32::from(clock.minutes());
    if minutes > 14 * 60 {
        return Err(E::ImpossibleTime);
    }
    Ok(if sign == "-" { -minutes } else { minutes })
}

/// Exactly `width` digits.
fn number(text: &str, width: usize) -> Result<i32, E> {
    let digits = text.len() == width && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().map_err(|_| E::Unreadable) } else { Err(E::Unreadable) }
}

pub(crate) fn in_years(year: i32) -> Result<i32, E> {
    if YEARS.contains(&year) { Ok(year) } else { Err(E::ImpossibleDate) }
}

pub(crate) fn month_of(number: i32) -> Result<Month, E> {
    u8::try_from(number).ok().and_then(|number| Month::try_from(number).ok()).ok_or(E::ImpossibleDate)
}

pub(crate) fn calendar_day(year: i32, month: i32, day: i32) -> Result<Date, E> {
    let day = u8::try_from(day).map_err(|_| E::ImpossibleDate)?;
    Date::from_calendar_date(in_years(year)?, month_of(month)?, day).map_err(|_| E::ImpossibleDate)
}

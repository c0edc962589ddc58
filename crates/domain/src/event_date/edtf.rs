//! Parser for EDTF (ISO 8601-2): level 0; of level 1 seasons, qualification, unspecified digits and
//! open intervals; of level 2 one-of-a-set with an open side. A month or day written `XX` means the
//! year or the month; an unknown end means an open one; texts that mean the same give the same
//! value.

use time::{Date, Month};

use super::EventDateError as E;
use super::TimeOfDay;
use super::span::{CalendarUnit, DatePart, DateSpan, Qualifier, Season};
use super::uk_time::to_uk_wall_clock;

/// Years that can occur in a family's chronology. A year outside is a typing error.
pub(crate) const YEARS: std::ops::RangeInclusive<i32> = 1800..=2199;

pub(crate) fn parse(text: &str) -> Result<DateSpan, E> {
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
    match text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(set) => parse_set(set),
        None => parse_interval(text),
    }
}

/// `..a`, `a..` or `a..b` between brackets: one day within these bounds.
fn parse_set(set: &str) -> Result<DateSpan, E> {
    match set.split_once("..").ok_or(E::Unreadable)? {
        ("", part) => parse_part(part).map(DateSpan::Before),
        (part, "") => parse_part(part).map(DateSpan::After),
        (from, to) => {
            DateSpan::between(parse_part(from)?, parse_part(to)?).ok_or(E::EndBeforeStart)
        }
    }
}

fn parse_interval(text: &str) -> Result<DateSpan, E> {
    match text.split_once('/') {
        None => parse_part(text).map(DateSpan::Single),
        Some(("" | "..", "" | "..")) => Err(E::Unreadable),
        Some(("" | "..", part)) => parse_part(part).map(DateSpan::Until),
        Some((part, "" | "..")) => parse_part(part).map(DateSpan::From),
        Some((from, to)) => {
            DateSpan::between(parse_part(from)?, parse_part(to)?).ok_or(E::EndBeforeStart)
        }
    }
}

fn parse_part(text: &str) -> Result<DatePart, E> {
    let stated = text.trim_end_matches(['~', '?', '%']);
    let marks = text.get(stated.len()..).unwrap_or_default();
    let is_both = marks.contains('%');
    let qualifier = Qualifier::new(
        is_both || marks.contains('~'),
        is_both || marks.contains('?'),
    );
    if marks.len() > 2 {
        return Err(E::Unreadable);
    }
    match stated.split_once(['T', 't']) {
        None => Ok(DatePart {
            unit: parse_unit(stated)?,
            qualifier,
        }),
        // EDTF cannot qualify a time of day. The writer can qualify the day without a time.
        Some(_) if qualifier != Qualifier::None => Err(E::Unreadable),
        Some((date, time)) => Ok(DatePart::unqualified(parse_date_time(date, time)?)),
    }
}

fn parse_unit(text: &str) -> Result<CalendarUnit, E> {
    let mut fields = text.split('-');
    let year = fields.next().unwrap_or_default();
    let second = fields.next();
    let third = fields.next();
    if fields.next().is_some() || year.len() != 4 {
        return Err(E::Unreadable);
    }
    if let Some(decade) = year.strip_suffix(['X', 'x']) {
        let decade = parse_number(decade, 3)?;
        check_year(decade * 10)?;
        return if second.is_none() {
            Ok(CalendarUnit::Decade(decade))
        } else {
            Err(E::Unreadable)
        };
    }
    let year = check_year(parse_number(year, 4)?)?;
    match (second, third) {
        (None, _) | (Some("XX" | "xx"), None | Some("XX" | "xx")) => Ok(CalendarUnit::Year(year)),
        (Some(month), None | Some("XX" | "xx")) => {
            parse_month(year, parse_number(month, 2)?, third.is_some())
        }
        (Some(month), Some(day)) => {
            calendar_date(year, parse_number(month, 2)?, parse_number(day, 2)?)
                .map(CalendarUnit::Day)
        }
    }
}

fn parse_month(year: i32, number: i32, day_unspecified: bool) -> Result<CalendarUnit, E> {
    let season = match number {
        21 => Season::Spring,
        22 => Season::Summer,
        23 => Season::Autumn,
        24 => Season::Winter,
        _ => return month_from_number(number).map(|month| CalendarUnit::Month(year, month)),
    };
    if day_unspecified {
        Err(E::Unreadable)
    } else {
        Ok(CalendarUnit::Season(year, season))
    }
}

/// Parses a date and `14:30`. Seconds are dropped; with `Z` or an offset, the time is converted to
/// UK time.
fn parse_date_time(date: &str, time: &str) -> Result<CalendarUnit, E> {
    let CalendarUnit::Day(date) = parse_unit(date)? else {
        return Err(E::Unreadable);
    };
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone_at).ok_or(E::Unreadable)?;
    let (clock, seconds) = clock.split_at_checked(5).ok_or(E::Unreadable)?;
    check_seconds(seconds)?;
    let clock: TimeOfDay = clock.parse()?;
    let (date, clock) = match zone {
        "" => (date, clock),
        "Z" | "z" => to_uk_wall_clock(date, clock, 0).ok_or(E::ImpossibleTime)?,
        offset => {
            to_uk_wall_clock(date, clock, offset_minutes(offset)?).ok_or(E::ImpossibleTime)?
        }
    };
    check_year(date.year())?;
    Ok(CalendarUnit::Minute(date, clock))
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
    if parse_number(whole, 2)? < 60 {
        Ok(())
    } else {
        Err(E::ImpossibleTime)
    }
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

/// Parses exactly `width` digits.
fn parse_number(text: &str, width: usize) -> Result<i32, E> {
    let digits = text.len() == width && text.bytes().all(|b| b.is_ascii_digit());
    if digits {
        text.parse().map_err(|_| E::Unreadable)
    } else {
        Err(E::Unreadable)
    }
}

pub(crate) fn check_year(year: i32) -> Result<i32, E> {
    if YEARS.contains(&year) {
        Ok(year)
    } else {
        Err(E::ImpossibleDate)
    }
}

pub(crate) fn month_from_number(number: i32) -> Result<Month, E> {
    u8::try_from(number)
        .ok()
        .and_then(|number| Month::try_from(number).ok())
        .ok_or(E::ImpossibleDate)
}

pub(crate) fn calendar_date(year: i32, month: i32, day: i32) -> Result<Date, E> {
    let day = u8::try_from(day).map_err(|_| E::ImpossibleDate)?;
    Date::from_calendar_date(check_year(year)?, month_from_number(month)?, day)
        .map_err(|_| E::ImpossibleDate)
}

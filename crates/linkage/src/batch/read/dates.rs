//! Reads dates and times as exports write them.

use domain::{BirthDate, EventDate, TimeOfDay};
use time::{Date, Month};

use super::fields::ObjectReader;
use crate::batch::finding::FindingCode as C;
use crate::batch::submission::unknown_date;

/// Reads when an event happened: `date`, else `edtf`, else `when`, with `time` where the day is
/// exact. A date that cannot be read is recorded, and the next property is tried; without a
/// readable date the event has the unknown date.
pub(super) fn read_event_date(event: &mut ObjectReader<'_>) -> Option<EventDate> {
    let stated: Vec<(&str, String)> = ["date", "edtf", "when"]
        .into_iter()
        .filter_map(|key| Some((key, event.take_text(key)?)))
        .collect();
    if stated.is_empty() {
        event.report("date", C::DateMissing);
    }
    let mut date = None;
    for (key, text) in stated {
        match parse_date(&text) {
            Ok(parsed) => date = date.or(Some(parsed)),
            Err(code) => event.report(key, code),
        }
    }
    let time = event.take_text("time");
    match (date, time) {
        (Some(date), Some(time)) => Some(with_time(event, date, &time)),
        (None, Some(_)) => {
            event.report("time", C::TimeWithoutDay);
            unknown_date()
        }
        (Some(date), None) => Some(date),
        (None, None) => unknown_date(),
    }
}

/// Parses EDTF or a date in words. A day that an export writes with midnight to the second
/// ("2024-05-22T00:00:00") has no known time.
fn parse_date(text: &str) -> Result<EventDate, C> {
    let day_only = text
        .split_once(['T', ' '])
        .filter(|(day, rest)| day.len() == 10 && rest.starts_with("00:00:00"));
    let text = day_only.map_or(text, |(day, _)| day);
    EventDate::from_edtf(text)
        .or_else(|_| EventDate::from_words(text))
        .map_err(C::from)
}

/// Adds a time of day to an exact day. Where there is none, or the time cannot be read, a finding
/// is recorded and the date returned as it is.
fn with_time(event: &ObjectReader<'_>, date: EventDate, time: &str) -> EventDate {
    let exact = date.earliest() == date.latest() && !date.is_approximate() && !date.is_uncertain();
    if !exact {
        event.report("time", C::TimeWithoutDay);
        return date;
    }
    let day = format_iso_date(date.earliest());
    let timed =
        parse_clock_time(time).and_then(|time| EventDate::from_edtf(&format!("{day}T{time}")).ok());
    let timed = timed.or_else(|| {
        EventDate::from_words(&format!("{day} {time}"))
            .ok()
            .filter(|timed| timed.time().is_some())
    });
    timed.unwrap_or_else(|| {
        event.report("time", C::TimeUnreadable);
        date
    })
}

/// Parses "20:40", "20:40:00", "20.40", "2040", "2040 hrs" or "8:40".
fn parse_clock_time(text: &str) -> Option<TimeOfDay> {
    let text = text
        .trim()
        .trim_end_matches("hrs")
        .trim_end_matches("hours")
        .trim();
    let mut parts = text.split([':', '.']);
    let hour = parts.next()?;
    let minute = parts.next();
    let seconds = parts.next();
    let rest = parts.next();
    let is_number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && (1..=2).contains(&text.len());
    match (minute, seconds) {
        (None, _) if text.len() == 4 && text.is_ascii() => {
            let (hour, minute) = text.split_at(2);
            TimeOfDay::new(hour.parse().ok()?, minute.parse().ok()?)
        }
        (Some(minute), seconds)
            if is_number(hour)
                && minute.len() == 2
                && seconds.is_none_or(is_number)
                && rest.is_none() =>
        {
            TimeOfDay::new(hour.parse().ok()?, minute.parse().ok()?)
        }
        _ => None,
    }
}

/// Reads a date of birth, or else the expected one. A month or a year is read as the first of
/// January of that year, which many record systems use in this way.
pub(super) fn read_birth(subject: &mut ObjectReader<'_>) -> Option<BirthDate> {
    let born = read_birth_date(subject, "born_on").map(|date| BirthDate {
        date,
        expected: false,
    });
    let expected = read_birth_date(subject, "expected_on").map(|date| BirthDate {
        date,
        expected: true,
    });
    born.or(expected)
}

/// Reads the day of a birth from one property.
pub(super) fn read_birth_date(reader: &mut ObjectReader<'_>, key: &str) -> Option<Date> {
    let text = reader.take_text(key)?;
    match parse_date(&text) {
        Ok(date) if date.earliest() == date.latest() => Some(date.earliest()),
        Ok(date) => {
            reader.report(key, C::BirthInexact);
            let year = date.earliest().year();
            let is_one_year = year == date.latest().year();
            is_one_year
                .then(|| Date::from_calendar_date(year, Month::January, 1).ok())
                .flatten()
        }
        Err(code) => {
            reader.report(key, code);
            None
        }
    }
}

/// Reads the first and the last day at an address.
pub(super) fn read_residence_dates(address: &mut ObjectReader<'_>) -> (Option<Date>, Option<Date>) {
    let mut read = |key: &str| {
        let text = address.take_text(key)?;
        let date = parse_date(&text);
        if let Err(code) = date {
            address.report(key, code);
        }
        date.ok()
    };
    let from = read("from");
    let until = read("until");
    (
        from.map(|date| date.earliest()),
        until.map(|date| date.latest()),
    )
}

fn format_iso_date(date: Date) -> String {
    format!(
        "{:04}-{:02}-{:02}",
        date.year(),
        u8::from(date.month()),
        date.day()
    )
}

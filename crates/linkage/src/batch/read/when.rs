//! Dates and times as exports write them.

use domain::{BirthDate, EventDate, TimeOfDay};
use time::{Date, Month};

use super::fields::Fields;
use crate::batch::finding::FindingCode as C;
use crate::batch::submission::undated;

/// When an event happened: `date`, else `edtf`, else `when`, with `time` where the day is exact. A date that cannot be
/// read is noted, and the next is tried; without any the event has no date.
pub(super) fn event_date(event: &mut Fields<'_>) -> Option<EventDate> {
    let stated: Vec<(&str, String)> =
        ["date", "edtf", "when"].into_iter().filter_map(|key| Some((key, event.text(key)?))).collect();
    if stated.is_empty() {
        event.note("date", C::DateMissing);
    }
    let mut read = None;
    for (key, text) in stated {
        match date(&text) {
            Ok(date) => read = read.or(Some(date)),
            Err(code) => event.note(key, code),
        }
    }
    let time = event.text("time");
    match (read, time) {
        (Some(date), Some(time)) => Some(timed(event, date, &time)),
        (None, Some(_)) => {
            event.note("time", C::TimeWithoutDay);
            undated()
        }
        (Some(date), None) => Some(date),
        (None, None) => undated(),
    }
}

/// EDTF or words. A day that an export writes with midnight to the second ("2024-05-22T00:00:00") has no known time.
fn date(text: &str) -> Result<EventDate, C> {
    let day_only = text.split_once(['T', ' ']).filter(|(day, rest)| day.len() == 10 && rest.starts_with("00:00:00"));
    let text = day_only.map_or(text, |(day, _)| day);
    EventDate::from_edtf(text).or_else(|_| EventDate::from_words(text)).map_err(C::from)
}

fn timed(event: &Fields<'_>, date: EventDate, time: &str) -> EventDate {
    let exact = date.earliest() == date.latest() && !date.is_about() && !date.is_uncertain();
    if !exact {
        event.note("time", C::TimeWithoutDay);
        return date;
    }
    let day = iso(date.earliest());
    let timed = clock(time).and_then(|time| EventDate::from_edtf(&format!("{day}T{time}")).ok());
    let timed =
        timed.or_else(|| EventDate::from_words(&format!("{day} {time}")).ok().filter(|timed| timed.time().is_some()));
    timed.unwrap_or_else(|| {
        event.note("time", C::TimeUnreadable);
        date
    })
}

/// "20:40", "20:40:00", "20.40", "2040", "2040 hrs", "8:40".
fn clock(text: &str) -> Option<TimeOfDay> {
    let text = text.trim().trim_end_matches("hrs").trim_end_matches("hours").trim();
    let mut parts = text.split([':', '.']);
    let (hour, minute, seconds, more) = (parts.next()?, parts.next(), parts.next(), parts.next());
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && (1..=2).contains(&text.len());
    match (minute, seconds) {
        (None, _) if text.len() == 4 && text.is_ascii() => {
            let (hour, minute) = text.split_at(2);
            TimeOfDay::new(hour.parse().ok()?, minute.parse().ok()?)
        }
        (Some(minute), seconds)
            if digits(hour) && minute.len() == 2 && seconds.is_none_or(digits) && more.is_none() =>
        {
            TimeOfDay::new(hour.parse().ok()?, minute.parse().ok()?)
        }
        _ => None,
    }
}

/// A date of birth or the date a birth is expected. Of a month or a year, the first of January stands for the year, as in
/// many records.
pub(super) fn birth(subject: &mut Fields<'_>) -> Option<BirthDate> {
    let born = day(subject, "born_on").map(|date| BirthDate { date, expected: false });
    let expected = day(subject, "expected_on").map(|date| BirthDate { date, expected: true });
    born.or(expected)
}

/// A day on which somebody was born.
pub(super) fn day(from: &mut Fields<'_>, key: &str) -> Option<Date> {
    let text = from.text(key)?;
    match date(&text) {
        Ok(date) if date.earliest() == date.latest() => Some(date.earliest()),
        Ok(date) => {
            from.note(key, C::BirthInexact);
            let year = date.earliest().year();
            let known = year == date.latest().year();
            known.then(|| Date::from_calendar_date(year, Month::January, 1).ok()).flatten()
        }
        Err(code) => {
            from.note(key, code);
            None
        }
    }
}

/// The first and the last day at an address.
pub(super) fn stay(address: &mut Fields<'_>) -> (Option<Date>, Option<Date>) {
    let mut read = |key: &str| {
        let text = address.text(key)?;
        let read = date(&text);
        if let Err(code) = read {
            address.note(key, code);
        }
        read.ok()
    };
    let (from, until) = (read("from"), read("until"));
    (from.map(|date| date.earliest()), until.map(|date| date.latest()))
}

fn iso(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

//! UK days: a day is the calendar day in Europe/London, whatever UTC says.

use jiff::civil;
use jiff::tz::TimeZone;
use time::{Date, Month};

use crate::Instant;

fn london() -> TimeZone {
    TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC)
}

fn civil_of(date: Date) -> Option<civil::Date> {
    let month = i8::try_from(u8::from(date.month())).ok()?;
    civil::Date::new(i16::try_from(date.year()).ok()?, month, i8::try_from(date.day()).ok()?).ok()
}

fn date_of(date: civil::Date) -> Option<Date> {
    let month = u8::try_from(date.month()).ok().and_then(|month| Month::try_from(month).ok())?;
    Date::from_calendar_date(i32::from(date.year()), month, u8::try_from(date.day()).ok()?).ok()
}

/// The calendar day in the United Kingdom (Europe/London) at `instant`.
#[must_use]
pub fn uk_date_of(instant: Instant) -> Date {
    let utc = instant.to_offset().date();
    jiff::Timestamp::from_microsecond(instant.as_micros())
        .ok()
        .and_then(|timestamp| date_of(timestamp.to_zoned(london()).date()))
        .unwrap_or(utc)
}

/// The instant at which the UK day `day` ends: midnight at the start of the next one.
#[must_use]
pub fn uk_midnight_after(day: Date) -> Instant {
    day.next_day()
        .and_then(civil_of)
        .and_then(|next| next.to_zoned(london()).ok())
        .map_or(Instant::MAX, |zoned| Instant::from_micros(zoned.timestamp().as_microsecond()))
}

/// A UTC wall-clock minute and its offset as the UK wall clock shows it.
pub(crate) fn uk_wall(date: Date, time: super::TimeOfDay, offset_minutes: i32) -> Option<(Date, super::TimeOfDay)> {
    let hour = i8::try_from(time.hour()).ok()?;
    let minute = i8::try_from(time.minute()).ok()?;
    let offset = jiff::tz::Offset::from_seconds(offset_minutes * 60).ok()?;
    let timestamp = offset.to_timestamp(civil_of(date)?.at(hour, minute, 0, 0)).ok()?;
    let zoned = timestamp.to_zoned(london());
    let time = super::TimeOfDay::new(u8::try_from(zoned.hour()).ok()?, u8::try_from(zoned.minute()).ok()?)?;
    Some((date_of(zoned.date())?, time))
}

//! Conversion between instants and days of the United Kingdom (time zone Europe/London).

use jiff::civil;
use jiff::tz::TimeZone;
use time::{Date, Month};

use crate::Instant;

fn london_time_zone() -> TimeZone {
    TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC)
}

fn to_civil_date(date: Date) -> Option<civil::Date> {
    let month = i8::try_from(u8::from(date.month())).ok()?;
    civil::Date::new(
        i16::try_from(date.year()).ok()?,
        month,
        i8::try_from(date.day()).ok()?,
    )
    .ok()
}

fn from_civil_date(date: civil::Date) -> Option<Date> {
    let month = u8::try_from(date.month())
        .ok()
        .and_then(|month| Month::try_from(month).ok())?;
    Date::from_calendar_date(
        i32::from(date.year()),
        month,
        u8::try_from(date.day()).ok()?,
    )
    .ok()
}

/// The calendar day in the United Kingdom (Europe/London) at `instant`.
#[must_use]
pub fn uk_date_at(instant: Instant) -> Date {
    let utc = instant.to_offset().date();
    jiff::Timestamp::from_microsecond(instant.as_micros())
        .ok()
        .and_then(|timestamp| from_civil_date(timestamp.to_zoned(london_time_zone()).date()))
        .unwrap_or(utc)
}

/// The instant at which `day` ends in the United Kingdom: midnight at the start of the next day.
#[must_use]
pub fn uk_day_end(day: Date) -> Instant {
    day.next_day()
        .and_then(to_civil_date)
        .and_then(|next| next.to_zoned(london_time_zone()).ok())
        .map_or(Instant::MAX, |zoned| {
            Instant::from_micros(zoned.timestamp().as_microsecond())
        })
}

/// Converts a wall-clock date and time with a UTC offset to the wall clock of the United Kingdom.
/// `None` outside the supported years.
pub(crate) fn to_uk_wall_clock(
    date: Date,
    time: super::TimeOfDay,
    offset_minutes: i32,
) -> Option<(Date, super::TimeOfDay)> {
    let hour = i8::try_from(time.hour()).ok()?;
    let minute = i8::try_from(time.minute()).ok()?;
    let offset = jiff::tz::Offset::from_seconds(offset_minutes * 60).ok()?;
    let timestamp = offset
        .to_timestamp(to_civil_date(date)?.at(hour, minute, 0, 0))
        .ok()?;
    let zoned = timestamp.to_zoned(london_time_zone());
    let time = super::TimeOfDay::new(
        u8::try_from(zoned.hour()).ok()?,
        u8::try_from(zoned.minute()).ok()?,
    )?;
    Some((from_civil_date(zoned.date())?, time))
}

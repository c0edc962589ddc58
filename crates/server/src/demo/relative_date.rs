//! Dates and times relative to now, so that the demonstration is always recent: "-14 months +3 days
//! at 09:30".

use domain::Instant;
use time::{Date, Duration, Month, Time};

/// Parses a date relative to `today`, and the time of day if one is given.
///
/// # Errors
/// The text, when it is not a valid offset.
pub(super) fn parse_day(text: &str, today: Date) -> Result<(Date, Option<Time>), String> {
    let (offsets, time_of_day) = match text.split_once(" at ") {
        Some((offsets, time_of_day)) => (
            offsets,
            Some(parse_time_of_day(time_of_day).ok_or_else(|| text.to_owned())?),
        ),
        None => (text, None),
    };
    let mut words = offsets.split_whitespace();
    let mut date = today;
    while let Some(amount) = words.next() {
        let unit = words.next().unwrap_or_default();
        date = amount
            .parse()
            .ok()
            .and_then(|amount| shift_date(date, amount, unit))
            .ok_or_else(|| text.to_owned())?;
    }
    Ok((date, time_of_day))
}

/// Parses an instant relative to `now`. The time is noon unless one is given. An offset into the
/// past never gives an instant later than `now`.
///
/// # Errors
/// The text, when it is not a valid offset.
pub(super) fn parse_instant(text: &str, now: Instant) -> Result<Instant, String> {
    let (date, time_of_day) = parse_day(text, now.to_offset().date())?;
    let time = time_of_day.unwrap_or(Time::from_hms(12, 0, 0).unwrap_or(Time::MIDNIGHT));
    let instant =
        Instant::try_from(date.with_time(time).assume_utc()).map_err(|_| text.to_owned())?;
    Ok(if text.starts_with('-') {
        instant.min(now)
    } else {
        instant
    })
}

fn parse_time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    Time::from_hms(hour.parse().ok()?, minute.parse().ok()?, 0).ok()
}

fn shift_date(date: Date, amount: i32, unit: &str) -> Option<Date> {
    match unit.trim_end_matches('s') {
        "day" => date.checked_add(Duration::days(i64::from(amount))),
        "week" => date.checked_add(Duration::weeks(i64::from(amount))),
        "month" => add_months(date, amount),
        "year" => add_months(date, amount.checked_mul(12)?),
        _ => None,
    }
}

/// The same day `months` months later, or the last day of that month.
fn add_months(date: Date, months: i32) -> Option<Date> {
    let count = date.year() * 12 + i32::from(u8::from(date.month())) - 1 + months;
    let month = Month::try_from(u8::try_from(count.rem_euclid(12)).ok()? + 1).ok()?;
    let year = count.div_euclid(12);
    Date::from_calendar_date(year, month, date.day().min(month.length(year))).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::{date, time};

    use super::*;

    #[test]
    fn parses_days_weeks_months_and_years() {
        let today = date!(2026 - 03 - 31);
        assert_eq!(
            parse_day("-1 month", today).unwrap().0,
            date!(2026 - 02 - 28)
        );
        assert_eq!(
            parse_day("-2 years -1 month +3 days", today).unwrap().0,
            date!(2024 - 03 - 03)
        );
        assert_eq!(
            parse_day("+2 weeks at 09:30", today).unwrap(),
            (date!(2026 - 04 - 14), Some(time!(9:30)))
        );
        for wrong in ["soon", "-1 fortnight", "-1 day at noon", "3"] {
            assert!(parse_day(wrong, today).is_err(), "{wrong}");
        }
    }

    #[test]
    fn past_offset_is_never_later_than_now() {
        let now = Instant::parse("2026-03-31T08:00:00Z").unwrap();
        assert_eq!(parse_instant("-0 days", now).unwrap(), now);
        assert!(parse_instant("+0 days", now).unwrap() > now);
    }
}

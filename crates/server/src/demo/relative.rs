//! Days and moments counted from now, so that the demonstration never grows old: "-14 months +3 days at 09:30".

use domain::Instant;
use time::{Date, Duration, Month, Time};

/// A day counted from `today`, and the time of day when one is given.
///
/// # Errors
/// The text, when it is not such an offset.
pub(super) fn day(text: &str, today: Date) -> Result<(Date, Option<Time>), String> {
    let (offsets, clock) = match text.split_once(" at ") {
        Some((offsets, clock)) => (offsets, Some(time_of_day(clock).ok_or_else(|| text.to_owned())?)),
        None => (text, None),
    };
    let mut words = offsets.split_whitespace();
    let mut date = today;
    while let Some(amount) = words.next() {
        let unit = words.next().unwrap_or_default();
        date = amount.parse().ok().and_then(|amount| shifted(date, amount, unit)).ok_or_else(|| text.to_owned())?;
    }
    Ok((date, clock))
}

/// A moment counted from `now`; noon unless a time is given, and never later than `now` for offsets into the past.
///
/// # Errors
/// The text, when it is not such an offset.
pub(super) fn moment(text: &str, now: Instant) -> Result<Instant, String> {
    let (date, clock) = day(text, now.to_offset().date())?;
    let time = clock.unwrap_or(Time::from_hms(12, 0, 0).unwrap_or(Time::MIDNIGHT));
    let instant = Instant::try_from(date.with_time(time).assume_utc()).map_err(|_| text.to_owned())?;
    Ok(if text.starts_with('-') { instant.min(now) } else { instant })
}

fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    Time::from_hms(hour.parse().ok()?, minute.parse().ok()?, 0).ok()
}

fn shifted(date: Date, amount: i32, unit: &str) -> Option<Date> {
    match unit.trim_end_matches('s') {
        "day" => date.checked_add(Duration::days(i64::from(amount))),
        "week" => date.checked_add(Duration::weeks(i64::from(amount))),
        "month" => months(date, amount),
        "year" => months(date, amount.checked_mul(12)?),
        _ => None,
    }
}

/// The same day so many months on, or the last of that month.
fn months(date: Date, by: i32) -> Option<Date> {
    let count = date.year() * 12 + i32::from(u8::from(date.month())) - 1 + by;
    let month = Month::try_from(u8::try_from(count.rem_euclid(12)).ok()? + 1).ok()?;
    let year = count.div_euclid(12);
    Date::from_calendar_date(year, month, date.day().min(month.length(year))).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::{date, time};

    use super::*;

    #[test]
    fn counts_days_weeks_months_and_years() {
        let today = date!(2026 - 03 - 31);
        assert_eq!(day("-1 month", today).unwrap().0, date!(2026 - 02 - 28));
        assert_eq!(day("-2 years -1 month +3 days", today).unwrap().0, date!(2024 - 03 - 03));
        assert_eq!(day("+2 weeks at 09:30", today).unwrap(), (date!(2026 - 04 - 14), Some(time!(9:30))));
        for wrong in ["soon", "-1 fortnight", "-1 day at noon", "3"] {
            assert!(day(wrong, today).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_past_never_lies_ahead() {
        let now = Instant::parse("2026-03-31T08:00:00Z").unwrap();
        assert_eq!(moment("-0 days", now).unwrap(), now);
        assert!(moment("+0 days", now).unwrap() > now);
    }
}

//! Compares dates of birth and expected dates by level of agreement.

use domain::BirthDate;
use time::{Date, Month};

/// The level of agreement of two dates of birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BirthLevel {
    Missing,
    Same,
    /// The same first of January, which often means "some day of that year".
    SamePlaceholder,
    /// Day and month are swapped.
    DayMonthSwapped,
    /// One digit differs, or two neighbouring digits are swapped.
    Slip,
    /// The same day and month in different years.
    YearDiffers,
    /// A first of January and another day of that year.
    WithinYear,
    /// The year and one more part are the same, or the dates are a few days apart.
    Near,
    /// Born near the expected date, at about full term.
    BornAsExpected,
    /// Born weeks before the expected date.
    BornEarly,
    /// Expected at about the same date.
    SameExpected,
    Different,
    /// More than 14 years apart, so that the people may be parent and child.
    Generation,
}

/// The plausible years of birth; any other year is an error or a placeholder.
const PLAUSIBLE_YEARS: std::ops::RangeInclusive<i32> = 1895..=2200;

/// The date of birth, if its year is plausible.
pub(crate) fn plausible_birth(birth: Option<BirthDate>) -> Option<BirthDate> {
    birth.filter(|birth| PLAUSIBLE_YEARS.contains(&birth.date.year()))
}

/// Compares two dates of birth, or expected dates.
pub(crate) fn compare(a: Option<BirthDate>, b: Option<BirthDate>) -> BirthLevel {
    let Some((a, b)) = a.zip(b) else {
        return BirthLevel::Missing;
    };
    match (a.expected, b.expected) {
        (false, false) => compare_births(a.date, b.date),
        (true, true) => compare_expected_dates(days_between(a.date, b.date)),
        (true, false) => compare_birth_with_expected(days_from(a.date, b.date)),
        (false, true) => compare_birth_with_expected(days_from(b.date, a.date)),
    }
}

fn days_from(a: Date, b: Date) -> i32 {
    b.to_julian_day() - a.to_julian_day()
}

fn days_between(a: Date, b: Date) -> i32 {
    days_from(a, b).abs()
}

const fn compare_expected_dates(apart: i32) -> BirthLevel {
    match apart {
        0..=28 => BirthLevel::SameExpected,
        29..=70 => BirthLevel::Near,
        _ => BirthLevel::Different,
    }
}

/// Compares a birth with the expected date, by the days from the expected date to the birth. Most
/// births are between five weeks before and three weeks after the expected date, and few are up to
/// seventeen weeks before it.
const fn compare_birth_with_expected(days: i32) -> BirthLevel {
    match days {
        -35..=21 => BirthLevel::BornAsExpected,
        -119..=-36 => BirthLevel::BornEarly,
        22..=35 => BirthLevel::Near,
        _ => BirthLevel::Different,
    }
}

fn compare_births(a: Date, b: Date) -> BirthLevel {
    if a == b {
        return if is_new_year(a) {
            BirthLevel::SamePlaceholder
        } else {
            BirthLevel::Same
        };
    }
    let (year_a, month_a, day_a) = year_month_day(a);
    let (year_b, month_b, day_b) = year_month_day(b);
    if (is_new_year(a) || is_new_year(b)) && a.year() == b.year() {
        return BirthLevel::WithinYear;
    }
    if is_new_year(a) && is_new_year(b) {
        // Two dates that only give a year are two different years, not one with a typing error.
        return if a.year().abs_diff(b.year()) > 14 {
            BirthLevel::Generation
        } else {
            BirthLevel::Different
        };
    }
    if year_a == year_b && month_a == day_b && day_a == month_b {
        return BirthLevel::DayMonthSwapped;
    }
    if one_slip(a, b) {
        return BirthLevel::Slip;
    }
    if month_a == month_b && day_a == day_b {
        return if a.year().abs_diff(b.year()) > 14 {
            BirthLevel::Generation
        } else {
            BirthLevel::YearDiffers
        };
    }
    let same_year = year_a == year_b;
    if days_between(a, b) <= 3 || same_year && (month_a == month_b || day_a == day_b) {
        return BirthLevel::Near;
    }
    if a.year().abs_diff(b.year()) > 14 {
        BirthLevel::Generation
    } else {
        BirthLevel::Different
    }
}

/// Whether two dates of birth are known and cannot be of one person.
pub(crate) fn births_contradict(a: Option<BirthDate>, b: Option<BirthDate>) -> bool {
    matches!(
        compare(a, b),
        BirthLevel::Different | BirthLevel::Generation
    )
}

/// Whether two dates of birth can be of one person, typing errors included.
pub(crate) fn births_compatible(a: Date, b: Date) -> bool {
    !matches!(
        compare_births(a, b),
        BirthLevel::Different | BirthLevel::Generation
    )
}

/// Whether a date of birth is a first of January, which may mean the year only.
pub(super) fn is_new_year(date: Date) -> bool {
    date.month() == Month::January && date.day() == 1
}

fn year_month_day(date: Date) -> (i32, u8, u8) {
    (date.year(), u8::from(date.month()), date.day())
}

/// Whether one digit of yyyymmdd differs, or two neighbouring digits are swapped.
fn one_slip(a: Date, b: Date) -> bool {
    let a = digits(a);
    let b = digits(b);
    let differing: Vec<usize> = (0..8).filter(|&i| a.get(i) != b.get(i)).collect();
    match differing.as_slice() {
        [_] => true,
        [i, j] => j - i == 1 && a.get(*i) == b.get(*j) && a.get(*j) == b.get(*i),
        _ => false,
    }
}

fn digits(date: Date) -> [u8; 8] {
    let (year, month, day) = year_month_day(date);
    let number =
        u32::try_from(year).unwrap_or(0) * 10_000 + u32::from(month) * 100 + u32::from(day);
    let mut out = [0; 8];
    let mut rest = number;
    for digit in out.iter_mut().rev() {
        *digit = u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    out
}

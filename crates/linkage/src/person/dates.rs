//! Dates of birth and expected dates, compared by level of agreement.

use domain::BirthDate;
use time::{Date, Month};

/// How two people's dates of birth agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BirthLevel {
    Missing,
    Same,
    /// Both the first of January, which stands for "some day of that year".
    SamePlaceholder,
    /// Day and month have changed places.
    DayMonthSwapped,
    /// One digit differs, or two neighbours have changed places.
    Slip,
    /// The same day and month of another year.
    YearDiffers,
    /// A first of January, and a day of that year.
    WithinYear,
    /// The same year and one more part, or a few days apart.
    Near,
    /// Expected near the day of birth: full term, give or take.
    BornAsExpected,
    /// Born weeks before the expected day.
    BornEarly,
    /// Expected on nearly the same day.
    SameExpected,
    Different,
    /// So many years apart that they are parent and child.
    Generation,
}

/// A day outside these years is a slip or a stand-in and says nothing.
const PLAUSIBLE: std::ops::RangeInclusive<i32> = 1895..=2200;

/// The date as far as it can be believed.
pub(crate) fn plausible(birth: Option<BirthDate>) -> Option<BirthDate> {
    birth.filter(|birth| PLAUSIBLE.contains(&birth.date.year()))
}

pub(crate) fn compare(a: Option<BirthDate>, b: Option<BirthDate>) -> BirthLevel {
    let Some((a, b)) = a.zip(b) else { return BirthLevel::Missing };
    match (a.expected, b.expected) {
        (false, false) => born(a.date, b.date),
        (true, true) => expected(days_between(a.date, b.date)),
        (true, false) => after_expecting(days_from(a.date, b.date)),
        (false, true) => after_expecting(days_from(b.date, a.date)),
    }
}

fn days_from(a: Date, b: Date) -> i32 {
    b.to_julian_day() - a.to_julian_day()
}

fn days_between(a: Date, b: Date) -> i32 {
    days_from(a, b).abs()
}

const fn expected(apart: i32) -> BirthLevel {
    match apart {
        0..=28 => BirthLevel::SameExpected,
        29..=70 => BirthLevel::Near,
        _ => BirthLevel::Different,
    }
}

/// Births come from five weeks before to three weeks after the expected day, seldom up to seventeen weeks before.
const fn after_expecting(days: i32) -> BirthLevel {
    match days {
        -35..=21 => BirthLevel::BornAsExpected,
        -119..=-36 => BirthLevel::BornEarly,
        22..=35 => BirthLevel::Near,
        _ => BirthLevel::Different,
    }
}

fn born(a: Date, b: Date) -> BirthLevel {
    if a == b {
        return if is_new_year(a) { BirthLevel::SamePlaceholder } else { BirthLevel::Same };
    }
    let (parts_a, parts_b) = (parts(a), parts(b));
    if (is_new_year(a) || is_new_year(b)) && a.year() == b.year() {
        return BirthLevel::WithinYear;
    }
    if is_new_year(a) && is_new_year(b) {
        // Two years alone are two years, not a slip of one digit.
        return if a.year().abs_diff(b.year()) > 14 { BirthLevel::Generation } else { BirthLevel::Different };
    }
    if parts_a.0 == parts_b.0 && parts_a.1 == parts_b.2 && parts_a.2 == parts_b.1 {
        return BirthLevel::DayMonthSwapped;
    }
    if one_slip(a, b) {
        return BirthLevel::Slip;
    }
    if parts_a.1 == parts_b.1 && parts_a.2 == parts_b.2 {
        return if a.year().abs_diff(b.year()) > 14 { BirthLevel::Generation } else { BirthLevel::YearDiffers };
    }
    let same_year = parts_a.0 == parts_b.0;
    if days_between(a, b) <= 3 || same_year && (parts_a.1 == parts_b.1 || parts_a.2 == parts_b.2) {
        return BirthLevel::Near;
    }
    if a.year().abs_diff(b.year()) > 14 { BirthLevel::Generation } else { BirthLevel::Different }
}

/// Whether two births are known and cannot be one.
pub(crate) fn exclude(a: Option<BirthDate>, b: Option<BirthDate>) -> bool {
    matches!(compare(a, b), BirthLevel::Different | BirthLevel::Generation)
}

/// Whether two days of birth can be one, slips allowed.
pub(crate) fn near(a: Date, b: Date) -> bool {
    !matches!(born(a, b), BirthLevel::Different | BirthLevel::Generation)
}

/// Whether a day of birth is a first of January, which may stand for a year alone.
pub(super) fn is_new_year(date: Date) -> bool {
    date.month() == Month::January && date.day() == 1
}

fn parts(date: Date) -> (i32, u8, u8) {
    (date.year(), u8::from(date.month()), date.day())
}

/// Whether one digit of yyyymmdd differs, or two neighbouring digits have changed places.
fn one_slip(a: Date, b: Date) -> bool {
    let (a, b) = (digits(a), digits(b));
    let differing: Vec<usize> = (0..8).filter(|&i| a.get(i) != b.get(i)).collect();
    match differing.as_slice() {
        [_] => true,
        [i, j] => j - i == 1 && a.get(*i) == b.get(*j) && a.get(*j) == b.get(*i),
        _ => false,
    }
}

fn digits(date: Date) -> [u8; 8] {
    let (year, month, day) = parts(date);
    let number = u32::try_from(year).unwrap_or(0) * 10_000 + u32::from(month) * 100 + u32::from(day);
    let mut out = [0; 8];
    let mut rest = number;
    for digit in out.iter_mut().rev() {
        *digit = u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    out
}

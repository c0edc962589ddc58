//! Bounds ("before", "since") and parts of periods ("early", "autumn term").

use time::{Date, Month};

use crate::event_date::EventDateError as E;
use crate::event_date::span::{CalendarUnit, DatePart, DateSpan, Qualifier, Season};

/// The bound that a word before a date expresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    None,
    Before,
    OnOrBefore,
    After,
    OnOrAfter,
    From,
    Until,
    Between,
}

/// One third of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Third {
    Early,
    Mid,
    Late,
}

impl Third {
    fn pick<T>(self, early: T, mid: T, late: T) -> T {
        match self {
            Self::Early => early,
            Self::Mid => mid,
            Self::Late => late,
        }
    }
}

/// Applies a bound to a date. "Before 2018" ends with 2017, "by 2018" with 2018.
pub(super) fn apply_bound(bound: Bound, first: DatePart, last: DatePart) -> Result<DateSpan, E> {
    match bound {
        Bound::None | Bound::Between => DateSpan::between(first, last).ok_or(E::EndBeforeStart),
        Bound::Before => unit_before(first.unit)
            .map(|unit| DateSpan::Before(DatePart { unit, ..first }))
            .ok_or(E::ImpossibleDate),
        Bound::After => unit_after(last.unit)
            .map(|unit| DateSpan::After(DatePart { unit, ..last }))
            .ok_or(E::ImpossibleDate),
        Bound::OnOrBefore => Ok(DateSpan::Before(last)),
        Bound::OnOrAfter => Ok(DateSpan::After(first)),
        Bound::From => Ok(DateSpan::From(first)),
        Bound::Until => Ok(DateSpan::Until(last)),
    }
}

fn unit_before(unit: CalendarUnit) -> Option<CalendarUnit> {
    Some(match unit {
        CalendarUnit::Minute(..) => unit,
        CalendarUnit::Month(year, Month::January) => CalendarUnit::Month(year - 1, Month::December),
        CalendarUnit::Month(year, month) => CalendarUnit::Month(year, month.previous()),
        CalendarUnit::Year(year) => CalendarUnit::Year(year - 1),
        CalendarUnit::Decade(decade) => CalendarUnit::Year(decade * 10 - 1),
        CalendarUnit::Day(_) | CalendarUnit::Season(..) => {
            CalendarUnit::Day(unit.earliest().previous_day()?)
        }
    })
}

fn unit_after(unit: CalendarUnit) -> Option<CalendarUnit> {
    Some(match unit {
        CalendarUnit::Minute(..) => unit,
        CalendarUnit::Month(year, Month::December) => CalendarUnit::Month(year + 1, Month::January),
        CalendarUnit::Month(year, month) => CalendarUnit::Month(year, month.next()),
        CalendarUnit::Year(year) => CalendarUnit::Year(year + 1),
        CalendarUnit::Decade(decade) => CalendarUnit::Year(decade * 10 + 10),
        CalendarUnit::Day(_) | CalendarUnit::Season(..) => {
            CalendarUnit::Day(unit.latest().next_day()?)
        }
    })
}

/// One third of a period, both ends approximate. A month has the thirds 1-10, 11-20 and the rest; a
/// season its three months; a year four months each; a decade the years 0-3, 4-6 and 7-9. A day has
/// no thirds.
pub(super) fn third_of(
    unit: CalendarUnit,
    third: Third,
    qualifier: Qualifier,
) -> Result<(DatePart, DatePart), E> {
    let (first, last) = match unit {
        CalendarUnit::Month(year, month) => third_of_month(year, month, third)?,
        CalendarUnit::Season(..) => {
            let month = third_of_season(unit, third);
            (month, month)
        }
        CalendarUnit::Year(year) => {
            let (from, to) = third.pick(
                (Month::January, Month::April),
                (Month::May, Month::August),
                (Month::September, Month::December),
            );
            (
                CalendarUnit::Month(year, from),
                CalendarUnit::Month(year, to),
            )
        }
        CalendarUnit::Decade(decade) => {
            let (from, to) = third.pick((0, 3), (4, 6), (7, 9));
            (
                CalendarUnit::Year(decade * 10 + from),
                CalendarUnit::Year(decade * 10 + to),
            )
        }
        CalendarUnit::Day(_) | CalendarUnit::Minute(..) => return Err(E::Unreadable),
    };
    Ok(approximate_period(first, last, qualifier))
}

/// The first and the last day of a third of a month.
fn third_of_month(
    year: i32,
    month: Month,
    third: Third,
) -> Result<(CalendarUnit, CalendarUnit), E> {
    let (from, to) = third.pick((1, 10), (11, 20), (21, month.length(year)));
    let day = |day| {
        Date::from_calendar_date(year, month, day)
            .map(CalendarUnit::Day)
            .map_err(|_| E::ImpossibleDate)
    };
    Ok((day(from)?, day(to)?))
}

/// The month that is a third of a season. A winter ends in the following year.
fn third_of_season(season: CalendarUnit, third: Third) -> CalendarUnit {
    let first = season.earliest();
    let month = first.month().nth_next(third.pick(0, 1, 2));
    let year = if month < first.month() {
        first.year() + 1
    } else {
        first.year()
    };
    CalendarUnit::Month(year, month)
}

/// The first and the last part of a period whose ends are approximate.
fn approximate_period(
    first: CalendarUnit,
    last: CalendarUnit,
    qualifier: Qualifier,
) -> (DatePart, DatePart) {
    let qualifier = qualifier.and(Qualifier::Approximate);
    let part = |unit| DatePart { unit, qualifier };
    (part(first), part(last))
}

/// A school term in England, both ends approximate: autumn is September to December, spring January
/// to April, summer April to July.
pub(super) fn school_term(
    year: i32,
    season: Season,
    qualifier: Qualifier,
) -> Result<(DatePart, DatePart), E> {
    let (from, to) = match season {
        Season::Autumn => (Month::September, Month::December),
        Season::Spring => (Month::January, Month::April),
        Season::Summer => (Month::April, Month::July),
        Season::Winter => return Err(E::Unreadable),
    };
    let first = CalendarUnit::Month(year, from);
    let last = CalendarUnit::Month(year, to);
    Ok(approximate_period(first, last, qualifier))
}

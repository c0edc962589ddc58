//! Bounds ("before", "since") and stretches ("early", "autumn term") made of what was read.

use time::{Date, Month};

use crate::event_date::EventDateError as E;
use crate::event_date::span::{Doubt, Part, Season, Span, Unit};

/// What a word before a date makes of it.
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

/// Which third of a stretch.
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

/// The span of what was read under its bound. "Before 2018" ends with 2017; "by 2018" with 2018.
pub(super) fn bounded(bound: Bound, first: Part, last: Part) -> Result<Span, E> {
    match bound {
        Bound::None | Bound::Between => Span::between(first, last).ok_or(E::EndBeforeStart),
        Bound::Before => {
            just_before(first.unit).map(|unit| Span::Before(Part { unit, ..first })).ok_or(E::ImpossibleDate)
        }
        Bound::After => just_after(last.unit).map(|unit| Span::After(Part { unit, ..last })).ok_or(E::ImpossibleDate),
        Bound::OnOrBefore => Ok(Span::Before(last)),
        Bound::OnOrAfter => Ok(Span::After(first)),
        Bound::From => Ok(Span::From(first)),
        Bound::Until => Ok(Span::Until(last)),
    }
}

fn just_before(unit: Unit) -> Option<Unit> {
    Some(match unit {
        Unit::Minute(..) => unit,
        Unit::Month(year, Month::January) => Unit::Month(year - 1, Month::December),
        Unit::Month(year, month) => Unit::Month(year, month.previous()),
        Unit::Year(year) => Unit::Year(year - 1),
        Unit::Decade(decade) => Unit::Year(decade * 10 - 1),
        Unit::Day(_) | Unit::Season(..) => Unit::Day(unit.earliest().previous_day()?),
    })
}

fn just_after(unit: Unit) -> Option<Unit> {
    Some(match unit {
        Unit::Minute(..) => unit,
        Unit::Month(year, Month::December) => Unit::Month(year + 1, Month::January),
        Unit::Month(year, month) => Unit::Month(year, month.next()),
        Unit::Year(year) => Unit::Year(year + 1),
        Unit::Decade(decade) => Unit::Year(decade * 10 + 10),
        Unit::Day(_) | Unit::Season(..) => Unit::Day(unit.latest().next_day()?),
    })
}

/// A third of a stretch, both ends "about": of a month days 1-10, 11-20 and the rest; of a season its months; of a year four months
/// each; of a decade years 0-3, 4-6 and 7-9. A day has no thirds.
pub(super) fn third(unit: Unit, third: Third, doubt: Doubt) -> Result<(Part, Part), E> {
    let doubt = doubt.and(Doubt::About);
    let pair = |first, last| Ok((Part { unit: first, doubt }, Part { unit: last, doubt }));
    match unit {
        Unit::Month(year, month) => {
            let (from, to) = third.pick((1, 10), (11, 20), (21, month.length(year)));
            let day = |day| Date::from_calendar_date(year, month, day).map(Unit::Day).map_err(|_| E::ImpossibleDate);
            pair(day(from)?, day(to)?)
        }
        Unit::Season(..) => {
            let first = unit.earliest();
            let month = first.month().nth_next(third.pick(0, 1, 2));
            let year = if month < first.month() { first.year() + 1 } else { first.year() };
            pair(Unit::Month(year, month), Unit::Month(year, month))
        }
        Unit::Year(year) => {
            let (from, to) = third.pick(
                (Month::January, Month::April),
                (Month::May, Month::August),
                (Month::September, Month::December),
            );
            pair(Unit::Month(year, from), Unit::Month(year, to))
        }
        Unit::Decade(decade) => {
            let (from, to) = third.pick((0, 3), (4, 6), (7, 9));
            pair(Unit::Year(decade * 10 + from), Unit::Year(decade * 10 + to))
        }
        Unit::Day(_) | Unit::Minute(..) => Err(E::Unreadable),
    }
}

/// A school term in England, both ends "about": autumn September to December, spring January to April, summer April to July.
pub(super) fn term(year: i32, season: Season, doubt: Doubt) -> Result<(Part, Part), E> {
    let (from, to) = match season {
        Season::Autumn => (Month::September, Month::December),
        Season::Spring => (Month::January, Month::April),
        Season::Summer => (Month::April, Month::July),
        Season::Winter => return Err(E::Unreadable),
    };
    let doubt = doubt.and(Doubt::About);
    Ok((Part { unit: Unit::Month(year, from), doubt }, Part { unit: Unit::Month(year, to), doubt }))
}

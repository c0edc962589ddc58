//! Where imprecise dates stand in a chronology.

use time::Date;

use super::span::{Doubt, Span, Unit};

/// A date's place in a chronology. Dates are ordered by the earliest day they can have been; a date with an open start
/// ("before", "until") by its latest day. On one day stand first the dates with an open start, then known times in order, then
/// the day without a time, then wider stretches, the shorter first, then ranges, then open ends; of two that still agree, the surer.
/// Dates that mean the same have equal keys; ranges that differ only in their doubt may too, so a caller breaks ties by an
/// identifier of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    day: Date,
    rank: u8,
    minutes: u16,
    latest: Date,
    kind: u8,
    doubt: Doubt,
}

impl SortKey {
    pub(crate) fn of(span: &Span) -> Self {
        let open_start = matches!(span, Span::Before(_) | Span::Until(_));
        let time = span.time();
        let rank = match span {
            Span::Before(_) | Span::Until(_) => 0,
            _ if time.is_some() => 1,
            Span::One(part) if matches!(part.unit, Unit::Day(_)) => 2,
            Span::One(_) | Span::Between(..) => 3,
            Span::From(_) | Span::After(_) => 4,
        };
        Self {
            day: if open_start { span.latest() } else { span.earliest() },
            rank,
            minutes: time.map_or(0, super::TimeOfDay::minutes),
            latest: span.latest(),
            kind: span.precision() as u8 * 2 + u8::from(matches!(span, Span::From(_) | Span::Until(_))),
            doubt: span.parts().fold(Doubt::None, |doubt, part| doubt.and(part.doubt)),
        }
    }
}

/// What ordering assumes, to be shown beside the date.
pub(crate) fn assumption(span: &Span) -> Option<&'static str> {
    match span {
        Span::One(part) => match (part.unit, part.doubt) {
            (Unit::Minute(..) | Unit::Day(_), Doubt::None) => None,
            (Unit::Minute(..) | Unit::Day(_), Doubt::About) => Some("The day is approximate: placed at the day given"),
            (Unit::Minute(..) | Unit::Day(_), _) => Some("The day is uncertain: placed at the day given"),
            (Unit::Month(..), _) => {
                Some("Only the month is known: placed at the start of the month, after events of its first day")
            }
            (Unit::Season(..), _) => Some(
                "Only the season is known: placed at its start (1 March, 1 June, 1 September or 1 December), after events of that day",
            ),
            (Unit::Year(_), _) => {
                Some("Only the year is known: placed at the start of the year, after events of 1 January")
            }
            (Unit::Decade(_), _) => {
                Some("Only the decade is known: placed at the start of its first year, after events of 1 January")
            }
        },
        Span::Before(_) => Some("Only a latest date is known: placed just before events of that date's last day"),
        Span::After(_) => Some("Only an earliest date is known: placed at that date, after its other events"),
        Span::Between(..) => Some("A range is known: placed at its first day"),
        Span::From(_) => Some("Going on from a date, with no end known: placed at that date, after its other events"),
        Span::Until(_) => Some("Only the end is known: placed just before events of its last day"),
    }
}

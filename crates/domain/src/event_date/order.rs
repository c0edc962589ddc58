//! The order of dates in a chronology, and what it assumes of inexact ones.

use time::Date;

use super::span::{CalendarUnit, DateSpan, Qualifier};

/// The key by which dates are sorted in a chronology. A date is ordered by the earliest day it can
/// mean; a date with an open start ("before", "until") by its latest day. On one day the order is:
/// dates with an open start, known times in order, the day without a time, longer periods (the
/// shorter first), ranges, open ends. Of two dates that are still equal, the one with less doubt
/// comes first.
///
/// Dates that mean the same have equal keys. Ranges that differ only in their qualification may
/// have equal keys too, so a caller breaks ties by an identifier of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    day: Date,
    rank: u8,
    minutes: u16,
    latest: Date,
    kind: u8,
    qualifier: Qualifier,
}

impl SortKey {
    pub(crate) fn from_span(span: &DateSpan) -> Self {
        let open_start = matches!(span, DateSpan::Before(_) | DateSpan::Until(_));
        let time = span.time();
        let rank = match span {
            DateSpan::Before(_) | DateSpan::Until(_) => 0,
            _ if time.is_some() => 1,
            DateSpan::Single(part) if matches!(part.unit, CalendarUnit::Day(_)) => 2,
            DateSpan::Single(_) | DateSpan::Between(..) => 3,
            DateSpan::From(_) | DateSpan::After(_) => 4,
        };
        Self {
            day: if open_start {
                span.latest()
            } else {
                span.earliest()
            },
            rank,
            minutes: time.map_or(0, super::TimeOfDay::minutes),
            latest: span.latest(),
            kind: span.precision() as u8 * 2
                + u8::from(matches!(span, DateSpan::From(_) | DateSpan::Until(_))),
            qualifier: span.parts().fold(Qualifier::None, |qualifier, part| {
                qualifier.and(part.qualifier)
            }),
        }
    }
}

/// What the order assumes of an inexact date, in words to show beside it.
pub(crate) fn assumption(span: &DateSpan) -> Option<&'static str> {
    match span {
        DateSpan::Single(part) => match (part.unit, part.qualifier) {
            (CalendarUnit::Minute(..) | CalendarUnit::Day(_), Qualifier::None) => None,
            (CalendarUnit::Minute(..) | CalendarUnit::Day(_), Qualifier::Approximate) => {
                Some("The day is approximate: placed at the day given")
            }
            (CalendarUnit::Minute(..) | CalendarUnit::Day(_), _) => {
                Some("The day is uncertain: placed at the day given")
            }
            (CalendarUnit::Month(..), _) => Some(
                "Only the month is known: placed at the start of the month, after events of its first day",
            ),
            (CalendarUnit::Season(..), _) => Some(
                "Only the season is known: placed at its start (1 March, 1 June, 1 September or 1 December), after events of that day",
            ),
            (CalendarUnit::Year(_), _) => Some(
                "Only the year is known: placed at the start of the year, after events of 1 January",
            ),
            (CalendarUnit::Decade(_), _) => Some(
                "Only the decade is known: placed at the start of its first year, after events of 1 January",
            ),
        },
        DateSpan::Before(_) => {
            Some("Only a latest date is known: placed just before events of that date's last day")
        }
        DateSpan::After(_) => {
            Some("Only an earliest date is known: placed at that date, after its other events")
        }
        DateSpan::Between(..) => Some("A range is known: placed at its first day"),
        DateSpan::From(_) => Some(
            "Going on from a date, with no end known: placed at that date, after its other events",
        ),
        DateSpan::Until(_) => {
            Some("Only the end is known: placed just before events of its last day")
        }
    }
}

//! What a date means: one part of the calendar, a bound, or a range between two parts.

use std::fmt;

use time::{Date, Month};

use super::{EventDate, TimeOfDay};
use crate::enums::string_enum;

string_enum! {
    /// How exactly the date of an event is known.
    Precision {
        /// A day and a time of day.
        DateTime = "date_time",
        /// A day.
        Date = "date",
        /// A month.
        Month = "month",
        /// A season.
        Season = "season",
        /// A year.
        Year = "year",
        /// A decade.
        Decade = "decade",
        /// On or before a day, month or year.
        Before = "before",
        /// On or after a day, month or year.
        After = "after",
        /// Between two dates, or going on from or until one.
        Range = "range",
    }
}

/// A season of the meteorological year, by its EDTF number. Winter runs from December into the
/// following February.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Season {
    Spring = 21,
    Summer = 22,
    Autumn = 23,
    Winter = 24,
}

/// A unit of the calendar: a minute, day, month, season, year or decade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CalendarUnit {
    Minute(Date, TimeOfDay),
    Day(Date),
    Month(i32, Month),
    Season(i32, Season),
    Year(i32),
    /// The year divided by ten.
    Decade(i32),
}

/// The qualification of a part: approximate (EDTF `~`), uncertain (`?`) or both (`%`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Qualifier {
    #[default]
    None,
    Approximate,
    Uncertain,
    Both,
}

/// A unit of the calendar with its qualification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DatePart {
    pub(crate) unit: CalendarUnit,
    pub(crate) qualifier: Qualifier,
}

/// What a date means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateSpan {
    Single(DatePart),
    /// On or before.
    Before(DatePart),
    /// On or after.
    After(DatePart),
    /// From one to another, both included.
    Between(DatePart, DatePart),
    /// Going on since a part, with an open end.
    From(DatePart),
    /// Going on until a part, with an open start.
    Until(DatePart),
}

impl Qualifier {
    pub(crate) const fn is_approximate(self) -> bool {
        matches!(self, Self::Approximate | Self::Both)
    }

    pub(crate) const fn is_uncertain(self) -> bool {
        matches!(self, Self::Uncertain | Self::Both)
    }

    pub(crate) const fn new(approximate: bool, uncertain: bool) -> Self {
        match (approximate, uncertain) {
            (false, false) => Self::None,
            (true, false) => Self::Approximate,
            (false, true) => Self::Uncertain,
            (true, true) => Self::Both,
        }
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self::new(
            self.is_approximate() || other.is_approximate(),
            self.is_uncertain() || other.is_uncertain(),
        )
    }
}

/// A day of the calendar. The parsers have ruled out days that do not exist; for one, this is
/// [`EventDate::OPEN_END`].
fn day(year: i32, month: Month, day: u8) -> Date {
    Date::from_calendar_date(year, month, day).unwrap_or(EventDate::OPEN_END)
}

fn last_day_of_month(year: i32, month: Month) -> Date {
    day(year, month, month.length(year))
}

impl Season {
    const fn months(self) -> (Month, Month) {
        match self {
            Self::Spring => (Month::March, Month::May),
            Self::Summer => (Month::June, Month::August),
            Self::Autumn => (Month::September, Month::November),
            Self::Winter => (Month::December, Month::February),
        }
    }
}

impl CalendarUnit {
    pub(crate) fn earliest(self) -> Date {
        match self {
            Self::Minute(date, _) | Self::Day(date) => date,
            Self::Month(year, month) => day(year, month, 1),
            Self::Season(year, season) => day(year, season.months().0, 1),
            Self::Year(year) => day(year, Month::January, 1),
            Self::Decade(decade) => day(decade * 10, Month::January, 1),
        }
    }

    pub(crate) fn latest(self) -> Date {
        match self {
            Self::Minute(date, _) | Self::Day(date) => date,
            Self::Month(year, month) => last_day_of_month(year, month),
            Self::Season(year, Season::Winter) => last_day_of_month(year + 1, Month::February),
            Self::Season(year, season) => last_day_of_month(year, season.months().1),
            Self::Year(year) => day(year, Month::December, 31),
            Self::Decade(decade) => day(decade * 10 + 9, Month::December, 31),
        }
    }

    pub(crate) const fn time(self) -> Option<TimeOfDay> {
        if let Self::Minute(_, time) = self {
            Some(time)
        } else {
            None
        }
    }

    const fn precision(self) -> Precision {
        match self {
            Self::Minute(..) => Precision::DateTime,
            Self::Day(_) => Precision::Date,
            Self::Month(..) => Precision::Month,
            Self::Season(..) => Precision::Season,
            Self::Year(_) => Precision::Year,
            Self::Decade(_) => Precision::Decade,
        }
    }
}

impl DatePart {
    pub(crate) const fn unqualified(unit: CalendarUnit) -> Self {
        Self {
            unit,
            qualifier: Qualifier::None,
        }
    }
}

impl DateSpan {
    /// A range, or one part when both ends are equal. `None` when the end lies before the start.
    pub(crate) fn between(from: DatePart, to: DatePart) -> Option<Self> {
        if from == to {
            return Some(Self::Single(from));
        }
        let first = from.unit.earliest();
        let last = to.unit.latest();
        let ends_before_start_on_same_day =
            first == last && from.unit.time() > to.unit.time() && to.unit.time().is_some();
        (first <= last && !ends_before_start_on_same_day).then_some(Self::Between(from, to))
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = DatePart> {
        let (first, second) = match *self {
            Self::Single(part)
            | Self::Before(part)
            | Self::After(part)
            | Self::From(part)
            | Self::Until(part) => (part, None),
            Self::Between(from, to) => (from, Some(to)),
        };
        std::iter::once(first).chain(second)
    }

    pub(crate) const fn precision(&self) -> Precision {
        match self {
            Self::Single(part) => part.unit.precision(),
            Self::Before(_) => Precision::Before,
            Self::After(_) => Precision::After,
            Self::Between(..) | Self::From(_) | Self::Until(_) => Precision::Range,
        }
    }

    pub(crate) fn earliest(&self) -> Date {
        match self {
            Self::Before(_) | Self::Until(_) => EventDate::OPEN_START,
            Self::Single(part) | Self::After(part) | Self::From(part) | Self::Between(part, _) => {
                part.unit.earliest()
            }
        }
    }

    pub(crate) fn latest(&self) -> Date {
        match self {
            Self::After(_) | Self::From(_) => EventDate::OPEN_END,
            Self::Single(part)
            | Self::Before(part)
            | Self::Until(part)
            | Self::Between(_, part) => part.unit.latest(),
        }
    }

    pub(crate) const fn time(&self) -> Option<TimeOfDay> {
        match self {
            Self::Single(part) | Self::Between(part, _) => part.unit.time(),
            _ => None,
        }
    }

    pub(crate) fn begins_after(&self, day: Date) -> bool {
        match self {
            Self::Before(_) => false,
            _ => self.parts().any(|part| part.unit.earliest() > day),
        }
    }
}

impl fmt::Display for CalendarUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let write_day = |f: &mut fmt::Formatter<'_>, date: Date| {
            write!(
                f,
                "{:04}-{:02}-{:02}",
                date.year(),
                u8::from(date.month()),
                date.day()
            )
        };
        match *self {
            Self::Minute(date, time) => {
                write_day(f, date)?;
                write!(f, "T{time}")
            }
            Self::Day(date) => write_day(f, date),
            Self::Month(year, month) => write!(f, "{year:04}-{:02}", u8::from(month)),
            Self::Season(year, season) => write!(f, "{year:04}-{}", season as u8),
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Decade(decade) => write!(f, "{decade:03}X"),
        }
    }
}

impl fmt::Display for DatePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.qualifier {
            Qualifier::None => "",
            Qualifier::Approximate => "~",
            Qualifier::Uncertain => "?",
            Qualifier::Both => "%",
        };
        write!(f, "{}{mark}", self.unit)
    }
}

impl fmt::Display for DateSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(part) => part.fmt(f),
            Self::Before(part) => write!(f, "[..{part}]"),
            Self::After(part) => write!(f, "[{part}..]"),
            Self::Between(from, to) => write!(f, "{from}/{to}"),
            Self::From(part) => write!(f, "{part}/.."),
            Self::Until(part) => write!(f, "../{part}"),
        }
    }
}

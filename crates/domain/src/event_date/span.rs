//! The meaning of a date: one part, a bound, or a range of parts.

use std::fmt;

use time::{Date, Month};

use super::{EventDate, TimeOfDay};
use crate::words::closed_list;

closed_list! {
    /// How exactly it is known when something happened.
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
        /// Between two, or going on from or until one.
        Range = "range",
    }
}

/// A season of the meteorological year, by its EDTF number. Winter runs from December into the following February.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Season {
    Spring = 21,
    Summer = 22,
    Autumn = 23,
    Winter = 24,
}

/// One stretch of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Minute(Date, TimeOfDay),
    Day(Date),
    Month(i32, Month),
    Season(i32, Season),
    Year(i32),
    /// The year divided by ten.
    Decade(i32),
}

/// How far a part is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Doubt {
    #[default]
    None,
    About,
    Uncertain,
    Both,
}

/// A stretch of the calendar and its doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) unit: Unit,
    pub(crate) doubt: Doubt,
}

/// The meaning of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    One(Part),
    /// On or before.
    Before(Part),
    /// On or after.
    After(Part),
    /// From one to another, both included.
    Between(Part, Part),
    /// Going on since.
    From(Part),
    /// Going on until.
    Until(Part),
}

impl Doubt {
    pub(crate) const fn is_about(self) -> bool {
        matches!(self, Self::About | Self::Both)
    }

    pub(crate) const fn is_uncertain(self) -> bool {
        matches!(self, Self::Uncertain | Self::Both)
    }

    pub(crate) const fn new(about: bool, uncertain: bool) -> Self {
        match (about, uncertain) {
            (false, false) => Self::None,
            (true, false) => Self::About,
            (false, true) => Self::Uncertain,
            (true, true) => Self::Both,
        }
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self::new(self.is_about() || other.is_about(), self.is_uncertain() || other.is_uncertain())
    }
}

/// A day of the calendar; the year's first day when there is no such day, which the parsers rule out beforehand.
fn day(year: i32, month: Month, day: u8) -> Date {
    Date::from_calendar_date(year, month, day).unwrap_or(EventDate::OPEN_END)
}

fn month_end(year: i32, month: Month) -> Date {
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

impl Unit {
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
            Self::Month(year, month) => month_end(year, month),
            Self::Season(year, Season::Winter) => month_end(year + 1, Month::February),
            Self::Season(year, season) => month_end(year, season.months().1),
            Self::Year(year) => day(year, Month::December, 31),
            Self::Decade(decade) => day(decade * 10 + 9, Month::December, 31),
        }
    }

    pub(crate) const fn time(self) -> Option<TimeOfDay> {
        if let Self::Minute(_, time) = self { Some(time) } else { None }
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

impl Part {
    pub(crate) const fn sure(unit: Unit) -> Self {
        Self { unit, doubt: Doubt::None }
    }
}

impl Span {
    /// A range; one part when both ends are the same. `None` when the end lies before the start.
    pub(crate) fn between(from: Part, to: Part) -> Option<Self> {
        if from == to {
            return Some(Self::One(from));
        }
        let (first, last) = (from.unit.earliest(), to.unit.latest());
        let same_day_backwards = first == last && from.unit.time() > to.unit.time() && to.unit.time().is_some();
        (first <= last && !same_day_backwards).then_some(Self::Between(from, to))
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = Part> {
        let (first, second) = match *self {
            Self::One(part) | Self::Before(part) | Self::After(part) | Self::From(part) | Self::Until(part) => {
                (part, None)
            }
            Self::Between(from, to) => (from, Some(to)),
        };
        std::iter::once(first).chain(second)
    }

    pub(crate) const fn precision(&self) -> Precision {
        match self {
            Self::One(part) => part.unit.precision(),
            Self::Before(_) => Precision::Before,
            Self::After(_) => Precision::After,
            Self::Between(..) | Self::From(_) | Self::Until(_) => Precision::Range,
        }
    }

    pub(crate) fn earliest(&self) -> Date {
        match self {
            Self::Before(_) | Self::Until(_) => EventDate::OPEN_START,
            Self::One(part) | Self::After(part) | Self::From(part) | Self::Between(part, _) => part.unit.earliest(),
        }
    }

    pub(crate) fn latest(&self) -> Date {
        match self {
            Self::After(_) | Self::From(_) => EventDate::OPEN_END,
            Self::One(part) | Self::Before(part) | Self::Until(part) | Self::Between(_, part) => part.unit.latest(),
        }
    }

    pub(crate) const fn time(&self) -> Option<TimeOfDay> {
        match self {
            Self::One(part) | Self::Between(part, _) => part.unit.time(),
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

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let write_day = |f: &mut fmt::Formatter<'_>, date: Date| {
            write!(f, "{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
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

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.doubt {
            Doubt::None => "",
            Doubt::About => "~",
            Doubt::Uncertain => "?",
            Doubt::Both => "%",
        };
        write!(f, "{}{mark}", self.unit)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(part) => part.fmt(f),
            Self::Before(part) => write!(f, "[..{part}]"),
            Self::After(part) => write!(f, "[{part}..]"),
            Self::Between(from, to) => write!(f, "{from}/{to}"),
            Self::From(part) => write!(f, "{part}/.."),
            Self::Until(part) => write!(f, "../{part}"),
        }
    }
}

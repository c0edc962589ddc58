//! Why a date cannot be read.

/// Why a date cannot be read. None of these repeats what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventDateError {
    /// Nothing was given.
    #[error("no date given")]
    Empty,
    /// Longer than any date.
    #[error("too long to be a date: at most 100 characters")]
    TooLong,
    /// Not a form that is understood here, or open to more than one reading.
    #[error("not understood as a date: write the day, month and year, or what is known of them")]
    Unreadable,
    /// A day and perhaps a month, but no year.
    #[error("the year is missing")]
    YearMissing,
    /// A day, month or year that does not exist: 31 February, month 13.
    #[error("no such day: days come first, then months")]
    ImpossibleDate,
    /// A time of day that does not exist.
    #[error("no such time of day")]
    ImpossibleTime,
    /// A range whose end lies before its start.
    #[error("the end lies before the start")]
    EndBeforeStart,
}

impl EventDateError {
    /// A stable code for problem documents.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "date_missing",
            Self::TooLong => "date_too_long",
            Self::Unreadable => "date_unreadable",
            Self::YearMissing => "date_year_missing",
            Self::ImpossibleDate => "date_impossible",
            Self::ImpossibleTime => "time_impossible",
            Self::EndBeforeStart => "end_before_start",
        }
    }
}

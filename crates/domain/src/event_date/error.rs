//! The error of parsing a date.

/// Why a date cannot be parsed. No error repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventDateError {
    /// The text is empty.
    #[error("no date given")]
    Empty,
    /// The text is longer than any date: more than 100 characters.
    #[error("too long to be a date: at most 100 characters")]
    TooLong,
    /// The text has no form that is supported, or has more than one possible meaning.
    #[error("not understood as a date: write the day, month and year, or what is known of them")]
    Unreadable,
    /// The text gives a day, month or season without a year.
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
    /// The stable code of this error in problem documents.
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

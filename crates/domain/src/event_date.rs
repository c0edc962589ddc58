//! Dates of events, with the precision to which they are known. The value is EDTF (ISO 8601-2,
//! levels 0 and 1 and the parts of level 2 that chronologies need); the words that a person typed
//! are kept beside it.

mod edtf;
mod error;
mod json;
mod order;
mod span;
mod time_of_day;
mod typed_text;
mod uk_time;

use time::Date;

pub use error::EventDateError;
pub use json::WhenOut;
pub(crate) use json::iso_date;
pub use order::SortKey;
pub use span::Precision;
pub use time_of_day::TimeOfDay;
pub use uk_time::{uk_date_at, uk_day_end};

use crate::Sensitive;
use span::DateSpan;

/// When an event happened: the meaning, its canonical EDTF text, the original words and what was
/// corrected in them. Two dates that mean the same have the same EDTF text. Days and times of day
/// are those of the United Kingdom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDate {
    span: DateSpan,
    edtf: String,
    words: Option<Sensitive<String>>,
    repair: Option<String>,
}

impl EventDate {
    /// The day that stands for an open start: 1 January 1800.
    pub const OPEN_START: Date = time::macros::date!(1800 - 01 - 01);
    /// The day that stands for an open end: 31 December 9999.
    pub const OPEN_END: Date = time::macros::date!(9999 - 12 - 31);

    pub(crate) fn from_span(span: DateSpan) -> Self {
        Self {
            edtf: span.to_string(),
            span,
            words: None,
            repair: None,
        }
    }

    /// Parses EDTF. A time may have seconds, which are dropped, and an offset, which is converted
    /// to UK time.
    ///
    /// # Errors
    /// [`EventDateError`] when the text is not supported EDTF, names a day or time that does not
    /// exist, or ends before it starts.
    pub fn from_edtf(text: &str) -> Result<Self, EventDateError> {
        edtf::parse(text).map(Self::from_span)
    }

    /// Parses what people type ("22.05.16", "early March 2019", "between 3 and 5 May 2020"), day
    /// first as in the United Kingdom, and keeps the words unchanged. Two-digit years up to 69 are
    /// 20xx, later ones 19xx; the current year plays no part, because this crate reads no clock.
    ///
    /// # Errors
    /// [`EventDateError`] when the words have no single meaning, lack a year, name a day or time
    /// that does not exist, or end before they start.
    pub fn from_words(text: &str) -> Result<Self, EventDateError> {
        let (span, repair) = typed_text::parse(text)?;
        Ok(Self {
            repair,
            ..Self::from_span(span)
        }
        .with_words(Sensitive::from(text)))
    }

    /// Returns the date with the words that a person used for it.
    #[must_use]
    pub fn with_words(mut self, words: Sensitive<String>) -> Self {
        self.words = Some(words);
        self
    }

    /// The canonical EDTF text.
    #[must_use]
    pub fn edtf(&self) -> &str {
        &self.edtf
    }

    /// How exactly the date is known.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        self.span.precision()
    }

    /// The first day that the date can mean; [`EventDate::OPEN_START`] when the start is open.
    /// "About" does not widen it.
    #[must_use]
    pub fn earliest(&self) -> Date {
        self.span.earliest()
    }

    /// The last day that the date can mean; [`EventDate::OPEN_END`] when the end is open. "About"
    /// does not widen it.
    #[must_use]
    pub fn latest(&self) -> Date {
        self.span.latest()
    }

    /// The time of day, if it is known. For a range with times, the time at which it starts.
    #[must_use]
    pub const fn time(&self) -> Option<TimeOfDay> {
        self.span.time()
    }

    /// The words that a person typed, unchanged.
    #[must_use]
    pub const fn words(&self) -> Option<&Sensitive<String>> {
        self.words.as_ref()
    }

    /// What was corrected in the words so that they could be parsed: "read as 22/05/16".
    #[must_use]
    pub fn repair(&self) -> Option<&str> {
        self.repair.as_deref()
    }

    /// Whether any part of the date is marked as approximate.
    #[must_use]
    pub fn is_approximate(&self) -> bool {
        self.span
            .parts()
            .any(|part| part.qualifier.is_approximate())
    }

    /// Whether any part of the date is marked as uncertain.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.span.parts().any(|part| part.qualifier.is_uncertain())
    }

    /// Whether the date, or the stated end of a range, lies wholly after `day`. An open end does
    /// not.
    #[must_use]
    pub fn is_after_day(&self, day: Date) -> bool {
        self.span.begins_after(day)
    }

    /// What the order assumes of the date, in words to show beside it; `None` for an exact day,
    /// with or without a time.
    #[must_use]
    pub fn assumption(&self) -> Option<&'static str> {
        order::assumption(&self.span)
    }

    /// The key by which the date is sorted in a chronology.
    #[must_use]
    pub fn sort_key(&self) -> SortKey {
        SortKey::from_span(&self.span)
    }
}

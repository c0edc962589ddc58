//! When something happened, as exactly as it is known and no more. The value is EDTF (ISO 8601-2, levels 0 and 1 and the
//! parts of level 2 that chronologies need); what a person typed is kept beside it.

mod edtf;
mod error;
mod order;
mod span;
mod time_of_day;
mod uk;
mod wire;
mod words;

use time::Date;

pub use error::EventDateError;
pub use order::SortKey;
pub use span::Precision;
pub use time_of_day::TimeOfDay;
pub use uk::{uk_date_of, uk_midnight_after};
pub use wire::WhenOut;
pub(crate) use wire::iso_day;

use crate::Sensitive;
use span::Span;

/// When an event happened: the meaning, its canonical EDTF text, the original words and what was repaired in them. Two
/// dates that mean the same have the same EDTF text. Days and times of day are the United Kingdom's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDate {
    span: Span,
    edtf: String,
    words: Option<Sensitive<String>>,
    repair: Option<String>,
}

impl EventDate {
    /// The earliest day an open start is taken to reach: 1 January 1800.
    pub const OPEN_START: Date = time::macros::date!(1800 - 01 - 01);
    /// The latest day an open end is taken to reach: 31 December 9999.
    pub const OPEN_END: Date = time::macros::date!(9999 - 12 - 31);

    pub(crate) fn of(span: Span) -> Self {
        Self { edtf: span.to_string(), span, words: None, repair: None }
    }

    /// Reads EDTF. A time may carry seconds, which are left out, and an offset, which is converted to UK time.
    ///
    /// # Errors
    /// [`EventDateError`]: not EDTF that is understood here, a day or time that does not exist, or an end before its start.
    pub fn from_edtf(text: &str) -> Result<Self, EventDateError> {
        edtf::parse(text).map(Self::of)
    }

    /// Reads what people type ("22.05.16", "early March 2019", "between 3 and 5 May 2020"), day first as in the United
    /// Kingdom, and keeps the words as they are. Two-digit years up to 69 are 20xx, later ones 19xx: there is no clock here.
    ///
    /// # Errors
    /// [`EventDateError`]: the words are not understood without guessing, lack a year, or name a day that does not exist.
    pub fn from_words(text: &str) -> Result<Self, EventDateError> {
        let (span, repair) = words::parse(text)?;
        Ok(Self { repair, ..Self::of(span) }.with_words(Sensitive::from(text)))
    }

    /// The same date with the words a person used for it.
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

    /// How exactly it is known.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        self.span.precision()
    }

    /// The first day it can have been; [`EventDate::OPEN_START`] when the start is open. "About" does not widen it.
    #[must_use]
    pub fn earliest(&self) -> Date {
        self.span.earliest()
    }

    /// The last day it can have been; [`EventDate::OPEN_END`] when the end is open. "About" does not widen it.
    #[must_use]
    pub fn latest(&self) -> Date {
        self.span.latest()
    }

    /// The time of day, only when it is known. Of a range with times, the time at which it starts.
    #[must_use]
    pub const fn time(&self) -> Option<TimeOfDay> {
        self.span.time()
    }

    /// What a person typed, unchanged.
    #[must_use]
    pub const fn words(&self) -> Option<&Sensitive<String>> {
        self.words.as_ref()
    }

    /// What was mended in the words so that they could be read: "read as 22/05/16".
    #[must_use]
    pub fn repair(&self) -> Option<&str> {
        self.repair.as_deref()
    }

    /// Whether any part of it is said to be approximate.
    #[must_use]
    pub fn is_about(&self) -> bool {
        self.span.parts().any(|part| part.doubt.is_about())
    }

    /// Whether any part of it is said to be uncertain.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.span.parts().any(|part| part.doubt.is_uncertain())
    }

    /// Whether it, or the stated end of it, lies wholly after `day`. An open end does not.
    #[must_use]
    pub fn is_after_day(&self, day: Date) -> bool {
        self.span.begins_after(day)
    }

    /// What ordering assumes of it, in words to show beside it; `None` for an exact day, with or without a time.
    #[must_use]
    pub fn assumption(&self) -> Option<&'static str> {
        order::assumption(&self.span)
    }

    /// Its place in a chronology: see [`SortKey`].
    #[must_use]
    pub fn sort_key(&self) -> SortKey {
        SortKey::of(&self.span)
    }
}

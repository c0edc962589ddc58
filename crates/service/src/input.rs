//! Checks and conversions of single values that several use cases share.

use domain::{EventDate, Sensitive};
use kernel::Fault;

/// The text, or `None` when it is blank.
pub(crate) fn non_blank(text: Option<&Sensitive<String>>) -> Option<Sensitive<String>> {
    text.filter(|text| !text.as_str().trim().is_empty())
        .cloned()
}

/// Parses a calendar date in ISO 8601 form.
pub(crate) fn parse_day(text: &str) -> Option<time::Date> {
    time::Date::parse(
        text,
        &time::macros::format_description!("[year]-[month]-[day]"),
    )
    .ok()
}

/// A fault when an optional day is given and does not parse.
pub(crate) fn edtf_fault(pointer: String, day: &Option<String>) -> Option<Fault> {
    let is_unparseable = day
        .as_deref()
        .is_some_and(|day| EventDate::from_edtf(day).is_err());
    is_unparseable.then(|| {
        Fault::new(
            pointer,
            "unparseable_date",
            "a day, month or year in EDTF, as in 2021-03",
        )
    })
}

/// A count as an API integer.
pub(crate) fn as_count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

//! How the days of two entries of one agency are related.

use super::parsed_entry::ParsedEntry;

/// A text quotes no day later than this many days after its own: an event may end on a later day.
const MAX_DAYS_AHEAD: i64 = 2;

/// How the days of two entries are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayRelation {
    /// Both are dated to one day.
    SameDay,
    /// The text of one quotes the day of the other, as a date where `is_explicit`, else by name.
    QuotesOther {
        is_explicit: bool,
        first_quotes: bool,
    },
    /// Both texts quote one day.
    BothQuote { is_explicit: bool },
    /// One lies within the span of the other, which has that many days.
    Within(i64),
    /// They are dated one day apart.
    Adjacent,
    /// One is undated.
    Undated,
    /// They exclude each other.
    Disjoint,
}

/// The strongest relation that holds between the days of two entries.
pub(crate) fn day_relation(a: &ParsedEntry, b: &ParsedEntry) -> DayRelation {
    if let (Some(x), Some(y)) = (a.day, b.day)
        && x == y
    {
        return DayRelation::SameDay;
    }
    if let Some(relation) = quoted_by_one(a, b) {
        return relation;
    }
    let is_adjacent = a
        .day
        .zip(b.day)
        .is_some_and(|(x, y)| (x - y).whole_days().abs() == 1);
    if let Some(is_explicit) = quoted_by_both(a, b) {
        return DayRelation::BothQuote { is_explicit };
    }
    if is_adjacent {
        return DayRelation::Adjacent;
    }
    match (a.span, b.span) {
        (Some(x), Some(y)) if x.0 <= y.1 && y.0 <= x.1 => {
            DayRelation::Within((x.1 - x.0).whole_days().max((y.1 - y.0).whole_days()))
        }
        _ if a.full_span.1 < b.full_span.0 || b.full_span.1 < a.full_span.0 => {
            quoted_within_span(a, b)
        }
        (Some(_), Some(_)) => quoted_within_span(a, b),
        _ => DayRelation::Undated,
    }
}

/// The relation of entries of which one quotes the day of the other. A date counts before a name.
fn quoted_by_one(a: &ParsedEntry, b: &ParsedEntry) -> Option<DayRelation> {
    let quotes = |one: &ParsedEntry, other: &ParsedEntry| {
        let day = other.day?;
        let is_later = one
            .day
            .is_some_and(|own| (day - own).whole_days() > MAX_DAYS_AHEAD);
        let quoted = one
            .quoted_days
            .iter()
            .find(|quoted| !is_later && quoted.could_be(day));
        quoted.map(|quoted| quoted.is_explicit)
    };
    let (is_explicit, first_quotes) = match (quotes(a, b), quotes(b, a)) {
        (Some(true), _) => (true, true),
        (_, Some(true)) => (true, false),
        (Some(false), _) => (false, true),
        (_, Some(false)) => (false, false),
        (None, None) => return None,
    };
    Some(DayRelation::QuotesOther {
        is_explicit,
        first_quotes,
    })
}

/// Whether both texts quote one day, and if so, whether both give it as a date.
fn quoted_by_both(a: &ParsedEntry, b: &ParsedEntry) -> Option<bool> {
    let common = a.quoted_days.iter().flat_map(|x| {
        let equal = b.quoted_days.iter().filter(|y| x.could_equal(y));
        equal.map(|y| x.is_explicit && y.is_explicit)
    });
    common.max()
}

/// The relation of entries whose dates exclude each other: one may still quote a day within the
/// other's span.
fn quoted_within_span(a: &ParsedEntry, b: &ParsedEntry) -> DayRelation {
    let days = span_of_quoted_day(a, b).or_else(|| span_of_quoted_day(b, a));
    days.map_or(DayRelation::Disjoint, DayRelation::Within)
}

/// The days of the other's span, when `quoting` quotes a day within it.
fn span_of_quoted_day(quoting: &ParsedEntry, other: &ParsedEntry) -> Option<i64> {
    let (first, last) = other.span?;
    let mut dates = quoting
        .quoted_days
        .iter()
        .filter_map(|quoted| quoted.date());
    let is_within = dates.any(|date| first <= date && date <= last);
    (other.day.is_none() && is_within).then(|| (last - first).whole_days())
}

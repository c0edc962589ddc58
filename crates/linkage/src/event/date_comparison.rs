//! Compares the days of two agencies' accounts, by their dates and by the days that their texts
//! quote.

use super::parsed_entry::ParsedEntry;
use super::quoted_days::QuotedDay;

/// Accounts with exact dates further apart than this are about two events, unless a text or a
/// reference says otherwise.
const MAX_DAYS_APART: i64 = 10;
/// The same for an account with an inexact date.
const MAX_DAYS_APART_INEXACT: i64 = 20;
/// A quoted day can be the date of another account whose span has at most this many days.
const MAX_QUOTED_SPAN_DAYS: i64 = 9;
/// A text quotes no day later than this many days after its own: an event may end on a later day.
const MAX_DAYS_AHEAD: i64 = 2;

/// How the days of two accounts compare.
pub(crate) struct DateComparison {
    /// Whether both are dated to one day.
    pub(crate) both_exact: bool,
    /// Days between the two spans, 0 when they overlap or one account is undated.
    pub(crate) gap_days: i64,
    /// Days of the longer span.
    pub(crate) longer_span_days: i64,
    /// Whether one of them is undated.
    pub(crate) is_undated: bool,
    /// The quoted day by which one account names the other's, and whether the first account quotes
    /// it.
    pub(crate) quoted: Option<(QuotedDay, bool)>,
    /// A day that both texts quote.
    pub(crate) quoted_by_both: Option<QuotedDay>,
}

impl DateComparison {
    pub(crate) fn new(a: &ParsedEntry, b: &ParsedEntry) -> Self {
        let both_exact = a.day.is_some() && b.day.is_some();
        let spans = a.span.zip(b.span);
        let days = |from: time::Date, until: time::Date| (until - from).whole_days();
        let gap_days = spans.map_or(0, |(x, y)| days(x.1, y.0).max(days(y.1, x.0)).max(0));
        let longer_span_days = spans.map_or(i64::MAX, |(x, y)| days(x.0, x.1).max(days(y.0, y.1)));
        let by_first = quoted_date_of(a, b).map(|day| (day, true));
        let by_second = quoted_date_of(b, a).map(|day| (day, false));
        let explicit_last = |quoted: &(QuotedDay, bool)| (quoted.0.is_explicit, quoted.1);
        let quoted = by_first
            .into_iter()
            .chain(by_second)
            .max_by_key(explicit_last);
        let in_both = a
            .quoted_days
            .iter()
            .filter(|x| b.quoted_days.iter().any(|y| x.could_equal(y)));
        let quoted_by_both = in_both.max_by_key(|day| day.is_explicit).copied();
        Self {
            both_exact,
            gap_days,
            longer_span_days,
            is_undated: spans.is_none(),
            quoted,
            quoted_by_both,
        }
    }

    /// Whether the accounts are too far apart in time to be compared.
    pub(crate) fn is_too_far_apart(&self) -> bool {
        let most = if self.both_exact {
            MAX_DAYS_APART
        } else {
            MAX_DAYS_APART_INEXACT
        };
        self.gap_days > most && self.quoted.is_none() && self.quoted_by_both.is_none()
    }

    pub(crate) const fn is_same_day(&self) -> bool {
        self.both_exact && self.gap_days == 0
    }

    /// Whether one account has an inexact date that includes the other's.
    pub(crate) const fn is_inexact_overlap(&self) -> bool {
        !self.both_exact && self.gap_days == 0
    }
}

/// The day that `quoting` quotes and to which `other` is dated.
fn quoted_date_of(quoting: &ParsedEntry, other: &ParsedEntry) -> Option<QuotedDay> {
    let is_narrow = |(first, last): &(time::Date, time::Date)| {
        (*last - *first).whole_days() <= MAX_QUOTED_SPAN_DAYS
    };
    let (first, last) = other.span.filter(is_narrow)?;
    let is_earlier_day = |date: time::Date| {
        quoting
            .day
            .is_none_or(|own| own != date && (date - own).whole_days() <= MAX_DAYS_AHEAD)
    };
    let fits = |quoted: &&QuotedDay| match quoted.date() {
        Some(date) => first <= date && date <= last && is_earlier_day(date),
        None => other.day.is_some_and(|day| quoted.could_be(day)),
    };
    quoting
        .quoted_days
        .iter()
        .filter(fits)
        .max_by_key(|quoted| quoted.is_explicit)
        .copied()
}

//! How the days of two accounts stand to each other, by their dates and by the days that their texts quote.

use super::days::Quoted;
use super::reading::Reading;

/// Exact dates further apart than this are two events unless a text or a reference says otherwise.
const DAYS_APART: i64 = 10;
/// An inexact date this far from another is another event's.
const INEXACT_DAYS_APART: i64 = 20;
/// An inexact date of at most so many days can be the one that a text quotes.
const NARROW_DAYS: i64 = 9;

/// How the days of two accounts stand to each other.
pub(crate) struct Dates {
    /// Both are dated to a day.
    pub(crate) exact: bool,
    /// Days between them, 0 when they may be one.
    pub(crate) gap: i64,
    /// Days of the wider span.
    pub(crate) width: i64,
    /// One is not dated.
    pub(crate) undated: bool,
    /// The quoted day by which one account names the other's, with whether the first quotes.
    pub(crate) quoted: Option<(Quoted, bool)>,
    /// A day that both quote.
    pub(crate) both: Option<Quoted>,
}

impl Dates {
    pub(crate) fn of(a: &Reading, b: &Reading) -> Self {
        let exact = a.day.is_some() && b.day.is_some();
        let spans = a.span.zip(b.span);
        let days = |from: time::Date, until: time::Date| (until - from).whole_days();
        let gap = spans.map_or(0, |(x, y)| days(x.1, y.0).max(days(y.1, x.0)).max(0));
        let width = spans.map_or(i64::MAX, |(x, y)| days(x.0, x.1).max(days(y.0, y.1)));
        let (forth, back) = (quotes(a, b), quotes(b, a));
        let firmer = |quoted: &(Quoted, bool)| (quoted.0.firm, quoted.1);
        let quoted = forth.map(|day| (day, true)).into_iter().chain(back.map(|day| (day, false))).max_by_key(firmer);
        let both = a.days.iter().filter(|x| b.days.iter().any(|y| x.agrees(y))).max_by_key(|day| day.firm).copied();
        Self { exact, gap, width, undated: spans.is_none(), quoted, both }
    }

    /// Whether they are too far apart to be compared.
    pub(crate) fn apart(&self) -> bool {
        let most = if self.exact { DAYS_APART } else { INEXACT_DAYS_APART };
        self.gap > most && self.quoted.is_none() && self.both.is_none()
    }

    pub(crate) const fn same_day(&self) -> bool {
        self.exact && self.gap == 0
    }

    /// Whether one has an inexact date that can be the other's.
    pub(crate) const fn inexact_overlap(&self) -> bool {
        !self.exact && self.gap == 0
    }
}

/// The day that `one` quotes and `other` is dated to.
fn quotes(one: &Reading, other: &Reading) -> Option<Quoted> {
    /// A text cannot speak of what is later than its own day by more than this: an event may end on the next day.
    const LATE_DAYS: i64 = 2;
    let (from, until) = other.span.filter(|(from, until)| (*until - *from).whole_days() <= NARROW_DAYS)?;
    let own = one.day;
    let fits = |quoted: &&Quoted| match quoted.date() {
        Some(date) => {
            from <= date && date <= until && own.is_none_or(|own| own != date && (date - own).whole_days() <= LATE_DAYS)
        }
        None => other.day.is_some_and(|day| quoted.is(day)),
    };
    one.days.iter().filter(fits).max_by_key(|quoted| quoted.firm).copied()
}

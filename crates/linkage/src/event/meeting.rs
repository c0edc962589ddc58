//! How the days of two entries meet: dated alike, one quoting the other's day, one within the other's span.

use super::reading::Reading;

/// A text cannot speak of what is later than its own day by more than this: an event may end on the next day.
const LATE_DAYS: i64 = 2;

/// How the days of two entries meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meeting {
    /// Both are dated to one day.
    SameDay,
    /// The text of one quotes the day of the other; whether as a date, not as a weekday.
    Quoted { firm: bool, first_quotes: bool },
    /// Both quote one day.
    BothQuote { firm: bool },
    /// One can have been within the other's span of that many days.
    Within(i64),
    /// They are dated one day apart.
    Adjacent,
    /// One is not dated at all.
    Undated,
    /// They cannot have been at one time.
    Never,
}

/// How the days of two entries meet, the most telling first.
pub(crate) fn meeting(a: &Reading, b: &Reading) -> Meeting {
    if let (Some(x), Some(y)) = (a.day, b.day)
        && x == y
    {
        return Meeting::SameDay;
    }
    let quotes = |one: &Reading, other: &Reading| {
        let day = other.day?;
        let late = one.day.is_some_and(|own| (day - own).whole_days() > LATE_DAYS);
        one.days.iter().find(|quoted| !late && quoted.is(day)).map(|quoted| quoted.firm)
    };
    let (forth, back) = (quotes(a, b), quotes(b, a));
    match (forth, back) {
        (Some(true), _) => return Meeting::Quoted { firm: true, first_quotes: true },
        (_, Some(true)) => return Meeting::Quoted { firm: true, first_quotes: false },
        (Some(false), _) => return Meeting::Quoted { firm: false, first_quotes: true },
        (_, Some(false)) => return Meeting::Quoted { firm: false, first_quotes: false },
        (None, None) => {}
    }
    let adjacent = a.day.zip(b.day).is_some_and(|(x, y)| (x - y).whole_days().abs() == 1);
    let shared = a.days.iter().flat_map(|x| b.days.iter().filter(|y| x.agrees(y)).map(|y| x.firm && y.firm)).max();
    if let Some(firm) = shared {
        return Meeting::BothQuote { firm };
    }
    if adjacent {
        return Meeting::Adjacent;
    }
    match (a.span, b.span) {
        (Some(x), Some(y)) if x.0 <= y.1 && y.0 <= x.1 => {
            Meeting::Within((x.1 - x.0).whole_days().max((y.1 - y.0).whole_days()))
        }
        _ if a.reach.1 < b.reach.0 || b.reach.1 < a.reach.0 => {
            spanned(a, b).or_else(|| spanned(b, a)).map_or(Meeting::Never, Meeting::Within)
        }
        (Some(_), Some(_)) => spanned(a, b).or_else(|| spanned(b, a)).map_or(Meeting::Never, Meeting::Within),
        _ => Meeting::Undated,
    }
}

/// Whether the day that `one` quotes lies within the other's span.
fn spanned(one: &Reading, other: &Reading) -> Option<i64> {
    let (from, until) = other.span?;
    let within = one.days.iter().filter_map(|quoted| quoted.date()).any(|date| from <= date && date <= until);
    (other.day.is_none() && within).then(|| (until - from).whole_days())
}

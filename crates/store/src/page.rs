//! Pages by key, not by number: what comes after a given place.

use domain::Instant;
use uuid::Uuid;

/// A place in a list that is ordered by time and then by identifier. A page starts after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Keyset {
    /// The time by which the list is ordered.
    pub at: Instant,
    /// The identifier that settles ties.
    pub id: Uuid,
}

impl Keyset {
    /// The place of the row made at `at` with `id`.
    #[must_use]
    pub fn of(at: Instant, id: impl Into<Uuid>) -> Self {
        Self { at, id: id.into() }
    }
}

/// Limits a boxed query to what follows a place, in the shape that both databases answer from an index:
/// `a >= x AND (a > x OR b > y)`.
macro_rules! after {
    ($query:expr, $after:expr, $at:expr, $id:expr, $wrap:path) => {
        match $after {
            Some(place) => {
                let at = $crate::types::Bind(place.at);
                $query.filter($at.ge(at)).filter($at.gt(at).or($id.gt($crate::types::Bind($wrap(place.id)))))
            }
            None => $query,
        }
    };
}
/// Limits a boxed query to what comes before a place, for lists that begin with the newest.
macro_rules! before {
    ($query:expr, $place:expr, $at:expr, $id:expr, $wrap:path) => {
        match $place {
            Some(place) => {
                let at = $crate::types::Bind(place.at);
                $query.filter($at.le(at)).filter($at.lt(at).or($id.lt($crate::types::Bind($wrap(place.id)))))
            }
            None => $query,
        }
    };
}
diesel::postfix_operator!(IsTrue, " IS TRUE");

/// The condition that rows are a partnership's (or an agency's), where something else already says which few rows they are.
/// It is written so that neither database uses an index for it: SQLite without statistics would read everything the
/// partnership has rather than look up several values, or join; PostgreSQL would combine the two.
macro_rules! within {
    ($column:expr, $owner:expr) => {
        $crate::page::IsTrue::new($column.eq($crate::types::Bind($owner)))
    };
}
pub(crate) use {after, before, within};

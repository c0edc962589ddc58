//! Keyset pagination: pages start after a given row instead of at an offset.

use domain::Instant;
use uuid::Uuid;

/// A cursor in a list that is ordered by time and then by identifier. A page starts after it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Keyset {
    /// The time by which the list is ordered.
    pub at: Instant,
    /// The identifier that breaks ties.
    pub id: Uuid,
}

impl Keyset {
    /// The cursor at the row with this time and identifier.
    #[must_use]
    pub fn new(at: Instant, id: impl Into<Uuid>) -> Self {
        Self { at, id: id.into() }
    }
}

/// Limits a boxed query to the rows after a cursor, in the form for which both databases use an
/// index: `a >= x AND (a > x OR b > y)`.
macro_rules! after {
    ($query:expr, $after:expr, $at:expr, $id:expr, $wrap:path) => {
        match $after {
            Some(cursor) => {
                let at = $crate::columns::Bind(cursor.at);
                $query.filter($at.ge(at)).filter(
                    $at.gt(at)
                        .or($id.gt($crate::columns::Bind($wrap(cursor.id)))),
                )
            }
            None => $query,
        }
    };
}
/// Limits a boxed query to the rows before a cursor, for lists that begin with the newest.
macro_rules! before {
    ($query:expr, $before:expr, $at:expr, $id:expr, $wrap:path) => {
        match $before {
            Some(cursor) => {
                let at = $crate::columns::Bind(cursor.at);
                $query.filter($at.le(at)).filter(
                    $at.lt(at)
                        .or($id.lt($crate::columns::Bind($wrap(cursor.id)))),
                )
            }
            None => $query,
        }
    };
}
diesel::postfix_operator!(IsTrue, " IS TRUE");

/// The condition that rows belong to a partnership (or agency), where another condition already
/// selects few rows. It is written so that neither database uses an index for it: without
/// statistics, SQLite would rather read all rows of the partnership than look up several values or
/// join, and PostgreSQL would combine two indexes.
macro_rules! unindexed_eq {
    ($column:expr, $owner:expr) => {
        $crate::connection::page::IsTrue::new($column.eq($crate::columns::Bind($owner)))
    };
}
pub(crate) use {after, before, unindexed_eq};

//! Keyset pagination: pages start after a given row instead of at an offset.

use diesel::dsl::{Eq, Gt, GtEq, Lt, LtEq, Or};
use diesel::query_dsl::methods::FilterDsl;
use diesel::{BoolExpressionMethods, Expression, ExpressionMethods};
use domain::Instant;
use uuid::Uuid;

use crate::columns::{self, Bind, UtcTimestamp};

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
/// index: `a >= x AND (a > x OR b > y)`. `wrap` makes the identifier.
pub(crate) fn rows_after<Q, At, Id, T>(
    query: Q,
    cursor: Option<Keyset>,
    at: At,
    id: Id,
    wrap: impl FnOnce(Uuid) -> T,
) -> Q
where
    At: TimeColumn,
    Id: IdColumn,
    Q: FilterDsl<GtEq<At, Bind<Instant>>, Output = Q>
        + FilterDsl<Or<Gt<At, Bind<Instant>>, Gt<Id, Bind<T>>>, Output = Q>,
{
    let Some(cursor) = cursor else {
        return query;
    };
    let time = Bind(cursor.at);
    let follows = at.gt(time).or(id.gt(Bind(wrap(cursor.id))));
    FilterDsl::filter(FilterDsl::filter(query, at.ge(time)), follows)
}

/// Limits a boxed query to the rows before a cursor, for lists that begin with the newest; otherwise
/// as [`rows_after`].
pub(crate) fn rows_before<Q, At, Id, T>(
    query: Q,
    cursor: Option<Keyset>,
    at: At,
    id: Id,
    wrap: impl FnOnce(Uuid) -> T,
) -> Q
where
    At: TimeColumn,
    Id: IdColumn,
    Q: FilterDsl<LtEq<At, Bind<Instant>>, Output = Q>
        + FilterDsl<Or<Lt<At, Bind<Instant>>, Lt<Id, Bind<T>>>, Output = Q>,
{
    let Some(cursor) = cursor else {
        return query;
    };
    let time = Bind(cursor.at);
    let precedes = at.lt(time).or(id.lt(Bind(wrap(cursor.id))));
    FilterDsl::filter(FilterDsl::filter(query, at.le(time)), precedes)
}

/// A column of instants.
pub(crate) trait TimeColumn: Expression<SqlType = UtcTimestamp> + Copy {}

impl<C: Expression<SqlType = UtcTimestamp> + Copy> TimeColumn for C {}

/// A column of identifiers.
pub(crate) trait IdColumn: Expression<SqlType = columns::Id> + Copy {}

impl<C: Expression<SqlType = columns::Id> + Copy> IdColumn for C {}

diesel::postfix_operator!(IsTrue, " IS TRUE");

/// The condition that rows belong to a partnership (or agency), where another condition already
/// selects few rows. It is written so that neither database uses an index for it: without
/// statistics, SQLite would rather read all rows of the partnership than look up several values or
/// join, and PostgreSQL would combine two indexes.
pub(crate) fn unindexed_eq<C, T>(column: C, owner: T) -> unindexed_eq<C, T>
where
    C: IdColumn,
{
    IsTrue::new(column.eq(Bind(owner)))
}

/// The type of [`unindexed_eq()`]'s result, named as `auto_type` expects it.
#[allow(non_camel_case_types)]
pub(crate) type unindexed_eq<C, T> = IsTrue<Eq<C, Bind<T>>>;

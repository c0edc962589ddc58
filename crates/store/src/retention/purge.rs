//! Expired objects that are due for deletion. Lists are ordered by expiry and paged, so that a
//! worker that has to leave some (under a hold, after a failure) continues after them; [`backlog`]
//! counts what is left.

mod delete;

pub use delete::{
    checkpoint, delete_chronology, delete_expired_idempotency_records, delete_family,
    delete_fragment, delete_person,
};

use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use domain::{ChronologyId, FamilyId, FragmentId, Instant, PartnershipId, PersonId};
use uuid::Uuid;

use crate::chronologies::ChronologyRow;
use crate::columns::Bind;
use crate::connection::AnyConnection;
use crate::fragments::FragmentRow;
use crate::schema::{chronologies, consolidations, families, fragments, idempotency, people};
use crate::{Keyset, StoreError, Tx};

/// An expired object that is due for deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueForDeletion<I> {
    /// The partnership of the expired row.
    pub partnership: PartnershipId,
    /// The identifier of the expired row.
    pub id: I,
    /// When it expired.
    pub expired_at: Instant,
}

impl<I> DueForDeletion<I> {
    fn from_rows(rows: Vec<(PartnershipId, I, Instant)>) -> Vec<Self> {
        rows.into_iter()
            .map(|(partnership, id, expired_at)| Self {
                partnership,
                id,
                expired_at,
            })
            .collect()
    }
}

/// The expired rows that have not been deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PurgeBacklog {
    /// The number of rows.
    pub rows: i64,
    /// The number of rows of each kind, including kinds without any.
    pub kinds: Vec<(&'static str, i64)>,
    /// When the oldest of them expired.
    pub oldest: Option<Instant>,
}

/// Selects expired rows of any partnership after a cursor, in order of expiry. On PostgreSQL, rows
/// that another node's transaction has locked are skipped.
///
/// A function cannot do it: generic over the table, it would need a bound for every clause and for
/// the row lock, which only one of the two databases has.
macro_rules! select_due {
    ($tx:expr, $table:ident, $id:path, $now:expr, $after:expr, $limit:expr) => {{
        let cursor = $after.unwrap_or(Keyset {
            at: Instant::MIN,
            id: Uuid::nil(),
        });
        let query = $table::table
            .filter($table::expires_at.le(Bind($now)))
            .filter($table::expires_at.ge(Bind(cursor.at)))
            .filter(
                $table::expires_at
                    .gt(Bind(cursor.at))
                    .or($table::id.gt(Bind($id(cursor.id)))),
            )
            .order(($table::expires_at, $table::id))
            .limit($limit.into())
            .select(($table::partnership_id, $table::id, $table::expires_at));
        $tx.run(|connection| match connection {
            AnyConnection::Postgresql(c) => query.for_update().skip_locked().load(c),
            AnyConnection::Sqlite(c) => query.load(c),
        })
    }};
}

/// At most `limit` people whose records have expired, after a cursor.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn due_people(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<DueForDeletion<PersonId>>, StoreError> {
    select_due!(tx, people, PersonId, now, after, limit).map(DueForDeletion::from_rows)
}

/// At most `limit` families whose records have expired, after a cursor.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn due_families(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<DueForDeletion<FamilyId>>, StoreError> {
    select_due!(tx, families, FamilyId, now, after, limit).map(DueForDeletion::from_rows)
}

/// At most `limit` expired fragments after a cursor. [`crate::fragments::find`] gives the row.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn due_fragments(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<DueForDeletion<FragmentId>>, StoreError> {
    select_due!(tx, fragments, FragmentId, now, after, limit).map(DueForDeletion::from_rows)
}

/// At most `limit` expired chronologies after a cursor. [`find_chronology`] gives the row.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn due_chronologies(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<DueForDeletion<ChronologyId>>, StoreError> {
    select_due!(tx, chronologies, ChronologyId, now, after, limit).map(DueForDeletion::from_rows)
}

/// Every expired chronology that has not been deleted, without locking it: for reading, not for
/// deleting.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn due_chronologies_unlocked(
    tx: &mut Tx<'_>,
    now: Instant,
) -> Result<Vec<DueForDeletion<ChronologyId>>, StoreError> {
    let query = chronologies::table
        .filter(chronologies::expires_at.le(Bind(now)))
        .order((chronologies::expires_at, chronologies::id))
        .select((
            chronologies::partnership_id,
            chronologies::id,
            chronologies::expires_at,
        ));
    tx.run(|c| query.load(c)).map(DueForDeletion::from_rows)
}

/// Every expired family that has not been deleted, without locking it: for reading, not for
/// deleting.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn due_families_unlocked(
    tx: &mut Tx<'_>,
    now: Instant,
) -> Result<Vec<DueForDeletion<FamilyId>>, StoreError> {
    let query = families::table
        .filter(families::expires_at.le(Bind(now)))
        .order((families::expires_at, families::id))
        .select((families::partnership_id, families::id, families::expires_at));
    tx.run(|c| query.load(c)).map(DueForDeletion::from_rows)
}

/// Every person whose expired record has not been deleted, without locking it: for reading, not
/// for deleting.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn due_people_unlocked(
    tx: &mut Tx<'_>,
    now: Instant,
) -> Result<Vec<DueForDeletion<PersonId>>, StoreError> {
    let query = people::table
        .filter(people::expires_at.le(Bind(now)))
        .order((people::expires_at, people::id))
        .select((people::partnership_id, people::id, people::expires_at));
    tx.run(|c| query.load(c)).map(DueForDeletion::from_rows)
}

/// The properties that decide whether a hold covers an expired fragment: partnership, chronology,
/// family, and when it expired.
pub type DueFragment = (PartnershipId, Option<ChronologyId>, FamilyId, Instant);

/// The expired fragments that have not been deleted, as distinct [`DueFragment`]s, without locking
/// them: for reading, not for deleting.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn due_fragments_unlocked(
    tx: &mut Tx<'_>,
    now: Instant,
) -> Result<Vec<DueFragment>, StoreError> {
    use fragments as t;
    // The fragments of a chronology mostly expire together, and each expiry is needed only once.
    let query = fragments::table
        .filter(t::expires_at.le(Bind(now)))
        .select((
            t::partnership_id,
            t::chronology_id,
            t::family_id,
            t::expires_at,
        ))
        .distinct();
    tx.run(|c| query.load(c))
}

/// The chronology `id`, live or expired. The sealed content of an expired chronology can no longer
/// be opened.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find_chronology(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
) -> Result<Option<ChronologyRow>, StoreError> {
    let query = chronologies::table
        .filter(chronologies::partnership_id.eq(Bind(partnership)))
        .filter(chronologies::id.eq(Bind(id)));
    tx.run(|c| {
        query
            .select(ChronologyRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// Every fragment of a chronology, live or expired, in the order in which they were submitted.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_fragments(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
) -> Result<Vec<FragmentRow>, StoreError> {
    let query = fragments::table
        .filter(fragments::partnership_id.eq(Bind(partnership)))
        .filter(fragments::chronology_id.eq(Some(Bind(id))))
        .order((fragments::created_at, fragments::id));
    tx.run(|c| query.select(FragmentRow::as_select()).load(c))
}

/// The expired rows that have not been deleted, over all tables.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn backlog(tx: &mut Tx<'_>, now: Instant) -> Result<PurgeBacklog, StoreError> {
    let mut backlog = PurgeBacklog::default();
    /// Adds the expired rows of a table. (A function generic over the table would need a bound for
    /// every clause of the query.)
    macro_rules! add_table {
        ($($table:ident $kind:literal),+) => {$(
            let expired = $table::table.filter($table::expires_at.le(Bind(now)));
            let (rows, oldest): (i64, Option<Instant>) =
                tx.run(|c| expired.select((count_star(), min($table::expires_at))).first(c))?;
            backlog.rows += rows;
            backlog.kinds.push(($kind, rows));
            backlog.oldest = [backlog.oldest, oldest].into_iter().flatten().min();
        )+};
    }
    add_table!(
        people "person", families "family", chronologies "chronology", fragments "fragment",
        consolidations "consolidation", idempotency "reply"
    );
    Ok(backlog)
}

//! What is over and to be destroyed. Lists are ordered by expiry and paged, so that a worker that leaves something
//! behind (a hold, a failure) goes on after it and counts it, and [`backlog`] tells what is left.

mod delete;

pub use delete::{
    checkpoint, delete_chronology, delete_expired_replies, delete_family, delete_fragment, delete_person,
};

use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use domain::{ChronologyId, FamilyId, FragmentId, Instant, PartnershipId, PersonId};
use uuid::Uuid;

use crate::chronologies::ChronologyRow;
use crate::connection::AnyConnection;
use crate::fragments::FragmentRow;
use crate::schema::{chronologies, consolidations, families, fragments, idempotency, people};
use crate::types::Bind;
use crate::{Keyset, StoreError, Tx};

/// Something whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due<I> {
    /// Its partnership.
    pub partnership: PartnershipId,
    /// What it is.
    pub id: I,
    /// Since when it has been over.
    pub expired_at: Instant,
}

/// What is over and still there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backlog {
    /// How many rows.
    pub rows: i64,
    /// How many of each kind, kinds of which there are none included.
    pub kinds: Vec<(&'static str, i64)>,
    /// Since when the oldest of them has been over.
    pub oldest: Option<Instant>,
}

/// Rows that are over, of any partnership, ordered by expiry, after a place; on PostgreSQL those that another node is
/// working on are left to it until the transaction ends.
macro_rules! due {
    ($tx:expr, $table:ident, $id:path, $now:expr, $after:expr, $limit:expr, $select:expr) => {{
        let place = $after.unwrap_or(Keyset { at: Instant::MIN, id: Uuid::nil() });
        let query = $table::table
            .filter($table::expires_at.le(Bind($now)))
            .filter($table::expires_at.ge(Bind(place.at)))
            .filter($table::expires_at.gt(Bind(place.at)).or($table::id.gt(Bind($id(place.id)))))
            .order(($table::expires_at, $table::id))
            .limit($limit.into())
            .select($select);
        $tx.run(|connection| match connection {
            AnyConnection::Postgresql(c) => query.for_update().skip_locked().load(c),
            AnyConnection::Sqlite(c) => query.load(c),
        })
    }};
}

macro_rules! due_ids {
    ($(#[$meta:meta])* $name:ident: $table:ident, $id:ident) => {
        $(#[$meta])*
        ///
        /// # Errors
        /// When the database fails.
        pub fn $name(
            tx: &mut Tx<'_>,
            now: Instant,
            after: Option<Keyset>,
            limit: impl Into<i64>,
        ) -> Result<Vec<Due<$id>>, StoreError> {
            let columns = ($table::partnership_id, $table::id, $table::expires_at);
            let rows: Vec<(PartnershipId, $id, Instant)> = due!(tx, $table, $id, now, after, limit, columns)?;
            Ok(rows.into_iter().map(|(partnership, id, expired_at)| Due { partnership, id, expired_at }).collect())
        }
    };
}

due_ids! {
    /// At most `limit` people whose records are over, after a place.
    due_people: people, PersonId
}
due_ids! {
    /// At most `limit` families whose records are over, after a place.
    due_families: families, FamilyId
}
due_ids! {
    /// At most `limit` fragments that are over, after a place. [`crate::fragments::find`] gives the row.
    due_fragments: fragments, FragmentId
}
due_ids! {
    /// At most `limit` chronologies that are over, after a place. [`chronology`] gives the row.
    due_chronologies: chronologies, ChronologyId
}

macro_rules! all_due {
    ($(#[$meta:meta])* $name:ident: $table:ident, $id:ident) => {
        $(#[$meta])*
        ///
        /// # Errors
        /// When the database fails.
        pub fn $name(tx: &mut Tx<'_>, now: Instant) -> Result<Vec<Due<$id>>, StoreError> {
            let query = $table::table
                .filter($table::expires_at.le(Bind(now)))
                .order(($table::expires_at, $table::id))
                .select(($table::partnership_id, $table::id, $table::expires_at));
            let rows: Vec<(PartnershipId, $id, Instant)> = tx.run(|c| query.load(c))?;
            Ok(rows.into_iter().map(|(partnership, id, expired_at)| Due { partnership, id, expired_at }).collect())
        }
    };
}

all_due! {
    /// Every chronology that is over and still there, claimed by nobody; for looking, not for deleting.
    due_chronologies_unlocked: chronologies, ChronologyId
}
all_due! {
    /// Every family that is over and still there, claimed by nobody; for looking, not for deleting.
    due_families_unlocked: families, FamilyId
}
all_due! {
    /// Every person whose record is over and still there, claimed by nobody; for looking, not for deleting.
    due_people_unlocked: people, PersonId
}
/// What decides whether a hold keeps a fragment, and since when the fragment has been over.
pub type DueFragment = (PartnershipId, Option<ChronologyId>, FamilyId, Instant);

/// Every fragment that is over and still there, claimed by nobody; for looking, not for deleting.
///
/// # Errors
/// When the database fails.
pub fn due_fragments_unlocked(tx: &mut Tx<'_>, now: Instant) -> Result<Vec<DueFragment>, StoreError> {
    use fragments as t;
    // A chronology's fragments mostly end together: each end is needed once, however many there are.
    let query = fragments::table
        .filter(t::expires_at.le(Bind(now)))
        .select((t::partnership_id, t::chronology_id, t::family_id, t::expires_at))
        .distinct();
    tx.run(|c| query.load(c))
}

/// The chronology `id`, live or over. What is sealed in one that is over no longer opens.
///
/// # Errors
/// When the database fails.
pub fn chronology(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
) -> Result<Option<ChronologyRow>, StoreError> {
    let query = chronologies::table
        .filter(chronologies::partnership_id.eq(Bind(partnership)))
        .filter(chronologies::id.eq(Bind(id)));
    tx.run(|c| query.select(ChronologyRow::as_select()).get_result(c).optional())
}

/// Every fragment of a chronology, live or not, in the order in which they were submitted.
///
/// # Errors
/// When the database fails.
pub fn fragments_of(
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

/// What is over and still there, in all tables together.
///
/// # Errors
/// When the database fails.
pub fn backlog(tx: &mut Tx<'_>, now: Instant) -> Result<Backlog, StoreError> {
    let mut all = Backlog::default();
    macro_rules! add {
        ($($table:ident $kind:literal),+) => {$(
            let over = $table::table.filter($table::expires_at.le(Bind(now)));
            let (rows, oldest): (i64, Option<Instant>) =
                tx.run(|c| over.select((count_star(), min($table::expires_at))).first(c))?;
            all.rows += rows;
            all.kinds.push(($kind, rows));
            all.oldest = [all.oldest, oldest].into_iter().flatten().min();
        )+};
    }
    add!(
        people "person", families "family", chronologies "chronology", fragments "fragment",
        consolidations "consolidation", idempotency "reply"
    );
    Ok(all)
}

//! The Merkle tree over the audit records, and its current head.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use domain::{AuditId, Instant, PartnershipId};
use ledger::{Hash, SubtreeSource, Tile};
use uuid::Uuid;

use crate::audit::AuditRow;
use crate::columns::Bind;
use crate::columns::row;
use crate::connection::statements::insert_many;
use crate::connection::{AnyConnection, on_either};
use crate::schema::{audit_heads, audit_holes, audit_records, audit_runs, audit_tree};
use crate::{Sealed, StoreError, Token, Tx};

row! {
    /// One hash of the tree: a leaf, or the root over 256 hashes of the level below.
    AuditTreeRow in audit_tree {
        /// The partnership whose tree it is.
        partnership_id: PartnershipId,
        /// The level, 0 for leaves.
        level: i64,
        /// The position on the level, from 0.
        position: i64,
        /// The hash at this position.
        hash: Token,
        /// The record, on level 0.
        record_id: Option<AuditId>,
    }
}

row! {
    /// The current head of a partnership's tree.
    AuditHeadRow in audit_heads {
        /// The partnership whose tree it is.
        partnership_id: PartnershipId,
        /// The number of records in the tree.
        size: i64,
        /// The roots of the perfect subtrees, largest first.
        frontier: Sealed,
        /// The root hash.
        root: Token,
        /// When the checkpoint was signed.
        signed_at: Instant,
        /// The checkpoint as a signed note.
        checkpoint: String,
    }
}

row! {
    /// How far the records of a run are in the tree.
    AuditRunRow in audit_runs {
        /// The partnership whose tree it is.
        partnership_id: PartnershipId,
        /// The run of a node that numbered the records.
        run_id: Uuid,
        /// The next number to add; every smaller number is in the tree or a recorded gap.
        next_number: i64,
        /// When its first record was made.
        begun_at: Instant,
    }
}

row! {
    /// A sequence number that has no record.
    GapRow in audit_holes {
        /// The partnership whose tree it is.
        partnership_id: PartnershipId,
        /// The run of a node that numbered the records.
        run_id: Uuid,
        /// The missing number.
        number: i64,
        /// When the gap was first seen.
        seen_at: Instant,
    }
}

/// When the first record of a run was made that is not in the tree yet.
#[auto_type]
fn first_unsequenced() -> _ {
    audit_records::table
        .filter(audit_records::partnership_id.eq(audit_runs::partnership_id))
        .filter(audit_records::run_id.eq(audit_runs::run_id))
        .filter(audit_records::number.ge(audit_runs::next_number))
        .order(audit_records::number)
        .limit(1_i64)
        .select(audit_records::at)
}

pub(crate) fn register_run(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    run: Uuid,
    at: Instant,
) -> Result<(), StoreError> {
    let row = AuditRunRow {
        partnership_id: partnership,
        run_id: run,
        next_number: 1,
        begun_at: at,
    };
    tx.run(|connection| {
        on_either!(connection, |c| diesel::insert_into(audit_runs::table)
            .values(&row)
            .on_conflict_do_nothing()
            .execute(c))
    })
    .map(|_| ())
}

/// The head of a partnership's tree; `None` before the first record is in it.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn head(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
) -> Result<Option<AuditHeadRow>, StoreError> {
    let query = audit_heads::table.filter(audit_heads::partnership_id.eq(Bind(partnership)));
    tx.run(|c| {
        query
            .select(AuditHeadRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// As [`head`], locked for this transaction. On PostgreSQL this waits while another node holds the
/// lock.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn lock_head(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
) -> Result<Option<AuditHeadRow>, StoreError> {
    let query = audit_heads::table.filter(audit_heads::partnership_id.eq(Bind(partnership)));
    tx.run(|connection| match connection {
        AnyConnection::Postgresql(c) => query
            .select(AuditHeadRow::as_select())
            .for_update()
            .get_result(c)
            .optional(),
        AnyConnection::Sqlite(c) => query
            .select(AuditHeadRow::as_select())
            .get_result(c)
            .optional(),
    })
}

/// Saves the new head; `first` inserts it.
///
/// # Errors
/// [`StoreError::Database`] when another node has inserted the first head, [`StoreError::Stale`]
/// when there is no head to update.
pub fn save_head(tx: &mut Tx<'_>, row: &AuditHeadRow, first: bool) -> Result<(), StoreError> {
    if first {
        return tx
            .run(|c| {
                diesel::insert_into(audit_heads::table)
                    .values(row)
                    .execute(c)
            })
            .map(|_| ());
    }
    let own = audit_heads::table.filter(audit_heads::partnership_id.eq(Bind(row.partnership_id)));
    crate::connection::statements::require_one(tx.run(|c| diesel::update(own).set(row).execute(c))?)
}

/// Adds hashes to the tree.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert(tx: &mut Tx<'_>, rows: &[AuditTreeRow]) -> Result<(), StoreError> {
    insert_many(tx, audit_tree::table, rows)
}

/// At most `limit` records that are not in the tree yet: those after the last number of each run,
/// and late records for numbers that were recorded as gaps.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn unsequenced(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    limit: i64,
) -> Result<Vec<AuditRow>, StoreError> {
    // One query for each run: for a join over all runs, the planner may choose to read every
    // record.
    let runs = audit_runs::table
        .filter(audit_runs::partnership_id.eq(Bind(partnership)))
        .order(audit_runs::run_id)
        .select((
            audit_runs::run_id,
            audit_runs::next_number,
            first_unsequenced().single_value(),
        ));
    let runs: Vec<(Uuid, i64, Option<Instant>)> = tx.run(|c| runs.load(c))?;
    let mut rows: Vec<AuditRow> = Vec::new();
    for (run, next, _) in runs.into_iter().filter(|(_, _, first)| first.is_some()) {
        let left = limit.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        let next_records = audit_records::table
            .filter(audit_records::partnership_id.eq(Bind(partnership)))
            .filter(audit_records::run_id.eq(Bind(run)))
            .filter(audit_records::number.ge(next))
            .order(audit_records::number)
            .limit(left)
            .select(AuditRow::as_select());
        rows.extend(tx.run(|c| next_records.load::<AuditRow>(c))?);
    }
    let fills_gap = audit_holes::partnership_id
        .eq(audit_records::partnership_id)
        .and(audit_holes::run_id.eq(audit_records::run_id))
        .and(audit_holes::number.eq(audit_records::number));
    let late = audit_holes::table
        .inner_join(audit_records::table.on(fills_gap))
        .filter(audit_holes::partnership_id.eq(Bind(partnership)))
        .order((audit_records::run_id, audit_records::number))
        .limit(limit)
        .select(AuditRow::as_select());
    rows.extend(tx.run(|c| late.load(c))?);
    Ok(rows)
}

/// Advances a run to its next number, never backwards; returns the number before.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn advance_run(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    run: Uuid,
    next: i64,
) -> Result<i64, StoreError> {
    let own = audit_runs::table
        .filter(audit_runs::partnership_id.eq(Bind(partnership)))
        .filter(audit_runs::run_id.eq(Bind(run)));
    let before: i64 = tx.run(|c| own.select(audit_runs::next_number).get_result(c))?;
    if next > before {
        tx.run(|c| {
            diesel::update(own)
                .set(audit_runs::next_number.eq(next))
                .execute(c)
        })?;
    }
    Ok(before)
}

/// Records numbers that have been missing since `at`.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn record_gaps(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    run: Uuid,
    numbers: &[i64],
    at: Instant,
) -> Result<(), StoreError> {
    let gap = |number: &i64| GapRow {
        partnership_id: partnership,
        run_id: run,
        number: *number,
        seen_at: at,
    };
    let rows: Vec<GapRow> = numbers.iter().map(gap).collect();
    insert_many(tx, audit_holes::table, &rows)
}

/// Deletes a gap whose record has arrived.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn close_gap(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    run: Uuid,
    number: i64,
) -> Result<(), StoreError> {
    let own = audit_holes::table
        .filter(audit_holes::partnership_id.eq(Bind(partnership)))
        .filter(audit_holes::run_id.eq(Bind(run)))
        .filter(audit_holes::number.eq(number));
    tx.run(|c| diesel::delete(own).execute(c)).map(|_| ())
}

/// The gaps of a partnership: run, number, and when the gap was first seen.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_gaps(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
) -> Result<Vec<(Uuid, i64, Instant)>, StoreError> {
    let query = audit_holes::table
        .filter(audit_holes::partnership_id.eq(Bind(partnership)))
        .order((
            audit_holes::seen_at,
            audit_holes::run_id,
            audit_holes::number,
        ))
        .select(GapRow::as_select());
    let rows: Vec<GapRow> = tx.run(|c| query.load(c))?;
    Ok(rows
        .into_iter()
        .map(|row| (row.run_id, row.number, row.seen_at))
        .collect())
}

/// When the oldest record was made that is not in a tree yet, over all partnerships.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn oldest_unsequenced(tx: &mut Tx<'_>) -> Result<Option<Instant>, StoreError> {
    let query = audit_runs::table.select(first_unsequenced().single_value());
    let of_runs: Vec<Option<Instant>> = tx.run(|c| query.load(c))?;
    Ok(of_runs.into_iter().flatten().min())
}

/// The hashes of a level at positions `start..start + count`, as far as they exist.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn hashes(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    level: i64,
    start: i64,
    count: i64,
) -> Result<Vec<Hash>, StoreError> {
    let query = audit_tree::table
        .filter(audit_tree::partnership_id.eq(Bind(partnership)))
        .filter(audit_tree::level.eq(level))
        .filter(audit_tree::position.ge(start))
        .filter(audit_tree::position.lt(start.saturating_add(count)))
        .order(audit_tree::position)
        .select(audit_tree::hash);
    let found: Vec<Token> = tx.run(|c| query.load(c))?;
    found.iter().map(hash_of).collect()
}

/// Every hash of a level with its position; for levels above the leaves.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn level(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    level: i64,
) -> Result<Vec<(i64, Hash)>, StoreError> {
    let query = audit_tree::table
        .filter(audit_tree::partnership_id.eq(Bind(partnership)))
        .filter(audit_tree::level.eq(level))
        .order(audit_tree::position)
        .select((audit_tree::position, audit_tree::hash));
    let found: Vec<(i64, Token)> = tx.run(|c| query.load(c))?;
    found
        .iter()
        .map(|(position, hash)| Ok((*position, hash_of(hash)?)))
        .collect()
}

/// Records that are not in the tree, whether they are about to be added or not.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn outside_tree(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
) -> Result<Vec<AuditRow>, StoreError> {
    let query = audit_records::table
        .left_join(audit_tree::table.on(audit_tree::record_id.eq(audit_records::id.nullable())))
        .filter(audit_records::partnership_id.eq(Bind(partnership)))
        .filter(audit_tree::position.nullable().is_null())
        .order((audit_records::at, audit_records::id))
        .select(AuditRow::as_select());
    tx.run(|c| query.load(c))
}

/// The numbers for which a run has records.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn numbers(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    run: Uuid,
) -> Result<Vec<i64>, StoreError> {
    let query = audit_records::table
        .filter(audit_records::partnership_id.eq(Bind(partnership)))
        .filter(audit_records::run_id.eq(Bind(run)))
        .order(audit_records::number)
        .select(audit_records::number);
    tx.run(|c| query.load(c))
}

/// A record's position in the tree.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn position(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    record: AuditId,
) -> Result<Option<i64>, StoreError> {
    let query = audit_tree::table
        .filter(audit_tree::partnership_id.eq(Bind(partnership)))
        .filter(audit_tree::record_id.eq(Some(Bind(record))))
        .select(audit_tree::position);
    tx.run(|c| query.get_result(c).optional())
}

/// At most `limit` leaves from a position on, each with its record if the record still exists.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn leaves(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    from: i64,
    limit: i64,
) -> Result<Vec<(AuditTreeRow, Option<AuditRow>)>, StoreError> {
    let query = audit_tree::table
        .left_join(audit_records::table.on(audit_tree::record_id.eq(audit_records::id.nullable())))
        .filter(audit_tree::partnership_id.eq(Bind(partnership)))
        .filter(audit_tree::level.eq(0))
        .filter(audit_tree::position.ge(from))
        .order(audit_tree::position)
        .limit(limit)
        .select((AuditTreeRow::as_select(), Option::<AuditRow>::as_select()));
    tx.run(|c| query.load(c))
}

/// For each run of a partnership: its identifier, the number of its records, and its highest
/// number.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn count_by_run(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
) -> Result<Vec<(Uuid, i64, i64)>, StoreError> {
    let query = audit_records::table
        .filter(audit_records::partnership_id.eq(Bind(partnership)))
        .group_by(audit_records::run_id)
        .select((
            audit_records::run_id,
            diesel::dsl::count_star(),
            diesel::dsl::max(audit_records::number),
        ));
    let rows: Vec<(Uuid, i64, Option<i64>)> = tx.run(|c| query.load(c))?;
    Ok(rows
        .into_iter()
        .map(|(run, count, last)| (run, count, last.unwrap_or(0)))
        .collect())
}

/// The stored tree of a partnership, from which proofs are built.
pub struct StoredTree<'t, 'c> {
    tx: &'t mut Tx<'c>,
    partnership: PartnershipId,
}

impl<'t, 'c> StoredTree<'t, 'c> {
    /// The tree of `partnership`.
    #[must_use]
    pub const fn new(tx: &'t mut Tx<'c>, partnership: PartnershipId) -> Self {
        Self { tx, partnership }
    }
}

impl SubtreeSource for StoredTree<'_, '_> {
    type Error = StoreError;

    fn subtree(&mut self, height: u32, index: u64) -> Result<Hash, StoreError> {
        let (level, start, width) = Tile::covering(height, index);
        let signed =
            |value: u64| i64::try_from(value).map_err(|_| StoreError::Corrupt("audit tree"));
        let found = hashes(
            self.tx,
            self.partnership,
            i64::from(level),
            signed(start)?,
            signed(width)?,
        )?;
        let complete = found.len() as u64 == width;
        Tile::fold(&found)
            .filter(|_| complete)
            .ok_or(StoreError::Corrupt("audit tree"))
    }
}

fn hash_of(token: &Token) -> Result<Hash, StoreError> {
    token
        .as_slice()
        .try_into()
        .map(Hash)
        .map_err(|_| StoreError::Corrupt("audit tree"))
}

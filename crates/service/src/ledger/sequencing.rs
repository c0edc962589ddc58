//! Giving records their places in the tree, in batches; any node may, one at a time does.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use domain::{Instant, PartnershipId};
use ledger::{Checkpoint, Frontier, Hash, TILE_HEIGHT};
use store::{AuditHeadRow, AuditRow, AuditTreeRow, StoreError, Tx};
use uuid::Uuid;

use crate::engine::Partnership;
use crate::{Answer, Service, ServiceError};

/// Records placed in one transaction.
const BATCH: i64 = 2_000;

/// What a batch came to.
struct Placed {
    count: usize,
    size: u64,
    root: Hash,
}

impl Service {
    pub(super) fn partnerships(&self) -> Vec<Arc<Partnership>> {
        let all = self.0.partnerships.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = all.values().cloned().collect();
        all.sort_by_key(|partnership| partnership.id);
        all
    }

    /// Gives every record that has come its place in the tree of its partnership, and signs where each tree stands. Says
    /// how many.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database does not answer; what was placed before stays.
    pub fn sequence_audit(&self) -> Answer<u64> {
        let mut all = 0;
        for partnership in self.partnerships() {
            loop {
                let waiting =
                    self.0.db.read("audit.waiting", |tx| store::audit_tree::unplaced(tx, partnership.id, 1))?;
                if waiting.is_empty() {
                    break;
                }
                let placed = self.0.db.write("audit.sequence", |tx| self.place_batch(tx, &partnership))?;
                if let Some(book) = self.0.db.book().filter(|_| placed.count > 0) {
                    book.signed(partnership.id, placed.size, placed.root);
                }
                all += placed.count as u64;
                if placed.count < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                    break;
                }
            }
        }
        Ok(all)
    }

    fn place_batch(&self, tx: &mut Tx<'_>, partnership: &Partnership) -> Answer<Placed> {
        let now = self.now();
        let head = store::audit_tree::take_head(tx, partnership.id)?;
        let mut frontier = frontier_of(head.as_ref())?;
        let mut rows = store::audit_tree::unplaced(tx, partnership.id, BATCH)?;
        note_numbers(tx, partnership.id, &rows, now)?;
        rows.sort_by_key(|row| (row.at, row.id));
        let mut hashes = Vec::new();
        for row in &rows {
            let leaf = row.leaf()?.hash();
            frontier.push_with(leaf, |height, index, hash| {
                hashes.extend(tree_row(partnership.id, row, (height, index), hash));
            });
        }
        let placed = Placed { count: rows.len(), size: frontier.size(), root: frontier.root() };
        if rows.is_empty() {
            return Ok(placed);
        }
        store::audit_tree::insert(tx, &hashes)?;
        let row = self.head_row(partnership, &frontier, now);
        store::audit_tree::put_head(tx, &row, head.is_none())?;
        Ok(placed)
    }

    fn head_row(&self, partnership: &Partnership, frontier: &Frontier, now: Instant) -> AuditHeadRow {
        let ledger = &self.0.ledger;
        let key = &self.0.signing_key;
        let checkpoint =
            Checkpoint { origin: ledger.origin(&partnership.code), size: frontier.size(), root: frontier.root() };
        AuditHeadRow {
            partnership_id: partnership.id,
            size: i64::try_from(frontier.size()).unwrap_or(i64::MAX),
            frontier: frontier.to_bytes().into(),
            root: frontier.root().0.into(),
            signed_at: now,
            checkpoint: checkpoint.note(&key.public_key(), |body| key.sign(body)),
        }
    }
}

/// The frontier where the tree stands.
pub(super) fn frontier_of(head: Option<&AuditHeadRow>) -> Answer<Frontier> {
    let Some(head) = head else { return Ok(Frontier::default()) };
    let size = u64::try_from(head.size).ok();
    let frontier = size.and_then(|size| Frontier::from_bytes(size, head.frontier.as_slice()));
    frontier.ok_or(ServiceError::Internal("the audit tree's head is not whole"))
}

/// The tree keeps leaves and the roots of every 256 hashes; what lies between is found from these.
fn tree_row(
    partnership: PartnershipId,
    row: &AuditRow,
    (height, index): (u32, u64),
    hash: Hash,
) -> Option<AuditTreeRow> {
    height.is_multiple_of(TILE_HEIGHT).then(|| AuditTreeRow {
        partnership_id: partnership,
        level: i64::from(height / TILE_HEIGHT),
        position: i64::try_from(index).unwrap_or(i64::MAX),
        hash: hash.0.into(),
        record_id: (height == 0).then_some(row.id),
    })
}

/// Notes which numbers have their places now, and which are missing below them: their transactions may end later.
fn note_numbers(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    rows: &[AuditRow],
    now: Instant,
) -> Result<(), StoreError> {
    let mut runs: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
    for row in rows {
        runs.entry(row.run_id).or_default().push(row.number);
    }
    for (run, numbers) in runs {
        let last = numbers.iter().max().copied().unwrap_or_default();
        let before = store::audit_tree::placed_upto(tx, partnership, run, last + 1)?;
        for late in numbers.iter().filter(|number| **number < before) {
            store::audit_tree::close_hole(tx, partnership, run, *late)?;
        }
        let there: std::collections::HashSet<i64> = numbers.into_iter().collect();
        let missing: Vec<i64> = (before..=last).filter(|number| !there.contains(number)).collect();
        store::audit_tree::note_holes(tx, partnership, run, &missing, now)?;
    }
    Ok(())
}

//! The sequencer: appends audit records to the Merkle trees in batches. Any node may run it; a lock
//! on the tree head lets one node at a time do so.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Instant, PartnershipId};
use ledger::{Checkpoint, Frontier, Hash, TILE_HEIGHT};
use store::{AuditHeadRow, AuditRow, AuditTreeRow, StoreError, Tx};
use uuid::Uuid;

use crate::{Kernel, Partnership, ServiceError, ServiceResult};

/// The number of records sequenced in one transaction.
const BATCH: i64 = 2_000;

/// The result of one batch.
struct SequencedBatch {
    count: usize,
    size: u64,
    root: Hash,
}

impl Kernel {
    pub(super) fn sorted_partnerships(&self) -> Vec<Arc<Partnership>> {
        let mut partnerships = self.partnerships.list();
        partnerships.sort_by_key(|partnership| partnership.id);
        partnerships
    }

    /// Appends every waiting record to the tree of its partnership and signs a checkpoint for each
    /// tree. Returns the number of records.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database cannot be reached; batches committed before
    /// that stay.
    pub fn sequence_audit(&self) -> ServiceResult<u64> {
        let mut total = 0;
        for partnership in self.sorted_partnerships() {
            loop {
                let next = self.db.read("audit.waiting", |tx| {
                    store::audit_tree::unsequenced(tx, partnership.id, 1)
                })?;
                if next.is_empty() {
                    break;
                }
                let batch = self
                    .db
                    .write("audit.sequence", |tx| self.sequence_batch(tx, &partnership))?;
                if let Some(sequence) = self.db.audit_sequence().filter(|_| batch.count > 0) {
                    sequence.record_checkpoint(partnership.id, batch.size, batch.root);
                }
                total += batch.count as u64;
                if batch.count < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                    break;
                }
            }
        }
        Ok(total)
    }

    fn sequence_batch(
        &self,
        tx: &mut Tx<'_>,
        partnership: &Partnership,
    ) -> ServiceResult<SequencedBatch> {
        let now = self.now();
        let head = store::audit_tree::lock_head(tx, partnership.id)?;
        let mut frontier = parse_frontier(head.as_ref())?;
        let mut rows = store::audit_tree::unsequenced(tx, partnership.id, BATCH)?;
        record_sequence_gaps(tx, partnership.id, &rows, now)?;
        rows.sort_by_key(|row| (row.at, row.id));
        let mut hashes = Vec::new();
        for row in &rows {
            let leaf = row.leaf()?.hash();
            frontier.push_and_report(leaf, |height, index, hash| {
                hashes.extend(build_tree_row(partnership.id, row, (height, index), hash));
            });
        }
        let batch = SequencedBatch {
            count: rows.len(),
            size: frontier.size(),
            root: frontier.root(),
        };
        if rows.is_empty() {
            return Ok(batch);
        }
        store::audit_tree::insert(tx, &hashes)?;
        let row = self.build_head_row(partnership, &frontier, now);
        store::audit_tree::save_head(tx, &row, head.is_none())?;
        Ok(batch)
    }

    fn build_head_row(
        &self,
        partnership: &Partnership,
        frontier: &Frontier,
        now: Instant,
    ) -> AuditHeadRow {
        let ledger = &self.ledger;
        let key = &self.signing_key;
        let checkpoint = Checkpoint {
            origin: ledger.origin(&partnership.code),
            size: frontier.size(),
            root: frontier.root(),
        };
        AuditHeadRow {
            partnership_id: partnership.id,
            size: i64::try_from(frontier.size()).unwrap_or(i64::MAX),
            frontier: frontier.to_bytes().into(),
            root: frontier.root().0.into(),
            signed_at: now,
            checkpoint: checkpoint.to_signed_note(&key.public_key(), |body| key.sign(body)),
        }
    }
}

/// Parses the stored frontier of a tree; the empty frontier when there is no head yet.
pub(super) fn parse_frontier(head: Option<&AuditHeadRow>) -> ServiceResult<Frontier> {
    let Some(head) = head else {
        return Ok(Frontier::default());
    };
    let size = u64::try_from(head.size).ok();
    let frontier = size.and_then(|size| Frontier::from_bytes(size, head.frontier.as_slice()));
    frontier.ok_or(ServiceError::Internal(
        "the stored frontier of the audit tree is invalid",
    ))
}

/// Builds the row for a node of the tree. Only the leaves and every eighth level are stored; the
/// levels between are computed from these.
fn build_tree_row(
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

/// Records which numbers have been sequenced, and which below them are missing because their
/// transactions may still commit.
fn record_sequence_gaps(
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
        let next_expected = store::audit_tree::advance_run(tx, partnership, run, last + 1)?;
        for late in numbers.iter().filter(|number| **number < next_expected) {
            store::audit_tree::close_gap(tx, partnership, run, *late)?;
        }
        let present: std::collections::HashSet<i64> = numbers.into_iter().collect();
        let missing: Vec<i64> = (next_expected..=last)
            .filter(|number| !present.contains(number))
            .collect();
        store::audit_tree::record_gaps(tx, partnership, run, &missing, now)?;
    }
    Ok(())
}

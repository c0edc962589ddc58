//! Verification of an audit log from its first record. No stored value is trusted; everything is
//! computed again.

mod journals;

use std::collections::{BTreeMap, HashSet};

use domain::{AuditId, Instant, PartnershipId};
use ledger::{Checkpoint, Frontier, Hash, TILE_HEIGHT};
use serde::Serialize;
use store::{AuditHeadRow, AuditRow, AuditTreeRow, Tx};
use uuid::Uuid;
use vault::{AuditEpoch, VaultError, verify_signature};

use self::journals::Journals;
use super::merge_delay::MERGE_DELAY_LIMIT;
use super::records::{AuditTokens, open_payload};
use crate::{Kernel, ServiceResult};

/// The number of leaves loaded in one batch.
const BATCH: i64 = 2_000;
/// The most faults that a report lists; further ones are only counted.
const MAX_REPORTED_FAULTS: usize = 100;

/// The kind of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditFaultKind {
    /// A record that is in the tree does not exist.
    RecordMissing,
    /// A record does not match its leaf.
    RecordChanged,
    /// The sealed payload of a record does not match its hash, or cannot be opened although its key
    /// exists.
    PayloadChanged,
    /// The search tokens of a record do not match its payload, so that searches find it wrongly or
    /// miss it.
    TokenChanged,
    /// A hash of the tree is duplicated, misplaced or missing.
    TreeChanged,
    /// The stored head does not match the tree.
    HeadChanged,
    /// The checkpoint is not signed with the log's key, or describes another tree.
    CheckpointInvalid,
    /// A record is not in the tree although it should be.
    Unplaced,
    /// A number of a run belongs to no record.
    NumberMissing,
    /// A journal lists a committed record that does not exist or is a different one.
    JournalDiffers,
    /// The tree does not extend one that was signed before.
    RolledBack,
}

/// One fault found by verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditFault {
    /// The kind of the fault.
    pub kind: AuditFaultKind,
    /// The record concerned, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<AuditId>,
    /// The position in the tree, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// The run and the number in that run, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<(Uuid, i64)>,
}

/// The result of verifying one audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// The code of the partnership.
    pub partnership: String,
    /// The number of records in the tree.
    pub size: u64,
    /// The computed root hash of the tree.
    pub root: String,
    /// The number of records that wait to be sequenced.
    pub waiting: u64,
    /// The number of reserved numbers whose transaction may still commit.
    pub pending: u64,
    /// The number of payloads that could be opened and were compared.
    pub opened: u64,
    /// The number of journal lines compared.
    pub journal_lines: u64,
    /// The number of faults found.
    pub fault_count: u64,
    /// The first hundred faults.
    pub faults: Vec<AuditFault>,
}

/// The identity of a log: its name, its key, and checkpoints known from elsewhere.
#[derive(Debug, Clone)]
pub struct LogKey {
    /// The origin, which is the name of the log.
    pub origin: String,
    /// The public key that verifies its checkpoints.
    pub public_key: [u8; 32],
    /// Checkpoints that were kept outside the service: tree size and root.
    pub known_checkpoints: Vec<(u64, Hash)>,
}

impl AuditReport {
    fn add_fault_at(
        &mut self,
        kind: AuditFaultKind,
        row: Option<&AuditRow>,
        position: Option<i64>,
    ) {
        let number = row.map(|row| (row.run_id, row.number));
        self.add_fault(AuditFault {
            kind,
            record: row.map(|row| row.id),
            position,
            number,
        });
    }

    fn add_fault(&mut self, fault: AuditFault) {
        self.fault_count += 1;
        if self.faults.len() < MAX_REPORTED_FAULTS {
            self.faults.push(fault);
        }
    }
}

/// A record that does not match the journals as they were when they were loaded.
struct SuspectRecord {
    record: AuditId,
    number: (Uuid, i64),
    hash: Hash,
    void: bool,
}

/// The state of a verification between batches of leaves.
struct AuditVerifier<'a> {
    service: &'a Kernel,
    report: AuditReport,
    frontier: Frontier,
    journals: Journals,
    /// The records that do not match the journals.
    suspects: Vec<SuspectRecord>,
    /// The numbers for which a record should exist and does not.
    missing: Vec<(Uuid, i64)>,
    upper: BTreeMap<(i64, i64), Hash>,
    known_checkpoints: Vec<(u64, Hash)>,
}

impl Kernel {
    /// Returns the name and the public key of a partnership's log, as this node signs it.
    ///
    /// # Errors
    /// [`crate::ServiceError::NotFound`] when there is no such partnership.
    pub fn log_key(&self, partnership: &str) -> ServiceResult<LogKey> {
        self.partnership_by_code(partnership)?;
        let ledger = &self.ledger;
        let public_key = self.signing_key.public_key();
        Ok(LogKey {
            origin: ledger.origin(partnership),
            public_key,
            known_checkpoints: Vec::new(),
        })
    }

    /// Verifies a partnership's audit log: every record against its leaf, the leaves against the
    /// tree, the tree against its signed checkpoints, the numbers of every run for gaps, and the
    /// journals of this node and of `folders` against the records.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the database, the keystore or a journal cannot be
    /// read; [`crate::ServiceError::NotFound`] when there is no such partnership.
    pub fn verify_audit(
        &self,
        partnership: &str,
        key: &LogKey,
        folders: &[std::path::PathBuf],
    ) -> ServiceResult<AuditReport> {
        self.db.read("audit.verify", |tx| {
            self.verify_audit_in(tx, partnership, key, folders)
        })
    }

    /// Verifies the log as [`Kernel::verify_audit`] does, in a given transaction.
    ///
    /// # Errors
    /// As [`Kernel::verify_audit`].
    pub fn verify_audit_in(
        &self,
        tx: &mut Tx<'_>,
        partnership: &str,
        key: &LogKey,
        folders: &[std::path::PathBuf],
    ) -> ServiceResult<AuditReport> {
        let partnership = self.partnership_by_code(partnership)?;
        let mut all_folders: Vec<_> = self
            .ledger
            .config
            .journal
            .iter()
            .chain(folders)
            .cloned()
            .collect();
        all_folders.sort();
        all_folders.dedup();
        let folders = all_folders;
        let journals = Journals::load(&folders, partnership.id)?;
        let mut known_checkpoints = key.known_checkpoints.clone();
        known_checkpoints.extend(journals.signed_roots());
        known_checkpoints.sort_by_key(|(size, _)| *size);
        let mut verifier = AuditVerifier {
            service: self,
            report: empty_report(&partnership.code),
            frontier: Frontier::default(),
            upper: load_upper_levels(tx, partnership.id)?,
            journals,
            suspects: Vec::new(),
            missing: Vec::new(),
            known_checkpoints,
        };
        let head = store::audit_tree::head(tx, partnership.id)?;
        verifier.check_leaves(tx, partnership.id)?;
        verifier.check_head(head.as_ref(), key);
        let recent_gaps = verifier.check_unsequenced(tx, partnership.id)?;
        verifier.check_numbers(tx, partnership.id, &recent_gaps)?;
        verifier.recheck_suspects(&folders, partnership.id)?;
        Ok(verifier.finish())
    }
}

fn empty_report(partnership: &str) -> AuditReport {
    AuditReport {
        partnership: partnership.to_owned(),
        size: 0,
        root: String::new(),
        waiting: 0,
        pending: 0,
        opened: 0,
        journal_lines: 0,
        fault_count: 0,
        faults: Vec::new(),
    }
}

/// Loads every stored hash above the leaves, by level and position.
fn load_upper_levels(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
) -> ServiceResult<BTreeMap<(i64, i64), Hash>> {
    let mut upper = BTreeMap::new();
    for level in 1..8 {
        for (position, hash) in store::audit_tree::level(tx, partnership, level)? {
            upper.insert((level, position), hash);
        }
    }
    Ok(upper)
}

impl AuditVerifier<'_> {
    fn check_leaves(&mut self, tx: &mut Tx<'_>, partnership: PartnershipId) -> ServiceResult<()> {
        let mut next = 0;
        loop {
            let batch = store::audit_tree::leaves(tx, partnership, next, BATCH)?;
            for (leaf, row) in &batch {
                if leaf.position != next {
                    self.report
                        .add_fault_at(AuditFaultKind::TreeChanged, row.as_ref(), Some(next));
                }
                next = leaf.position.saturating_add(1);
                self.check_leaf(leaf, row.as_ref())?;
            }
            if i64::try_from(batch.len()).unwrap_or(i64::MAX) < BATCH {
                return Ok(());
            }
        }
    }

    fn check_leaf(&mut self, leaf: &AuditTreeRow, row: Option<&AuditRow>) -> ServiceResult<()> {
        self.check_known_checkpoints();
        let stored = leaf
            .hash
            .as_slice()
            .try_into()
            .map(Hash)
            .unwrap_or_else(|_| Hash::empty_tree());
        match row {
            None => self.report.add_fault(AuditFault {
                kind: AuditFaultKind::RecordMissing,
                record: leaf.record_id,
                position: Some(leaf.position),
                number: None,
            }),
            Some(row) => {
                let hash = row.leaf().map(|leaf| leaf.hash()).ok();
                if hash != Some(stored) {
                    self.report.add_fault_at(
                        AuditFaultKind::RecordChanged,
                        Some(row),
                        Some(leaf.position),
                    );
                }
                self.check_payload(row, leaf.position)?;
                self.check_against_journals(row, hash.unwrap_or(stored));
            }
        }
        let upper = &mut self.upper;
        let report = &mut self.report;
        self.frontier
            .push_and_report(stored, |height, index, hash| {
                let level = i64::from(height / TILE_HEIGHT);
                let node = (level, i64::try_from(index).unwrap_or(i64::MAX));
                if height > 0
                    && height.is_multiple_of(TILE_HEIGHT)
                    && upper.remove(&node) != Some(hash)
                {
                    report.add_fault_at(AuditFaultKind::TreeChanged, None, Some(node.1));
                }
            });
        Ok(())
    }

    /// Compares the tree with the kept checkpoints of its current size.
    fn check_known_checkpoints(&mut self) {
        let size = self.frontier.size();
        while let Some((of, root)) = self
            .known_checkpoints
            .first()
            .copied()
            .filter(|(of, _)| *of <= size)
        {
            self.known_checkpoints.remove(0);
            if of == size && root != self.frontier.root() {
                self.report
                    .add_fault_at(AuditFaultKind::RolledBack, None, i64::try_from(of).ok());
            }
        }
    }

    fn check_payload(&mut self, row: &AuditRow, position: i64) -> ServiceResult<()> {
        let service = self.service;
        let key = match service
            .vault()
            .audit_key(service.now(), AuditEpoch(row.period))
        {
            Ok(key) => key,
            Err(VaultError::Destroyed) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let opened = open_payload(&key, row)
            .ok()
            .filter(|opened| opened.hash_matches);
        let Some(opened) = opened else {
            self.report
                .add_fault_at(AuditFaultKind::PayloadChanged, Some(row), Some(position));
            return Ok(());
        };
        self.report.opened += 1;
        let tokens = AuditTokens::of(&key, row.partnership_id, &opened.payload);
        let tokens_match = tokens.practitioner == row.practitioner_token
            && tokens.agency == row.agency_token
            && tokens.object == row.object_token
            && tokens.chronology == row.chronology_token;
        if !tokens_match {
            self.report
                .add_fault_at(AuditFaultKind::TokenChanged, Some(row), Some(position));
        }
        Ok(())
    }

    fn check_against_journals(&mut self, row: &AuditRow, hash: Hash) {
        let void = row.operation == super::void_records::VOID_OPERATION;
        if !self.journals.matches(row.run_id, row.number, hash, void) {
            self.suspects.push(SuspectRecord {
                record: row.id,
                number: (row.run_id, row.number),
                hash,
                void,
            });
        }
    }

    /// Loads the journals again and checks the suspect records and missing numbers against them: a
    /// number whose first transaction was rolled back may have been reused since.
    fn recheck_suspects(
        &mut self,
        folders: &[std::path::PathBuf],
        partnership: PartnershipId,
    ) -> ServiceResult<()> {
        if self.suspects.is_empty() && self.missing.is_empty() {
            return Ok(());
        }
        let mut journals = Journals::load(folders, partnership)?;
        for number in std::mem::take(&mut self.missing) {
            // The number was reserved after the journals were loaded, by a transaction that had not
            // committed when the records were read.
            if journals.contains(number) && !self.journals.contains(number) {
                self.report.pending += 1;
                continue;
            }
            let kind = AuditFaultKind::NumberMissing;
            self.report.add_fault(AuditFault {
                kind,
                record: None,
                position: None,
                number: Some(number),
            });
        }
        for SuspectRecord {
            record,
            number,
            hash,
            void,
        } in std::mem::take(&mut self.suspects)
        {
            if !journals.matches(number.0, number.1, hash, void) {
                let kind = AuditFaultKind::JournalDiffers;
                self.report.add_fault(AuditFault {
                    kind,
                    record: Some(record),
                    position: None,
                    number: Some(number),
                });
            }
        }
        Ok(())
    }

    fn check_head(&mut self, head: Option<&AuditHeadRow>, key: &LogKey) {
        self.check_known_checkpoints();
        for (size, _) in std::mem::take(&mut self.known_checkpoints) {
            self.report
                .add_fault_at(AuditFaultKind::RolledBack, None, i64::try_from(size).ok());
        }
        for (_, position) in std::mem::take(&mut self.upper).into_keys() {
            self.report
                .add_fault_at(AuditFaultKind::TreeChanged, None, Some(position));
        }
        let Some(head) = head else {
            if self.frontier.size() > 0 {
                self.report
                    .add_fault_at(AuditFaultKind::HeadChanged, None, None);
            }
            return;
        };
        let size = i64::try_from(self.frontier.size()).unwrap_or(i64::MAX);
        let root = self.frontier.root();
        let is_consistent = head.size == size
            && head.root.as_slice() == root.0
            && head.frontier.as_slice() == self.frontier.to_bytes().as_slice();
        if !is_consistent {
            self.report
                .add_fault_at(AuditFaultKind::HeadChanged, None, Some(head.size));
        }
        let verify = |message: &[u8], signature: &[u8]| {
            verify_signature(&key.public_key, message, signature)
        };
        let opened = Checkpoint::open(&head.checkpoint, &key.origin, &key.public_key, verify);
        if !opened.is_ok_and(|checkpoint| {
            checkpoint.size == self.frontier.size() && checkpoint.root == root
        }) {
            self.report
                .add_fault_at(AuditFaultKind::CheckpointInvalid, None, Some(head.size));
        }
    }

    /// Checks the records that are not in the tree: those waiting to be sequenced are valid, others
    /// are faults. Returns the recent gaps, whose numbers may still be committed.
    fn check_unsequenced(
        &mut self,
        tx: &mut Tx<'_>,
        partnership: PartnershipId,
    ) -> ServiceResult<HashSet<(Uuid, i64)>> {
        let waiting = store::audit_tree::unsequenced(tx, partnership, i64::MAX)?;
        let waiting: HashSet<AuditId> = waiting.iter().map(|row| row.id).collect();
        for row in store::audit_tree::outside_tree(tx, partnership)? {
            if waiting.contains(&row.id) {
                self.report.waiting += 1;
                let hash = row.leaf()?.hash();
                self.check_against_journals(&row, hash);
            } else {
                self.report
                    .add_fault_at(AuditFaultKind::Unplaced, Some(&row), None);
            }
        }
        let recent = |at: Instant| self.service.now().since(at) < MERGE_DELAY_LIMIT;
        let holes = store::audit_tree::list_gaps(tx, partnership)?;
        Ok(holes
            .into_iter()
            .filter(|(_, _, at)| recent(*at))
            .map(|(run, number, _)| (run, number))
            .collect())
    }

    fn check_numbers(
        &mut self,
        tx: &mut Tx<'_>,
        partnership: PartnershipId,
        recent_gaps: &HashSet<(Uuid, i64)>,
    ) -> ServiceResult<()> {
        for (run, count, last) in store::audit_tree::count_by_run(tx, partnership)? {
            if count == last {
                continue;
            }
            let present: HashSet<i64> = store::audit_tree::numbers(tx, partnership, run)?
                .into_iter()
                .collect();
            for number in (1..=last).filter(|number| !present.contains(number)) {
                let number = (run, number);
                if recent_gaps.contains(&number) || self.journals.may_be_pending(number) {
                    self.report.pending += 1;
                } else {
                    self.missing.push(number);
                }
            }
        }
        for number in self.journals.unmatched_numbers() {
            let kind = AuditFaultKind::JournalDiffers;
            self.report.add_fault(AuditFault {
                kind,
                record: None,
                position: None,
                number: Some(number),
            });
        }
        Ok(())
    }

    fn finish(mut self) -> AuditReport {
        self.report.size = self.frontier.size();
        self.report.root = self.frontier.root().to_string();
        self.report.journal_lines = self.journals.compared_count();
        self.report
    }
}

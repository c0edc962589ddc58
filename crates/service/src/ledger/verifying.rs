//! Verifying an audit from its first record: nothing that is stored is believed.

mod journals;

use std::collections::{BTreeMap, HashSet};

use domain::{AuditId, Instant, PartnershipId};
use ledger::{Checkpoint, Frontier, Hash, TILE_HEIGHT};
use serde::Serialize;
use store::{AuditHeadRow, AuditRow, AuditTreeRow, Tx};
use uuid::Uuid;
use vault::{AuditEpoch, VaultError, verify_signature};

use self::journals::Journals;
use super::appending::{Tokens, open};
use super::watching::MERGE_DELAY_REFUSES;
use crate::{Answer, Service};

/// Leaves looked at together.
const BATCH: i64 = 2_000;
/// Faults that are told of one by one; the rest are counted.
const TOLD: usize = 100;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditFaultKind {
    /// A record that has a place in the tree is not there.
    RecordMissing,
    /// A record is not what its leaf says.
    RecordChanged,
    /// What a record says of people is not what its hash says, or cannot be opened though its key is there.
    PayloadChanged,
    /// A record would be found by, or hidden from, a search that it should not.
    TokenChanged,
    /// The tree has a hash twice, at a wrong place, or not at all.
    TreeChanged,
    /// The head is not that of the tree.
    HeadChanged,
    /// The checkpoint is not signed by the log's key, or speaks of another tree.
    CheckpointInvalid,
    /// A record has no place in the tree though it should have one.
    Unplaced,
    /// A number of a run stands for no record.
    NumberMissing,
    /// A journal knows a committed record that is not there, or another one in its place.
    JournalDiffers,
    /// The tree does not begin with one that was signed before.
    RolledBack,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditFault {
    /// What.
    pub kind: AuditFaultKind,
    /// The record concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<AuditId>,
    /// Its place in the tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// The run and its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<(Uuid, i64)>,
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Code of the partnership.
    pub partnership: String,
    /// How many records have their place.
    pub size: u64,
    /// The root over them, computed.
    pub root: String,
    /// Records that wait for their place.
    pub waiting: u64,
    /// Numbers whose transaction may still end.
    pub pending: u64,
    /// Records whose payload could be opened and was compared.
    pub opened: u64,
    /// Lines of journals compared.
    pub journal_lines: u64,
    /// How many faults there are.
    pub fault_count: u64,
    /// The first hundred of them.
    pub faults: Vec<AuditFault>,
}

/// By what a log is known.
#[derive(Debug, Clone)]
pub struct LogKey {
    /// The log's name.
    pub origin: String,
    /// The public key of whoever signs it.
    pub public_key: [u8; 32],
    /// Checkpoints that somebody kept: size and root.
    pub remembered: Vec<(u64, Hash)>,
}

impl AuditReport {
    fn add(&mut self, kind: AuditFaultKind, row: Option<&AuditRow>, position: Option<i64>) {
        let number = row.map(|row| (row.run_id, row.number));
        self.tell(AuditFault { kind, record: row.map(|row| row.id), position, number });
    }

    fn tell(&mut self, fault: AuditFault) {
        self.fault_count += 1;
        if self.faults.len() < TOLD {
            self.faults.push(fault);
        }
    }
}

/// A record that is not what the journals said when they were read.
struct Doubt {
    record: AuditId,
    number: (Uuid, i64),
    hash: Hash,
    void: bool,
}

/// What is carried from one batch of leaves to the next.
struct Walk<'a> {
    service: &'a Service,
    report: AuditReport,
    frontier: Frontier,
    journals: Journals,
    /// Records that are not what the journals say.
    doubts: Vec<Doubt>,
    /// Numbers for which there is no record and should be one.
    missing: Vec<(Uuid, i64)>,
    upper: BTreeMap<(i64, i64), Hash>,
    remembered: Vec<(u64, Hash)>,
}

impl Service {
    /// The name and key of a partnership's log, as this node signs it.
    ///
    /// # Errors
    /// [`crate::ServiceError::NotFound`] when there is no such partnership.
    pub fn log_key(&self, partnership: &str) -> Answer<LogKey> {
        self.partnership_named(partnership)?;
        let ledger = &self.0.ledger;
        let public_key = self.0.signing_key.public_key();
        Ok(LogKey { origin: ledger.origin(partnership), public_key, remembered: Vec::new() })
    }

    /// Verifies a partnership's audit: every record against its leaf, every leaf against the tree, the tree against what
    /// was signed, every run's numbers against gaps, and the journals of this node and of `folders` against the records.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when database, keystore or a journal cannot be read;
    /// [`crate::ServiceError::NotFound`] when there is no such partnership.
    pub fn verify_audit(&self, partnership: &str, key: &LogKey, folders: &[std::path::PathBuf]) -> Answer<AuditReport> {
        self.0.db.read("audit.verify", |tx| self.verify_audit_in(tx, partnership, key, folders))
    }

    /// As [`Service::verify_audit`], of what a transaction sees.
    ///
    /// # Errors
    /// As [`Service::verify_audit`].
    pub fn verify_audit_in(
        &self,
        tx: &mut Tx<'_>,
        partnership: &str,
        key: &LogKey,
        folders: &[std::path::PathBuf],
    ) -> Answer<AuditReport> {
        let partnership = self.partnership_named(partnership)?;
        let mut all: Vec<_> = self.0.ledger.config.journal.iter().chain(folders).cloned().collect();
        all.sort();
        all.dedup();
        let folders = all;
        let journals = Journals::read(&folders, partnership.id)?;
        let mut remembered = key.remembered.clone();
        remembered.extend(journals.signed());
        remembered.sort_by_key(|(size, _)| *size);
        let mut walk = Walk {
            service: self,
            report: empty(&partnership.code),
            frontier: Frontier::default(),
            upper: upper_levels(tx, partnership.id)?,
            journals,
            doubts: Vec::new(),
            missing: Vec::new(),
            remembered,
        };
        let head = store::audit_tree::head(tx, partnership.id)?;
        walk.leaves(tx, partnership.id)?;
        walk.head(head.as_ref(), key);
        let holes = walk.beside(tx, partnership.id)?;
        walk.numbers(tx, partnership.id, &holes)?;
        walk.doubts(&folders, partnership.id)?;
        Ok(walk.finish())
    }
}

fn empty(partnership: &str) -> AuditReport {
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

/// Every hash that is stored above the leaves, by level and place.
fn upper_levels(tx: &mut Tx<'_>, partnership: PartnershipId) -> Answer<BTreeMap<(i64, i64), Hash>> {
    let mut upper = BTreeMap::new();
    for level in 1..8 {
        for (position, hash) in store::audit_tree::level(tx, partnership, level)? {
            upper.insert((level, position), hash);
        }
    }
    Ok(upper)
}

impl Walk<'_> {
    fn leaves(&mut self, tx: &mut Tx<'_>, partnership: PartnershipId) -> Answer<()> {
        let mut next = 0;
        loop {
            let batch = store::audit_tree::leaves(tx, partnership, next, BATCH)?;
            for (leaf, row) in &batch {
                if leaf.position != next {
                    self.report.add(AuditFaultKind::TreeChanged, row.as_ref(), Some(next));
                }
                next = leaf.position.saturating_add(1);
                self.leaf(leaf, row.as_ref())?;
            }
            if i64::try_from(batch.len()).unwrap_or(i64::MAX) < BATCH {
                return Ok(());
            }
        }
    }

    fn leaf(&mut self, leaf: &AuditTreeRow, row: Option<&AuditRow>) -> Answer<()> {
        self.check_remembered();
        let stored = leaf.hash.as_slice().try_into().map(Hash).unwrap_or_else(|_| Hash::of_nothing());
        match row {
            None => self.report.tell(AuditFault {
                kind: AuditFaultKind::RecordMissing,
                record: leaf.record_id,
                position: Some(leaf.position),
                number: None,
            }),
            Some(row) => {
                let hash = row.leaf().map(|leaf| leaf.hash()).ok();
                if hash != Some(stored) {
                    self.report.add(AuditFaultKind::RecordChanged, Some(row), Some(leaf.position));
                }
                self.payload(row, leaf.position)?;
                self.journal(row, hash.unwrap_or(stored));
            }
        }
        let (upper, report) = (&mut self.upper, &mut self.report);
        self.frontier.push_with(stored, |height, index, hash| {
            let level = i64::from(height / TILE_HEIGHT);
            let place = (level, i64::try_from(index).unwrap_or(i64::MAX));
            if height > 0 && height.is_multiple_of(TILE_HEIGHT) && upper.remove(&place) != Some(hash) {
                report.add(AuditFaultKind::TreeChanged, None, Some(place.1));
            }
        });
        Ok(())
    }

    /// Compares with the checkpoints of this size that somebody remembers.
    fn check_remembered(&mut self) {
        let size = self.frontier.size();
        while let Some((of, root)) = self.remembered.first().copied().filter(|(of, _)| *of <= size) {
            self.remembered.remove(0);
            if of == size && root != self.frontier.root() {
                self.report.add(AuditFaultKind::RolledBack, None, i64::try_from(of).ok());
            }
        }
    }

    fn payload(&mut self, row: &AuditRow, position: i64) -> Answer<()> {
        let service = self.service;
        let key = match service.vault().audit_key(service.now(), AuditEpoch(row.period)) {
            Ok(key) => key,
            Err(VaultError::Destroyed) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let opened = open(&key, row).ok().filter(|opened| opened.as_hashed);
        let Some(opened) = opened else {
            self.report.add(AuditFaultKind::PayloadChanged, Some(row), Some(position));
            return Ok(());
        };
        self.report.opened += 1;
        let tokens = Tokens::of(&key, row.partnership_id, &opened.payload);
        let same = tokens.practitioner == row.practitioner_token
            && tokens.agency == row.agency_token
            && tokens.object == row.object_token
            && tokens.chronology == row.chronology_token;
        if !same {
            self.report.add(AuditFaultKind::TokenChanged, Some(row), Some(position));
        }
        Ok(())
    }

    fn journal(&mut self, row: &AuditRow, hash: Hash) {
        let void = row.operation == super::filling::VOID;
        if !self.journals.agrees(row.run_id, row.number, hash, void) {
            self.doubts.push(Doubt { record: row.id, number: (row.run_id, row.number), hash, void });
        }
    }

    /// Reads the journals once more for the records that are not what they said: a number whose first transaction was undone
    /// may have been given to another since.
    fn doubts(&mut self, folders: &[std::path::PathBuf], partnership: PartnershipId) -> Answer<()> {
        if self.doubts.is_empty() && self.missing.is_empty() {
            return Ok(());
        }
        let mut journals = Journals::read(folders, partnership)?;
        for number in std::mem::take(&mut self.missing) {
            // Taken after the journals were read, by a transaction that was not committed when the records were.
            if journals.knows(number) && !self.journals.knows(number) {
                self.report.pending += 1;
                continue;
            }
            let kind = AuditFaultKind::NumberMissing;
            self.report.tell(AuditFault { kind, record: None, position: None, number: Some(number) });
        }
        for Doubt { record, number, hash, void } in std::mem::take(&mut self.doubts) {
            if !journals.agrees(number.0, number.1, hash, void) {
                let kind = AuditFaultKind::JournalDiffers;
                self.report.tell(AuditFault { kind, record: Some(record), position: None, number: Some(number) });
            }
        }
        Ok(())
    }

    fn head(&mut self, head: Option<&AuditHeadRow>, key: &LogKey) {
        self.check_remembered();
        for (size, _) in std::mem::take(&mut self.remembered) {
            self.report.add(AuditFaultKind::RolledBack, None, i64::try_from(size).ok());
        }
        for (_, position) in std::mem::take(&mut self.upper).into_keys() {
            self.report.add(AuditFaultKind::TreeChanged, None, Some(position));
        }
        let Some(head) = head else {
            if self.frontier.size() > 0 {
                self.report.add(AuditFaultKind::HeadChanged, None, None);
            }
            return;
        };
        let size = i64::try_from(self.frontier.size()).unwrap_or(i64::MAX);
        let root = self.frontier.root();
        let whole = head.size == size
            && head.root.as_slice() == root.0
            && head.frontier.as_slice() == self.frontier.to_bytes().as_slice();
        if !whole {
            self.report.add(AuditFaultKind::HeadChanged, None, Some(head.size));
        }
        let verify = |message: &[u8], signature: &[u8]| verify_signature(&key.public_key, message, signature);
        let opened = Checkpoint::open(&head.checkpoint, &key.origin, &key.public_key, verify);
        if !opened.is_ok_and(|checkpoint| checkpoint.size == self.frontier.size() && checkpoint.root == root) {
            self.report.add(AuditFaultKind::CheckpointInvalid, None, Some(head.size));
        }
    }

    /// Records without a place: those that wait for one are well, others are not. Gives the numbers that may still come.
    fn beside(&mut self, tx: &mut Tx<'_>, partnership: PartnershipId) -> Answer<HashSet<(Uuid, i64)>> {
        let waiting = store::audit_tree::unplaced(tx, partnership, i64::MAX)?;
        let waiting: HashSet<AuditId> = waiting.iter().map(|row| row.id).collect();
        for row in store::audit_tree::outside(tx, partnership)? {
            if waiting.contains(&row.id) {
                self.report.waiting += 1;
                let hash = row.leaf()?.hash();
                self.journal(&row, hash);
            } else {
                self.report.add(AuditFaultKind::Unplaced, Some(&row), None);
            }
        }
        let recent = |at: Instant| self.service.now().since(at) < MERGE_DELAY_REFUSES;
        let holes = store::audit_tree::holes(tx, partnership)?;
        Ok(holes.into_iter().filter(|(_, _, at)| recent(*at)).map(|(run, number, _)| (run, number)).collect())
    }

    fn numbers(&mut self, tx: &mut Tx<'_>, partnership: PartnershipId, holes: &HashSet<(Uuid, i64)>) -> Answer<()> {
        for (run, count, last) in store::audit_tree::counts(tx, partnership)? {
            if count == last {
                continue;
            }
            let there: HashSet<i64> = store::audit_tree::numbers(tx, partnership, run)?.into_iter().collect();
            for number in (1..=last).filter(|number| !there.contains(number)) {
                let number = (run, number);
                if holes.contains(&number) || self.journals.is_open(number) {
                    self.report.pending += 1;
                } else {
                    self.missing.push(number);
                }
            }
        }
        for number in self.journals.left() {
            let kind = AuditFaultKind::JournalDiffers;
            self.report.tell(AuditFault { kind, record: None, position: None, number: Some(number) });
        }
        Ok(())
    }

    fn finish(mut self) -> AuditReport {
        self.report.size = self.frontier.size();
        self.report.root = self.frontier.root().to_string();
        self.report.journal_lines = self.journals.compared();
        self.report
    }
}

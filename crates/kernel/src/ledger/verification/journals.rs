//! The nodes' journals of the records they wrote, which verification compares with the database.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use domain::PartnershipId;
use ledger::{Hash, JournalLine};
use uuid::Uuid;

use super::super::recovery::journal_error;
use crate::ServiceResult;

/// The journal entry for one number.
#[derive(Clone, Copy)]
struct JournalEntry {
    hash: Hash,
    is_committed: bool,
}

/// The journal entries for one partnership's records.
#[derive(Default)]
pub(super) struct Journals {
    entries: HashMap<(Uuid, i64), JournalEntry>,
    /// Void records, by the number that they fill.
    void_records: HashMap<(Uuid, i64), Hash>,
    /// Runs whose uncommitted numbers have been filled; a record of such a run that is missing now
    /// was removed.
    recovered: HashSet<Uuid>,
    signed_roots: Vec<(u64, Hash)>,
    compared_count: u64,
}

impl Journals {
    pub(super) fn load(folders: &[PathBuf], of: PartnershipId) -> ServiceResult<Self> {
        let mut journals = Self::default();
        for folder in folders {
            for (run, files) in store::journal::list_runs(folder).map_err(journal_error)? {
                // Checked before the lines are read: a run whose recovery is in progress does not
                // count as recovered.
                if store::journal::is_recovered(folder, run).map_err(journal_error)? {
                    journals.recovered.insert(run);
                }
                for file in files {
                    let lines = store::journal::read_lines(&file).map_err(journal_error)?;
                    lines
                        .into_iter()
                        .for_each(|line| journals.add_line(run, of, line));
                }
            }
        }
        Ok(journals)
    }

    fn add_line(&mut self, run: Uuid, of: PartnershipId, line: JournalLine) {
        match line {
            JournalLine::Written {
                partnership,
                number,
                hash,
            } if partnership == of => {
                self.entries.insert(
                    (run, number),
                    JournalEntry {
                        hash,
                        is_committed: false,
                    },
                );
            }
            JournalLine::Committed {
                partnership,
                number,
            } if partnership == of => {
                if let Some(entry) = self.entries.get_mut(&(run, number)) {
                    entry.is_committed = true;
                }
            }
            JournalLine::VoidFilled {
                partnership,
                run,
                number,
                hash,
            } if partnership == of => {
                self.void_records.insert((run, number), hash);
            }
            JournalLine::CheckpointSigned {
                partnership,
                size,
                root,
            } if partnership == of => self.signed_roots.push((size, root)),
            JournalLine::Written { .. }
            | JournalLine::Committed { .. }
            | JournalLine::VoidFilled { .. }
            | JournalLine::CheckpointSigned { .. } => {}
        }
    }

    /// Returns the tree sizes and roots that were signed.
    pub(super) fn signed_roots(&self) -> impl Iterator<Item = (u64, Hash)> + '_ {
        self.signed_roots.iter().copied()
    }

    /// Whether a record matches the journal entry for its number, if there is one. A void record
    /// may fill a number whose commit the journal does not show.
    pub(super) fn matches(&mut self, run: Uuid, number: i64, hash: Hash, void: bool) -> bool {
        let number = (run, number);
        let entry = self.entries.remove(&number);
        let void_records = self.void_records.remove(&number);
        if entry.is_none() && void_records.is_none() {
            return true;
        }
        self.compared_count += 1;
        match (entry, void_records) {
            (Some(entry), _) if entry.is_committed => entry.hash == hash,
            (_, Some(void_records)) if void => void_records == hash,
            (Some(entry), _) => entry.hash == hash || void,
            (None, _) => false,
        }
    }

    /// Whether a number may still be pending: the journal does not show its commit, and its run is
    /// still active or has not been recovered yet.
    pub(super) fn may_be_pending(&self, (run, number): (Uuid, i64)) -> bool {
        !self.recovered.contains(&run)
            && !self.void_records.contains_key(&(run, number))
            && self
                .entries
                .get(&(run, number))
                .is_some_and(|entry| !entry.is_committed)
    }

    /// Whether a journal mentions a number.
    pub(super) fn contains(&self, number: (Uuid, i64)) -> bool {
        self.entries.contains_key(&number) || self.void_records.contains_key(&number)
    }

    /// Returns the committed numbers for which no record was found.
    pub(super) fn unmatched_numbers(&self) -> Vec<(Uuid, i64)> {
        let is_committed = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.is_committed)
            .map(|(number, _)| *number);
        let mut unmatched: Vec<_> = is_committed
            .chain(self.void_records.keys().copied())
            .collect();
        unmatched.sort_unstable();
        unmatched.dedup();
        unmatched
    }

    pub(super) fn compared_count(&self) -> u64 {
        self.compared_count
    }
}

//! Nodes' own accounts of what they wrote, to be compared with what is there.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use domain::PartnershipId;
use ledger::{Hash, Line};
use uuid::Uuid;

use super::super::recovering::unreadable;
use crate::Answer;

/// What a journal says of one number.
#[derive(Clone, Copy)]
struct Noted {
    hash: Hash,
    settled: bool,
}

/// The journals of one partnership's records.
#[derive(Default)]
pub(super) struct Journals {
    noted: HashMap<(Uuid, i64), Noted>,
    /// Void records in the place of numbers that stood for none.
    filled: HashMap<(Uuid, i64), Hash>,
    /// Runs whose unsettled numbers have been filled: what is missing of them now was taken out.
    recovered: HashSet<Uuid>,
    signed: Vec<(u64, Hash)>,
    compared: u64,
}

impl Journals {
    pub(super) fn read(folders: &[PathBuf], of: PartnershipId) -> Answer<Self> {
        let mut journals = Self::default();
        for folder in folders {
            for (run, files) in store::journal::runs(folder).map_err(unreadable)? {
                // Before its lines: a run that is being recovered now is not yet.
                if store::journal::is_recovered(folder, run).map_err(unreadable)? {
                    journals.recovered.insert(run);
                }
                for file in files {
                    let lines = store::journal::lines(&file).map_err(unreadable)?;
                    lines.into_iter().for_each(|line| journals.note(run, of, line));
                }
            }
        }
        Ok(journals)
    }

    fn note(&mut self, run: Uuid, of: PartnershipId, line: Line) {
        match line {
            Line::Written { partnership, number, hash } if partnership == of => {
                self.noted.insert((run, number), Noted { hash, settled: false });
            }
            Line::Settled { partnership, number } if partnership == of => {
                if let Some(noted) = self.noted.get_mut(&(run, number)) {
                    noted.settled = true;
                }
            }
            Line::Filled { partnership, run, number, hash } if partnership == of => {
                self.filled.insert((run, number), hash);
            }
            Line::Signed { partnership, size, root } if partnership == of => self.signed.push((size, root)),
            Line::Written { .. } | Line::Settled { .. } | Line::Filled { .. } | Line::Signed { .. } => {}
        }
    }

    /// Sizes and roots that were signed.
    pub(super) fn signed(&self) -> impl Iterator<Item = (u64, Hash)> + '_ {
        self.signed.iter().copied()
    }

    /// Whether a record is the one that the journal knows by its number, if it knows one. A void record may stand for
    /// one whose commit the journal does not know of.
    pub(super) fn agrees(&mut self, run: Uuid, number: i64, hash: Hash, void: bool) -> bool {
        let number = (run, number);
        let (noted, filled) = (self.noted.remove(&number), self.filled.remove(&number));
        if noted.is_none() && filled.is_none() {
            return true;
        }
        self.compared += 1;
        match (noted, filled) {
            (Some(noted), _) if noted.settled => noted.hash == hash,
            (_, Some(filled)) if void => filled == hash,
            (Some(noted), _) => noted.hash == hash || void,
            (None, _) => false,
        }
    }

    /// Whether a number may still stand for nothing: the journal does not know that its record was committed, and the run
    /// goes on or the start that fills its numbers has not come.
    pub(super) fn is_open(&self, (run, number): (Uuid, i64)) -> bool {
        !self.recovered.contains(&run)
            && !self.filled.contains_key(&(run, number))
            && self.noted.get(&(run, number)).is_some_and(|noted| !noted.settled)
    }

    /// Whether a number is named at all.
    pub(super) fn knows(&self, number: (Uuid, i64)) -> bool {
        self.noted.contains_key(&number) || self.filled.contains_key(&number)
    }

    /// Numbers that were committed and that no record was found for.
    pub(super) fn left(&self) -> Vec<(Uuid, i64)> {
        let settled = self.noted.iter().filter(|(_, noted)| noted.settled).map(|(number, _)| *number);
        let mut left: Vec<_> = settled.chain(self.filled.keys().copied()).collect();
        left.sort_unstable();
        left.dedup();
        left
    }

    pub(super) fn compared(&self) -> u64 {
        self.compared
    }
}

//! Nodes' own accounts of what they wrote, to be compared with what is there.

use std::collections::HashMap;
use std::path::PathBuf;

use domain::PartnershipId;
use ledger::{Hash, Line};
use uuid::Uuid;

use super::super::recovering::unreadable;
use crate::Answer;

/// What a journal says of one number.
struct Noted {
    hash: Hash,
    settled: bool,
}

/// The journals of one partnership's records.
#[derive(Default)]
pub(super) struct Journals {
    noted: HashMap<(Uuid, i64), Noted>,
    signed: Vec<(u64, Hash)>,
    compared: u64,
}

impl Journals {
    pub(super) fn read<'a>(folders: impl Iterator<Item = &'a PathBuf>, of: PartnershipId) -> Answer<Self> {
        let mut journals = Self::default();
        for folder in folders {
            for (run, files) in store::journal::runs(folder).map_err(unreadable)? {
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
            Line::Signed { partnership, size, root } if partnership == of => self.signed.push((size, root)),
            Line::Written { .. } | Line::Settled { .. } | Line::Signed { .. } => {}
        }
    }

    /// Sizes and roots that were signed.
    pub(super) fn signed(&self) -> impl Iterator<Item = (u64, Hash)> + '_ {
        self.signed.iter().copied()
    }

    /// Whether a record is the one that the journal knows by its number, if it knows one. A void record may stand for
    /// one whose commit the journal does not know of.
    pub(super) fn agrees(&mut self, run: Uuid, number: i64, hash: Hash, void: bool) -> bool {
        let Some(noted) = self.noted.remove(&(run, number)) else { return true };
        self.compared += 1;
        noted.hash == hash || (void && !noted.settled)
    }

    /// Numbers that were committed and that no record was found for.
    pub(super) fn left(&self) -> Vec<(Uuid, i64)> {
        let mut left: Vec<_> =
            self.noted.iter().filter(|(_, noted)| noted.settled).map(|(number, _)| *number).collect();
        left.sort_unstable();
        left
    }

    pub(super) fn compared(&self) -> u64 {
        self.compared
    }
}

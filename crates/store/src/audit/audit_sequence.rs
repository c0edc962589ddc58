//! The sequence numbers of a node's audit records: each run of a node counts its own, by
//! partnership, without gaps.
//!
//! A number is assigned inside a transaction. When the transaction is rolled back, the next record
//! reuses the number. When the outcome of the transaction is unknown, so is the use of the number:
//! a void record is written under it unless the first record turns out to have been committed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::PartnershipId;
use ledger::{Hash, JournalLine};
use uuid::Uuid;

use crate::StoreError;
use crate::journal::Journal;

/// The audit sequence of one run of a node, with its journal. Clones share it.
#[derive(Clone)]
pub struct AuditSequence(Arc<Inner>);

struct Inner {
    run: Uuid,
    journal: Option<Journal>,
    numbers: Mutex<HashMap<PartnershipId, PartnershipNumbers>>,
}

#[derive(Default)]
struct PartnershipNumbers {
    last: i64,
    /// Assigned in transactions that were rolled back.
    free: BTreeSet<i64>,
    /// Assigned in transactions whose outcome is unknown.
    uncertain: BTreeSet<i64>,
}

impl AuditSequence {
    /// The sequence of a run, recorded in `journal` if there is one.
    #[must_use]
    pub fn new(run: Uuid, journal: Option<Journal>) -> Self {
        Self(Arc::new(Inner {
            run,
            journal,
            numbers: Mutex::default(),
        }))
    }

    /// The identifier of the run.
    #[must_use]
    pub fn run(&self) -> Uuid {
        self.0.run
    }

    /// Takes the assigned numbers that have no record known to be committed. The caller writes void
    /// records for them, or returns them with [`AuditSequence::mark_uncertain`].
    #[must_use]
    pub fn take_missing(&self) -> Vec<(PartnershipId, i64)> {
        let mut missing = Vec::new();
        for (partnership, numbers) in self.numbers().iter_mut() {
            let free = std::mem::take(&mut numbers.free);
            let uncertain = std::mem::take(&mut numbers.uncertain);
            missing.extend(
                free.into_iter()
                    .chain(uncertain)
                    .map(|number| (*partnership, number)),
            );
        }
        missing
    }

    /// Returns a number that may or may not have been used.
    pub fn mark_uncertain(&self, partnership: PartnershipId, number: i64) {
        self.numbers()
            .entry(partnership)
            .or_default()
            .uncertain
            .insert(number);
    }

    /// Records in the journal a checkpoint that this node signed.
    pub fn record_checkpoint(&self, partnership: PartnershipId, size: u64, root: Hash) {
        self.append(JournalLine::CheckpointSigned {
            partnership,
            size,
            root,
        });
    }

    /// Records in the journal a void record that was committed under a number of this run or of an
    /// earlier one.
    pub fn record_void(&self, partnership: PartnershipId, run: Uuid, number: i64, hash: Hash) {
        self.append(JournalLine::VoidFilled {
            partnership,
            run,
            number,
            hash,
        });
    }

    /// Appends a line without waiting for it. The journal keeps a line that it cannot write yet and
    /// writes it later.
    fn append(&self, line: JournalLine) {
        if let Some(journal) = &self.0.journal {
            let _ = journal.append(&[line]);
        }
    }

    pub(crate) fn lease(&self) -> SequenceLease {
        SequenceLease {
            sequence: self.clone(),
            assigned: Vec::new(),
            durable_to: 0,
        }
    }

    fn numbers(&self) -> MutexGuard<'_, HashMap<PartnershipId, PartnershipNumbers>> {
        self.0
            .numbers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The numbers that one transaction has been assigned, and the journal position that must be
/// durable for it.
pub(crate) struct SequenceLease {
    sequence: AuditSequence,
    assigned: Vec<(PartnershipId, i64)>,
    durable_to: u64,
}

impl SequenceLease {
    /// Assigns the next number, the smallest free one first, to the record that `build` creates,
    /// and writes it to the journal. Numbers are assigned and written in one order, so a journal
    /// that holds a number holds every smaller one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] while the journal cannot be written; otherwise the error of
    /// `build`.
    pub(crate) fn assign<T>(
        &mut self,
        partnership: PartnershipId,
        build: impl FnOnce(Uuid, i64) -> Result<(T, Hash), StoreError>,
    ) -> Result<T, StoreError> {
        let journal = self.sequence.0.journal.as_ref();
        if journal.is_some_and(Journal::is_failing) {
            return Err(StoreError::Unavailable);
        }
        let mut all = self.sequence.numbers();
        let numbers = all.entry(partnership).or_default();
        let number = numbers.free.pop_first().unwrap_or_else(|| {
            numbers.last += 1;
            numbers.last
        });
        let assigned = build(self.sequence.0.run, number).and_then(|(record, hash)| {
            let position = journal
                .map(|journal| {
                    journal.append(&[JournalLine::Written {
                        partnership,
                        number,
                        hash,
                    }])
                })
                .transpose()?;
            Ok((record, position))
        });
        match assigned {
            Ok((record, position)) => {
                self.durable_to = position.unwrap_or(self.durable_to);
                self.assigned.push((partnership, number));
                Ok(record)
            }
            Err(error) => {
                numbers.free.insert(number);
                Err(error)
            }
        }
    }

    /// How many numbers have been assigned, for [`SequenceLease::release_since`].
    pub(crate) fn assigned_count(&self) -> usize {
        self.assigned.len()
    }

    /// Releases the numbers assigned after the first `count`: their records were rolled back for
    /// certain.
    pub(crate) fn release_since(&mut self, count: usize) {
        let released = self.assigned.split_off(count.min(self.assigned.len()));
        let mut all = self.sequence.numbers();
        for (partnership, number) in released {
            all.entry(partnership).or_default().free.insert(number);
        }
    }

    /// Commits the numbers after their transaction was committed, and waits until the journal is
    /// durable too.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the journal is not durable in time. The transaction stays
    /// committed, but its result must not leave the service.
    pub(crate) fn commit(mut self) -> Result<(), StoreError> {
        let lines: Vec<JournalLine> = std::mem::take(&mut self.assigned)
            .into_iter()
            .map(|(partnership, number)| JournalLine::Committed {
                partnership,
                number,
            })
            .collect();
        match &self.sequence.0.journal {
            Some(journal) if !lines.is_empty() => {
                // Written before the wait: without these lines a record that was removed from the
                // database could not be told from one that was never committed.
                let appended = journal.append(&lines);
                journal
                    .wait_durable(self.durable_to)
                    .and(appended.map(drop))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for SequenceLease {
    /// Numbers that were neither committed nor released belong to a transaction whose outcome is
    /// unknown.
    fn drop(&mut self) {
        for (partnership, number) in std::mem::take(&mut self.assigned) {
            self.sequence.mark_uncertain(partnership, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: PartnershipId = PartnershipId(Uuid::from_u128(1));
    const SECOND: PartnershipId = PartnershipId(Uuid::from_u128(2));

    #[test]
    fn released_numbers_are_reassigned_in_their_partnership() {
        let sequence = AuditSequence::new(Uuid::from_u128(9), None);
        let assign = |lease: &mut SequenceLease, partnership| {
            lease.assign(partnership, |_, number| Ok((number, Hash::empty_tree())))
        };
        let mut one = sequence.lease();
        let mut two = sequence.lease();
        assert_eq!(
            (
                assign(&mut one, FIRST),
                assign(&mut two, FIRST),
                assign(&mut one, SECOND)
            ),
            (Ok(1), Ok(2), Ok(1))
        );
        assert_eq!(assign(&mut two, FIRST), Ok(3));
        one.release_since(0);
        one.commit().unwrap();
        let mut three = sequence.lease();
        assert_eq!(
            (assign(&mut three, FIRST), assign(&mut three, FIRST)),
            (Ok(1), Ok(4))
        );
        three.release_since(1);
        three.commit().unwrap();
        drop(two);
        assert_eq!(
            sequence.take_missing().into_iter().collect::<BTreeSet<_>>(),
            BTreeSet::from([(FIRST, 2), (FIRST, 3), (FIRST, 4), (SECOND, 1)])
        );
        assert_eq!(sequence.take_missing(), []);
    }
}

//! The numbers of a node's audit records: each run of a node counts its own, by partnership, without gaps.
//!
//! A number is taken inside a transaction. When that is undone the number is free for the next; when nobody knows how it
//! ended the number is in doubt, and a void record is written in its place unless it turns out to have been committed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::PartnershipId;
use ledger::{Hash, Line};
use uuid::Uuid;

use crate::StoreError;
use crate::journal::Journal;

/// What one run of a node counts and keeps. Clones share it.
#[derive(Clone)]
pub struct Book(Arc<Inner>);

struct Inner {
    run: Uuid,
    journal: Option<Journal>,
    numbers: Mutex<HashMap<PartnershipId, Numbers>>,
}

#[derive(Default)]
struct Numbers {
    last: i64,
    /// Taken by transactions that were undone.
    free: BTreeSet<i64>,
    /// Taken by transactions that ended nobody knows how.
    doubtful: BTreeSet<i64>,
}

impl Book {
    /// The book of a run, with or without a journal beside it.
    #[must_use]
    pub fn new(run: Uuid, journal: Option<Journal>) -> Self {
        Self(Arc::new(Inner { run, journal, numbers: Mutex::default() }))
    }

    /// The run.
    #[must_use]
    pub fn run(&self) -> Uuid {
        self.0.run
    }

    /// Numbers below the highest taken that stand for no committed record as far as is known: free ones and doubtful
    /// ones. They are the caller's from now on, to write void records for, or to give back to [`Book::doubt`].
    #[must_use]
    pub fn take_missing(&self) -> Vec<(PartnershipId, i64)> {
        let mut missing = Vec::new();
        for (partnership, numbers) in self.numbers().iter_mut() {
            let all = std::mem::take(&mut numbers.free).into_iter().chain(std::mem::take(&mut numbers.doubtful));
            missing.extend(all.map(|number| (*partnership, number)));
        }
        missing
    }

    /// Gives a number back of which nobody knows whether it was used.
    pub fn doubt(&self, partnership: PartnershipId, number: i64) {
        self.numbers().entry(partnership).or_default().doubtful.insert(number);
    }

    /// Notes a checkpoint that this node signed.
    pub fn signed(&self, partnership: PartnershipId, size: u64, root: Hash) {
        self.add(Line::Signed { partnership, size, root });
    }

    /// Notes a void record that was committed in the place of a number of this run or an earlier one.
    pub fn filled(&self, partnership: PartnershipId, run: Uuid, number: i64, hash: Hash) {
        self.add(Line::Filled { partnership, run, number, hash });
    }

    /// A line that nothing waits for; one that cannot be written now is written later.
    fn add(&self, line: Line) {
        if let Some(journal) = &self.0.journal {
            let _ = journal.add(&[line]);
        }
    }

    pub(crate) fn pen(&self) -> Pen {
        Pen { book: self.clone(), taken: Vec::new(), upto: 0 }
    }

    fn numbers(&self) -> MutexGuard<'_, HashMap<PartnershipId, Numbers>> {
        self.0.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one transaction writes with: the numbers it has taken, and up to where the journal must be durable for it.
pub(crate) struct Pen {
    book: Book,
    taken: Vec<(PartnershipId, i64)>,
    upto: u64,
}

impl Pen {
    /// Takes the next number, the smallest free one first, for the record that `make` makes of it, and tells the journal so.
    /// Numbers are taken and told in one order: when the journal knows a number, it knows every smaller one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] while the journal cannot be written; what `make` gives.
    pub(crate) fn take<T>(
        &mut self,
        partnership: PartnershipId,
        make: impl FnOnce(Uuid, i64) -> Result<(T, Hash), StoreError>,
    ) -> Result<T, StoreError> {
        let journal = self.book.0.journal.as_ref();
        if journal.is_some_and(Journal::is_failing) {
            return Err(StoreError::Unavailable);
        }
        let mut all = self.book.numbers();
        let numbers = all.entry(partnership).or_default();
        let number = numbers.free.pop_first().unwrap_or_else(|| {
            numbers.last += 1;
            numbers.last
        });
        let taken = make(self.book.0.run, number).and_then(|(made, hash)| {
            let upto =
                journal.map(|journal| journal.add(&[Line::Written { partnership, number, hash }])).transpose()?;
            Ok((made, upto))
        });
        match taken {
            Ok((made, upto)) => {
                self.upto = upto.unwrap_or(self.upto);
                self.taken.push((partnership, number));
                Ok(made)
            }
            Err(error) => {
                numbers.free.insert(number);
                Err(error)
            }
        }
    }

    /// How many numbers have been taken; for [`Pen::undo`].
    pub(crate) fn mark(&self) -> usize {
        self.taken.len()
    }

    /// What was taken since `mark` was undone for certain.
    pub(crate) fn undo(&mut self, mark: usize) {
        let undone = self.taken.split_off(mark.min(self.taken.len()));
        let mut all = self.book.numbers();
        for (partnership, number) in undone {
            all.entry(partnership).or_default().free.insert(number);
        }
    }

    /// The transaction was committed: waits until the journal is durable too.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it is not in time: what was committed stands, but nothing may leave.
    pub(crate) fn settle(mut self) -> Result<(), StoreError> {
        let settled: Vec<Line> = std::mem::take(&mut self.taken)
            .into_iter()
            .map(|(partnership, number)| Line::Settled { partnership, number })
            .collect();
        match &self.book.0.journal {
            Some(journal) if !settled.is_empty() => {
                // First of all: without this line nobody could tell a record that was taken out from one that never was.
                let told = journal.add(&settled);
                journal.wait(self.upto).and(told.map(drop))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Pen {
    /// Whoever neither settled nor undid does not know how it ended.
    fn drop(&mut self) {
        for (partnership, number) in std::mem::take(&mut self.taken) {
            self.book.doubt(partnership, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: PartnershipId = PartnershipId(Uuid::from_u128(1));
    const THERE: PartnershipId = PartnershipId(Uuid::from_u128(2));

    #[test]
    fn numbers_are_counted_by_partnership_and_what_was_undone_is_taken_again() {
        let book = Book::new(Uuid::from_u128(9), None);
        let take = |pen: &mut Pen, partnership| pen.take(partnership, |_, number| Ok((number, Hash::of_nothing())));
        let (mut one, mut two) = (book.pen(), book.pen());
        assert_eq!((take(&mut one, HERE), take(&mut two, HERE), take(&mut one, THERE)), (Ok(1), Ok(2), Ok(1)));
        assert_eq!(take(&mut two, HERE), Ok(3));
        one.undo(0);
        one.settle().unwrap();
        let mut three = book.pen();
        assert_eq!((take(&mut three, HERE), take(&mut three, HERE)), (Ok(1), Ok(4)));
        three.undo(1);
        three.settle().unwrap();
        drop(two);
        assert_eq!(
            book.take_missing().into_iter().collect::<BTreeSet<_>>(),
            BTreeSet::from([(HERE, 2), (HERE, 3), (HERE, 4), (THERE, 1)])
        );
        assert_eq!(book.take_missing(), []);
    }
}

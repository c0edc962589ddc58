//! Which rows have to do with each other.

use std::collections::{BTreeMap, HashMap};

use domain::EntryId;
use linkage::{Evidence, SortedEvents};

use crate::live::LiveEntry;
use crate::row::RelatedRow;

/// For each row, the other rows that have to do with it.
pub(crate) struct RelatedRows(HashMap<EntryId, BTreeMap<EntryId, Vec<Evidence>>>);

impl RelatedRows {
    /// From entries sorted into events: a row goes by the smallest id of its entries.
    pub(crate) fn of(sorted: &SortedEvents, entries: &[LiveEntry]) -> Self {
        if sorted.related.is_empty() {
            return Self(HashMap::new());
        }
        let id = |place: &usize| entries.get(*place).map(|entry| entry.entry_id);
        let mut row_of: HashMap<usize, EntryId> = HashMap::new();
        for cluster in &sorted.clusters {
            let row = cluster.members.iter().filter_map(id).min();
            row_of.extend(cluster.members.iter().filter_map(|&member| Some((member, row?))));
        }
        let mut related: HashMap<EntryId, BTreeMap<EntryId, Vec<Evidence>>> = HashMap::new();
        for pair in &sorted.related {
            let (Some(&one), Some(&other)) = (row_of.get(&pair.first), row_of.get(&pair.second)) else { continue };
            for (row, with) in [(one, other), (other, one)] {
                if row != with {
                    related.entry(row).or_default().entry(with).or_insert_with(|| pair.evidence.clone());
                }
            }
        }
        Self(related)
    }

    /// The rows related to `row`, which is asked once.
    pub(crate) fn take(&mut self, row: EntryId) -> Vec<RelatedRow> {
        let related = self.0.remove(&row).unwrap_or_default();
        related.into_iter().map(|(row, because)| RelatedRow { row, because }).collect()
    }
}

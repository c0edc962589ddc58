//! References between rows whose events are related or may be the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{EntryId, FragmentId};

use crate::explanations::{ExplainedEvents, ExplainedPair};
use crate::input::LiveEntry;
use crate::row::{RelatedRow, Row, SuggestedRow};

/// The fragment of every entry that a reference quotes.
pub(crate) type Fragments = BTreeMap<EntryId, FragmentId>;

/// The fragments of the entries that the reasons of pairs quote.
pub(crate) fn fragments_of_quoted_entries(
    explained: &ExplainedEvents,
    entries: &[LiveEntry],
) -> Fragments {
    let pairs = explained.related.iter().chain(&explained.suggested);
    let quoted: BTreeSet<EntryId> = pairs.flat_map(|pair| pair.quoted.iter().copied()).collect();
    let quoted_entries = entries
        .iter()
        .filter(|entry| quoted.contains(&entry.entry_id));
    quoted_entries
        .map(|entry| (entry.entry_id, entry.fragment_id))
        .collect()
}

/// Adds to each row of a pair a reference to the other. `rows` are all rows of the timeline,
/// numbered.
pub(crate) fn add_cross_references(
    rows: &mut [Row],
    related: Vec<ExplainedPair>,
    suggested: Vec<ExplainedPair>,
    fragments: &Fragments,
) {
    let indexes: HashMap<EntryId, usize> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| (row.id, index))
        .collect();
    for pair in related {
        for (index, row, sequence) in both_directions(&pair, rows, &indexes) {
            let Some(own) = rows.get_mut(index) else {
                continue;
            };
            own.related.push(RelatedRow {
                row,
                sequence,
                because: pair.because.clone(),
            });
            own.add_quoted_entries(&pair, fragments);
        }
    }
    for pair in suggested {
        for (index, row, sequence) in both_directions(&pair, rows, &indexes) {
            let Some(own) = rows.get_mut(index) else {
                continue;
            };
            let because = pair.because.clone();
            let despite = pair.despite.clone();
            own.may_be_same.push(SuggestedRow {
                row,
                sequence,
                because,
                despite,
            });
            own.add_quoted_entries(&pair, fragments);
        }
    }
    for row in rows {
        row.related.sort_by_key(|other| other.sequence);
        row.may_be_same.sort_by_key(|other| other.sequence);
    }
}

/// For each row of a pair: its index, and the id and number of the other row.
fn both_directions(
    pair: &ExplainedPair,
    rows: &[Row],
    indexes: &HashMap<EntryId, usize>,
) -> impl Iterator<Item = (usize, EntryId, u32)> + use<> {
    let find_row = |id: EntryId| {
        indexes
            .get(&id)
            .and_then(|index| Some((*index, rows.get(*index)?.sequence)))
    };
    let ends = find_row(pair.row).zip(find_row(pair.other_row));
    let row = pair.row;
    let other_row = pair.other_row;
    ends.into_iter()
        .flat_map(move |((index, sequence), (other_index, other_sequence))| {
            [
                (index, other_row, other_sequence),
                (other_index, row, sequence),
            ]
        })
}

impl Row {
    /// Records the entries that a reference on this row quotes.
    fn add_quoted_entries(&mut self, pair: &ExplainedPair, fragments: &Fragments) {
        self.quoted.extend(
            pair.quoted
                .iter()
                .filter_map(|entry| Some((*entry, *fragments.get(entry)?))),
        );
    }
}

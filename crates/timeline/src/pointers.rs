//! Rows that point to each other: they have to do with each other, or may be one event.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{EntryId, FragmentId};

use crate::explained::{ExplainedEvents, ExplainedPair};
use crate::live::LiveEntry;
use crate::row::{RelatedRow, Row, SuggestedRow};

/// The fragment of every entry that rows may quote.
pub(crate) type Fragments = BTreeMap<EntryId, FragmentId>;

/// The fragments of the entries that the reasons of two rows quote.
pub(crate) fn quoted_fragments(explained: &ExplainedEvents, entries: &[LiveEntry]) -> Fragments {
    let pairs = explained.related.iter().chain(&explained.suggested);
    let quoted: BTreeSet<EntryId> = pairs.flat_map(|pair| pair.quoted.iter().copied()).collect();
    let asked = entries.iter().filter(|entry| quoted.contains(&entry.entry_id));
    asked.map(|entry| (entry.entry_id, entry.fragment_id)).collect()
}

/// Has each row of a pair point to the other. `rows` are all rows, numbered.
pub(crate) fn point(rows: &mut [Row], related: Vec<ExplainedPair>, suggested: Vec<ExplainedPair>, of: &Fragments) {
    let places: HashMap<EntryId, usize> = rows.iter().enumerate().map(|(place, row)| (row.id, place)).collect();
    for pair in related {
        for (place, row, sequence) in both_ways(&pair, rows, &places) {
            let Some(own) = rows.get_mut(place) else { continue };
            own.related.push(RelatedRow { row, sequence, because: pair.because.clone() });
            own.quote(&pair, of);
        }
    }
    for pair in suggested {
        for (place, row, sequence) in both_ways(&pair, rows, &places) {
            let Some(own) = rows.get_mut(place) else { continue };
            let (because, despite) = (pair.because.clone(), pair.despite.clone());
            own.may_be_same.push(SuggestedRow { row, sequence, because, despite });
            own.quote(&pair, of);
        }
    }
    for row in rows {
        row.related.sort_by_key(|other| other.sequence);
        row.may_be_same.sort_by_key(|other| other.sequence);
    }
}

/// The place of each row of a pair, with the other row and its number.
fn both_ways(
    pair: &ExplainedPair,
    rows: &[Row],
    places: &HashMap<EntryId, usize>,
) -> impl Iterator<Item = (usize, EntryId, u32)> + use<> {
    let found = |id: EntryId| places.get(&id).and_then(|place| Some((*place, rows.get(*place)?.sequence)));
    let ends = found(pair.row).zip(found(pair.other_row));
    let (row, other_row) = (pair.row, pair.other_row);
    ends.into_iter().flat_map(move |((one, sequence), (other, other_sequence))| {
        [(one, other_row, other_sequence), (other, row, sequence)]
    })
}

impl Row {
    fn quote(&mut self, pair: &ExplainedPair, of: &Fragments) {
        self.quoted.extend(pair.quoted.iter().filter_map(|entry| Some((*entry, *of.get(entry)?))));
    }
}

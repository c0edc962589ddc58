//! Counts the entries that a response shows, by fragment.

use std::collections::{BTreeMap, BTreeSet};

use contract::{LinksOut, TimelineOut};
use domain::{EntryId, FragmentId};
use kernel::ShownEntryCounts;
use timeline::{LiveEntry, Row};

/// Counts the entries that rows show, by fragment: accounts, siblings' repeats folded into them,
/// and entries quoted from other rows that may have been left out.
pub(crate) fn count_entries_in_rows(rows: &[Row]) -> ShownEntryCounts {
    let mut entries: BTreeMap<EntryId, FragmentId> = BTreeMap::new();
    for row in rows {
        entries.extend(&row.quoted);
        for account in &row.accounts {
            entries.insert(account.entry_id, account.fragment_id);
            entries.extend(
                account
                    .also_submitted_as
                    .iter()
                    .map(|repeat| (repeat.entry_id, repeat.fragment_id)),
            );
        }
    }
    count_by_fragment(entries.into_values())
}

fn count_by_fragment(fragments: impl Iterator<Item = FragmentId>) -> ShownEntryCounts {
    let mut counts = ShownEntryCounts::new();
    for fragment in fragments {
        *counts.entry(fragment).or_insert(0) += 1;
    }
    counts
}

/// Counts the entries that a frozen view shows, if the response contains one.
pub(crate) fn count_entries_in_view(view: Option<&TimelineOut>) -> ShownEntryCounts {
    view.map(|view| count_entries_in_rows(&view.rows))
        .unwrap_or_default()
}

/// Counts the entries that a list of links discloses something about, by fragment.
pub(crate) fn count_entries_in_links(
    links: &LinksOut,
    fragments: &BTreeMap<EntryId, FragmentId>,
) -> ShownEntryCounts {
    let event_entries = links
        .events
        .iter()
        .flat_map(|event| event.entries.iter().map(|entry| entry.entry_id));
    let related = links
        .related
        .iter()
        .flat_map(|pair| [pair.row, pair.other_row]);
    let suggested = links
        .suggested
        .iter()
        .flat_map(|pair| pair.entries.iter().chain(&pair.with).copied());
    let entries: BTreeSet<EntryId> = event_entries.chain(related).chain(suggested).collect();
    count_by_fragment(
        entries
            .iter()
            .filter_map(|entry| fragments.get(entry).copied()),
    )
}

/// Maps each entry to its fragment.
pub(crate) fn map_entries_to_fragments(entries: &[LiveEntry]) -> BTreeMap<EntryId, FragmentId> {
    entries
        .iter()
        .map(|entry| (entry.entry_id, entry.fragment_id))
        .collect()
}

//! Records who was shown which agency's entries. Each response that shows entries stores, with its
//! audit record, how many entries of which fragments it showed; the agency that submitted a
//! fragment can read that. A response from which every entry of a fragment was withheld, because it
//! is marked or filtered out, stores nothing for that fragment.

use std::collections::{BTreeMap, BTreeSet};

use contract::{FragmentReaderOut, LinksOut, Page, PageQuery, TimelineOut};
use kernel::{CallContext, ServiceResult, ShownEntryCounts};

use crate::Service;

use domain::{EntryId, FragmentId, Operation, Role};
use store::ShownFragmentRow;
use store::shown_fragments::SenderViewFilter;
use timeline::{LiveEntry, Row};

use crate::fragments::{AuthorizedFragment, audit_context};

impl Service {
    /// Lists who was shown entries of a fragment, newest first, for the agency that submitted it. A
    /// practitioner who submitted it in advance and may not know of its chronology sees only what
    /// they would see if it had not been attached.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_fragment_readers(
        &self,
        call: &CallContext,
        id: FragmentId,
        query: PageQuery,
    ) -> ServiceResult<Page<FragmentReaderOut>> {
        self.read(call, Operation::FragmentReaders, audit_context(id), |uow| {
            let AuthorizedFragment { permit, row, .. } =
                self.authorize_fragment(uow, id, Operation::FragmentReaders)?;
            let bounds = self.parse_page_query(uow, "fragment_readers", &query)?;
            let is_chronology_hidden = self.hidden_origin(uow, &row)?.is_some();
            let actor = permit.actor();
            let reads_any_fragment =
                actor.has_role(Role::SafeguardingLead) || actor.has_role(Role::SystemClient);
            let as_sender =
                is_chronology_hidden || (row.chronology_id.is_none() && !reads_any_fragment);
            let sender_filter = as_sender.then_some(SenderViewFilter {
                agency: actor.agency,
                sender: actor.practitioner,
            });
            let partnership = permit.partnership();
            let scope = (id, row.chronology_id);
            let limit = bounds.limit + 1;
            let rows = store::shown_fragments::page(
                uow.tx,
                partnership,
                scope,
                sender_filter,
                bounds.after,
                limit,
            )?;
            let sees_all = permit.reader().sees_all_entries_of(row.agency_id);
            let caller = actor.practitioner;
            let convert = |row: ShownFragmentRow| {
                let mut out = to_fragment_reader_out(row);
                // The number of entries shown to another reader would tell a reader who sees fewer
                // that some are hidden.
                out.entry_count = out
                    .entry_count
                    .filter(|_| sees_all || out.practitioner_id == caller);
                // The reason and the purpose would disclose the chronology, even for the caller's
                // own reads.
                Ok(if as_sender {
                    FragmentReaderOut {
                        reason: None,
                        purpose: None,
                        ..out
                    }
                } else {
                    out
                })
            };
            self.build_page(
                uow,
                "fragment_readers",
                &bounds,
                rows,
                |row| (row.at, row.record_id.0),
                convert,
            )
        })
    }
}

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

fn to_fragment_reader_out(row: ShownFragmentRow) -> FragmentReaderOut {
    FragmentReaderOut {
        at: row.at,
        practitioner_id: row.practitioner_id,
        agency_id: row.agency_id,
        role: row.role,
        operation: row.operation,
        reason: row.reason,
        purpose: row.purpose,
        entry_count: Some(row.entry_count),
    }
}

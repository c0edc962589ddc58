//! Reading links: which entries report the same event, the evidence, and the decisions about it.

use std::collections::{BTreeMap, BTreeSet};

use contract::{EventLinkOut, LinkedEntryOut, LinksOut, RelatedLinkOut, SuggestedLinkOut};
use domain::{ChronologyId, EntryId, LinkDecisionId, Operation};
use kernel::{CallContext, ServiceResult};
use timeline::{ExplainedEvent, ExplainedPair, LiveEntry, explain_events};

use crate::input::as_count;
use crate::linking::{Linking, TimelineLinks};
use crate::records::{
    AuthorizedChronology, about_chronology, count_entries_in_links, family_facts,
    load_agency_names, map_entries_to_fragments,
};

/// Maximum number of entries per row in a suggestion, the same as in a decision.
const MAX_SUGGESTED_ENTRIES: usize = 100;

impl Linking {
    /// Every link on the timeline as the caller may see it, with its evidence.
    ///
    /// # Errors
    /// As [`crate::Timelines::get_timeline`].
    pub fn get_event_links(&self, call: &CallContext, id: ChronologyId) -> ServiceResult<LinksOut> {
        self.kernel
            .read(call, Operation::LinkRead, about_chronology(id), |uow| {
                let AuthorizedChronology { permit, row } = self
                    .records
                    .chronologies
                    .authorize_chronology(uow, id, Operation::LinkRead)?;
                let family = self
                    .records
                    .families
                    .open_family(uow, &permit, row.family_id)?;
                let opened = self.records.content.open_content(
                    uow,
                    &permit,
                    &permit.reader(),
                    &row,
                    Some(&family),
                )?;
                let linked =
                    self.load_event_links(uow, &permit, &row, &opened, &family_facts(&family))?;
                let entries = opened.entries;
                uow.audit.entry_count = Some(as_count(entries.len()));
                let agencies = load_agency_names(uow, permit.partnership(), &entries)?;
                let explained =
                    explain_events(&linked.with_decisions(&entries), &entries, &agencies);
                let links = LinksOut {
                    chronology_id: id,
                    suggested: suggested_links(explained.suggested, &explained.events, &entries),
                    events: linked_events(&linked, explained.events, &entries),
                    related: related_links(explained.related, &entries),
                    expires_at: row.expires_at,
                    emergency: uow.audit.disclosures.emergency.clone(),
                };
                uow.audit.disclosures.shown_entries =
                    count_entries_in_links(&links, &map_entries_to_fragments(&entries));
                Ok(links)
            })
    }
}

fn linked_events(
    linked: &TimelineLinks,
    explained: Vec<ExplainedEvent>,
    entries: &[LiveEntry],
) -> Vec<EventLinkOut> {
    let found: BTreeSet<Vec<EntryId>> = linked
        .found
        .clusters
        .iter()
        .map(|cluster| entry_ids_at(&cluster.members, entries))
        .collect();
    let decisions_by_entry = group_decisions_by_entry(linked);
    let mut events: Vec<EventLinkOut> = Vec::new();
    for event in explained {
        let members = entry_ids_at(&event.members, entries);
        let decisions: BTreeSet<LinkDecisionId> = members
            .iter()
            .filter_map(|id| decisions_by_entry.get(id))
            .flatten()
            .copied()
            .collect();
        if members.len() < 2 && decisions.is_empty() {
            continue;
        }
        let linked_entries = sorted_positions(&event.members)
            .into_iter()
            .filter_map(|position| entries.get(position));
        let linked_entries = linked_entries
            .map(|entry| LinkedEntryOut {
                entry_id: entry.entry_id,
                agency: entry.agency,
            })
            .collect();
        events.push(EventLinkOut {
            row: event.row,
            entries: linked_entries,
            evidence: event.because,
            despite: event.despite,
            automatic: found.contains(&members),
            decisions: decisions.into_iter().collect(),
        });
    }
    let positions = EntryPositions::of(entries);
    events.sort_by_key(|event| positions.position_of(event.row));
    events
}

/// Positions of entries in submission order. Entry ids are random, so an order by them would differ
/// each time.
pub(crate) struct EntryPositions(BTreeMap<EntryId, usize>);

impl EntryPositions {
    pub(super) fn of(entries: &[LiveEntry]) -> Self {
        Self(
            entries
                .iter()
                .enumerate()
                .map(|(position, entry)| (entry.entry_id, position))
                .collect(),
        )
    }

    /// The sort key of an entry; unknown entries sort last.
    pub(super) fn position_of(&self, entry: EntryId) -> (usize, EntryId) {
        (self.0.get(&entry).copied().unwrap_or(usize::MAX), entry)
    }
}

fn sorted_positions(positions: &[usize]) -> Vec<usize> {
    let mut positions = positions.to_vec();
    positions.sort_unstable();
    positions
}

fn related_links(pairs: Vec<ExplainedPair>, entries: &[LiveEntry]) -> Vec<RelatedLinkOut> {
    let positions = EntryPositions::of(entries);
    let out = |pair: ExplainedPair| RelatedLinkOut {
        row: pair.row,
        other_row: pair.other_row,
        evidence: pair.because,
    };
    let mut related: Vec<RelatedLinkOut> = pairs.into_iter().map(out).collect();
    related.sort_by_key(|pair| {
        (
            positions.position_of(pair.row),
            positions.position_of(pair.other_row),
        )
    });
    related
}

/// Suggestions with the entries that a decision about them would name.
fn suggested_links(
    pairs: Vec<ExplainedPair>,
    events: &[ExplainedEvent],
    entries: &[LiveEntry],
) -> Vec<SuggestedLinkOut> {
    let members: BTreeMap<EntryId, &[usize]> = events
        .iter()
        .map(|event| (event.row, event.members.as_slice()))
        .collect();
    let named_entries = |row: EntryId| {
        let mut named_entries = members
            .get(&row)
            .map(|members| entry_ids_at(members, entries))
            .unwrap_or_default();
        named_entries.truncate(MAX_SUGGESTED_ENTRIES);
        named_entries
    };
    let out = |pair: ExplainedPair| SuggestedLinkOut {
        row: pair.row,
        other_row: pair.other_row,
        entries: named_entries(pair.row),
        with: named_entries(pair.other_row),
        evidence: pair.because,
        despite: pair.despite,
    };
    let mut suggested: Vec<SuggestedLinkOut> = pairs.into_iter().map(out).collect();
    let positions = EntryPositions::of(entries);
    suggested.sort_by_key(|pair| {
        (
            positions.position_of(pair.row),
            positions.position_of(pair.other_row),
        )
    });
    suggested
}

fn group_decisions_by_entry(linked: &TimelineLinks) -> BTreeMap<EntryId, Vec<LinkDecisionId>> {
    let mut by_entry: BTreeMap<EntryId, Vec<LinkDecisionId>> = BTreeMap::new();
    for active in &linked.active {
        for about in &active.about {
            by_entry
                .entry(about.entry_id)
                .or_default()
                .push(active.row.id);
        }
    }
    by_entry
}

/// The ids of the entries at these positions, in submission order.
fn entry_ids_at(positions: &[usize], entries: &[LiveEntry]) -> Vec<EntryId> {
    sorted_positions(positions)
        .into_iter()
        .filter_map(|position| entries.get(position))
        .map(|entry| entry.entry_id)
        .collect()
}

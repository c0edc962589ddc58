//! Showing links: which entries tell one event, why, and what was decided about it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ChronologyId, EntryId, LinkDecisionId, Operation};
use timeline::{ExplainedEvent, ExplainedPair, LiveEntry, explain};

use super::Linked;
use crate::chronologies::{Admitted, trail};
use crate::session::Call;
use crate::timeline::{agency_names, count, family_facts};
use crate::transparency::{fragments_of, shown_in_links};
use crate::{Answer, EventLinkOut, LinkedEntryOut, LinksOut, RelatedLinkOut, Service, SuggestedLinkOut};

/// Entries of a row that a suggestion names, at most: as many as a decision may name.
const MOST_NAMED: usize = 100;

impl Service {
    /// Every link on the timeline as the caller may see it, with its evidence.
    ///
    /// # Errors
    /// As [`Service::timeline`].
    pub fn links(&self, call: &Call, id: ChronologyId) -> Answer<LinksOut> {
        self.read(call, Operation::LinkRead, trail(id), |scene| {
            let Admitted { permit, row } = self.admit(scene, id, Operation::LinkRead)?;
            let family = self.open_family(scene, &permit, row.family_id)?;
            let opened = self.open_content(scene, &permit, &permit.reader(), &row, Some(&family))?;
            let linked = self.linked(scene, &permit, &row, &opened, &family_facts(&family))?;
            let entries = opened.entries;
            scene.trail.entry_count = Some(count(entries.len()));
            let agencies = agency_names(scene, permit.partnership(), &entries)?;
            let explained = explain(&linked.decided(&entries), &entries, &agencies);
            let links = LinksOut {
                chronology_id: id,
                suggested: suggested(explained.suggested, &explained.events, &entries),
                events: events(&linked, explained.events, &entries),
                related: related(explained.related, &entries),
                expires_at: row.expires_at,
                emergency: scene.trail.told.emergency.clone(),
            };
            scene.trail.told.shown = shown_in_links(&links, &fragments_of(&entries));
            Ok(links)
        })
    }
}

fn events(linked: &Linked, explained: Vec<ExplainedEvent>, entries: &[LiveEntry]) -> Vec<EventLinkOut> {
    let found: BTreeSet<Vec<EntryId>> =
        linked.found.clusters.iter().map(|cluster| ids(&cluster.members, entries)).collect();
    let concerned = decisions_by_entry(linked);
    let mut events: Vec<EventLinkOut> = Vec::new();
    for event in explained {
        let members = ids(&event.members, entries);
        let decisions: BTreeSet<LinkDecisionId> =
            members.iter().filter_map(|id| concerned.get(id)).flatten().copied().collect();
        if members.len() < 2 && decisions.is_empty() {
            continue;
        }
        let told = in_order(&event.members).into_iter().filter_map(|place| entries.get(place));
        let told = told.map(|entry| LinkedEntryOut { entry_id: entry.entry_id, agency: entry.agency }).collect();
        events.push(EventLinkOut {
            row: event.row,
            entries: told,
            evidence: event.because,
            despite: event.despite,
            automatic: found.contains(&members),
            decisions: decisions.into_iter().collect(),
        });
    }
    let places = Places::of(entries);
    events.sort_by_key(|event| places.at(event.row));
    events
}

/// Where entries stand in the order of submission. Identifiers of entries are random: an order by them would be another each
/// time.
pub(super) struct Places(BTreeMap<EntryId, usize>);

impl Places {
    pub(super) fn of(entries: &[LiveEntry]) -> Self {
        Self(entries.iter().enumerate().map(|(place, entry)| (entry.entry_id, place)).collect())
    }

    /// What is not there comes last.
    pub(super) fn at(&self, entry: EntryId) -> (usize, EntryId) {
        (self.0.get(&entry).copied().unwrap_or(usize::MAX), entry)
    }
}

fn in_order(places: &[usize]) -> Vec<usize> {
    let mut places = places.to_vec();
    places.sort_unstable();
    places
}

fn related(pairs: Vec<ExplainedPair>, entries: &[LiveEntry]) -> Vec<RelatedLinkOut> {
    let places = Places::of(entries);
    let out = |pair: ExplainedPair| RelatedLinkOut { row: pair.row, other_row: pair.other_row, evidence: pair.because };
    let mut related: Vec<RelatedLinkOut> = pairs.into_iter().map(out).collect();
    related.sort_by_key(|pair| (places.at(pair.row), places.at(pair.other_row)));
    related
}

/// Suggestions with the entries that a decision about them names.
fn suggested(pairs: Vec<ExplainedPair>, events: &[ExplainedEvent], entries: &[LiveEntry]) -> Vec<SuggestedLinkOut> {
    let members: BTreeMap<EntryId, &[usize]> =
        events.iter().map(|event| (event.row, event.members.as_slice())).collect();
    let named = |row: EntryId| {
        let mut named = members.get(&row).map(|members| ids(members, entries)).unwrap_or_default();
        named.truncate(MOST_NAMED);
        named
    };
    let out = |pair: ExplainedPair| SuggestedLinkOut {
        row: pair.row,
        other_row: pair.other_row,
        entries: named(pair.row),
        with: named(pair.other_row),
        evidence: pair.because,
        despite: pair.despite,
    };
    let mut suggested: Vec<SuggestedLinkOut> = pairs.into_iter().map(out).collect();
    let places = Places::of(entries);
    suggested.sort_by_key(|pair| (places.at(pair.row), places.at(pair.other_row)));
    suggested
}

fn decisions_by_entry(linked: &Linked) -> BTreeMap<EntryId, Vec<LinkDecisionId>> {
    let mut by_entry: BTreeMap<EntryId, Vec<LinkDecisionId>> = BTreeMap::new();
    for standing in &linked.standing {
        for about in &standing.about {
            by_entry.entry(about.entry_id).or_default().push(standing.row.id);
        }
    }
    by_entry
}

/// Ids of entries by their places, in the order of submission.
fn ids(places: &[usize], entries: &[LiveEntry]) -> Vec<EntryId> {
    in_order(places).into_iter().filter_map(|place| entries.get(place)).map(|entry| entry.entry_id).collect()
}

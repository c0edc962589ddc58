//! Showing links: which entries tell one event, why, and what was decided about it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ChronologyId, EntryId, LinkDecisionId, Operation};
use timeline::{LiveEntry, SortedEvents};

use super::Linked;
use crate::chronologies::{Admitted, trail};
use crate::session::Call;
use crate::timeline::{child_facts, count};
use crate::transparency::{fragments_of, shown_in_links};
use crate::{Answer, EventLinkOut, LinkedEntryOut, LinksOut, RelatedLinkOut, Service};

impl Service {
    /// Every link on the timeline as the caller may see it, with its evidence.
    ///
    /// # Errors
    /// As [`Service::timeline`].
    pub fn links(&self, call: &Call, id: ChronologyId) -> Answer<LinksOut> {
        self.read(call, Operation::LinkRead, trail(id), |scene| {
            let Admitted { permit, row } = self.admit(scene, id, Operation::LinkRead)?;
            let family = self.open_family(scene, &permit, row.family_id)?;
            let opened = self.open_content(scene, &permit, permit.actor(), &row)?;
            let linked = self.linked(scene, &permit, &row, &opened, &child_facts(&family))?;
            let entries = opened.entries;
            scene.trail.entry_count = Some(count(entries.len()));
            let decided = linked.decided(&entries);
            let links = LinksOut {
                chronology_id: id,
                events: events(&linked, &decided, &entries),
                related: related(&decided, &entries),
                expires_at: row.expires_at,
                emergency: scene.trail.told.emergency.clone(),
            };
            scene.trail.told.shown = shown_in_links(&links, &fragments_of(&entries));
            Ok(links)
        })
    }
}

fn events(linked: &Linked, decided: &SortedEvents, entries: &[LiveEntry]) -> Vec<EventLinkOut> {
    let found: BTreeSet<Vec<EntryId>> =
        linked.found.clusters.iter().map(|cluster| ids(&cluster.members, entries)).collect();
    let concerned = decisions_by_entry(linked);
    let mut events: Vec<EventLinkOut> = Vec::new();
    for cluster in &decided.clusters {
        let members = ids(&cluster.members, entries);
        let decisions: BTreeSet<LinkDecisionId> =
            members.iter().filter_map(|id| concerned.get(id)).flatten().copied().collect();
        let Some(&row) = members.first().filter(|_| members.len() > 1 || !decisions.is_empty()) else { continue };
        let mut told: Vec<LinkedEntryOut> = cluster
            .members
            .iter()
            .filter_map(|&place| entries.get(place))
            .map(|entry| LinkedEntryOut { entry_id: entry.entry_id, agency: entry.agency })
            .collect();
        told.sort_by_key(|entry| entry.entry_id);
        events.push(EventLinkOut {
            row,
            entries: told,
            evidence: cluster.evidence.clone(),
            automatic: found.contains(&members),
            decisions: decisions.into_iter().collect(),
        });
    }
    events.sort_by_key(|event| event.row);
    events
}

fn related(decided: &SortedEvents, entries: &[LiveEntry]) -> Vec<RelatedLinkOut> {
    let row_of = |place: usize| {
        let cluster = decided.clusters.iter().find(|cluster| cluster.members.contains(&place))?;
        ids(&cluster.members, entries).first().copied()
    };
    let mut related: Vec<RelatedLinkOut> = decided
        .related
        .iter()
        .filter_map(|pair| {
            let (row, other_row) = (row_of(pair.first)?, row_of(pair.second)?);
            Some(RelatedLinkOut { row, other_row, evidence: pair.evidence.clone() })
        })
        .collect();
    related.sort_by_key(|pair| (pair.row, pair.other_row));
    related
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

/// Ids of entries by their places, in order.
fn ids(places: &[usize], entries: &[LiveEntry]) -> Vec<EntryId> {
    let mut ids: Vec<EntryId> =
        places.iter().filter_map(|&place| entries.get(place)).map(|entry| entry.entry_id).collect();
    ids.sort_unstable();
    ids
}

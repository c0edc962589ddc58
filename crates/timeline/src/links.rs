//! Which entries tell one event: found once, at submission, and laid over the timeline whenever it is drawn.

use std::collections::HashMap;

use domain::EntryId;
use linkage::{EventCluster, EventFacts, Evidence, FamilyNames, RelatedEvents, SortedEvents, sort_events};
use serde::{Deserialize, Serialize};

use crate::live::{ChildFacts, LiveEntry};

/// What linkage found among entries. It depends on the set of entries and on the children's names, never on the order in
/// which they come, and names entries by id alone: no words are repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Entries that tell one event, two or more each.
    pub together: Vec<Together>,
    /// Pairs of entries whose events have to do with each other.
    pub related: Vec<RelatedPair>,
}

/// Entries that tell one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Together {
    /// The entries.
    pub entries: Vec<EntryId>,
    /// Why.
    pub evidence: Vec<Evidence>,
}

/// Two entries whose events have to do with each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedPair {
    /// One.
    pub first: EntryId,
    /// The other.
    pub second: EntryId,
    /// Why.
    pub evidence: Vec<Evidence>,
}

impl Links {
    /// Compares entries with each other. n log n.
    #[must_use]
    pub fn find(entries: &[LiveEntry], children: &[ChildFacts]) -> Self {
        let names = FamilyNames::new(children.iter().map(|child| (child.id, child.given_name.as_str())));
        let facts: Vec<EventFacts<'_>> = entries.iter().map(|entry| facts(entry, &names)).collect();
        let sorted = sort_events(&facts);
        let id = |index: &usize| entries.get(*index).map(|entry| entry.entry_id);
        let together = sorted.clusters.iter().filter(|cluster| cluster.members.len() > 1).map(|cluster| Together {
            entries: cluster.members.iter().filter_map(id).collect(),
            evidence: cluster.evidence.clone(),
        });
        let related = sorted.related.iter().filter_map(|related| {
            let (first, second) = (id(&related.first)?, id(&related.second)?);
            Some(RelatedPair { first, second, evidence: related.evidence.clone() })
        });
        Self { together: together.collect(), related: related.collect() }
    }

    /// The same about `entries`, by their place there: entries that are told once stand alone, and of those that are not
    /// there nothing is said.
    #[must_use]
    pub fn among(&self, entries: &[LiveEntry]) -> SortedEvents {
        let mut places: HashMap<EntryId, usize> =
            entries.iter().enumerate().map(|(place, entry)| (entry.entry_id, place)).collect();
        let related = self.related.iter().filter_map(|pair| {
            let (first, second) = (*places.get(&pair.first)?, *places.get(&pair.second)?);
            Some(RelatedEvents { first, second, evidence: pair.evidence.clone() })
        });
        let related = related.collect();
        let mut clusters = Vec::with_capacity(entries.len());
        for together in &self.together {
            let members: Vec<usize> = together.entries.iter().filter_map(|id| places.remove(id)).collect();
            if !members.is_empty() {
                let evidence = if members.len() > 1 { together.evidence.clone() } else { Vec::new() };
                clusters.push(EventCluster { members, evidence });
            }
        }
        let mut alone: Vec<usize> = places.into_values().collect();
        alone.sort_unstable();
        clusters.extend(alone.into_iter().map(|place| EventCluster { members: vec![place], evidence: Vec::new() }));
        SortedEvents { clusters, related }
    }
}

fn facts<'a>(entry: &'a LiveEntry, names: &'a FamilyNames) -> EventFacts<'a> {
    EventFacts::new(entry.entry_id, entry.fragment_id, entry.agency, &entry.details, names)
}

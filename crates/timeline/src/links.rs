//! Which entries tell one event: found once, at submission, and laid over the timeline whenever it is drawn.

use std::collections::HashMap;

use domain::EntryId;
use linkage::{
    EventCluster, EventFacts, FamilyNames, LinkEvidence, RelatedEvents, SortedEvents, SuggestedEvents, sort_events,
};
use serde::{Deserialize, Serialize};

use crate::live::{FamilyFacts, LiveEntry};

/// What linkage found among entries. It depends on the set of entries and on the family's names, never on the order in
/// which they come. Entries are named by id, and reasons point to stretches of their text: no words are repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Entries that tell one event, two or more each.
    pub together: Vec<Together>,
    /// Pairs of entries whose events have to do with each other.
    pub related: Vec<RelatedPair>,
    /// Pairs of entries whose events may be one.
    #[serde(default)]
    pub suggested: Vec<SuggestedPair>,
}

/// Entries that tell one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Together {
    /// The entries.
    pub entries: Vec<EntryId>,
    /// Why.
    pub evidence: Vec<LinkEvidence>,
    /// What spoke against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<LinkEvidence>,
}

/// Two entries whose events have to do with each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedPair {
    /// One.
    pub first: EntryId,
    /// The other.
    pub second: EntryId,
    /// Why.
    pub evidence: Vec<LinkEvidence>,
}

/// Two entries whose events may be one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedPair {
    /// One.
    pub first: EntryId,
    /// The other.
    pub second: EntryId,
    /// What speaks for one event.
    pub evidence: Vec<LinkEvidence>,
    /// What speaks against it.
    pub against: Vec<LinkEvidence>,
}

impl Links {
    /// Compares entries with each other. n log n.
    #[must_use]
    pub fn find(entries: &[LiveEntry], family: &FamilyFacts) -> Self {
        let names = family.names();
        let facts: Vec<EventFacts<'_>> = entries.iter().map(|entry| facts(entry, &names)).collect();
        Self::of(sort_events(&facts), entries)
    }

    /// What was found among `entries`, by their ids.
    fn of(sorted: SortedEvents, entries: &[LiveEntry]) -> Self {
        let id = |index: usize| entries.get(index).map(|entry| entry.entry_id);
        let together = |cluster: EventCluster| Together {
            entries: cluster.members.iter().filter_map(|&member| id(member)).collect(),
            evidence: cluster.evidence,
            against: cluster.against,
        };
        let related = |pair: RelatedEvents| {
            let (first, second) = (id(pair.first)?, id(pair.second)?);
            Some(RelatedPair { first, second, evidence: pair.evidence })
        };
        let suggested = |pair: SuggestedEvents| {
            let (first, second) = (id(pair.first)?, id(pair.second)?);
            Some(SuggestedPair { first, second, evidence: pair.evidence, against: pair.against })
        };
        let several = sorted.clusters.into_iter().filter(|cluster| cluster.members.len() > 1);
        Self {
            together: several.map(together).collect(),
            related: sorted.related.into_iter().filter_map(related).collect(),
            suggested: sorted.suggested.into_iter().filter_map(suggested).collect(),
        }
    }

    /// The same about `entries`, by their place there: entries that are told once stand alone, and of those that are not
    /// there nothing is said.
    #[must_use]
    pub fn among(&self, entries: &[LiveEntry]) -> SortedEvents {
        let places: HashMap<EntryId, usize> =
            entries.iter().enumerate().map(|(place, entry)| (entry.entry_id, place)).collect();
        let place = |id: &EntryId| places.get(id).copied();
        let related = self.related.iter().filter_map(|pair| {
            let (first, second) = (place(&pair.first)?, place(&pair.second)?);
            Some(RelatedEvents { first, second, evidence: pair.evidence.clone() })
        });
        let suggested = self.suggested.iter().filter_map(|pair| {
            let (first, second) = (place(&pair.first)?, place(&pair.second)?);
            let (evidence, against) = (pair.evidence.clone(), pair.against.clone());
            Some(SuggestedEvents { first, second, evidence, against })
        });
        let (related, suggested) = (related.collect(), suggested.collect());
        SortedEvents { clusters: self.clusters(places), related, suggested }
    }

    fn clusters(&self, mut places: HashMap<EntryId, usize>) -> Vec<EventCluster> {
        let mut clusters = Vec::with_capacity(places.len());
        for together in &self.together {
            let members: Vec<usize> = together.entries.iter().filter_map(|id| places.remove(id)).collect();
            let several = members.len() > 1;
            let of = |facts: &[LinkEvidence]| if several { facts.to_vec() } else { Vec::new() };
            let (evidence, against) = (of(&together.evidence), of(&together.against));
            if !members.is_empty() {
                clusters.push(EventCluster { members, evidence, against });
            }
        }
        let mut alone: Vec<usize> = places.into_values().collect();
        alone.sort_unstable();
        let single = |place| EventCluster { members: vec![place], evidence: Vec::new(), against: Vec::new() };
        clusters.extend(alone.into_iter().map(single));
        clusters
    }
}

fn facts<'a>(entry: &'a LiveEntry, names: &'a FamilyNames) -> EventFacts<'a> {
    EventFacts::new(entry.entry_id, entry.fragment_id, entry.agency, &entry.details, names)
}

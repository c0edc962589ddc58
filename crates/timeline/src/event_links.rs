//! Links between entries that describe the same event. They are computed once, at submission, and
//! applied whenever a timeline is built.

use std::collections::HashMap;

use domain::EntryId;
use linkage::{
    EventCluster, EventFacts, FamilyNames, LinkEvidence, RelatedEvents, SortedEvents,
    SuggestedEvents, sort_events,
};
use serde::{Deserialize, Serialize};

use crate::input::{FamilyFacts, LiveEntry};

/// The result of linkage for a set of entries. It depends on the set and on the family's names, not
/// on the order of the entries. It names entries by id, and its evidence refers to ranges of their
/// text, so that it contains no text of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLinks {
    /// Groups of two or more entries that describe one event.
    pub together: Vec<LinkedEntries>,
    /// Pairs of entries whose events are related.
    pub related: Vec<RelatedPair>,
    /// Pairs of entries whose events may be the same.
    #[serde(default)]
    pub suggested: Vec<SuggestedPair>,
}

/// Entries that describe one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedEntries {
    /// The entries.
    pub entries: Vec<EntryId>,
    /// The evidence for it.
    pub evidence: Vec<LinkEvidence>,
    /// The evidence against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<LinkEvidence>,
}

/// Two entries whose events are related.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedPair {
    /// The first entry.
    pub first: EntryId,
    /// The second entry.
    pub second: EntryId,
    /// The evidence for it.
    pub evidence: Vec<LinkEvidence>,
}

/// Two entries whose events may be the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedPair {
    /// The first entry.
    pub first: EntryId,
    /// The second entry.
    pub second: EntryId,
    /// The evidence that they are the same event.
    pub evidence: Vec<LinkEvidence>,
    /// The evidence against it.
    pub against: Vec<LinkEvidence>,
}

impl EventLinks {
    /// Links entries by comparing them with each other. Takes O(n log n) time.
    #[must_use]
    pub fn find(entries: &[LiveEntry], family: &FamilyFacts) -> Self {
        let names = family.names();
        let facts: Vec<EventFacts<'_>> = entries.iter().map(|entry| facts(entry, &names)).collect();
        Self::from_sorted(sort_events(&facts), entries)
    }

    /// Translates indexes in `entries` to ids.
    fn from_sorted(sorted: SortedEvents, entries: &[LiveEntry]) -> Self {
        let id = |index: usize| entries.get(index).map(|entry| entry.entry_id);
        let together = |cluster: EventCluster| LinkedEntries {
            entries: cluster
                .members
                .iter()
                .filter_map(|&member| id(member))
                .collect(),
            evidence: cluster.evidence,
            against: cluster.against,
        };
        let related = |pair: RelatedEvents| {
            let first = id(pair.first)?;
            let second = id(pair.second)?;
            Some(RelatedPair {
                first,
                second,
                evidence: pair.evidence,
            })
        };
        let suggested = |pair: SuggestedEvents| {
            let first = id(pair.first)?;
            let second = id(pair.second)?;
            Some(SuggestedPair {
                first,
                second,
                evidence: pair.evidence,
                against: pair.against,
            })
        };
        let linked = sorted
            .clusters
            .into_iter()
            .filter(|cluster| cluster.members.len() > 1);
        Self {
            together: linked.map(together).collect(),
            related: sorted.related.into_iter().filter_map(related).collect(),
            suggested: sorted.suggested.into_iter().filter_map(suggested).collect(),
        }
    }

    /// Translates ids to indexes in `entries`. Entries without a link form events of their own;
    /// entries that are not among `entries` are omitted.
    #[must_use]
    pub fn for_entries(&self, entries: &[LiveEntry]) -> SortedEvents {
        let indexes: HashMap<EntryId, usize> = entries
            .iter()
            .enumerate()
            .map(|(index, entry)| (entry.entry_id, index))
            .collect();
        let index = |id: &EntryId| indexes.get(id).copied();
        let related = self.related.iter().filter_map(|pair| {
            let first = index(&pair.first)?;
            let second = index(&pair.second)?;
            Some(RelatedEvents {
                first,
                second,
                evidence: pair.evidence.clone(),
            })
        });
        let suggested = self.suggested.iter().filter_map(|pair| {
            let first = index(&pair.first)?;
            let second = index(&pair.second)?;
            let evidence = pair.evidence.clone();
            let against = pair.against.clone();
            Some(SuggestedEvents {
                first,
                second,
                evidence,
                against,
            })
        });
        let related = related.collect();
        let suggested = suggested.collect();
        SortedEvents {
            clusters: self.clusters(indexes),
            related,
            suggested,
        }
    }

    fn clusters(&self, mut indexes: HashMap<EntryId, usize>) -> Vec<EventCluster> {
        let mut clusters = Vec::with_capacity(indexes.len());
        for linked in &self.together {
            let members: Vec<usize> = linked
                .entries
                .iter()
                .filter_map(|id| indexes.remove(id))
                .collect();
            let is_linked = members.len() > 1;
            let facts_if_linked = |facts: &[LinkEvidence]| {
                if is_linked {
                    facts.to_vec()
                } else {
                    Vec::new()
                }
            };
            let evidence = facts_if_linked(&linked.evidence);
            let against = facts_if_linked(&linked.against);
            if !members.is_empty() {
                clusters.push(EventCluster {
                    members,
                    evidence,
                    against,
                });
            }
        }
        let mut unlinked: Vec<usize> = indexes.into_values().collect();
        unlinked.sort_unstable();
        let single = |index| EventCluster {
            members: vec![index],
            evidence: Vec::new(),
            against: Vec::new(),
        };
        clusters.extend(unlinked.into_iter().map(single));
        clusters
    }
}

fn facts<'a>(entry: &'a LiveEntry, names: &'a FamilyNames) -> EventFacts<'a> {
    EventFacts::new(
        entry.entry_id,
        entry.fragment_id,
        entry.agency,
        &entry.details,
        names,
    )
}

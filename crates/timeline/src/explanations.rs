//! Entries grouped into events, with the reasons in words. They are computed for each reader from
//! what that reader may see.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{AgencyId, EntryId};
use linkage::{Evidence, LinkEvidence, QuotedAccount, SortedEvents, describe_evidence};

use crate::input::LiveEntry;

/// Stands for the name of an agency whose name is not known.
const UNNAMED: &str = "one agency";

/// The names of agencies, for use in reasons.
#[derive(Debug, Clone, Default)]
pub struct AgencyNames(HashMap<AgencyId, String>);

impl FromIterator<(AgencyId, String)> for AgencyNames {
    fn from_iter<T: IntoIterator<Item = (AgencyId, String)>>(names: T) -> Self {
        Self(names.into_iter().collect())
    }
}

impl AgencyNames {
    fn name(&self, agency: AgencyId) -> &str {
        self.0.get(&agency).map_or(UNNAMED, String::as_str)
    }
}

/// Entries grouped into events, with the reasons in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExplainedEvents {
    /// The events, each once.
    pub events: Vec<ExplainedEvent>,
    /// Pairs of related events, each pair of rows once.
    pub related: Vec<ExplainedPair>,
    /// Pairs of events that may be the same, each pair of rows once.
    pub suggested: Vec<ExplainedPair>,
}

/// One event with its entries and the reasons for grouping them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedEvent {
    /// The id of its row, which is that of its first entry in order of submission.
    pub row: EntryId,
    /// The indexes of its entries.
    pub members: Vec<usize>,
    /// Evidence that the entries describe one event; empty for a single entry.
    pub because: Vec<Evidence>,
    /// Evidence against it.
    pub despite: Vec<Evidence>,
}

/// Two events that are related or may be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedPair {
    /// The row of the first event.
    pub row: EntryId,
    /// The row of the second event.
    pub other_row: EntryId,
    /// Evidence for it.
    pub because: Vec<Evidence>,
    /// Evidence against it.
    pub despite: Vec<Evidence>,
    /// The entries that the reasons quote.
    pub quoted: BTreeSet<EntryId>,
}

/// Expresses the reasons for grouping entries in words. `sorted` names each entry exactly once, by
/// its index in `entries`. The reasons of a row quote only its own entries, and the reasons of a
/// pair only the entries of its two rows, so that text of a row that is removed remains on no other
/// row.
#[must_use]
pub fn explain_events(
    sorted: &SortedEvents,
    entries: &[LiveEntry],
    agencies: &AgencyNames,
) -> ExplainedEvents {
    let explainer = Explainer::new(sorted, entries, agencies);
    let event = |cluster: &linkage::EventCluster| {
        let row = cluster
            .members
            .first()
            .and_then(|member| explainer.row_of(*member))?;
        let [because, despite] = [&cluster.evidence, &cluster.against]
            .map(|facts| explainer.facts_in_words(facts, &[row]));
        Some(ExplainedEvent {
            row,
            members: cluster.members.clone(),
            because,
            despite,
        })
    };
    let related = sorted
        .related
        .iter()
        .map(|pair| ((pair.first, pair.second), &pair.evidence[..], &[][..]));
    let suggested = sorted.suggested.iter().map(|pair| {
        (
            (pair.first, pair.second),
            &pair.evidence[..],
            &pair.against[..],
        )
    });
    ExplainedEvents {
        events: sorted.clusters.iter().filter_map(event).collect(),
        related: explainer.explain_pairs(related),
        suggested: explainer.explain_pairs(suggested),
    }
}

/// Expresses evidence in words.
struct Explainer<'a> {
    entries: &'a [LiveEntry],
    agencies: &'a AgencyNames,
    /// The row of each entry, by the index of the entry.
    rows: HashMap<usize, EntryId>,
    /// The index of each entry.
    indexes: HashMap<EntryId, usize>,
}

/// The indexes of two entries, with the evidence for and against.
type EntryPair<'a> = ((usize, usize), &'a [LinkEvidence], &'a [LinkEvidence]);

impl<'a> Explainer<'a> {
    fn new(sorted: &SortedEvents, entries: &'a [LiveEntry], agencies: &'a AgencyNames) -> Self {
        let first_entry = |members: &[usize]| {
            let member_entries = members.iter().filter_map(|index| entries.get(*index));
            member_entries
                .min_by_key(|entry| entry.submission_order())
                .map(|entry| entry.entry_id)
        };
        let mut rows = HashMap::with_capacity(entries.len());
        for cluster in &sorted.clusters {
            let row = first_entry(&cluster.members);
            rows.extend(
                cluster
                    .members
                    .iter()
                    .filter_map(|&member| Some((member, row?))),
            );
        }
        let indexes = entries
            .iter()
            .enumerate()
            .map(|(index, entry)| (entry.entry_id, index))
            .collect();
        Self {
            entries,
            agencies,
            rows,
            indexes,
        }
    }

    fn row_of(&self, index: usize) -> Option<EntryId> {
        self.rows.get(&index).copied()
    }

    /// Expresses facts in words, in an order that does not depend on the ids of entries.
    fn facts_in_words(&self, facts: &[LinkEvidence], rows: &[EntryId]) -> Vec<Evidence> {
        let facts: Vec<LinkEvidence> = facts
            .iter()
            .map(|fact| self.restrict_to_rows(fact, rows))
            .collect();
        let account = |id: EntryId| {
            let entry = self.entry(id)?;
            let details = &entry.details;
            let agency = self.agencies.name(entry.agency);
            Some(QuotedAccount {
                agency,
                what: details.what.as_str(),
                when: &details.when,
            })
        };
        let mut evidence = describe_evidence(&facts, &account);
        evidence.sort();
        evidence
    }

    fn entry(&self, id: EntryId) -> Option<&'a LiveEntry> {
        self.indexes
            .get(&id)
            .and_then(|index| self.entries.get(*index))
    }

    /// A fact without its quotes, unless all the entries that it quotes are on these rows.
    fn restrict_to_rows(&self, fact: &LinkEvidence, rows: &[EntryId]) -> LinkEvidence {
        let row_of = |id: EntryId| self.indexes.get(&id).and_then(|index| self.row_of(*index));
        let is_inside =
            quoted_entries(fact).all(|id| row_of(id).is_some_and(|row| rows.contains(&row)));
        if is_inside {
            fact.clone()
        } else {
            LinkEvidence::new(fact.code)
        }
    }

    /// Explains pairs of entries as pairs of rows. Several pairs of entries on the same two rows
    /// are merged.
    fn explain_pairs<'f>(&self, pairs: impl Iterator<Item = EntryPair<'f>>) -> Vec<ExplainedPair> {
        let mut explained: Vec<ExplainedPair> = Vec::new();
        let mut by_rows: BTreeMap<[EntryId; 2], usize> = BTreeMap::new();
        for ((first, second), evidence, against) in pairs {
            let (Some(row), Some(other_row)) = (self.row_of(first), self.row_of(second)) else {
                continue;
            };
            if row == other_row {
                continue;
            }
            let pair = self.explain_pair([row, other_row], evidence, against);
            let key = [row.min(other_row), row.max(other_row)];
            match by_rows
                .get(&key)
                .and_then(|index| explained.get_mut(*index))
            {
                Some(existing) => existing.merge(pair),
                None => {
                    by_rows.insert(key, explained.len());
                    explained.push(pair);
                }
            }
        }
        explained
    }

    fn explain_pair(
        &self,
        rows: [EntryId; 2],
        evidence: &[LinkEvidence],
        against: &[LinkEvidence],
    ) -> ExplainedPair {
        let quoted = evidence
            .iter()
            .chain(against)
            .map(|fact| self.restrict_to_rows(fact, &rows));
        let quoted = quoted
            .flat_map(|fact| quoted_entries(&fact).collect::<Vec<_>>())
            .collect();
        let [row, other_row] = rows;
        let [because, despite] = [evidence, against].map(|facts| self.facts_in_words(facts, &rows));
        ExplainedPair {
            row,
            other_row,
            because,
            despite,
            quoted,
        }
    }
}

impl ExplainedPair {
    /// Adds the evidence of another pair of entries on the same rows.
    fn merge(&mut self, other: Self) {
        for (own, others) in [
            (&mut self.because, other.because),
            (&mut self.despite, other.despite),
        ] {
            own.extend(others);
            own.sort();
            own.dedup();
        }
        self.quoted.extend(other.quoted);
    }
}

/// The entries that a fact quotes or whose day it names.
fn quoted_entries(fact: &LinkEvidence) -> impl Iterator<Item = EntryId> + '_ {
    fact.quotes
        .iter()
        .map(|quote| quote.entry)
        .chain(fact.day_of)
}

//! Entries sorted into events, with the reasons in words: drawn anew for each reader, from what that reader may see.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{AgencyId, EntryId};
use linkage::{Account, Evidence, LinkEvidence, SortedEvents, in_words};

use crate::live::LiveEntry;

/// What an agency is called whose name is not known.
const UNNAMED: &str = "one agency";

/// What agencies are called where reasons speak of them.
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

/// Entries sorted into events, with the reasons in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExplainedEvents {
    /// Each event once.
    pub events: Vec<ExplainedEvent>,
    /// Events that have to do with each other, each pair of rows once.
    pub related: Vec<ExplainedPair>,
    /// Events that may be one, each pair of rows once.
    pub suggested: Vec<ExplainedPair>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedEvent {
    /// Its row: the smallest id of its entries.
    pub row: EntryId,
    /// Its entries, by their place among those given.
    pub members: Vec<usize>,
    /// Why they are together; empty for one entry.
    pub because: Vec<Evidence>,
    /// What spoke against it.
    pub despite: Vec<Evidence>,
}

/// Two events that have to do with each other, or that may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedPair {
    /// The row of one.
    pub row: EntryId,
    /// The row of the other.
    pub other_row: EntryId,
    /// What speaks for it.
    pub because: Vec<Evidence>,
    /// What speaks against it.
    pub despite: Vec<Evidence>,
    /// The entries that the reasons quote.
    pub quoted: BTreeSet<EntryId>,
}

/// Puts the reasons of sorted entries into words. `sorted` names each entry, by its place in `entries`, exactly once. The
/// reasons of a row quote its own entries alone, those of two rows the entries of these two: what goes with a row, its
/// reasons included, never stays behind on another.
#[must_use]
pub fn explain(sorted: &SortedEvents, entries: &[LiveEntry], agencies: &AgencyNames) -> ExplainedEvents {
    let words = Words::of(sorted, entries, agencies);
    let event = |cluster: &linkage::EventCluster| {
        let row = cluster.members.first().and_then(|member| words.row_of(*member))?;
        let [because, despite] = [&cluster.evidence, &cluster.against].map(|facts| words.told(facts, &[row]));
        Some(ExplainedEvent { row, members: cluster.members.clone(), because, despite })
    };
    let related = sorted.related.iter().map(|pair| ((pair.first, pair.second), &pair.evidence[..], &[][..]));
    let suggested =
        sorted.suggested.iter().map(|pair| ((pair.first, pair.second), &pair.evidence[..], &pair.against[..]));
    ExplainedEvents {
        events: sorted.clusters.iter().filter_map(event).collect(),
        related: words.pairs(related),
        suggested: words.pairs(suggested),
    }
}

/// What reasons are put into words with.
struct Words<'a> {
    entries: &'a [LiveEntry],
    agencies: &'a AgencyNames,
    /// The row of each entry, by the entry's place.
    rows: HashMap<usize, EntryId>,
    /// The place of each entry.
    places: HashMap<EntryId, usize>,
}

/// The places of two entries, with what speaks for and against.
type Pair<'a> = ((usize, usize), &'a [LinkEvidence], &'a [LinkEvidence]);

impl<'a> Words<'a> {
    fn of(sorted: &SortedEvents, entries: &'a [LiveEntry], agencies: &'a AgencyNames) -> Self {
        let first = |members: &[usize]| {
            let told = members.iter().filter_map(|place| entries.get(*place));
            told.min_by_key(|entry| entry.order()).map(|entry| entry.entry_id)
        };
        let mut rows = HashMap::with_capacity(entries.len());
        for cluster in &sorted.clusters {
            let row = first(&cluster.members);
            rows.extend(cluster.members.iter().filter_map(|&member| Some((member, row?))));
        }
        let places = entries.iter().enumerate().map(|(place, entry)| (entry.entry_id, place)).collect();
        Self { entries, agencies, rows, places }
    }

    fn row_of(&self, place: usize) -> Option<EntryId> {
        self.rows.get(&place).copied()
    }

    /// Facts in words, in an order that does not depend on the entries' ids.
    fn told(&self, facts: &[LinkEvidence], rows: &[EntryId]) -> Vec<Evidence> {
        let facts: Vec<LinkEvidence> = facts.iter().map(|fact| self.within(fact, rows)).collect();
        let account = |id: EntryId| {
            let entry = self.entry(id)?;
            let details = &entry.details;
            let agency = self.agencies.name(entry.agency);
            Some(Account { agency, what: details.what.as_str(), when: &details.when })
        };
        let mut told = in_words(&facts, &account);
        told.sort();
        told
    }

    fn entry(&self, id: EntryId) -> Option<&'a LiveEntry> {
        self.places.get(&id).and_then(|place| self.entries.get(*place))
    }

    /// A fact as far as it points to entries of these rows; one that points elsewhere too keeps its standing words.
    fn within(&self, fact: &LinkEvidence, rows: &[EntryId]) -> LinkEvidence {
        let row_of = |id: EntryId| self.places.get(&id).and_then(|place| self.row_of(*place));
        let inside = pointed_to(fact).all(|id| row_of(id).is_some_and(|row| rows.contains(&row)));
        if inside { fact.clone() } else { LinkEvidence::of(fact.code) }
    }

    /// Pairs of entries as pairs of rows, each once: what was found of several pairs of entries is put together.
    fn pairs<'f>(&self, pairs: impl Iterator<Item = Pair<'f>>) -> Vec<ExplainedPair> {
        let mut told: Vec<ExplainedPair> = Vec::new();
        let mut known: BTreeMap<[EntryId; 2], usize> = BTreeMap::new();
        for ((first, second), evidence, against) in pairs {
            let (Some(row), Some(other_row)) = (self.row_of(first), self.row_of(second)) else { continue };
            if row == other_row {
                continue;
            }
            let pair = self.pair([row, other_row], evidence, against);
            let key = [row.min(other_row), row.max(other_row)];
            match known.get(&key).and_then(|place| told.get_mut(*place)) {
                Some(one) => one.join(pair),
                None => {
                    known.insert(key, told.len());
                    told.push(pair);
                }
            }
        }
        told
    }

    fn pair(&self, rows: [EntryId; 2], evidence: &[LinkEvidence], against: &[LinkEvidence]) -> ExplainedPair {
        let quoted = evidence.iter().chain(against).map(|fact| self.within(fact, &rows));
        let quoted = quoted.flat_map(|fact| pointed_to(&fact).collect::<Vec<_>>()).collect();
        let [row, other_row] = rows;
        let [because, despite] = [evidence, against].map(|facts| self.told(facts, &rows));
        ExplainedPair { row, other_row, because, despite, quoted }
    }
}

impl ExplainedPair {
    /// Adds what was found of another pair of entries of the same rows.
    fn join(&mut self, other: Self) {
        for (own, others) in [(&mut self.because, other.because), (&mut self.despite, other.despite)] {
            own.extend(others);
            own.sort();
            own.dedup();
        }
        self.quoted.extend(other.quoted);
    }
}

/// The entries that a fact points to.
fn pointed_to(fact: &LinkEvidence) -> impl Iterator<Item = EntryId> + '_ {
    fact.quotes.iter().map(|quote| quote.entry).chain(fact.day_of)
}

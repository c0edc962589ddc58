//! Sorts all entries of a family into events.
//!
//! There are three steps: exact duplicates, found by hashing; repeats by one agency, in nearly the
//! same words or with the same content in other words; and accounts of different agencies. Entries
//! are compared only if they share a key, each with a bounded number of neighbours, so the cost is
//! O(n log n) even when all entries are of one day.

use serde::{Deserialize, Serialize};

use crate::event::{
    Accounts, EventModel, Explanation, FamilyEntries, RowLinks, find_row_links, group_accounts,
};
use crate::evidence::{EvidenceCode as E, EvidenceWeights, LinkEvidence, merge_evidence};
use crate::exact_duplicates::DistinctEntry;
use crate::facts::EventFacts;
use crate::union::{Groups, without_ambiguous};

/// The largest group that is joined by comparing texts; exact duplicates have no limit.
const MAX_COMPARED_GROUP: usize = 24;
/// Repeats whose ranks differ by at most this are equally likely.
const RANK_MARGIN: u8 = 4;

/// Entries about one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCluster {
    /// Indexes of the entries, ordered by entry id; never empty.
    pub members: Vec<usize>,
    /// Why they are together; empty for one member.
    pub evidence: Vec<LinkEvidence>,
    /// The facts against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<LinkEvidence>,
}

/// Two events that are connected but not the same: a referral and the strategy discussion that
/// followed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedEvents {
    /// Index of an entry of the earlier cluster.
    pub first: usize,
    /// Index of an entry of the later cluster.
    pub second: usize,
    /// Why they are connected.
    pub evidence: Vec<LinkEvidence>,
}

/// Two events that may be one: the evidence does not suffice for one row, but for asking a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedEvents {
    /// Index of an entry of the earlier cluster.
    pub first: usize,
    /// Index of an entry of the later cluster.
    pub second: usize,
    /// The facts for one event.
    pub evidence: Vec<LinkEvidence>,
    /// The facts against it.
    pub against: Vec<LinkEvidence>,
}

/// A family's entries sorted into events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortedEvents {
    /// The events; every entry is in exactly one.
    pub clusters: Vec<EventCluster>,
    /// Events that are connected.
    pub related: Vec<RelatedEvents>,
    /// Events that may be one; each pair of clusters is listed once.
    #[serde(default)]
    pub suggested: Vec<SuggestedEvents>,
}

/// Sorts entries into events, and finds events that are connected and events that may be one. Every
/// index is in exactly one cluster. The result depends on the content of the entries, not on their
/// order; their ids must be unique. Clusters are ordered by their smallest entry id.
#[must_use]
pub fn sort_events(entries: &[EventFacts<'_>]) -> SortedEvents {
    sort_events_with(entries, EventModel::built_in())
}

/// As [`sort_events`], with another model; for measurements.
#[must_use]
pub fn sort_events_with(entries: &[EventFacts<'_>], model: &EventModel) -> SortedEvents {
    let event_sorting = EventSorting::new(entries, model);
    let repeats = event_sorting.repeat_groups();
    let accounts = Accounts::from_groups(
        &event_sorting.family,
        repeats.iter().map(|(units, _)| units.as_slice()),
    );
    let pairs = accounts.candidate_pairs();
    let groups = group_accounts(&accounts, &pairs);
    let RowLinks { related, suggested } = find_row_links(&accounts, &pairs, &groups);
    let mut clusters: Vec<EventCluster> = groups
        .iter()
        .map(|group| event_sorting.build_cluster(&repeats, group, accounts.explain_row(group)))
        .collect();
    let smallest_id = |cluster: &EventCluster| {
        cluster
            .members
            .first()
            .and_then(|&index| entries.get(index))
            .map(|facts| facts.entry)
    };
    clusters.sort_by_key(smallest_id);
    let first_entry = |account: usize| {
        event_sorting
            .entries_of(accounts.units(account))
            .first()
            .copied()
    };
    let related = related.into_iter().filter_map(|pair| {
        let first = first_entry(pair.first)?;
        let second = first_entry(pair.second)?;
        Some(RelatedEvents {
            first,
            second,
            evidence: pair.evidence,
        })
    });
    let suggested = suggested.into_iter().filter_map(|pair| {
        let first = first_entry(pair.first)?;
        let second = first_entry(pair.second)?;
        Some(SuggestedEvents {
            first,
            second,
            evidence: pair.evidence,
            against: pair.against,
        })
    });
    SortedEvents {
        clusters,
        related: related.collect(),
        suggested: suggested.collect(),
    }
}

/// Sorts entries into events as [`sort_events`] does, without connected and suggested events.
#[must_use]
pub fn cluster_events(entries: &[EventFacts<'_>]) -> Vec<EventCluster> {
    sort_events(entries).clusters
}

/// Two accounts with the features for and against their being of one event; for measurements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeighedPair {
    /// Indexes of the entries of the first account.
    pub first: Vec<usize>,
    /// Indexes of the entries of the second account.
    pub second: Vec<usize>,
    /// The named features in the order of [`EventModel::feature_names`], in thousandths.
    pub features: Vec<i32>,
    /// The pairs of acts with which the accounts begin, as indexes after the named features.
    pub act_pairs: Vec<usize>,
    /// Their total weight, in thousandths of the natural logarithm of the odds.
    pub score: i32,
}

/// Every pair of accounts of different agencies that [`sort_events`] compares, with its weight. The
/// weights of the model are fitted from these pairs and a key of the true events.
#[must_use]
pub fn weigh_accounts(entries: &[EventFacts<'_>], model: &EventModel) -> Vec<WeighedPair> {
    let event_sorting = EventSorting::new(entries, model);
    let repeats = event_sorting.repeat_groups();
    let accounts = Accounts::from_groups(
        &event_sorting.family,
        repeats.iter().map(|(units, _)| units.as_slice()),
    );
    let entries_of = |account: usize| event_sorting.entries_of(accounts.units(account));
    let weighed = accounts.candidate_pairs().into_iter().filter_map(|(a, b)| {
        let features = accounts.features(a, b)?;
        let score = accounts.score(a, b).unwrap_or(i32::MIN);
        let first = entries_of(a);
        let second = entries_of(b);
        Some(WeighedPair {
            first,
            second,
            features: features.named.to_vec(),
            act_pairs: features.act_pairs,
            score,
        })
    });
    weighed.collect()
}

/// The distinctive words of each account, each word once;
/// [`WordFrequencies`](crate::WordFrequencies) are counted from them.
#[must_use]
pub fn account_meanings(entries: &[EventFacts<'_>]) -> Vec<Vec<String>> {
    let event_sorting = EventSorting::new(entries, EventModel::built_in());
    let repeats = event_sorting.repeat_groups();
    let accounts = Accounts::from_groups(
        &event_sorting.family,
        repeats.iter().map(|(units, _)| units.as_slice()),
    );
    let meanings = &event_sorting.family.meanings;
    let meaning = |id: &u32| {
        usize::try_from(*id)
            .ok()
            .and_then(|id| meanings.get(id))
            .cloned()
    };
    accounts
        .accounts
        .iter()
        .map(|account| {
            account
                .parsed
                .meaning_ids
                .iter()
                .filter_map(meaning)
                .collect()
        })
        .collect()
}

/// Every pair of entries of one agency that [`sort_events`] compares, with its weight.
#[must_use]
pub fn weigh_repeats(entries: &[EventFacts<'_>]) -> Vec<WeighedPair> {
    let event_sorting = EventSorting::new(entries, EventModel::built_in());
    let family = &event_sorting.family;
    let weighed = family.compared_pairs().into_iter().filter_map(|(a, b)| {
        let (facts, score) = family.weigh_pair(a, b)?;
        let features = facts.to_vec();
        let first = event_sorting.entries_of(&[a]);
        let second = event_sorting.entries_of(&[b]);
        Some(WeighedPair {
            first,
            second,
            features,
            act_pairs: Vec::new(),
            score,
        })
    });
    weighed.collect()
}

/// The entries of a family, prepared for being sorted into events.
struct EventSorting<'e, 'f> {
    family: FamilyEntries<'e, 'f>,
}

/// Groups of distinct entries that are repeats by one agency, with the evidence for each group.
type RepeatGroups = Vec<(Vec<usize>, EvidenceWeights)>;

impl<'e, 'f> EventSorting<'e, 'f> {
    /// Reads the entries in the order of their content, so that neither their ids nor their order
    /// influence the result.
    fn new(entries: &'e [EventFacts<'f>], model: &'e EventModel) -> Self {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by(|a, b| {
            entries
                .get(*a)
                .map(content_sort_key)
                .cmp(&entries.get(*b).map(content_sort_key))
        });
        Self {
            family: FamilyEntries::parse(entries, &order, model),
        }
    }

    /// The indexes of the entries that units stand for.
    fn entries_of(&self, units: &[usize]) -> Vec<usize> {
        let units = units.iter().filter_map(|&unit| self.family.units.get(unit));
        units
            .flat_map(|unit| unit.entries.iter().copied())
            .collect()
    }

    /// Groups the units that are repeats by one agency.
    fn repeat_groups(&self) -> RepeatGroups {
        let family = &self.family;
        let links = without_ambiguous(family.repeat_links(), RANK_MARGIN, |a, b| {
            !family.may_repeat(a, b)
        });
        let mut groups = Groups::singletons(family.units.len());
        groups.join(links, |a, b| {
            a.len() + b.len() <= MAX_COMPARED_GROUP
                && every_pair(a, b, |a, b| family.may_repeat(a, b))
        });
        groups.finish()
    }

    /// Builds the cluster of the repeat groups `groups`.
    fn build_cluster(
        &self,
        repeats: &RepeatGroups,
        groups: &[usize],
        explained: Explanation,
    ) -> EventCluster {
        let mut weights = EvidenceWeights::new();
        let repeats: Vec<_> = groups
            .iter()
            .filter_map(|&group| repeats.get(group))
            .collect();
        let units: Vec<&DistinctEntry> = repeats
            .iter()
            .flat_map(|(units, _)| units)
            .filter_map(|&unit| self.family.units.get(unit))
            .collect();
        if units.iter().any(|unit| unit.entries.len() > 1) {
            merge_evidence(
                &mut weights,
                [E::SameAgency, E::SameDate, E::SameWords]
                    .map(|code| (code, 0))
                    .into(),
            );
        }
        repeats
            .iter()
            .for_each(|(_, evidence)| merge_evidence(&mut weights, evidence.clone()));
        let mut members: Vec<usize> = units
            .iter()
            .flat_map(|unit| &unit.entries)
            .copied()
            .collect();
        members.sort_by_key(|&index| self.family.entries.get(index).map(|facts| facts.entry));
        let of_repeats = weights.into_keys().map(LinkEvidence::new);
        let evidence = sorted_and_distinct(of_repeats.chain(explained.evidence).collect());
        EventCluster {
            members,
            evidence,
            against: sorted_and_distinct(explained.against),
        }
    }
}

fn sorted_and_distinct(mut evidence: Vec<LinkEvidence>) -> Vec<LinkEvidence> {
    evidence.sort();
    evidence.dedup();
    evidence
}

/// A sort key of an entry's content: when it happened, its text, its agency and children; the id
/// comes last and only orders entries that are otherwise the same.
fn content_sort_key<'a>(facts: &'a EventFacts<'_>) -> impl Ord + use<'a> {
    let details = facts.details;
    let when = (facts.span(), facts.minutes(), details.when.edtf());
    (
        when,
        details.what.as_str(),
        facts.type_label(),
        &details.category,
        facts.children(),
        facts.agency,
        facts.entry,
    )
}

/// Whether a condition holds for every pair of a member of `a` and a member of `b`.
fn every_pair(a: &[usize], b: &[usize], holds: impl Fn(usize, usize) -> bool) -> bool {
    a.iter()
        .all(|&one| b.iter().all(|&other| holds(one, other)))
}

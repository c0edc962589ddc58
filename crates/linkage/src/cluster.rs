//! All entries of a family, sorted into events.
//!
//! Three steps: exact repeats by hashing; one agency's repeats, by words nearly the same or by what survives wording;
//! accounts of different agencies. Entries are compared only where they share a key, each with a bounded number of
//! neighbours, so the cost is n log n even when every entry is of one day.

use serde::{Deserialize, Serialize};

use crate::event::{Accounts, Explanation, Family, Model, between, group};
use crate::evidence::{EvidenceCode as E, LinkEvidence, Spoken, join};
use crate::facts::EventFacts;
use crate::piles::Unit;
use crate::union::{Groups, without_ambiguous};

/// The largest group that grows by comparing texts; exact repeats have no limit.
const LARGEST: usize = 24;
/// Repeats whose links are no further apart than this are equally likely.
const MARGIN: u8 = 4;

/// Entries that tell one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCluster {
    /// Indexes into the entries given, by entry id; never empty.
    pub members: Vec<usize>,
    /// Why they are together; empty for one member.
    pub evidence: Vec<LinkEvidence>,
    /// What spoke against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<LinkEvidence>,
}

/// Two entries that have to do with each other and are not one event: a referral and its strategy discussion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedEvents {
    /// Index of an entry of the earlier cluster.
    pub first: usize,
    /// Index of an entry of the later cluster.
    pub second: usize,
    /// Why they are shown beside each other.
    pub evidence: Vec<LinkEvidence>,
}

/// Two events that may be one: too little speaks for it to show one row, enough to ask a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedEvents {
    /// Index of an entry of the earlier cluster.
    pub first: usize,
    /// Index of an entry of the later cluster.
    pub second: usize,
    /// What speaks for one event.
    pub evidence: Vec<LinkEvidence>,
    /// What speaks against it.
    pub against: Vec<LinkEvidence>,
}

/// A family's entries sorted into events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortedEvents {
    /// Each event once.
    pub clusters: Vec<EventCluster>,
    /// Events that have to do with each other.
    pub related: Vec<RelatedEvents>,
    /// Events that may be one, each pair of clusters once.
    #[serde(default)]
    pub suggested: Vec<SuggestedEvents>,
}

/// Sorts entries into events and says which have to do with each other, and which may be one. Every index appears in
/// exactly one cluster. The answer depends on what the entries say, not on their order; their ids must be unique. Clusters
/// are ordered by their smallest entry id.
#[must_use]
pub fn sort_events(entries: &[EventFacts<'_>]) -> SortedEvents {
    sort_events_by(entries, Model::shipped())
}

/// The same with another model, for measurement.
#[must_use]
pub fn sort_events_by(entries: &[EventFacts<'_>], model: &Model) -> SortedEvents {
    let sorting = Sorting::of(entries, model);
    let repeats = sorting.repeats();
    let accounts = Accounts::of(&sorting.family, repeats.iter().map(|(units, _)| units.as_slice()));
    let pairs = accounts.pairs();
    let groups = group(&accounts, &pairs);
    let (related, suggested) = between(&accounts, &pairs, &groups);
    let mut clusters: Vec<EventCluster> =
        groups.iter().map(|group| sorting.cluster(&repeats, group, accounts.explain_row(group))).collect();
    let first = |cluster: &EventCluster| cluster.members.first().and_then(|&i| entries.get(i)).map(|facts| facts.entry);
    clusters.sort_by_key(first);
    let entry = |account: usize| sorting.entries_of(accounts.units(account)).first().copied();
    let related = related.into_iter().filter_map(|pair| {
        Some(RelatedEvents { first: entry(pair.one)?, second: entry(pair.other)?, evidence: pair.evidence })
    });
    let suggested = suggested.into_iter().filter_map(|pair| {
        let (first, second) = (entry(pair.one)?, entry(pair.other)?);
        Some(SuggestedEvents { first, second, evidence: pair.evidence, against: pair.against })
    });
    let (related, suggested) = (related.collect(), suggested.collect());
    SortedEvents { clusters, related, suggested }
}

/// Sorts entries into events, as [`sort_events`] without what is related.
#[must_use]
pub fn cluster_events(entries: &[EventFacts<'_>]) -> Vec<EventCluster> {
    sort_events(entries).clusters
}

/// Two accounts with the features that speak for and against their being one event, for measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeighedPair {
    /// Indexes of the entries of the first account.
    pub one: Vec<usize>,
    /// Indexes of the entries of the second.
    pub other: Vec<usize>,
    /// The named features in the order of [`Model::features`], in thousandths.
    pub features: Vec<i32>,
    /// The pairs of acts with which the accounts begin, by their places after the named features.
    pub act_pairs: Vec<usize>,
    /// What they weigh together, in thousandths of the natural logarithm of the odds.
    pub score: i32,
}

/// Every pair of accounts of different agencies that [`sort_events`] compares, as it weighs them: from these and a key the
/// weights are found.
#[must_use]
pub fn weigh_accounts(entries: &[EventFacts<'_>], model: &Model) -> Vec<WeighedPair> {
    let sorting = Sorting::of(entries, model);
    let repeats = sorting.repeats();
    let accounts = Accounts::of(&sorting.family, repeats.iter().map(|(units, _)| units.as_slice()));
    let entries_of = |account: usize| sorting.entries_of(accounts.units(account));
    let weighed = accounts.pairs().into_iter().filter_map(|(a, b)| {
        let (features, score) = (accounts.features(a, b)?, accounts.score(a, b).unwrap_or(i32::MIN));
        let (features, act_pairs) = (features.named.to_vec(), features.act_pairs);
        Some(WeighedPair { one: entries_of(a), other: entries_of(b), features, act_pairs, score })
    });
    weighed.collect()
}

/// The telling words of each account, each word once: from these [`Frequencies`](crate::Frequencies) are counted.
#[must_use]
pub fn meanings_of_accounts(entries: &[EventFacts<'_>]) -> Vec<Vec<String>> {
    let sorting = Sorting::of(entries, Model::shipped());
    let repeats = sorting.repeats();
    let accounts = Accounts::of(&sorting.family, repeats.iter().map(|(units, _)| units.as_slice()));
    let meaning = |stem: &u32| usize::try_from(*stem).ok().and_then(|stem| sorting.family.meanings.get(stem)).cloned();
    accounts.accounts.iter().map(|account| account.reading.stems.iter().filter_map(meaning).collect()).collect()
}

/// Every pair of one agency's entries that [`sort_events`] compares, as it weighs them.
#[must_use]
pub fn weigh_repeats(entries: &[EventFacts<'_>]) -> Vec<WeighedPair> {
    let sorting = Sorting::of(entries, Model::shipped());
    let family = &sorting.family;
    let weighed = family.compared().into_iter().filter_map(|(a, b)| {
        let (facts, score) = family.named(a, b)?;
        let features = facts.into_iter().map(|(_, value)| value).collect();
        let (one, other) = (sorting.entries_of(&[a]), sorting.entries_of(&[b]));
        Some(WeighedPair { one, other, features, act_pairs: Vec::new(), score })
    });
    weighed.collect()
}

struct Sorting<'e, 'f> {
    family: Family<'e, 'f>,
}

type Repeats = Vec<(Vec<usize>, Spoken)>;

impl<'e, 'f> Sorting<'e, 'f> {
    /// Reads the entries in the order of what they say, so that neither their ids nor the order in which they came decide
    /// anything.
    fn of(entries: &'e [EventFacts<'f>], model: &'e Model) -> Self {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by(|a, b| entries.get(*a).map(content_order).cmp(&entries.get(*b).map(content_order)));
        Self { family: Family::read(entries, &order, model) }
    }

    fn entries_of(&self, units: &[usize]) -> Vec<usize> {
        let units = units.iter().filter_map(|&unit| self.family.units.get(unit));
        units.flat_map(|unit| unit.entries.iter().copied()).collect()
    }

    /// One agency's repeats: groups of units.
    fn repeats(&self) -> Repeats {
        let family = &self.family;
        let links = without_ambiguous(family.repeat_links(), MARGIN, |a, b| !family.may_repeat(a, b));
        let mut groups = Groups::singles(family.units.len());
        groups.join(links, |a, b| a.len() + b.len() <= LARGEST && every_pair(a, b, |a, b| family.may_repeat(a, b)));
        groups.finish()
    }

    fn cluster(&self, repeats: &Repeats, groups: &[usize], explained: Explanation) -> EventCluster {
        let mut codes = Spoken::new();
        let repeats: Vec<_> = groups.iter().filter_map(|&group| repeats.get(group)).collect();
        let units: Vec<&Unit> =
            repeats.iter().flat_map(|(units, _)| units).filter_map(|&unit| self.family.units.get(unit)).collect();
        if units.iter().any(|unit| unit.entries.len() > 1) {
            join(&mut codes, [E::SameAgency, E::SameDate, E::SameWords].map(|code| (code, 0)).into());
        }
        repeats.iter().for_each(|(_, spoken)| join(&mut codes, spoken.clone()));
        let mut members: Vec<usize> = units.iter().flat_map(|unit| &unit.entries).copied().collect();
        members.sort_by_key(|&index| self.family.entries.get(index).map(|facts| facts.entry));
        let evidence = each_once(codes.into_keys().map(LinkEvidence::of).chain(explained.evidence).collect());
        EventCluster { members, evidence, against: each_once(explained.against) }
    }
}

fn each_once(mut evidence: Vec<LinkEvidence>) -> Vec<LinkEvidence> {
    evidence.sort();
    evidence.dedup();
    evidence
}

/// When an entry happened, what it says, who tells it of whom; its id only when all of that is the same.
fn content_order<'a>(facts: &'a EventFacts<'_>) -> impl Ord + use<'a> {
    let details = facts.details;
    let when = (facts.span(), facts.minutes(), details.when.edtf());
    (when, details.what.as_str(), facts.own_word(), &details.category, facts.children(), facts.agency, facts.entry)
}

fn every_pair(a: &[usize], b: &[usize], holds: impl Fn(usize, usize) -> bool) -> bool {
    a.iter().all(|&one| b.iter().all(|&other| holds(one, other)))
}

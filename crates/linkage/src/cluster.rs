//! All entries of a family, sorted into events.
//!
//! Three steps: exact repeats by hashing; one agency's repeats, by words nearly the same or by what survives wording;
//! accounts of different agencies. Entries are compared only where they share a key, each with a bounded number of
//! neighbours, so the cost is n log n even when every entry is of one day.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::event::{Family, Tellings};
use crate::evidence::{EvidenceCode as E, LinkEvidence, Spoken, join};
use crate::facts::EventFacts;
use crate::piles::Unit;
use crate::union::{Groups, Link, without_ambiguous};

/// The largest group that grows by comparing texts; exact repeats have no limit.
const LARGEST: usize = 24;
/// How many other events an event is shown to have to do with, at most.
const MOST_RELATED: usize = 4;
/// Repeats whose links are no further apart than this are equally likely.
const MARGIN: u8 = 4;
/// Accounts whose links are no further apart than this are equally likely: two to one is no preference.
const ACCOUNTS_MARGIN: u8 = 8;

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

/// Sorts entries into events and says which have to do with each other. Every index appears in exactly one cluster. The
/// answer does not depend on the order of the entries, whose ids must be unique; clusters are ordered by their smallest
/// entry id.
#[must_use]
pub fn sort_events(entries: &[EventFacts<'_>]) -> SortedEvents {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&index| entries.get(index).map(|facts| facts.entry));
    let sorting = Sorting { family: Family::read(entries, &order) };
    let repeats = sorting.repeats();
    let tellings = Tellings::of(&sorting.family, repeats.iter().map(|(units, _)| units.as_slice()));
    let (links, related) = tellings.links();
    let clusters = sorting.accounts(&repeats, &tellings, links);
    let first = |cluster: &EventCluster| cluster.members.first().and_then(|&i| entries.get(i)).map(|facts| facts.entry);
    let mut clusters: Vec<EventCluster> = clusters;
    clusters.sort_by_key(first);
    let related = sorting.related(&clusters, &tellings, related);
    SortedEvents { clusters, related, suggested: Vec::new() }
}

/// Sorts entries into events, as [`sort_events`] without what is related.
#[must_use]
pub fn cluster_events(entries: &[EventFacts<'_>]) -> Vec<EventCluster> {
    sort_events(entries).clusters
}

/// Two agencies' tellings with the facts that speak for and against their being one event, for measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeighedPair {
    /// Indexes of the entries of the first telling.
    pub one: Vec<usize>,
    /// Indexes of the entries of the second.
    pub other: Vec<usize>,
    /// Each fact by name, with its value; most are 0 or 1.
    pub facts: Vec<(&'static str, i32)>,
    /// What the facts weigh together, in points of a tenth of the natural logarithm of the odds.
    pub points: i32,
}

/// Every pair of tellings of different agencies that [`sort_events`] compares, as it weighs them: from these and a key the
/// weights are found.
#[must_use]
pub fn weigh_accounts(entries: &[EventFacts<'_>]) -> Vec<WeighedPair> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&index| entries.get(index).map(|facts| facts.entry));
    let sorting = Sorting { family: Family::read(entries, &order) };
    let repeats = sorting.repeats();
    let tellings = Tellings::of(&sorting.family, repeats.iter().map(|(units, _)| units.as_slice()));
    let entries_of = |telling: usize| {
        let units = tellings.units(telling).iter().filter_map(|&unit| sorting.family.units.get(unit));
        units.flat_map(|unit| unit.entries.iter().copied()).collect()
    };
    let pairs = tellings.pairs().into_iter();
    let weighed = pairs.filter_map(|(a, b)| {
        let (facts, points) = tellings.weighed(a, b)?;
        Some(WeighedPair { one: entries_of(a), other: entries_of(b), facts, points })
    });
    weighed.collect()
}

/// Every pair of one agency's entries that [`sort_events`] compares, as it weighs them.
#[must_use]
pub fn weigh_repeats(entries: &[EventFacts<'_>]) -> Vec<WeighedPair> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&index| entries.get(index).map(|facts| facts.entry));
    let family = Family::read(entries, &order);
    let entries_of = |unit: usize| family.units.get(unit).map_or_else(Vec::new, |unit| unit.entries.clone());
    let weighed = family.compared().into_iter().filter_map(|(a, b)| {
        let (facts, points) = family.named(a, b)?;
        Some(WeighedPair { one: entries_of(a), other: entries_of(b), facts, points })
    });
    weighed.collect()
}

struct Sorting<'e, 'f> {
    family: Family<'e, 'f>,
}

type Repeats = Vec<(Vec<usize>, Spoken)>;

impl Sorting<'_, '_> {
    /// One agency's repeats: groups of units.
    fn repeats(&self) -> Repeats {
        let family = &self.family;
        let links = without_ambiguous(family.repeat_links(), MARGIN, |a, b| !family.may_repeat(a, b));
        let mut groups = Groups::singles(family.units.len());
        groups.join(links, |a, b| a.len() + b.len() <= LARGEST && every_pair(a, b, |a, b| family.may_repeat(a, b)));
        groups.finish()
    }

    /// Accounts of different agencies, joined: the clusters.
    fn accounts(&self, repeats: &Repeats, tellings: &Tellings<'_, '_, '_>, links: Vec<Link>) -> Vec<EventCluster> {
        let together = |a: usize, b: usize| tellings.may_join(a, b);
        let links = without_ambiguous(links, ACCOUNTS_MARGIN, |a, b| !together(a, b));
        let mut groups = Groups::singles(repeats.len());
        groups.join(links, |a, b| a.len() + b.len() <= LARGEST && every_pair(a, b, together));
        groups.finish().into_iter().map(|(groups, codes)| self.cluster(repeats, &groups, codes)).collect()
    }

    /// Events that have to do with each other, each pair of clusters once.
    fn related(
        &self,
        clusters: &[EventCluster],
        tellings: &Tellings<'_, '_, '_>,
        links: Vec<Link>,
    ) -> Vec<RelatedEvents> {
        let members = clusters.iter().enumerate();
        let cluster_of: HashMap<usize, usize> =
            members.flat_map(|(place, cluster)| cluster.members.iter().map(move |member| (*member, place))).collect();
        let mut best: BTreeMap<(usize, usize), (u8, RelatedEvents)> = BTreeMap::new();
        for link in links {
            let entry = |telling: usize| {
                let unit = tellings.units(telling).first()?;
                self.family.units.get(*unit).map(Unit::first)
            };
            let (Some(first), Some(second)) = (entry(link.a), entry(link.b)) else { continue };
            let (Some(&x), Some(&y)) = (cluster_of.get(&first), cluster_of.get(&second)) else { continue };
            if x == y || best.get(&(x.min(y), x.max(y))).is_some_and(|(rank, _)| *rank <= link.rank) {
                continue;
            }
            let (first, second) = if x < y { (first, second) } else { (second, first) };
            let evidence = evidence(link.codes);
            best.insert((x.min(y), x.max(y)), (link.rank, RelatedEvents { first, second, evidence }));
        }
        strongest(best)
    }

    fn cluster(&self, repeats: &Repeats, groups: &[usize], mut codes: Spoken) -> EventCluster {
        let repeats: Vec<_> = groups.iter().filter_map(|&group| repeats.get(group)).collect();
        let units: Vec<&Unit> =
            repeats.iter().flat_map(|(units, _)| units).filter_map(|&unit| self.family.units.get(unit)).collect();
        if units.iter().any(|unit| unit.entries.len() > 1) {
            join(&mut codes, [E::SameAgency, E::SameDate, E::SameWords].map(|code| (code, 0)).into());
        }
        repeats.iter().for_each(|(_, spoken)| join(&mut codes, spoken.clone()));
        let mut members: Vec<usize> = units.iter().flat_map(|unit| &unit.entries).copied().collect();
        members.sort_by_key(|&index| self.family.entries.get(index).map(|facts| facts.entry));
        EventCluster { members, evidence: evidence(codes), against: Vec::new() }
    }
}

fn evidence(codes: Spoken) -> Vec<LinkEvidence> {
    codes.into_keys().map(LinkEvidence::of).collect()
}

/// Of each event the strongest relations alone: a row that points to a dozen others points nowhere.
fn strongest(best: BTreeMap<(usize, usize), (u8, RelatedEvents)>) -> Vec<RelatedEvents> {
    let mut ordered: Vec<_> = best.into_iter().map(|(pair, (rank, related))| (rank, pair, related)).collect();
    ordered.sort_by_key(|(rank, pair, _)| (*rank, *pair));
    let mut counts: HashMap<usize, usize> = HashMap::new();
    let count = |counts: &HashMap<usize, usize>, event: usize| counts.get(&event).copied().unwrap_or_default();
    let mut kept = BTreeMap::new();
    for (_, (x, y), related) in ordered {
        if count(&counts, x) < MOST_RELATED && count(&counts, y) < MOST_RELATED {
            *counts.entry(x).or_default() += 1;
            *counts.entry(y).or_default() += 1;
            kept.insert((x, y), related);
        }
    }
    kept.into_values().collect()
}

fn every_pair(a: &[usize], b: &[usize], holds: impl Fn(usize, usize) -> bool) -> bool {
    a.iter().all(|&one| b.iter().all(|&other| holds(one, other)))
}

//! All entries of a family, sorted into events.
//!
//! Three steps: exact repeats by hashing; repeats of one agency with slips or siblings' names; accounts of different
//! agencies. Texts are compared only within blocks (same agency, dates and part of the words; or the same document
//! reference), each with a bounded number of neighbours, so the cost is n log n even when every entry is of one day.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::event::{EventBand, WIDEST_FOR_DOCUMENT_DAYS as WIDEST_DAYS, contradiction, judge};
use crate::evidence::{Evidence, EvidenceCode as E};
use crate::facts::EventFacts;
use crate::lexicon::is_pronoun;
use crate::piles::{Unit, pile};
use crate::union::{Groups, Link, without_ambiguous};

/// With how many neighbours in its block a text is compared.
const NEIGHBOURS: usize = 16;
/// The largest group that grows by comparing texts; exact repeats have no limit.
const LARGEST: usize = 24;

/// Entries that tell one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCluster {
    /// Indexes into the entries given, by entry id; never empty.
    pub members: Vec<usize>,
    /// Why they are together; empty for one member.
    pub evidence: Vec<Evidence>,
}

/// Sorts entries into events. Every index appears in exactly one cluster. The clusters do not depend on the order of the
/// entries, whose ids must be unique; they are ordered by their smallest entry id.
#[must_use]
pub fn cluster_events(entries: &[EventFacts<'_>]) -> Vec<EventCluster> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&index| entries.get(index).map(|facts| facts.entry));
    let crowded = crowded(entries);
    let (pool, lone): (Vec<usize>, Vec<usize>) =
        order.into_iter().partition(|&index| crowded.get(index) == Some(&true));
    let sorting = Sorting { entries, units: pile(entries, &pool) };
    let repeats = sorting.repeats();
    let mut clusters = sorting.accounts(repeats);
    clusters.extend(lone.into_iter().map(|index| EventCluster { members: vec![index], evidence: Vec::new() }));
    let first = |cluster: &EventCluster| cluster.members.first().and_then(|&i| entries.get(i)).map(|facts| facts.entry);
    clusters.sort_by_key(first);
    clusters
}

/// For each entry, whether another's dates touch its own; the others tell an event of their own and need no reading.
/// Dates wider than a year are matched only with the very same date.
fn crowded(entries: &[EventFacts<'_>]) -> Vec<bool> {
    let mut crowded = vec![false; entries.len()];
    let mut mark = |index: usize| {
        if let Some(mark) = crowded.get_mut(index) {
            *mark = true;
        }
    };
    let mut spans: Vec<_> = entries.iter().enumerate().map(|(index, facts)| (facts.span(), index)).collect();
    spans.sort_unstable();
    let same = spans.windows(2).filter_map(|pair| match pair {
        [(one, a), (other, b)] if one == other => Some([*a, *b]),
        _ => None,
    });
    same.flatten().for_each(&mut mark);
    let mut reach: Option<(time::Date, usize)> = None;
    for ((earliest, latest), index) in spans {
        if (latest - earliest).whole_days() > WIDEST_DAYS {
            continue;
        }
        if let Some((end, holder)) = reach
            && earliest <= end
        {
            mark(holder);
            mark(index);
        }
        if reach.is_none_or(|(end, _)| latest > end) {
            reach = Some((latest, index));
        }
    }
    crowded
}

struct Sorting<'e, 'f> {
    entries: &'e [EventFacts<'f>],
    units: Vec<Unit>,
}

type Repeats = Vec<(Vec<usize>, BTreeSet<E>)>;

impl<'f> Sorting<'_, 'f> {
    fn facts(&self, unit: usize) -> Option<&EventFacts<'f>> {
        self.units.get(unit).and_then(|unit| self.entries.get(unit.first()))
    }

    fn pair(&self, a: usize, b: usize) -> Option<(&EventFacts<'f>, &EventFacts<'f>)> {
        self.facts(a).zip(self.facts(b))
    }

    /// One agency's repeats: groups of units.
    fn repeats(&self) -> Repeats {
        let neutral: Vec<Vec<&str>> = (0..self.units.len()).map(|unit| self.neutral(unit)).collect();
        let mut blocks = Blocks::default();
        for (unit, words) in neutral.iter().enumerate() {
            let Some(facts) = self.facts(unit) else { continue };
            for sketch in sketches(words) {
                blocks.add(&(facts.agency, &facts.details.category, facts.span(), sketch), unit);
            }
        }
        let rank =
            ranks(self.units.len(), |unit| (neutral.get(unit), self.units.get(unit).map(|unit| unit.occurrence)));
        let pairs = blocks.pairs(&rank);
        let links = pairs.into_iter().filter_map(|(a, b)| self.repeat_link(a, b)).collect();
        let links =
            without_ambiguous(links, |a, b| self.pair(a, b).is_some_and(|(a, b)| contradiction(a, b).is_some()));
        let mut groups = Groups::singles(self.units.len());
        groups.join(links, |a, b| a.len() + b.len() <= LARGEST && every_pair(a, b, |a, b| self.is_repeat(a, b)));
        groups.finish()
    }

    fn repeat_link(&self, a: usize, b: usize) -> Option<Link> {
        let (one, other) = self.pair(a, b)?;
        if one.agency != other.agency || self.listed_together(a, b) {
            return None;
        }
        let verdict = judge(one, other);
        let same_place = self.units.get(a)?.occurrence == self.units.get(b)?.occurrence;
        let rank = verdict.rank.saturating_add(u8::from(!same_place));
        (verdict.band == EventBand::Match).then_some(Link { a, b, rank, codes: verdict.codes })
    }

    fn is_repeat(&self, a: usize, b: usize) -> bool {
        let matched = self.pair(a, b).is_some_and(|(a, b)| judge(a, b).band == EventBand::Match);
        matched && !self.listed_together(a, b)
    }

    /// Whether one return lists both for the same children without a time for each.
    fn listed_together(&self, a: usize, b: usize) -> bool {
        let Some((one, other)) = self.pair(a, b) else { return false };
        if one.children() != other.children() || (one.minutes().is_some() && other.minutes().is_some()) {
            return false;
        }
        let returns: BTreeSet<_> = self.fragments(a).collect();
        self.fragments(b).any(|fragment| returns.contains(&fragment))
    }

    fn fragments(&self, unit: usize) -> impl Iterator<Item = domain::FragmentId> {
        let entries = self.units.get(unit).map_or(&[][..], |unit| unit.entries.as_slice());
        entries.iter().filter_map(|&index| self.entries.get(index)).map(|facts| facts.fragment)
    }

    /// The words with the children's own names and the pronouns that go with them taken out.
    fn neutral(&self, unit: usize) -> Vec<&str> {
        let Some(facts) = self.facts(unit) else { return Vec::new() };
        let own = facts.own_names();
        let left_out = |word: &String| is_pronoun(word) || own.contains(word);
        facts.words().iter().map(|word| if left_out(word) { "" } else { word.as_str() }).collect()
    }

    /// Accounts of different agencies, joined: the clusters.
    fn accounts(&self, repeats: Repeats) -> Vec<EventCluster> {
        let group_of: HashMap<usize, usize> = repeats
            .iter()
            .enumerate()
            .flat_map(|(group, (units, _))| units.iter().map(move |unit| (*unit, group)))
            .collect();
        let links = self.account_links(&group_of);
        let first =
            |group: usize| repeats.get(group).and_then(|(units, _)| units.first()).and_then(|&unit| self.facts(unit));
        let excludes = |a: usize, b: usize| {
            first(a).zip(first(b)).is_none_or(|(a, b)| a.agency == b.agency || contradiction(a, b).is_some())
        };
        let links = without_ambiguous(links, excludes);
        let apart = |a: usize, b: usize| match (repeats.get(a), repeats.get(b)) {
            (Some((a, _)), Some((b, _))) => !every_pair(a, b, |a, b| {
                self.pair(a, b).is_some_and(|(a, b)| a.agency != b.agency && contradiction(a, b).is_none())
            }),
            _ => true,
        };
        let mut groups = Groups::singles(repeats.len());
        groups.join(links, |a, b| every_pair(a, b, |a, b| !apart(a, b)));
        groups.finish().into_iter().map(|(groups, codes)| self.cluster(&repeats, &groups, codes)).collect()
    }

    fn account_links(&self, group_of: &HashMap<usize, usize>) -> Vec<Link> {
        let mut blocks = Blocks::default();
        for unit in 0..self.units.len() {
            let Some(facts) = self.facts(unit) else { continue };
            let words: Vec<&str> = facts.words().iter().map(String::as_str).collect();
            for sketch in sketches(&words) {
                blocks.add(&(&facts.details.category, sketch), unit);
            }
            if let Some(document) = facts.document() {
                blocks.add(&(&facts.details.category, document), unit);
            }
        }
        let rank = ranks(self.units.len(), |unit| self.facts(unit).map(|facts| (facts.span(), facts.words())));
        let mut best: BTreeMap<(usize, usize), Link> = BTreeMap::new();
        for (one, other) in blocks.pairs(&rank) {
            let (Some(&x), Some(&y), Some((a, b))) = (group_of.get(&one), group_of.get(&other), self.pair(one, other))
            else {
                continue;
            };
            let verdict = if a.agency == b.agency { continue } else { judge(a, b) };
            let link = Link { a: x.min(y), b: x.max(y), rank: verdict.rank, codes: verdict.codes };
            let stronger = best.get(&(link.a, link.b)).is_none_or(|known| link.rank < known.rank);
            if verdict.band == EventBand::Match && stronger {
                best.insert((link.a, link.b), link);
            }
        }
        best.into_values().collect()
    }

    fn cluster(&self, repeats: &Repeats, groups: &[usize], mut codes: BTreeSet<E>) -> EventCluster {
        let repeats: Vec<_> = groups.iter().filter_map(|&group| repeats.get(group)).collect();
        let units: Vec<&Unit> =
            repeats.iter().flat_map(|(units, _)| units).filter_map(|&unit| self.units.get(unit)).collect();
        if units.iter().any(|unit| unit.entries.len() > 1) {
            codes.extend([E::SameAgency, E::SameDate, E::SameWords]);
        }
        codes.extend(repeats.iter().flat_map(|(_, codes)| codes));
        let mut members: Vec<usize> = units.iter().flat_map(|unit| &unit.entries).copied().collect();
        members.sort_by_key(|&index| self.entries.get(index).map(|facts| facts.entry));
        EventCluster { members, evidence: codes.into_iter().map(Evidence::of).collect() }
    }
}

fn every_pair(a: &[usize], b: &[usize], holds: impl Fn(usize, usize) -> bool) -> bool {
    a.iter().all(|&one| b.iter().all(|&other| holds(one, other)))
}

/// Nodes that share part of what they say.
#[derive(Default)]
struct Blocks(BTreeMap<u64, Vec<usize>>);

impl Blocks {
    fn add(&mut self, key: &impl Hash, node: usize) {
        self.0.entry(digest(key)).or_default().push(node);
    }

    /// Each node of a block with its next neighbours by `rank`; each pair once, the smaller node first, in order.
    fn pairs(self, rank: &[usize]) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for mut block in self.0.into_values().filter(|block| block.len() > 1) {
            block.sort_unstable_by_key(|&node| rank.get(node));
            block.dedup();
            for (place, &node) in block.iter().enumerate() {
                let next = block.iter().skip(place + 1).take(NEIGHBOURS);
                pairs.extend(next.map(|&other| (node.min(other), node.max(other))));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}

/// The place of each of `count` nodes when they are sorted by `key`; nodes that agree stay in their own order.
fn ranks<K: Ord>(count: usize, key: impl Fn(usize) -> K) -> Vec<usize> {
    let mut sorted: Vec<(K, usize)> = (0..count).map(|node| (key(node), node)).collect();
    sorted.sort();
    let mut ranks = vec![0; count];
    for (rank, (_, node)) in sorted.into_iter().enumerate() {
        if let Some(place) = ranks.get_mut(node) {
            *place = rank;
        }
    }
    ranks
}

/// Three views of a text, one of which survives an edit elsewhere: its first four words, its last four, its three longest.
fn sketches(words: &[&str]) -> [(u8, u64); 3] {
    let mut longest: Vec<&str> = words.to_vec();
    longest.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    longest.dedup();
    longest.truncate(3);
    let head: Vec<_> = words.iter().take(4).collect();
    let tail: Vec<_> = words.iter().rev().take(4).collect();
    [(0, digest(&head)), (1, digest(&tail)), (2, digest(&longest))]
}

/// A digest that is the same in every run; only blocks are named by it, so that a collision costs a comparison and no more.
fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

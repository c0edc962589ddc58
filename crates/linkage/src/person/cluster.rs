//! Many records, sorted into children: the strongest pair first, with vetoes, and a question where it is close.
//!
//! Records are put into an order of their own content first, so the order in which they came says nothing. Pairs come
//! from shared keys; a key that a crowd shares is read along that order with a bounded number of neighbours.

use std::collections::{BTreeMap, HashMap};

use super::bands::{Judged, judge};
use super::blocking;
use super::compare::Comparison;
use super::dates;
use super::evidence::{Reason, ReasonCode, reasons};
use super::facts::PersonFacts;
use super::growing::{Asked, Growing};
use super::identifiers;
use super::name_forms::NameForm;
use super::names;
use super::prepared::Person;
use super::weights::Population;
use super::words::Words;
use crate::child::ChildBand;

/// Up to how many records a key compares all with all, and how many neighbours each has beyond that.
const CROWD: usize = 40;
const NEIGHBOURS: usize = 12;
/// How many members of a cluster are asked before it grows; clusters are smaller, but for degenerate input.
pub(super) const ASKED: usize = 24;

/// Records of one child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildCluster {
    /// Places among the records given, ascending; never empty.
    pub members: Vec<usize>,
    /// Why they are together; empty for one member.
    pub evidence: Vec<Reason>,
}

/// Two clusters that may be one child: a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The record on one side, by its place among those given; the smaller key.
    pub one: usize,
    /// The record on the other side.
    pub other: usize,
    /// What speaks for and against.
    pub evidence: Vec<Reason>,
}

/// Records sorted into children.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Children {
    /// Every record is in exactly one; ordered by the first member.
    pub clusters: Vec<ChildCluster>,
    /// What is left for a person to decide, one question for two clusters, ordered by the records' places.
    pub questions: Vec<Question>,
}

/// Sorts records into children. The keys of the records must be unique. `threads` changes how long it takes, not the result.
#[must_use]
pub fn cluster_children(records: &[PersonFacts], population: Population, threads: usize) -> Children {
    let sorting = Sorting::new(records, population);
    let pairs = sorting.pairs();
    let found = sorting.score(&pairs, threads.max(1));
    drop(pairs);
    sorting.finish(found)
}

/// Everything read, in an order of its own.
pub(crate) struct Sorting {
    pub(crate) words: Words,
    pub(crate) people: Vec<Person>,
    /// The place each was given at.
    places: Vec<usize>,
    pub(super) population: Population,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) a: u32,
    pub(super) b: u32,
    pub(super) judged: Judged,
}

pub(super) type Pair = (u32, u32);

/// The most names of a twin that are kept for a record.
const MOST_TWIN_NAMES: usize = 6;

/// What comparing pairs brought: possible matches, and records that may be twins'.
#[derive(Debug, Default)]
struct Found {
    edges: Vec<Edge>,
    /// Born on one day in one home: one child, or twins.
    together: Vec<Pair>,
}

impl Sorting {
    pub(crate) fn new(records: &[PersonFacts], population: Population) -> Self {
        let mut places: Vec<(u64, &str, usize)> =
            records.iter().enumerate().map(|(place, facts)| (facts.content(), facts.key.as_str(), place)).collect();
        places.sort_unstable();
        let mut words = Words::default();
        let places: Vec<usize> = places.into_iter().map(|(_, _, place)| place).collect();
        let people = places
            .iter()
            .filter_map(|place| records.get(*place))
            .map(|facts| Person::read(&mut words, facts))
            .collect();
        let mut sorting = Self { words, people, places, population };
        sorting.forget_references_of_one_register();
        sorting
    }

    /// In a register of one agency that is searched for people who stand in it twice, two references say nothing.
    fn forget_references_of_one_register(&mut self) {
        let mut agencies = self.people.iter().map(|person| person.agency);
        let first = agencies.next();
        if self.is_register() && agencies.all(|agency| Some(agency) == first) {
            self.people.iter_mut().for_each(|person| person.reference = 0);
        }
    }

    pub(crate) fn person(&self, node: u32) -> Option<&Person> {
        self.people.get(index(node))
    }

    /// Pairs that share a key, each once, ascending.
    fn pairs(&self) -> Vec<Pair> {
        let mut keyed: Vec<(u64, u32)> = Vec::with_capacity(self.people.len() * 12);
        let mut keys = Vec::new();
        for (node, person) in (0_u32..).zip(&self.people) {
            keys.clear();
            blocking::hashed(&self.words, person, self.population, &mut keys);
            keys.sort_unstable();
            keys.dedup();
            keyed.extend(keys.iter().map(|key| (*key, node)));
        }
        keyed.sort_unstable();
        let mut pairs = Vec::new();
        for block in keyed.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1) {
            self.pairs_of(block, &mut pairs);
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    fn pairs_of(&self, block: &[(u64, u32)], pairs: &mut Vec<Pair>) {
        let mut nodes: Vec<u32> = block.iter().map(|(_, node)| *node).collect();
        let reach = if nodes.len() <= CROWD { CROWD } else { NEIGHBOURS };
        if nodes.len() > CROWD {
            nodes.sort_by_cached_key(|node| (self.person(*node).map(|person| self.nearness(person)), *node));
        }
        for (place, a) in nodes.iter().enumerate() {
            for b in nodes.iter().skip(place + 1).take(reach) {
                pairs.push(((*a).min(*b), (*a).max(*b)));
            }
        }
    }

    /// An order in which records of one child stand near each other: birth, given name, family name.
    fn nearness(&self, person: &Person) -> (i32, &str, &str) {
        let text = |word: Option<&u32>| word.map_or("", |word| &*self.words.get(*word).text);
        let form = person.forms.first();
        let day = person.birth.map_or(0, |birth| birth.date.to_julian_day());
        (day, text(form.and_then(|form| form.given.first())), text(form.and_then(|form| form.family.last())))
    }

    fn score(&self, pairs: &[Pair], threads: usize) -> Found {
        let share = pairs.len().div_ceil(threads).max(1);
        let scored = |part: &[Pair]| self.found(part);
        if threads == 1 || pairs.len() < 1000 {
            return scored(pairs);
        }
        std::thread::scope(|scope| {
            let workers: Vec<_> = pairs.chunks(share).map(|part| scope.spawn(move || scored(part))).collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).fold(Found::default(), |mut all, part| {
                all.edges.extend(part.edges);
                all.together.extend(part.together);
                all
            })
        })
    }

    fn found(&self, pairs: &[Pair]) -> Found {
        let mut found = Found::default();
        for (a, b) in pairs {
            if self.hopeless(*a, *b) {
                continue;
            }
            let Some(judged) = self.judged(*a, *b) else { continue };
            if judged.together {
                found.together.push((*a, *b));
            }
            if judged.band != ChildBand::Different || judged.weak() {
                found.edges.push(Edge { a: *a, b: *b, judged });
            }
        }
        found
    }

    /// Whether births, which exclude each other, leave nothing to weigh: no number and no reference is the same, and names and
    /// home together cannot outweigh them.
    fn hopeless(&self, a: u32, b: u32) -> bool {
        let Some((a, b)) = self.person(a).zip(self.person(b)) else { return true };
        let same_number = a.nhs.is_some() && a.nhs == b.nhs || a.upn.is_some() && a.upn == b.upn;
        self.population == Population::Families
            && !same_number
            && (a.reference == 0 || a.reference != b.reference)
            && dates::exclude(a.birth, b.birth)
            && !identifiers::near(a.nhs, b.nhs)
            && !identifiers::near(a.upn, b.upn)
    }

    pub(super) const fn is_register(&self) -> bool {
        matches!(self.population, Population::Register)
    }

    pub(super) fn compared(&self, a: u32, b: u32) -> Option<Comparison> {
        Some(Comparison::of(&self.words, self.person(a)?, self.person(b)?))
    }

    fn judged(&self, a: u32, b: u32) -> Option<Judged> {
        Some(judge(&self.compared(a, b)?, self.population))
    }

    /// What the twin of each record's child is called, as its own record or another of the home tells.
    fn twins(&self, together: &[Pair]) -> HashMap<u32, Vec<NameForm>> {
        let mut twins: HashMap<u32, Vec<NameForm>> = HashMap::new();
        let mut add = |node: u32, name: &NameForm| {
            let known = twins.entry(node).or_default();
            if known.len() < MOST_TWIN_NAMES && !name.given.is_empty() && !known.contains(name) {
                known.push(name.clone());
            }
        };
        for (node, person) in (0_u32..).zip(&self.people) {
            person.twins().for_each(|twin| add(node, &twin.name));
        }
        let level = |a: &[NameForm], b: &[NameForm]| names::compare(&self.words, a, b).0;
        for (a, b) in together.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]) {
            let Some((x, y)) = self.person(a).zip(self.person(b)) else { continue };
            for twin in x.twins() {
                let is_it = level(std::slice::from_ref(&twin.name), &y.forms) < level(&x.forms, &y.forms);
                if is_it {
                    x.forms.iter().for_each(|form| add(b, form));
                } else {
                    add(b, &twin.name);
                }
            }
        }
        twins
    }

    fn finish(&self, Found { mut edges, together }: Found) -> Children {
        edges.sort_unstable_by_key(|edge| (edge.judged.turn(), -edge.judged.strength(), edge.a, edge.b));
        let families = self.population == Population::Families;
        let mut growing = Growing::new(self, if families { self.twins(&together) } else { HashMap::new() });
        growing.grow(&edges);
        let mut questions: Vec<Question> =
            growing.asked(&edges).into_iter().filter_map(|asked| self.question(&asked)).collect();
        questions.sort_by_key(|question| (question.one, question.other));
        Children { clusters: self.clusters(&growing), questions }
    }

    fn clusters(&self, growing: &Growing<'_>) -> Vec<ChildCluster> {
        let mut clusters: Vec<ChildCluster> = Vec::new();
        for (members, evidence) in
            growing.members.iter().zip(&growing.evidence).filter(|(members, _)| !members.is_empty())
        {
            let mut places: Vec<usize> = members.iter().filter_map(|node| self.place(*node)).collect();
            places.sort_unstable();
            clusters.push(ChildCluster { members: places, evidence: self.explained(evidence) });
        }
        clusters.sort_by_key(|cluster| cluster.members.first().copied());
        clusters
    }

    /// The reasons of the joins, the strongest of each kind.
    fn explained(&self, joins: &[Pair]) -> Vec<Reason> {
        let mut found: BTreeMap<ReasonCode, i32> = BTreeMap::new();
        for (a, b) in joins.iter().take(ASKED) {
            for reason in self.compared(*a, *b).map(|c| reasons(&c, self.population)).unwrap_or_default() {
                let weight = found.entry(reason.code).or_insert(reason.weight);
                *weight = reason.weight.max(*weight);
            }
        }
        found.into_iter().map(|(code, weight)| Reason::new(code, weight)).collect()
    }

    fn place(&self, node: u32) -> Option<usize> {
        self.places.get(index(node)).copied()
    }

    fn question(&self, asked: &Asked) -> Option<Question> {
        let Asked { edge, why } = asked;
        let mut evidence = self.compared(edge.a, edge.b).map(|c| reasons(&c, self.population)).unwrap_or_default();
        evidence.extend(why.map(|code| Reason::new(code, 0)));
        let (a, b) = (self.place(edge.a)?, self.place(edge.b)?);
        Some(Question { one: a.min(b), other: a.max(b), evidence })
    }
}

pub(crate) fn index(node: u32) -> usize {
    usize::try_from(node).unwrap_or(usize::MAX)
}

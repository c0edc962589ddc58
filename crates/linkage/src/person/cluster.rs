//! Many records, sorted into children: the strongest pair first, with vetoes, and a question where it is close.
//!
//! Records are put into an order of their own content first, so the order in which they came says nothing. Pairs come
//! from shared keys; a key that a crowd shares is read along that order with a bounded number of neighbours.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{Hash, Hasher as _};

use super::bands::{Judged, judge};
use super::blocking;
use super::compare::Comparison;
use super::dates;
use super::evidence::{Reason, ReasonCode, reasons};
use super::facts::PersonFacts;
use super::identifiers;
use super::names::GivenLevel;
use super::prepared::{Fnv as Hasher, Person};
use super::weights::Population;
use super::words::Words;
use crate::child::ChildBand;

/// Up to how many records a key compares all with all, and how many neighbours each has beyond that.
const CROWD: usize = 40;
const NEIGHBOURS: usize = 12;
/// How many members of a cluster are asked before it grows; clusters are smaller, but for degenerate input.
const ASKED: usize = 24;
/// How far behind a runner-up's own facts must be, in hundredths of a bit, and how many runners-up are looked at.
const MARGIN: i32 = 300;
const RUNNERS_UP: usize = 32;

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
    population: Population,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    a: u32,
    b: u32,
    judged: Judged,
}

type Pair = (u32, u32);

/// What comparing pairs brought: possible matches, and records that have a twin.
#[derive(Debug, Default)]
struct Found {
    edges: Vec<Edge>,
    /// Too little in one record, but perhaps enough in all records of the two together.
    weak: Vec<Edge>,
    twins: Vec<Pair>,
    /// Records of two spellings, which may be twins'.
    spellings: Vec<Pair>,
}

impl Sorting {
    pub(crate) fn new(records: &[PersonFacts], population: Population) -> Self {
        let mut places: Vec<(u64, &str, usize)> =
            records.iter().enumerate().map(|(place, facts)| (content(facts), facts.key.as_str(), place)).collect();
        places.sort_unstable();
        let mut words = Words::default();
        let places: Vec<usize> = places.into_iter().map(|(_, _, place)| place).collect();
        let people = places
            .iter()
            .filter_map(|place| records.get(*place))
            .map(|facts| Person::read(&mut words, facts))
            .collect();
        Self { words, people, places, population }
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
                all.weak.extend(part.weak);
                all.twins.extend(part.twins);
                all.spellings.extend(part.spellings);
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
            if judged.twins {
                found.twins.push((*a, *b));
            }
            if judged.spellings {
                found.spellings.push((*a, *b));
            }
            if judged.band != ChildBand::Different {
                found.edges.push(Edge { a: *a, b: *b, judged });
            } else if judged.weak() {
                found.weak.push(Edge { a: *a, b: *b, judged });
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

    fn compared(&self, a: u32, b: u32) -> Option<Comparison> {
        Some(Comparison::of(&self.words, self.person(a)?, self.person(b)?))
    }

    fn judged(&self, a: u32, b: u32) -> Option<Judged> {
        Some(judge(&self.compared(a, b)?, self.population))
    }

    /// Plain pairs first: a very same name, or a number. Then names that are only alike, then records without a name, and
    /// last the clusters that say enough only together.
    fn finish(&self, Found { mut edges, mut weak, twins, spellings }: Found) -> Children {
        edges.sort_unstable_by_key(|edge| (edge.judged.turn(), -edge.judged.strength(), edge.a, edge.b));
        let mut growing = Growing::new(self);
        let mut asked: Vec<(Edge, Option<ReasonCode>)> = Vec::new();
        for turn in edges.chunk_by(|a, b| a.judged.turn() == b.judged.turn()) {
            if turn.iter().any(|edge| edge.judged.nameless) {
                growing.mark_twins(&twins, &spellings);
            }
            growing.join_all(turn, &mut asked);
        }
        if self.population == Population::Families {
            growing.mark_twins(&twins, &spellings);
            asked.retain(|(edge, why)| *why == Some(ReasonCode::RunnerUp) || !growing.join_together(edge));
            weak.sort_unstable_by_key(|edge| (edge.judged.turn(), -edge.judged.strength(), edge.a, edge.b));
            for edge in &weak {
                growing.join_together(edge);
            }
        }
        let questions = self.questions(&growing, &asked);
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

    /// One question for each two clusters, the strongest; none where names already tell the clusters apart.
    fn questions(&self, growing: &Growing<'_>, asked: &[(Edge, Option<ReasonCode>)]) -> Vec<Question> {
        let mut seen: HashSet<Pair> = HashSet::new();
        let mut questions = Vec::new();
        for (edge, why) in asked {
            let (a, b) = (growing.root(edge.a), growing.root(edge.b));
            if a == b || !seen.insert((a.min(b), a.max(b))) || growing.told_apart(a, b, edge) {
                continue;
            }
            questions.extend(self.question(edge, *why));
        }
        questions.sort_by_key(|question: &Question| (question.one, question.other));
        questions
    }

    fn question(&self, edge: &Edge, why: Option<ReasonCode>) -> Option<Question> {
        let mut evidence = self.compared(edge.a, edge.b).map(|c| reasons(&c, self.population)).unwrap_or_default();
        evidence.extend(why.map(|code| Reason::new(code, 0)));
        let (a, b) = (self.place(edge.a)?, self.place(edge.b)?);
        Some(Question { one: a.min(b), other: a.max(b), evidence })
    }
}

/// Clusters while they grow.
struct Growing<'a> {
    sorting: &'a Sorting,
    /// Records that have a twin in another cluster.
    twins: HashSet<u32>,
    /// Records whose name another cluster spells otherwise.
    spellings: HashSet<u32>,
    root: Vec<u32>,
    members: Vec<Vec<u32>>,
    evidence: Vec<Vec<Pair>>,
}

impl<'a> Growing<'a> {
    fn new(sorting: &'a Sorting) -> Self {
        let nodes = || (0_u32..).take(sorting.people.len());
        Self {
            sorting,
            twins: HashSet::new(),
            spellings: HashSet::new(),
            root: nodes().collect(),
            members: nodes().map(|node| vec![node]).collect(),
            evidence: vec![Vec::new(); sorting.people.len()],
        }
    }

    fn root(&self, node: u32) -> u32 {
        self.root.get(index(node)).copied().unwrap_or(node)
    }

    fn of(&self, root: u32) -> &[u32] {
        self.members.get(index(root)).map_or(&[], Vec::as_slice)
    }

    /// Joins along edges, strongest first; what cannot be joined is asked.
    fn join_all(&mut self, edges: &[Edge], asked: &mut Vec<(Edge, Option<ReasonCode>)>) {
        let torn = self.torn(edges);
        for edge in edges {
            if edge.judged.band == ChildBand::Possible {
                asked.push((*edge, None));
            } else if torn.contains(&(edge.a, edge.b)) {
                asked.push((*edge, Some(ReasonCode::RunnerUp)));
            } else if !self.join(edge) {
                asked.push((*edge, Some(ReasonCode::Grouped)));
            }
        }
    }

    /// Remembers whose twin stands in another cluster; within one, two names were one child's after all.
    fn mark_twins(&mut self, twins: &[Pair], spellings: &[Pair]) {
        let apart = |pairs: &[Pair]| {
            let apart = pairs.iter().filter(|(a, b)| self.root(*a) != self.root(*b));
            apart.flat_map(|(a, b)| [*a, *b]).collect()
        };
        (self.twins, self.spellings) = (apart(twins), apart(spellings));
    }

    /// Matches of a record whose runner-up is close behind and cannot be the same child as the best. Only the child's own
    /// facts are weighed: where one twin's record names a street and the other's does not, that tells nothing.
    fn torn(&self, edges: &[Edge]) -> HashSet<Pair> {
        let mut torn = HashSet::new();
        if self.sorting.population == Population::Register || edges.iter().all(|edge| edge.judged.turn() == 0) {
            return torn;
        }
        let mut partners: HashMap<u32, Vec<(i32, u32)>> = HashMap::new();
        for edge in edges {
            // Whose baby it is, the mother and the house tell; who among brothers and sisters, only the child's own facts.
            let score = if edge.judged.unborn { edge.judged.stranger } else { edge.judged.sibling };
            partners.entry(edge.a).or_default().push((score, edge.b));
            partners.entry(edge.b).or_default().push((score, edge.a));
        }
        for (node, mut partners) in partners {
            let unborn = self.sorting.person(node).is_some_and(Person::is_unborn);
            partners.sort_unstable_by_key(|(sibling, other)| (-sibling, *other));
            let Some(&(best, first)) = partners.first() else { continue };
            let close = partners.iter().take_while(|(sibling, _)| best - sibling < MARGIN).take(RUNNERS_UP);
            let close: Vec<u32> = close.map(|(_, other)| *other).collect();
            let rival = |other: &u32| {
                let judged = self.sorting.judged(first, *other).filter(|judged| judged.conflict);
                let apart = self.root(first) != self.root(*other);
                apart
                    && judged.is_some_and(|judged| {
                        let judged = Judged { no_twin: judged.no_twin || unborn, ..judged };
                        self.vetoed(self.root(first), self.root(*other), &judged)
                    })
            };
            if close.iter().skip(1).any(rival) {
                torn.extend(close.iter().map(|other| (node.min(*other), node.max(*other))));
            }
        }
        torn
    }

    /// Joins the clusters of an edge unless their members contradict each other; says whether they are one now.
    fn join(&mut self, edge: &Edge) -> bool {
        let (a, b) = (self.root(edge.a), self.root(edge.b));
        if a == b {
            return true;
        }
        let twins = edge.judged.nameless && self.has_twin(a, b, edge.judged.unborn);
        if twins || self.vetoed(a, b, &edge.judged) {
            return false;
        }
        let (to, from) = if (self.of(a).len(), b) >= (self.of(b).len(), a) { (a, b) } else { (b, a) };
        let moved = self.members.get_mut(index(from)).map(std::mem::take).unwrap_or_default();
        let joins = self.evidence.get_mut(index(from)).map(std::mem::take).unwrap_or_default();
        for node in &moved {
            if let Some(root) = self.root.get_mut(index(*node)) {
                *root = to;
            }
        }
        if let Some(members) = self.members.get_mut(index(to)) {
            members.extend(moved);
        }
        if let Some(own) = self.evidence.get_mut(index(to)) {
            own.extend(joins);
            own.push((edge.a, edge.b));
        }
        true
    }

    /// Joins two clusters whose records say enough only together: one knows the mother, another the house.
    fn join_together(&mut self, edge: &Edge) -> bool {
        let (a, b) = (self.root(edge.a), self.root(edge.b));
        if a == b {
            return true;
        }
        let whole = |root: u32| {
            Person::together(self.of(root).iter().take(ASKED).filter_map(|node| self.sorting.person(*node)))
        };
        let Some((one, other)) = whole(a).zip(whole(b)) else { return false };
        let judged = judge(&Comparison::of(&self.sorting.words, &one, &other), self.sorting.population);
        let whole_edge = Edge { judged, ..*edge };
        judged.band == ChildBand::Match && self.join(&whole_edge)
    }

    /// Whether a member of either cluster has a twin. That two are expected, a record says; so two spellings of one name
    /// leave an unborn baby's record in no doubt.
    fn has_twin(&self, a: u32, b: u32, unborn: bool) -> bool {
        let twin = |node: &u32| self.twins.contains(node) || !unborn && self.spellings.contains(node);
        self.of(a).iter().chain(self.of(b)).take(2 * ASKED).any(twin)
    }

    /// Any two members that cannot be one child, births that mostly exclude each other, or two spellings each of which
    /// several records bear out.
    fn vetoed(&self, a: u32, b: u32, by: &Judged) -> bool {
        let (mut asked, mut births, mut slips) = (0_usize, 0_usize, 0_usize);
        for x in self.of(a).iter().take(ASKED) {
            for y in self.of(b).iter().take(ASKED) {
                let Some(judged) = self.sorting.judged(*x, *y) else { continue };
                let excused = by.no_twin && judged.spellings || by.mother_same && judged.mothers_differ;
                if judged.conflict && !excused && !self.bridged(a, b, *x, *y) {
                    return true;
                }
                asked += 1;
                births += usize::from(judged.births_differ);
                slips += usize::from(matches!(judged.given, GivenLevel::Slip | GivenLevel::Slips));
            }
        }
        let borne_out = slips == asked && self.spelt_by_several(a) && self.spelt_by_several(b);
        self.sorting.population == Population::Families && (births * 2 > asked || borne_out)
    }

    /// Whether somebody in either cluster goes by both names: a known-as name joins what looks like two.
    fn bridged(&self, a: u32, b: u32, x: u32, y: u32) -> bool {
        let only_names =
            |c: &Comparison| c.given >= GivenLevel::Unlike && c.nhs != super::identifiers::IdentifierLevel::Different;
        let Some(compared) = self.sorting.compared(x, y) else { return false };
        if super::bands::spellings_doubtful(&compared) {
            return self.spelt_both_ways(a, x, y) || self.spelt_both_ways(b, y, x);
        }
        if !only_names(&compared) {
            return false;
        }
        let goes_by = |one: u32, other: u32| {
            self.sorting.compared(one, other).is_some_and(|c| c.given <= GivenLevel::Form && !c.named_as_sibling)
        };
        let mut both = self.of(a).iter().chain(self.of(b)).take(2 * ASKED);
        both.any(|z| *z != x && *z != y && goes_by(*z, x) && goes_by(*z, y))
    }

    /// Whether two agencies or more spell the given name in the very same way, so that it is no slip of one hand.
    fn spelt_by_several(&self, cluster: u32) -> bool {
        let mut seen = HashSet::new();
        let people = self.of(cluster).iter().take(ASKED).filter_map(|node| self.sorting.person(*node));
        let mut spellings = people.filter_map(|person| Some((*person.forms.first()?.given.first()?, person.agency)));
        let mut first: HashMap<u32, u64> = HashMap::new();
        spellings.any(|(word, agency)| {
            let new = seen.insert((word, agency));
            new && first.insert(word, agency).is_some()
        })
    }

    /// Whether another record in the cluster of `x` already spells the name as `y` does.
    fn spelt_both_ways(&self, cluster: u32, x: u32, y: u32) -> bool {
        let same = |z: u32| self.sorting.judged(z, y).is_some_and(|judged| judged.given <= GivenLevel::Same);
        self.of(cluster).iter().take(ASKED).any(|z| *z != x && same(*z))
    }

    /// Whether clusters that only one weak pair would join are already told apart by names elsewhere.
    fn told_apart(&self, a: u32, b: u32, edge: &Edge) -> bool {
        if edge.judged.conflict {
            return false;
        }
        self.vetoed(a, b, &edge.judged) && edge.judged.band == ChildBand::Possible
    }
}

pub(crate) fn index(node: u32) -> usize {
    usize::try_from(node).unwrap_or(usize::MAX)
}

/// A number for everything a record says, its key left out.
fn content(facts: &PersonFacts) -> u64 {
    let mut hasher = Hasher::default();
    let text = |value: &Option<domain::Sensitive<String>>| value.as_ref().map(|v| v.as_str().to_owned());
    let name = |name: &domain::PersonName| (name.given.as_str().to_owned(), text(&name.family));
    let birth = facts.birth.map(|birth| (birth.date, birth.expected));
    (&facts.agency, &facts.reference, &facts.family_reference, &facts.school, &facts.gp).hash(&mut hasher);
    (facts.kind as u8, facts.sex as u8, birth, text(&facts.nhs_number), text(&facts.upn)).hash(&mut hasher);
    facts.names.iter().for_each(|one| name(one).hash(&mut hasher));
    for address in &facts.addresses {
        (address.lines.as_str(), text(&address.postcode), address.from, address.until).hash(&mut hasher);
    }
    for relation in &facts.relations {
        (relation.kind as u8, relation.birth, name(&relation.name), text(&relation.nhs_number)).hash(&mut hasher);
    }
    hasher.finish()
}

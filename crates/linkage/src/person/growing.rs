//! Clusters while they grow, the strongest pair first.
//!
//! Whether two clusters are one child is judged by what all their records say together: noisy copies of one child, or of
//! two? So each record's error is charged once, and one bad record does not throw out another. A second child is argued for
//! by what it would leave behind: a number of its own, an entry as brother or sister, two names at one agency.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::bands::{Judged, SecondChild, judge_groups};
use super::cluster::{ASKED, Edge, Pair, Sorting, index};
use super::compare::{Comparison, is_sibling};
use super::evidence::ReasonCode;
use super::name_forms::NameForm;
use super::names::{self, GivenLevel, given_alike, second_names_differ};
use super::prepared::Person;
use crate::child::ChildBand;

/// How far behind a runner-up must be, in hundredths of a bit, and how many runners-up are looked at.
const MARGIN: i32 = 300;
const RUNNERS_UP: usize = 8;
/// How often all pairs are looked at again, as clusters have grown meanwhile.
const ROUNDS: u8 = 5;
/// The most questions about one child: the likeliest.
const MOST_ASKED: usize = 2;

/// Clusters while they grow.
pub(super) struct Growing<'a> {
    sorting: &'a Sorting,
    /// What the twins of records are called, as far as any record of the home tells.
    twins: HashMap<u32, Vec<NameForm>>,
    root: Vec<u32>,
    pub(super) members: Vec<Vec<u32>>,
    pub(super) evidence: Vec<Vec<Pair>>,
    /// What the records of clusters of several say together.
    wholes: HashMap<u32, Person>,
}

/// A pair of clusters for a person to decide.
pub(super) struct Asked {
    pub(super) edge: Edge,
    pub(super) why: Option<ReasonCode>,
}

impl<'a> Growing<'a> {
    pub(super) fn new(sorting: &'a Sorting, twins: HashMap<u32, Vec<NameForm>>) -> Self {
        let nodes = || (0_u32..).take(sorting.people.len());
        Self {
            sorting,
            twins,
            root: nodes().collect(),
            members: nodes().map(|node| vec![node]).collect(),
            evidence: vec![Vec::new(); sorting.people.len()],
            wholes: HashMap::new(),
        }
    }

    pub(super) fn root(&self, node: u32) -> u32 {
        self.root.get(index(node)).copied().unwrap_or(node)
    }

    fn of(&self, root: u32) -> &[u32] {
        self.members.get(index(root)).map_or(&[], Vec::as_slice)
    }

    /// Joins along edges, which stand in their order: plain pairs first, then names that are only alike, then records without
    /// a name, then all again.
    pub(super) fn grow(&mut self, edges: &[Edge]) {
        for round in 0..ROUNDS {
            let mut open: Vec<&Edge> = edges.iter().filter(|edge| edge.judged.turn() <= round).collect();
            open.retain(|edge| self.root(edge.a) != self.root(edge.b));
            let torn = self.torn(&open);
            let before = self.evidence.iter().map(Vec::len).sum::<usize>();
            for edge in open.iter().filter(|edge| !torn.contains(&(edge.a, edge.b))) {
                self.join(edge);
            }
            let after = self.evidence.iter().map(Vec::len).sum::<usize>();
            if round > 2 && before == after {
                break;
            }
        }
    }

    /// Pairs of a record that fits two clusters nearly as well, which cannot be one child.
    fn torn(&self, edges: &[&Edge]) -> HashSet<Pair> {
        if self.sorting.is_register() {
            return HashSet::new();
        }
        // The clusters that each record has edges to, with those edges.
        let mut partners: HashMap<u32, BTreeMap<u32, Vec<Pair>>> = HashMap::new();
        for edge in edges {
            for (node, other) in [(edge.a, edge.b), (edge.b, edge.a)] {
                partners.entry(node).or_default().entry(self.root(other)).or_default().push((edge.a, edge.b));
            }
        }
        let mut torn = HashSet::new();
        for (node, clusters) in partners.into_iter().filter(|(_, clusters)| clusters.len() > 1) {
            let own = self.root(node);
            let unborn = self.sorting.person(node).is_some_and(Person::is_unborn);
            let fits = |root: u32| -> Option<i32> {
                let judged = self.weigh(own, root).filter(|judged| judged.band == ChildBand::Match)?;
                // Whose baby it is, the mother and the house tell; who among brothers and sisters, the child's own facts.
                Some(if unborn { judged.stranger } else { judged.sibling })
            };
            let mut fitting: Vec<(i32, u32)> =
                clusters.keys().take(RUNNERS_UP).filter_map(|root| Some((-fits(*root)?, *root))).collect();
            fitting.sort_unstable();
            let Some(&(best, first)) = fitting.first() else { continue };
            let close: Vec<u32> =
                fitting.iter().skip(1).take_while(|(fit, _)| fit - best < MARGIN).map(|(_, root)| *root).collect();
            let members = self.of(own).iter().chain(self.of(first)).take(2 * ASKED);
            let joined = Person::together(members.filter_map(|node| self.sorting.person(*node)));
            let rival = |root: &u32| {
                let compared = joined.as_ref().zip(self.whole(*root));
                let compared = compared.map(|(one, other)| Comparison::of(&self.sorting.words, one, other));
                let second = self.second_child(first, *root);
                compared.is_some_and(|c| judge_groups(&c, second, self.sorting.population).contradicts())
            };
            if close.iter().any(rival) {
                let fitted = std::iter::once(first).chain(close);
                torn.extend(fitted.filter_map(|root| clusters.get(&root)).flatten().copied());
            }
        }
        torn
    }

    fn whole(&self, root: u32) -> Option<&Person> {
        self.wholes.get(&root).or_else(|| self.sorting.person(root))
    }

    /// What all records of two clusters say together.
    pub(super) fn weigh(&self, a: u32, b: u32) -> Option<Judged> {
        let (one, other) = self.whole(a).zip(self.whole(b))?;
        let mut compared = Comparison::of(&self.sorting.words, one, other);
        // What references say is charged once for the groups.
        compared.same_reference = None;
        Some(judge_groups(&compared, self.second_child(a, b), self.sorting.population))
    }

    fn second_child(&self, a: u32, b: u32) -> SecondChild {
        let mut second = SecondChild { spelt_by_several: self.spelt_by_several(a, b), ..SecondChild::default() };
        let people = |root: u32| self.of(root).iter().take(ASKED).filter_map(|node| self.sorting.person(*node));
        let (mut alike, mut apart) = (0_usize, 0_usize);
        let mut misspelt_at: HashSet<u64> = HashSet::new();
        for x in people(a) {
            for y in people(b) {
                second.points |= points_at(x, y) || points_at(y, x);
                let given = given_alike(&self.sorting.words, x, y);
                alike += usize::from(given.is_some_and(|level| level < GivenLevel::Missing));
                let known = [x, y].into_iter().all(|person| names::is_known(&self.sorting.words, &person.forms));
                apart += usize::from(given == Some(GivenLevel::Distinct) && known);
                if x.agency == 0 || x.agency != y.agency || x.is_unborn() || y.is_unborn() {
                    continue;
                }
                if x.reference != 0 && x.reference == y.reference {
                    second.one_reference = true;
                } else {
                    let two_references = x.reference != 0 && y.reference != 0;
                    second.two_references |= two_references;
                    if given == Some(GivenLevel::Slip) {
                        misspelt_at.insert(x.agency);
                    }
                    let spellings = names::two_spellings(&self.sorting.words, &x.forms, &y.forms);
                    second.two_names |= spellings || second_names_differ(&self.sorting.words, x, y);
                    second.two_names_at_one_agency |= two_references
                        && given.is_some_and(|level| {
                            level > GivenLevel::Same && !matches!(level, GivenLevel::Slip | GivenLevel::Initial)
                        });
                }
            }
        }
        second.two_names |= misspelt_at.len() > 1 || apart > 0 && apart >= alike;
        second
    }

    /// Whether in each of two clusters two agencies or more spell the given name alike, so that it is no slip of one hand, and
    /// no record has the other's spelling.
    fn spelt_by_several(&self, a: u32, b: u32) -> bool {
        let spellings = |root: u32| -> BTreeMap<u32, HashSet<u64>> {
            let mut spellings: BTreeMap<u32, HashSet<u64>> = BTreeMap::new();
            for person in self.of(root).iter().take(ASKED).filter_map(|node| self.sorting.person(*node)) {
                for word in person.forms.iter().filter_map(|form| form.given.first()) {
                    spellings.entry(*word).or_default().insert(person.agency);
                }
            }
            spellings
        };
        let (one, other) = (spellings(a), spellings(b));
        let several = |of: &BTreeMap<u32, HashSet<u64>>| of.values().any(|agencies| agencies.len() > 1);
        several(&one) && several(&other) && !one.keys().any(|word| other.contains_key(word))
    }

    /// Whether the clusters of an edge are one person. In a register the pair decides, unless an agency keeps two records.
    fn is_one(&self, edge: &Edge, a: u32, b: u32) -> bool {
        if self.sorting.is_register() {
            return edge.judged.band == ChildBand::Match && !self.second_child(a, b).two_references;
        }
        self.weigh(a, b).is_some_and(|judged| judged.band == ChildBand::Match && !self.may_be_a_twin(a, b, &judged))
    }

    /// Joins the clusters of an edge where all their records together say so.
    fn join(&mut self, edge: &Edge) {
        let (a, b) = (self.root(edge.a), self.root(edge.b));
        if a == b || !self.is_one(edge, a, b) {
            return;
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
        self.wholes.remove(&from);
        let whole = Person::together(self.of(to).iter().take(ASKED).filter_map(|node| self.sorting.person(*node)));
        if let Some(whole) = whole {
            self.wholes.insert(to, whole);
        }
    }

    /// Whether the records of one cluster fit the twin of the other's child as well, of whom some record tells.
    fn may_be_a_twin(&self, a: u32, b: u32, judged: &Judged) -> bool {
        !judged.same_number && (self.fits_the_twin(a, b, judged) || self.fits_the_twin(b, a, judged))
    }

    fn fits_the_twin(&self, a: u32, b: u32, judged: &Judged) -> bool {
        let Some(other) = self.whole(b) else { return false };
        let called = self.of(a).iter().take(ASKED).filter_map(|node| self.twins.get(node)).flatten();
        let mut levels =
            called.map(|twin| names::compare(&self.sorting.words, std::slice::from_ref(twin), &other.forms).0);
        levels.any(|level| level <= judged.given.max(GivenLevel::Same))
    }

    /// What is left for a person: one question for two clusters, the strongest pair of records standing for them, and few about
    /// one child.
    pub(super) fn asked(&self, edges: &[Edge]) -> Vec<Asked> {
        let mut seen: HashSet<Pair> = HashSet::new();
        let mut open: Vec<(i32, Asked)> = Vec::new();
        for edge in edges {
            let (a, b) = (self.root(edge.a), self.root(edge.b));
            if a == b || !seen.insert((a.min(b), a.max(b))) {
                continue;
            }
            let Some(judged) = self.weigh(a, b) else { continue };
            let why = (judged.band == ChildBand::Match).then_some(ReasonCode::RunnerUp);
            if judged.band != ChildBand::Different {
                open.push((judged.strength(), Asked { edge: *edge, why }));
            }
        }
        open.sort_by_key(|(strength, asked)| (-strength, asked.edge.a, asked.edge.b));
        let mut about: HashMap<u32, usize> = HashMap::new();
        open.retain(|(_, asked)| {
            let ends = [self.root(asked.edge.a), self.root(asked.edge.b)];
            let few = ends.iter().all(|root| about.get(root).copied().unwrap_or_default() < MOST_ASKED);
            if few {
                ends.iter().for_each(|root| *about.entry(*root).or_default() += 1);
            }
            few
        });
        open.into_iter().map(|(_, asked)| asked).collect()
    }
}

/// Whether a record of a person points at another as a brother or sister.
fn points_at(x: &Person, y: &Person) -> bool {
    x.relatives.iter().filter(|relative| is_sibling(relative.kind)).any(|sibling| {
        sibling.key != 0 && sibling.key == y.key || sibling.reference != 0 && sibling.reference == y.reference
    })
}

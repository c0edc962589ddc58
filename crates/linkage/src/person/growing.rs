//! Clusters while they grow, the strongest pair first: what keeps them apart, and what is left for a person.

use std::collections::{HashMap, HashSet};

use super::bands::{Judged, judge};
use super::cluster::{ASKED, Edge, Pair, Sorting, index};
use super::compare::Comparison;
use super::evidence::ReasonCode;
use super::names::GivenLevel;
use super::prepared::Person;
use super::weights::Population;
use crate::child::ChildBand;

/// How far behind a runner-up's own facts must be, in hundredths of a bit, and how many runners-up are looked at.
const MARGIN: i32 = 300;
const RUNNERS_UP: usize = 32;

/// Clusters while they grow.
pub(super) struct Growing<'a> {
    sorting: &'a Sorting,
    /// Records that have a twin in another cluster.
    twins: HashSet<u32>,
    /// Records whose name another cluster spells otherwise.
    spellings: HashSet<u32>,
    root: Vec<u32>,
    pub(super) members: Vec<Vec<u32>>,
    pub(super) evidence: Vec<Vec<Pair>>,
}

impl<'a> Growing<'a> {
    pub(super) fn new(sorting: &'a Sorting) -> Self {
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

    pub(super) fn root(&self, node: u32) -> u32 {
        self.root.get(index(node)).copied().unwrap_or(node)
    }

    fn of(&self, root: u32) -> &[u32] {
        self.members.get(index(root)).map_or(&[], Vec::as_slice)
    }

    /// Joins along edges, strongest first; what cannot be joined is asked.
    pub(super) fn join_all(&mut self, edges: &[Edge], asked: &mut Vec<(Edge, Option<ReasonCode>)>) {
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
    pub(super) fn mark_twins(&mut self, twins: &[Pair], spellings: &[Pair]) {
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
    pub(super) fn join_together(&mut self, edge: &Edge) -> bool {
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
    pub(super) fn told_apart(&self, a: u32, b: u32, edge: &Edge) -> bool {
        if edge.judged.conflict {
            return false;
        }
        self.vetoed(a, b, &edge.judged) && edge.judged.band == ChildBand::Possible
    }
}

//! Merges clusters of records, the strongest pair first.
//!
//! Whether two clusters are of one child is decided on all their records together: are they noisy
//! copies of one child, or of two? In this way the error of each record counts once, and one bad
//! record does not exclude another. The evidence for a second child is what such a child would
//! cause: a number of its own, a mention as brother or sister, two names at one agency.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::bands::{Judgement, SecondChildEvidence, judge_groups};
use super::cluster::{ChildClustering, Edge, MAX_MEMBERS_COMPARED, Pair, node_index};
use super::compare::{Comparison, is_sibling};
use super::evidence::ReasonCode;
use super::name_forms::NameForm;
use super::names::{self, GivenLevel, compare_given_names, second_names_differ};
use super::prepared::PreparedRecord;
use crate::child::ChildBand;

/// The least distance of a runner-up from the best match, in hundredths of a bit.
const RUNNER_UP_MARGIN: i32 = 300;
/// The most matches of a record that are compared with each other.
const MAX_RUNNERS_UP: usize = 8;
/// The most passes over all pairs, which are repeated because clusters have grown.
const MAX_ROUNDS: u8 = 5;
/// The most questions about one cluster; the strongest are kept.
const MAX_QUESTIONS_PER_CLUSTER: usize = 2;

/// The clusters during merging. A cluster is identified by its root, which is one of its nodes.
pub(super) struct ClusterMerger<'a> {
    clustering: &'a ChildClustering,
    /// The names of the twin of each node's child, as far as they are known.
    twin_names: HashMap<u32, Vec<NameForm>>,
    /// The root of each node's cluster.
    roots: Vec<u32>,
    /// The nodes of each cluster, by root.
    pub(super) members: Vec<Vec<u32>>,
    /// The pairs by which each cluster was merged, by root.
    pub(super) evidence: Vec<Vec<Pair>>,
    /// The combined record of each cluster of several records, by root.
    combined: HashMap<u32, PreparedRecord>,
}

/// A pair of clusters about which a person has to decide, represented by its strongest pair of
/// records.
pub(super) struct OpenQuestion {
    pub(super) edge: Edge,
    /// Why the clusters were not merged, if they would match.
    pub(super) why: Option<ReasonCode>,
}

impl<'a> ClusterMerger<'a> {
    /// Starts with one cluster for each record.
    pub(super) fn new(
        clustering: &'a ChildClustering,
        twin_names: HashMap<u32, Vec<NameForm>>,
    ) -> Self {
        let nodes = || (0_u32..).take(clustering.people.len());
        Self {
            clustering,
            twin_names,
            roots: nodes().collect(),
            members: nodes().map(|node| vec![node]).collect(),
            evidence: vec![Vec::new(); clustering.people.len()],
            combined: HashMap::new(),
        }
    }

    /// The root of a node's cluster.
    pub(super) fn root(&self, node: u32) -> u32 {
        self.roots.get(node_index(node)).copied().unwrap_or(node)
    }

    fn members_of(&self, root: u32) -> &[u32] {
        self.members
            .get(node_index(root))
            .map_or(&[], Vec::as_slice)
    }

    /// The first records of a cluster, as many as are compared.
    fn records_of(&self, root: u32) -> impl Iterator<Item = &PreparedRecord> {
        self.members_of(root)
            .iter()
            .take(MAX_MEMBERS_COMPARED)
            .filter_map(|node| self.clustering.person(*node))
    }

    /// Merges clusters along the edges, which are ordered by round and strength: first pairs with
    /// the same name or number, then pairs with similar names, then records without a name, then
    /// all again.
    pub(super) fn merge(&mut self, edges: &[Edge]) {
        for round in 0..MAX_ROUNDS {
            let mut open: Vec<&Edge> = edges
                .iter()
                .filter(|edge| edge.judgement.merge_round() <= round)
                .collect();
            open.retain(|edge| self.root(edge.a) != self.root(edge.b));
            let ambiguous = self.ambiguous_pairs(&open);
            let merges_before = self.evidence.iter().map(Vec::len).sum::<usize>();
            for edge in open
                .iter()
                .filter(|edge| !ambiguous.contains(&(edge.a, edge.b)))
            {
                self.merge_clusters(edge);
            }
            let merges_after = self.evidence.iter().map(Vec::len).sum::<usize>();
            if round > 2 && merges_before == merges_after {
                break;
            }
        }
    }

    /// The pairs of every record that matches two clusters almost equally well, if these cannot be
    /// of one child.
    fn ambiguous_pairs(&self, edges: &[&Edge]) -> HashSet<Pair> {
        if self.clustering.is_register() {
            return HashSet::new();
        }
        // For each record, the clusters to which it has edges, with these edges.
        let mut partners: HashMap<u32, BTreeMap<u32, Vec<Pair>>> = HashMap::new();
        for edge in edges {
            for (node, other) in [(edge.a, edge.b), (edge.b, edge.a)] {
                partners
                    .entry(node)
                    .or_default()
                    .entry(self.root(other))
                    .or_default()
                    .push((edge.a, edge.b));
            }
        }
        partners
            .into_iter()
            .filter(|(_, clusters)| clusters.len() > 1)
            .flat_map(|(node, clusters)| {
                let roots = self.ambiguous_clusters(node, clusters.keys().copied());
                roots
                    .into_iter()
                    .filter_map(|root| clusters.get(&root))
                    .flatten()
                    .copied()
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// The clusters that a record matches almost equally well, if the best match and one of the
    /// others cannot be of one child; empty otherwise.
    fn ambiguous_clusters(&self, node: u32, clusters: impl Iterator<Item = u32>) -> Vec<u32> {
        let own_root = self.root(node);
        let is_unborn = self
            .clustering
            .person(node)
            .is_some_and(PreparedRecord::is_unborn);
        let mut matches: Vec<(i32, u32)> = clusters
            .take(MAX_RUNNERS_UP)
            .filter_map(|root| Some((-self.match_weight(own_root, root, is_unborn)?, root)))
            .collect();
        matches.sort_unstable();
        let Some(&(best, best_root)) = matches.first() else {
            return Vec::new();
        };
        let matching: Vec<u32> = matches
            .iter()
            .take_while(|(weight, _)| weight - best < RUNNER_UP_MARGIN)
            .map(|(_, root)| *root)
            .collect();
        let members = self
            .members_of(own_root)
            .iter()
            .chain(self.members_of(best_root));
        let members = members.take(2 * MAX_MEMBERS_COMPARED);
        let merged =
            PreparedRecord::combine(members.filter_map(|node| self.clustering.person(*node)));
        let mut runners_up = matching.iter().skip(1);
        if runners_up.any(|root| self.is_another_child(merged.as_ref(), best_root, *root)) {
            matching
        } else {
            Vec::new()
        }
    }

    /// The weight for two clusters being of one child, if they match. Mother and home identify an
    /// unborn baby; a child's own facts distinguish it from brothers and sisters.
    fn match_weight(&self, own_root: u32, root: u32, is_unborn: bool) -> Option<i32> {
        let judgement = self.judge_clusters(own_root, root)?;
        let weight = if is_unborn {
            judgement.stranger
        } else {
            judgement.sibling
        };
        (judgement.band == ChildBand::Match).then_some(weight)
    }

    /// Whether a cluster cannot be of the same child as `merged`, which combines the records of a
    /// match with those of the cluster `best_root`.
    fn is_another_child(&self, merged: Option<&PreparedRecord>, best_root: u32, root: u32) -> bool {
        let records = merged.zip(self.combined_record(root));
        let comparison =
            records.map(|(one, other)| Comparison::new(&self.clustering.words, one, other));
        let second_child = self.second_child_evidence(best_root, root);
        comparison.is_some_and(|comparison| {
            judge_groups(&comparison, second_child, self.clustering.population).is_contradicted()
        })
    }

    /// The record that combines all records of a cluster.
    fn combined_record(&self, root: u32) -> Option<&PreparedRecord> {
        self.combined
            .get(&root)
            .or_else(|| self.clustering.person(root))
    }

    /// Decides on two clusters by all their records.
    pub(super) fn judge_clusters(&self, a: u32, b: u32) -> Option<Judgement> {
        let (one, other) = self.combined_record(a).zip(self.combined_record(b))?;
        let mut comparison = Comparison::new(&self.clustering.words, one, other);
        // References count once for the two groups, as evidence for a second child.
        comparison.same_reference = None;
        Some(judge_groups(
            &comparison,
            self.second_child_evidence(a, b),
            self.clustering.population,
        ))
    }

    /// The signs in two clusters that they are of two children.
    fn second_child_evidence(&self, a: u32, b: u32) -> SecondChildEvidence {
        let words = &self.clustering.words;
        let mut second_child = SecondChildEvidence {
            two_established_spellings: self.two_established_spellings(a, b),
            ..SecondChildEvidence::default()
        };
        let mut pairs_with_similar_names = 0_usize;
        let mut pairs_with_two_names = 0_usize;
        let mut misspelling_agencies: HashSet<u64> = HashSet::new();
        for x in self.records_of(a) {
            for y in self.records_of(b) {
                second_child.declared_siblings |= declares_sibling(x, y) || declares_sibling(y, x);
                let given = compare_given_names(words, x, y);
                pairs_with_similar_names +=
                    usize::from(given.is_some_and(|level| level < GivenLevel::Missing));
                let are_known = [x, y]
                    .into_iter()
                    .all(|record| names::is_known(words, &record.forms));
                pairs_with_two_names +=
                    usize::from(given == Some(GivenLevel::Distinct) && are_known);
                if x.agency == 0 || x.agency != y.agency || x.is_unborn() || y.is_unborn() {
                    continue;
                }
                if x.reference != 0 && x.reference == y.reference {
                    second_child.shared_reference = true;
                } else {
                    let two_references = x.reference != 0 && y.reference != 0;
                    second_child.two_references |= two_references;
                    if given == Some(GivenLevel::Slip) {
                        misspelling_agencies.insert(x.agency);
                    }
                    let two_spellings = names::two_spellings(words, &x.forms, &y.forms);
                    second_child.two_names |= two_spellings || second_names_differ(words, x, y);
                    second_child.two_names_at_one_agency |= two_references
                        && given.is_some_and(|level| {
                            level > GivenLevel::Same
                                && !matches!(level, GivenLevel::Slip | GivenLevel::Initial)
                        });
                }
            }
        }
        second_child.two_names |= misspelling_agencies.len() > 1
            || pairs_with_two_names > 0 && pairs_with_two_names >= pairs_with_similar_names;
        second_child
    }

    /// Whether in each of two clusters at least two agencies use the same spelling of the given
    /// name, so that it is not one person's typing error, and no spelling occurs in both clusters.
    fn two_established_spellings(&self, a: u32, b: u32) -> bool {
        let spellings = |root: u32| -> BTreeMap<u32, HashSet<u64>> {
            let mut spellings: BTreeMap<u32, HashSet<u64>> = BTreeMap::new();
            for record in self.records_of(root) {
                for word in record.forms.iter().filter_map(|form| form.given.first()) {
                    spellings.entry(*word).or_default().insert(record.agency);
                }
            }
            spellings
        };
        let one = spellings(a);
        let other = spellings(b);
        let is_established = |spellings: &BTreeMap<u32, HashSet<u64>>| {
            spellings.values().any(|agencies| agencies.len() > 1)
        };
        is_established(&one)
            && is_established(&other)
            && !one.keys().any(|word| other.contains_key(word))
    }

    /// Whether the clusters of an edge are of one person. In a register the pair itself decides,
    /// unless an agency has two records.
    fn are_same_person(&self, edge: &Edge, a: u32, b: u32) -> bool {
        if self.clustering.is_register() {
            return edge.judgement.band == ChildBand::Match
                && !self.second_child_evidence(a, b).two_references;
        }
        self.judge_clusters(a, b).is_some_and(|judgement| {
            judgement.band == ChildBand::Match && !self.may_be_a_twin(a, b, &judgement)
        })
    }

    /// Merges the clusters of an edge if they are of the same person.
    fn merge_clusters(&mut self, edge: &Edge) {
        let a = self.root(edge.a);
        let b = self.root(edge.b);
        if a == b || !self.are_same_person(edge, a, b) {
            return;
        }
        let (to, from) = if (self.members_of(a).len(), b) >= (self.members_of(b).len(), a) {
            (a, b)
        } else {
            (b, a)
        };
        let moved = self
            .members
            .get_mut(node_index(from))
            .map(std::mem::take)
            .unwrap_or_default();
        let merged_pairs = self
            .evidence
            .get_mut(node_index(from))
            .map(std::mem::take)
            .unwrap_or_default();
        for node in &moved {
            if let Some(root) = self.roots.get_mut(node_index(*node)) {
                *root = to;
            }
        }
        if let Some(members) = self.members.get_mut(node_index(to)) {
            members.extend(moved);
        }
        if let Some(evidence) = self.evidence.get_mut(node_index(to)) {
            evidence.extend(merged_pairs);
            evidence.push((edge.a, edge.b));
        }
        self.combined.remove(&from);
        let combined = PreparedRecord::combine(self.records_of(to));
        if let Some(combined) = combined {
            self.combined.insert(to, combined);
        }
    }

    /// Whether one cluster matches a known twin of the other cluster's child at least as well as
    /// that child.
    fn may_be_a_twin(&self, a: u32, b: u32, judgement: &Judgement) -> bool {
        !judgement.same_number
            && (self.fits_twin(a, b, judgement) || self.fits_twin(b, a, judgement))
    }

    /// Whether the name in cluster `b` fits the twin of the child of `a` at least as well as that
    /// child.
    fn fits_twin(&self, a: u32, b: u32, judgement: &Judgement) -> bool {
        let Some(other) = self.combined_record(b) else {
            return false;
        };
        let members = self.members_of(a).iter().take(MAX_MEMBERS_COMPARED);
        let twin_names = members
            .filter_map(|node| self.twin_names.get(node))
            .flatten();
        let mut levels = twin_names.map(|name| {
            names::compare(
                &self.clustering.words,
                std::slice::from_ref(name),
                &other.forms,
            )
            .0
        });
        levels.any(|level| level <= judgement.given.max(GivenLevel::Same))
    }

    /// The questions for a person: one for each pair of clusters, represented by its strongest pair
    /// of records, and at most `MAX_QUESTIONS_PER_CLUSTER` about one cluster.
    pub(super) fn open_questions(&self, edges: &[Edge]) -> Vec<OpenQuestion> {
        let mut seen: HashSet<Pair> = HashSet::new();
        let mut open: Vec<(i32, OpenQuestion)> = Vec::new();
        for edge in edges {
            let a = self.root(edge.a);
            let b = self.root(edge.b);
            if a == b || !seen.insert((a.min(b), a.max(b))) {
                continue;
            }
            let Some(judgement) = self.judge_clusters(a, b) else {
                continue;
            };
            let why = (judgement.band == ChildBand::Match).then_some(ReasonCode::RunnerUp);
            if judgement.band != ChildBand::Different {
                open.push((judgement.strength(), OpenQuestion { edge: *edge, why }));
            }
        }
        open.sort_by_key(|(strength, question)| (-strength, question.edge.a, question.edge.b));
        let mut questions_about: HashMap<u32, usize> = HashMap::new();
        open.retain(|(_, question)| {
            let roots = [self.root(question.edge.a), self.root(question.edge.b)];
            let count = |root: &u32| questions_about.get(root).copied().unwrap_or_default();
            let is_within_limit = roots
                .iter()
                .all(|root| count(root) < MAX_QUESTIONS_PER_CLUSTER);
            if is_within_limit {
                roots
                    .iter()
                    .for_each(|root| *questions_about.entry(*root).or_default() += 1);
            }
            is_within_limit
        });
        open.into_iter().map(|(_, question)| question).collect()
    }
}

/// Whether record `x` refers to record `y` as a brother or sister.
fn declares_sibling(x: &PreparedRecord, y: &PreparedRecord) -> bool {
    x.relatives
        .iter()
        .filter(|relative| is_sibling(relative.kind))
        .any(|sibling| {
            sibling.key != 0 && sibling.key == y.key
                || sibling.reference != 0 && sibling.reference == y.reference
        })
}

//! Sorts many records into children: merges the strongest pairs first, applies vetoes, and asks a
//! person about close cases.
//!
//! Records are first sorted by their content, so that their original order does not influence the
//! result. Candidate pairs are records with a common blocking key. In a large block each record is
//! compared with a bounded number of neighbours.

use std::collections::{BTreeMap, HashMap};

use super::bands::{Judgement, judge};
use super::blocking;
use super::compare::Comparison;
use super::dates;
use super::evidence::{Reason, ReasonCode, reasons};
use super::facts::PersonFacts;
use super::identifiers;
use super::merging::{ClusterMerger, OpenQuestion};
use super::name_forms::NameForm;
use super::names;
use super::prepared::PreparedRecord;
use super::weights::Population;
use super::words::WordInterner;
use crate::child::ChildBand;

/// The largest block of records in which all pairs are compared.
const MAX_BLOCK_FOR_ALL_PAIRS: usize = 40;
/// The number of neighbours with which each record of a larger block is compared.
const NEIGHBOURS_IN_LARGE_BLOCK: usize = 12;
/// The most members of a cluster that are compared before it is merged; only degenerate input has
/// larger clusters.
pub(super) const MAX_MEMBERS_COMPARED: usize = 24;

/// The records of one child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildCluster {
    /// Ascending indexes of the records; never empty.
    pub members: Vec<usize>,
    /// Why they are together; empty for one member.
    pub evidence: Vec<Reason>,
}

/// Two clusters that may be of one child: a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchQuestion {
    /// Index of a record of one cluster; the smaller of the two indexes.
    pub first: usize,
    /// Index of a record of the other cluster.
    pub second: usize,
    /// The facts for and against.
    pub evidence: Vec<Reason>,
}

/// Records sorted into children.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildClusters {
    /// The children; every record is in exactly one. Ordered by the first member.
    pub clusters: Vec<ChildCluster>,
    /// Pairs of clusters about which a person has to decide, each once, ordered by the records'
    /// indexes.
    pub questions: Vec<MatchQuestion>,
}

/// Sorts records into children. The keys of the records must be unique. The number of threads does
/// not change the result.
#[must_use]
pub fn cluster_children(
    records: &[PersonFacts],
    population: Population,
    threads: usize,
) -> ChildClusters {
    let clustering = ChildClustering::new(records, population);
    let pairs = clustering.candidate_pairs();
    let scored = clustering.score_pairs(&pairs, threads.max(1));
    drop(pairs);
    clustering.finish(scored)
}

/// The prepared records, sorted by content. Nodes are indexes of this order.
pub(crate) struct ChildClustering {
    pub(crate) words: WordInterner,
    pub(crate) people: Vec<PreparedRecord>,
    /// The original index of each record.
    original_indexes: Vec<usize>,
    pub(super) population: Population,
}

/// A pair of records that are, or could become, a match.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) a: u32,
    pub(super) b: u32,
    pub(super) judgement: Judgement,
}

/// Two nodes, the smaller first.
pub(super) type Pair = (u32, u32);

/// The most names of a twin that are kept for a record.
const MAX_TWIN_NAMES: usize = 6;

/// The results of comparing pairs: possible matches, and records that may be of twins.
#[derive(Debug, Default)]
struct ScoredPairs {
    edges: Vec<Edge>,
    /// Pairs born on the same day in the same home: one child, or twins.
    born_together: Vec<Pair>,
}

impl ChildClustering {
    pub(crate) fn new(records: &[PersonFacts], population: Population) -> Self {
        let mut by_content: Vec<(u64, &str, usize)> = records
            .iter()
            .enumerate()
            .map(|(index, facts)| (facts.content_hash(), facts.key.as_str(), index))
            .collect();
        by_content.sort_unstable();
        let original_indexes: Vec<usize> =
            by_content.into_iter().map(|(_, _, index)| index).collect();
        let mut words = WordInterner::default();
        let people = original_indexes
            .iter()
            .filter_map(|index| records.get(*index))
            .map(|facts| PreparedRecord::read(&mut words, facts))
            .collect();
        let mut clustering = Self {
            words,
            people,
            original_indexes,
            population,
        };
        clustering.ignore_references_in_single_agency_register();
        clustering
    }

    /// Removes the references of a register of one agency: it is searched for people who are
    /// registered twice, so two references are no evidence of two people.
    fn ignore_references_in_single_agency_register(&mut self) {
        let mut agencies = self.people.iter().map(|person| person.agency);
        let first = agencies.next();
        if self.is_register() && agencies.all(|agency| Some(agency) == first) {
            self.people
                .iter_mut()
                .for_each(|person| person.reference = 0);
        }
    }

    pub(crate) fn person(&self, node: u32) -> Option<&PreparedRecord> {
        self.people.get(node_index(node))
    }

    /// Pairs of records with a common blocking key, each once, ascending.
    fn candidate_pairs(&self) -> Vec<Pair> {
        let mut keyed: Vec<(u64, u32)> = Vec::with_capacity(self.people.len() * 12);
        let mut keys = Vec::new();
        for (node, person) in (0_u32..).zip(&self.people) {
            keys.clear();
            blocking::hashed_keys(&self.words, person, self.population, &mut keys);
            keys.sort_unstable();
            keys.dedup();
            keyed.extend(keys.iter().map(|key| (*key, node)));
        }
        keyed.sort_unstable();
        let mut pairs = Vec::new();
        for block in keyed
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|block| block.len() > 1)
        {
            self.add_block_pairs(block, &mut pairs);
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// Adds the pairs of one block that are compared.
    fn add_block_pairs(&self, block: &[(u64, u32)], pairs: &mut Vec<Pair>) {
        let mut nodes: Vec<u32> = block.iter().map(|(_, node)| *node).collect();
        let is_large = nodes.len() > MAX_BLOCK_FOR_ALL_PAIRS;
        let neighbours = if is_large {
            NEIGHBOURS_IN_LARGE_BLOCK
        } else {
            MAX_BLOCK_FOR_ALL_PAIRS
        };
        if is_large {
            nodes.sort_by_cached_key(|node| {
                (
                    self.person(*node).map(|person| self.sort_key(person)),
                    *node,
                )
            });
        }
        for (position, a) in nodes.iter().enumerate() {
            for b in nodes.iter().skip(position + 1).take(neighbours) {
                pairs.push(((*a).min(*b), (*a).max(*b)));
            }
        }
    }

    /// A sort key that brings records of one child close to each other: birth, given name, family
    /// name.
    fn sort_key(&self, person: &PreparedRecord) -> (i32, &str, &str) {
        let text = |word: Option<&u32>| word.map_or("", |word| &*self.words.get(*word).text);
        let form = person.forms.first();
        let day = person.birth.map_or(0, |birth| birth.date.to_julian_day());
        (
            day,
            text(form.and_then(|form| form.given.first())),
            text(form.and_then(|form| form.family.last())),
        )
    }

    /// Compares all pairs, on several threads if there are many pairs.
    fn score_pairs(&self, pairs: &[Pair], threads: usize) -> ScoredPairs {
        let chunk_size = pairs.len().div_ceil(threads).max(1);
        let score = |chunk: &[Pair]| self.score_chunk(chunk);
        if threads == 1 || pairs.len() < 1000 {
            return score(pairs);
        }
        std::thread::scope(|scope| {
            let workers: Vec<_> = pairs
                .chunks(chunk_size)
                .map(|chunk| scope.spawn(move || score(chunk)))
                .collect();
            let results = workers.into_iter().filter_map(|worker| worker.join().ok());
            results.fold(ScoredPairs::default(), |mut all, scored| {
                all.edges.extend(scored.edges);
                all.born_together.extend(scored.born_together);
                all
            })
        })
    }

    fn score_chunk(&self, pairs: &[Pair]) -> ScoredPairs {
        let mut scored = ScoredPairs::default();
        for (a, b) in pairs {
            if self.cannot_match(*a, *b) {
                continue;
            }
            let Some(judgement) = self.judge_pair(*a, *b) else {
                continue;
            };
            if judgement.born_together {
                scored.born_together.push((*a, *b));
            }
            if judgement.band != ChildBand::Different || judgement.could_become_match() {
                scored.edges.push(Edge {
                    a: *a,
                    b: *b,
                    judgement,
                });
            }
        }
        scored
    }

    /// A quick test before a pair is weighed: the births contradict each other and no number or
    /// reference is the same, so that names and home together cannot outweigh the births.
    fn cannot_match(&self, a: u32, b: u32) -> bool {
        let Some((a, b)) = self.person(a).zip(self.person(b)) else {
            return true;
        };
        let same_number = a.nhs.is_some() && a.nhs == b.nhs || a.upn.is_some() && a.upn == b.upn;
        self.population == Population::Families
            && !same_number
            && (a.reference == 0 || a.reference != b.reference)
            && dates::births_contradict(a.birth, b.birth)
            && !identifiers::differ_by_slip(a.nhs, b.nhs)
            && !identifiers::differ_by_slip(a.upn, b.upn)
    }

    pub(super) const fn is_register(&self) -> bool {
        matches!(self.population, Population::Register)
    }

    pub(super) fn compare(&self, a: u32, b: u32) -> Option<Comparison> {
        Some(Comparison::new(
            &self.words,
            self.person(a)?,
            self.person(b)?,
        ))
    }

    fn judge_pair(&self, a: u32, b: u32) -> Option<Judgement> {
        Some(judge(&self.compare(a, b)?, self.population))
    }

    /// The names of the twin of each record's child, as given by that record or by another one of
    /// the same home.
    fn twin_names(&self, born_together: &[Pair]) -> HashMap<u32, Vec<NameForm>> {
        let mut twins: HashMap<u32, Vec<NameForm>> = HashMap::new();
        let mut add = |node: u32, name: &NameForm| {
            let names = twins.entry(node).or_default();
            if names.len() < MAX_TWIN_NAMES && !name.given.is_empty() && !names.contains(name) {
                names.push(name.clone());
            }
        };
        for (node, person) in (0_u32..).zip(&self.people) {
            person
                .declared_twins()
                .for_each(|twin| add(node, &twin.name));
        }
        let level = |a: &[NameForm], b: &[NameForm]| names::compare(&self.words, a, b).0;
        for (a, b) in born_together.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]) {
            let Some((x, y)) = self.person(a).zip(self.person(b)) else {
                continue;
            };
            for twin in x.declared_twins() {
                let twin_level = level(std::slice::from_ref(&twin.name), &y.forms);
                let y_is_the_twin = twin_level < level(&x.forms, &y.forms);
                if y_is_the_twin {
                    x.forms.iter().for_each(|form| add(b, form));
                } else {
                    add(b, &twin.name);
                }
            }
        }
        twins
    }

    /// Merges the scored pairs into clusters and builds the questions.
    fn finish(
        &self,
        ScoredPairs {
            mut edges,
            born_together,
        }: ScoredPairs,
    ) -> ChildClusters {
        edges.sort_unstable_by_key(|edge| {
            (
                edge.judgement.merge_round(),
                -edge.judgement.strength(),
                edge.a,
                edge.b,
            )
        });
        let has_twins = self.population == Population::Families;
        let twin_names = if has_twins {
            self.twin_names(&born_together)
        } else {
            HashMap::new()
        };
        let mut merger = ClusterMerger::new(self, twin_names);
        merger.merge(&edges);
        let open_questions = merger.open_questions(&edges).into_iter();
        let mut questions: Vec<MatchQuestion> = open_questions
            .filter_map(|question| self.build_question(&question))
            .collect();
        questions.sort_by_key(|question| (question.first, question.second));
        ChildClusters {
            clusters: self.clusters(&merger),
            questions,
        }
    }

    fn clusters(&self, merger: &ClusterMerger<'_>) -> Vec<ChildCluster> {
        let mut clusters: Vec<ChildCluster> = Vec::new();
        for (members, evidence) in merger
            .members
            .iter()
            .zip(&merger.evidence)
            .filter(|(members, _)| !members.is_empty())
        {
            let mut members: Vec<usize> = members
                .iter()
                .filter_map(|node| self.original_index(*node))
                .collect();
            members.sort_unstable();
            clusters.push(ChildCluster {
                members,
                evidence: self.cluster_evidence(evidence),
            });
        }
        clusters.sort_by_key(|cluster| cluster.members.first().copied());
        clusters
    }

    /// The reasons for the merges of a cluster, with the greatest weight of each kind.
    fn cluster_evidence(&self, merged_pairs: &[Pair]) -> Vec<Reason> {
        let mut weights: BTreeMap<ReasonCode, i32> = BTreeMap::new();
        for (a, b) in merged_pairs.iter().take(MAX_MEMBERS_COMPARED) {
            for reason in self
                .compare(*a, *b)
                .map(|c| reasons(&c, self.population))
                .unwrap_or_default()
            {
                let weight = weights.entry(reason.code).or_insert(reason.weight);
                *weight = reason.weight.max(*weight);
            }
        }
        weights
            .into_iter()
            .map(|(code, weight)| Reason::new(code, weight))
            .collect()
    }

    fn original_index(&self, node: u32) -> Option<usize> {
        self.original_indexes.get(node_index(node)).copied()
    }

    fn build_question(&self, question: &OpenQuestion) -> Option<MatchQuestion> {
        let OpenQuestion { edge, why } = question;
        let mut evidence = self
            .compare(edge.a, edge.b)
            .map(|c| reasons(&c, self.population))
            .unwrap_or_default();
        evidence.extend(why.map(|code| Reason::new(code, 0)));
        let a = self.original_index(edge.a)?;
        let b = self.original_index(edge.b)?;
        Some(MatchQuestion {
            first: a.min(b),
            second: a.max(b),
            evidence,
        })
    }
}

pub(crate) fn node_index(node: u32) -> usize {
    usize::try_from(node).unwrap_or(usize::MAX)
}

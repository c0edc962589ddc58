//! Measures children and families found in generated data against the truth.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::time::Instant;

use domain::RelationshipKind;
use linkage::{
    ChildClusters, PersonFacts, Population, RelationFacts, cluster_children, cluster_families_with,
};

use super::generator::{SyntheticData, generate};
use super::measure::{PairScore, b_cubed, pairs};
use super::show;
use super::tally::Tally;

/// Generates families, links their records and prints the sums over all seeds. `percent` scales
/// every error rate.
pub(crate) fn run(seeds: RangeInclusive<u64>, families: usize, percent: u64, threads: usize) {
    let mut tally = Tally::default();
    for seed in seeds.clone() {
        measure(&generate(seed, families, percent), threads, &mut tally);
    }
    println!(
        "families, seeds {seeds:?}, {families} each, errors × {:.1}",
        percent as f64 / 100.0
    );
    tally.print(percent);
}

fn measure(data: &SyntheticData, threads: usize, tally: &mut Tally) {
    let started = Instant::now();
    let children = cluster_children(&data.records, Population::Families, threads);
    tally.seconds_children += started.elapsed().as_secs_f64();
    let started = Instant::now();
    let families = cluster_families_with(&data.records, &children.clusters, threads);
    tally.seconds_families += started.elapsed().as_secs_f64();
    let majority = majority_children(data, &children);
    let named = |family: &linkage::Family| -> Vec<usize> {
        family
            .children
            .iter()
            .filter_map(|c| majority.get(*c).copied())
            .collect()
    };
    let found: HashSet<(usize, usize)> = families
        .iter()
        .flat_map(|family| distinct_pairs(&named(family)))
        .collect();
    let truth = related(data);
    let unrecorded_pairs = unrecorded_pairs(data, &truth);
    tally.unrecorded_pairs += unrecorded_pairs.len();
    tally.unrecorded_found += unrecorded_pairs.intersection(&found).count();
    let found: HashSet<(usize, usize)> = found.difference(&unrecorded_pairs).copied().collect();
    let truth: HashSet<(usize, usize)> = truth.difference(&unrecorded_pairs).copied().collect();
    let across = |pairs: &HashSet<(usize, usize)>| -> HashSet<(usize, usize)> {
        pairs
            .iter()
            .copied()
            .filter(|(a, b)| data.children[*a].household != data.children[*b].household)
            .collect()
    };
    tally.families.add(PairScore::of(&found, &truth));
    tally
        .across
        .add(PairScore::of(&across(&found), &across(&truth)));
    tally_children(data, &children, tally);
    if std::env::args().any(|word| word == "--show") {
        show::children(data, &children);
        show::unborn(data, &children);
        show::families(data, &found, &truth);
    }
}

fn tally_children(data: &SyntheticData, children: &ChildClusters, tally: &mut Tally) {
    let clusters: Vec<Vec<usize>> = children
        .clusters
        .iter()
        .map(|cluster| cluster.members.clone())
        .collect();
    tally.children.add(pairs(&clusters, &data.record_child));
    let (bp, br, _) = b_cubed(&clusters, &data.record_child);
    tally.b_cubed = (tally.b_cubed.0 + bp, tally.b_cubed.1 + br);
    tally.seeds += 1;
    let children_of = |cluster: &Vec<usize>| {
        cluster
            .iter()
            .map(|m| data.record_child[*m])
            .collect::<HashSet<_>>()
    };
    tally.clusters += clusters.len();
    tally.mixing += clusters
        .iter()
        .filter(|cluster| children_of(cluster).len() > 1)
        .count();
    let mut twins = HashSet::new();
    for cluster in &clusters {
        for (a, b) in distinct_pairs(&children_of(cluster).into_iter().collect::<Vec<_>>()) {
            if data.children[a].pregnancy == data.children[b].pregnancy {
                twins.insert((a, b));
            }
        }
    }
    let mut pregnancies: HashMap<usize, usize> = HashMap::new();
    data.children
        .iter()
        .for_each(|child| *pregnancies.entry(child.pregnancy).or_default() += 1);
    tally.twin_pairs += pregnancies.values().filter(|count| **count > 1).count();
    tally.twins_merged += twins.len();
    tally.children_known += data.children.len();
    tally.records += data.records.len();
    tally.questions += children.questions.len();
    let right = |question: &&linkage::MatchQuestion| {
        data.record_child[question.first] == data.record_child[question.second]
    };
    tally.questions_right += children.questions.iter().filter(right).count();
    tally_unborn(data, children, &clusters, tally);
}

fn tally_unborn(
    data: &SyntheticData,
    children: &ChildClusters,
    clusters: &[Vec<usize>],
    tally: &mut Tally,
) {
    let mut written: HashMap<usize, usize> = HashMap::new();
    data.record_child
        .iter()
        .for_each(|child| *written.entry(*child).or_default() += 1);
    for cluster in clusters {
        for member in cluster.iter().filter(|member| {
            data.before_birth[**member] && written[&data.record_child[**member]] > 1
        }) {
            if data.children[data.record_child[*member]].twin {
                tally.unborn_twins += 1;
                tally.unborn_twins_linked +=
                    usize::from(cluster.iter().any(|other| !data.before_birth[*other]));
                continue;
            }
            if !has_link_after_birth(data, *member) {
                tally.unborn_without_link += 1;
                continue;
            }
            tally.unborn += 1;
            let same = |other: &&usize| {
                data.record_child[**other] == data.record_child[*member]
                    && !data.before_birth[**other]
            };
            let linked = cluster.iter().any(|other| same(&other));
            tally.unborn_linked += usize::from(linked);
            let asked = children.questions.iter().any(|question| {
                (question.first == *member || question.second == *member)
                    && data.record_child[question.first] == data.record_child[question.second]
            });
            tally.unborn_asked += usize::from(!linked && asked);
        }
    }
}

/// Whether a record of the child after birth, with its date of birth, has a parent or an address in
/// common with the record before birth.
fn has_link_after_birth(data: &SyntheticData, unborn: usize) -> bool {
    let record = &data.records[unborn];
    let homes = |r: &PersonFacts| {
        r.addresses
            .iter()
            .map(|a| a.lines.as_str().to_lowercase())
            .collect::<HashSet<_>>()
    };
    let parent = |r: &RelationFacts| {
        matches!(
            r.kind,
            RelationshipKind::MotherOf | RelationshipKind::FatherOf
        )
    };
    let parents = |r: &PersonFacts| {
        r.relations
            .iter()
            .filter(|r| parent(r))
            .map(|r| r.kind)
            .collect::<Vec<_>>()
    };
    let of_child = data
        .records
        .iter()
        .enumerate()
        .filter(|(position, _)| data.record_child[*position] == data.record_child[unborn]);
    of_child
        .filter(|(position, _)| !data.before_birth[*position])
        .map(|(_, born)| born)
        .any(|born| {
            let shares_parent = parents(record)
                .iter()
                .any(|kind| parents(born).contains(kind));
            born.birth.is_some() && (shares_parent || !homes(record).is_disjoint(&homes(born)))
        })
}

pub(crate) fn distinct_pairs(list: &[usize]) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    for (at, a) in list.iter().enumerate() {
        out.extend(
            list.iter()
                .skip(at + 1)
                .filter(|b| *b != a)
                .map(|b| (*a.min(b), *a.max(b))),
        );
    }
    out
}

/// For each cluster, the child that most of its records are about.
fn majority_children(data: &SyntheticData, children: &ChildClusters) -> Vec<usize> {
    let most = |members: &[usize]| {
        let mut counts: HashMap<usize, usize> = HashMap::new();
        members
            .iter()
            .for_each(|m| *counts.entry(data.record_child[*m]).or_default() += 1);
        counts
            .into_iter()
            .max_by_key(|(child, count)| (*count, usize::MAX - child))
            .map_or(0, |(child, _)| child)
    };
    children
        .clusters
        .iter()
        .map(|cluster| most(&cluster.members))
        .collect()
}

/// Pairs of children who share a mother or a father and are both in some record.
fn related(data: &SyntheticData) -> HashSet<(usize, usize)> {
    let seen: HashSet<usize> = data.record_child.iter().copied().collect();
    let mut by_parent: HashMap<usize, Vec<usize>> = HashMap::new();
    for (id, child) in data
        .children
        .iter()
        .enumerate()
        .filter(|(id, _)| seen.contains(id))
    {
        by_parent.entry(child.mother).or_default().push(id);
        child
            .father
            .iter()
            .for_each(|father| by_parent.entry(*father).or_default().push(id));
    }
    by_parent
        .values()
        .flat_map(|children| distinct_pairs(children))
        .collect()
}

/// Related children of two households whose relation is not in the records: no record names a
/// half-sibling, and the father's date of birth is not in records of both households. These pairs
/// are not counted.
fn unrecorded_pairs(
    data: &SyntheticData,
    truth: &HashSet<(usize, usize)>,
) -> HashSet<(usize, usize)> {
    let mut born: HashSet<usize> = HashSet::new();
    let mut half: HashSet<usize> = HashSet::new();
    for (record, about) in data.records.iter().zip(&data.record_child) {
        let household = data.children[*about].household;
        let father = |r: &RelationFacts| r.kind == RelationshipKind::FatherOf && r.birth.is_some();
        if record.relations.iter().any(father) {
            born.insert(household);
        }
        if record
            .relations
            .iter()
            .any(|relation| relation.kind == RelationshipKind::HalfSiblingOf)
        {
            half.insert(household);
        }
    }
    let is_recorded = |a: usize, b: usize| {
        let (a, b) = (data.children[a].household, data.children[b].household);
        a == b || half.contains(&a) || half.contains(&b) || born.contains(&a) && born.contains(&b)
    };
    truth
        .iter()
        .copied()
        .filter(|(a, b)| !is_recorded(*a, *b))
        .collect()
}

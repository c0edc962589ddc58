//! Families from the generator: children and families found, against the truth.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::time::Instant;

use domain::RelationshipKind;
use linkage::{Children, PersonFacts, Population, RelationFacts, cluster_children, cluster_families_with};

use super::generator::{World, world};
use super::measure::{Score, b_cubed, pairs};
use super::show;
use super::tally::Tally;

/// Generates, sorts and prints the sums over all seeds; `percent` scales every error.
pub(crate) fn run(seeds: RangeInclusive<u64>, families: usize, percent: u64, threads: usize) {
    let mut tally = Tally::default();
    for seed in seeds.clone() {
        measure(&world(seed, families, percent), threads, &mut tally);
    }
    println!("families, seeds {seeds:?}, {families} each, errors × {:.1}", percent as f64 / 100.0);
    tally.print(percent);
}

fn measure(world: &World, threads: usize, tally: &mut Tally) {
    let started = Instant::now();
    let children = cluster_children(&world.records, Population::Families, threads);
    tally.seconds_children += started.elapsed().as_secs_f64();
    let started = Instant::now();
    let families = cluster_families_with(&world.records, &children.clusters, threads);
    tally.seconds_families += started.elapsed().as_secs_f64();
    let majority = majorities(world, &children);
    let named = |family: &linkage::Family| -> Vec<usize> {
        family.children.iter().filter_map(|c| majority.get(*c).copied()).collect()
    };
    let found: HashSet<(usize, usize)> = families.iter().flat_map(|family| couples(&named(family))).collect();
    let truth = related(world);
    let untold = untold(world, &truth);
    tally.untold += untold.len();
    tally.untold_found += untold.intersection(&found).count();
    let found: HashSet<(usize, usize)> = found.difference(&untold).copied().collect();
    let truth: HashSet<(usize, usize)> = truth.difference(&untold).copied().collect();
    let across = |pairs: &HashSet<(usize, usize)>| -> HashSet<(usize, usize)> {
        pairs.iter().copied().filter(|(a, b)| world.children[*a].household != world.children[*b].household).collect()
    };
    tally.families.add(Score::of(&found, &truth));
    tally.across.add(Score::of(&across(&found), &across(&truth)));
    tally_children(world, &children, tally);
    if std::env::args().any(|word| word == "--show") {
        show::children(world, &children);
        show::unborn(world, &children);
        show::families(world, &found, &truth);
    }
}

fn tally_children(world: &World, children: &Children, tally: &mut Tally) {
    let clusters: Vec<Vec<usize>> = children.clusters.iter().map(|cluster| cluster.members.clone()).collect();
    tally.children.add(pairs(&clusters, &world.about));
    let (bp, br, _) = b_cubed(&clusters, &world.about);
    tally.b_cubed = (tally.b_cubed.0 + bp, tally.b_cubed.1 + br);
    tally.seeds += 1;
    let of = |cluster: &Vec<usize>| cluster.iter().map(|m| world.about[*m]).collect::<HashSet<_>>();
    tally.clusters += clusters.len();
    tally.mixing += clusters.iter().filter(|cluster| of(cluster).len() > 1).count();
    let mut twins = HashSet::new();
    for cluster in &clusters {
        for (a, b) in couples(&of(cluster).into_iter().collect::<Vec<_>>()) {
            if world.children[a].pregnancy == world.children[b].pregnancy {
                twins.insert((a, b));
            }
        }
    }
    let mut pregnancies: HashMap<usize, usize> = HashMap::new();
    world.children.iter().for_each(|child| *pregnancies.entry(child.pregnancy).or_default() += 1);
    tally.twin_pairs += pregnancies.values().filter(|count| **count > 1).count();
    tally.twins_merged += twins.len();
    tally.children_known += world.children.len();
    tally.records += world.records.len();
    tally.questions += children.questions.len();
    let right = |question: &&linkage::Question| world.about[question.one] == world.about[question.other];
    tally.questions_right += children.questions.iter().filter(right).count();
    tally_unborn(world, children, &clusters, tally);
}

fn tally_unborn(world: &World, children: &Children, clusters: &[Vec<usize>], tally: &mut Tally) {
    let mut written: HashMap<usize, usize> = HashMap::new();
    world.about.iter().for_each(|child| *written.entry(*child).or_default() += 1);
    for cluster in clusters {
        for member in
            cluster.iter().filter(|member| world.before_birth[**member] && written[&world.about[**member]] > 1)
        {
            if world.children[world.about[*member]].twin {
                tally.unborn_twins += 1;
                tally.unborn_twins_linked += usize::from(cluster.iter().any(|other| !world.before_birth[*other]));
                continue;
            }
            if !told_of(world, *member) {
                tally.unborn_untold += 1;
                continue;
            }
            tally.unborn += 1;
            let same = |other: &&usize| world.about[**other] == world.about[*member] && !world.before_birth[**other];
            let linked = cluster.iter().any(|other| same(&other));
            tally.unborn_linked += usize::from(linked);
            let asked = children.questions.iter().any(|question| {
                (question.one == *member || question.other == *member)
                    && world.about[question.one] == world.about[question.other]
            });
            tally.unborn_asked += usize::from(!linked && asked);
        }
    }
}

/// Whether any record of the born child, with its day of birth, names a parent as the unborn baby's record does, or a home.
fn told_of(world: &World, unborn: usize) -> bool {
    let record = &world.records[unborn];
    let homes = |r: &PersonFacts| r.addresses.iter().map(|a| a.lines.as_str().to_lowercase()).collect::<HashSet<_>>();
    let parent = |r: &RelationFacts| matches!(r.kind, RelationshipKind::MotherOf | RelationshipKind::FatherOf);
    let parents = |r: &PersonFacts| r.relations.iter().filter(|r| parent(r)).map(|r| r.kind).collect::<Vec<_>>();
    let of_child = world.records.iter().enumerate().filter(|(place, _)| world.about[*place] == world.about[unborn]);
    of_child.filter(|(place, _)| !world.before_birth[*place]).map(|(_, born)| born).any(|born| {
        let told = parents(record).iter().any(|kind| parents(born).contains(kind));
        born.birth.is_some() && (told || !homes(record).is_disjoint(&homes(born)))
    })
}

pub(crate) fn couples(list: &[usize]) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    for (at, a) in list.iter().enumerate() {
        out.extend(list.iter().skip(at + 1).filter(|b| *b != a).map(|b| (*a.min(b), *a.max(b))));
    }
    out
}

/// The child most records of each cluster are about.
fn majorities(world: &World, children: &Children) -> Vec<usize> {
    let most = |members: &[usize]| {
        let mut counts: HashMap<usize, usize> = HashMap::new();
        members.iter().for_each(|m| *counts.entry(world.about[*m]).or_default() += 1);
        counts.into_iter().max_by_key(|(child, count)| (*count, usize::MAX - child)).map_or(0, |(child, _)| child)
    };
    children.clusters.iter().map(|cluster| most(&cluster.members)).collect()
}

/// Children who share a mother or a father, where any agency wrote of both.
fn related(world: &World) -> HashSet<(usize, usize)> {
    let seen: HashSet<usize> = world.about.iter().copied().collect();
    let mut by_parent: HashMap<usize, Vec<usize>> = HashMap::new();
    for (id, child) in world.children.iter().enumerate().filter(|(id, _)| seen.contains(id)) {
        by_parent.entry(child.mother).or_default().push(id);
        child.father.iter().for_each(|father| by_parent.entry(*father).or_default().push(id));
    }
    by_parent.values().flat_map(|children| couples(children)).collect()
}

/// Related children of two households of whom nobody wrote more than the father's name, or not even that: neither does a
/// half-brother or half-sister stand in any record, nor the father's birthday in records of both. They are not counted.
fn untold(world: &World, truth: &HashSet<(usize, usize)>) -> HashSet<(usize, usize)> {
    let mut born: HashSet<usize> = HashSet::new();
    let mut half: HashSet<usize> = HashSet::new();
    for (record, about) in world.records.iter().zip(&world.about) {
        let household = world.children[*about].household;
        let father = |r: &RelationFacts| r.kind == RelationshipKind::FatherOf && r.birth.is_some();
        if record.relations.iter().any(father) {
            born.insert(household);
        }
        if record.relations.iter().any(|relation| relation.kind == RelationshipKind::HalfSiblingOf) {
            half.insert(household);
        }
    }
    let told = |a: usize, b: usize| {
        let (a, b) = (world.children[a].household, world.children[b].household);
        a == b || half.contains(&a) || half.contains(&b) || born.contains(&a) && born.contains(&b)
    };
    truth.iter().copied().filter(|(a, b)| !told(*a, *b)).collect()
}

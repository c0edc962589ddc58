//! Families from the generator: children and families found, against the truth and the targets.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use linkage::{Children, PersonFacts, Population, cluster_children, cluster_families};

use super::generator::{World, world};
use super::measure::{Score, b_cubed, pairs, ratio};

const FAMILIES: usize = 4000;

/// Generates, sorts and prints; `percent` scales every error.
pub(crate) fn run(seed: u64, percent: u64, threads: usize) {
    let world = world(seed, FAMILIES, percent);
    let started = Instant::now();
    let children = cluster_children(&world.records, Population::Families, threads);
    let sorted = started.elapsed().as_secs_f64();
    let families = cluster_families(&world.records, &children.clusters);
    let took = started.elapsed().as_secs_f64() - sorted;
    println!(
        "families, seed {seed}, errors × {:.1}: {} children, {} records",
        percent as f64 / 100.0,
        world.children.len(),
        world.records.len()
    );
    report_children(&world, &children, sorted, percent);
    let majority = majorities(&world, &children);
    let found: HashSet<(usize, usize)> = families
        .iter()
        .flat_map(|family| {
            couples(&family.children.iter().filter_map(|c| majority.get(*c).copied()).collect::<Vec<_>>())
        })
        .collect();
    let truth = related(&world);
    let across = |pairs: &HashSet<(usize, usize)>| -> HashSet<(usize, usize)> {
        pairs.iter().copied().filter(|(a, b)| world.children[*a].household != world.children[*b].household).collect()
    };
    target("families", &Score::of(&found, &truth), 0.993);
    target("  across two households", &Score::of(&across(&found), &across(&truth)), 0.96);
    println!("  families took {took:.2} s");
    if std::env::args().any(|word| word == "--show") {
        show(&world, &children);
        show_unborn(&world, &children);
        show_families(&world, &found, &truth);
    }
}

fn target(what: &str, score: &Score, f1: f64) {
    let verdict = if score.f1() >= f1 { "met".to_owned() } else { format!("MISSED by {:.4}", f1 - score.f1()) };
    println!("  {what}: {score}; target F1 {f1}: {verdict}");
}

fn report_children(world: &World, children: &Children, took: f64, percent: u64) {
    let clusters: Vec<Vec<usize>> = children.clusters.iter().map(|cluster| cluster.members.clone()).collect();
    let score = pairs(&clusters, &world.about);
    let (bp, br, bf) = b_cubed(&clusters, &world.about);
    target("children", &score, if percent > 100 { 0.968 } else { 0.985 });
    println!(
        "  children: precision target 0.998: {}; B-cubed {bp:.4} {br:.4} {bf:.4}; {took:.2} s",
        score.precision() >= 0.998
    );
    let of = |cluster: &Vec<usize>| cluster.iter().map(|m| world.about[*m]).collect::<HashSet<_>>();
    let mixing = clusters.iter().filter(|cluster| of(cluster).len() > 1).count();
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
    let all_twins = pregnancies.values().filter(|count| **count > 1).count();
    println!(
        "  twin pairs merged {} of {all_twins} (target 0); clusters mixing children {mixing} = {:.3} % (target 0.2 %)",
        twins.len(),
        100.0 * ratio(mixing, clusters.len())
    );
    report_unborn(world, &clusters);
    println!(
        "  questions {} = {:.1} per 100 children (target 5)",
        children.questions.len(),
        100.0 * ratio(children.questions.len(), world.children.len())
    );
}

fn report_unborn(world: &World, clusters: &[Vec<usize>]) {
    let (mut linked, mut all) = (0, 0);
    let mut written: HashMap<usize, usize> = HashMap::new();
    world.about.iter().for_each(|child| *written.entry(*child).or_default() += 1);
    for cluster in clusters {
        for member in
            cluster.iter().filter(|member| world.before_birth[**member] && written[&world.about[**member]] > 1)
        {
            all += 1;
            let same = |other: &&usize| world.about[**other] == world.about[*member] && !world.before_birth[**other];
            linked += usize::from(cluster.iter().any(|other| same(&other)));
        }
    }
    println!("  unborn linked after birth {linked} of {all} = {:.1} % (target 98 %)", 100.0 * ratio(linked, all));
}

fn couples(list: &[usize]) -> Vec<(usize, usize)> {
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

/// Prints what went wrong: everybody is invented.
fn show(world: &World, children: &Children) {
    let mut cluster_of = vec![0; world.records.len()];
    children
        .clusters
        .iter()
        .enumerate()
        .for_each(|(n, cluster)| cluster.members.iter().for_each(|m| cluster_of[*m] = n));
    let mut shown = 0;
    let mut by_child: HashMap<usize, Vec<usize>> = HashMap::new();
    world.about.iter().enumerate().for_each(|(record, child)| by_child.entry(*child).or_default().push(record));
    for cluster in &children.clusters {
        for (a, b) in couples(&cluster.members).into_iter().filter(|(a, b)| world.about[*a] != world.about[*b]).take(1)
        {
            print_pair("WRONG", &world.records[a], &world.records[b]);
        }
    }
    let mut ids: Vec<_> = by_child.into_iter().collect();
    ids.sort();
    for (_, records) in ids {
        if let Some((a, b)) = couples(&records).into_iter().find(|(a, b)| cluster_of[*a] != cluster_of[*b]) {
            shown += 1;
            if shown <= 40 {
                print_pair("missed", &world.records[a], &world.records[b]);
            }
        }
    }
    for question in children.questions.iter().take(40) {
        let right = world.about[question.one] == world.about[question.other];
        print_pair(&format!("asked (same: {right})"), &world.records[question.one], &world.records[question.other]);
    }
}

/// Prints unborn babies that were not linked.
fn show_unborn(world: &World, children: &Children) {
    let mut cluster_of = vec![0; world.records.len()];
    children
        .clusters
        .iter()
        .enumerate()
        .for_each(|(n, cluster)| cluster.members.iter().for_each(|m| cluster_of[*m] = n));
    for (place, _) in world.before_birth.iter().enumerate().filter(|(_, before)| **before).take(400) {
        let born: Vec<usize> = (0..world.records.len())
            .filter(|other| *other != place && world.about[*other] == world.about[place])
            .collect();
        if !born.is_empty() && born.iter().all(|other| cluster_of[*other] != cluster_of[place]) {
            for other in born {
                print_pair("unborn missed", &world.records[place], &world.records[other]);
            }
        }
    }
}

fn print_pair(what: &str, a: &PersonFacts, b: &PersonFacts) {
    let decision = linkage::same_person(a, b);
    println!("{what}\n   {}\n   {}", line(a), line(b));
    println!(
        "   {:?} {} {} {:?}",
        decision.band,
        decision.against_stranger,
        decision.against_sibling,
        decision.evidence.iter().map(|r| (r.code, r.weight)).collect::<Vec<_>>()
    );
}

fn line(record: &PersonFacts) -> String {
    let name =
        |n: &domain::PersonName| format!("{}/{}", n.given.as_str(), n.family.as_ref().map_or("", |f| f.as_str()));
    let names: Vec<_> = record.names.iter().map(name).collect();
    let homes: Vec<_> = record
        .addresses
        .iter()
        .map(|a| format!("{} {}", a.lines.as_str(), a.postcode.as_ref().map_or("", |p| p.as_str())))
        .collect();
    let kin: Vec<_> = record.relations.iter().map(|r| format!("{:?} {}", r.kind, name(&r.name))).collect();
    format!(
        "{} {names:?} {:?} {:?} {:?} {:?} {homes:?} {kin:?}",
        record.agency,
        record.birth.map(|b| (b.date.to_string(), b.expected)),
        record.sex,
        record.nhs_number.as_ref().map(|n| n.as_str().to_owned()),
        record.upn.as_ref().map(|n| n.as_str().to_owned())
    )
}

fn show_families(world: &World, found: &HashSet<(usize, usize)>, truth: &HashSet<(usize, usize)>) {
    for (what, mut list) in [
        ("family missed", truth.difference(found).collect::<Vec<_>>()),
        ("family WRONG", found.difference(truth).collect()),
    ] {
        list.sort();
        for (a, b) in list.into_iter().take(25) {
            println!("{what}");
            for (record, _) in world.records.iter().zip(&world.about).filter(|(_, about)| *about == a || *about == b) {
                println!("   {}", line(record));
            }
        }
    }
}

//! What went wrong, printed: everybody is invented.

use std::collections::{HashMap, HashSet};

use linkage::{Children, PersonFacts};

use super::families::couples;
use super::generator::World;

/// Prints what went wrong: everybody is invented.
pub(crate) fn children(world: &World, children: &Children) {
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
            let twins = world.children[world.about[a]].pregnancy == world.children[world.about[b]].pregnancy;
            print_pair(if twins { "WRONG twins" } else { "WRONG" }, &world.records[a], &world.records[b]);
            for member in cluster.members.iter().filter(|member| **member != a && **member != b) {
                println!("      with {} {}", world.about[*member], line(&world.records[*member]));
            }
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
    for question in children.questions.iter().take(400) {
        let right = world.about[question.one] == world.about[question.other];
        let why: Vec<_> = question
            .evidence
            .iter()
            .map(|reason| reason.code)
            .filter(|c| *c >= linkage::ReasonCode::RunnerUp)
            .collect();
        print_pair(
            &format!("asked (same: {right}) {why:?}"),
            &world.records[question.one],
            &world.records[question.other],
        );
    }
}

/// Prints unborn babies that were not linked.
pub(crate) fn unborn(world: &World, children: &Children) {
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
        if !world.children[world.about[place]].twin
            && !born.is_empty()
            && born.iter().all(|other| cluster_of[*other] != cluster_of[place])
        {
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

pub(crate) fn families(world: &World, found: &HashSet<(usize, usize)>, truth: &HashSet<(usize, usize)>) {
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

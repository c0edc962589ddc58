//! Prints linkage errors in generated data.

use std::collections::{BTreeMap, HashSet};

use linkage::{ChildClusters, PersonFacts};

use super::families::distinct_pairs;
use super::generator::SyntheticData;

/// Prints children who were merged or missed, and the questions that were asked.
pub(crate) fn children(data: &SyntheticData, children: &ChildClusters) {
    print_wrong_clusters(data, children);
    print_missed_children(data, &cluster_of_records(data, children));
    print_questions(data, children);
}

/// The number of the cluster of each record.
fn cluster_of_records(data: &SyntheticData, children: &ChildClusters) -> Vec<usize> {
    let mut cluster_of = vec![0; data.records.len()];
    for (number, cluster) in children.clusters.iter().enumerate() {
        for member in &cluster.members {
            cluster_of[*member] = number;
        }
    }
    cluster_of
}

fn print_wrong_clusters(data: &SyntheticData, children: &ChildClusters) {
    for cluster in &children.clusters {
        let wrong = distinct_pairs(&cluster.members)
            .into_iter()
            .find(|(a, b)| data.record_child[*a] != data.record_child[*b]);
        let Some((a, b)) = wrong else { continue };
        let twins = data.children[data.record_child[a]].pregnancy
            == data.children[data.record_child[b]].pregnancy;
        print_pair(
            if twins { "WRONG twins" } else { "WRONG" },
            &data.records[a],
            &data.records[b],
        );
        for member in cluster
            .members
            .iter()
            .filter(|member| **member != a && **member != b)
        {
            println!(
                "      with {} {}",
                data.record_child[*member],
                line(&data.records[*member])
            );
        }
    }
}

/// Prints the first children whose records are in several clusters.
fn print_missed_children(data: &SyntheticData, cluster_of: &[usize]) {
    let mut by_child: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (record, child) in data.record_child.iter().enumerate() {
        by_child.entry(*child).or_default().push(record);
    }
    let missed = by_child.values().filter_map(|records| {
        distinct_pairs(records)
            .into_iter()
            .find(|(a, b)| cluster_of[*a] != cluster_of[*b])
    });
    for (a, b) in missed.take(40) {
        print_pair("missed", &data.records[a], &data.records[b]);
    }
}

fn print_questions(data: &SyntheticData, children: &ChildClusters) {
    for question in children.questions.iter().take(400) {
        let right = data.record_child[question.first] == data.record_child[question.second];
        let why: Vec<_> = question
            .evidence
            .iter()
            .map(|reason| reason.code)
            .filter(|c| *c >= linkage::ReasonCode::RunnerUp)
            .collect();
        print_pair(
            &format!("asked (same: {right}) {why:?}"),
            &data.records[question.first],
            &data.records[question.second],
        );
    }
}

/// Prints records before birth that were not linked to the child.
pub(crate) fn unborn(data: &SyntheticData, children: &ChildClusters) {
    let cluster_of = cluster_of_records(data, children);
    for (position, _) in data
        .before_birth
        .iter()
        .enumerate()
        .filter(|(_, before)| **before)
        .take(400)
    {
        let born: Vec<usize> = (0..data.records.len())
            .filter(|other| {
                *other != position && data.record_child[*other] == data.record_child[position]
            })
            .collect();
        if !data.children[data.record_child[position]].twin
            && !born.is_empty()
            && born
                .iter()
                .all(|other| cluster_of[*other] != cluster_of[position])
        {
            for other in born {
                print_pair(
                    "unborn missed",
                    &data.records[position],
                    &data.records[other],
                );
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
        decision
            .evidence
            .iter()
            .map(|r| (r.code, r.weight))
            .collect::<Vec<_>>()
    );
}

fn line(record: &PersonFacts) -> String {
    let name = |n: &domain::PersonName| {
        format!(
            "{}/{}",
            n.given.as_str(),
            n.family.as_ref().map_or("", |f| f.as_str())
        )
    };
    let names: Vec<_> = record.names.iter().map(name).collect();
    let homes: Vec<_> = record
        .addresses
        .iter()
        .map(|a| {
            format!(
                "{} {}",
                a.lines.as_str(),
                a.postcode.as_ref().map_or("", |p| p.as_str())
            )
        })
        .collect();
    let kin: Vec<_> = record
        .relations
        .iter()
        .map(|r| format!("{:?} {}", r.kind, name(&r.name)))
        .collect();
    format!(
        "{} {names:?} {:?} {:?} {:?} {:?} {homes:?} {kin:?}",
        record.agency,
        record.birth.map(|b| (b.date.to_string(), b.expected)),
        record.sex,
        record.nhs_number.as_ref().map(|n| n.as_str().to_owned()),
        record.upn.as_ref().map(|n| n.as_str().to_owned())
    )
}

/// Prints pairs of children whose family was missed or wrong.
pub(crate) fn families(
    data: &SyntheticData,
    found: &HashSet<(usize, usize)>,
    truth: &HashSet<(usize, usize)>,
) {
    for (what, mut list) in [
        ("family missed", truth.difference(found).collect::<Vec<_>>()),
        ("family WRONG", found.difference(truth).collect()),
    ] {
        list.sort();
        for (a, b) in list.into_iter().take(25) {
            println!("{what}");
            for (record, _) in data
                .records
                .iter()
                .zip(&data.record_child)
                .filter(|(_, about)| *about == a || *about == b)
            {
                println!("   {}", line(record));
            }
        }
    }
}

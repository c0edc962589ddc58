//! Which of more than two records are one child, and which questions remain.

use std::collections::BTreeMap;

use domain::Sex;
use linkage::{PersonFacts, Population, cluster_children, cluster_families};
use time::macros::date;

use super::{NUMBER, are_merged, born, child, children, mother, nhs, questions, sex};

#[test]
fn bad_record_does_not_exclude_others() {
    let good = |key, given| nhs(NUMBER, sex(Sex::Female, child(key, given, "Fenwick")));
    let wrong_sex = sex(Sex::Male, child("d", "Immy", "Fenwick"));
    let records = [
        good("a", "Imogen"),
        good("b", "Imogen"),
        sex(Sex::Female, child("c", "Immy", "Fenwick")),
        wrong_sex,
    ];
    assert_eq!(children(&records).len(), 1);
    assert!(questions(&records).is_empty());
}

#[test]
fn record_sent_several_times_counts_once() {
    let wrong = |key: &str| PersonFacts {
        agency: "school".into(),
        ..sex(
            Sex::Male,
            born(date!(2019 - 04 - 13), child(key, "Imogen", "Fenwick")),
        )
    };
    let right = |key| nhs(NUMBER, sex(Sex::Female, child(key, "Imogen", "Fenwick")));
    let once = [right("a"), right("b"), wrong("c")];
    let often = [
        right("a"),
        right("b"),
        wrong("c"),
        wrong("d"),
        wrong("e"),
        wrong("f"),
    ];
    assert_eq!(children(&once).len(), children(&often).len());
}

#[test]
fn record_without_birthday_does_not_join_two_children() {
    let older = born(date!(2014 - 01 - 20), child("a", "Mohammed", "Rahman"));
    let younger = born(date!(2019 - 07 - 02), child("b", "Mohammed", "Rahman"));
    let undated = PersonFacts {
        birth: None,
        ..child("c", "Mohammed", "Rahman")
    };
    let records = [older, younger, undated].map(|record| mother("Sabina", "Rahman", record));
    assert!(!are_merged(&records, "a", "b"));
    assert!(questions(&records).len() <= 2);
}

#[test]
fn third_record_does_not_join_two_names() {
    let records = [
        child("a", "Imogen Rose", "Fenwick"),
        child("b", "Olivia Rose", "Fenwick"),
        child("c", "Rose", "Fenwick"),
    ];
    assert!(!are_merged(&records, "a", "b"));
}

#[test]
fn at_most_two_questions_about_one_child() {
    let records: Vec<PersonFacts> = (0..8_u8)
        .map(|n| {
            let given = ["Aisha", "Noor"][usize::from(n % 2)];
            let record = nhs(NUMBER, child(&n.to_string(), given, "Rahman"));
            PersonFacts {
                birth: None,
                addresses: Vec::new(),
                ..mother("Sabina", "Rahman", record)
            }
        })
        .collect();
    let mut about: BTreeMap<&str, usize> = BTreeMap::new();
    let questions_asked = questions(&records);
    questions_asked
        .iter()
        .flatten()
        .for_each(|key| *about.entry(key).or_default() += 1);
    assert!(
        about.values().all(|count| *count <= 2),
        "{questions_asked:?}"
    );
}

#[test]
fn thousands_of_identical_records_are_one_child() {
    let crowd: Vec<PersonFacts> = (0..3000)
        .map(|n| child(&format!("{n:05}"), "Orla", "Fenwick"))
        .collect();
    let found = cluster_children(&crowd, Population::Families, 2);
    assert_eq!(found.clusters.len(), 1);
    assert_eq!(cluster_families(&crowd, &found.clusters).len(), 1);
}

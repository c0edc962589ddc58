//! Evidence and blocking keys contain no value of a record.

use linkage::{PersonFacts, blocking_keys, same_person};

use super::{NUMBER, child, mother, nhs};

#[test]
fn evidence_repeats_no_value_of_a_record() {
    let a = mother(
        "Sabina",
        "Rahman",
        nhs(NUMBER, child("a", "Aisha", "Rahman")),
    );
    let words: Vec<&str> = same_person(&a, &a.clone())
        .evidence
        .iter()
        .map(|reason| reason.words())
        .collect();
    for value in [
        "Aisha", "Rahman", "Sabina", NUMBER, "2019", "Larkspur", "ZZ9",
    ] {
        assert!(words.iter().all(|words| !words.contains(value)), "{value}");
    }
}

#[test]
fn blocking_keys_contain_no_spelling_and_are_stable() {
    let keys = blocking_keys(&child("a", "Rosalind", "Fenwick"));
    assert_eq!(
        keys,
        blocking_keys(&child("z", "ROSALIND", "fenwick"))
            .into_iter()
            .collect::<Vec<_>>()
    );
    assert!(
        keys.iter()
            .all(|(_, key)| !key.to_lowercase().contains("rosalind"))
    );
    assert!(blocking_keys(&PersonFacts::new("nothing")).is_empty());
}

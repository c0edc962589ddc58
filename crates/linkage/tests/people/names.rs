//! How the names of two records are compared.

use linkage::{ChildBand, PersonFacts, ReasonCode, blocking_keys, same_person};
use rstest::rstest;
use time::macros::date;

use super::{born, child, children, has_reason, mother, records_with_names};

#[rstest]
#[case::nickname("Katherine", "Fenwick", "Katie", "Fenwick")]
#[case::typing_slip("Rosalind", "Fenwick", "Rosalnd", "Fenwick")]
#[case::changed_places("Rosalind", "Fenwick", "Fenwick", "Rosalind")]
#[case::double_barrelled("Rosalind", "Fenwick-Marsh", "Rosalind", "Marsh")]
#[case::family_name_changed("Rosalind", "Fenwick", "Rosalind", "Ollerton")]
#[case::accents("Siobhán", "Ní Fhloinn", "Siobhan", "Ni Fhloinn")]
#[case::another_script("ليلى", "Haddad", "Layla", "Haddad")]
#[case::cyrillic("Оксана", "Шевченко", "Oksana", "Shevchenko")]
#[case::middle_name("Mary Rosalind", "Fenwick", "Rosalind", "Fenwick")]
#[case::spelling("Mohammed Bilal", "Khan", "Muhammad Bilal", "Khan")]
#[case::title("Master Oscar", "Marsh", "Oscar", "Marsh")]
fn matches_variants_of_one_name(
    #[case] g1: &str,
    #[case] f1: &str,
    #[case] g2: &str,
    #[case] f2: &str,
) {
    let decision = same_person(&child("a", g1, f1), &child("b", g2, f2));
    assert_eq!(decision.band, ChildBand::Match, "{decision:?}");
}

#[test]
fn misspelling_of_another_name_does_not_match() {
    let records = records_with_names("Hassann", "Hussain");
    assert_ne!(same_person(&records[0], &records[1]).band, ChildBand::Match);
    assert_eq!(children(&records).len(), 2);
}

#[rstest]
#[case::twins("Amelia-Rose", "Amelia-Rae")]
#[case::joined("Bobby-Lee", "Bobby-John")]
fn compound_names_are_distinguished_by_second_part(#[case] one: &str, #[case] other: &str) {
    assert_eq!(children(&records_with_names(one, other)).len(), 2);
    assert_eq!(children(&records_with_names(one, one)).len(), 1);
}

#[rstest]
#[case::surname_for_given("Fenwick", "Fenwick")]
#[case::alone("Fenwick", "")]
fn surname_in_given_name_field_counts_as_missing_given_name(
    #[case] given: &str,
    #[case] family: &str,
) {
    let mut record = mother("Sabina", "Fenwick", child("b", given, family));
    record.names[0].family = Some(family.into()).filter(|_| !family.is_empty());
    let decision = same_person(
        &mother("Sabina", "Fenwick", child("a", "Rosalind", "Fenwick")),
        &record,
    );
    assert!(
        has_reason(&decision, ReasonCode::GivenNotNamed),
        "{decision:?}"
    );
    assert_eq!(decision.band, ChildBand::Match);
}

#[rstest]
#[case::empty("")]
#[case::one_letter("A")]
#[case::emoji("👶🏽👍")]
#[case::signs("--- ''' ()")]
#[case::very_long(&"Wolfeschlegelsteinhausenbergerdorff ".repeat(150))]
#[case::one_very_long_word(&"x".repeat(5000))]
#[case::han("李小龙")]
#[case::combining("e\u{301}\u{301}\u{301}")]
fn odd_names_do_not_match_strangers(#[case] name: &str) {
    let odd = PersonFacts {
        addresses: Vec::new(),
        ..child("a", name, name)
    };
    let other = PersonFacts {
        addresses: Vec::new(),
        ..born(date!(2008 - 07 - 30), child("b", "Orla", "Fenwick"))
    };
    assert_eq!(same_person(&odd, &other).band, ChildBand::Different);
    assert_eq!(children(&[odd.clone(), other]).len(), 2);
    assert!(blocking_keys(&odd).len() < 40);
}

//! Twins stay apart, two spellings of one name do not.

use domain::RelationshipKind;
use linkage::{ChildBand, PersonFacts, ReasonCode, same_person};
use rstest::rstest;

use super::{
    NUMBER, OTHER_NUMBER, are_merged, child, children, has_reason, mother, nhs, records_with_names,
    relation, with,
};

#[rstest]
#[case::twins("Aisha", "Bilal")]
#[case::twins_that_look_alike("Jayden", "Hayden")]
#[case::one_letter_apart("Eva", "Ava")]
#[case::ella_and_emma("Ella", "Emma")]
#[case::hassan_and_hussain("Hassan", "Hussain")]
#[case::mohammeds("Mohammed Ali", "Mohammed Hassan")]
fn twins_with_different_names_stay_apart(#[case] one: &str, #[case] other: &str) {
    let twins = [child("a", one, "Rahman"), child("b", other, "Rahman")]
        .map(|t| mother("Sabina", "Rahman", t));
    let decision = same_person(&twins[0], &twins[1]);
    assert_eq!(decision.band, ChildBand::Different, "{decision:?}");
    assert!(has_reason(&decision, ReasonCode::Twin));
    assert_eq!(children(&twins).len(), 2);
}

#[test]
fn twins_with_family_name_first_stay_apart() {
    let records = [
        child("a", "Winstanley", "Orla"),
        child("b", "Winstanley", "Rosalind"),
    ];
    assert_eq!(
        children(&records.map(|c| mother("Sabina", "Winstanley", c))).len(),
        2
    );
}

#[test]
fn two_spellings_with_two_numbers_are_twins() {
    let twins = [
        nhs(NUMBER, child("a", "Aisha", "Rahman")),
        nhs(OTHER_NUMBER, child("b", "Aysha", "Rahman")),
    ];
    assert_eq!(same_person(&twins[0], &twins[1]).band, ChildBand::Different);
    let third = child("c", "Aisha", "Rahman");
    let records = [twins[0].clone(), twins[1].clone(), third];
    assert!(!are_merged(&records, "a", "b"));
}

#[test]
fn named_twin_is_not_merged_with_record_that_names_it() {
    let aisha = with(
        relation(RelationshipKind::TwinOf, "Aysha", "Rahman"),
        child("a", "Aisha", "Rahman"),
    );
    assert_eq!(
        same_person(&aisha, &child("b", "Aysha", "Rahman")).band,
        ChildBand::Different
    );
}

#[test]
fn identical_twin_records_with_one_number_have_symmetric_evidence() {
    let twin = |key| {
        with(
            relation(RelationshipKind::TwinOf, "Orla", "Fenwick"),
            nhs(NUMBER, child(key, "Orla", "Fenwick")),
        )
    };
    let decision = same_person(&twin("a"), &twin("b"));
    assert!(!decision.evidence.is_empty());
    assert_eq!(decision, same_person(&twin("b"), &twin("a")));
}

#[rstest]
#[case::two_spellings("Aisha", "Aysha")]
#[case::one_letter("Zayn", "Zain")]
fn two_spellings_match_unless_there_is_evidence_of_a_twin(#[case] one: &str, #[case] other: &str) {
    let records = records_with_names(one, other);
    assert_eq!(children(&records).len(), 1);
    let twin = |record: &PersonFacts| {
        with(
            relation(RelationshipKind::TwinOf, other, "Rahman"),
            record.clone(),
        )
    };
    assert_eq!(
        children(&[twin(&records[0]), records[1].clone()]).len(),
        2,
        "a record names the twin"
    );
    let numbers = [
        nhs(NUMBER, records[0].clone()),
        nhs(OTHER_NUMBER, records[1].clone()),
    ];
    assert_eq!(children(&numbers).len(), 2, "two numbers");
    let at_one_school = |record: &PersonFacts, reference: &str| PersonFacts {
        agency: "school".into(),
        reference: Some(reference.into()),
        ..record.clone()
    };
    let together = [
        at_one_school(&records[0], "P1"),
        at_one_school(&records[1], "P2"),
    ];
    assert_eq!(children(&together).len(), 2, "two names at one school");
}

#[test]
fn two_spellings_match_with_same_number_or_listed_siblings() {
    let numbered = [
        nhs(NUMBER, child("a", "Aisha", "Rahman")),
        nhs(NUMBER, child("b", "Aysha", "Rahman")),
    ];
    assert_eq!(children(&numbered).len(), 1);
    let named = [with(
        relation(RelationshipKind::SiblingOf, "Bilal", "Rahman"),
        child("a", "Aisha", "Rahman"),
    )];
    let records = [named[0].clone(), child("b", "Aysha", "Rahman")];
    assert_eq!(
        children(&records).len(),
        1,
        "a record that lists siblings would list a twin"
    );
}

#[rstest]
#[case::second_names("Mohammed Hassan", "Mohammed Hussain")]
#[case::spellings("Ayaan", "Ayan")]
fn two_names_at_one_agency_stay_apart(#[case] one: &str, #[case] other: &str) {
    let at = |key: &str, name: &str, agency: &str| PersonFacts {
        agency: agency.into(),
        ..child(key, name, "Rahmani")
    };
    let records = [
        at("a", one, "hv"),
        at("b", other, "hv"),
        at("c", one, "gp"),
        at("d", other, "gp"),
    ];
    assert!(!are_merged(&records, "a", "b"));
}

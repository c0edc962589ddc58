//! NHS numbers: shared, different, or replaced by words.

use linkage::{ChildBand, PersonFacts, ReasonCode, same_person};
use rstest::rstest;
use time::macros::date;

use super::{
    NUMBER, OTHER_NUMBER, are_merged, born, child, children, families, has_reason, mother, nhs,
    questions, records_with_names,
};

#[test]
fn one_number_with_two_names_is_a_question() {
    let decision = same_person(
        &nhs(NUMBER, child("a", "Orla", "Fenwick")),
        &nhs(NUMBER, child("b", "Tomasz", "Fenwick")),
    );
    assert_eq!(decision.band, ChildBand::Possible);
    assert!(has_reason(&decision, ReasonCode::NumberOfAnother));
}

#[test]
fn two_valid_numbers_are_at_most_a_question() {
    let records = [
        nhs(NUMBER, child("a", "Rosalind", "Fenwick")),
        nhs(OTHER_NUMBER, child("b", "Rosalind", "Fenwick")),
    ];
    let records = records.map(|record| mother("Sabina", "Fenwick", record));
    assert_eq!(children(&records).len(), 2);
    assert_eq!(questions(&records).len(), 1);
    let between = mother("Sabina", "Fenwick", child("c", "Rosalind", "Fenwick"));
    let [a, b] = records;
    assert!(
        !are_merged(&[a, b, between], "a", "b"),
        "nor through a third record"
    );
}

#[test]
fn same_number_under_two_spellings_is_merged_without_question() {
    let [a, b] = records_with_names("Oluwaseun", "Oliwaseun").map(|record| nhs(NUMBER, record));
    let at = |record: PersonFacts, reference: &str| PersonFacts {
        agency: "hospital".into(),
        reference: Some(reference.into()),
        ..record
    };
    let records = [at(a, "H1"), at(b, "H2")];
    assert_eq!(children(&records).len(), 1);
    assert!(questions(&records).is_empty());
}

#[rstest]
#[case::words("NOT KNOWN")]
#[case::unknown("UNKNOWN")]
#[case::pending("Pending")]
#[case::rounded("9.43477E+09")]
#[case::zeros("0000000000")]
fn words_instead_of_a_number_count_as_missing(#[case] word: &str) {
    let orla = born(date!(2014 - 05 - 02), child("a", "Orla", "Fenwick"));
    let one = nhs(word, orla);
    let other = PersonFacts {
        addresses: Vec::new(),
        ..nhs(word, child("b", "Tomasz", "Adeyemi"))
    };
    assert_eq!(same_person(&one, &other).band, ChildBand::Different);
    assert!(questions(&[one.clone(), other.clone()]).is_empty());
    assert_eq!(families(&[one, other]).len(), 2);
}

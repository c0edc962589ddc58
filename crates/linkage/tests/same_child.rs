//! Hard cases of whether two records that the service holds are of the same child.

use domain::{BirthDate, NhsNumber, PersonDetails, PersonKind, PersonName, Sex, Upn};
use linkage::{ChildBand, EvidenceCode, same_child};
use rstest::rstest;
use time::macros::date;

const NUMBER: &str = "9434765919";
const OTHER_NUMBER: &str = "9434765870";

fn child(given: &str, family: &str) -> PersonDetails {
    PersonDetails {
        kind: PersonKind::Child,
        name: PersonName {
            given: given.into(),
            family: Some(family.into()),
        },
        other_names: Vec::new(),
        birth: Some(BirthDate {
            date: date!(2019 - 03 - 14),
            expected: false,
        }),
        sex: Sex::NotKnown,
        nhs_number: None,
        no_nhs_number_reason: None,
        upn: None,
        addresses: Vec::new(),
    }
}

fn with_nhs(number: &str, child: PersonDetails) -> PersonDetails {
    PersonDetails {
        nhs_number: Some(NhsNumber::parse(number).unwrap()),
        ..child
    }
}

fn born(day: time::Date, child: PersonDetails) -> PersonDetails {
    PersonDetails {
        birth: Some(BirthDate {
            date: day,
            expected: false,
        }),
        ..child
    }
}

fn sex(sex: Sex, child: PersonDetails) -> PersonDetails {
    PersonDetails { sex, ..child }
}

#[rstest]
#[case::number_and_name(
    with_nhs(NUMBER, child("Orla", "Fenwick")),
    with_nhs(NUMBER, child("ORLA", "Fenwick")),
    ChildBand::Match
)]
#[case::surname_changed(
    with_nhs(NUMBER, child("Orla", "Fenwick")),
    with_nhs(NUMBER, child("Orla", "Marsh")),
    ChildBand::Match
)]
#[case::one_number_two_names(
    with_nhs(NUMBER, child("Orla", "Fenwick")),
    with_nhs(NUMBER, child("Niamh", "Fenwick")),
    ChildBand::Possible
)]
#[case::number_but_other_birthday(
    with_nhs(NUMBER, child("Orla", "Fenwick")),
    with_nhs(NUMBER, born(date!(2017 - 01 - 02), child("Orla", "Fenwick"))),
    ChildBand::Possible
)]
#[case::number_but_other_sex(
    with_nhs(NUMBER, sex(Sex::Female, child("Robin", "Fenwick"))),
    with_nhs(NUMBER, sex(Sex::Male, child("Robin", "Fenwick"))),
    ChildBand::Match
)]
#[case::name_and_birthday(child("Orla", "Fenwick"), child("orla", "FENWICK"), ChildBand::Match)]
#[case::common_name_and_birthday(
    child("Mohammed", "Khan"),
    child("Muhammad", "Khan"),
    ChildBand::Possible
)]
#[case::two_numbers_one_name(
    with_nhs(NUMBER, child("Orla", "Fenwick")),
    with_nhs(OTHER_NUMBER, child("Orla", "Fenwick")),
    ChildBand::Possible
)]
#[case::twins(
    child("Orla", "Fenwick"),
    child("Niamh", "Fenwick"),
    ChildBand::Different
)]
#[case::twins_nearly_alike(
    child("Aisha", "Rahman"),
    child("Aysha", "Rahman"),
    ChildBand::Possible
)]
#[case::twins_numbered(
    with_nhs(NUMBER, child("Orla", "Fenwick")),
    with_nhs(OTHER_NUMBER, child("Niamh", "Fenwick")),
    ChildBand::Different
)]
#[case::sibling_of_the_same_name(child("Orla", "Fenwick"), born(date!(2021 - 05 - 06), child("Orla", "Fenwick")), ChildBand::Different)]
#[case::stranger(child("Orla", "Fenwick"), child("Orla", "Marsh"), ChildBand::Different)]
fn decides_hard_cases(
    #[case] a: PersonDetails,
    #[case] b: PersonDetails,
    #[case] expected: ChildBand,
) {
    assert_eq!(same_child(&a, &b).band, expected);
    assert_eq!(same_child(&a, &b), same_child(&b, &a), "symmetry");
}

#[test]
fn twin_has_its_own_evidence_code() {
    let codes: Vec<_> = same_child(&child("Orla", "Fenwick"), &child("Niamh", "Fenwick")).evidence;
    assert!(
        codes
            .iter()
            .any(|evidence| evidence.code == EvidenceCode::Twin)
    );
}

#[test]
fn pupil_number_counts_like_nhs_number() {
    let upn = |child| PersonDetails {
        upn: Some(Upn::parse("B801200005001").unwrap()),
        ..child
    };
    let (a, b) = (upn(child("Orla", "Fenwick")), upn(child("Orla", "Fenwick")));
    assert_eq!(same_child(&a, &b).band, ChildBand::Match);
    let with_two_nhs_numbers = same_child(&with_nhs(NUMBER, a), &with_nhs(OTHER_NUMBER, b));
    assert_eq!(with_two_nhs_numbers.band, ChildBand::Possible);
}

#[test]
fn known_as_name_is_compared() {
    let mut renamed = with_nhs(NUMBER, child("Rosalind", "Fenwick"));
    renamed.other_names.push(PersonName {
        given: "Orla".into(),
        family: None,
    });
    assert_eq!(
        same_child(&renamed, &with_nhs(NUMBER, child("Orla", "Fenwick"))).band,
        ChildBand::Match
    );
}

#[test]
fn unborn_baby_with_childs_number_matches() {
    let mut unborn = with_nhs(NUMBER, child("Unborn baby", "Fenwick"));
    unborn.birth = Some(BirthDate {
        date: date!(2019 - 03 - 20),
        expected: true,
    });
    assert_eq!(
        same_child(&unborn, &with_nhs(NUMBER, child("Orla", "Fenwick"))).band,
        ChildBand::Match
    );
}

//! Dates of birth and addresses.

use linkage::{AddressFacts, PersonFacts, ReasonCode, same_person};
use rstest::rstest;
use time::Date;
use time::macros::date;

use super::{born, child, children, expected, has_reason};

#[rstest]
#[case(Date::MIN)]
#[case(Date::MAX)]
#[case(date!(1890 - 01 - 01))]
#[case(date!(2190 - 12 - 31))]
fn implausible_births_are_compared_without_panic(#[case] day: Date) {
    let odd = born(day, child("a", "Orla", "Fenwick"));
    let decision = same_person(&odd, &child("b", "Orla", "Fenwick"));
    assert_eq!(decision, same_person(&child("b", "Orla", "Fenwick"), &odd));
    assert!(
        !same_person(&expected(day, odd.clone()), &odd)
            .evidence
            .is_empty()
    );
}

#[test]
fn different_years_of_birth_are_no_typing_error() {
    let records = [
        born(date!(2014 - 01 - 01), child("a", "Mohammed", "Rahman")),
        born(date!(2019 - 01 - 01), child("b", "Mohammed", "Rahman")),
    ];
    assert_eq!(children(&records).len(), 2);
}

#[test]
fn reads_postcode_from_address_lines() {
    let written = |key, lines: &str| PersonFacts {
        addresses: vec![AddressFacts {
            lines: lines.into(),
            ..AddressFacts::default()
        }],
        ..child(key, "Rosalind", "Fenwick")
    };
    let decision = same_person(
        &written("a", "7 Larkspur Close, Marlow, ZZ9 9ZZ"),
        &child("b", "Rosalind", "Fenwick"),
    );
    assert!(has_reason(&decision, ReasonCode::HouseSame), "{decision:?}");
}

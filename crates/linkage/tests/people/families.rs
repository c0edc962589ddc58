//! Which children are one family.

use std::collections::BTreeSet;

use domain::RelationshipKind;
use linkage::{AddressFacts, PersonFacts, RelationFacts};
use rstest::rstest;
use time::macros::date;

use super::{
    BIRTHDAY, born, child, children, families, father, home, living_at, mother, relation, with,
};

#[test]
fn siblings_are_a_family_and_cousins_are_not() {
    let aisha = child("a", "Aisha", "Rahman");
    let bilal = born(date!(2015 - 02 - 03), child("b", "Bilal", "Rahman"));
    let zara = born(date!(2012 - 02 - 03), child("c", "Zara", "Khan"));
    let cousin = living_at("12 Beacon Road", "ZZ8 1AA", mother("Nadia", "Khan", zara));
    let records = [
        mother("Sabina", "Rahman", aisha),
        mother("Sabina", "Rahman", bilal),
        cousin,
    ];
    let expected: BTreeSet<BTreeSet<String>> = [vec!["a", "b"], vec!["c"]]
        .into_iter()
        .map(|f| f.into_iter().map(str::to_owned).collect())
        .collect();
    assert_eq!(families(&records), expected);
}

#[test]
fn half_sibling_named_with_birthday_is_family() {
    let half = RelationFacts {
        birth: Some(date!(2012 - 01 - 02)),
        ..relation(RelationshipKind::HalfSiblingOf, "Zara", "Bell")
    };
    let zara = born(date!(2012 - 01 - 02), child("b", "Zara", "Bell"));
    let records = [
        with(half, child("a", "Ali", "Rahmani")),
        living_at("7 Oak Road", "ZZ5 9PQ", zara),
    ];
    assert!(families(&records).iter().any(|family| family.len() == 2));
}

#[test]
fn half_sister_named_with_birthday_joins_two_households() {
    let sister = RelationFacts {
        birth: Some(BIRTHDAY),
        ..relation(RelationshipKind::HalfSiblingOf, "Aisha", "Malik")
    };
    let brother = born(date!(2014 - 08 - 09), child("b", "Yusuf", "Malik"));
    let brother = living_at("12 Beacon Road", "ZZ8 1AA", brother);
    let records = [
        mother("Sabina", "Rahman", child("a", "Aisha", "Malik")),
        with(sister, mother("Nadia", "Khan", brother)),
    ];
    assert_eq!(families(&records).len(), 1);
}

#[test]
fn child_can_belong_to_mothers_and_fathers_family() {
    let of_imran = |record| father("Imran", "Malik", Some(date!(1985 - 06 - 07)), record);
    let bilal = born(date!(2012 - 02 - 03), child("m", "Bilal", "Rahman"));
    let zainab = born(date!(2014 - 08 - 09), child("a", "Zainab", "Malik"));
    let yusuf = living_at("12 Beacon Road", "ZZ8 1AA", child("f", "Yusuf", "Malik"));
    let records = [
        mother("Sabina", "Rahman", bilal),
        of_imran(mother("Sabina", "Rahman", zainab)),
        of_imran(mother("Nadia", "Khan", yusuf)),
    ];
    let found = families(&records);
    let family = |keys: [&str; 2]| keys.map(str::to_owned).into_iter().collect::<BTreeSet<_>>();
    assert!(
        found.contains(&family(["a", "m"])) && found.contains(&family(["a", "f"])),
        "{found:?}"
    );
}

#[test]
fn children_of_two_mothers_in_one_house_are_one_family_only_through_father() {
    let bilal = born(date!(2016 - 11 - 30), child("b", "Bilal", "Khan"));
    let records = [
        mother("Sabina", "Rahman", child("a", "Aisha", "Khan")),
        mother("Nadia", "Ollerton", bilal),
    ];
    assert_eq!(families(&records).len(), 2, "cousins");
    let of_imran = |record| father("Imran", "Khan", Some(date!(1985 - 06 - 07)), record);
    assert!(
        families(&records.map(of_imran))
            .iter()
            .any(|family| family.len() == 2)
    );
}

#[rstest]
#[case::name_and_birthday(true, 1)]
#[case::name_alone(false, 2)]
fn fathers_name_alone_does_not_join_two_households(
    #[case] birthday: bool,
    #[case] expected: usize,
) {
    let birth = birthday.then_some(date!(1985 - 06 - 07));
    let of_mohammed = |record| father("Mohammed", "Khan", birth, record);
    let yusuf = born(date!(2014 - 08 - 09), child("b", "Yusuf", "Khan"));
    let yusuf = living_at("12 Beacon Road", "ZZ8 1AA", yusuf);
    let records = [
        of_mohammed(mother("Sabina", "Rahman", child("a", "Aisha", "Khan"))),
        of_mohammed(mother("Nadia", "Malik", yusuf)),
    ];
    assert_eq!(families(&records).len(), expected);
}

#[test]
fn unmatched_record_stays_in_its_family() {
    let of = |record: PersonFacts| mother("Sabina", "Fenwick", record);
    let unlike = of(born(date!(2016 - 11 - 30), child("c", "Wrenna", "Fenwick")));
    let records = [
        of(child("a", "Rosalind", "Fenwick")),
        of(child("b", "Rosalind", "Fenwick")),
        unlike,
    ];
    assert_eq!(children(&records).len(), 2);
    assert_eq!(families(&records).len(), 1);
}

#[test]
fn residents_of_a_hostel_are_no_family() {
    let names = [
        "Fenwick", "Rahman", "Okafor", "Kowalski", "Doherty", "Singh",
    ];
    let records: Vec<PersonFacts> = (0_u8..)
        .zip(names)
        .map(|(n, family)| {
            let age_difference = time::Duration::days(i64::from(n) * 97);
            let birthday = date!(2015 - 01 - 05).saturating_add(age_difference);
            let record = born(birthday, child(family, family, family));
            living_at("3 Chapel Street", "ZZ9 3AB", record)
        })
        .collect();
    assert_eq!(families(&records).len(), records.len());
}

#[test]
fn later_tenant_is_no_relative() {
    let lived = |from, until| AddressFacts {
        from,
        until,
        ..home("7 Larkspur Close", "ZZ9 9ZZ")
    };
    let before = lived(Some(date!(2010 - 01 - 01)), Some(date!(2014 - 06 - 30)));
    let after = lived(Some(date!(2015 - 01 - 01)), None);
    let records = [
        PersonFacts {
            addresses: vec![before],
            ..child("a", "Aisha", "Rahman")
        },
        PersonFacts {
            addresses: vec![after],
            ..born(date!(2012 - 08 - 09), child("b", "Oscar", "Fenwick"))
        },
    ];
    assert_eq!(families(&records).len(), 2);
}

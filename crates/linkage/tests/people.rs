//! Same child and same family among many records: the hard cases, and what must hold of any input.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test fixtures")]

use std::collections::BTreeSet;

use domain::{BirthDate, PersonName, RelationshipKind, Sensitive, Sex};
use linkage::{
    AddressFacts, ChildBand, PersonFacts, Population, ReasonCode, RelationFacts, blocking_keys, cluster_children,
    cluster_families, same_person,
};
use proptest::prelude::*;
use rstest::rstest;
use time::Date;
use time::macros::date;

const NUMBER: &str = "9991000003";
const OTHER_NUMBER: &str = "9991000038";
const BIRTHDAY: Date = date!(2019 - 03 - 14);

fn child(key: &str, given: &str, family: &str) -> PersonFacts {
    PersonFacts {
        names: vec![PersonName { given: given.into(), family: Some(family.into()) }],
        birth: Some(BirthDate { date: BIRTHDAY, expected: false }),
        addresses: vec![home("7 Larkspur Close", "ZZ9 9ZZ")],
        agency: key.to_owned(),
        ..PersonFacts::new(key)
    }
}

fn home(lines: &str, postcode: &str) -> AddressFacts {
    AddressFacts { lines: lines.into(), postcode: Some(postcode.into()), from: None, until: None }
}

fn nhs(number: &str, record: PersonFacts) -> PersonFacts {
    PersonFacts { nhs_number: Some(number.into()), ..record }
}

fn sex(sex: Sex, record: PersonFacts) -> PersonFacts {
    PersonFacts { sex, ..record }
}

fn born(date: Date, record: PersonFacts) -> PersonFacts {
    PersonFacts { birth: Some(BirthDate { date, expected: false }), ..record }
}

fn expected(date: Date, record: PersonFacts) -> PersonFacts {
    PersonFacts { birth: Some(BirthDate { date, expected: true }), ..record }
}

fn relation(kind: RelationshipKind, given: &str, family: &str) -> RelationFacts {
    let name = PersonName { given: given.into(), family: Some(family.into()) };
    RelationFacts { kind, name, birth: None, nhs_number: None, reference: None }
}

fn with(relation: RelationFacts, mut record: PersonFacts) -> PersonFacts {
    record.relations.push(relation);
    record
}

fn mother(given: &str, family: &str, record: PersonFacts) -> PersonFacts {
    with(relation(RelationshipKind::MotherOf, given, family), record)
}

/// The children found, each as the set of its records' keys.
fn children(records: &[PersonFacts]) -> BTreeSet<BTreeSet<&str>> {
    let found = cluster_children(records, Population::Families, 2);
    found.clusters.iter().map(|c| c.members.iter().map(|m| records[*m].key.as_str()).collect()).collect()
}

/// Each question as the keys it is about.
fn questions(records: &[PersonFacts]) -> BTreeSet<BTreeSet<&str>> {
    let found = cluster_children(records, Population::Families, 2);
    found.questions.iter().map(|q| [q.one, q.other].into_iter().map(|m| records[m].key.as_str()).collect()).collect()
}

/// The families found, each as the set of its children's first keys.
fn families(records: &[PersonFacts]) -> BTreeSet<BTreeSet<String>> {
    let found = cluster_children(records, Population::Families, 2);
    let key = |c: usize| found.clusters[c].members.iter().map(|m| records[*m].key.clone()).min().unwrap();
    let families = cluster_families(records, &found.clusters);
    families.iter().map(|family| family.children.iter().map(|c| key(*c)).collect()).collect()
}

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
fn one_child_whatever_it_is_called(#[case] g1: &str, #[case] f1: &str, #[case] g2: &str, #[case] f2: &str) {
    let decision = same_person(&child("a", g1, f1), &child("b", g2, f2));
    assert_eq!(decision.band, ChildBand::Match, "{decision:?}");
}

#[rstest]
#[case::twins("Aisha", "Bilal")]
#[case::twins_that_look_alike("Jayden", "Hayden")]
#[case::one_letter_apart("Eva", "Ava")]
#[case::ella_and_emma("Ella", "Emma")]
#[case::hassan_and_hussain("Hassan", "Hussain")]
#[case::mohammeds("Mohammed Ali", "Mohammed Hassan")]
fn twins_share_everything_but_the_name(#[case] one: &str, #[case] other: &str) {
    let twins = [child("a", one, "Rahman"), child("b", other, "Rahman")].map(|t| mother("Sabina", "Rahman", t));
    let decision = same_person(&twins[0], &twins[1]);
    assert_eq!(decision.band, ChildBand::Different, "{decision:?}");
    assert!(decision.evidence.iter().any(|reason| reason.code == ReasonCode::Twin));
    assert_eq!(children(&twins).len(), 2);
}

#[test]
fn two_spellings_of_one_name_are_two_twins_when_each_has_a_number() {
    let twins = [nhs(NUMBER, child("a", "Aisha", "Rahman")), nhs(OTHER_NUMBER, child("b", "Aysha", "Rahman"))];
    assert_eq!(same_person(&twins[0], &twins[1]).band, ChildBand::Different);
    let third = child("c", "Aisha", "Rahman");
    let records = [twins[0].clone(), twins[1].clone(), third];
    assert!(children(&records).iter().all(|one| !(one.contains("a") && one.contains("b"))));
}

#[test]
fn a_named_twin_is_not_merged_into_the_record_that_names_it() {
    let aisha = with(relation(RelationshipKind::TwinOf, "Aysha", "Rahman"), child("a", "Aisha", "Rahman"));
    assert_eq!(same_person(&aisha, &child("b", "Aysha", "Rahman")).band, ChildBand::Different);
}

#[test]
fn one_number_with_two_names_goes_to_a_person() {
    let decision =
        same_person(&nhs(NUMBER, child("a", "Orla", "Fenwick")), &nhs(NUMBER, child("b", "Tomasz", "Fenwick")));
    assert_eq!(decision.band, ChildBand::Possible);
    assert!(decision.evidence.iter().any(|reason| reason.code == ReasonCode::NumberOfAnother));
}

#[test]
fn a_baby_without_a_name_is_asked_about_when_there_are_twins() {
    let records = [child("a", "Aisha", "Rahman"), child("b", "Bilal", "Rahman"), child("c", "Baby", "Rahman")];
    assert_eq!(children(&records).len(), 3);
    assert!(questions(&records).iter().any(|question| question.contains("c")));
    assert_eq!(children(&records[1..]).len(), 1, "without a twin it is plain");
}

#[test]
fn an_unborn_baby_becomes_the_born_child_when_that_is_plain() {
    let unborn =
        mother("Sabina", "Rahman", expected(date!(2019 - 03 - 20), child("a", "Unborn baby of Sabina", "Rahman")));
    let born_child = mother("Sabina", "Rahman", child("b", "Aisha", "Miah"));
    assert_eq!(children(&[unborn.clone(), born_child.clone()]).len(), 1);
    let older = mother("Sabina", "Rahman", born(date!(2017 - 05 - 02), child("b", "Aisha", "Miah")));
    assert_eq!(children(&[unborn.clone(), older]).len(), 2, "an older sibling is not the baby");
    let twin = mother("Sabina", "Rahman", child("c", "Bilal", "Miah"));
    assert_eq!(children(&[unborn, born_child, twin]).len(), 3, "of twins, which one it was is asked");
}

#[test]
fn first_and_second_twin_stay_apart_before_birth() {
    let twin = |key, name| mother("Sabina", "Rahman", expected(BIRTHDAY, child(key, name, "Rahman")));
    assert_eq!(children(&[twin("a", "UBB twin 1"), twin("b", "UBB Twin 2")]).len(), 2);
    assert_eq!(
        children(&[twin("a", "UBB twin 1"), twin("b", "Unborn twin one")]).len(),
        2,
        "even one twin is asked about"
    );
}

#[test]
fn evidence_repeats_nothing_of_a_record() {
    let a = mother("Sabina", "Rahman", nhs(NUMBER, child("a", "Aisha", "Rahman")));
    let words: Vec<&str> = same_person(&a, &a.clone()).evidence.iter().map(|reason| reason.words()).collect();
    for value in ["Aisha", "Rahman", "Sabina", NUMBER, "2019", "Larkspur", "ZZ9"] {
        assert!(words.iter().all(|words| !words.contains(value)), "{value}");
    }
}

#[test]
fn brothers_and_sisters_are_a_family_and_neighbours_are_not() {
    let mut cousin = mother("Nadia", "Khan", born(date!(2012 - 02 - 03), child("c", "Zara", "Khan")));
    cousin.addresses = vec![home("12 Beacon Road", "ZZ8 1AA")];
    let records = [
        mother("Sabina", "Rahman", child("a", "Aisha", "Rahman")),
        mother("Sabina", "Rahman", born(date!(2015 - 02 - 03), child("b", "Bilal", "Rahman"))),
        cousin,
    ];
    let expected: BTreeSet<BTreeSet<String>> =
        [vec!["a", "b"], vec!["c"]].into_iter().map(|f| f.into_iter().map(str::to_owned).collect()).collect();
    assert_eq!(families(&records), expected);
}

#[test]
fn a_child_can_belong_to_its_mothers_and_its_fathers_family() {
    let father = |record| {
        let relation = RelationFacts {
            birth: Some(date!(1985 - 06 - 07)),
            ..relation(RelationshipKind::FatherOf, "Imran", "Malik")
        };
        with(relation, record)
    };
    let at = |lines: &str, postcode: &str, record: PersonFacts| PersonFacts {
        addresses: vec![home(lines, postcode)],
        ..record
    };
    let half = born(date!(2014 - 08 - 09), child("a", "Zainab", "Malik"));
    let records = [
        mother("Sabina", "Rahman", born(date!(2012 - 02 - 03), child("m", "Bilal", "Rahman"))),
        father(mother("Sabina", "Rahman", half)),
        father(mother("Nadia", "Khan", at("12 Beacon Road", "ZZ8 1AA", child("f", "Yusuf", "Malik")))),
    ];
    let found = families(&records);
    let family = |keys: [&str; 2]| keys.map(str::to_owned).into_iter().collect::<BTreeSet<_>>();
    assert!(found.contains(&family(["a", "m"])) && found.contains(&family(["a", "f"])), "{found:?}");
}

#[test]
fn a_hostel_is_no_family() {
    let names = ["Fenwick", "Rahman", "Okafor", "Kowalski", "Doherty", "Singh"];
    let records: Vec<PersonFacts> = (0_u8..)
        .zip(names)
        .map(|(n, family)| {
            let record = born(
                date!(2015 - 01 - 05).saturating_add(time::Duration::days(i64::from(n) * 97)),
                child(family, family, family),
            );
            PersonFacts { addresses: vec![home("3 Chapel Street", "ZZ9 3AB")], ..record }
        })
        .collect();
    assert_eq!(families(&records).len(), records.len());
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
fn odd_names_neither_panic_nor_make_a_match_of_strangers(#[case] name: &str) {
    let odd = PersonFacts { addresses: Vec::new(), ..child("a", name, name) };
    let other = PersonFacts { addresses: Vec::new(), ..born(date!(2008 - 07 - 30), child("b", "Orla", "Fenwick")) };
    assert_eq!(same_person(&odd, &other).band, ChildBand::Different);
    assert_eq!(children(&[odd.clone(), other]).len(), 2);
    assert!(blocking_keys(&odd).len() < 40);
}

#[rstest]
#[case(Date::MIN)]
#[case(Date::MAX)]
#[case(date!(1890 - 01 - 01))]
#[case(date!(2190 - 12 - 31))]
fn impossible_births_are_weighed_without_panic(#[case] day: Date) {
    let odd = born(day, child("a", "Orla", "Fenwick"));
    let decision = same_person(&odd, &child("b", "Orla", "Fenwick"));
    assert_eq!(decision, same_person(&child("b", "Orla", "Fenwick"), &odd));
    assert!(!same_person(&expected(day, odd.clone()), &odd).evidence.is_empty());
}

#[test]
fn blocking_keys_tell_no_spelling_and_are_the_same_for_the_same_record() {
    let keys = blocking_keys(&child("a", "Rosalind", "Fenwick"));
    assert_eq!(keys, blocking_keys(&child("z", "ROSALIND", "fenwick")).into_iter().collect::<Vec<_>>());
    assert!(keys.iter().all(|(_, key)| !key.to_lowercase().contains("rosalind")));
    assert!(blocking_keys(&PersonFacts::new("nothing")).is_empty());
}

fn spelt(one: &str, other: &str) -> [PersonFacts; 2] {
    [child("a", one, "Rahman"), child("b", other, "Rahman")].map(|c| mother("Sabina", "Rahman", c))
}

#[rstest]
#[case::two_spellings("Aisha", "Aysha")]
#[case::one_letter("Zayn", "Zain")]
fn two_spellings_are_one_child_unless_something_speaks_of_a_twin(#[case] one: &str, #[case] other: &str) {
    let records = spelt(one, other);
    assert_eq!(children(&records).len(), 1);
    let twin = |record: &PersonFacts| with(relation(RelationshipKind::TwinOf, other, "Rahman"), record.clone());
    assert_eq!(children(&[twin(&records[0]), records[1].clone()]).len(), 2, "a record names the twin");
    let numbers = [nhs(NUMBER, records[0].clone()), nhs(OTHER_NUMBER, records[1].clone())];
    assert_eq!(children(&numbers).len(), 2, "two numbers");
    let at_one_school = |record: &PersonFacts, reference: &str| PersonFacts {
        agency: "school".into(),
        reference: Some(reference.into()),
        ..record.clone()
    };
    let together = [at_one_school(&records[0], "P1"), at_one_school(&records[1], "P2")];
    assert_eq!(children(&together).len(), 2, "two names at one school");
}

#[test]
fn a_slip_of_another_name_is_that_name() {
    let records = spelt("Hassann", "Hussain");
    assert_ne!(same_person(&records[0], &records[1]).band, ChildBand::Match);
    assert_eq!(children(&records).len(), 2);
}

#[rstest]
#[case::twins("Amelia-Rose", "Amelia-Rae")]
#[case::joined("Bobby-Lee", "Bobby-John")]
fn names_of_two_parts_are_told_apart_by_the_second(#[case] one: &str, #[case] other: &str) {
    assert_eq!(children(&spelt(one, other)).len(), 2);
    assert_eq!(children(&spelt(one, one)).len(), 1);
}

#[test]
fn one_bad_record_throws_out_no_other() {
    let good = |key, given| nhs(NUMBER, sex(Sex::Female, child(key, given, "Fenwick")));
    let wrong_sex = sex(Sex::Male, child("d", "Immy", "Fenwick"));
    let records =
        [good("a", "Imogen"), good("b", "Imogen"), sex(Sex::Female, child("c", "Immy", "Fenwick")), wrong_sex];
    assert_eq!(children(&records).len(), 1);
    assert!(questions(&records).is_empty());
}

#[test]
fn a_record_sent_several_times_weighs_once() {
    let wrong = |key: &str| PersonFacts {
        agency: "school".into(),
        ..sex(Sex::Male, born(date!(2019 - 04 - 13), child(key, "Imogen", "Fenwick")))
    };
    let right = |key| nhs(NUMBER, sex(Sex::Female, child(key, "Imogen", "Fenwick")));
    let once = [right("a"), right("b"), wrong("c")];
    let often = [right("a"), right("b"), wrong("c"), wrong("d"), wrong("e"), wrong("f")];
    assert_eq!(children(&once).len(), children(&often).len());
}

#[test]
fn two_numbers_that_are_both_right_are_asked_about_at_most() {
    let records =
        [nhs(NUMBER, child("a", "Rosalind", "Fenwick")), nhs(OTHER_NUMBER, child("b", "Rosalind", "Fenwick"))];
    let records = records.map(|record| mother("Sabina", "Fenwick", record));
    assert_eq!(children(&records).len(), 2);
    assert_eq!(questions(&records).len(), 1);
    let between = mother("Sabina", "Fenwick", child("c", "Rosalind", "Fenwick"));
    let [a, b] = records;
    assert!(!children(&[a, b, between]).iter().any(|one| one.contains("a") && one.contains("b")), "nor by a third");
}

#[test]
fn one_number_under_two_spellings_is_joined_and_not_asked() {
    let [a, b] = spelt("Oluwaseun", "Oliwaseun").map(|record| nhs(NUMBER, record));
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
fn words_in_a_number_are_missing_values(#[case] word: &str) {
    let one = nhs(word, born(date!(2014 - 05 - 02), child("a", "Orla", "Fenwick")));
    let other = PersonFacts { addresses: Vec::new(), ..nhs(word, child("b", "Tomasz", "Adeyemi")) };
    assert_eq!(same_person(&one, &other).band, ChildBand::Different);
    assert!(questions(&[one.clone(), other.clone()]).is_empty());
    assert_eq!(families(&[one, other]).len(), 2);
}

#[test]
fn a_record_without_a_birthday_joins_no_two_children() {
    let named = |key, record: PersonFacts| PersonFacts { key, ..mother("Sabina", "Rahman", record) };
    let undated = PersonFacts { birth: None, ..child("c", "Mohammed", "Rahman") };
    let records = [
        named("a".to_owned(), born(date!(2014 - 01 - 20), child("a", "Mohammed", "Rahman"))),
        named("b".to_owned(), born(date!(2019 - 07 - 02), child("b", "Mohammed", "Rahman"))),
        named("c".to_owned(), undated),
    ];
    assert!(!children(&records).iter().any(|one| one.contains("a") && one.contains("b")));
    assert!(questions(&records).len() <= 2);
}

#[test]
fn two_mothers_of_one_name_expect_two_babies() {
    let baby = |key, day, lines, postcode| PersonFacts {
        addresses: vec![home(lines, postcode)],
        ..mother("Sabina", "Rahmani", expected(day, child(key, "Baby", "Rahmani")))
    };
    let here = baby("a", date!(2024 - 05 - 02), "7 Larkspur Close", "ZZ9 9ZZ");
    let there = baby("b", date!(2024 - 05 - 09), "31 Tannery Row", "ZZ1 4QP");
    assert_eq!(children(&[here.clone(), there]).len(), 2);
    let same_home = baby("c", date!(2024 - 05 - 09), "7 Larkspur Close", "ZZ9 9ZZ");
    assert_eq!(children(&[here, same_home]).len(), 1);
}

#[rstest]
#[case::surname_for_given("Fenwick", "Fenwick")]
#[case::alone("Fenwick", "")]
fn a_surname_in_the_given_name_field_is_no_given_name(#[case] given: &str, #[case] family: &str) {
    let mut record = mother("Sabina", "Fenwick", child("b", given, family));
    record.names[0].family = Some(family.into()).filter(|_| !family.is_empty());
    let decision = same_person(&mother("Sabina", "Fenwick", child("a", "Rosalind", "Fenwick")), &record);
    assert!(decision.evidence.iter().any(|reason| reason.code == ReasonCode::GivenNotNamed), "{decision:?}");
    assert_eq!(decision.band, ChildBand::Match);
}

#[test]
fn a_postcode_among_the_lines_is_read() {
    let written = |key, lines: &str| PersonFacts {
        addresses: vec![AddressFacts { lines: lines.into(), ..AddressFacts::default() }],
        ..child(key, "Rosalind", "Fenwick")
    };
    let decision = same_person(&written("a", "7 Larkspur Close, Marlow, ZZ9 9ZZ"), &child("b", "Rosalind", "Fenwick"));
    assert!(decision.evidence.iter().any(|reason| reason.code == ReasonCode::HouseSame), "{decision:?}");
}

#[test]
fn a_record_that_is_not_recognised_stays_in_its_family() {
    let of = |record: PersonFacts| mother("Sabina", "Fenwick", record);
    let unlike = of(born(date!(2016 - 11 - 30), child("c", "Wrenna", "Fenwick")));
    let records = [of(child("a", "Rosalind", "Fenwick")), of(child("b", "Rosalind", "Fenwick")), unlike];
    assert_eq!(children(&records).len(), 2);
    assert_eq!(families(&records).len(), 1);
}

#[test]
fn children_of_two_mothers_in_one_house_are_one_family_only_through_a_father() {
    let records = [
        mother("Sabina", "Rahman", child("a", "Aisha", "Khan")),
        mother("Nadia", "Ollerton", born(date!(2016 - 11 - 30), child("b", "Bilal", "Khan"))),
    ];
    assert_eq!(families(&records).len(), 2, "cousins");
    let father = |record: PersonFacts| {
        let birth = Some(date!(1985 - 06 - 07));
        with(RelationFacts { birth, ..relation(RelationshipKind::FatherOf, "Imran", "Khan") }, record)
    };
    assert!(families(&records.map(father)).iter().any(|family| family.len() == 2));
}

#[test]
fn two_years_of_birth_are_no_slip_of_one_digit() {
    let records = [
        born(date!(2014 - 01 - 01), child("a", "Mohammed", "Rahman")),
        born(date!(2019 - 01 - 01), child("b", "Mohammed", "Rahman")),
    ];
    assert_eq!(children(&records).len(), 2);
}

#[test]
fn a_third_record_brings_no_two_names_together() {
    let records =
        [child("a", "Imogen Rose", "Fenwick"), child("b", "Olivia Rose", "Fenwick"), child("c", "Rose", "Fenwick")];
    assert!(!children(&records).iter().any(|one| one.contains("a") && one.contains("b")));
}

#[rstest]
#[case::second_names("Mohammed Hassan", "Mohammed Hussain")]
#[case::spellings("Ayaan", "Ayan")]
fn two_names_at_one_agency_are_not_joined(#[case] one: &str, #[case] other: &str) {
    let at = |key: &str, name: &str, agency: &str| PersonFacts { agency: agency.into(), ..child(key, name, "Rahmani") };
    let records = [at("a", one, "hv"), at("b", other, "hv"), at("c", one, "gp"), at("d", other, "gp")];
    assert!(!children(&records).iter().any(|found| found.contains("a") && found.contains("b")));
}

#[test]
fn neighbours_and_placeholders_are_no_evidence_for_a_baby() {
    let baby = |key, lines: &str, postcode: &str, born: Option<Date>| {
        let mother = RelationFacts { birth: born, ..relation(RelationshipKind::MotherOf, "Sabina", "Rahmani") };
        let record = expected(date!(2024 - 05 - 02), child(key, "Baby", "Rahmani"));
        PersonFacts { addresses: vec![home(lines, postcode)], ..with(mother, record) }
    };
    let neighbours = [baby("a", "12 Mill Lane", "ZZ1 1AA", None), baby("b", "31 Mill Lane", "ZZ1 1AA", None)];
    assert_eq!(children(&neighbours).len(), 2);
    let placeholder = Some(date!(1900 - 01 - 01));
    let far = [baby("a", "12 Mill Lane", "ZZ1 1AA", placeholder), baby("b", "7 Oak Road", "ZZ5 9PQ", placeholder)];
    assert_eq!(children(&far).len(), 2);
}

#[test]
fn a_half_sibling_named_with_the_birthday_is_family_in_another_household() {
    let half = RelationFacts {
        birth: Some(date!(2012 - 01 - 02)),
        ..relation(RelationshipKind::HalfSiblingOf, "Zara", "Bell")
    };
    let records = [
        with(half, child("a", "Ali", "Rahmani")),
        PersonFacts {
            addresses: vec![home("7 Oak Road", "ZZ5 9PQ")],
            ..born(date!(2012 - 01 - 02), child("b", "Zara", "Bell"))
        },
    ];
    assert!(families(&records).iter().any(|family| family.len() == 2));
}

#[test]
fn nobody_is_asked_about_one_child_more_than_twice() {
    let records: Vec<PersonFacts> = (0..8_u8)
        .map(|n| PersonFacts {
            birth: None,
            addresses: Vec::new(),
            ..mother(
                "Sabina",
                "Rahman",
                nhs(NUMBER, child(&n.to_string(), ["Aisha", "Noor"][usize::from(n % 2)], "Rahman")),
            )
        })
        .collect();
    let mut about: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    let asked = questions(&records);
    asked.iter().flatten().for_each(|key| *about.entry(key).or_default() += 1);
    assert!(about.values().all(|count| *count <= 2), "{asked:?}");
}

#[test]
fn two_spellings_are_one_child_when_a_number_or_the_named_siblings_say_so() {
    let numbered = [nhs(NUMBER, child("a", "Aisha", "Rahman")), nhs(NUMBER, child("b", "Aysha", "Rahman"))];
    assert_eq!(children(&numbered).len(), 1);
    let named = [with(relation(RelationshipKind::SiblingOf, "Bilal", "Rahman"), child("a", "Aisha", "Rahman"))];
    let records = [named[0].clone(), child("b", "Aysha", "Rahman")];
    assert_eq!(children(&records).len(), 1, "whoever lists the brothers and sisters would list a twin");
}

#[test]
fn twins_whose_names_both_stand_family_name_first_stay_apart() {
    let records = [child("a", "Winstanley", "Orla"), child("b", "Winstanley", "Rosalind")];
    assert_eq!(children(&records.map(|c| mother("Sabina", "Winstanley", c))).len(), 2);
}

#[test]
fn identical_twin_records_with_one_number_do_not_panic_and_say_why() {
    let twin =
        |key| with(relation(RelationshipKind::TwinOf, "Orla", "Fenwick"), nhs(NUMBER, child(key, "Orla", "Fenwick")));
    let decision = same_person(&twin("a"), &twin("b"));
    assert!(!decision.evidence.is_empty());
    assert_eq!(decision, same_person(&twin("b"), &twin("a")));
}

#[test]
fn a_crowd_of_identical_records_is_one_child_in_proportionate_time() {
    let crowd: Vec<PersonFacts> = (0..3000).map(|n| child(&format!("{n:05}"), "Orla", "Fenwick")).collect();
    let found = cluster_children(&crowd, Population::Families, 2);
    assert_eq!(found.clusters.len(), 1);
    assert_eq!(cluster_families(&crowd, &found.clusters).len(), 1);
}

#[test]
fn the_unborn_baby_is_told_by_its_mother_even_when_the_childs_name_is_spelt_in_two_ways() {
    let unborn = mother("Sabina", "Rahman", expected(BIRTHDAY, child("u", "Unborn", "Rahman")));
    let records = [
        unborn,
        mother("Sabina", "Rahman", child("a", "Aisha", "Miah")),
        mother("Sabina", "Rahman", child("b", "Aysha", "Miah")),
    ];
    let found = children(&records);
    assert!(found.iter().any(|one| one.contains("u") && one.len() == 3), "{found:?}");
}

#[rstest]
#[case::name_and_birthday(true, 1)]
#[case::name_alone(false, 2)]
fn a_fathers_name_alone_joins_no_two_homes(#[case] birthday: bool, #[case] expected: usize) {
    let father = |record| {
        let birth = birthday.then_some(date!(1985 - 06 - 07));
        with(RelationFacts { birth, ..relation(RelationshipKind::FatherOf, "Mohammed", "Khan") }, record)
    };
    let other_home = vec![home("12 Beacon Road", "ZZ8 1AA")];
    let records = [
        father(mother("Sabina", "Rahman", child("a", "Aisha", "Khan"))),
        father(mother(
            "Nadia",
            "Malik",
            PersonFacts { addresses: other_home, ..born(date!(2014 - 08 - 09), child("b", "Yusuf", "Khan")) },
        )),
    ];
    assert_eq!(families(&records).len(), expected);
}

#[test]
fn a_half_sister_named_with_her_birthday_joins_two_homes() {
    let sister = RelationFacts { birth: Some(BIRTHDAY), ..relation(RelationshipKind::HalfSiblingOf, "Aisha", "Malik") };
    let other_home = vec![home("12 Beacon Road", "ZZ8 1AA")];
    let brother = PersonFacts { addresses: other_home, ..born(date!(2014 - 08 - 09), child("b", "Yusuf", "Malik")) };
    let records =
        [mother("Sabina", "Rahman", child("a", "Aisha", "Malik")), with(sister, mother("Nadia", "Khan", brother))];
    assert_eq!(families(&records).len(), 1);
}

#[test]
fn a_later_tenant_is_no_relative() {
    let lived = |from, until| AddressFacts { from, until, ..home("7 Larkspur Close", "ZZ9 9ZZ") };
    let before = lived(Some(date!(2010 - 01 - 01)), Some(date!(2014 - 06 - 30)));
    let after = lived(Some(date!(2015 - 01 - 01)), None);
    let records = [
        PersonFacts { addresses: vec![before], ..child("a", "Aisha", "Rahman") },
        PersonFacts { addresses: vec![after], ..born(date!(2012 - 08 - 09), child("b", "Oscar", "Fenwick")) },
    ];
    assert_eq!(families(&records).len(), 2);
}

const GIVEN: [&str; 8] = ["Aisha", "Aysha", "Bilal", "Orla", "Baby", "Katherine", "Kate", ""];
const FAMILY: [&str; 4] = ["Rahman", "Fenwick", "Khan", "Rahman-Khan"];

prop_compose! {
    fn any_record()(
        given in 0..GIVEN.len(), family in 0..FAMILY.len(), day in 0_i64..4, known in any::<bool>(), house in 0_u8..3,
        number in 0_u8..4, sex in 0_u8..3, agency in 0_u8..3, mothers in 0_usize..3, unborn in 0_u8..8,
    ) -> PersonFacts {
        let mut record = child("", GIVEN[given], FAMILY[family]);
        let date = BIRTHDAY.saturating_add(time::Duration::days(day * 200));
        record.birth = known.then_some(BirthDate { date, expected: unborn == 0 });
        record.addresses = vec![home(&format!("{house} Larkspur Close"), "ZZ9 9ZZ")];
        record.nhs_number = match number { 0 => Some(Sensitive::from(NUMBER)), 1 => Some(OTHER_NUMBER.into()), _ => None };
        record.sex = [Sex::Female, Sex::Male, Sex::NotKnown][usize::from(sex)];
        record.agency = agency.to_string();
        if mothers > 0 {
            record = mother(GIVEN[mothers], "Khan", record);
        }
        record
    }
}

fn keyed(mut records: Vec<PersonFacts>) -> Vec<PersonFacts> {
    for (place, record) in records.iter_mut().enumerate() {
        record.key = format!("r{place}");
        record.reference = Some(format!("ref {place}"));
    }
    records
}

fn unrelated() -> Vec<PersonFacts> {
    let at = |record: PersonFacts| PersonFacts { addresses: vec![home("99 Quarry Lane", "ZZ1 1AA")], ..record };
    vec![
        at(born(date!(2004 - 10 - 11), child("u1", "Wojciech", "Zielinski"))),
        at(born(date!(2006 - 12 - 12), child("u2", "Malgorzata", "Zielinska"))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_order_of_submission_changes_nothing(
        records in prop::collection::vec(any_record(), 0..24).prop_map(keyed),
        shuffle in any::<prop::sample::Index>(), reverse in any::<bool>(),
    ) {
        let mut other = records.clone();
        if !other.is_empty() {
            let at = shuffle.index(other.len());
            other.rotate_left(at);
        }
        if reverse {
            other.reverse();
        }
        prop_assert_eq!(children(&records), children(&other));
        prop_assert_eq!(questions(&records), questions(&other));
        prop_assert_eq!(families(&records), families(&other));
    }

    #[test]
    fn an_unrelated_family_changes_nothing(records in prop::collection::vec(any_record(), 0..24).prop_map(keyed)) {
        let (before, asked, families_before) = (children(&records), questions(&records), families(&records));
        let more: Vec<PersonFacts> = unrelated().into_iter().chain(records.iter().cloned()).collect();
        let old = |key: &str| key.starts_with('r');
        let after: BTreeSet<_> = children(&more).into_iter().filter(|c| c.iter().all(|key| old(key))).collect();
        prop_assert_eq!(before, after);
        prop_assert_eq!(asked, questions(&more).into_iter().filter(|q| q.iter().all(|key| old(key))).collect());
        let after: BTreeSet<_> = families(&more).into_iter().filter(|f| f.iter().all(|key| old(key))).collect();
        prop_assert_eq!(families_before, after);
    }

    #[test]
    fn every_record_is_in_one_child_and_every_child_in_a_family(
        records in prop::collection::vec(any_record(), 0..24).prop_map(keyed),
    ) {
        let found = cluster_children(&records, Population::Families, 1);
        let mut members: Vec<usize> = found.clusters.iter().flat_map(|c| c.members.clone()).collect();
        members.sort_unstable();
        prop_assert_eq!(members, (0..records.len()).collect::<Vec<_>>());
        let families = cluster_families(&records, &found.clusters);
        let in_families: BTreeSet<usize> = families.iter().flat_map(|f| f.children.clone()).collect();
        prop_assert_eq!(in_families, (0..found.clusters.len()).collect::<BTreeSet<_>>());
    }

    #[test]
    fn a_decision_is_the_same_both_ways(a in any_record(), b in any_record()) {
        prop_assert_eq!(same_person(&a, &b), same_person(&b, &a));
    }
}

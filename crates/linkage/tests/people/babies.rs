//! Unborn and unnamed babies.

use domain::RelationshipKind;
use linkage::RelationFacts;
use time::Date;
use time::macros::date;

use super::{
    BIRTHDAY, born, child, children, expected, living_at, mother, questions, relation, with,
};

#[test]
fn unnamed_baby_is_a_question_when_there_are_twins() {
    let records = [
        child("a", "Aisha", "Rahman"),
        child("b", "Bilal", "Rahman"),
        child("c", "Baby", "Rahman"),
    ];
    assert_eq!(children(&records).len(), 3);
    assert!(
        questions(&records)
            .iter()
            .any(|question| question.contains("c"))
    );
    assert_eq!(
        children(&records[1..]).len(),
        1,
        "without a twin it is unambiguous"
    );
}

#[test]
fn unborn_baby_matches_born_child_when_unambiguous() {
    let of_sabina = |record| mother("Sabina", "Rahman", record);
    let unborn = of_sabina(expected(
        date!(2019 - 03 - 20),
        child("a", "Unborn baby of Sabina", "Rahman"),
    ));
    let born_child = of_sabina(child("b", "Aisha", "Miah"));
    assert_eq!(children(&[unborn.clone(), born_child.clone()]).len(), 1);
    let older = of_sabina(born(date!(2017 - 05 - 02), child("b", "Aisha", "Miah")));
    assert_eq!(
        children(&[unborn.clone(), older]).len(),
        2,
        "an older sibling is not the baby"
    );
    let twin = of_sabina(child("c", "Bilal", "Miah"));
    assert_eq!(
        children(&[unborn, born_child, twin]).len(),
        3,
        "with twins it is a question"
    );
}

#[test]
fn unborn_baby_matches_child_with_two_spellings_by_mother() {
    let unborn = expected(BIRTHDAY, child("u", "Unborn", "Rahman"));
    let records = [
        mother("Sabina", "Rahman", unborn),
        mother("Sabina", "Rahman", child("a", "Aisha", "Miah")),
        mother("Sabina", "Rahman", child("b", "Aysha", "Miah")),
    ];
    let found = children(&records);
    assert!(
        found
            .iter()
            .any(|cluster| cluster.contains("u") && cluster.len() == 3),
        "{found:?}"
    );
}

#[test]
fn unborn_twins_stay_apart() {
    let twin = |key, name| {
        let record = expected(BIRTHDAY, child(key, name, "Rahman"));
        mother("Sabina", "Rahman", record)
    };
    assert_eq!(
        children(&[twin("a", "UBB twin 1"), twin("b", "UBB Twin 2")]).len(),
        2
    );
    assert_eq!(
        children(&[twin("a", "UBB twin 1"), twin("b", "Unborn twin one")]).len(),
        2,
        "even the same twin is only a question"
    );
}

#[test]
fn expected_babies_of_mothers_with_same_name_stay_apart() {
    let baby = |key, day, lines, postcode| {
        let record = expected(day, child(key, "Baby", "Rahmani"));
        living_at(lines, postcode, mother("Sabina", "Rahmani", record))
    };
    let here = baby("a", date!(2024 - 05 - 02), "7 Larkspur Close", "ZZ9 9ZZ");
    let there = baby("b", date!(2024 - 05 - 09), "31 Tannery Row", "ZZ1 4QP");
    assert_eq!(children(&[here.clone(), there]).len(), 2);
    let same_home = baby("c", date!(2024 - 05 - 09), "7 Larkspur Close", "ZZ9 9ZZ");
    assert_eq!(children(&[here, same_home]).len(), 1);
}

#[test]
fn neighbours_and_placeholder_births_do_not_match_babies() {
    let baby = |key, lines: &str, postcode: &str, born: Option<Date>| {
        let mother = RelationFacts {
            birth: born,
            ..relation(RelationshipKind::MotherOf, "Sabina", "Rahmani")
        };
        let record = expected(date!(2024 - 05 - 02), child(key, "Baby", "Rahmani"));
        living_at(lines, postcode, with(mother, record))
    };
    let neighbours = [
        baby("a", "12 Mill Lane", "ZZ1 1AA", None),
        baby("b", "31 Mill Lane", "ZZ1 1AA", None),
    ];
    assert_eq!(children(&neighbours).len(), 2);
    let placeholder = Some(date!(1900 - 01 - 01));
    let far = [
        baby("a", "12 Mill Lane", "ZZ1 1AA", placeholder),
        baby("b", "7 Oak Road", "ZZ5 9PQ", placeholder),
    ];
    assert_eq!(children(&far).len(), 2);
}

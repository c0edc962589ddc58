//! Properties of the result for any records.

use std::collections::BTreeSet;

use domain::{BirthDate, Sensitive, Sex};
use linkage::{PersonFacts, Population, cluster_children, cluster_families, same_person};
use proptest::prelude::*;
use time::macros::date;

use super::{
    BIRTHDAY, NUMBER, OTHER_NUMBER, born, child, children, families, home, living_at, mother,
    questions,
};

const GIVEN: [&str; 8] = [
    "Aisha",
    "Aysha",
    "Bilal",
    "Orla",
    "Baby",
    "Katherine",
    "Kate",
    "",
];
const FAMILY: [&str; 4] = ["Rahman", "Fenwick", "Khan", "Rahman-Khan"];

prop_compose! {
    fn any_record()(
        given in 0..GIVEN.len(),
        family in 0..FAMILY.len(),
        day in 0_i64..4,
        known in any::<bool>(),
        house in 0_u8..3,
        number in 0_u8..4,
        sex in 0_u8..3,
        agency in 0_u8..3,
        mothers in 0_usize..3,
        unborn in 0_u8..8,
    ) -> PersonFacts {
        let mut record = child("", GIVEN[given], FAMILY[family]);
        let date = BIRTHDAY.saturating_add(time::Duration::days(day * 200));
        record.birth = known.then_some(BirthDate { date, expected: unborn == 0 });
        record.addresses = vec![home(&format!("{house} Larkspur Close"), "ZZ9 9ZZ")];
        record.nhs_number = match number {
            0 => Some(Sensitive::from(NUMBER)),
            1 => Some(OTHER_NUMBER.into()),
            _ => None,
        };
        record.sex = [Sex::Female, Sex::Male, Sex::NotKnown][usize::from(sex)];
        record.agency = agency.to_string();
        if mothers > 0 {
            record = mother(GIVEN[mothers], "Khan", record);
        }
        record
    }
}

/// Gives each record a key that begins with "r", and a reference.
fn with_keys(mut records: Vec<PersonFacts>) -> Vec<PersonFacts> {
    for (place, record) in records.iter_mut().enumerate() {
        record.key = format!("r{place}");
        record.reference = Some(format!("ref {place}"));
    }
    records
}

/// Two records with keys that begin with "u", of a family that shares nothing with
/// [`any_record`].
fn unrelated_family() -> Vec<PersonFacts> {
    let wojciech = born(date!(2004 - 10 - 11), child("u1", "Wojciech", "Zielinski"));
    let malgorzata = born(
        date!(2006 - 12 - 12),
        child("u2", "Malgorzata", "Zielinska"),
    );
    [wojciech, malgorzata]
        .map(|record| living_at("99 Quarry Lane", "ZZ1 1AA", record))
        .into()
}

fn any_records() -> impl Strategy<Value = Vec<PersonFacts>> {
    prop::collection::vec(any_record(), 0..24).prop_map(with_keys)
}

/// The sets of which all keys are those of [`any_records`].
fn only_original<K: Ord + AsRef<str>>(sets: BTreeSet<BTreeSet<K>>) -> BTreeSet<BTreeSet<K>> {
    sets.into_iter()
        .filter(|keys| keys.iter().all(|key| key.as_ref().starts_with('r')))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn order_of_records_does_not_change_result(
        records in any_records(),
        shuffle in any::<prop::sample::Index>(),
        reverse in any::<bool>(),
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
    fn unrelated_family_does_not_change_result(records in any_records()) {
        let mut more = unrelated_family();
        more.extend(records.iter().cloned());
        prop_assert_eq!(children(&records), only_original(children(&more)));
        prop_assert_eq!(questions(&records), only_original(questions(&more)));
        prop_assert_eq!(families(&records), only_original(families(&more)));
    }

    #[test]
    fn every_record_is_in_one_child_and_every_child_in_a_family(records in any_records()) {
        let found = cluster_children(&records, Population::Families, 1);
        let mut members: Vec<usize> = found
            .clusters
            .iter()
            .flat_map(|cluster| cluster.members.clone())
            .collect();
        members.sort_unstable();
        prop_assert_eq!(members, (0..records.len()).collect::<Vec<_>>());
        let families = cluster_families(&records, &found.clusters);
        let in_families: BTreeSet<usize> = families
            .iter()
            .flat_map(|family| family.children.clone())
            .collect();
        prop_assert_eq!(in_families, (0..found.clusters.len()).collect::<BTreeSet<_>>());
    }

    #[test]
    fn decision_is_symmetric(a in any_record(), b in any_record()) {
        prop_assert_eq!(same_person(&a, &b), same_person(&b, &a));
    }
}

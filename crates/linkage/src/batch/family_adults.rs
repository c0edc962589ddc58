//! Assigns adults with records of their own to families: those whom a child of the family names,
//! and those who name a child of the family as theirs.

use std::collections::{BTreeMap, BTreeSet};

use domain::{PersonKind, RelationshipKind as R};

use crate::child::ChildBand;
use crate::person::{ChildCluster, Family, PersonFacts, RelationFacts, blocking_keys, same_person};

/// The most records read of one person.
const MAX_RECORDS: usize = 16;
/// The most records compared under one key.
const MAX_CANDIDATES: usize = 40;

/// The adults of each family, as indexes of clusters.
pub(super) fn adults_by_family(
    records: &[PersonFacts],
    clusters: &[ChildCluster],
    families: &[Family],
) -> Vec<BTreeSet<usize>> {
    let records_of = |cluster: &ChildCluster| {
        cluster
            .members
            .iter()
            .take(MAX_RECORDS)
            .filter_map(|member| records.get(*member))
            .collect()
    };
    let people: Vec<Vec<&PersonFacts>> = clusters.iter().map(records_of).collect();
    let mut records_by_key: RecordsByKey<'_> = BTreeMap::new();
    for (adult, records) in people
        .iter()
        .enumerate()
        .filter(|(_, records)| is_adult(records))
    {
        for record in records {
            for key in blocking_keys(record) {
                records_by_key.entry(key).or_default().push((adult, record));
            }
        }
    }
    if records_by_key.is_empty() {
        return vec![BTreeSet::new(); families.len()];
    }
    let named_by_child: Vec<BTreeSet<usize>> = people
        .iter()
        .map(|child| adults_named(child, &records_by_key))
        .collect();
    let naming_child = adults_naming(&people);
    let adults = |family: &Family| {
        let sets = family.children.iter().flat_map(|child| {
            let named = named_by_child.get(*child);
            named.into_iter().chain(naming_child.get(child))
        });
        sets.flatten().copied().collect()
    };
    families.iter().map(adults).collect()
}

fn is_adult(records: &[&PersonFacts]) -> bool {
    records
        .first()
        .is_some_and(|facts| facts.kind == PersonKind::Adult)
}

/// Records of adults under their blocking keys, each with the index of the adult's cluster.
type RecordsByKey<'a> = BTreeMap<(&'static str, String), Vec<(usize, &'a PersonFacts)>>;

/// The adults whom a child's records name.
fn adults_named(child: &[&PersonFacts], records_by_key: &RecordsByKey<'_>) -> BTreeSet<usize> {
    let mut adults = BTreeSet::new();
    if is_adult(child) {
        return adults;
    }
    for record in child {
        let relations = record
            .relations
            .iter()
            .filter(|relation| !is_sibling(relation.kind));
        for relation in relations {
            let named_person = relation_as_record(record, relation, PersonKind::Adult);
            let candidates = blocking_keys(&named_person)
                .into_iter()
                .filter_map(|key| records_by_key.get(&key));
            for (adult, other) in
                candidates.flat_map(|candidates| candidates.iter().take(MAX_CANDIDATES))
            {
                if !adults.contains(adult) && may_be_same_person(&named_person, other) {
                    adults.insert(*adult);
                }
            }
        }
    }
    adults
}

/// The adults who name a child as theirs, by child.
fn adults_naming(people: &[Vec<&PersonFacts>]) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut records_by_key: BTreeMap<(&'static str, String), Vec<(usize, PersonFacts)>> =
        BTreeMap::new();
    for (adult, records) in people
        .iter()
        .enumerate()
        .filter(|(_, records)| is_adult(records))
    {
        for record in records {
            for relation in record
                .relations
                .iter()
                .filter(|relation| relation.kind == R::OtherTo)
            {
                let named_person = relation_as_record(record, relation, PersonKind::Child);
                for key in blocking_keys(&named_person) {
                    records_by_key
                        .entry(key)
                        .or_default()
                        .push((adult, named_person.clone()));
                }
            }
        }
    }
    let mut adults_by_child: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let children = people
        .iter()
        .enumerate()
        .filter(|(_, records)| !records_by_key.is_empty() && !is_adult(records));
    for (child, record) in
        children.flat_map(|(child, records)| records.iter().map(move |record| (child, record)))
    {
        let candidates = blocking_keys(record)
            .into_iter()
            .filter_map(|key| records_by_key.get(&key));
        for (adult, named_person) in
            candidates.flat_map(|candidates| candidates.iter().take(MAX_CANDIDATES))
        {
            if may_be_same_person(named_person, record) {
                adults_by_child.entry(child).or_default().insert(*adult);
            }
        }
    }
    adults_by_child
}

const fn is_sibling(kind: R) -> bool {
    matches!(kind, R::SiblingOf | R::HalfSiblingOf | R::TwinOf)
}

/// The other person of a relation as a record of its own, with the addresses of the record that
/// names that person: people named on a record have mostly lived at its addresses too.
fn relation_as_record(
    record: &PersonFacts,
    relation: &RelationFacts,
    kind: PersonKind,
) -> PersonFacts {
    PersonFacts {
        kind,
        agency: record.agency.clone(),
        reference: relation.reference.clone(),
        nhs_number: relation.nhs_number.clone(),
        names: vec![relation.name.clone()],
        birth: relation.birth.map(|date| domain::BirthDate {
            date,
            expected: false,
        }),
        addresses: record.addresses.clone(),
        ..PersonFacts::new(format!("{}\u{1}", record.key))
    }
}

/// Whether two records may be one person. The answer only assigns an adult to a family; no records
/// are merged on it.
fn may_be_same_person(a: &PersonFacts, b: &PersonFacts) -> bool {
    same_person(a, b).band != ChildBand::Different
}

//! Adults who have records of their own, brought to the families whose children name them, or whose children they name.

use std::collections::{BTreeMap, BTreeSet};

use domain::{PersonKind, RelationshipKind as R};

use crate::child::ChildBand;
use crate::person::{ChildCluster, Family, PersonFacts, RelationFacts, blocking_keys, same_person};

/// The most of a person's records that are looked at.
const MOST: usize = 16;
/// The most people compared under one key.
const CROWD: usize = 40;

/// The adults of each family, by their place among the clusters.
pub(super) fn join(records: &[PersonFacts], clusters: &[ChildCluster], families: &[Family]) -> Vec<BTreeSet<usize>> {
    let of =
        |cluster: &ChildCluster| cluster.members.iter().take(MOST).filter_map(|member| records.get(*member)).collect();
    let people: Vec<Vec<&PersonFacts>> = clusters.iter().map(of).collect();
    let mut keys: BTreeMap<(&'static str, String), Vec<(usize, &PersonFacts)>> = BTreeMap::new();
    for (adult, records) in people.iter().enumerate().filter(|(_, records)| is_adult(records)) {
        for record in records {
            for key in blocking_keys(record) {
                keys.entry(key).or_default().push((adult, record));
            }
        }
    }
    if keys.is_empty() {
        return vec![BTreeSet::new(); families.len()];
    }
    let named: Vec<BTreeSet<usize>> = people.iter().map(|child| adults_named(child, &keys)).collect();
    let naming = children_named(&people);
    let adults = |family: &Family| {
        let theirs = family.children.iter().flat_map(|child| named.get(*child).into_iter().chain(naming.get(child)));
        theirs.flatten().copied().collect()
    };
    families.iter().map(adults).collect()
}

fn is_adult(records: &[&PersonFacts]) -> bool {
    records.first().is_some_and(|facts| facts.kind == PersonKind::Adult)
}

type Keyed<'a> = BTreeMap<(&'static str, String), Vec<(usize, &'a PersonFacts)>>;

/// The adults that a child's records name.
fn adults_named(child: &[&PersonFacts], keys: &Keyed<'_>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    if is_adult(child) {
        return found;
    }
    for record in child {
        let adults = record.relations.iter().filter(|relation| !is_sibling(relation.kind));
        for relation in adults {
            let stands_for = stand_in(record, relation, PersonKind::Adult);
            let near = blocking_keys(&stands_for).into_iter().filter_map(|key| keys.get(&key));
            for (adult, other) in near.flat_map(|near| near.iter().take(CROWD)) {
                if !found.contains(adult) && is_one(&stands_for, other) {
                    found.insert(*adult);
                }
            }
        }
    }
    found
}

/// The adults that name a child as theirs, by child.
fn children_named(people: &[Vec<&PersonFacts>]) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut keys: BTreeMap<(&'static str, String), Vec<(usize, PersonFacts)>> = BTreeMap::new();
    for (adult, records) in people.iter().enumerate().filter(|(_, records)| is_adult(records)) {
        for record in records {
            for relation in record.relations.iter().filter(|relation| relation.kind == R::OtherTo) {
                let stands_for = stand_in(record, relation, PersonKind::Child);
                for key in blocking_keys(&stands_for) {
                    keys.entry(key).or_default().push((adult, stands_for.clone()));
                }
            }
        }
    }
    let mut found: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let children = people.iter().enumerate().filter(|(_, records)| !keys.is_empty() && !is_adult(records));
    for (child, record) in children.flat_map(|(child, records)| records.iter().map(move |record| (child, record))) {
        let near = blocking_keys(record).into_iter().filter_map(|key| keys.get(&key));
        for (adult, stands_for) in near.flat_map(|near| near.iter().take(CROWD)) {
            if is_one(stands_for, record) {
                found.entry(child).or_default().insert(*adult);
            }
        }
    }
    found
}

const fn is_sibling(kind: R) -> bool {
    matches!(kind, R::SiblingOf | R::HalfSiblingOf | R::TwinOf)
}

/// The other of a relation as a record: who is named on somebody's record has mostly lived there too.
fn stand_in(record: &PersonFacts, relation: &RelationFacts, kind: PersonKind) -> PersonFacts {
    PersonFacts {
        kind,
        agency: record.agency.clone(),
        reference: relation.reference.clone(),
        nhs_number: relation.nhs_number.clone(),
        names: vec![relation.name.clone()],
        birth: relation.birth.map(|date| domain::BirthDate { date, expected: false }),
        addresses: record.addresses.clone(),
        ..PersonFacts::new(format!("{}\u{1}", record.key))
    }
}

/// Near enough to be looked at in one family: nothing is merged on this.
fn is_one(a: &PersonFacts, b: &PersonFacts) -> bool {
    same_person(a, b).band != ChildBand::Different
}

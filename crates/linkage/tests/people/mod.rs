//! Same child and same family among many records: hard cases, and properties of any input.

mod babies;
mod confidentiality;
mod details;
mod families;
mod identifiers;
mod merging;
mod names;
mod properties;
mod twins;

use std::collections::BTreeSet;

use domain::{BirthDate, PersonName, RelationshipKind, Sex};
use linkage::{
    AddressFacts, PersonDecision, PersonFacts, Population, ReasonCode, RelationFacts,
    cluster_children, cluster_families,
};
use time::Date;
use time::macros::date;

const NUMBER: &str = "9991000003";
const OTHER_NUMBER: &str = "9991000038";
const BIRTHDAY: Date = date!(2019 - 03 - 14);

/// A record of the child with this name, by an agency of its own.
fn child(key: &str, given: &str, family: &str) -> PersonFacts {
    PersonFacts {
        names: vec![PersonName {
            given: given.into(),
            family: Some(family.into()),
        }],
        birth: Some(BirthDate {
            date: BIRTHDAY,
            expected: false,
        }),
        addresses: vec![home("7 Larkspur Close", "ZZ9 9ZZ")],
        agency: key.to_owned(),
        ..PersonFacts::new(key)
    }
}

fn home(lines: &str, postcode: &str) -> AddressFacts {
    AddressFacts {
        lines: lines.into(),
        postcode: Some(postcode.into()),
        from: None,
        until: None,
    }
}

fn living_at(lines: &str, postcode: &str, record: PersonFacts) -> PersonFacts {
    PersonFacts {
        addresses: vec![home(lines, postcode)],
        ..record
    }
}

fn nhs(number: &str, record: PersonFacts) -> PersonFacts {
    PersonFacts {
        nhs_number: Some(number.into()),
        ..record
    }
}

fn sex(sex: Sex, record: PersonFacts) -> PersonFacts {
    PersonFacts { sex, ..record }
}

fn born(date: Date, record: PersonFacts) -> PersonFacts {
    PersonFacts {
        birth: Some(BirthDate {
            date,
            expected: false,
        }),
        ..record
    }
}

/// A record of an unborn child that is expected on this day.
fn expected(date: Date, record: PersonFacts) -> PersonFacts {
    PersonFacts {
        birth: Some(BirthDate {
            date,
            expected: true,
        }),
        ..record
    }
}

fn relation(kind: RelationshipKind, given: &str, family: &str) -> RelationFacts {
    let name = PersonName {
        given: given.into(),
        family: Some(family.into()),
    };
    RelationFacts {
        kind,
        name,
        birth: None,
        nhs_number: None,
        reference: None,
    }
}

fn with(relation: RelationFacts, mut record: PersonFacts) -> PersonFacts {
    record.relations.push(relation);
    record
}

/// The record with a father, with his date of birth where it is known.
fn father(given: &str, family: &str, birth: Option<Date>, record: PersonFacts) -> PersonFacts {
    let father = RelationFacts {
        birth,
        ..relation(RelationshipKind::FatherOf, given, family)
    };
    with(father, record)
}

fn mother(given: &str, family: &str, record: PersonFacts) -> PersonFacts {
    with(relation(RelationshipKind::MotherOf, given, family), record)
}

/// The children found, each as the set of the keys of its records.
fn children(records: &[PersonFacts]) -> BTreeSet<BTreeSet<&str>> {
    let found = cluster_children(records, Population::Families, 2);
    found
        .clusters
        .iter()
        .map(|c| c.members.iter().map(|m| records[*m].key.as_str()).collect())
        .collect()
}

/// Whether the records with these keys are put into one child.
fn are_merged(records: &[PersonFacts], first: &str, second: &str) -> bool {
    children(records)
        .iter()
        .any(|keys| keys.contains(first) && keys.contains(second))
}

fn has_reason(decision: &PersonDecision, code: ReasonCode) -> bool {
    decision.evidence.iter().any(|reason| reason.code == code)
}

/// Each question as the set of the two keys.
fn questions(records: &[PersonFacts]) -> BTreeSet<BTreeSet<&str>> {
    let found = cluster_children(records, Population::Families, 2);
    found
        .questions
        .iter()
        .map(|q| {
            [q.first, q.second]
                .into_iter()
                .map(|m| records[m].key.as_str())
                .collect()
        })
        .collect()
}

/// The families found, each as the set of the smallest keys of its children.
fn families(records: &[PersonFacts]) -> BTreeSet<BTreeSet<String>> {
    let found = cluster_children(records, Population::Families, 2);
    let key = |c: usize| {
        found.clusters[c]
            .members
            .iter()
            .map(|m| records[*m].key.clone())
            .min()
            .unwrap()
    };
    let families = cluster_families(records, &found.clusters);
    families
        .iter()
        .map(|family| family.children.iter().map(|c| key(*c)).collect())
        .collect()
}

/// Two records that agree in everything but the given name.
fn records_with_names(one: &str, other: &str) -> [PersonFacts; 2] {
    [child("a", one, "Rahman"), child("b", other, "Rahman")].map(|c| mother("Sabina", "Rahman", c))
}

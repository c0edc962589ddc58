//! Decides what each reference of an agency identifies: a person, a case or tenancy of several
//! people, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::people::SubmissionHeader;
use super::submission::Subject;
use crate::missing::is_missing;

/// A reference under which an agency keeps records with more given names than this does not
/// identify one person.
const MAX_NAMES_PER_REFERENCE: usize = 3;
/// A family reference under which an agency keeps records with more family names than this does not
/// identify one family.
const MAX_FAMILY_NAMES_PER_REFERENCE: usize = 6;

/// Removes references that are words for a missing value, those of relations included.
fn remove_missing_values(headers: &mut [SubmissionHeader]) {
    for header in headers {
        let Subject {
            id,
            reference,
            facts,
        } = &mut header.subject;
        let relations = facts
            .relations
            .iter_mut()
            .map(|relation| &mut relation.reference);
        for field in [id, reference, &mut facts.family_reference]
            .into_iter()
            .chain(relations)
        {
            if field.as_deref().is_some_and(is_missing) {
                *field = None;
            }
        }
    }
}

/// Removes references that an agency uses for more names than one person or family has.
fn remove_shared_references(headers: &mut [SubmissionHeader]) {
    let mut names: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut families: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for header in headers.iter() {
        let facts = &header.subject.facts;
        let Some(name) = facts.names.first() else {
            continue;
        };
        if let Some(reference) = &facts.reference {
            let key = (header.agency.clone(), reference.clone());
            names
                .entry(key)
                .or_default()
                .insert(name.given.as_str().to_lowercase());
        }
        if let (Some(reference), Some(family)) = (&facts.family_reference, &name.family) {
            let key = (header.agency.clone(), reference.clone());
            families
                .entry(key)
                .or_default()
                .insert(family.as_str().to_lowercase());
        }
    }
    for header in headers {
        let has_more_than = |used: &BTreeMap<(String, String), BTreeSet<String>>,
                             value: &Option<String>,
                             limit: usize| {
            let names = value
                .as_ref()
                .and_then(|value| used.get(&(header.agency.clone(), value.clone())));
            names.is_some_and(|names| names.len() > limit)
        };
        let reference = &header.subject.facts.reference;
        let reference_is_shared = has_more_than(&names, reference, MAX_NAMES_PER_REFERENCE);
        let family_reference = &header.subject.facts.family_reference;
        let family_reference_is_shared =
            has_more_than(&families, family_reference, MAX_FAMILY_NAMES_PER_REFERENCE);
        let facts = &mut header.subject.facts;
        facts.reference.take_if(|_| reference_is_shared);
        facts
            .family_reference
            .take_if(|_| family_reference_is_shared);
    }
}

/// Removes values that are no references, and sorts the others into references of persons and of
/// cases.
pub(super) fn classify_references(headers: &mut [SubmissionHeader]) {
    remove_missing_values(headers);
    assign_references(headers);
    remove_shared_references(headers);
}

/// Treats a reference that one agency gives to several records as the reference of a case or
/// tenancy. Any other reference becomes the person's, unless the record has an id, which is
/// preferred.
fn assign_references(headers: &mut [SubmissionHeader]) {
    let mut records_by_reference: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let reference_and_record = |header: &SubmissionHeader| {
        let record = header.subject.id.clone().or_else(|| {
            let name = header.subject.facts.names.first()?;
            Some(format!("\u{1}{}", name.given.as_str().to_lowercase()))
        });
        Some((
            (header.agency.clone(), header.subject.reference.clone()?),
            record.unwrap_or_default(),
        ))
    };
    for (reference, record) in headers.iter().filter_map(reference_and_record) {
        records_by_reference
            .entry(reference)
            .or_default()
            .insert(record);
    }
    for header in headers {
        let Some((agency_reference, _)) = reference_and_record(header) else {
            header
                .subject
                .facts
                .reference
                .clone_from(&header.subject.id);
            continue;
        };
        let is_shared = records_by_reference
            .get(&agency_reference)
            .is_some_and(|records| records.len() > 1);
        let Subject {
            id,
            reference,
            facts,
        } = &mut header.subject;
        if is_shared {
            facts.family_reference = facts.family_reference.take().or_else(|| reference.clone());
        }
        facts.reference = id
            .clone()
            .or_else(|| reference.clone().filter(|_| !is_shared));
    }
}

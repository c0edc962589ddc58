//! What agencies' references stand for: a person, a case or tenancy of several, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::people::Head;
use super::submission::Subject;
use crate::missing::is_missing;

/// A reference under which an agency keeps children of more given names is not a child's; one of more families, no family's.
const MOST_NAMES: usize = 3;
const MOST_FAMILIES: usize = 6;

/// Leaves out words for missing values, in relations too.
fn without_words(heads: &mut [Head]) {
    for head in heads {
        let Subject { id, reference, facts } = &mut head.subject;
        let relations = facts.relations.iter_mut().map(|relation| &mut relation.reference);
        for field in [id, reference, &mut facts.family_reference].into_iter().chain(relations) {
            if field.as_deref().is_some_and(is_missing) {
                *field = None;
            }
        }
    }
}

/// Leaves out what an agency gives to more children, or more families, than one has.
fn without_shared(heads: &mut [Head]) {
    let mut names: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut families: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for head in heads.iter() {
        let facts = &head.subject.facts;
        let Some(name) = facts.names.first() else { continue };
        if let Some(reference) = &facts.reference {
            let key = (head.agency.clone(), reference.clone());
            names.entry(key).or_default().insert(name.given.as_str().to_lowercase());
        }
        if let (Some(reference), Some(family)) = (&facts.family_reference, &name.family) {
            let key = (head.agency.clone(), reference.clone());
            families.entry(key).or_default().insert(family.as_str().to_lowercase());
        }
    }
    for head in heads {
        let many = |of: &BTreeMap<(String, String), BTreeSet<String>>, value: &Option<String>, most: usize| {
            let known = value.as_ref().and_then(|value| of.get(&(head.agency.clone(), value.clone())));
            known.is_some_and(|known| known.len() > most)
        };
        let person = many(&names, &head.subject.facts.reference, MOST_NAMES);
        let family = many(&families, &head.subject.facts.family_reference, MOST_FAMILIES);
        let facts = &mut head.subject.facts;
        facts.reference.take_if(|_| person);
        facts.family_reference.take_if(|_| family);
    }
}

/// Leaves out what is no reference, and tells persons' references from those of cases.
pub(super) fn sort_out(heads: &mut [Head]) {
    without_words(heads);
    tell_references(heads);
    without_shared(heads);
}

/// A reference that one agency gives to several records is a case's or a tenancy's; otherwise it is the person's, unless
/// the record has an id, which is the better one.
fn tell_references(heads: &mut [Head]) {
    let mut of: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let key = |head: &Head| {
        let record = head.subject.id.clone().or_else(|| {
            let name = head.subject.facts.names.first()?;
            Some(format!("\u{1}{}", name.given.as_str().to_lowercase()))
        });
        Some(((head.agency.clone(), head.subject.reference.clone()?), record.unwrap_or_default()))
    };
    for (shared, record) in heads.iter().filter_map(key) {
        of.entry(shared).or_default().insert(record);
    }
    for head in heads {
        let Some((shared, _)) = key(head) else {
            head.subject.facts.reference.clone_from(&head.subject.id);
            continue;
        };
        let several = of.get(&shared).is_some_and(|records| records.len() > 1);
        let Subject { id, reference, facts } = &mut head.subject;
        if several {
            facts.family_reference = facts.family_reference.take().or_else(|| reference.clone());
        }
        facts.reference = id.clone().or_else(|| reference.clone().filter(|_| !several));
    }
}

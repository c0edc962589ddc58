//! What agencies' references stand for: a person, a case or tenancy of several, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::people::Head;
use super::submission::Subject;

/// What stands in the field of a reference where there is none, in small letters and digits alone.
const MISSING: [&str; 39] = [
    "unknown",
    "notknown",
    "nk",
    "na",
    "none",
    "nil",
    "null",
    "pending",
    "awaiting",
    "awaited",
    "tbc",
    "tba",
    "tobeconfirmed",
    "tofollow",
    "notrecorded",
    "notgiven",
    "notavailable",
    "notapplicable",
    "notstated",
    "notyetissued",
    "requested",
    "appliedfor",
    "refused",
    "withheld",
    "blank",
    "nonumber",
    "seenotes",
    "seefile",
    "temp",
    "temporary",
    "test",
    "x",
    "xx",
    "xxx",
    "new",
    "newclient",
    "newpatient",
    "error",
    "ref",
];
/// A reference under which an agency keeps children of more given names is not a child's; one of more families, no family's.
const MOST_NAMES: usize = 3;
const MOST_FAMILIES: usize = 6;

/// Whether a reference is a word for a missing value, or a number that a spreadsheet has rounded.
fn is_missing(reference: &str) -> bool {
    let plain: String = reference.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let rounded = reference.to_ascii_lowercase().split_once("e+").is_some_and(|(digits, power)| {
        digits.contains('.')
            && [digits, power].iter().all(|part| part.trim().chars().all(|c| c.is_ascii_digit() || c == '.'))
    });
    let zeros = plain.bytes().all(|byte| byte == b'0');
    plain.is_empty() || zeros || rounded || MISSING.contains(&plain.as_str())
}

/// Leaves out references that are none: words for missing values, and what an agency gives to too many children.
fn without_missing(heads: &mut [Head]) {
    let mut names: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut families: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let small = |text: &str| text.to_lowercase();
    for head in heads.iter_mut() {
        let Subject { id, reference, facts } = &mut head.subject;
        for field in [id, reference, &mut facts.family_reference] {
            if field.as_deref().is_some_and(is_missing) {
                *field = None;
            }
        }
        let Subject { id, facts, .. } = &head.subject;
        let Some(name) = facts.names.first() else { continue };
        if let Some(id) = id {
            names.entry((head.agency.clone(), id.clone())).or_default().insert(small(name.given.as_str()));
        }
        if let (Some(reference), Some(family)) = (&facts.family_reference, &name.family) {
            let key = (head.agency.clone(), reference.clone());
            families.entry(key).or_default().insert(small(family.as_str()));
        }
    }
    for head in heads {
        let many = |of: &BTreeMap<(String, String), BTreeSet<String>>, value: &str, most: usize| {
            of.get(&(head.agency.clone(), value.to_owned())).is_some_and(|known| known.len() > most)
        };
        if head.subject.id.as_deref().is_some_and(|id| many(&names, id, MOST_NAMES)) {
            head.subject.id = None;
        }
        let family = head.subject.facts.family_reference.clone();
        if family.is_some_and(|reference| many(&families, &reference, MOST_FAMILIES)) {
            head.subject.facts.family_reference = None;
        }
    }
}

/// Leaves out what is no reference, and tells persons' references from those of cases.
pub(super) fn sort_out(heads: &mut [Head]) {
    without_missing(heads);
    tell_references(heads);
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

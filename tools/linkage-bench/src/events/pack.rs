//! A labelled pack of submissions with its key, read from a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use domain::{
    Category, EntryDetails, EventDate, PersonId, PersonKind, PersonName, Sensitive, Source,
};
use linkage::batch::{
    ComponentMember, ComponentSubmission, Glossary, NameResolver, Submission, read_line,
};
use serde::Deserialize;
use uuid::Uuid;

#[derive(Deserialize)]
struct Key {
    children: BTreeMap<String, String>,
    families: BTreeMap<String, Vec<String>>,
    events: BTreeMap<String, String>,
    #[serde(default)]
    related: Vec<(String, String)>,
    #[serde(default)]
    hard_negatives: Vec<(String, String)>,
}

/// Labelled entries, and how their events are related.
#[derive(Default)]
pub(super) struct Pack {
    /// Every entry.
    pub(super) entries: Vec<LabelledEntry>,
    /// Indexes of the entries of each family.
    pub(super) families: Vec<Vec<usize>>,
    /// Pairs of related events.
    pub(super) related: Vec<(String, String)>,
    /// The same as a set.
    pub(super) related_events: BTreeSet<(String, String)>,
    /// Pairs of similar entries about two events, by name.
    pub(super) hard_negatives: Vec<(String, String)>,
}

/// One entry with its labels from the key.
pub(super) struct LabelledEntry {
    pub(super) name: String,
    pub(super) agency: String,
    pub(super) submission: usize,
    pub(super) child: String,
    pub(super) given: Vec<String>,
    /// Family names and the names of relatives.
    pub(super) others: Vec<String>,
    /// Lines of addresses.
    pub(super) addresses: Vec<String>,
    pub(super) kind: String,
    pub(super) event: String,
    pub(super) details: EntryDetails,
}

impl Pack {
    /// Whether two entries are about related events that are not one.
    pub(super) fn are_related(&self, a: &LabelledEntry, b: &LabelledEntry) -> bool {
        let is_pair = |one: &str, other: &str| {
            self.related_events
                .contains(&(one.to_owned(), other.to_owned()))
        };
        is_pair(&a.event, &b.event) || is_pair(&b.event, &a.event)
    }
}

impl LabelledEntry {
    /// The entry in one line.
    pub(super) fn summary(&self) -> String {
        let when = (
            self.details.when.edtf(),
            self.details.when.time().map(domain::TimeOfDay::minutes),
        );
        format!(
            "{} {} [{}] {when:?} {}",
            self.name,
            self.agency,
            self.kind,
            self.details.what.as_str()
        )
    }

    /// The day to which it is dated, when it is one day.
    pub(super) fn day(&self) -> Option<time::Date> {
        let when = &self.details.when;
        (when.earliest() == when.latest()).then(|| when.earliest())
    }
}

/// Reads a pack.
///
/// # Errors
/// When a file is missing or malformed, or an entry is not in the key.
pub(super) fn open(folder: &Path) -> Result<Pack> {
    let (entries, key) = read(folder)?;
    let families = families(&entries, &key);
    let related_events = key.related.iter().cloned().collect();
    Ok(Pack {
        entries,
        families,
        related: key.related,
        related_events,
        hard_negatives: key.hard_negatives,
    })
}

/// The indexes of the entries of each set of families. Families that share a child are one set.
fn families(entries: &[LabelledEntry], key: &Key) -> Vec<Vec<usize>> {
    let mut root: BTreeMap<&str, &str> = BTreeMap::new();
    for families in key.families.values() {
        let Some(first) = families.first() else {
            continue;
        };
        for family in families {
            let to = *root.get(first.as_str()).unwrap_or(&first.as_str());
            let from = *root.get(family.as_str()).unwrap_or(&family.as_str());
            root.insert(family, to);
            root.insert(first, to);
            root.values_mut()
                .filter(|known| **known == from)
                .for_each(|known| *known = to);
        }
    }
    let mut sets: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let submission = entry.name.split('/').next().unwrap_or_default();
        let family = key
            .families
            .get(submission)
            .and_then(|families| families.first())
            .map_or("", String::as_str);
        sets.entry(root.get(family).copied().unwrap_or(family))
            .or_default()
            .push(index);
    }
    sets.into_values().collect()
}

/// Reads the submissions as `chronology link` does, with children and families from the key.
fn read(folder: &Path) -> Result<(Vec<LabelledEntry>, Key)> {
    let key: Key = serde_json::from_str(&fs::read_to_string(folder.join("truth.json"))?)?;
    let submissions = read_submissions(folder)?;
    let components = group_into_components(&submissions, &key)?;
    let glossary = Glossary::default();
    let mut entries = Vec::new();
    for (position, submission) in submissions.iter().enumerate() {
        let child = key
            .children
            .get(label(submission)?)
            .context("a submission without a child")?;
        let id = PersonId(stable_id(child));
        let members = components
            .iter()
            .find(|members| members.iter().any(|member| member.id == id));
        let members = members.context("a child without a family")?;
        entries.extend(label_entries(
            (position, submission),
            child,
            members,
            &key,
            &glossary,
        )?);
    }
    Ok((entries, key))
}

fn read_submissions(folder: &Path) -> Result<Vec<Submission>> {
    let lines = fs::read_to_string(folder.join("submissions.ndjson"))?;
    let lines = (1..)
        .zip(lines.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    let submissions = lines.map(|(number, line)| match read_line(line, number) {
        Ok((submission, _)) => Ok(submission),
        Err(fault) => anyhow::bail!("line {}: {}", fault.line, fault.message),
    });
    submissions.collect()
}

/// The entries of a submission, given with its position, about a child whose component has these
/// members.
fn label_entries(
    (position, submission): (usize, &Submission),
    child: &str,
    members: &[ComponentMember],
    key: &Key,
    glossary: &Glossary,
) -> Result<Vec<LabelledEntry>> {
    let label = label(submission)?;
    let names = NameResolver::new(members);
    let one = ComponentSubmission {
        label,
        line: 0,
        submission,
        member: members
            .iter()
            .position(|member| member.id == PersonId(stable_id(child)))
            .unwrap_or_default(),
    };
    let given: Vec<String> = submission
        .subject
        .facts
        .names
        .iter()
        .map(|name| name.given.as_str().to_owned())
        .collect();
    let mut entries = Vec::new();
    for (at, event) in submission.events.iter().enumerate() {
        let name = format!("{label}/{}", event.id.as_deref().unwrap_or_default());
        let named = names
            .resolve_event(&one, at)
            .0
            .into_iter()
            .filter_map(|position| members.get(position));
        let mut children: Vec<PersonId> = named.map(|member| member.id).collect();
        children.sort_unstable();
        entries.push(LabelledEntry {
            event: key
                .events
                .get(&name)
                .with_context(|| format!("{name} is not in the key"))?
                .clone(),
            details: event.to_entry_details(children, glossary),
            name,
            agency: submission.agency.clone(),
            submission: position,
            child: child.to_owned(),
            given: given.clone(),
            others: other_names(submission),
            addresses: address_lines(submission),
            kind: event.kind.clone(),
        });
    }
    Ok(entries)
}

fn other_names(submission: &Submission) -> Vec<String> {
    let facts = &submission.subject.facts;
    let family = |name: &PersonName| {
        name.family
            .as_ref()
            .map(|family| family.as_str().to_owned())
    };
    let own = facts.names.iter().filter_map(family);
    let relatives = facts.relations.iter().map(|relation| &relation.name);
    let named = relatives.flat_map(|name| {
        family(name)
            .into_iter()
            .chain([name.given.as_str().to_owned()])
    });
    own.chain(named).collect()
}

fn address_lines(submission: &Submission) -> Vec<String> {
    submission
        .subject
        .facts
        .addresses
        .iter()
        .map(|address| address.lines.as_str().to_owned())
        .collect()
}

fn label(submission: &Submission) -> Result<&str> {
    submission
        .id
        .as_deref()
        .context("a submission without an id")
}

/// The children of the key, grouped by families that share a child, with what the submissions say
/// about them.
fn group_into_components(
    submissions: &[Submission],
    key: &Key,
) -> Result<Vec<Vec<ComponentMember>>> {
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    let mut components: Vec<(BTreeSet<usize>, BTreeMap<&str, ComponentMember>)> = Vec::new();
    for submission in submissions {
        let label = label(submission)?;
        let child = key
            .children
            .get(label)
            .context("a submission without a child")?;
        let mut childs_families = BTreeSet::new();
        for (label, names) in &key.families {
            if key.children.get(label) == Some(child) {
                for family in names {
                    let next = families.len();
                    childs_families.insert(*families.entry(family).or_insert(next));
                }
            }
        }
        let (connected, mut rest): (Vec<_>, Vec<_>) = components
            .into_iter()
            .partition(|(families, _)| families.intersection(&childs_families).next().is_some());
        let mut component = (childs_families.clone(), BTreeMap::new());
        for (families, members) in connected {
            component.0.extend(families);
            component.1.extend(members);
        }
        let id = PersonId(stable_id(child));
        let member =
            || ComponentMember::new(id, PersonKind::Child, childs_families.into_iter().collect());
        component
            .1
            .entry(child.as_str())
            .or_insert_with(member)
            .add_record(&submission.subject);
        rest.push(component);
        components = rest;
    }
    Ok(components
        .into_iter()
        .map(|(_, members)| members.into_values().collect())
        .collect())
}

/// An entry with no more than its date, text and children.
pub(super) fn entry_details(
    when: EventDate,
    what: &str,
    children: Vec<PersonId>,
) -> Result<EntryDetails> {
    let source = Source {
        role: "practitioner".into(),
        record_system: "records".into(),
    };
    let category = Category::new("OTHER").context("category")?;
    Ok(EntryDetails::new(
        when,
        Sensitive::from(what),
        children,
        category,
        source,
    ))
}

/// An id derived from a word (FNV-1a), the same in every run.
pub(super) fn stable_id(word: &str) -> Uuid {
    let digest = word
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u128, |digest, byte| {
            (digest ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B)
        });
    Uuid::from_u128(digest)
}

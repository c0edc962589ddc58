//! A pack of wordings with its key, read from a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use domain::{
    Category, EntryDetails, EventDate, Handling, PersonId, PersonKind, PersonName, Sensitive, Significance, Source,
};
use linkage::batch::{Glossary, Member, Names, Return, Submission, read_line};
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

/// Entries with what is true of them.
#[derive(Default)]
pub(super) struct Pack {
    /// Every entry.
    pub(super) told: Vec<Told>,
    /// Indexes of the entries of each family.
    pub(super) families: Vec<Vec<usize>>,
    /// Events that have to do with each other.
    pub(super) related: Vec<(String, String)>,
    /// The same as a set.
    pub(super) related_events: BTreeSet<(String, String)>,
    /// Entries that look alike and must stay apart, by name.
    pub(super) hard_negatives: Vec<(String, String)>,
}

/// One entry with what the key says of it.
pub(super) struct Told {
    pub(super) name: String,
    pub(super) agency: String,
    pub(super) submission: usize,
    pub(super) child: String,
    pub(super) given: Vec<String>,
    /// Family names, and the names of relatives.
    pub(super) others: Vec<String>,
    /// Lines of addresses.
    pub(super) addresses: Vec<String>,
    pub(super) kind: String,
    pub(super) event: String,
    pub(super) details: EntryDetails,
}

impl Pack {
    /// Whether two entries' events have to do with each other and are not one.
    pub(super) fn are_related(&self, a: &Told, b: &Told) -> bool {
        let is = |one: &str, other: &str| self.related_events.contains(&(one.to_owned(), other.to_owned()));
        is(&a.event, &b.event) || is(&b.event, &a.event)
    }
}

impl Told {
    /// The entry in one line.
    pub(super) fn shown(&self) -> String {
        let when = (self.details.when.edtf(), self.details.when.time().map(domain::TimeOfDay::minutes));
        format!("{} {} [{}] {when:?} {}", self.name, self.agency, self.kind, self.details.what.as_str())
    }

    /// The day it is dated to, when it is one.
    pub(super) fn day(&self) -> Option<time::Date> {
        let when = &self.details.when;
        (when.earliest() == when.latest()).then(|| when.earliest())
    }
}

/// Reads a pack.
///
/// # Errors
/// Files that are missing or broken, an entry that is not in the key.
pub(super) fn open(folder: &Path) -> Result<Pack> {
    let (told, key) = read(folder)?;
    let families = families(&told, &key);
    let related_events = key.related.iter().cloned().collect();
    Ok(Pack { told, families, related: key.related, related_events, hard_negatives: key.hard_negatives })
}

/// Entries of families that share a child are one set.
fn families(entries: &[Told], key: &Key) -> Vec<Vec<usize>> {
    let mut root: BTreeMap<&str, &str> = BTreeMap::new();
    for families in key.families.values() {
        let Some(first) = families.first() else { continue };
        for family in families {
            let to = *root.get(first.as_str()).unwrap_or(&first.as_str());
            let from = *root.get(family.as_str()).unwrap_or(&family.as_str());
            root.insert(family, to);
            root.insert(first, to);
            root.values_mut().filter(|known| **known == from).for_each(|known| *known = to);
        }
    }
    let mut sets: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, told) in entries.iter().enumerate() {
        let submission = told.name.split('/').next().unwrap_or_default();
        let family = key.families.get(submission).and_then(|families| families.first()).map_or("", String::as_str);
        sets.entry(root.get(family).copied().unwrap_or(family)).or_default().push(index);
    }
    sets.into_values().collect()
}

/// Reads a pack as `chronology link` reads a file, with children and families from the key.
fn read(folder: &Path) -> Result<(Vec<Told>, Key)> {
    let key: Key = serde_json::from_str(&fs::read_to_string(folder.join("truth.json"))?)?;
    let lines = fs::read_to_string(folder.join("submissions.ndjson"))?;
    let lines = (1..).zip(lines.lines()).filter(|(_, line)| !line.trim().is_empty());
    let submissions = lines.map(|(number, line)| match read_line(line, number) {
        Ok((submission, _)) => Ok(submission),
        Err(fault) => anyhow::bail!("line {}: {}", fault.line, fault.message),
    });
    let submissions: Vec<Submission> = submissions.collect::<Result<_>>()?;
    let circles = circles(&submissions, &key)?;
    let glossary = Glossary::default();
    let mut entries = Vec::new();
    for (place, submission) in submissions.iter().enumerate() {
        let label = label(submission)?;
        let child = key.children.get(label).context("a submission without a child")?;
        let members = circles.iter().find(|members| members.iter().any(|member| member.id == PersonId(stable(child))));
        let members = members.context("a child without a family")?;
        let member = members.iter().position(|member| member.id == PersonId(stable(child))).unwrap_or_default();
        let names = Names::of(members);
        let one = Return { label, line: 0, submission, member };
        for (at, event) in submission.events.iter().enumerate() {
            let name = format!("{label}/{}", event.id.as_deref().unwrap_or_default());
            let named = names.named(&one, at).0.into_iter().filter_map(|place| members.get(place));
            let mut children: Vec<PersonId> = named.map(|member| member.id).collect();
            children.sort_unstable();
            entries.push(Told {
                event: key.events.get(&name).with_context(|| format!("{name} is not in the key"))?.clone(),
                details: event.details(children, &glossary),
                name,
                agency: submission.agency.clone(),
                submission: place,
                child: child.clone(),
                given: submission.subject.facts.names.iter().map(|name| name.given.as_str().to_owned()).collect(),
                others: other_names(submission),
                addresses: address_lines(submission),
                kind: event.kind.clone(),
            });
        }
    }
    Ok((entries, key))
}

fn other_names(submission: &Submission) -> Vec<String> {
    let facts = &submission.subject.facts;
    let family = |name: &PersonName| name.family.as_ref().map(|family| family.as_str().to_owned());
    let own = facts.names.iter().filter_map(family);
    let relatives = facts.relations.iter().map(|one| &one.name);
    let named = relatives.flat_map(|name| family(name).into_iter().chain([name.given.as_str().to_owned()]));
    own.chain(named).collect()
}

fn address_lines(submission: &Submission) -> Vec<String> {
    submission.subject.facts.addresses.iter().map(|address| address.lines.as_str().to_owned()).collect()
}

fn label(submission: &Submission) -> Result<&str> {
    submission.id.as_deref().context("a submission without an id")
}

/// The children of the key by families that share one, with what the submissions say of them.
fn circles(submissions: &[Submission], key: &Key) -> Result<Vec<Vec<Member>>> {
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    let mut circles: Vec<(BTreeSet<usize>, BTreeMap<&str, Member>)> = Vec::new();
    for submission in submissions {
        let label = label(submission)?;
        let child = key.children.get(label).context("a submission without a child")?;
        let mut theirs = BTreeSet::new();
        for (name, theirs_too) in &key.families {
            if key.children.get(name) == Some(child) {
                for family in theirs_too {
                    let next = families.len();
                    theirs.insert(*families.entry(family).or_insert(next));
                }
            }
        }
        let (touched, mut rest): (Vec<_>, Vec<_>) =
            circles.into_iter().partition(|(families, _)| families.intersection(&theirs).next().is_some());
        let mut circle = (theirs.clone(), BTreeMap::new());
        for (families, members) in touched {
            circle.0.extend(families);
            circle.1.extend(members);
        }
        let member = || Member::new(PersonId(stable(child)), PersonKind::Child, theirs.into_iter().collect());
        circle.1.entry(child.as_str()).or_insert_with(member).learn(&submission.subject);
        rest.push(circle);
        circles = rest;
    }
    Ok(circles.into_iter().map(|(_, members)| members.into_values().collect()).collect())
}

/// An entry that says no more than when, what and of whom.
pub(super) fn entry(when: EventDate, what: &str, children: Vec<PersonId>) -> Result<EntryDetails> {
    Ok(EntryDetails {
        reference: None,
        when,
        what: Sensitive::from(what),
        category: Category::new("OTHER").context("category")?,
        source: Source { role: "practitioner".into(), record_system: "records".into() },
        children,
        adults: Vec::new(),
        significance: Significance::Neutral,
        action_taken: None,
        no_action_reason: None,
        impact: None,
        child_voice: None,
        family_account: None,
        outcome: None,
        document_reference: None,
        rag: None,
        seen: None,
        handling: Handling::default(),
        key_incident: false,
        family_history: false,
    })
}

/// An id that is the same in every run.
pub(super) fn stable(word: &str) -> Uuid {
    let digest = word.bytes().fold(0xcbf2_9ce4_8422_2325_u128, |digest, byte| {
        (digest ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B)
    });
    Uuid::from_u128(digest)
}

//! A pack of wordings with its key, read from a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use domain::{Category, EntryDetails, EventDate, Handling, PersonId, Sensitive, Significance, Source};
use serde::Deserialize;
use uuid::Uuid;

#[derive(Deserialize)]
struct Submission {
    submission: String,
    agency: String,
    subject: Subject,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Subject {
    given: Option<String>,
    #[serde(default)]
    known_as: Vec<String>,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    date: Option<String>,
    edtf: Option<String>,
    time: Option<String>,
    r#type: Option<String>,
    text: Option<String>,
    reference: Option<String>,
    #[serde(default)]
    also_about: Vec<String>,
}

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
    pub(super) kind: String,
    pub(super) event: String,
    pub(super) details: EntryDetails,
}

/// Reads a pack.
///
/// # Errors
/// Files that are missing or broken, an entry that is not in the key.
pub(super) fn open(folder: &Path) -> Result<Pack> {
    let (told, key) = read(folder)?;
    let families = families(&told, &key);
    Ok(Pack { told, families, related: key.related, hard_negatives: key.hard_negatives })
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

fn read(folder: &Path) -> Result<(Vec<Told>, Key)> {
    let key: Key = serde_json::from_str(&fs::read_to_string(folder.join("truth.json"))?)?;
    let lines = fs::read_to_string(folder.join("submissions.ndjson"))?;
    let submissions = lines.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str);
    let submissions: Vec<Submission> = submissions.collect::<Result<_, _>>()?;
    let called = called(&submissions, &key);
    let mut entries = Vec::new();
    for (place, submission) in submissions.iter().enumerate() {
        let child = key.children.get(&submission.submission).context("a submission without a child")?;
        let families = key.families.get(&submission.submission);
        let also = |name: &String| {
            let wanted = name.to_lowercase();
            let known = called.iter().find(|(known, _, theirs)| {
                *known == wanted && families.is_some_and(|families| families.iter().any(|one| theirs.contains(one)))
            });
            known.map(|(_, child, _)| PersonId(stable(child)))
        };
        for event in &submission.events {
            let name = format!("{}/{}", submission.submission, event.id);
            let mut children: Vec<PersonId> = event.also_about.iter().filter_map(also).collect();
            children.push(PersonId(stable(child)));
            children.sort_unstable();
            children.dedup();
            entries.push(Told {
                event: key.events.get(&name).with_context(|| format!("{name} is not in the key"))?.clone(),
                details: details(event, children).with_context(|| name.clone())?,
                name,
                agency: submission.agency.clone(),
                submission: place,
                child: child.clone(),
                given: submission.subject.given.iter().chain(&submission.subject.known_as).cloned().collect(),
                kind: event.r#type.clone().unwrap_or_default(),
            });
        }
    }
    Ok((entries, key))
}

/// Every name a child goes by, with the child and its families.
fn called<'a>(submissions: &'a [Submission], key: &'a Key) -> Vec<(String, &'a str, &'a [String])> {
    let mut called = Vec::new();
    for submission in submissions {
        let id = &submission.submission;
        let (Some(child), Some(families)) = (key.children.get(id), key.families.get(id)) else { continue };
        let names = submission.subject.given.iter().chain(&submission.subject.known_as);
        called.extend(names.map(|name| (name.to_lowercase(), child.as_str(), families.as_slice())));
    }
    called
}

fn details(event: &Event, children: Vec<PersonId>) -> Result<EntryDetails> {
    let day = event.date.as_deref().map(|day| match event.time.as_deref() {
        Some(time) if !time.is_empty() => format!("{day}T{time}"),
        _ => day.to_owned(),
    });
    // A date that is not known at all: any day until the last that can be written.
    let undated = || EventDate::from_edtf("../2099-12-31");
    let stated = day.or_else(|| event.edtf.clone());
    let when = stated.map_or_else(undated, |when| EventDate::from_edtf(&when).or_else(|_| undated()));
    let when = when.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok(EntryDetails {
        reference: event.reference.clone(),
        ..entry(when, event.text.as_deref().unwrap_or_default(), children)?
    })
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

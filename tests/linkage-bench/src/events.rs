//! Same event, measured: pairs of entries of one agency and of different agencies that the key says tell one event.
//!
//! Children are taken from the key, because "same child" is measured elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use domain::{
    AgencyId, Category, EntryDetails, EntryId, EventDate, FragmentId, Handling, PersonId, Sensitive, Significance,
    Source,
};
use linkage::{EventFacts, FamilyNames, sort_events, weigh_accounts, weigh_repeats};
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

/// One entry with what the key says of it.
struct Told {
    name: String,
    agency: String,
    submission: usize,
    child: String,
    given: Vec<String>,
    kind: String,
    event: String,
    details: EntryDetails,
}

/// Pairs found, wanted, and both.
#[derive(Default, Clone, Copy)]
struct Score {
    right: usize,
    found: usize,
    wanted: usize,
}

impl Score {
    fn add(&mut self, found: bool, wanted: bool) {
        self.right += usize::from(found && wanted);
        self.found += usize::from(found);
        self.wanted += usize::from(wanted);
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of pairs are small")]
    fn figures(self) -> (f64, f64, f64) {
        let ratio = |part: usize, whole: usize| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let (precision, recall) = (ratio(self.right, self.found), ratio(self.right, self.wanted));
        let f1 = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
        (precision, recall, f1)
    }
}

#[derive(Default)]
struct Measured {
    repeats: Score,
    across: Score,
    related: Score,
    hard: usize,
    hard_merged: usize,
    entries: usize,
    lost: usize,
    took: Duration,
}

/// Prints the figures of every pack and the worst; without folders, of all packs in `crates/linkage/packs`.
///
/// # Errors
/// A pack that cannot be read.
pub(crate) fn run(folders: &[PathBuf]) -> Result<()> {
    let folders: Vec<PathBuf> = folders.iter().filter(|folder| !folder.starts_with("--pairs")).cloned().collect();
    let all = if folders.is_empty() { packs()? } else { folders };
    let mut worst: Option<(f64, String)> = None;
    for folder in all {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let measured = measure(&folder).with_context(|| format!("pack {name}"))?;
        report(&name, &measured);
        let lowest = measured.repeats.figures().2.min(measured.across.figures().2);
        if worst.as_ref().is_none_or(|(known, _)| lowest < *known) {
            worst = Some((lowest, name));
        }
    }
    if let Some((lowest, name)) = worst {
        println!("worst pack: {name} (lowest F1 {lowest:.3})");
    }
    if std::env::args().any(|word| word == "--pairs") {
        return Ok(());
    }
    for count in [5_000, 10_000] {
        crowd(count, 3_000)?;
        crowd(count, 1)?;
    }
    Ok(())
}

/// Prints how long `count` entries of one family over `days` take.
fn crowd(count: u32, days: u32) -> Result<()> {
    const WORDS: [&str; 16] = [
        "mother",
        "school",
        "visit",
        "clinic",
        "police",
        "argument",
        "kitchen",
        "neighbour",
        "arrested",
        "missing",
        "meeting",
        "bruise",
        "cold",
        "letter",
        "housing",
        "upset",
    ];
    let mut told = Vec::new();
    for id in 0..count {
        let mut state = u64::from(id / 5).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let words = (0..40).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let place = usize::try_from((state >> 33) % 64).unwrap_or_default();
            WORDS.get(place).map_or_else(|| format!("word{}", state >> 50), |word| (*word).to_owned())
        });
        let day = id / 5 % days;
        let date = format!("{}-{:02}-{:02}", 2010 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
        let event = Event {
            id: String::new(),
            date: Some(date),
            edtf: None,
            time: None,
            r#type: None,
            text: Some(words.collect::<Vec<_>>().join(" ")),
            reference: None,
            also_about: Vec::new(),
        };
        told.push((details(&event, vec![PersonId(stable("child"))])?, id));
    }
    let names = FamilyNames::default();
    let start = Instant::now();
    let facts: Vec<EventFacts<'_>> = told
        .iter()
        .map(|(details, id)| {
            let ids = (EntryId(Uuid::from_u128(u128::from(*id) + 1)), FragmentId(Uuid::from_u128(u128::from(id % 40))));
            EventFacts::new(ids.0, ids.1, AgencyId(Uuid::from_u128(u128::from(id % 8))), details, &names)
        })
        .collect();
    let events = sort_events(&facts).clusters.len();
    println!("one family, {count} entries over {days} days: {events} events in {:.3?}", start.elapsed());
    Ok(())
}

fn packs() -> Result<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/linkage/packs");
    let folders = fs::read_dir(&root)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut folders: Vec<PathBuf> = folders.into_iter().filter(|path| path.join("truth.json").is_file()).collect();
    folders.sort();
    Ok(folders)
}

fn report(name: &str, measured: &Measured) {
    println!("{name}: {} entries", measured.entries);
    for (what, score) in
        [("repeats", measured.repeats), ("across agencies", measured.across), ("related", measured.related)]
    {
        let (precision, recall, f1) = score.figures();
        println!(
            "  {what:<16} precision {precision:.4}  recall {recall:.4}  F1 {f1:.4}  ({} right, {} found, {} wanted)",
            score.right, score.found, score.wanted
        );
    }
    println!("  hard negatives   {} merged of {}", measured.hard_merged, measured.hard);
    println!("  entries lost     {}", measured.lost);
    println!("  time             {:.3?}", measured.took);
}

fn measure(folder: &Path) -> Result<Measured> {
    let (entries, key) = read(folder)?;
    let verbose = std::env::args().any(|word| word == "--pairs");
    let mut measured = Measured { entries: entries.len(), hard: key.hard_negatives.len(), ..Measured::default() };
    let mut group_of: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups = 0;
    let related: BTreeSet<(&str, &str)> =
        key.related.iter().flat_map(|(a, b)| [(a.as_str(), b.as_str()), (b, a)]).collect();
    for family in families(&entries, &key) {
        let told: Vec<&Told> = family.iter().filter_map(|&index| entries.get(index)).collect();
        let names = names(&told);
        let ids: Vec<_> = family.iter().map(|&index| index as u128 + 1).collect();
        let start = Instant::now();
        let facts: Vec<EventFacts<'_>> = told.iter().zip(ids).map(|(told, id)| facts(told, id, &names)).collect();
        let sorted = sort_events(&facts);
        measured.took += start.elapsed();
        for cluster in &sorted.clusters {
            for told in cluster.members.iter().filter_map(|&member| told.get(member)) {
                group_of.insert(&told.name, groups);
            }
            groups += 1;
        }
        for link in &sorted.related {
            let (Some(a), Some(b)) = (told.get(link.first), told.get(link.second)) else { continue };
            measured.related.add(true, related.contains(&(a.event.as_str(), b.event.as_str())));
        }
        count(&told, &group_of, &mut measured, verbose);
    }
    measured.related.wanted = key.related.len();
    measured.lost = entries.iter().filter(|told| !group_of.contains_key(told.name.as_str())).count();
    let together = |(a, b): &&(String, String)| {
        let (a, b) = (group_of.get(a.as_str()), group_of.get(b.as_str()));
        a.is_some() && a == b
    };
    for (a, b) in key.hard_negatives.iter().filter(together) {
        measured.hard_merged += 1;
        if verbose {
            println!("HARD {a} {b}");
        }
    }
    Ok(measured)
}

/// Prints every pair of accounts that is compared, with its facts and whether the key says that it is one event.
///
/// # Errors
/// A pack that cannot be read.
pub(crate) fn weights(folders: &[PathBuf]) -> Result<()> {
    for folder in folders.iter().filter(|folder| !folder.starts_with("--repeats")) {
        let (entries, key) = read(folder)?;
        for family in families(&entries, &key) {
            let told: Vec<&Told> = family.iter().filter_map(|&index| entries.get(index)).collect();
            let names = names(&told);
            let ids: Vec<_> = family.iter().map(|&index| index as u128 + 1).collect();
            let facts: Vec<EventFacts<'_>> = told.iter().zip(ids).map(|(told, id)| facts(told, id, &names)).collect();
            let repeats = std::env::args().any(|word| word == "--repeats");
            for pair in if repeats { weigh_repeats(&facts) } else { weigh_accounts(&facts) } {
                let (Some(a), Some(b)) =
                    (pair.one.first().and_then(|i| told.get(*i)), pair.other.first().and_then(|i| told.get(*i)))
                else {
                    continue;
                };
                let values: Vec<String> = pair.facts.iter().map(|(_, value)| value.to_string()).collect();
                println!(
                    "{}\t{}\t{}\t{}\t{}",
                    folder.display(),
                    u8::from(a.event == b.event),
                    a.name,
                    b.name,
                    values.join(" ")
                );
            }
        }
    }
    Ok(())
}

fn count(told: &[&Told], group_of: &BTreeMap<&str, usize>, measured: &mut Measured, verbose: bool) {
    for (place, a) in told.iter().enumerate() {
        for b in told.iter().skip(place + 1) {
            let found = group_of.get(a.name.as_str()) == group_of.get(b.name.as_str());
            let wanted = a.event == b.event;
            let score = if a.agency == b.agency { &mut measured.repeats } else { &mut measured.across };
            score.add(found, wanted);
            if verbose && found != wanted {
                let kind = if a.agency == b.agency { "repeat" } else { "across" };
                println!("{} {kind} {} {}", if found { "FALSE" } else { "MISS " }, a.name, b.name);
                println!("    [{}] {:?} {}", a.kind, a.details.when.edtf(), a.details.what.as_str());
                println!("    [{}] {:?} {}", b.kind, b.details.when.edtf(), b.details.what.as_str());
            }
        }
    }
}

fn facts<'a>(told: &'a Told, id: u128, names: &'a FamilyNames) -> EventFacts<'a> {
    let entry = EntryId(Uuid::from_u128(id));
    let fragment = FragmentId(Uuid::from_u128(told.submission as u128 + 1));
    EventFacts::new(entry, fragment, AgencyId(stable(&told.agency)), &told.details, names).called(&told.kind)
}

/// Each child's given names and those it is known by, over all submissions.
fn names(told: &[&Told]) -> FamilyNames {
    let all: BTreeSet<(&str, &str)> =
        told.iter().flat_map(|told| told.given.iter().map(|name| (told.child.as_str(), name.as_str()))).collect();
    FamilyNames::new(all.into_iter().map(|(child, name)| (PersonId(stable(child)), name)))
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
    Ok(EntryDetails {
        reference: event.reference.clone(),
        when: when.map_err(|error| anyhow::anyhow!("{error:?}"))?,
        what: Sensitive::from(event.text.as_deref().unwrap_or_default()),
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
fn stable(word: &str) -> Uuid {
    let digest = word.bytes().fold(0xcbf2_9ce4_8422_2325_u128, |digest, byte| {
        (digest ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B)
    });
    Uuid::from_u128(digest)
}

//! The events of one circle of families, brought before linkage as entries.

use std::collections::BTreeSet;

use deunicode::deunicode;
use domain::{
    AgencyId, Category, EntryDetails, EntryId, FragmentId, Handling, PersonId, PersonKind, PersonName, Sensitive,
    Significance, Source,
};
use time::Date;
use uuid::Uuid;

use super::finding::{Finding, FindingCode};
use super::glossary::Glossary;
use super::submission::{Event, Subject, Submission};
use crate::cluster::{SortedEvents, sort_events};
use crate::facts::{EventFacts, FamilyNames};

/// What a practitioner writes for a child that is not born yet.
const UNBORN: [&str; 8] = ["unborn", "unborn baby", "unborn child", "ub", "ubb", "baby", "bump", "new baby"];

/// A child or an adult of the circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who it is.
    pub id: PersonId,
    kind: PersonKind,
    families: Vec<usize>,
    /// Given names and those it is known by, as they are written.
    given: BTreeSet<Sensitive<String>>,
    /// What it is called in lists of names: whole names, given names, first given names, in plain letters.
    called: BTreeSet<String>,
    /// An agency's own ids of the person's records.
    records: BTreeSet<(String, String)>,
    /// Born, or expected, first; absent when neither is known.
    birth: Option<Date>,
    was_expected: bool,
}

impl Member {
    /// Somebody of whom nothing is known yet but the families.
    #[must_use]
    pub fn new(id: PersonId, kind: PersonKind, families: Vec<usize>) -> Self {
        let (given, called, records) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { id, kind, families, given, called, records, birth: None, was_expected: false }
    }

    /// Adds what one record says.
    pub fn learn(&mut self, subject: &Subject) {
        let facts = &subject.facts;
        for name in &facts.names {
            if !name.given.as_str().is_empty() {
                self.given.insert(name.given.clone());
            }
            self.called.extend(calls(name));
        }
        let own = [&subject.id, &subject.reference, &facts.reference];
        self.records.extend(own.into_iter().flatten().map(|id| (facts.agency.clone(), id.to_lowercase())));
        if let Some(birth) = facts.birth {
            self.was_expected |= birth.expected;
            self.birth = Some(self.birth.map_or(birth.date, |known| known.max(birth.date)));
        }
    }

    fn is_child(&self) -> bool {
        self.kind == PersonKind::Child
    }

    /// Whether the child was not born yet on a day.
    fn unborn_on(&self, day: Date) -> bool {
        self.is_child() && self.birth.map_or(self.was_expected, |birth| birth > day)
    }
}

/// One submission of the circle.
#[derive(Debug, Clone, Copy)]
pub struct Return<'a> {
    /// What the submission is called.
    pub label: &'a str,
    /// Its line in the file.
    pub line: u64,
    /// The submission itself.
    pub submission: &'a Submission,
    /// Whose it is: a place among the members.
    pub member: usize,
}

/// One event as an entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// "submission/event".
    pub label: String,
    /// The return it stands in, by its place among those given.
    pub of: usize,
    /// Its place within the submission.
    pub event: usize,
    /// The members it names, ascending: whose record it is, and whom it says it is about too.
    pub named: Vec<usize>,
    /// What linkage sees.
    pub details: EntryDetails,
}

/// The entries of a circle, sorted into events.
#[derive(Debug, Clone)]
pub struct SortedReturns {
    /// Each event of each submission once, in the order of the returns.
    pub entries: Vec<Entry>,
    /// Events, by the places of their entries.
    pub sorted: SortedEvents,
    /// What was noticed of names.
    pub findings: Vec<Finding>,
}

/// Sorts the events of all returns of a circle. The returns stand in an order that does not depend on the file's.
#[must_use]
pub fn sort_returns(returns: &[Return<'_>], members: &[Member], glossary: &Glossary) -> SortedReturns {
    let mut findings = Vec::new();
    let mut entries = Vec::new();
    for (of, one) in returns.iter().enumerate() {
        let ids = event_labels(one.submission);
        for (event, (told, id)) in one.submission.events.iter().zip(ids).enumerate() {
            let named = named(one, event, told, members, &mut findings);
            let Some(category) = glossary.category_or_other(&told.kind) else { continue };
            let details = details(told, category, concerned(one, &named, members));
            entries.push(Entry { label: format!("{}/{id}", one.label), of, event, named, details });
        }
    }
    let names = FamilyNames::new(
        members.iter().flat_map(|member| member.given.iter().map(move |given| (member.id, given.as_str()))),
    );
    let facts: Vec<EventFacts<'_>> = (1_u128..)
        .zip(&entries)
        .filter_map(|(number, entry)| {
            let one = returns.get(entry.of)?;
            let told = one.submission.events.get(entry.event)?;
            let fragment = FragmentId(Uuid::from_u128(u128::try_from(entry.of).ok()? + 1));
            let entry_id = EntryId(Uuid::from_u128(number));
            let facts = EventFacts::new(entry_id, fragment, agency_id(one), &entry.details, &names);
            Some(facts.called(&told.kind))
        })
        .collect();
    let sorted = sort_events(&facts);
    drop(facts);
    SortedReturns { entries, sorted, findings }
}

/// Each event's id, made unique by its place where it is missing or repeated.
fn event_labels(submission: &Submission) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::new();
    for event in &submission.events {
        *counts.entry(event.id.as_deref()).or_insert(0_usize) += 1;
    }
    let label = |(place, event): (usize, &Event)| match &event.id {
        None => format!("#{}", place + 1),
        Some(id) => {
            let plain = id.replace('%', "%25").replace('#', "%23");
            if counts.get(&Some(id.as_str())).is_some_and(|count| *count > 1) {
                format!("{plain}#{}", place + 1)
            } else {
                plain
            }
        }
    };
    submission.events.iter().enumerate().map(label).collect()
}

/// An agency that is not named is one of its own for each submission.
fn agency_id(one: &Return<'_>) -> AgencyId {
    let agency = &one.submission.agency;
    let text = if agency.is_empty() { format!("\u{1}{}", one.label) } else { agency.clone() };
    AgencyId(Uuid::from_u128(u128::from(super::digest(&text))))
}

/// Whose record it is, and those it says it is about too.
fn named(one: &Return<'_>, event: usize, told: &Event, members: &[Member], findings: &mut Vec<Finding>) -> Vec<usize> {
    let mut named = BTreeSet::from([one.member]);
    for (place, name) in told.also_about.iter().enumerate() {
        match found(one, told, name.as_str(), members) {
            Ok(member) => {
                named.insert(member);
            }
            Err(code) => {
                let field = format!("events[{event}].also_about[{place}]");
                findings.push(Finding::new(one.line, field, code).of(one.label));
            }
        }
    }
    named.into_iter().collect()
}

/// The one member that goes by a name: of the subject's own families first.
fn found(one: &Return<'_>, told: &Event, name: &str, members: &[Member]) -> Result<usize, FindingCode> {
    let families = members.get(one.member).map(|member| member.families.as_slice()).unwrap_or_default();
    let near = |member: &Member| member.families.iter().any(|family| families.contains(family));
    let candidates = candidates(one, told, name, members);
    for own in [true, false] {
        let mut fitting = candidates.iter().filter(|place| members.get(**place).is_some_and(|m| near(m) == own));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => return Ok(*only),
            (Some(_), Some(_)) => return Err(FindingCode::NameOfSeveral),
            _ => {}
        }
    }
    Err(FindingCode::NameUnknown)
}

fn candidates(one: &Return<'_>, told: &Event, name: &str, members: &[Member]) -> Vec<usize> {
    let of = |holds: &dyn Fn(&Member) -> bool| -> Vec<usize> {
        let fitting = members.iter().enumerate().filter(|(_, member)| holds(member));
        fitting.map(|(place, _)| place).collect()
    };
    let record = (one.submission.agency.clone(), name.trim().to_lowercase());
    let by_record = of(&|member| member.records.contains(&record));
    if !by_record.is_empty() {
        return by_record;
    }
    let called = plain(name);
    let by_name = of(&|member| member.called.contains(&called));
    let first = called.split(' ').next().unwrap_or_default();
    if !by_name.is_empty() {
        // A child of that very name before an adult.
        let children: Vec<usize> =
            by_name.iter().copied().filter(|place| members.get(*place).is_some_and(Member::is_child)).collect();
        return if children.is_empty() { by_name } else { children };
    }
    if UNBORN.contains(&called.as_str()) || UNBORN.contains(&first) {
        let unborn = of(&|member| member.unborn_on(told.when.latest()));
        return if unborn.is_empty() { of(&|member| member.was_expected) } else { unborn };
    }
    Vec::new()
}

/// The children an entry concerns. What an adult's record tells without naming a child concerns all of the adult's.
fn concerned(one: &Return<'_>, named: &[usize], members: &[Member]) -> Vec<PersonId> {
    let people = || named.iter().filter_map(|place| members.get(*place));
    let children: Vec<PersonId> = people().filter(|member| member.is_child()).map(|member| member.id).collect();
    if !children.is_empty() {
        return children;
    }
    let Some(adult) = members.get(one.member) else { return Vec::new() };
    let theirs =
        |member: &&Member| member.is_child() && member.families.iter().any(|family| adult.families.contains(family));
    let theirs: Vec<PersonId> = members.iter().filter(theirs).map(|member| member.id).collect();
    if theirs.is_empty() { vec![adult.id] } else { theirs }
}

fn details(event: &Event, category: Category, children: Vec<PersonId>) -> EntryDetails {
    EntryDetails {
        reference: event.reference.clone(),
        when: event.when.clone(),
        what: event.text.clone(),
        category,
        source: Source { role: String::new(), record_system: String::new() },
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
    }
}

/// What a person of this name is called in lists of names.
fn calls(name: &PersonName) -> Vec<String> {
    let given = plain(name.given.as_str());
    let family = name.family.as_ref().map(|family| plain(family.as_str())).unwrap_or_default();
    if given.is_empty() {
        return Vec::new();
    }
    let first = given.split(' ').next().unwrap_or_default().to_owned();
    let whole = [format!("{given} {family}"), format!("{first} {family}"), format!("{family} {given}")];
    let mut all = vec![given, first];
    all.extend(whole.into_iter().filter(|_| !family.is_empty()));
    all
}

/// Plain small letters, one space between words; letters that have no plain form stay.
fn plain(name: &str) -> String {
    let lower = name.to_lowercase().replace(['\'', '’', '`'], "");
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let plain = |word: &str| {
        let ascii = deunicode(word).to_lowercase();
        if ascii.trim().is_empty() { word.to_owned() } else { ascii.trim().to_owned() }
    };
    words.map(plain).collect::<Vec<_>>().join(" ")
}

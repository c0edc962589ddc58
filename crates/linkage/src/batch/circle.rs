//! The events of one circle of families, brought before linkage as entries.

use std::collections::BTreeMap;

use domain::{AgencyId, EntryDetails, EntryId, FragmentId, PersonId};
use uuid::Uuid;

use super::finding::Finding;
use super::glossary::Glossary;
use super::names::{Member, Names};
use super::submission::{Event, Submission};
use crate::cluster::{SortedEvents, sort_events};
use crate::facts::{EventFacts, FamilyNames};

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
    let known = Names::of(members);
    for (of, one) in returns.iter().enumerate() {
        let ids = event_labels(one.submission);
        for (event, (told, id)) in one.submission.events.iter().zip(ids).enumerate() {
            let (named, noticed) = known.named(one, event);
            findings.extend(noticed);
            let details = told.details(concerned(one, &named, members), glossary);
            entries.push(Entry { label: format!("{}/{id}", one.label), of, event, named, details });
        }
    }
    let given = members.iter().flat_map(Member::given);
    let names = FamilyNames::new(given)
        .with_others(members.iter().flat_map(Member::others))
        .with_addresses(members.iter().flat_map(Member::addresses));
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

impl SortedReturns {
    /// The entry that linkage calls so: they are numbered from 1.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&Entry> {
        usize::try_from(id.0.as_u128()).ok()?.checked_sub(1).and_then(|place| self.entries.get(place))
    }
}

/// Each event's id, made unique by its place where it is missing or repeated.
fn event_labels(submission: &Submission) -> Vec<String> {
    let mut counts = BTreeMap::new();
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

/// The children an entry concerns. What an adult's record tells without naming a child concerns all of the adult's.
fn concerned(one: &Return<'_>, named: &[usize], members: &[Member]) -> Vec<PersonId> {
    let people = || named.iter().filter_map(|place| members.get(*place));
    let children: Vec<PersonId> = people().filter(|member| member.is_child()).map(|member| member.id).collect();
    if !children.is_empty() {
        return children;
    }
    let Some(adult) = members.get(one.member) else { return Vec::new() };
    let theirs = |member: &&Member| {
        member.is_child() && member.families().iter().any(|family| adult.families().contains(family))
    };
    let theirs: Vec<PersonId> = members.iter().filter(theirs).map(|member| member.id).collect();
    if theirs.is_empty() { vec![adult.id] } else { theirs }
}

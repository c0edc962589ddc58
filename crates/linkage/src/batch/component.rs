//! Converts the events of one component of families into entries and sorts those into events.

use std::collections::BTreeMap;

use domain::{AgencyId, EntryDetails, EntryId, FragmentId, PersonId};
use uuid::Uuid;

use super::finding::Finding;
use super::glossary::Glossary;
use super::names::{ComponentMember, NameResolver};
use super::submission::{Submission, SubmittedEvent};
use crate::cluster::{SortedEvents, sort_events};
use crate::facts::{EventFacts, FamilyNames};

/// One submission of a component, with where it comes from and whom it is about.
#[derive(Debug, Clone, Copy)]
pub struct ComponentSubmission<'a> {
    /// The name by which the output refers to the submission.
    pub label: &'a str,
    /// Its line in the file.
    pub line: u64,
    /// The submission itself.
    pub submission: &'a Submission,
    /// Index of its subject among the component's members.
    pub member: usize,
}

/// One submitted event, converted to an entry for linkage.
#[derive(Debug, Clone)]
pub struct ComponentEntry {
    /// Name in the output: "submission/event".
    pub label: String,
    /// Index of its submission among those given.
    pub submission_index: usize,
    /// Index of the event within the submission.
    pub event_index: usize,
    /// Indexes of the members concerned, ascending: the subject, and those named in `also_about`.
    pub named_members: Vec<usize>,
    /// The entry as linkage reads it.
    pub details: EntryDetails,
}

/// The entries of a component, sorted into events.
#[derive(Debug, Clone)]
pub struct SortedEntries {
    /// Each event of each submission once, in the order of the submissions.
    pub entries: Vec<ComponentEntry>,
    /// The events, which refer to entries by index.
    pub sorted: SortedEvents,
    /// Names in `also_about` that could not be resolved.
    pub findings: Vec<Finding>,
}

/// Sorts the events of all submissions of a component. The caller passes the submissions in an
/// order that does not depend on the order of the lines in the file.
#[must_use]
pub fn sort_entries(
    submissions: &[ComponentSubmission<'_>],
    members: &[ComponentMember],
    glossary: &Glossary,
) -> SortedEntries {
    let mut findings = Vec::new();
    let mut entries = Vec::new();
    let resolver = NameResolver::new(members);
    for (submission_index, source) in submissions.iter().enumerate() {
        let ids = event_labels(source.submission);
        for (event_index, (event, id)) in source.submission.events.iter().zip(ids).enumerate() {
            let (named_members, unresolved) = resolver.resolve_event(source, event_index);
            findings.extend(unresolved);
            let details = event.to_entry_details(
                children_concerned(source, &named_members, members),
                glossary,
            );
            let label = format!("{}/{id}", source.label);
            entries.push(ComponentEntry {
                label,
                submission_index,
                event_index,
                named_members,
                details,
            });
        }
    }
    let names = FamilyNames::new(members.iter().flat_map(ComponentMember::given_names))
        .with_other_names(members.iter().flat_map(ComponentMember::other_names))
        .with_addresses(members.iter().flat_map(ComponentMember::addresses));
    let facts: Vec<EventFacts<'_>> = (1_u128..)
        .zip(&entries)
        .filter_map(|(number, entry)| {
            let source = submissions.get(entry.submission_index)?;
            let event = source.submission.events.get(entry.event_index)?;
            let fragment = FragmentId(Uuid::from_u128(
                u128::try_from(entry.submission_index).ok()? + 1,
            ));
            let entry_id = EntryId(Uuid::from_u128(number));
            let facts = EventFacts::new(
                entry_id,
                fragment,
                agency_id(source),
                &entry.details,
                &names,
            );
            Some(facts.with_type_label(&event.kind))
        })
        .collect();
    let sorted = sort_events(&facts);
    drop(facts);
    SortedEntries {
        entries,
        sorted,
        findings,
    }
}

impl SortedEntries {
    /// The entry with this id. Ids are the entries' numbers, counted from 1.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&ComponentEntry> {
        usize::try_from(id.0.as_u128())
            .ok()?
            .checked_sub(1)
            .and_then(|index| self.entries.get(index))
    }
}

/// A label for each event: its id, followed or replaced by its number where the id is repeated or
/// missing.
fn event_labels(submission: &Submission) -> Vec<String> {
    let mut counts = BTreeMap::new();
    for event in &submission.events {
        *counts.entry(event.id.as_deref()).or_insert(0_usize) += 1;
    }
    let label = |(index, event): (usize, &SubmittedEvent)| match &event.id {
        None => format!("#{}", index + 1),
        Some(id) => {
            let escaped = id.replace('%', "%25").replace('#', "%23");
            if counts
                .get(&Some(id.as_str()))
                .is_some_and(|count| *count > 1)
            {
                format!("{escaped}#{}", index + 1)
            } else {
                escaped
            }
        }
    };
    submission.events.iter().enumerate().map(label).collect()
}

/// The id of the sending agency. An unnamed agency counts as a separate agency for each submission.
fn agency_id(source: &ComponentSubmission<'_>) -> AgencyId {
    let agency = &source.submission.agency;
    let text = if agency.is_empty() {
        format!("\u{1}{}", source.label)
    } else {
        agency.clone()
    };
    AgencyId(Uuid::from_u128(u128::from(super::digest(&text))))
}

/// The children that an entry concerns. An entry on an adult's record that names no child concerns
/// all children of the adult's families.
fn children_concerned(
    source: &ComponentSubmission<'_>,
    named_members: &[usize],
    members: &[ComponentMember],
) -> Vec<PersonId> {
    let people = || named_members.iter().filter_map(|index| members.get(*index));
    let children: Vec<PersonId> = people()
        .filter(|member| member.is_child())
        .map(|member| member.id)
        .collect();
    if !children.is_empty() {
        return children;
    }
    let Some(adult) = members.get(source.member) else {
        return Vec::new();
    };
    let is_own_child = |member: &&ComponentMember| {
        member.is_child()
            && member
                .families()
                .iter()
                .any(|family| adult.families().contains(family))
    };
    let own_children: Vec<PersonId> = members
        .iter()
        .filter(is_own_child)
        .map(|member| member.id)
        .collect();
    if own_children.is_empty() {
        vec![adult.id]
    } else {
        own_children
    }
}

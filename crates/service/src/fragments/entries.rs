//! From what was typed to entries that can be kept: parsed, checked, every fault named.

use std::collections::BTreeSet;

use domain::{AgencyId, EntryDetails, EventDate, EventDateError, Marking, Permit, PersonId, Sensitive};

use super::submitting::Submission;
use crate::directory::filled;
use crate::people::{FamilyView, Texts, is_for_nobody_else};
use crate::session::Scene;
use crate::{Answer, EntryIn, Fault, Service, ServiceError, WhenIn};

/// What entries are checked against.
pub(super) struct EntryScope {
    /// The children of the family.
    pub(super) children: Vec<PersonId>,
    /// Every member of the family.
    pub(super) members: Vec<PersonId>,
    /// The one child the fragment is about.
    pub(super) child: Option<PersonId>,
    /// The day from which on nothing can have happened: tomorrow, in the United Kingdom.
    pub(super) today: time::Date,
}

/// The entries of a submission, once neither they nor what was found before has a fault.
///
/// # Errors
/// [`ServiceError::Invalid`] with every fault, those in `faults` first.
pub(super) fn checked(
    scene: &mut Scene<'_, '_>,
    scope: &EntryScope,
    mut faults: Vec<Fault>,
    entries: &[EntryIn],
) -> Answer<Vec<EntryDetails>> {
    let parsed = match parse(scene, scope, entries) {
        Ok(parsed) => parsed,
        Err(ServiceError::Invalid(more)) => {
            faults.extend(more);
            Vec::new()
        }
        Err(other) => return Err(other),
    };
    if faults.is_empty() { Ok(parsed) } else { Err(ServiceError::Invalid(faults)) }
}

impl Service {
    /// Refuses a submission of which a text tells where a protected person of the family lives. Asked last, when nothing else
    /// stands in the way and it is known how entries are marked that say nothing of it: a write that is refused anyhow would be
    /// a guess that nobody sees. What its sender may not see is not theirs to answer for.
    pub(super) fn refuse_told(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        family: &FamilyView,
        (submission, unseen): (&Submission, &[bool]),
    ) -> Answer<()> {
        let texts = || {
            let mut texts = Texts::default();
            let details = &submission.details;
            texts.add("/sharing", &details.sharing)?;
            texts.add("/involvement", &details.involvement)?;
            texts.add("/correction_reason", &details.correction_reason)?;
            texts.add("/agency_reference", &details.agency_reference)?;
            let sent = submission.entries.iter().enumerate();
            let sent = sent.filter(|(at, _)| !unseen.get(*at).copied().unwrap_or_default());
            for (at, (_, entry)) in sent.enumerate() {
                if !is_for_nobody_else(&entry.handling) {
                    texts.add(&format!("/entries/{at}"), entry)?;
                }
            }
            Ok(texts)
        };
        let faults = self.addresses_told(scene, permit, &family.protected(), texts)?;
        if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
    }
}

/// Parses all entries of a submission.
///
/// # Errors
/// [`ServiceError::Invalid`] with every fault of every entry, by pointer.
fn parse(scene: &mut Scene<'_, '_>, scope: &EntryScope, entries: &[EntryIn]) -> Answer<Vec<EntryDetails>> {
    let mut faults = Vec::new();
    let mut parsed = Vec::with_capacity(entries.len());
    let mut references = BTreeSet::new();
    let known = known_agencies(scene, entries)?;
    for (at, entry) in entries.iter().enumerate() {
        let pointer = format!("/entries/{at}");
        if entry.reference.as_ref().is_some_and(|reference| !references.insert(reference.clone())) {
            let message = "another entry of this submission has the same reference";
            faults.push(Fault::new(format!("{pointer}/reference"), "repeated", message));
        }
        parsed.extend(parse_one(scene, scope, &known, entry, &pointer, &mut faults));
    }
    if faults.is_empty() { Ok(parsed) } else { Err(ServiceError::Invalid(faults)) }
}

fn parse_one(
    scene: &Scene<'_, '_>,
    scope: &EntryScope,
    known: &BTreeSet<AgencyId>,
    entry: &EntryIn,
    pointer: &str,
    faults: &mut Vec<Fault>,
) -> Option<EntryDetails> {
    let when = parse_when(&entry.when, scope.today, &format!("{pointer}/when"), faults);
    check_texts(entry, pointer, faults);
    check_people(entry, scope, pointer, faults);
    check_agencies(known, entry, pointer, faults);
    if !scene.policy().lists(&entry.category) {
        faults.push(Fault::new(format!("{pointer}/category"), "unknown", "not a category of this partnership"));
    }
    let action = filled(entry.action_taken.as_ref());
    let no_action = filled(entry.no_action_reason.as_ref());
    if scene.policy().action_mandatory && action.is_none() && no_action.is_none() {
        let message = "say what was done, or why nothing was";
        faults.push(Fault::new(format!("{pointer}/action_taken"), "required", message));
    }
    let impact = filled(entry.impact.as_ref());
    if scene.policy().impact_mandatory && impact.is_none() {
        faults.push(Fault::new(format!("{pointer}/impact"), "required", "say what it meant for the child"));
    }
    let children = children_of(entry, scope);
    when.map(|when| EntryDetails {
        reference: entry.reference.clone(),
        when,
        what: entry.what.clone(),
        category: entry.category.clone(),
        source: entry.source.clone(),
        children,
        adults: entry.adults.clone(),
        significance: entry.significance,
        action_taken: action,
        no_action_reason: no_action,
        impact,
        child_voice: entry.child_voice.clone(),
        family_account: entry.family_account.clone(),
        outcome: filled(entry.outcome.as_ref()),
        document_reference: entry.document_reference.clone(),
        rag: entry.rag,
        seen: entry.seen,
        handling: entry.handling.clone().unwrap_or_default(),
        key_incident: entry.key_incident,
        family_history: entry.family_history,
    })
}

/// EDTF counts when both are given; the words are kept either way.
fn parse_when(when: &WhenIn, today: time::Date, pointer: &str, faults: &mut Vec<Fault>) -> Option<EventDate> {
    let words = filled(when.words.as_ref());
    let (parsed, field) = match (&when.edtf, &words) {
        (Some(edtf), _) => (EventDate::from_edtf(edtf), "edtf"),
        (None, Some(words)) => (EventDate::from_words(words.as_str()), "words"),
        (None, None) => {
            faults.push(Fault::new(pointer, "required", "say when it happened, as exactly as it is known"));
            return None;
        }
    };
    let pointer = format!("{pointer}/{field}");
    match parsed {
        Ok(date) if date.is_after_day(today) => {
            faults.push(Fault::new(pointer, "future_date", "an event cannot lie in the future"));
            None
        }
        Ok(date) => Some(match words {
            Some(words) => date.with_words(words),
            None => date,
        }),
        Err(error) => {
            faults.push(Fault::new(pointer, date_code(&error), error.to_string()));
            None
        }
    }
}

const fn date_code(error: &EventDateError) -> &'static str {
    match error {
        EventDateError::ImpossibleDate | EventDateError::ImpossibleTime => "impossible_date",
        EventDateError::EndBeforeStart => "end_before_start",
        EventDateError::Empty | EventDateError::TooLong | EventDateError::Unreadable | EventDateError::YearMissing => {
            "unparseable_date"
        }
    }
}

fn check_texts(entry: &EntryIn, pointer: &str, faults: &mut Vec<Fault>) {
    if entry.what.as_str().trim().is_empty() {
        faults.push(Fault::new(format!("{pointer}/what"), "required", "say what happened"));
    }
    for (field, text) in [("role", &entry.source.role), ("record_system", &entry.source.record_system)] {
        if text.trim().is_empty() {
            faults.push(Fault::new(format!("{pointer}/source/{field}"), "required", "say where this comes from"));
        }
    }
    let long: [(&str, Option<&Sensitive<String>>, usize); 5] = [
        ("what", Some(&entry.what), 4_000),
        ("action_taken", entry.action_taken.as_ref(), 4_000),
        ("no_action_reason", entry.no_action_reason.as_ref(), 2_000),
        ("impact", entry.impact.as_ref(), 4_000),
        ("outcome", entry.outcome.as_ref(), 2_000),
    ];
    for (field, text, limit) in long {
        if text.is_some_and(|text| text.as_str().chars().count() > limit) {
            let message = format!("at most {limit} characters");
            faults.push(Fault::new(format!("{pointer}/{field}"), "too_long", message));
        }
    }
}

fn check_people(entry: &EntryIn, scope: &EntryScope, pointer: &str, faults: &mut Vec<Fault>) {
    for (at, child) in entry.children.iter().enumerate() {
        if !scope.children.contains(child) {
            let message = "not a child of this family";
            faults.push(Fault::new(format!("{pointer}/children/{at}"), "not_in_family", message));
        }
    }
    if entry.children.is_empty() && !entry.all_children && scope.child.is_none() {
        let message = "name the children it concerns, or set all_children";
        faults.push(Fault::new(format!("{pointer}/children"), "required", message));
    }
    for (at, adult) in entry.adults.iter().enumerate() {
        if adult.person.is_some_and(|person| !scope.members.contains(&person)) {
            let message = "not a member of this family";
            faults.push(Fault::new(format!("{pointer}/adults/{at}/person"), "not_in_family", message));
        }
    }
    if let Some(child) = entry.child_voice.as_ref().and_then(|voice| voice.child)
        && !scope.children.contains(&child)
    {
        faults.push(Fault::new(format!("{pointer}/child_voice/child"), "not_in_family", "not a child of this family"));
    }
    if let Some(said_on) = entry.child_voice.as_ref().and_then(|voice| voice.said_on.as_deref())
        && EventDate::from_edtf(said_on).is_err()
    {
        faults.push(Fault::new(
            format!("{pointer}/child_voice/said_on"),
            "unparseable_date",
            "a day, as in 2026-02-11",
        ));
    }
}

/// Named agencies exist, and stand on restricted entries only.
fn check_agencies(known: &BTreeSet<AgencyId>, entry: &EntryIn, pointer: &str, faults: &mut Vec<Fault>) {
    let Some(handling) = &entry.handling else { return };
    if handling.marking != Marking::Restricted && !handling.named_agencies.is_empty() {
        let message = "only a restricted entry names agencies";
        faults.push(Fault::new(format!("{pointer}/handling/named_agencies"), "not_restricted", message));
    }
    for (at, agency) in handling.named_agencies.iter().enumerate() {
        if !known.contains(agency) {
            let message = "no such agency in the partnership";
            faults.push(Fault::new(format!("{pointer}/handling/named_agencies/{at}"), "unknown", message));
        }
    }
}

/// Those of all agencies named on entries that the partnership has.
fn known_agencies(scene: &mut Scene<'_, '_>, entries: &[EntryIn]) -> Answer<BTreeSet<AgencyId>> {
    let named: BTreeSet<AgencyId> = entries
        .iter()
        .filter_map(|entry| entry.handling.as_ref())
        .flat_map(|handling| handling.named_agencies.clone())
        .collect();
    let named: Vec<AgencyId> = named.into_iter().collect();
    let partnership = scene.session.actor.partnership;
    Ok(store::agencies::find_many(scene.tx, partnership, &named)?.into_iter().map(|agency| agency.id).collect())
}

/// The children an entry concerns: those named, all, or the one the fragment is about.
fn children_of(entry: &EntryIn, scope: &EntryScope) -> Vec<PersonId> {
    let named = match (entry.all_children, scope.child) {
        (false, _) if !entry.children.is_empty() => entry.children.clone(),
        (_, Some(child)) => vec![child],
        (true, None) => scope.children.clone(),
        (false, None) => Vec::new(),
    };
    let distinct: BTreeSet<PersonId> = named.into_iter().collect();
    distinct.into_iter().collect()
}

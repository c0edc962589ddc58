//! Parsing and validation of submitted entries. Every fault is reported.

use std::collections::BTreeSet;

use contract::{EntryIn, WhenIn};
use domain::{
    AccessPermit, AgencyId, EntryDetails, EventDate, EventDateError, Marking, PartnershipPolicy,
    PersonId, Sensitive,
};
use kernel::{Fault, ServiceError, ServiceResult, UnitOfWork};

use crate::fragments::Fragments;
use crate::fragments::validation::Submission;
use crate::input::non_blank;
use crate::people::{SubmittedTexts, is_hidden_from_other_agencies};
use crate::records::FamilyView;

/// The family and day that entries are validated against.
pub(crate) struct EntryScope {
    /// The children of the family.
    pub(crate) children: Vec<PersonId>,
    /// Every member of the family.
    pub(crate) members: Vec<PersonId>,
    /// The one child the fragment is about.
    pub(crate) child: Option<PersonId>,
    /// Today's date in the United Kingdom; no event may lie after it.
    pub(crate) today: time::Date,
}

/// What one entry is checked against.
#[derive(Clone, Copy)]
struct EntryContext<'a> {
    policy: &'a PartnershipPolicy,
    scope: &'a EntryScope,
    /// The agencies named on the entries that exist in the partnership.
    agencies: &'a BTreeSet<AgencyId>,
}

/// Parses the entries of a submission, and fails when they or the earlier checks have faults.
///
/// # Errors
/// [`ServiceError::Invalid`] with every fault, those in `faults` first.
pub(crate) fn validate_entries(
    uow: &mut UnitOfWork<'_, '_>,
    scope: &EntryScope,
    mut faults: Vec<Fault>,
    entries: &[EntryIn],
) -> ServiceResult<Vec<EntryDetails>> {
    let parsed = match parse_entries(uow, scope, entries) {
        Ok(parsed) => parsed,
        Err(ServiceError::Invalid(more)) => {
            faults.extend(more);
            Vec::new()
        }
        Err(other) => return Err(other),
    };
    if faults.is_empty() {
        Ok(parsed)
    } else {
        Err(ServiceError::Invalid(faults))
    }
}

impl Fragments {
    /// Refuses a submission whose text discloses the address of a protected family member. This
    /// check runs last, when the inherited markings are known and nothing else fails, so that every
    /// guess at an address counts as a refusal. Entries that the sender may not see
    /// (`carried_over`) are not checked.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] with every text that could be meant;
    /// [`ServiceError::TooManyAddressRefusals`] when the caller has been refused too often.
    pub(super) fn refuse_addresses_in_submission(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        family: &FamilyView,
        (submission, carried_over): (&Submission, &[bool]),
    ) -> ServiceResult<()> {
        let texts = || {
            let mut texts = SubmittedTexts::default();
            let details = &submission.details;
            texts.add("/sharing", &details.sharing)?;
            texts.add("/involvement", &details.involvement)?;
            texts.add("/correction_reason", &details.correction_reason)?;
            texts.add("/agency_reference", &details.agency_reference)?;
            let sent = submission.entries.iter().enumerate();
            let sent = sent.filter(|(at, _)| !carried_over.get(*at).copied().unwrap_or_default());
            for (at, (_, entry)) in sent.enumerate() {
                if !is_hidden_from_other_agencies(&entry.handling) {
                    texts.add(&format!("/entries/{at}"), entry)?;
                }
            }
            Ok(texts)
        };
        let faults = self.people.find_disclosed_addresses(
            uow,
            permit,
            &family.protected_addresses(),
            texts,
        )?;
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ServiceError::Invalid(faults))
        }
    }
}

/// Parses all entries of a submission.
///
/// # Errors
/// [`ServiceError::Invalid`] with every fault of every entry, by pointer.
fn parse_entries(
    uow: &mut UnitOfWork<'_, '_>,
    scope: &EntryScope,
    entries: &[EntryIn],
) -> ServiceResult<Vec<EntryDetails>> {
    let mut faults = Vec::new();
    let mut parsed = Vec::with_capacity(entries.len());
    let mut references = BTreeSet::new();
    let agencies = known_agencies(uow, entries)?;
    let context = EntryContext {
        policy: uow.policy(),
        scope,
        agencies: &agencies,
    };
    for (at, entry) in entries.iter().enumerate() {
        let pointer = format!("/entries/{at}");
        if entry
            .reference
            .as_ref()
            .is_some_and(|reference| !references.insert(reference.clone()))
        {
            let message = "another entry of this submission has the same reference";
            faults.push(Fault::new(
                format!("{pointer}/reference"),
                "repeated",
                message,
            ));
        }
        parsed.extend(parse_entry(context, entry, &pointer, &mut faults));
    }
    if faults.is_empty() {
        Ok(parsed)
    } else {
        Err(ServiceError::Invalid(faults))
    }
}

fn parse_entry(
    context: EntryContext<'_>,
    entry: &EntryIn,
    pointer: &str,
    faults: &mut Vec<Fault>,
) -> Option<EntryDetails> {
    let EntryContext {
        policy,
        scope,
        agencies,
    } = context;
    let when = parse_when(&entry.when, scope.today, &format!("{pointer}/when"), faults);
    check_texts(entry, pointer, faults);
    check_people(entry, scope, pointer, faults);
    check_agencies(agencies, entry, pointer, faults);
    if !policy.has_category(&entry.category) {
        faults.push(Fault::new(
            format!("{pointer}/category"),
            "unknown",
            "not a category of this partnership",
        ));
    }
    check_mandatory_texts(policy, entry, pointer, faults);
    let children = children_of(entry, scope);
    when.map(|when| build_details(entry.clone(), when, children))
}

/// Combines an entry with its parsed date and the children that it concerns. Blank texts are
/// omitted.
fn build_details(entry: EntryIn, when: EventDate, children: Vec<PersonId>) -> EntryDetails {
    let mut details = domain::entry_form!(EntryDetails from entry {
        when,
        children,
        handling: entry.handling.unwrap_or_default(),
    });
    for text in [
        &mut details.action_taken,
        &mut details.no_action_reason,
        &mut details.impact,
        &mut details.outcome,
    ] {
        *text = non_blank(text.as_ref());
    }
    details
}

/// Checks the texts that the partnership demands of every entry.
fn check_mandatory_texts(
    policy: &PartnershipPolicy,
    entry: &EntryIn,
    pointer: &str,
    faults: &mut Vec<Fault>,
) {
    let has_action = non_blank(entry.action_taken.as_ref()).is_some()
        || non_blank(entry.no_action_reason.as_ref()).is_some();
    if policy.action_mandatory && !has_action {
        let message = "say what was done, or why nothing was";
        faults.push(Fault::new(
            format!("{pointer}/action_taken"),
            "required",
            message,
        ));
    }
    if policy.impact_mandatory && non_blank(entry.impact.as_ref()).is_none() {
        faults.push(Fault::new(
            format!("{pointer}/impact"),
            "required",
            "say what it meant for the child",
        ));
    }
}

/// Parses the time of an event. EDTF takes precedence over words; the words are kept either way.
fn parse_when(
    when: &WhenIn,
    today: time::Date,
    pointer: &str,
    faults: &mut Vec<Fault>,
) -> Option<EventDate> {
    let words = non_blank(when.words.as_ref());
    let (parsed, field) = match (&when.edtf, &words) {
        (Some(edtf), _) => (EventDate::from_edtf(edtf), "edtf"),
        (None, Some(words)) => (EventDate::from_words(words.as_str()), "words"),
        (None, None) => {
            faults.push(Fault::new(
                pointer,
                "required",
                "say when it happened, as exactly as it is known",
            ));
            return None;
        }
    };
    let pointer = format!("{pointer}/{field}");
    match parsed {
        Ok(date) if date.is_after_day(today) => {
            faults.push(Fault::new(
                pointer,
                "future_date",
                "an event cannot be in the future",
            ));
            None
        }
        Ok(date) => Some(match words {
            Some(words) => date.with_words(words),
            None => date,
        }),
        Err(error) => {
            faults.push(Fault::new(
                pointer,
                date_fault_code(&error),
                error.to_string(),
            ));
            None
        }
    }
}

const fn date_fault_code(error: &EventDateError) -> &'static str {
    match error {
        EventDateError::ImpossibleDate | EventDateError::ImpossibleTime => "impossible_date",
        EventDateError::EndBeforeStart => "end_before_start",
        EventDateError::Empty
        | EventDateError::TooLong
        | EventDateError::Unreadable
        | EventDateError::YearMissing => "unparseable_date",
    }
}

fn check_texts(entry: &EntryIn, pointer: &str, faults: &mut Vec<Fault>) {
    if entry.what.as_str().trim().is_empty() {
        faults.push(Fault::new(
            format!("{pointer}/what"),
            "required",
            "say what happened",
        ));
    }
    for (field, text) in [
        ("role", &entry.source.role),
        ("record_system", &entry.source.record_system),
    ] {
        if text.trim().is_empty() {
            faults.push(Fault::new(
                format!("{pointer}/source/{field}"),
                "required",
                "say where this comes from",
            ));
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
            faults.push(Fault::new(
                format!("{pointer}/{field}"),
                "too_long",
                message,
            ));
        }
    }
}

fn check_people(entry: &EntryIn, scope: &EntryScope, pointer: &str, faults: &mut Vec<Fault>) {
    for (at, child) in entry.children.iter().enumerate() {
        if !scope.children.contains(child) {
            let message = "not a child of this family";
            faults.push(Fault::new(
                format!("{pointer}/children/{at}"),
                "not_in_family",
                message,
            ));
        }
    }
    if entry.children.is_empty() && !entry.all_children && scope.child.is_none() {
        let message = "name the children it concerns, or set all_children";
        faults.push(Fault::new(
            format!("{pointer}/children"),
            "required",
            message,
        ));
    }
    for (at, adult) in entry.adults.iter().enumerate() {
        if adult
            .person
            .is_some_and(|person| !scope.members.contains(&person))
        {
            let message = "not a member of this family";
            faults.push(Fault::new(
                format!("{pointer}/adults/{at}/person"),
                "not_in_family",
                message,
            ));
        }
    }
    if let Some(child) = entry.child_voice.as_ref().and_then(|voice| voice.child)
        && !scope.children.contains(&child)
    {
        faults.push(Fault::new(
            format!("{pointer}/child_voice/child"),
            "not_in_family",
            "not a child of this family",
        ));
    }
    if let Some(said_on) = entry
        .child_voice
        .as_ref()
        .and_then(|voice| voice.said_on.as_deref())
        && EventDate::from_edtf(said_on).is_err()
    {
        faults.push(Fault::new(
            format!("{pointer}/child_voice/said_on"),
            "unparseable_date",
            "a day, as in 2026-02-11",
        ));
    }
}

/// Checks that named agencies exist and that only restricted entries name agencies.
fn check_agencies(
    existing: &BTreeSet<AgencyId>,
    entry: &EntryIn,
    pointer: &str,
    faults: &mut Vec<Fault>,
) {
    let Some(handling) = &entry.handling else {
        return;
    };
    if handling.marking != Marking::Restricted && !handling.named_agencies.is_empty() {
        let message = "only a restricted entry names agencies";
        faults.push(Fault::new(
            format!("{pointer}/handling/named_agencies"),
            "not_restricted",
            message,
        ));
    }
    for (at, agency) in handling.named_agencies.iter().enumerate() {
        if !existing.contains(agency) {
            let message = "no such agency in the partnership";
            faults.push(Fault::new(
                format!("{pointer}/handling/named_agencies/{at}"),
                "unknown",
                message,
            ));
        }
    }
}

/// The agencies named on entries that exist in the partnership.
fn known_agencies(
    uow: &mut UnitOfWork<'_, '_>,
    entries: &[EntryIn],
) -> ServiceResult<BTreeSet<AgencyId>> {
    let named: BTreeSet<AgencyId> = entries
        .iter()
        .filter_map(|entry| entry.handling.as_ref())
        .flat_map(|handling| handling.named_agencies.clone())
        .collect();
    let named: Vec<AgencyId> = named.into_iter().collect();
    let partnership = uow.session.actor.partnership;
    Ok(store::agencies::find_many(uow.tx, partnership, &named)?
        .into_iter()
        .map(|agency| agency.id)
        .collect())
}

/// The children that an entry concerns: those named, all, or the child that the fragment is about.
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

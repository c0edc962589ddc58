//! Converts the demonstration data to inputs of the use cases.

use std::collections::BTreeMap;

use anyhow::Context as _;
use domain::{
    Address, AdultConcerned, AgencyId, BirthDate, ChildVoice, FamilyAccount, FamilyId, Handling,
    Instant, Marking, PersonId, PersonName, PractitionerId, Source,
};
use service::{
    ChronologyIn, EntryIn, FamilyIn, FragmentIn, Household, Involvement, PersonIn, Relationship,
    SharingDecision,
};
use time::Date;

use super::lookup;
use crate::demo::data::{
    AddressData, AdultData, ChronologyData, EntryData, FamilyData, PersonData, ReturnData,
};
use crate::demo::{event_time, relative_date};

/// Parses an instant relative to `now`.
pub(super) fn parse_instant(text: Option<&str>, now: Instant) -> anyhow::Result<Option<Instant>> {
    text.map(|text| relative_date::parse_instant(text, now))
        .transpose()
        .map_err(parse_error)
}

/// Looks up every key.
pub(super) fn lookup_all<T: Copy>(
    known: &BTreeMap<String, T>,
    keys: &[String],
) -> anyhow::Result<Vec<T>> {
    keys.iter().map(|key| lookup(known, key).copied()).collect()
}

/// Converts a person.
pub(super) fn person_input(data: &PersonData, now: Instant) -> anyhow::Result<PersonIn> {
    let today = uk_date(now);
    let name = |given: &str, family: Option<&str>| PersonName {
        given: given.into(),
        family: family.map(Into::into),
    };
    let known_as = data
        .known_as
        .iter()
        .map(|given| name(given, data.family.as_deref()));
    let formerly = data
        .formerly
        .iter()
        .map(|family| name(&data.given, Some(family)));
    let addresses = data
        .addresses
        .iter()
        .map(|one| address_input(one, today))
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(PersonIn {
        kind: data.kind,
        name: name(&data.given, data.family.as_deref()),
        other_names: known_as.chain(formerly).collect(),
        birth: birth_date(data, today)?,
        sex: data.sex,
        nhs_number: data.nhs_number.clone(),
        no_nhs_number_reason: data.no_nhs_number_reason,
        upn: data.upn.clone(),
        addresses,
    })
}

/// Converts a family whose people are recorded.
pub(super) fn family_input(
    data: &FamilyData,
    people: &BTreeMap<String, PersonId>,
    now: Instant,
) -> anyhow::Result<FamilyIn> {
    let today = uk_date(now);
    let members = data
        .people
        .iter()
        .map(|person| lookup(people, &person.key).copied())
        .collect::<anyhow::Result<_>>()?;
    let mut relationships = Vec::new();
    for one in &data.relationships {
        for to in &one.to {
            relationships.push(Relationship {
                from: *lookup(people, &one.from)?,
                kind: one.kind,
                to: *lookup(people, to)?,
                since: to_edtf(one.since.as_deref(), today)?,
                until: to_edtf(one.until.as_deref(), today)?,
            });
        }
    }
    let households = data.households.iter().map(|one| {
        Ok(Household {
            label: one.label.as_str().into(),
            members: lookup_all(people, &one.members)?,
        })
    });
    let households = households.collect::<anyhow::Result<_>>()?;
    Ok(FamilyIn {
        label: data.label.as_str().into(),
        members,
        relationships,
        households,
    })
}

/// Converts a chronology.
pub(super) fn chronology_input(
    data: &ChronologyData,
    family_id: FamilyId,
    practitioners: &BTreeMap<String, PractitionerId>,
    now: Instant,
) -> anyhow::Result<ChronologyIn> {
    Ok(ChronologyIn {
        family_id,
        purpose: data.purpose,
        question: data.question.clone(),
        lawful_basis: data.lawful_basis,
        no_consent_reason: data.no_consent_reason,
        family_told: data.family_told,
        family_not_told_reason: data.family_not_told_reason.clone(),
        look_back_from: to_edtf(data.look_back_from.as_deref(), uk_date(now))?,
        due_at: parse_instant(data.due.as_deref(), now)?,
        expires_at: parse_instant(data.expires.as_deref(), now)?,
        team: lookup_all(practitioners, &data.team)?,
    })
}

/// Converts an agency's return.
pub(super) fn fragment_input(
    data: &ReturnData,
    people: &BTreeMap<String, PersonId>,
    agencies: &BTreeMap<String, AgencyId>,
    now: Instant,
) -> anyhow::Result<FragmentIn> {
    let entries = data
        .entries
        .iter()
        .map(|one| entry_input(one, data, people, agencies, uk_date(now)));
    Ok(FragmentIn {
        child_id: data
            .child
            .as_ref()
            .map(|child| lookup(people, child).copied())
            .transpose()?,
        agency_reference: data.reference.clone(),
        expires_at: None,
        on_behalf_of: data
            .on_behalf_of
            .as_ref()
            .map(|agency| lookup(agencies, agency).copied())
            .transpose()?,
        sharing: SharingDecision {
            decided_by: data.decided_by.clone().context("decided_by is missing")?,
            reason: data.reason.clone().context("reason is missing")?,
        },
        involvement: involvement_input(data, uk_date(now))?,
        correction_reason: data.correction_reason.clone(),
        entries: entries.collect::<anyhow::Result<_>>()?,
    })
}

/// A correction submits the whole return again, with the entries of the same references replaced.
pub(super) fn apply_correction(
    sent: Option<&FragmentIn>,
    mut correction: FragmentIn,
) -> FragmentIn {
    let replacements = std::mem::take(&mut correction.entries);
    let former_entries = sent.map(|sent| sent.entries.clone()).unwrap_or_default();
    let replaced = former_entries.into_iter().map(|entry| {
        let replacement = replacements
            .iter()
            .find(|one| one.reference.is_some() && one.reference == entry.reference);
        replacement.cloned().unwrap_or(entry)
    });
    correction.entries = replaced.collect();
    correction
}

fn involvement_input(data: &ReturnData, today: Date) -> anyhow::Result<Option<Involvement>> {
    let Some(status) = data.involvement else {
        return Ok(None);
    };
    Ok(Some(Involvement {
        status,
        support: data.support.clone(),
        lead_professional: data.lead_professional.clone(),
        since: to_edtf(data.since.as_deref(), today)?,
        until: None,
    }))
}

fn entry_input(
    data: &EntryData,
    return_data: &ReturnData,
    people: &BTreeMap<String, PersonId>,
    agencies: &BTreeMap<String, AgencyId>,
    today: Date,
) -> anyhow::Result<EntryIn> {
    let adults = data.adults.iter().map(|one| adult_input(one, people));
    let account = data.account.as_ref();
    Ok(EntryIn {
        reference: data.reference.clone(),
        when: event_time::parse_event_time(&data.when, data.words.as_deref(), today)
            .map_err(parse_error)?,
        what: data.what.clone(),
        category: data.category.clone(),
        source: Source {
            role: data
                .role
                .clone()
                .unwrap_or_else(|| return_data.role.clone()),
            record_system: return_data.system.clone(),
        },
        children: lookup_all(people, &data.children)?,
        all_children: data.children.is_empty(),
        adults: adults.collect::<anyhow::Result<_>>()?,
        significance: data.significance,
        action_taken: data.action.clone(),
        no_action_reason: data.no_action.clone(),
        impact: data.impact.clone(),
        child_voice: child_voice_input(data, people)?,
        family_account: account.map(|one| FamilyAccount {
            words: one.words.clone(),
            disputed: one.disputed,
        }),
        outcome: data.outcome.clone(),
        document_reference: data.document.clone(),
        rag: data.rag,
        seen: data.seen,
        handling: Some(Handling {
            marking: data.marking.unwrap_or(Marking::Normal),
            named_agencies: lookup_all(agencies, &data.named)?,
        }),
        key_incident: data.key_incident,
        family_history: data.family_history,
    })
}

fn adult_input(
    data: &AdultData,
    people: &BTreeMap<String, PersonId>,
) -> anyhow::Result<AdultConcerned> {
    Ok(AdultConcerned {
        person: lookup_optional(people, data.person.as_ref())?,
        role: data.role,
    })
}

fn child_voice_input(
    data: &EntryData,
    people: &BTreeMap<String, PersonId>,
) -> anyhow::Result<Option<ChildVoice>> {
    let Some(voice) = &data.voice else {
        return Ok(None);
    };
    Ok(Some(ChildVoice {
        words: voice.words.clone(),
        child: lookup_optional(people, voice.child.as_ref())?,
        said_on: None,
    }))
}

fn lookup_optional(
    people: &BTreeMap<String, PersonId>,
    key: Option<&String>,
) -> anyhow::Result<Option<PersonId>> {
    key.map(|key| lookup(people, key).copied()).transpose()
}

fn birth_date(data: &PersonData, today: Date) -> anyhow::Result<Option<BirthDate>> {
    let (text, expected) = match (&data.born, &data.due) {
        (Some(born), _) => (born, false),
        (None, Some(due)) => (due, true),
        (None, None) => return Ok(None),
    };
    let (date, _) = relative_date::parse_day(text, today).map_err(parse_error)?;
    Ok(Some(BirthDate { date, expected }))
}

fn address_input(data: &AddressData, today: Date) -> anyhow::Result<Address> {
    Ok(Address {
        lines: data.lines.as_str().into(),
        postcode: data.postcode.as_deref().map(Into::into),
        from: to_edtf(data.from.as_deref(), today)?,
        until: to_edtf(data.until.as_deref(), today)?,
        protected: data.protected,
    })
}

fn to_edtf(text: Option<&str>, today: Date) -> anyhow::Result<Option<String>> {
    let value = text
        .map(|text| event_time::parse_event_time(text, None, today))
        .transpose()
        .map_err(parse_error)?;
    Ok(value.and_then(|value| value.edtf))
}

fn uk_date(now: Instant) -> Date {
    domain::uk_date_at(now)
}

fn parse_error(text: String) -> anyhow::Error {
    anyhow::anyhow!("cannot be parsed: {text}")
}

//! From the files' shapes to the use cases' inputs.

use std::collections::BTreeMap;

use anyhow::Context as _;
use domain::{
    Address, AdultConcerned, AgencyId, BirthDate, ChildVoice, FamilyAccount, FamilyId, Handling, Instant, Marking,
    PersonId, PersonName, PractitionerId, Source,
};
use service::{
    ChronologyIn, EntryIn, FamilyIn, FragmentIn, Household, Involvement, PersonIn, Relationship, SharingDecision,
};
use time::Date;

use super::find;
use crate::demo::data::{AddressData, ChronologyData, EntryData, FamilyData, PersonData, ReturnData};
use crate::demo::{relative, when};

/// A moment counted from `now`.
pub(super) fn moment(text: Option<&str>, now: Instant) -> anyhow::Result<Option<Instant>> {
    text.map(|text| relative::moment(text, now)).transpose().map_err(unreadable)
}

/// What each key stands for.
pub(super) fn all<T: Copy>(known: &BTreeMap<String, T>, keys: &[String]) -> anyhow::Result<Vec<T>> {
    keys.iter().map(|key| find(known, key).copied()).collect()
}

/// A person.
pub(super) fn person(data: &PersonData, now: Instant) -> anyhow::Result<PersonIn> {
    let today = today(now);
    let name = |given: &str, family: Option<&str>| PersonName { given: given.into(), family: family.map(Into::into) };
    let known_as = data.known_as.iter().map(|given| name(given, data.family.as_deref()));
    let formerly = data.formerly.iter().map(|family| name(&data.given, Some(family)));
    let addresses = data.addresses.iter().map(|one| address(one, today)).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(PersonIn {
        kind: data.kind,
        name: name(&data.given, data.family.as_deref()),
        other_names: known_as.chain(formerly).collect(),
        birth: birth(data, today)?,
        sex: data.sex,
        nhs_number: data.nhs_number.clone(),
        no_nhs_number_reason: data.no_nhs_number_reason,
        upn: data.upn.clone(),
        addresses,
    })
}

/// A family of people who are recorded.
pub(super) fn family(data: &FamilyData, people: &BTreeMap<String, PersonId>, now: Instant) -> anyhow::Result<FamilyIn> {
    let today = today(now);
    let members = data.people.iter().map(|person| find(people, &person.key).copied()).collect::<anyhow::Result<_>>()?;
    let mut relationships = Vec::new();
    for one in &data.relationships {
        for to in &one.to {
            relationships.push(Relationship {
                from: *find(people, &one.from)?,
                kind: one.kind,
                to: *find(people, to)?,
                since: edtf(one.since.as_deref(), today)?,
                until: edtf(one.until.as_deref(), today)?,
            });
        }
    }
    let households = data
        .households
        .iter()
        .map(|one| Ok(Household { label: one.label.as_str().into(), members: all(people, &one.members)? }));
    let households = households.collect::<anyhow::Result<_>>()?;
    Ok(FamilyIn { label: data.label.as_str().into(), members, relationships, households })
}

/// A chronology to prepare.
pub(super) fn chronology(
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
        look_back_from: edtf(data.look_back_from.as_deref(), today(now))?,
        due_at: moment(data.due.as_deref(), now)?,
        expires_at: moment(data.expires.as_deref(), now)?,
        team: all(practitioners, &data.team)?,
    })
}

/// What an agency submits.
pub(super) fn fragment(
    data: &ReturnData,
    people: &BTreeMap<String, PersonId>,
    agencies: &BTreeMap<String, AgencyId>,
    now: Instant,
) -> anyhow::Result<FragmentIn> {
    let entries = data.entries.iter().map(|one| entry(one, data, people, agencies, today(now)));
    Ok(FragmentIn {
        child_id: data.child.as_ref().map(|child| find(people, child).copied()).transpose()?,
        agency_reference: data.reference.clone(),
        expires_at: None,
        on_behalf_of: data.on_behalf_of.as_ref().map(|agency| find(agencies, agency).copied()).transpose()?,
        sharing: SharingDecision {
            decided_by: data.decided_by.clone().context("who decided to share?")?,
            reason: data.reason.clone().context("why is it shared?")?,
        },
        involvement: involvement(data, today(now))?,
        correction_reason: data.correction_reason.clone(),
        entries: entries.collect::<anyhow::Result<_>>()?,
    })
}

/// A correction sends the whole return again: what was sent, with the entries of the same references replaced.
pub(super) fn corrected(sent: Option<&FragmentIn>, mut correction: FragmentIn) -> FragmentIn {
    let mended = std::mem::take(&mut correction.entries);
    let former = sent.map(|sent| sent.entries.clone()).unwrap_or_default();
    let replaced = former.into_iter().map(|entry| {
        let mending = mended.iter().find(|one| one.reference.is_some() && one.reference == entry.reference);
        mending.cloned().unwrap_or(entry)
    });
    correction.entries = replaced.collect();
    correction
}

fn involvement(data: &ReturnData, today: Date) -> anyhow::Result<Option<Involvement>> {
    let Some(status) = data.involvement else { return Ok(None) };
    Ok(Some(Involvement {
        status,
        support: data.support.clone(),
        lead_professional: data.lead_professional.clone(),
        since: edtf(data.since.as_deref(), today)?,
        until: None,
    }))
}

fn entry(
    data: &EntryData,
    of: &ReturnData,
    people: &BTreeMap<String, PersonId>,
    agencies: &BTreeMap<String, AgencyId>,
    today: Date,
) -> anyhow::Result<EntryIn> {
    let person = |key: &Option<String>| key.as_ref().map(|key| find(people, key).copied()).transpose();
    let adults = data.adults.iter().map(|one| Ok(AdultConcerned { person: person(&one.person)?, role: one.role }));
    let child_voice = data.voice.as_ref().map(|voice| {
        Ok::<_, anyhow::Error>(ChildVoice { words: voice.words.clone(), child: person(&voice.child)?, said_on: None })
    });
    let account = data.account.as_ref();
    Ok(EntryIn {
        reference: data.reference.clone(),
        when: when::when(&data.when, data.words.as_deref(), today).map_err(unreadable)?,
        what: data.what.clone(),
        category: data.category.clone(),
        source: Source { role: data.role.clone().unwrap_or_else(|| of.role.clone()), record_system: of.system.clone() },
        children: all(people, &data.children)?,
        all_children: data.children.is_empty(),
        adults: adults.collect::<anyhow::Result<_>>()?,
        significance: data.significance,
        action_taken: data.action.clone(),
        no_action_reason: data.no_action.clone(),
        impact: data.impact.clone(),
        child_voice: child_voice.transpose()?,
        family_account: account.map(|one| FamilyAccount { words: one.words.clone(), disputed: one.disputed }),
        outcome: data.outcome.clone(),
        document_reference: data.document.clone(),
        rag: data.rag,
        seen: data.seen,
        handling: Some(Handling {
            marking: data.marking.unwrap_or(Marking::Normal),
            named_agencies: all(agencies, &data.named)?,
        }),
        key_incident: data.key_incident,
        family_history: data.family_history,
    })
}

fn birth(data: &PersonData, today: Date) -> anyhow::Result<Option<BirthDate>> {
    let (text, expected) = match (&data.born, &data.due) {
        (Some(born), _) => (born, false),
        (None, Some(due)) => (due, true),
        (None, None) => return Ok(None),
    };
    let (date, _) = relative::day(text, today).map_err(unreadable)?;
    Ok(Some(BirthDate { date, expected }))
}

fn address(data: &AddressData, today: Date) -> anyhow::Result<Address> {
    Ok(Address {
        lines: data.lines.as_str().into(),
        postcode: data.postcode.as_deref().map(Into::into),
        from: edtf(data.from.as_deref(), today)?,
        until: edtf(data.until.as_deref(), today)?,
        protected: data.protected,
    })
}

fn edtf(text: Option<&str>, today: Date) -> anyhow::Result<Option<String>> {
    let value = text.map(|text| when::when(text, None, today)).transpose().map_err(unreadable)?;
    Ok(value.and_then(|value| value.edtf))
}

fn today(now: Instant) -> Date {
    domain::uk_date_of(now)
}

fn unreadable(text: String) -> anyhow::Error {
    anyhow::anyhow!("cannot be read: {text}")
}

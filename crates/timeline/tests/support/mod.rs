//! Fixtures: a family, agencies, and entries of which a test states only what matters.

use domain::{
    AgencyId, BirthDate, Category, EntryDetails, EntryId, EventDate, FragmentId, Handling, Instant,
    PersonId, Sensitive, Significance, Source,
};
use time::macros::date;
use timeline::{
    AgencyNames, ChildFacts, ConsolidatedTimeline, FamilyFacts, LiveEntry, Row, TimelineFilter,
    consolidate,
};
use uuid::Uuid;

pub(crate) const HV: u128 = 1;
pub(crate) const POLICE: u128 = 2;
pub(crate) const SCHOOL: u128 = 3;
pub(crate) const AISHA: u128 = 100;
pub(crate) const BILAL: u128 = 101;
pub(crate) const UNBORN: u128 = 102;
pub(crate) const FIGHT: &str =
    "Neighbour reported shouting and a child crying; officers found mother with a cut lip";

pub(crate) fn person(id: u128) -> PersonId {
    PersonId(Uuid::from_u128(id))
}

pub(crate) fn agency(id: u128) -> AgencyId {
    AgencyId(Uuid::from_u128(id))
}

pub(crate) fn entry_id(id: u128) -> EntryId {
    EntryId(Uuid::from_u128(id))
}

pub(crate) fn family() -> FamilyFacts {
    let child = |id, name: &str, date, expected| ChildFacts {
        id: person(id),
        given_name: name.into(),
        birth: Some(BirthDate { date, expected }),
    };
    let children = vec![
        child(BILAL, "Bilal", date!(2020 - 06 - 01), false),
        child(AISHA, "Aisha", date!(2016 - 02 - 29), false),
        child(UNBORN, "Unborn baby", date!(2024 - 08 - 01), true),
    ];
    FamilyFacts {
        children,
        other_names: Vec::new(),
        address_lines: Vec::new(),
    }
}

/// The names of all agencies except the health visitors.
pub(crate) fn agencies() -> AgencyNames {
    [
        (agency(POLICE), "Marlshire Police".to_owned()),
        (agency(SCHOOL), "Oakmere Primary School".to_owned()),
    ]
    .into_iter()
    .collect()
}

/// An entry of the agency `of`, in fragment `fragment`, with default values for all other fields.
pub(crate) fn entry(
    id: u128,
    fragment: u128,
    of: u128,
    children: &[u128],
    when: &str,
    what: &str,
) -> LiveEntry {
    let details = EntryDetails {
        reference: None,
        when: EventDate::from_edtf(when).unwrap(),
        what: Sensitive::from(what),
        category: Category::new("DOMESTIC_ABUSE").unwrap(),
        source: Source {
            role: "practitioner".into(),
            record_system: "records".into(),
        },
        children: children.iter().copied().map(person).collect(),
        adults: Vec::new(),
        significance: Significance::Risk,
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
    };
    LiveEntry {
        entry_id: entry_id(id),
        fragment_id: FragmentId(Uuid::from_u128(fragment)),
        fragment_version: 1,
        agency: agency(of),
        proxy_by: None,
        submitted_at: Instant::from_micros(
            1_760_000_000_000_000 + i64::try_from(fragment).unwrap(),
        ),
        position: i64::try_from(id).unwrap(),
        details,
    }
}

/// Changes the details of an entry.
pub(crate) fn entry_with(
    mut entry: LiveEntry,
    change: impl FnOnce(&mut EntryDetails),
) -> LiveEntry {
    change(&mut entry.details);
    entry
}

/// Consolidates entries without a filter.
pub(crate) fn consolidate_all(entries: Vec<LiveEntry>) -> ConsolidatedTimeline {
    consolidate_filtered(entries, &TimelineFilter::default())
}

pub(crate) fn consolidate_filtered(
    entries: Vec<LiveEntry>,
    filter: &TimelineFilter,
) -> ConsolidatedTimeline {
    consolidate(entries, &family(), &agencies(), filter)
}

/// The ids of all entries on a row: accounts and repeats.
pub(crate) fn entry_ids_on(row: &Row) -> Vec<EntryId> {
    let ids = |account: &timeline::Account| {
        std::iter::once(account.entry_id)
            .chain(
                account
                    .also_submitted_as
                    .iter()
                    .map(|repeat| repeat.entry_id),
            )
            .collect::<Vec<_>>()
    };
    let mut ids: Vec<EntryId> = row.accounts.iter().flat_map(ids).collect();
    ids.sort_unstable();
    ids
}

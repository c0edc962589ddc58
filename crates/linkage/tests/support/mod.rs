//! Builds entries with the few details that a test needs.

use domain::{
    AdultConcerned, AdultRole, AgencyId, Category, EntryDetails, EntryId, EventDate, FragmentId,
    Handling, PersonId, SeenStatus, Sensitive, Significance, Source,
};
use linkage::{EventCluster, EventFacts, FamilyNames, cluster_events};
use uuid::Uuid;

pub(crate) const HV: u128 = 1;
pub(crate) const POLICE: u128 = 2;
pub(crate) const SCHOOL: u128 = 3;
pub(crate) const GP: u128 = 4;
pub(crate) const AISHA: u128 = 100;
pub(crate) const BILAL: u128 = 101;
pub(crate) const CARYS: u128 = 102;

/// An entry with its ids.
#[derive(Clone, Debug)]
pub(crate) struct TestEntry {
    pub(crate) id: u128,
    pub(crate) fragment: u128,
    pub(crate) agency: u128,
    pub(crate) details: EntryDetails,
}

pub(crate) fn test_entry(
    agency: u128,
    children: &[u128],
    when: &str,
    category: &str,
    what: &str,
) -> TestEntry {
    let details = EntryDetails {
        reference: None,
        when: EventDate::from_edtf(when).unwrap(),
        what: Sensitive::from(what),
        category: Category::new(category).unwrap(),
        source: Source {
            role: "practitioner".into(),
            record_system: "records".into(),
        },
        children: children
            .iter()
            .map(|id| PersonId(Uuid::from_u128(*id)))
            .collect(),
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
    TestEntry {
        id: 0,
        fragment: 0,
        agency,
        details,
    }
}

impl TestEntry {
    pub(crate) fn fragment(mut self, fragment: u128) -> Self {
        self.fragment = fragment;
        self
    }
    pub(crate) fn seen(mut self, seen: SeenStatus) -> Self {
        self.details.seen = Some(seen);
        self
    }
    pub(crate) fn outcome(mut self, words: &str) -> Self {
        self.details.outcome = Some(words.into());
        self
    }
    pub(crate) fn reference(mut self, reference: &str) -> Self {
        self.details.reference = Some(reference.into());
        self
    }
    pub(crate) fn document(mut self, reference: &str) -> Self {
        self.details.document_reference = Some(reference.into());
        self
    }
    pub(crate) fn adult(mut self, role: AdultRole) -> Self {
        self.details
            .adults
            .push(AdultConcerned { person: None, role });
        self
    }
    pub(crate) fn facts<'a>(&'a self, names: &'a FamilyNames) -> EventFacts<'a> {
        let entry_id = EntryId(Uuid::from_u128(self.id));
        let fragment_id = FragmentId(Uuid::from_u128(self.fragment));
        let agency_id = AgencyId(Uuid::from_u128(self.agency));
        EventFacts::new(entry_id, fragment_id, agency_id, &self.details, names)
    }
}

pub(crate) fn names() -> FamilyNames {
    FamilyNames::new(
        [(AISHA, "Aisha"), (BILAL, "Bilal"), (CARYS, "Carys")]
            .map(|(id, name)| (PersonId(Uuid::from_u128(id)), name)),
    )
}

/// Numbers the entries in the order of the list.
pub(crate) fn numbered(entries: impl IntoIterator<Item = TestEntry>) -> Vec<TestEntry> {
    entries
        .into_iter()
        .zip(1..)
        .map(|(entry, id)| TestEntry { id, ..entry })
        .collect()
}

pub(crate) fn clusters(entries: &[TestEntry]) -> Vec<EventCluster> {
    let names = names();
    cluster_events(
        &entries
            .iter()
            .map(|entry| entry.facts(&names))
            .collect::<Vec<_>>(),
    )
}

/// The clusters as lists of entry ids.
pub(crate) fn sorted(entries: &[TestEntry]) -> Vec<Vec<u128>> {
    clusters(entries)
        .iter()
        .map(|cluster| {
            cluster
                .members
                .iter()
                .map(|&index| entries[index].id)
                .collect()
        })
        .collect()
}

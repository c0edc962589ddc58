//! What goes in.

use domain::{AgencyId, BirthDate, EntryDetails, EntryId, FragmentId, Instant, PersonId, Sensitive};
use linkage::FamilyNames;

/// One live entry, opened, that the reader may see.
#[derive(Debug, Clone)]
pub struct LiveEntry {
    /// The entry; unique among those consolidated together.
    pub entry_id: EntryId,
    /// The fragment it stands in.
    pub fragment_id: FragmentId,
    /// The fragment's version it is taken from.
    pub fragment_version: i64,
    /// The agency that tells it.
    pub agency: AgencyId,
    /// The agency that entered it on its behalf.
    pub proxy_by: Option<AgencyId>,
    /// When the fragment's version was submitted.
    pub submitted_at: Instant,
    /// Its place in the fragment as submitted, from 0.
    pub position: i64,
    /// What it says.
    pub details: EntryDetails,
}

/// See [`LiveEntry::order`].
pub(crate) type SubmissionOrder = (FragmentId, i64, EntryId);

impl LiveEntry {
    /// Where it stands in the order of submission: by fragment, and in each as its agency listed them. Identifiers of
    /// entries have no order; they settle what is left, should two have one place.
    pub(crate) const fn order(&self) -> SubmissionOrder {
        (self.fragment_id, self.position, self.entry_id)
    }
}

/// What consolidation needs to know of a family.
#[derive(Debug, Clone, Default)]
pub struct FamilyFacts {
    /// Its children.
    pub children: Vec<ChildFacts>,
    /// Other names that it goes by: family names, former names, and the names of its adults.
    pub other_names: Vec<Sensitive<String>>,
    /// Lines of the addresses its people have lived at.
    pub address_lines: Vec<Sensitive<String>>,
}

impl FamilyFacts {
    /// The names, as linkage needs them.
    pub(crate) fn names(&self) -> FamilyNames {
        let given = self.children.iter().map(|child| (child.id, child.given_name.as_str()));
        FamilyNames::new(given)
            .with_others(self.other_names.iter().map(Sensitive::as_str))
            .with_addresses(self.address_lines.iter().map(Sensitive::as_str))
    }
}

/// What consolidation needs to know of a child of the family.
#[derive(Debug, Clone)]
pub struct ChildFacts {
    /// The child.
    pub id: PersonId,
    /// Given name in use, so that a sibling's copy of an entry may differ in it.
    pub given_name: Sensitive<String>,
    /// Date of birth, or the day the birth is expected.
    pub birth: Option<BirthDate>,
}

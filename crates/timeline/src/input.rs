//! The input of consolidation: entries and facts about the family.

use domain::{
    AgencyId, BirthDate, EntryDetails, EntryId, FragmentId, Instant, PersonId, Sensitive,
};
use linkage::FamilyNames;

/// An unexpired, unsealed entry that the reader may see.
#[derive(Debug, Clone)]
pub struct LiveEntry {
    /// The id of the entry, unique among the entries that are consolidated together.
    pub entry_id: EntryId,
    /// The fragment that contains the entry.
    pub fragment_id: FragmentId,
    /// The version of the fragment.
    pub fragment_version: i64,
    /// The agency whose account it is.
    pub agency: AgencyId,
    /// The agency that entered it on behalf of that agency.
    pub proxy_by: Option<AgencyId>,
    /// When the version of the fragment was submitted.
    pub submitted_at: Instant,
    /// The position of the entry in the fragment, from 0.
    pub position: i64,
    /// The content of the entry.
    pub details: EntryDetails,
}

/// The key by which entries are ordered by submission: fragment, position, entry.
pub(crate) type SubmissionOrder = (FragmentId, i64, EntryId);

impl LiveEntry {
    /// The key of the entry in the order of submission: by fragment, and within a fragment as the
    /// agency listed its entries. The random id only breaks ties.
    pub(crate) const fn submission_order(&self) -> SubmissionOrder {
        (self.fragment_id, self.position, self.entry_id)
    }
}

/// The facts about a family that consolidation needs.
#[derive(Debug, Clone, Default)]
pub struct FamilyFacts {
    /// The children of the family.
    pub children: Vec<ChildFacts>,
    /// Other names in the family: family names, former names, and the names of its adults.
    pub other_names: Vec<Sensitive<String>>,
    /// Lines of the addresses at which its people have lived.
    pub address_lines: Vec<Sensitive<String>>,
}

impl FamilyFacts {
    /// The names of the family in the form that linkage needs.
    pub(crate) fn names(&self) -> FamilyNames {
        let given = self
            .children
            .iter()
            .map(|child| (child.id, child.given_name.as_str()));
        FamilyNames::new(given)
            .with_other_names(self.other_names.iter().map(Sensitive::as_str))
            .with_addresses(self.address_lines.iter().map(Sensitive::as_str))
    }
}

/// The facts about a child that consolidation needs.
#[derive(Debug, Clone)]
pub struct ChildFacts {
    /// The child.
    pub id: PersonId,
    /// The given name in use. The copies of an entry for siblings may differ in it.
    pub given_name: Sensitive<String>,
    /// The date of birth or expected birth.
    pub birth: Option<BirthDate>,
}

//! Stored records that several use cases work with: how each is authorised, opened, sealed and
//! saved, and when it expires. Records know no use case; the slices above them do.

mod chronologies;
mod content;
mod deletion_orders;
mod emergency;
mod expiry;
mod families;
mod fragment_versions;
mod fragments;
mod holds;
mod invitations;
mod people;
mod person_links;
mod person_record;
mod shown_entries;
mod version_history;

use std::sync::Arc;

use kernel::Kernel;

pub(crate) use chronologies::{
    AuthorizedChronology, ChronologyDetails, ChronologyRecords, ChronologyScope, ReasonGiven,
    about_chronology, chronology_facts, chronology_location,
};
pub(crate) use content::{TimelineContent, VisibleContent, load_agency_names};
pub(crate) use deletion_orders::{DeletionOrderRecords, DestructionReasons};
pub(crate) use families::{
    FamilyDetails, FamilyRecords, FamilyView, family_facts, family_location, family_terms,
};
pub(crate) use fragment_versions::{
    SealedVersion, has_same_access, is_access_limited, position_among_alike,
};
pub(crate) use fragments::{
    AuthorizedFragment, FragmentDetails, FragmentRecords, about_fragment, entry_location,
    fragment_terms, is_hidden_from_actor, people_named_in, remap_people, unfiltered_version,
    version_location, with_expiry,
};
pub(crate) use holds::{HoldDetails, HoldRecords};
pub(crate) use invitations::{
    AuthorizedInvitation, FormerAnswer, InvitationDetails, InvitationRecords, about_invitation,
    invitation_location, visible_answer_state,
};
pub(crate) use people::{person_location, person_terms};
pub(crate) use person_links::{PersonIdMap, PersonPair, link_expiry, link_location, person_facts};
pub(crate) use person_record::{PersonRecord, person_out};
pub(crate) use shown_entries::{
    count_entries_in_links, count_entries_in_rows, count_entries_in_view, map_entries_to_fragments,
};
pub(crate) use version_history::{
    MAX_VISIBLE_VERSIONS, PreviousVersion, VersionContent, VersionHistory, VisibleVersion,
    build_histories,
};

/// The stored records, by kind.
pub(crate) struct Records {
    pub(crate) chronologies: Arc<ChronologyRecords>,
    pub(crate) content: TimelineContent,
    pub(crate) deletion_orders: DeletionOrderRecords,
    pub(crate) families: Arc<FamilyRecords>,
    pub(crate) fragments: Arc<FragmentRecords>,
    pub(crate) holds: HoldRecords,
    pub(crate) invitations: InvitationRecords,
}

impl Records {
    pub(crate) fn new(kernel: &Arc<Kernel>) -> Self {
        let kernel = || Arc::clone(kernel);
        let chronologies = Arc::new(ChronologyRecords { kernel: kernel() });
        let families = Arc::new(FamilyRecords { kernel: kernel() });
        let fragments = Arc::new(FragmentRecords {
            kernel: kernel(),
            chronologies: Arc::clone(&chronologies),
            families: Arc::clone(&families),
        });
        Self {
            content: TimelineContent {
                families: Arc::clone(&families),
                fragments: Arc::clone(&fragments),
            },
            deletion_orders: DeletionOrderRecords { kernel: kernel() },
            holds: HoldRecords { kernel: kernel() },
            invitations: InvitationRecords {
                kernel: kernel(),
                chronologies: Arc::clone(&chronologies),
            },
            chronologies,
            families,
            fragments,
        }
    }
}

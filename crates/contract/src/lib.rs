//! Request and response types of the use cases: what the API receives and returns. Their doc
//! comments become the API reference, and their field names are the names on the wire.
#![deny(clippy::wildcard_enum_match_arm)]

mod audit;
mod chronologies;
mod deletion;
mod directory;
mod emergency;
mod fragments;
mod holds;
mod invitations;
mod links;
mod people;
mod person_links;
mod timeline;

pub use audit::{
    AuditCheckpointOut, AuditConsistencyOut, AuditFilter, AuditOut, AuditProofOut, AuditTileOut,
    FragmentReaderOut, ReaderOut,
};
pub use chronologies::{
    ChronologyIn, ChronologyOut, ChronologyPatch, ConsolidationOut, ExtendIn, ReopenIn, SignOffIn,
    SnapshotOut, TombstoneAgency, TombstoneOut,
};
pub use deletion::{
    DeletionCertificateOut, DeletionCertificateSummary, DestructionIn, DestructionOut,
    DestructionRequestOut, UnpurgedOut,
};
pub use directory::{
    AgencyIn, AgencyOut, AgencyPatch, CategoryOut, PartnershipOut, PractitionerIn, PractitionerOut,
    PractitionerPatch, PurposeOut,
};
pub use emergency::{
    AlertOut, EmergencyAccessIn, EmergencyAccessOut, EmergencyAlert, EmergencyChronologyOut,
    EmergencyNotice, EmergencyReviewIn,
};
pub use fragments::{
    AheadFragmentIn, EntryIn, EntryOut, EntryReceipt, FindingOut, FragmentIn, FragmentOut,
    FragmentReceipt, FragmentSummary, FragmentVersionOut, Involvement, SharingDecision, WhenIn,
};
pub use holds::{HoldIn, HoldOut, HoldReleaseIn};
pub use invitations::{
    DeclineIn, FormOut, GuidanceOut, InvitationIn, InvitationOut, InvitationPatch, NilReturnIn,
};
pub use links::{
    EventLinkOut, LinkDecisionIn, LinkDecisionOut, LinkWithdrawalIn, LinkedEntryOut, LinksOut,
    RelatedLinkOut, SuggestedLinkOut,
};
pub use people::{
    FamilyIn, FamilyOut, FamilySummary, FindPersonIn, Household, MemberOut, PersonIn, PersonOut,
    Relationship,
};
pub use person_links::{
    PersonDecisionIn, PersonEvidenceOut, PersonLinkOut, PersonLinkPatch, PersonLinkStepOut,
    PersonQuestionOut, PersonRecordOut,
};
pub use timeline::{ChildHeader, CoverageOut, TimelineHeader, TimelineOut, TimelineQuery};

// The closed lists that requests and responses name.
pub use domain::{
    AlertKind, AlertState, ChronologyWarning, DestructionState, FragmentState, HoldScope,
    InvolvementStatus, PersonLinkBand, PersonLinkChange, PersonLinkState, PersonLinkStep,
    PersonVerdict, SnapshotDecision, SubmissionOutcome, UnpurgedReason,
};

use serde::{Deserialize, Deserializer, Serialize};

/// One page of a list, with the cursor of the next page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// An opaque cursor for the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The page that a client requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// The cursor from the previous page.
    pub cursor: Option<String>,
    /// The number of items on a page: 50 by default, 500 at most.
    pub limit: Option<u16>,
}

/// A field of a patch: an absent field is left unchanged, null clears it, and a value sets it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field is left unchanged.
    #[default]
    Absent,
    /// The field is cleared.
    Null,
    /// The field is set to this value.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(deserializer).map(|value| value.map_or(Self::Null, Self::Value))
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Value(value) => serializer.serialize_some(value),
        }
    }
}

impl<T> Patch<T> {
    /// Returns the field's new value, given its present one.
    pub fn apply(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Absent => present,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

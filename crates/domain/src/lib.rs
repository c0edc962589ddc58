//! The words and rules of a multi-agency chronology: values that cannot be wrong once built, state machines, and the
//! one access policy. Nothing here reads a clock, a file, the network or a database.

mod access;
mod checks;
mod chronology;
mod clock;
mod emergency;
mod entry;
mod event_date;
mod identifiers;
mod ids;
mod instant;
mod invitation;
mod link;
mod operation;
mod person;
mod policy;
mod sensitive;
mod words;

pub use access::{
    Actor, CertificateReach, Decision, Denial, Facts, FamilyReach, InvitationFacts, Permit, Reader, certificate_reach,
    decide, family_reach, is_entitled, may_read_entry, may_read_protected_addresses,
};
pub use checks::{
    CheckContext, Finding, ProtectedAddresses, Severity, check_entry, check_fragment, reads_like_an_address,
};
pub use chronology::{ChronologyState, LawfulBasis, NoConsentReason, Transition};
pub use clock::{Clock, MockClock};
pub use emergency::{EmergencyReason, ReviewFinding};
pub use entry::{
    AdultConcerned, AdultRole, ChildVoice, EntryDetails, FamilyAccount, Handling, Marking, Rag, SeenStatus,
    Significance, Source,
};
pub use event_date::{
    EventDate, EventDateError, Precision, SortKey, TimeOfDay, WhenOut, uk_date_of, uk_midnight_after,
};
pub use identifiers::{IdentifierError, NhsNumber, NhsNumberRange, TestNumbers, Upn};
pub use ids::{
    AddressRefusalId, AgencyId, AuditId, ChronologyId, ConsolidationId, DeletionCertificateId, DestructionRequestId,
    EmergencyAccessId, EntryId, FamilyId, FragmentId, HoldId, Ids, InvitationId, LinkDecisionId, NodeId, PartnershipId,
    PersonId, PersonLinkId, PractitionerId, RelationshipId, RequestId,
};
pub use instant::{Instant, InstantError};
pub use invitation::{DeclineReason, InvitationState};
pub use link::LinkVerdict;
pub use operation::{Operation, ReadReason};
pub use person::{
    Address, BirthDate, NoIdentifierReason, PersonDetails, PersonKind, PersonName, RelationshipKind, Sex,
};
pub use policy::{Category, PartnershipPolicy, PurposePolicy, built_in_categories};
pub use sensitive::Sensitive;
pub use words::{AgencyKind, DestructionReason, Purpose, Role, SnapshotKept, UnknownWord};

//! The vocabulary and rules of a multi-agency chronology: value types that are valid by
//! construction, state machines, the checks of entries, and the access policy. Nothing here reads a
//! clock, a file, the network or a database.

mod access;
mod checks;
mod chronology;
mod clock;
mod emergency;
mod entry;
mod entry_form;
mod enums;
mod event_date;
mod fragment;
mod identifiers;
mod ids;
mod instant;
mod invitation;
mod link;
mod operation;
mod outbox;
mod person;
mod person_link;
mod policy;
mod retention;
mod sensitive;
pub mod word_list;

pub use access::{
    AccessDecision, AccessFacts, AccessPermit, Actor, CertificateScope, ContentScope, Denial,
    EntryReader, FamilyListScope, InvitationFacts, LinkageScope, certificate_scope, decide_access,
    family_list_scope, is_entitled, may_read_entry, may_read_protected_addresses,
};
pub use checks::{
    CheckContext, Finding, ProtectedAddresses, Severity, check_entry, check_fragment,
    looks_like_address,
};
pub use chronology::{
    ChronologyState, ChronologyWarning, LawfulBasis, NoConsentReason, SnapshotDecision, Transition,
};
pub use clock::{Clock, MockClock};
pub use emergency::{AlertKind, AlertState, EmergencyReason, ReviewFinding};
pub use entry::{
    AdultConcerned, AdultRole, ChildVoice, EntryDetails, FamilyAccount, Handling, Marking, Rag,
    SeenStatus, Significance, Source,
};
pub use enums::{AgencyKind, DestructionReason, Purpose, Role, SnapshotKept, UnknownVariant};
pub use event_date::{
    EventDate, EventDateError, Precision, SortKey, TimeOfDay, WhenOut, uk_date_at, uk_day_end,
};
pub use fragment::{FragmentState, InvolvementStatus, SubmissionOutcome};
pub use identifiers::{IdentifierError, NhsNumber, NhsNumberRange, TestNumberPolicy, Upn};
pub use ids::{
    AddressRefusalId, AgencyId, AuditId, ChronologyId, ConsolidationId, DeletionCertificateId,
    DestructionRequestId, EmergencyAccessId, EntryId, FamilyId, FragmentId, HoldId, IdGenerator,
    InvitationId, LinkDecisionId, NodeId, OutboxId, PartnershipId, PersonId, PersonLinkId,
    PractitionerId, RelationshipId, RequestId,
};
pub use instant::{Instant, InstantError};
pub use invitation::{DeclineReason, InvitationState};
pub use link::LinkVerdict;
pub use operation::{
    Disclosure, ObjectKind, ObjectRef, Operation, OperationKind, OperationSpec, ReadReason,
    SystemAction, WrongObjectKind, permission,
};
pub use outbox::{OutboxEvent, OutboxSubject};
pub use person::{
    Address, BirthDate, NoIdentifierReason, PersonDetails, PersonKind, PersonName,
    RelationshipKind, Sex,
};
pub use person_link::{
    PersonLinkBand, PersonLinkChange, PersonLinkState, PersonLinkStep, PersonVerdict,
};
pub use policy::{Category, PartnershipPolicy, PurposePolicy, built_in_categories};
pub use retention::{DestructionState, HoldScope, TombstoneKind, TombstoneReason, UnpurgedReason};
pub use sensitive::Sensitive;

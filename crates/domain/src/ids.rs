//! Identifiers: UUIDs, one type for each kind of thing so that one cannot stand for another. All are in order of time but
//! those of entries.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Instant;

/// What every kind of identifier is: a UUID, written and read as one.
macro_rules! plain_id {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid", example = "01999999-0000-7000-8000-000000000000")]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identifier of this kind from the context's generator.
            #[must_use]
            pub fn new(ids: &dyn Ids, now: Instant) -> Self {
                Self(ids.next(now))
            }
        }

        plain_id!($name);
    )+};
}

ids! {
    /// A safeguarding partnership that runs the service (the tenant).
    PartnershipId,
    /// An agency of a partnership.
    AgencyId,
    /// A practitioner or system client of an agency.
    PractitionerId,
    /// A child or an adult.
    PersonId,
    /// A family: children and adults with relationships.
    FamilyId,
    /// A declared relationship between two people of a family.
    RelationshipId,
    /// One multi-agency chronology.
    ChronologyId,
    /// One agency's place on a chronology.
    InvitationId,
    /// What one agency submits.
    FragmentId,
    /// A view of the timeline frozen for a meeting.
    ConsolidationId,
    /// A person's decision that entries tell one event, or do not.
    LinkDecisionId,
    /// What links one agency's record of a person with social care's.
    PersonLinkId,
    /// A legal hold.
    HoldId,
    /// One emergency access: somebody broke the glass.
    EmergencyAccessId,
    /// Somebody's request to destroy a chronology before its time, which somebody else is to confirm.
    DestructionRequestId,
    /// A write that was refused because its text tells where a protected person lives.
    AddressRefusalId,
    /// A deletion certificate.
    DeletionCertificateId,
    /// One node of the service.
    NodeId,
    /// One audit record.
    AuditId,
    /// One HTTP request, as it appears in problems, logs and the audit.
    RequestId,
}

/// One significant event inside a fragment. The identifier is random: it has no order and tells nothing of other entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = "uuid", example = "3b9f5c1e-7d52-4c0a-9a41-0c6e2f8d7b13")]
pub struct EntryId(pub Uuid);

impl EntryId {
    /// A new identifier from the context's generator.
    #[must_use]
    pub fn new(ids: &dyn Ids) -> Self {
        Self(ids.random())
    }
}

plain_id!(EntryId);

/// Source of identifiers, injected so that tests repeat themselves.
pub trait Ids: Send + Sync {
    /// A UUIDv7 whose time part is `now`.
    fn next(&self, now: Instant) -> Uuid;

    /// A UUIDv4 (RFC 9562, section 5.4): it tells neither when it was made nor how many were made between it and another.
    fn random(&self) -> Uuid;
}

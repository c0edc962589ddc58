//! Identifiers: UUIDs, with one type for each kind of object so that they cannot be confused. All
//! are ordered by time except those of entries, which are random.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Instant;

/// Text form of an identifier, which is that of its UUID.
macro_rules! uuid_text {
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

macro_rules! time_ordered_ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid", example = "01999999-0000-7000-8000-000000000000")]
        pub struct $name(pub Uuid);

        impl $name {
            /// Generates a new identifier of this kind.
            #[must_use]
            pub fn new(ids: &dyn IdGenerator, now: Instant) -> Self {
                Self(ids.next(now))
            }
        }

        uuid_text!($name);
    )+};
}

time_ordered_ids! {
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
    /// The invitation of one agency to a chronology.
    InvitationId,
    /// The contribution of one agency.
    FragmentId,
    /// A timeline frozen for a meeting.
    ConsolidationId,
    /// A person's decision about which entries describe the same event.
    LinkDecisionId,
    /// The link between one agency's record of a person and social care's record.
    PersonLinkId,
    /// A legal hold.
    HoldId,
    /// One emergency access to a chronology.
    EmergencyAccessId,
    /// A request to destroy a chronology before its expiry, which a second person has to confirm.
    DestructionRequestId,
    /// A write that was refused because its text discloses where a protected person lives.
    AddressRefusalId,
    /// A deletion certificate.
    DeletionCertificateId,
    /// An effect that follows a commit.
    OutboxId,
    /// One node of the service.
    NodeId,
    /// One audit record.
    AuditId,
    /// One HTTP request, as it appears in problem documents, logs and the audit trail.
    RequestId,
}

/// One significant event in a fragment. The identifier is random: it has no order and reveals
/// nothing about other entries.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = String, format = "uuid", example = "3b9f5c1e-7d52-4c0a-9a41-0c6e2f8d7b13")]
pub struct EntryId(pub Uuid);

impl EntryId {
    /// Generates a new identifier.
    #[must_use]
    pub fn new(ids: &dyn IdGenerator) -> Self {
        Self(ids.random())
    }
}

uuid_text!(EntryId);

/// Source of identifiers, injected so that tests are reproducible.
pub trait IdGenerator: Send + Sync {
    /// Generates a UUIDv7 (RFC 9562, section 5.7) with the timestamp `now`.
    fn next(&self, now: Instant) -> Uuid;

    /// Generates a UUIDv4 (RFC 9562, section 5.4), which reveals neither its time of creation nor
    /// how many others exist.
    fn random(&self) -> Uuid;
}

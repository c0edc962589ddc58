//! Identifiers whose kind another column tells.

use uuid::Uuid;

/// The identifier of something whose kind stands beside it: a hold's target, an audit record's object, a tombstone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ObjectId(pub Uuid);

impl std::fmt::Display for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! from_ids {
    ($($id:ident),+ $(,)?) => {$(
        impl From<domain::$id> for ObjectId {
            fn from(id: domain::$id) -> Self {
                Self(id.0)
            }
        }
    )+};
}
from_ids!(
    PartnershipId,
    AgencyId,
    PractitionerId,
    PersonId,
    FamilyId,
    ChronologyId,
    InvitationId,
    FragmentId,
    EntryId,
    ConsolidationId,
    HoldId,
    AuditId,
    RequestId,
);

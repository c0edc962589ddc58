//! What nobody asks for and everybody relies on: deleting what is over, passing due dates, destroying keys and certifying
//! it. Any node may do any of it; rows are claimed in the transaction that deals with them.

mod burial;
mod certificates;
mod due;
mod holding;
mod keys;
mod lists;
mod purge;
mod reasons;
mod statistics;
mod unpurged;

pub(crate) use burial::early;
pub(crate) use certificates::covering;
pub(crate) use holding::held_expiries;
pub use purge::PurgeReport;

use domain::{AuditId, ChronologyId, Instant, PartnershipId, RequestId};
use uuid::Uuid;

use crate::{AuditRecord, Service};

/// What the service did of itself: nobody asked for it.
pub(crate) struct OwnDeed<'a> {
    /// What, as `object.verb`.
    pub(crate) operation: &'a str,
    /// Why.
    pub(crate) reason: &'a str,
    /// The kind of object it was about.
    pub(crate) kind: &'a str,
    /// The object; none where its name is no identifier.
    pub(crate) id: Option<Uuid>,
    /// The chronology concerned.
    pub(crate) chronology: Option<ChronologyId>,
}

impl Service {
    /// The record of what the service did of itself.
    pub(crate) fn own_record(&self, partnership: PartnershipId, deed: &OwnDeed<'_>, now: Instant) -> AuditRecord {
        AuditRecord {
            id: AuditId::new(self.ids(), now),
            partnership_id: partnership,
            at: now,
            operation: deed.operation.to_owned(),
            outcome: "allowed".to_owned(),
            reason: Some(deed.reason.to_owned()),
            practitioner_id: None,
            agency_id: None,
            role: None,
            purpose: None,
            object_kind: Some(deed.kind.to_owned()),
            object_id: deed.id,
            chronology_id: deed.chronology,
            request_id: Some(RequestId::new(self.ids(), now)),
            entry_count: None,
        }
    }
}

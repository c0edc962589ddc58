//! Background work that no client requests: deletion of expired data, due dates, destruction of
//! keys and its certification. Any node may do any of it; rows are claimed in the transaction that
//! handles them.

mod certificates;
mod deletion;
mod due_dates;
mod expired_lists;
mod key_destruction;
mod legal_holds;
mod purge;
mod reason_texts;
mod statistics;
mod unpurged;

pub(crate) use certificates::manifest_tree;
pub(crate) use deletion::destroyed_early;
pub(crate) use legal_holds::list_held_expiries;
pub use purge::PurgeReport;

use domain::{AuditId, ChronologyId, Instant, PartnershipId, RequestId};
use uuid::Uuid;

use crate::{AuditRecord, Service};

/// An action of the service itself, for an audit record without a caller.
pub(crate) struct SystemAction<'a> {
    /// The operation, as `object.verb`.
    pub(crate) operation: &'a str,
    /// The reason for the action.
    pub(crate) reason: &'a str,
    /// The kind of the object concerned.
    pub(crate) kind: &'a str,
    /// The object concerned; none where it has no UUID.
    pub(crate) id: Option<Uuid>,
    /// The chronology concerned, if any.
    pub(crate) chronology: Option<ChronologyId>,
}

impl Service {
    /// Builds the audit record of an action of the service itself.
    pub(crate) fn build_system_record(
        &self,
        partnership: PartnershipId,
        action: &SystemAction<'_>,
        now: Instant,
    ) -> AuditRecord {
        AuditRecord {
            id: AuditId::new(self.ids(), now),
            partnership_id: partnership,
            at: now,
            operation: action.operation.to_owned(),
            outcome: "allowed".to_owned(),
            reason: Some(action.reason.to_owned()),
            practitioner_id: None,
            agency_id: None,
            role: None,
            purpose: None,
            object_kind: Some(action.kind.to_owned()),
            object_id: action.id,
            chronology_id: action.chronology,
            request_id: Some(RequestId::new(self.ids(), now)),
            entry_count: None,
        }
    }
}

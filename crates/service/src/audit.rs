//! Use cases that read the audit log.

use std::collections::BTreeMap;

use domain::{EmergencyAccessId, ObjectKind, Operation, PractitionerId};

use crate::context::{AuditContext, CallContext};
use crate::{
    AuditFilter, AuditOut, AuditRecord, Page, PageQuery, ReaderOut, Service, ServiceResult,
};

impl Service {
    /// Lists audit records, oldest first. The read is itself recorded.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_audit_records(
        &self,
        call: &CallContext,
        filter: AuditFilter,
        query: PageQuery,
    ) -> ServiceResult<Page<AuditOut>> {
        self.read(
            call,
            Operation::AuditRead,
            AuditContext::of(ObjectKind::Audit),
            |uow| {
                let permit = uow.authorize_collection(Operation::AuditRead)?;
                let bounds = self.parse_page_query(uow, "audit", &query)?;
                let partnership = permit.partnership();
                let tokens = |kind: &str, id: Option<uuid::Uuid>| {
                    id.map(|id| self.compute_audit_tokens(partnership, kind, id))
                        .transpose()
                };
                let filter = store::AuditFilter {
                    chronology: tokens("chronology", filter.chronology.map(Into::into))?,
                    object: tokens("object", filter.object)?,
                    practitioner: tokens("practitioner", filter.practitioner.map(Into::into))?,
                    operation: filter.operation.clone(),
                    from: filter.from,
                    until: filter.until,
                    ..store::AuditFilter::default()
                };
                let rows = store::audit::page(
                    uow.tx,
                    partnership,
                    &filter,
                    bounds.after,
                    bounds.limit + 1,
                )?;
                self.build_page(
                    uow,
                    "audit",
                    &bounds,
                    rows,
                    |row| (row.at, row.id.0),
                    |row| Ok(to_audit_out(self.open_audit_record(row)?)),
                )
            },
        )
    }
}

fn to_audit_out(row: AuditRecord) -> AuditOut {
    AuditOut {
        id: row.id,
        at: row.at,
        operation: row.operation,
        outcome: row.outcome,
        reason: row.reason,
        practitioner_id: row.practitioner_id,
        agency_id: row.agency_id,
        role: row.role,
        purpose: row.purpose,
        object_kind: row.object_kind,
        object_id: row.object_id,
        chronology_id: row.chronology_id,
        request_id: row.request_id,
        entry_count: row.entry_count,
    }
}

/// Converts the audit record of a read for the chronology's owner; none if the record no longer
/// names its reader.
pub(crate) fn to_reader_out(
    row: AuditRecord,
    emergency: &BTreeMap<PractitionerId, EmergencyAccessId>,
) -> Option<ReaderOut> {
    Some(ReaderOut {
        at: row.at,
        emergency_access_id: emergency.get(&row.practitioner_id?).copied(),
        practitioner_id: row.practitioner_id?,
        agency_id: row.agency_id?,
        role: row.role,
        operation: row.operation,
        reason: row.reason,
        entry_count: row.entry_count,
    })
}

//! Reading the audit.

use std::collections::BTreeMap;

use domain::{EmergencyAccessId, Operation, PractitionerId};

use crate::session::{Call, Trail};
use crate::{Answer, AuditFilter, AuditOut, AuditRecord, Page, PageQuery, ReaderOut, Service};

impl Service {
    /// Audit records, oldest first. Reading them is itself recorded.
    ///
    /// # Errors
    /// As every read.
    pub fn audit(&self, call: &Call, filter: AuditFilter, query: PageQuery) -> Answer<Page<AuditOut>> {
        self.read(call, Operation::AuditRead, Trail::of("audit"), |scene| {
            let permit = scene.permit_collection(Operation::AuditRead)?;
            let slice = self.slice(scene, "audit", &query)?;
            let partnership = permit.partnership();
            let tokens =
                |kind: &str, id: Option<uuid::Uuid>| id.map(|id| self.audit_tokens(partnership, kind, id)).transpose();
            let filter = store::AuditFilter {
                chronology: tokens("chronology", filter.chronology.map(Into::into))?,
                object: tokens("object", filter.object)?,
                practitioner: tokens("practitioner", filter.practitioner.map(Into::into))?,
                operation: filter.operation.clone(),
                from: filter.from,
                until: filter.until,
                ..store::AuditFilter::default()
            };
            let rows = store::audit::page(scene.tx, partnership, &filter, slice.after, slice.limit + 1)?;
            self.page(
                scene,
                "audit",
                &slice,
                rows,
                |row| (row.at, row.id.0),
                |row| Ok(audit_out(self.audit_record(row)?)),
            )
        })
    }
}

fn audit_out(row: AuditRecord) -> AuditOut {
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

/// A record of a read, as the chronology's owner sees it.
pub(crate) fn reader_out(
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

//! Builds audit records; the use case that a record is about writes it.

use domain::{AuditId, Operation, SystemAction};

use crate::caller::{CallContext, CallerSession};
use crate::ledger::{AuditRecord, RecordOrigin};
use crate::unit_of_work::AuditContext;
use crate::{Kernel, ServiceResult};

/// The outcome of a use case and the context of its record.
pub(crate) struct AuditOutcome<'a> {
    /// The value of the audit's `outcome` column.
    pub label: &'static str,
    /// The object concerned.
    pub audit: &'a AuditContext,
}

impl Kernel {
    /// Builds the record of a caller who cannot be added to the directory, for example because
    /// their agency is unknown.
    pub(crate) fn build_unknown_caller_record(
        &self,
        call: &CallContext,
        operation: Operation,
        outcome: AuditOutcome<'_>,
    ) -> ServiceResult<AuditRecord> {
        let partnership = self.partnership_by_code(&call.claims.partnership)?;
        let at = self.now();
        let role = call.claims.roles.iter().next();
        let subject = outcome.audit.subject;
        let origin = RecordOrigin {
            id: AuditId::new(self.ids(), at),
            partnership: partnership.id,
            at,
            request: call.request,
        };
        Ok(AuditRecord {
            role: role.map(|role| role.as_str().to_owned()),
            object_kind: subject.kind().map(|kind| kind.as_str().to_owned()),
            object_id: subject.id(),
            chronology_id: outcome.audit.chronology,
            ..AuditRecord::of_request(origin, operation, outcome.label)
        })
    }

    /// Builds the record that markings were lowered; it accompanies the record of the correction.
    pub(crate) fn build_markings_lowered_record(
        &self,
        call: &CallContext,
        session: &CallerSession,
        audit: &AuditContext,
    ) -> AuditRecord {
        let audit = AuditContext {
            entry_count: Some(audit.disclosures.lowered_entries),
            ..audit.clone()
        };
        let outcome = AuditOutcome {
            label: "allowed",
            audit: &audit,
        };
        let record = self.build_audit_record(call, session, Operation::FragmentCorrect, outcome);
        AuditRecord {
            operation: SystemAction::MarkingsLowered.as_str().to_owned(),
            ..record
        }
    }

    /// Builds the record of one use case. It contains identifiers, values from closed lists, times
    /// and counts; no personal data.
    pub(crate) fn build_audit_record(
        &self,
        call: &CallContext,
        session: &CallerSession,
        operation: Operation,
        outcome: AuditOutcome<'_>,
    ) -> AuditRecord {
        let at = self.now();
        let audit = outcome.audit;
        let actor = &session.actor;
        let origin = RecordOrigin {
            id: AuditId::new(self.ids(), at),
            partnership: actor.partnership,
            at,
            request: call.request,
        };
        AuditRecord {
            reason: audit.reason.map(|reason| reason.as_str().to_owned()),
            practitioner_id: Some(actor.practitioner),
            agency_id: Some(actor.agency),
            role: actor.primary_role().map(|role| role.as_str().to_owned()),
            purpose: audit
                .purpose
                .or(session.purpose)
                .map(|purpose| purpose.as_str().to_owned()),
            object_kind: audit.subject.kind().map(|kind| kind.as_str().to_owned()),
            object_id: audit.subject.id(),
            chronology_id: audit.chronology,
            entry_count: audit.entry_count,
            ..AuditRecord::of_request(origin, operation, outcome.label)
        }
    }
}

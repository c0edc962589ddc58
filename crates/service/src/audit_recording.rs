//! Builds audit records; the use case that a record is about writes it.

use domain::{AuditId, Operation, SystemAction};

use crate::context::{AuditContext, CallContext, CallerSession};
use crate::ledger::AuditRecord;
use crate::{Service, ServiceResult};

/// The operation recorded when a correction lowers markings, so that more people may see an entry
/// than before. The agency that submitted the entry did this and confirmed it explicitly.
const MARKINGS_LOWERED: &str = SystemAction::MarkingsLowered.as_str();

/// The outcome of a use case and the context of its record.
pub(crate) struct AuditOutcome<'a> {
    /// The value of the audit's `outcome` column.
    pub(crate) label: &'static str,
    /// The object concerned.
    pub(crate) audit: &'a AuditContext,
}

impl Service {
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
        Ok(AuditRecord {
            id: AuditId::new(self.ids(), at),
            partnership_id: partnership.id,
            at,
            operation: operation.as_str().to_owned(),
            outcome: outcome.label.to_owned(),
            reason: None,
            practitioner_id: None,
            agency_id: None,
            role: call
                .claims
                .roles
                .iter()
                .next()
                .map(|role| role.as_str().to_owned()),
            purpose: None,
            object_kind: outcome
                .audit
                .object_kind
                .map(|kind| kind.as_str().to_owned()),
            object_id: outcome.audit.object_id,
            chronology_id: outcome.audit.chronology,
            request_id: Some(call.request),
            entry_count: None,
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
            operation: MARKINGS_LOWERED.to_owned(),
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
        AuditRecord {
            id: AuditId::new(self.ids(), at),
            partnership_id: actor.partnership,
            at,
            operation: operation.as_str().to_owned(),
            outcome: outcome.label.to_owned(),
            reason: audit.reason.map(|reason| reason.as_str().to_owned()),
            practitioner_id: Some(actor.practitioner),
            agency_id: Some(actor.agency),
            role: actor.primary_role().map(|role| role.as_str().to_owned()),
            purpose: audit
                .purpose
                .or(session.purpose)
                .map(|purpose| purpose.as_str().to_owned()),
            object_kind: audit.object_kind.map(|kind| kind.as_str().to_owned()),
            object_id: audit.object_id,
            chronology_id: audit.chronology,
            request_id: Some(call.request),
            entry_count: audit.entry_count,
        }
    }
}

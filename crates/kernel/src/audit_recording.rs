//! Builds audit records; the use case that a record is about writes it.

use domain::{
    AuditId, ChronologyId, DeletionCertificateId, Instant, Operation, PartnershipId, RequestId,
};
use uuid::Uuid;

use crate::caller::{CallContext, CallerSession};
use crate::ledger::AuditRecord;
use crate::unit_of_work::AuditContext;
use crate::{Kernel, ServiceResult};

/// The operation recorded when a correction lowers markings, so that more people may see an entry
/// than before. The agency that submitted the entry did this and confirmed it explicitly.
const MARKINGS_LOWERED: &str = "fragment.markings_lowered";

/// The outcome of a use case and the context of its record.
pub struct AuditOutcome<'a> {
    /// The value of the audit's `outcome` column.
    pub label: &'static str,
    /// The object concerned.
    pub audit: &'a AuditContext,
}

impl Kernel {
    /// Builds the record of a caller who cannot be added to the directory, for example because
    /// their agency is unknown.
    pub fn build_unknown_caller_record(
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
            object_kind: outcome.audit.object_kind.map(str::to_owned),
            object_id: outcome.audit.object_id,
            chronology_id: outcome.audit.chronology,
            request_id: Some(call.request),
            entry_count: None,
        })
    }

    /// Builds the record that markings were lowered; it accompanies the record of the correction.
    pub fn build_markings_lowered_record(
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
    pub fn build_audit_record(
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
            object_kind: audit.object_kind.map(str::to_owned),
            object_id: audit.object_id,
            chronology_id: audit.chronology,
            request_id: Some(call.request),
            entry_count: audit.entry_count,
        }
    }
}

/// An action of the service itself, for an audit record without a caller.
pub struct SystemAction<'a> {
    /// The operation, as `object.verb`.
    pub operation: &'a str,
    /// The reason for the action.
    pub reason: &'a str,
    /// The kind of the object concerned.
    pub kind: &'a str,
    /// The object concerned; none where it has no UUID.
    pub id: Option<Uuid>,
    /// The chronology concerned, if any.
    pub chronology: Option<ChronologyId>,
}

impl Kernel {
    /// Builds the audit record of an action of the service itself.
    pub fn build_system_record(
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

    /// Builds the audit record of the service's own action on a key.
    pub fn build_key_audit_record(
        &self,
        partnership: PartnershipId,
        operation: &str,
        certificate: Option<DeletionCertificateId>,
        now: Instant,
    ) -> AuditRecord {
        let kind = if certificate.is_some() {
            "certificate"
        } else {
            "key"
        };
        let id = certificate.map(|id| id.0);
        self.build_system_record(
            partnership,
            &SystemAction {
                operation,
                reason: "upkeep",
                kind,
                id,
                chronology: None,
            },
            now,
        )
    }
}

//! Audit records: made here, written by the use case that they are about.

use domain::{AuditId, Operation};

use crate::ledger::AuditRecord;
use crate::session::{Call, Session, Trail};
use crate::{Answer, Service};

/// What is recorded when a correction lets more people see an entry than before: its agency did that, and it said so.
const MARKINGS_LOWERED: &str = "fragment.markings_lowered";

/// How a use case ended.
pub(crate) struct Outcome<'a> {
    /// The word for the audit.
    pub(crate) word: &'static str,
    /// What it was about.
    pub(crate) trail: &'a Trail,
}

impl Service {
    /// The record of a caller who is not in the directory and cannot be: their agency is unknown.
    pub(crate) fn record_stranger(
        &self,
        call: &Call,
        operation: Operation,
        outcome: Outcome<'_>,
    ) -> Answer<AuditRecord> {
        let partnership = self.partnership_named(&call.sign_in.partnership)?;
        let at = self.now();
        Ok(AuditRecord {
            id: AuditId::new(self.ids(), at),
            partnership_id: partnership.id,
            at,
            operation: operation.as_str().to_owned(),
            outcome: outcome.word.to_owned(),
            reason: None,
            practitioner_id: None,
            agency_id: None,
            role: call.sign_in.roles.iter().next().map(|role| role.as_str().to_owned()),
            purpose: None,
            object_kind: outcome.trail.object_kind.map(str::to_owned),
            object_id: outcome.trail.object_id,
            chronology_id: outcome.trail.chronology,
            request_id: Some(call.request),
            entry_count: None,
        })
    }

    /// The record that markings were lowered, beside that of the correction that did it.
    pub(crate) fn record_of_lowering(&self, call: &Call, session: &Session, trail: &Trail) -> AuditRecord {
        let trail = Trail { entry_count: Some(trail.told.lowered), ..trail.clone() };
        let outcome = Outcome { word: "allowed", trail: &trail };
        let record = self.record(call, session, Operation::FragmentCorrect, outcome);
        AuditRecord { operation: MARKINGS_LOWERED.to_owned(), ..record }
    }

    /// The record of one use case. It holds identifiers, words from closed lists, times and counts; no personal data.
    pub(crate) fn record(
        &self,
        call: &Call,
        session: &Session,
        operation: Operation,
        outcome: Outcome<'_>,
    ) -> AuditRecord {
        let at = self.now();
        let trail = outcome.trail;
        let actor = &session.actor;
        AuditRecord {
            id: AuditId::new(self.ids(), at),
            partnership_id: actor.partnership,
            at,
            operation: operation.as_str().to_owned(),
            outcome: outcome.word.to_owned(),
            reason: trail.reason.map(|reason| reason.as_str().to_owned()),
            practitioner_id: Some(actor.practitioner),
            agency_id: Some(actor.agency),
            role: actor.leading_role().map(|role| role.as_str().to_owned()),
            purpose: trail.purpose.or(session.purpose).map(|purpose| purpose.as_str().to_owned()),
            object_kind: trail.object_kind.map(str::to_owned),
            object_id: trail.object_id,
            chronology_id: trail.chronology,
            request_id: Some(call.request),
            entry_count: trail.entry_count,
        }
    }
}

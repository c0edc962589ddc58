//! Emergency accesses as facts about a chronology, and the notice to those who read under one.

use contract::EmergencyNotice;
use domain::{
    AccessFacts, AccessPermit, ChronologyId, Denial, Instant, Operation, ReadReason, decide_access,
};
use kernel::{ServiceResult, UnitOfWork};
use store::EmergencyAccessRow;

use crate::records::chronologies::ChronologyRecords;

/// Warning shown in red above the content.
const BANNER: &str = "EMERGENCY ACCESS. You are not on this chronology's team. Everything you read is on record; the \
                      owner and the data protection officer have been told, and this access will be reviewed.";

impl ChronologyRecords {
    /// Adds an emergency access of the caller to the facts about a chronology. It is looked up only
    /// when the caller would otherwise be refused, and kept in the audit context until
    /// [`apply_emergency_notice`] knows whether it was used.
    pub(super) fn add_emergency_facts(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        operation: Operation,
        id: ChronologyId,
        facts: AccessFacts,
    ) -> ServiceResult<AccessFacts> {
        uow.audit.disclosures.emergency = None;
        let actor = uow.actor();
        let decision = decide_access(actor, operation, &facts);
        if !operation.is_allowed_in_emergency()
            || !actor.social_care
            || decision != Err(Denial::NotFound)
        {
            return Ok(facts);
        }
        uow.audit.disclosures.emergency = self.emergency_notice(uow, id)?;
        Ok(AccessFacts {
            emergency: uow.audit.disclosures.emergency.is_some(),
            ..facts
        })
    }

    /// The notice shown with content read under the caller's emergency access to a chronology;
    /// `None` without an access in force.
    pub(crate) fn emergency_notice(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: ChronologyId,
    ) -> ServiceResult<Option<EmergencyNotice>> {
        let partnership = uow.actor().partnership;
        let practitioner = uow.caller_id();
        let now = uow.now();
        let live = store::emergency::find_live(uow.tx, partnership, practitioner, id, now)?;
        let notice = |(row, until): (EmergencyAccessRow, Instant)| EmergencyNotice {
            access_id: row.id,
            reason_code: row.reason_code,
            until,
            banner: BANNER.to_owned(),
        };
        Ok(live.map(notice))
    }
}

/// After authorization: limits the response to the end of the emergency access and keeps its
/// notice, or drops the notice when the access was not used.
pub(super) fn apply_emergency_notice(uow: &mut UnitOfWork<'_, '_>, permit: &AccessPermit) {
    if permit.reason() != ReadReason::Emergency {
        uow.audit.disclosures.emergency = None;
    }
    if let Some(notice) = &uow.audit.disclosures.emergency {
        let expires_at = uow
            .audit
            .expires_at
            .map_or(notice.until, |earliest| earliest.min(notice.until));
        uow.audit.expires_at = Some(expires_at);
    }
}

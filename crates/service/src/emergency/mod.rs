//! Emergency (break-glass) access: a social worker or team manager who is not on a chronology's
//! team reads it in an emergency, for a short time and with a reason. The response says so, the
//! owner and the data protection officer are alerted, and another person reviews the access.
//! `domain::decide_access` defines its scope; marked entries stay hidden.

mod activation;
mod alerts;
mod review;

pub(crate) use review::authorize_emergency_access;

use domain::{
    AccessFacts, AccessPermit, ChronologyId, Denial, EmergencyAccessId, Instant, ObjectKind,
    Operation, ReadReason, Sensitive, decide_access,
};
use serde::{Deserialize, Serialize};
use store::{EmergencyAccessRow, EmergencyChronologyRow};
use vault::{KeyTerms, RecordLocation};

use crate::context::{AuditContext, UnitOfWork};
use crate::sealing::scope_terms;
use crate::{
    AlertState, EmergencyAccessOut, EmergencyChronologyOut, EmergencyNotice, Service, ServiceResult,
};

/// Warning shown in red above the content.
const BANNER: &str = "EMERGENCY ACCESS. You are not on this chronology's team. Everything you read is on record; the \
                      owner and the data protection officer have been told, and this access will be reviewed.";

/// The content of an access's sealed column. The texts are about a family and have an expiry of
/// their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct AccessTexts {
    reason: Option<Sensitive<String>>,
    note: Option<Sensitive<String>>,
}

fn audit_context(id: EmergencyAccessId) -> AuditContext {
    AuditContext::about(ObjectKind::EmergencyAccess, id)
}

fn access_location(row: &EmergencyAccessRow) -> RecordLocation {
    RecordLocation {
        table: "emergency_accesses",
        row: row.id.0,
        version: row.version,
    }
}

fn access_terms(row: &EmergencyAccessRow) -> KeyTerms {
    scope_terms(row.id.0, row.words_until)
}

/// Whether the access is in force.
fn is_active(row: &EmergencyAccessRow, now: Instant) -> bool {
    row.ended_at.is_none() && row.ends_at > now
}

fn alert_state(row: &EmergencyAccessRow) -> AlertState {
    if row.reviewed_at.is_some() {
        AlertState::Reviewed
    } else {
        AlertState::Open
    }
}

fn is_review_overdue(row: &EmergencyAccessRow, now: Instant) -> bool {
    row.reviewed_at.is_none() && row.review_due_at <= now
}

/// When the access ended or will end.
fn effective_end(row: &EmergencyAccessRow) -> Instant {
    row.ended_at
        .map_or(row.ends_at, |ended| ended.min(row.ends_at))
}

impl Service {
    /// Adds an emergency access of the caller to the facts about a chronology. It is looked up only
    /// when the caller would otherwise be refused, and kept in the audit context until
    /// [`apply_emergency_notice`] knows whether it was used.
    pub(crate) fn add_emergency_facts(
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

    fn save_access(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        row: &mut EmergencyAccessRow,
        texts: Option<&AccessTexts>,
    ) -> ServiceResult<()> {
        let before = row.version;
        row.version += 1;
        self.seal_texts(row, uow.now(), texts)?;
        Ok(store::emergency::update(uow.tx, row, before)?)
    }

    fn seal_texts(
        &self,
        row: &mut EmergencyAccessRow,
        now: Instant,
        texts: Option<&AccessTexts>,
    ) -> ServiceResult<()> {
        (row.wrapped_key, row.sealed) = match texts {
            None => (None, None),
            Some(texts) => {
                let sealed = self.seal(&access_location(row), &access_terms(row), now, texts)?;
                (Some(sealed.wrapped_key.into()), Some(sealed.sealed.into()))
            }
        };
        Ok(())
    }

    /// Opens the texts; `None` once they have expired.
    fn open_texts(
        &self,
        row: &EmergencyAccessRow,
        now: Instant,
    ) -> ServiceResult<Option<AccessTexts>> {
        match (&row.wrapped_key, &row.sealed) {
            (Some(key), Some(sealed)) if row.words_until > now => self
                .unseal(
                    &access_location(row),
                    &access_terms(row),
                    now,
                    key.as_ref(),
                    sealed.as_ref(),
                )
                .map(Some),
            _ => Ok(None),
        }
    }
}

/// After authorization: limits the response to the end of the emergency access and keeps its
/// notice, or drops the notice when the access was not used.
pub(crate) fn apply_emergency_notice(uow: &mut UnitOfWork<'_, '_>, permit: &AccessPermit) {
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

/// Converts to the API representation for the holder of this permit.
fn access_out(
    row: &EmergencyAccessRow,
    chronologies: &[EmergencyChronologyRow],
    texts: Option<AccessTexts>,
    permit: &AccessPermit,
    now: Instant,
) -> EmergencyAccessOut {
    let only_own_agency = permit.reason() == ReadReason::Manager;
    let agency = permit.actor().agency;
    let visible = chronologies
        .iter()
        .filter(|chronology| !only_own_agency || chronology.owner_agency_id == agency);
    let AccessTexts { reason, note } = texts.unwrap_or(AccessTexts {
        reason: None,
        note: None,
    });
    EmergencyAccessOut {
        id: row.id,
        practitioner_id: row.practitioner_id,
        agency_id: row.agency_id,
        reason_code: row.reason_code,
        reason,
        chronologies: visible
            .map(|chronology| EmergencyChronologyOut {
                chronology_id: chronology.chronology_id,
                until: chronology.ends_at,
            })
            .collect(),
        opened_at: row.opened_at,
        until: row.ends_at,
        ended_at: row.ended_at,
        active: is_active(row, now),
        state: alert_state(row),
        review_due_at: row.review_due_at,
        overdue: is_review_overdue(row, now),
        reviewed_at: row.reviewed_at,
        reviewed_by: row.reviewed_by,
        finding: row.finding,
        note: note.filter(|_| permit.reason() != ReadReason::Emergency),
        version: row.version,
    }
}

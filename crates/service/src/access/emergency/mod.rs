//! Emergency (break-glass) access: a social worker or team manager who is not on a chronology's
//! team reads it in an emergency, for a short time and with a reason. The response says so, the
//! owner and the data protection officer are alerted, and another person reviews the access.
//! `domain::decide_access` defines its scope; marked entries stay hidden.

mod activation;
mod alerts;
mod review;

pub(crate) use review::authorize_emergency_access;

use std::sync::Arc;

use contract::{AlertState, EmergencyAccessOut, EmergencyChronologyOut};
use domain::{AccessPermit, EmergencyAccessId, Instant, ReadReason, Sensitive};
use kernel::{AuditContext, Kernel, ServiceResult, UnitOfWork, scope_terms};
use serde::{Deserialize, Serialize};
use store::{EmergencyAccessRow, EmergencyChronologyRow, Tx};
use vault::{KeyTerms, RecordLocation, SealedTable};

use crate::people::People;

/// The content of an access's sealed column. The texts are about a family and have an expiry of
/// their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessTexts {
    reason: Option<Sensitive<String>>,
    note: Option<Sensitive<String>>,
}

/// Use cases of emergency access.
pub struct EmergencyAccess {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) people: Arc<People>,
}

pub(crate) fn audit_context(id: EmergencyAccessId) -> AuditContext {
    AuditContext::about(id)
}

pub(crate) fn access_location(row: &EmergencyAccessRow) -> RecordLocation {
    RecordLocation {
        table: SealedTable::EmergencyAccesses,
        row: row.id.0,
        version: row.version,
    }
}

pub(crate) fn access_terms(row: &EmergencyAccessRow) -> KeyTerms {
    scope_terms(row.id.0, row.words_until)
}

/// Whether the access is in force.
pub(crate) fn is_active(row: &EmergencyAccessRow, now: Instant) -> bool {
    row.ended_at.is_none() && row.ends_at > now
}

pub(crate) fn alert_state(row: &EmergencyAccessRow) -> AlertState {
    if row.reviewed_at.is_some() {
        AlertState::Reviewed
    } else {
        AlertState::Open
    }
}

pub(crate) fn is_review_overdue(row: &EmergencyAccessRow, now: Instant) -> bool {
    row.reviewed_at.is_none() && row.review_due_at <= now
}

/// When the access ended or will end.
pub(crate) fn effective_end(row: &EmergencyAccessRow) -> Instant {
    row.ended_at
        .map_or(row.ends_at, |ended| ended.min(row.ends_at))
}

impl EmergencyAccess {
    pub(crate) fn save_access(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        row: &mut EmergencyAccessRow,
        texts: Option<&AccessTexts>,
    ) -> ServiceResult<()> {
        let before = row.version;
        row.version += 1;
        self.seal_texts(uow.tx, row, uow.now(), texts)?;
        Ok(store::emergency::update(uow.tx, row, before)?)
    }

    pub(crate) fn seal_texts(
        &self,
        tx: &mut Tx<'_>,
        row: &mut EmergencyAccessRow,
        now: Instant,
        texts: Option<&AccessTexts>,
    ) -> ServiceResult<()> {
        (row.wrapped_key, row.sealed) = match texts {
            None => (None, None),
            Some(texts) => {
                let sealed =
                    self.kernel
                        .seal(tx, &access_location(row), &access_terms(row), now, texts)?;
                (Some(sealed.wrapped_key.into()), Some(sealed.sealed.into()))
            }
        };
        Ok(())
    }

    /// Opens the texts; `None` once they have expired.
    pub(crate) fn open_texts(
        &self,
        row: &EmergencyAccessRow,
        now: Instant,
    ) -> ServiceResult<Option<AccessTexts>> {
        match (&row.wrapped_key, &row.sealed) {
            (Some(key), Some(sealed)) if row.words_until > now => self
                .kernel
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

/// Converts to the API representation for the holder of this permit.
pub(crate) fn access_out(
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

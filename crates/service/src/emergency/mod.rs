//! Breaking the glass: a social worker or team manager who is not on a chronology's team reads it in an emergency, for a
//! short time, with a reason. What is read says so, the owner and the data protection officer are told, and somebody
//! else reviews it. What it gives is decided in `domain::decide`; what is marked stays marked.

mod alerts;
mod opening;
mod reviewing;

pub(crate) use reviewing::leave;

use domain::{
    ChronologyId, Denial, EmergencyAccessId, Facts, Instant, Operation, Permit, ReadReason, Sensitive, decide,
};
use serde::{Deserialize, Serialize};
use store::{EmergencyAccessRow, EmergencyChronologyRow};
use vault::{Place, Terms};

use crate::sealing::until;
use crate::session::{Scene, Trail};
use crate::{AlertState, Answer, EmergencyAccessOut, EmergencyChronologyOut, EmergencyNotice, Service};

/// Shown in red above what is read.
const BANNER: &str = "EMERGENCY ACCESS. You are not on this chronology's team. Everything you read is on record; the \
                      owner and the data protection officer have been told, and this access will be reviewed.";

/// What an access's sealed column holds. It is about a family, in words: it has an end of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Words {
    reason: Option<Sensitive<String>>,
    note: Option<Sensitive<String>>,
}

fn trail(id: EmergencyAccessId) -> Trail {
    Trail::about("emergency_access", id)
}

fn place(row: &EmergencyAccessRow) -> Place {
    Place { table: "emergency_accesses", row: row.id.0, version: row.version }
}

fn terms(row: &EmergencyAccessRow) -> Terms {
    until(row.id.0, row.words_until)
}

/// Whether it can be read under.
fn active(row: &EmergencyAccessRow, now: Instant) -> bool {
    row.ended_at.is_none() && row.ends_at > now
}

fn state(row: &EmergencyAccessRow) -> AlertState {
    if row.reviewed_at.is_some() { AlertState::Reviewed } else { AlertState::Open }
}

fn overdue(row: &EmergencyAccessRow, now: Instant) -> bool {
    row.reviewed_at.is_none() && row.review_due_at <= now
}

/// When it ended or will end.
fn end(row: &EmergencyAccessRow) -> Instant {
    row.ended_at.map_or(row.ends_at, |ended| ended.min(row.ends_at))
}

impl Service {
    /// Adds to the facts about a chronology whether the caller has broken the glass to it. Looked up only where the answer
    /// is no without it, and noted on the trail until [`settle`] knows whether it did.
    pub(crate) fn with_emergency(
        &self,
        scene: &mut Scene<'_, '_>,
        operation: Operation,
        id: ChronologyId,
        facts: Facts,
    ) -> Answer<Facts> {
        scene.trail.told.emergency = None;
        let actor = scene.actor();
        let otherwise = decide(actor, operation, &facts);
        if !operation.given_in_emergency() || !actor.social_care || otherwise != Err(Denial::NotYours) {
            return Ok(facts);
        }
        scene.trail.told.emergency = self.emergency_notice(scene, id)?;
        Ok(Facts { emergency: scene.trail.told.emergency.is_some(), ..facts })
    }

    /// What is said above whatever is read under the caller's emergency access to a chronology, while there is one.
    pub(crate) fn emergency_notice(
        &self,
        scene: &mut Scene<'_, '_>,
        id: ChronologyId,
    ) -> Answer<Option<EmergencyNotice>> {
        let (partnership, me, now) = (scene.actor().partnership, scene.me(), scene.now());
        let live = store::emergency::live(scene.tx, partnership, me, id, now)?;
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
        scene: &mut Scene<'_, '_>,
        row: &mut EmergencyAccessRow,
        words: Option<&Words>,
    ) -> Answer<()> {
        let before = row.version;
        row.version += 1;
        self.seal_words(row, scene.now(), words)?;
        Ok(store::emergency::update(scene.tx, row, before)?)
    }

    fn seal_words(&self, row: &mut EmergencyAccessRow, now: Instant, words: Option<&Words>) -> Answer<()> {
        (row.wrapped_key, row.sealed) = match words {
            None => (None, None),
            Some(words) => {
                let sealed = self.seal(&place(row), &terms(row), now, words)?;
                (Some(sealed.wrapped_key.into()), Some(sealed.sealed.into()))
            }
        };
        Ok(())
    }

    /// The words, while they are there.
    fn words(&self, row: &EmergencyAccessRow, now: Instant) -> Answer<Option<Words>> {
        match (&row.wrapped_key, &row.sealed) {
            (Some(key), Some(sealed)) if row.words_until > now => {
                self.unseal(&place(row), &terms(row), now, key.as_ref(), sealed.as_ref()).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// Once leave is given: what is read under an emergency access ends with it, and says so; what is not does not.
pub(crate) fn settle(scene: &mut Scene<'_, '_>, permit: &Permit) {
    if permit.reason() != ReadReason::Emergency {
        scene.trail.told.emergency = None;
    }
    if let Some(notice) = &scene.trail.told.emergency {
        let end = scene.trail.expires_at.map_or(notice.until, |end| end.min(notice.until));
        scene.trail.expires_at = Some(end);
    }
}

/// As the API shows it to whoever has this leave.
fn access_out(
    row: &EmergencyAccessRow,
    chronologies: &[EmergencyChronologyRow],
    words: Option<Words>,
    permit: &Permit,
    now: Instant,
) -> EmergencyAccessOut {
    let own_only = permit.reason() == ReadReason::Manager;
    let agency = permit.actor().agency;
    let theirs = chronologies.iter().filter(|one| !own_only || one.owner_agency_id == agency);
    let Words { reason, note } = words.unwrap_or(Words { reason: None, note: None });
    EmergencyAccessOut {
        id: row.id,
        practitioner_id: row.practitioner_id,
        agency_id: row.agency_id,
        reason_code: row.reason_code,
        reason,
        chronologies: theirs
            .map(|one| EmergencyChronologyOut { chronology_id: one.chronology_id, until: one.ends_at })
            .collect(),
        opened_at: row.opened_at,
        until: row.ends_at,
        ended_at: row.ended_at,
        active: active(row, now),
        state: state(row),
        review_due_at: row.review_due_at,
        overdue: overdue(row, now),
        reviewed_at: row.reviewed_at,
        reviewed_by: row.reviewed_by,
        finding: row.finding,
        note: note.filter(|_| permit.reason() != ReadReason::Emergency),
        version: row.version,
    }
}

//! Showing what people decided about links: to each reader what is about entries that they may see.

use domain::{ChronologyId, Instant, LinkDecisionId, Operation, Permit};
use store::{ChronologyRow, DecidedEntryRow, LinkDecisionRow};

use super::listing::Places;
use super::reasons::Reasons;
use super::{reason_lives, wholly_seen};
use crate::chronologies::{Admitted, trail};
use crate::session::{Call, Scene};
use crate::timeline::Opened;
use crate::{Answer, LinkDecisionOut, Page, PageQuery, Service, ServiceError};

impl Service {
    /// Decisions about a chronology, oldest first, those taken back too.
    ///
    /// # Errors
    /// As every read.
    pub fn link_decisions(&self, call: &Call, id: ChronologyId, query: PageQuery) -> Answer<Page<LinkDecisionOut>> {
        self.read(call, Operation::LinkDecisionRead, trail(id), |scene| {
            let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::LinkDecisionRead)?;
            let opened = self.open_content(scene, &permit, &permit.reader(), &chronology, None)?;
            let slice = self.slice(scene, "link_decisions", &query)?;
            let mut rows = store::link_decisions::page(scene.tx, &permit, id, None, i64::MAX)?;
            let ids: Vec<LinkDecisionId> = rows.iter().map(|row| row.id).collect();
            let mut about = store::link_decisions::entries(scene.tx, &permit, &ids)?;
            // What is not theirs to see is left out before the page is cut, so that no gap tells of it.
            let key = |row: &LinkDecisionRow| (row.created_at, row.id.0);
            rows.retain(|row| about.get(&row.id).is_some_and(|about| wholly_seen(row, about, &opened)));
            rows.retain(|row| slice.after.is_none_or(|after| key(row) > (after.at, after.id)));
            rows.truncate(usize::try_from(slice.limit + 1).unwrap_or(usize::MAX));
            let (now, places) = (scene.now(), Places::of(&opened.entries));
            self.page(scene, "link_decisions", &slice, rows, key, |row| {
                let (end, about) = (end_of(&row, &chronology, now), about.remove(&row.id).unwrap_or_default());
                let about = in_order(about, &places);
                Ok(out(&row, &about, self.reasons(&row, now)?, end))
            })
        })
    }

    /// One decision.
    ///
    /// # Errors
    /// As every read.
    pub fn link_decision(&self, call: &Call, id: ChronologyId, decision: LinkDecisionId) -> Answer<LinkDecisionOut> {
        self.read(call, Operation::LinkDecisionRead, trail(id), |scene| {
            self.read_link_decision(scene, id, decision, true)
        })
    }

    /// A decision as its reader may see it; the answer to deciding does not repeat the reasons.
    pub(super) fn read_link_decision(
        &self,
        scene: &mut Scene<'_, '_>,
        id: ChronologyId,
        decision: LinkDecisionId,
        with_reasons: bool,
    ) -> Answer<LinkDecisionOut> {
        scene.trail.object_kind = Some("link_decision");
        scene.trail.object_id = Some(decision.0);
        let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::LinkDecisionRead)?;
        let (row, entries, _) = self.decision_seen(scene, &permit, &chronology, decision)?;
        let now = scene.now();
        let reasons = if with_reasons { self.reasons(&row, now)? } else { None };
        Ok(out(&row, &entries, reasons, end_of(&row, &chronology, now)))
    }

    /// A decision with what it is about, and what the caller sees. One that is about anything that they may not see is
    /// absent.
    pub(super) fn decision_seen(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        id: LinkDecisionId,
    ) -> Answer<(LinkDecisionRow, Vec<DecidedEntryRow>, Opened)> {
        let found = store::link_decisions::find(scene.tx, permit, id)?;
        let row = found.filter(|row| row.chronology_id == chronology.id).ok_or(ServiceError::NotFound)?;
        let opened = self.open_content(scene, permit, &permit.reader(), chronology, None)?;
        let about = store::link_decisions::entries(scene.tx, permit, &[id])?.remove(&id).unwrap_or_default();
        if about.is_empty() || !wholly_seen(&row, &about, &opened) {
            return Err(ServiceError::NotFound);
        }
        Ok((row, in_order(about, &Places::of(&opened.entries)), opened))
    }
}

/// What a decision is about, in the order of submission.
fn in_order(mut about: Vec<DecidedEntryRow>, places: &Places) -> Vec<DecidedEntryRow> {
    about.sort_by_key(|entry| (entry.side, places.at(entry.entry_id)));
    about
}

/// When a decision expires as it is shown: with its reasons, and once these are gone with the chronology.
pub(super) fn end_of(row: &LinkDecisionRow, chronology: &ChronologyRow, now: Instant) -> Instant {
    if reason_lives(row, now) { row.expires_at } else { chronology.expires_at }
}

/// A decision as the API shows it.
pub(super) fn out(
    row: &LinkDecisionRow,
    about: &[DecidedEntryRow],
    reasons: Option<Reasons>,
    expires_at: Instant,
) -> LinkDecisionOut {
    let side = |wanted: i64| about.iter().filter(|entry| entry.side == wanted).map(|entry| entry.entry_id).collect();
    let (reason, withdrawal_reason) = match reasons {
        Some(reasons) => (reasons.reason, reasons.withdrawal_reason),
        None => (None, None),
    };
    LinkDecisionOut {
        id: row.id,
        chronology_id: row.chronology_id,
        decision: row.verdict,
        entries: side(0),
        with: side(1),
        reason,
        decided_by: row.author_id,
        decided_at: row.created_at,
        withdrawn_at: row.withdrawn_at,
        withdrawn_by: row.withdrawn_by,
        withdrawal_reason,
        expires_at,
        version: row.version,
    }
}

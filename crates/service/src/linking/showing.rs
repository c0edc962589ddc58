//! Showing what people decided about links: to each reader what is about entries that they may see.

use std::collections::BTreeSet;

use domain::{ChronologyId, EntryId, Instant, LinkDecisionId, Operation, Permit};
use store::{ChronologyRow, DecidedEntryRow, LinkDecisionRow};

use super::reason_lives;
use super::reasons::Reasons;
use crate::chronologies::{Admitted, trail};
use crate::session::{Call, Scene};
use crate::{Answer, LinkDecisionOut, Page, PageQuery, Service, ServiceError};

impl Service {
    /// Decisions about a chronology, oldest first, those taken back too.
    ///
    /// # Errors
    /// As every read.
    pub fn link_decisions(&self, call: &Call, id: ChronologyId, query: PageQuery) -> Answer<Page<LinkDecisionOut>> {
        self.read(call, Operation::LinkDecisionRead, trail(id), |scene| {
            let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::LinkDecisionRead)?;
            let seen = self.entries_seen(scene, &permit, &chronology)?;
            let slice = self.slice(scene, "link_decisions", &query)?;
            let rows = store::link_decisions::page(scene.tx, &permit, id, slice.after, slice.limit + 1)?;
            let ids: Vec<LinkDecisionId> = rows.iter().map(|row| row.id).collect();
            let mut about = store::link_decisions::entries(scene.tx, &permit, &ids)?;
            let now = scene.now();
            let key = |row: &LinkDecisionRow| (row.created_at, row.id.0);
            let page = self.page(scene, "link_decisions", &slice, rows, key, |row| {
                let end = end_of(&row, &chronology, now);
                self.shown(&row, about.remove(&row.id).unwrap_or_default(), &seen, now, end)
            })?;
            Ok(Page { items: page.items.into_iter().flatten().collect(), next: page.next })
        })
    }

    /// One decision.
    ///
    /// # Errors
    /// As every read.
    pub fn link_decision(&self, call: &Call, id: ChronologyId, decision: LinkDecisionId) -> Answer<LinkDecisionOut> {
        self.read(call, Operation::LinkDecisionRead, trail(id), |scene| {
            scene.trail.object_kind = Some("link_decision");
            scene.trail.object_id = Some(decision.0);
            let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::LinkDecisionRead)?;
            let (row, entries, whole) = self.decision_seen(scene, &permit, &chronology, decision)?;
            let reasons = if whole { self.reasons(&row, scene.now())? } else { None };
            Ok(out(&row, &entries, reasons, end_of(&row, &chronology, scene.now())))
        })
    }

    fn entries_seen(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
    ) -> Answer<BTreeSet<EntryId>> {
        let opened = self.open_content(scene, permit, permit.actor(), chronology)?;
        Ok(opened.entries.iter().map(|entry| entry.entry_id).collect())
    }

    /// A decision with those of its entries that the caller may see, and whether that is all of them. One about nothing
    /// that the caller sees is absent.
    pub(super) fn decision_seen(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        id: LinkDecisionId,
    ) -> Answer<(LinkDecisionRow, Vec<DecidedEntryRow>, bool)> {
        let found = store::link_decisions::find(scene.tx, permit, id)?;
        let row = found.filter(|row| row.chronology_id == chronology.id).ok_or(ServiceError::NotFound)?;
        let seen = self.entries_seen(scene, permit, chronology)?;
        let mut about = store::link_decisions::entries(scene.tx, permit, &[id])?.remove(&id).unwrap_or_default();
        let all = about.len();
        about.retain(|entry| seen.contains(&entry.entry_id));
        if about.is_empty() {
            return Err(ServiceError::NotFound);
        }
        let whole = about.len() == all;
        Ok((row, about, whole))
    }

    /// A decision as it is listed; none when it is about nothing that the caller may see.
    fn shown(
        &self,
        row: &LinkDecisionRow,
        mut about: Vec<DecidedEntryRow>,
        seen: &BTreeSet<EntryId>,
        now: Instant,
        end: Instant,
    ) -> Answer<Option<LinkDecisionOut>> {
        let all = about.len();
        about.retain(|entry| seen.contains(&entry.entry_id));
        if about.is_empty() {
            return Ok(None);
        }
        let reasons = if about.len() == all { self.reasons(row, now)? } else { None };
        Ok(Some(out(row, &about, reasons, end)))
    }
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
        Some(reasons) => (Some(reasons.reason), reasons.withdrawal_reason),
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

//! Reading decisions about links; a reader sees the decisions about entries that they may see.

use std::collections::BTreeMap;

use contract::{LinkDecisionOut, Page, PageQuery};
use domain::{AccessPermit, ChronologyId, Instant, LinkDecisionId, Operation};
use kernel::{CallContext, ServiceError, ServiceResult, UnitOfWork};
use store::{ChronologyRow, DecidedEntryRow, LinkDecisionRow};
use uuid::Uuid;

use crate::linking::query::EntryPositions;
use crate::linking::reasons::DecisionReasons;
use crate::linking::{Linking, has_live_reason, is_fully_visible};
use crate::records::{AuthorizedChronology, VisibleContent, about_chronology};

impl Linking {
    /// The decisions about a chronology, oldest first, including withdrawn ones.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_link_decisions(
        &self,
        call: &CallContext,
        id: ChronologyId,
        query: PageQuery,
    ) -> ServiceResult<Page<LinkDecisionOut>> {
        self.kernel.read(
            call,
            Operation::LinkDecisionRead,
            about_chronology(id),
            |uow| {
                let AuthorizedChronology {
                    permit,
                    row: chronology,
                } = self.records.chronologies.authorize_chronology(
                    uow,
                    id,
                    Operation::LinkDecisionRead,
                )?;
                let opened = self.records.content.open_content(
                    uow,
                    &permit,
                    &permit.reader(),
                    &chronology,
                    None,
                )?;
                let bounds = self
                    .kernel
                    .parse_page_query(uow, "link_decisions", &query)?;
                let VisibleDecisions {
                    mut rows,
                    mut entries,
                } = list_visible_decisions(uow, &permit, id, &opened)?;
                rows.retain(|row| {
                    bounds
                        .after
                        .is_none_or(|after| position(row) > (after.at, after.id))
                });
                rows.truncate(usize::try_from(bounds.limit + 1).unwrap_or(usize::MAX));
                let now = uow.now();
                let positions = EntryPositions::of(&opened.entries);
                self.kernel
                    .build_page(uow, "link_decisions", &bounds, rows, position, |row| {
                        let shown_until = shown_expiry(&row, &chronology, now);
                        let about = entries.remove(&row.id).unwrap_or_default();
                        let about = in_submission_order(about, &positions);
                        Ok(link_decision_out(
                            &row,
                            &about,
                            self.open_reasons(&row, now)?,
                            shown_until,
                        ))
                    })
            },
        )
    }

    /// One decision.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_link_decision(
        &self,
        call: &CallContext,
        id: ChronologyId,
        decision: LinkDecisionId,
    ) -> ServiceResult<LinkDecisionOut> {
        self.kernel.read(
            call,
            Operation::LinkDecisionRead,
            about_chronology(id),
            |uow| self.read_link_decision(uow, id, decision, true),
        )
    }

    /// Reads a decision as the caller may see it. The response to a write does not repeat the
    /// reasons.
    pub(super) fn read_link_decision(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: ChronologyId,
        decision: LinkDecisionId,
        with_reasons: bool,
    ) -> ServiceResult<LinkDecisionOut> {
        uow.audit.set_object(decision);
        let AuthorizedChronology {
            permit,
            row: chronology,
        } = self
            .records
            .chronologies
            .authorize_chronology(uow, id, Operation::LinkDecisionRead)?;
        let (row, entries, _) = self.load_visible_decision(uow, &permit, &chronology, decision)?;
        let now = uow.now();
        let reasons = if with_reasons {
            self.open_reasons(&row, now)?
        } else {
            None
        };
        Ok(link_decision_out(
            &row,
            &entries,
            reasons,
            shown_expiry(&row, &chronology, now),
        ))
    }

    /// Loads a decision with its entries and the content that the caller may see. A decision about
    /// anything hidden from the caller counts as absent.
    pub(super) fn load_visible_decision(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        id: LinkDecisionId,
    ) -> ServiceResult<(LinkDecisionRow, Vec<DecidedEntryRow>, VisibleContent)> {
        let found = store::link_decisions::find(uow.tx, permit, id)?;
        let row = found
            .filter(|row| row.chronology_id == chronology.id)
            .ok_or(ServiceError::NotFound)?;
        let opened =
            self.records
                .content
                .open_content(uow, permit, &permit.reader(), chronology, None)?;
        let about = store::link_decisions::entries(uow.tx, permit, &[id])?
            .remove(&id)
            .unwrap_or_default();
        if about.is_empty() || !is_fully_visible(&row, &about, &opened) {
            return Err(ServiceError::NotFound);
        }
        Ok((
            row,
            in_submission_order(about, &EntryPositions::of(&opened.entries)),
            opened,
        ))
    }
}

/// The decisions about a chronology that a reader may see, oldest first, with their entries.
struct VisibleDecisions {
    rows: Vec<LinkDecisionRow>,
    entries: BTreeMap<LinkDecisionId, Vec<DecidedEntryRow>>,
}

/// Lists the decisions that a reader may see. Hidden ones are removed before the page is cut, so
/// that no gap reveals them.
fn list_visible_decisions(
    uow: &mut UnitOfWork<'_, '_>,
    permit: &AccessPermit,
    id: ChronologyId,
    opened: &VisibleContent,
) -> ServiceResult<VisibleDecisions> {
    let mut rows = store::link_decisions::page(uow.tx, permit, id, None, i64::MAX)?;
    let ids: Vec<LinkDecisionId> = rows.iter().map(|row| row.id).collect();
    let entries = store::link_decisions::entries(uow.tx, permit, &ids)?;
    rows.retain(|row| {
        entries
            .get(&row.id)
            .is_some_and(|about| is_fully_visible(row, about, opened))
    });
    Ok(VisibleDecisions { rows, entries })
}

/// The position of a decision in the list.
fn position(row: &LinkDecisionRow) -> (Instant, Uuid) {
    (row.created_at, row.id.0)
}

/// Sorts the entries of a decision by side and submission order.
fn in_submission_order(
    mut about: Vec<DecidedEntryRow>,
    positions: &EntryPositions,
) -> Vec<DecidedEntryRow> {
    about.sort_by_key(|entry| (entry.side, positions.position_of(entry.entry_id)));
    about
}

/// The expiry shown for a decision: that of its reasons, or of the chronology once they have
/// expired.
pub(crate) fn shown_expiry(
    row: &LinkDecisionRow,
    chronology: &ChronologyRow,
    now: Instant,
) -> Instant {
    if has_live_reason(row, now) {
        row.expires_at
    } else {
        chronology.expires_at
    }
}

/// Converts to the API representation.
pub(crate) fn link_decision_out(
    row: &LinkDecisionRow,
    about: &[DecidedEntryRow],
    reasons: Option<DecisionReasons>,
    expires_at: Instant,
) -> LinkDecisionOut {
    let side = |wanted: i64| {
        about
            .iter()
            .filter(|entry| entry.side == wanted)
            .map(|entry| entry.entry_id)
            .collect()
    };
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

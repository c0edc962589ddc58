//! Views of the timeline frozen for a meeting.

use domain::{ChronologyId, ConsolidationId, Instant, Operation, Transition};
use store::ConsolidationRow;
use vault::Place;

use super::steps::step;
use super::{Admitted, trail};
use crate::sealing::{of_chronology, to_bytes};
use crate::session::Call;
use crate::{Answer, ConsolidationOut, Page, PageQuery, Service, ServiceError, TimelineOut, TimelineQuery, Written};

impl Service {
    /// Freezes the timeline as its owner sees it now, for a meeting. The frozen view never changes.
    ///
    /// # Errors
    /// As every write; `Conflict` when the chronology is a draft, signed off or closed.
    pub fn consolidate(&self, call: &Call, id: ChronologyId) -> Answer<Written<ConsolidationOut>> {
        self.write(call, Operation::ChronologyConsolidate, trail(id), |scene| {
            let Admitted { permit, mut row } = self.admit(scene, id, Operation::ChronologyConsolidate)?;
            let details = self.chronology_details(&row, scene.now())?;
            step(&mut row, Transition::Consolidate)?;
            let view = self.draw_timeline(scene, &permit, &row, &TimelineQuery::default())?;
            let frozen = self.freeze(scene, &row, view)?;
            scene.trail.object_kind = Some("consolidation");
            scene.trail.object_id = Some(frozen.id.0);
            scene.trail.entry_count = Some(frozen.entry_count);
            store::consolidations::insert(scene.tx, &frozen)?;
            self.save_chronology(scene.tx, scene.session.now, &mut row, &details)?;
            self.consolidation_out(&frozen, scene.now(), true)
        })
    }

    fn freeze(
        &self,
        scene: &crate::session::Scene<'_, '_>,
        row: &store::ChronologyRow,
        view: TimelineOut,
    ) -> Answer<ConsolidationRow> {
        let now = scene.now();
        let id = ConsolidationId::new(self.ids(), now);
        let content_index = self.vault().index(row.partnership_id, "consolidation", &to_bytes(&view)?);
        let sealed = self.seal(&place(id), &of_chronology(row.id, row.expires_at), now, &view)?;
        Ok(ConsolidationRow {
            id,
            partnership_id: row.partnership_id,
            chronology_id: row.id,
            author_id: scene.me(),
            row_count: view.header.row_count,
            entry_count: view.header.entry_count,
            content_index: content_index.to_vec().into(),
            expires_at: row.expires_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            signed_off_at: None,
            signed_off_by: None,
            created_at: now,
        })
    }

    /// The frozen views of a chronology, oldest first, without their content.
    ///
    /// # Errors
    /// As every read.
    pub fn consolidations(&self, call: &Call, id: ChronologyId, query: PageQuery) -> Answer<Page<ConsolidationOut>> {
        self.read(call, Operation::ConsolidationList, trail(id), |scene| {
            let Admitted { permit, .. } = self.admit(scene, id, Operation::ConsolidationList)?;
            let slice = self.slice(scene, "consolidations", &query)?;
            let now = scene.now();
            let rows = store::consolidations::page(scene.tx, &permit, id, now, slice.after, slice.limit + 1)?;
            let key = |row: &ConsolidationRow| (row.created_at, row.id.0);
            self.page(scene, "consolidations", &slice, rows, key, |row| self.consolidation_out(&row, now, false))
        })
    }

    /// One frozen view.
    ///
    /// # Errors
    /// As every read.
    pub fn consolidation(&self, call: &Call, id: ChronologyId, frozen: ConsolidationId) -> Answer<ConsolidationOut> {
        self.read(call, Operation::ConsolidationRead, trail(id), |scene| {
            scene.trail.object_kind = Some("consolidation");
            scene.trail.object_id = Some(frozen.0);
            let Admitted { permit, .. } = self.admit(scene, id, Operation::ConsolidationRead)?;
            let found = store::consolidations::find(scene.tx, &permit, frozen, scene.session.now)?;
            let row = found.filter(|row| row.chronology_id == id).ok_or(ServiceError::NotFound)?;
            scene.trail.entry_count = Some(row.entry_count);
            let out = self.consolidation_out(&row, scene.now(), true)?;
            Ok(ConsolidationOut { view: out.view.map(|view| shown(scene.actor(), view)), ..out })
        })
    }

    /// As the API shows it.
    pub(super) fn consolidation_out(
        &self,
        row: &ConsolidationRow,
        now: Instant,
        with_view: bool,
    ) -> Answer<ConsolidationOut> {
        let view = if with_view {
            let terms = of_chronology(row.chronology_id, row.expires_at);
            Some(self.unseal(&place(row.id), &terms, now, row.wrapped_key.as_ref(), row.sealed.as_ref())?)
        } else {
            None
        };
        Ok(ConsolidationOut {
            id: row.id,
            chronology_id: row.chronology_id,
            author_id: row.author_id,
            row_count: row.row_count,
            entry_count: row.entry_count,
            content_hash: hex(row.content_index.as_ref()),
            created_at: row.created_at,
            signed_off_at: row.signed_off_at,
            signed_off_by: row.signed_off_by,
            view,
        })
    }
}

pub(crate) fn place(id: ConsolidationId) -> Place {
    Place { table: "consolidations", row: id.0, version: 1 }
}

/// A frozen view holds what its author saw; a reader sees of it what is theirs to see.
pub(super) fn shown(actor: &domain::Actor, mut view: TimelineOut) -> TimelineOut {
    for row in &mut view.rows {
        let before = row.accounts.len();
        row.accounts
            .retain(|account| domain::may_read_entry(actor, account.agency, &account.category, &account.handling));
        if row.accounts.len() < before {
            // What joins or contradicts accounts would tell of those that are left out.
            row.linked_because.clear();
            row.conflicts.clear();
            row.children.retain(|child| row.accounts.iter().any(|account| account.children.contains(&child.id)));
        }
    }
    view.rows.retain(|row| !row.accounts.is_empty());
    view.header.row_count = crate::timeline::count(view.rows.len());
    view.header.entry_count = crate::timeline::entries_of(&view.rows);
    for line in &mut view.header.coverage {
        line.entry_count = crate::timeline::entries_by(&view.rows, line.agency_id);
    }
    view
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

//! Views of the timeline frozen for a meeting.

use std::collections::BTreeMap;

use domain::{ChronologyId, ConsolidationId, Operation, Permit, Transition};
use store::{ChronologyRow, ConsolidationRow};

use super::steps::step;
use super::{Admitted, trail};
use crate::sealing::to_bytes;
use crate::session::{Call, Scene};
use crate::transparency::shown_in_view;
use crate::{Answer, ConsolidationOut, Page, PageQuery, Service, ServiceError, Written};

/// Live frozen views of one chronology: a meeting a week for two years. A list of them draws each that it names.
const MOST_VIEWS: i64 = 100;

impl Service {
    /// Freezes the timeline as it is now, for a meeting. Later returns and corrections do not change a frozen view; each
    /// reader sees of it what is theirs to see and still lives; who may not read everything is shown of a corrected fragment
    /// only the entries that stand in it now too, because the others may have been marked since.
    ///
    /// # Errors
    /// As every write; `Conflict` when the chronology is a draft, signed off or closed.
    pub fn consolidate(&self, call: &Call, id: ChronologyId) -> Answer<Written<ConsolidationOut>> {
        self.write_once(
            call,
            Operation::ChronologyConsolidate,
            trail(id),
            |scene| {
                let Admitted { permit, mut row } = self.admit(scene, id, Operation::ChronologyConsolidate)?;
                let details = self.chronology_details(&row, scene.now())?;
                step(&mut row, Transition::Consolidate)?;
                if store::consolidations::count(scene.tx, &permit, id, scene.session.now)? >= MOST_VIEWS {
                    let message = "a chronology has at most 100 frozen views";
                    return Err(ServiceError::fault("", "too_many_views", message));
                }
                let frozen = self.freeze(scene, &permit, &row)?;
                scene.trail.object_kind = Some("consolidation");
                scene.trail.object_id = Some(frozen.id.0);
                self.save_chronology(scene.tx, scene.session.now, &mut row, &details)?;
                let out = self.consolidation_out(scene, &permit, &row, &frozen)?;
                // Of what the caller sees: who is shown its own record must not learn from it how much is hidden.
                scene.trail.entry_count = Some(out.entry_count);
                scene.trail.told.shown = shown_in_view(out.view.as_ref());
                Ok(out)
            },
            |scene, kept| self.read_consolidation(scene, id, ConsolidationId(kept.object_id)),
        )
    }

    /// The frozen views of a chronology, oldest first, without their content.
    ///
    /// # Errors
    /// As every read.
    pub fn consolidations(&self, call: &Call, id: ChronologyId, query: PageQuery) -> Answer<Page<ConsolidationOut>> {
        self.read(call, Operation::ConsolidationList, trail(id), |scene| {
            let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::ConsolidationList)?;
            let slice = self.slice(scene, "consolidations", &query)?;
            let now = scene.now();
            let rows = store::consolidations::page(scene.tx, &permit, id, now, slice.after, slice.limit + 1)?;
            // Drawn for a list too: the counts are of what this reader may see and of what is still there.
            let mut drawn = BTreeMap::new();
            for row in rows.iter().take(usize::try_from(slice.limit).unwrap_or(usize::MAX)) {
                let out = self.consolidation_out(scene, &permit, &chronology, row)?;
                drawn.insert(row.id, ConsolidationOut { view: None, ..out });
            }
            let key = |row: &ConsolidationRow| (row.created_at, row.id.0);
            self.page(scene, "consolidations", &slice, rows, key, |row| {
                drawn.remove(&row.id).ok_or(ServiceError::Internal("a view on the page is drawn"))
            })
        })
    }

    /// One frozen view.
    ///
    /// # Errors
    /// As every read.
    pub fn consolidation(&self, call: &Call, id: ChronologyId, frozen: ConsolidationId) -> Answer<ConsolidationOut> {
        self.read(call, Operation::ConsolidationRead, trail(id), |scene| self.read_consolidation(scene, id, frozen))
    }

    fn read_consolidation(
        &self,
        scene: &mut Scene<'_, '_>,
        id: ChronologyId,
        frozen: ConsolidationId,
    ) -> Answer<ConsolidationOut> {
        scene.trail.object_kind = Some("consolidation");
        scene.trail.object_id = Some(frozen.0);
        let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::ConsolidationRead)?;
        let found = store::consolidations::find(scene.tx, &permit, frozen, scene.session.now)?;
        let row = found.filter(|row| row.chronology_id == id).ok_or(ServiceError::NotFound)?;
        let mut out = self.consolidation_out(scene, &permit, &chronology, &row)?;
        scene.trail.entry_count = Some(out.entry_count);
        scene.trail.told.shown = shown_in_view(out.view.as_ref());
        out.emergency.clone_from(&scene.trail.told.emergency);
        if let Some(view) = &mut out.view {
            view.header.emergency.clone_from(&scene.trail.told.emergency);
        }
        Ok(out)
    }

    /// As the API shows it to whoever was given leave to see it: everything, counts and hash included, is of what they may
    /// see and of what is still there.
    pub(super) fn consolidation_out(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        row: &ConsolidationRow,
    ) -> Answer<ConsolidationOut> {
        let view = self.draw_frozen(scene, permit, chronology, row)?;
        let content_index = self.vault().index(row.partnership_id, "consolidation", &to_bytes(&view)?);
        Ok(ConsolidationOut {
            id: row.id,
            chronology_id: row.chronology_id,
            author_id: row.author_id,
            row_count: view.header.row_count,
            entry_count: view.header.entry_count,
            content_hash: hex(&content_index),
            created_at: row.created_at,
            signed_off_at: row.signed_off_at,
            signed_off_by: row.signed_off_by,
            view: Some(view),
            emergency: None,
        })
    }
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

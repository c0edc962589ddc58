//! Use cases of consolidations: views of the timeline frozen for a meeting.

use std::collections::BTreeMap;

use contract::{ConsolidationOut, Page, PageQuery};
use domain::{AccessPermit, ChronologyId, ConsolidationId, Operation, Transition};
use kernel::{CallContext, ServiceError, ServiceResult, UnitOfWork, WriteReply, to_json_bytes};
use store::{ChronologyRow, ConsolidationRow};

use crate::chronologies::Chronologies;
use crate::chronologies::transitions::apply_transition;
use crate::records::{AuthorizedChronology, about_chronology, count_entries_in_view};

/// The most live frozen views of one chronology: one for a weekly meeting over two years. Listing
/// them renders every view on the page.
const MAX_VIEWS: i64 = 100;

impl Chronologies {
    /// Freezes the timeline as it is now, for a meeting. Later returns and corrections do not
    /// change a frozen view. Each reader sees the part that they may see and that has not expired.
    /// A reader who may not read everything sees of a corrected fragment only the entries that
    /// still exist in it, because the others may have been marked since.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors);
    /// [`Conflict::WrongState`](crate::Conflict::WrongState) when the chronology is a draft, signed
    /// off or closed; [`ServiceError::Invalid`] when it has the most frozen views.
    pub fn consolidate(
        &self,
        call: &CallContext,
        id: ChronologyId,
    ) -> ServiceResult<WriteReply<ConsolidationOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::ChronologyConsolidate,
            about_chronology(id),
            |uow| {
                let AuthorizedChronology { permit, mut row } = self
                    .records
                    .chronologies
                    .authorize_chronology(uow, id, Operation::ChronologyConsolidate)?;
                let details = self
                    .records
                    .chronologies
                    .open_chronology_details(&row, uow.now())?;
                apply_transition(&mut row, Transition::Consolidate)?;
                if store::consolidations::count(uow.tx, &permit, id, uow.session.now)? >= MAX_VIEWS
                {
                    let message = "a chronology has at most 100 frozen views";
                    return Err(ServiceError::invalid("", "too_many_views", message));
                }
                let frozen = self.freeze_timeline(uow, &permit, &row)?;
                uow.audit.set_object(frozen.id);
                self.records.chronologies.save_chronology(
                    uow.tx,
                    uow.session.now,
                    &mut row,
                    &details,
                )?;
                let out = self.to_consolidation_out(uow, &permit, &row, &frozen)?;
                // Counts what the caller sees: the audit record may be shown to them and must not
                // disclose how much is hidden.
                uow.audit.entry_count = Some(out.entry_count);
                uow.audit.disclosures.shown_entries = count_entries_in_view(out.view.as_ref());
                Ok(out)
            },
            |uow, record| self.read_consolidation(uow, id, record.object()?),
        )
    }

    /// Lists the frozen views of a chronology without their content, oldest first.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_consolidations(
        &self,
        call: &CallContext,
        id: ChronologyId,
        query: PageQuery,
    ) -> ServiceResult<Page<ConsolidationOut>> {
        self.kernel.read(
            call,
            Operation::ConsolidationList,
            about_chronology(id),
            |uow| {
                let AuthorizedChronology {
                    permit,
                    row: chronology,
                } = self.records.chronologies.authorize_chronology(
                    uow,
                    id,
                    Operation::ConsolidationList,
                )?;
                let bounds = self
                    .kernel
                    .parse_page_query(uow, "consolidations", &query)?;
                let now = uow.now();
                let rows = store::consolidations::page(
                    uow.tx,
                    &permit,
                    id,
                    now,
                    bounds.after,
                    bounds.limit + 1,
                )?;
                // Each view is rendered for the list too, so that its counts cover only what this
                // reader may see and what still exists.
                let mut rendered = BTreeMap::new();
                for row in rows
                    .iter()
                    .take(usize::try_from(bounds.limit).unwrap_or(usize::MAX))
                {
                    let out = self.to_consolidation_out(uow, &permit, &chronology, row)?;
                    rendered.insert(row.id, ConsolidationOut { view: None, ..out });
                }
                let key = |row: &ConsolidationRow| (row.created_at, row.id.0);
                self.kernel
                    .build_page(uow, "consolidations", &bounds, rows, key, |row| {
                        rendered.remove(&row.id).ok_or(ServiceError::Internal(
                            "a frozen view on the page was not rendered",
                        ))
                    })
            },
        )
    }

    /// Reads one frozen view.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_consolidation(
        &self,
        call: &CallContext,
        id: ChronologyId,
        frozen: ConsolidationId,
    ) -> ServiceResult<ConsolidationOut> {
        self.kernel.read(
            call,
            Operation::ConsolidationRead,
            about_chronology(id),
            |uow| self.read_consolidation(uow, id, frozen),
        )
    }

    fn read_consolidation(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: ChronologyId,
        frozen: ConsolidationId,
    ) -> ServiceResult<ConsolidationOut> {
        uow.audit.set_object(frozen);
        let AuthorizedChronology {
            permit,
            row: chronology,
        } = self.records.chronologies.authorize_chronology(
            uow,
            id,
            Operation::ConsolidationRead,
        )?;
        let found = store::consolidations::find(uow.tx, &permit, frozen, uow.session.now)?;
        let row = found
            .filter(|row| row.chronology_id == id)
            .ok_or(ServiceError::NotFound)?;
        let mut out = self.to_consolidation_out(uow, &permit, &chronology, &row)?;
        uow.audit.entry_count = Some(out.entry_count);
        uow.audit.disclosures.shown_entries = count_entries_in_view(out.view.as_ref());
        out.emergency.clone_from(&uow.audit.disclosures.emergency);
        if let Some(view) = &mut out.view {
            view.header
                .emergency
                .clone_from(&uow.audit.disclosures.emergency);
        }
        Ok(out)
    }

    /// Converts a frozen view for the API and an authorised reader. Everything, including counts
    /// and hash, covers only what the reader may see and what still exists.
    pub(super) fn to_consolidation_out(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        row: &ConsolidationRow,
    ) -> ServiceResult<ConsolidationOut> {
        let view = self.render_frozen_view(uow, permit, chronology, row)?;
        let content_index =
            self.kernel
                .vault()
                .index(row.partnership_id, "consolidation", &to_json_bytes(&view)?);
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

/// Encodes bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _infallible = write!(text, "{byte:02x}");
            text
        })
}

//! Who was shown entries of a fragment, for the agency that submitted it.

use std::sync::Arc;

use contract::{FragmentReaderOut, Page, PageQuery};
use domain::{AccessPermit, FragmentId, Operation, Role};
use kernel::{CallContext, Kernel, ServiceResult, UnitOfWork};
use store::shown_fragments::SenderViewFilter;
use store::{FragmentRow, ShownFragmentRow};

use crate::fragments::Fragments;
use crate::records::{AuthorizedFragment, Records, about_fragment};

/// Use cases that show to whom entries were disclosed.
pub struct Disclosure {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) records: Arc<Records>,
    pub(crate) fragments: Arc<Fragments>,
}

impl Disclosure {
    /// Lists who was shown entries of a fragment, newest first, for the agency that submitted it. A
    /// practitioner who submitted it in advance and may not know of its chronology sees only what
    /// they would see if it had not been attached.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_fragment_readers(
        &self,
        call: &CallContext,
        id: FragmentId,
        query: PageQuery,
    ) -> ServiceResult<Page<FragmentReaderOut>> {
        self.kernel.read(
            call,
            Operation::FragmentReaders,
            about_fragment(id),
            |uow| {
                let AuthorizedFragment { permit, row, .. } = self
                    .records
                    .fragments
                    .authorize_fragment(uow, id, Operation::FragmentReaders)?;
                let bounds = self
                    .kernel
                    .parse_page_query(uow, "fragment_readers", &query)?;
                let sender_filter = self.sender_filter(uow, &permit, &row)?;
                let is_sender_view = sender_filter.is_some();
                let rows = store::shown_fragments::page(
                    uow.tx,
                    permit.partnership(),
                    (id, row.chronology_id),
                    sender_filter,
                    bounds.after,
                    bounds.limit + 1,
                )?;
                let sees_all = permit.reader().sees_all_entries_of(row.agency_id);
                let caller = permit.actor().practitioner;
                let convert = |row: ShownFragmentRow| {
                    let mut out = to_fragment_reader_out(row);
                    // The number of entries shown to another reader would tell a reader who sees fewer
                    // that some are hidden.
                    out.entry_count = out
                        .entry_count
                        .filter(|_| sees_all || out.practitioner_id == caller);
                    Ok(if is_sender_view {
                        without_chronology(out)
                    } else {
                        out
                    })
                };
                self.kernel.build_page(
                    uow,
                    "fragment_readers",
                    &bounds,
                    rows,
                    |row| (row.at, row.record_id.0),
                    convert,
                )
            },
        )
    }

    /// The restriction to what a sender sees of an advance submission; `None` for a caller who may
    /// see every reading of the fragment.
    fn sender_filter(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
    ) -> ServiceResult<Option<SenderViewFilter>> {
        let is_chronology_hidden = self.fragments.hidden_origin(uow, row)?.is_some();
        let actor = permit.actor();
        let reads_any_fragment =
            actor.has_role(Role::SafeguardingLead) || actor.has_role(Role::SystemClient);
        let is_sender_view =
            is_chronology_hidden || (row.chronology_id.is_none() && !reads_any_fragment);
        Ok(is_sender_view.then_some(SenderViewFilter {
            agency: actor.agency,
            sender: actor.practitioner,
        }))
    }
}

/// Removes the reason and the purpose, which would disclose the chronology, even for the caller's
/// own reads.
fn without_chronology(out: FragmentReaderOut) -> FragmentReaderOut {
    FragmentReaderOut {
        reason: None,
        purpose: None,
        ..out
    }
}

fn to_fragment_reader_out(row: ShownFragmentRow) -> FragmentReaderOut {
    FragmentReaderOut {
        at: row.at,
        practitioner_id: row.practitioner_id,
        agency_id: row.agency_id,
        role: row.role,
        operation: row.operation,
        reason: row.reason,
        purpose: row.purpose,
        entry_count: Some(row.entry_count),
    }
}

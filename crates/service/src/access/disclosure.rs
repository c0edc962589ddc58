//! Who was shown entries of a fragment, for the agency that submitted it.

use std::sync::Arc;

use contract::{FragmentReaderOut, Page, PageQuery};
use domain::{FragmentId, Operation, Role};
use kernel::{CallContext, Kernel, ServiceResult};
use store::ShownFragmentRow;
use store::shown_fragments::SenderViewFilter;

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
                let is_chronology_hidden = self.fragments.hidden_origin(uow, &row)?.is_some();
                let actor = permit.actor();
                let reads_any_fragment =
                    actor.has_role(Role::SafeguardingLead) || actor.has_role(Role::SystemClient);
                let as_sender =
                    is_chronology_hidden || (row.chronology_id.is_none() && !reads_any_fragment);
                let sender_filter = as_sender.then_some(SenderViewFilter {
                    agency: actor.agency,
                    sender: actor.practitioner,
                });
                let partnership = permit.partnership();
                let scope = (id, row.chronology_id);
                let limit = bounds.limit + 1;
                let rows = store::shown_fragments::page(
                    uow.tx,
                    partnership,
                    scope,
                    sender_filter,
                    bounds.after,
                    limit,
                )?;
                let sees_all = permit.reader().sees_all_entries_of(row.agency_id);
                let caller = actor.practitioner;
                let convert = |row: ShownFragmentRow| {
                    let mut out = to_fragment_reader_out(row);
                    // The number of entries shown to another reader would tell a reader who sees fewer
                    // that some are hidden.
                    out.entry_count = out
                        .entry_count
                        .filter(|_| sees_all || out.practitioner_id == caller);
                    // The reason and the purpose would disclose the chronology, even for the caller's
                    // own reads.
                    Ok(if as_sender {
                        FragmentReaderOut {
                            reason: None,
                            purpose: None,
                            ..out
                        }
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
}

pub(crate) fn to_fragment_reader_out(row: ShownFragmentRow) -> FragmentReaderOut {
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

//! Links of frozen views: their location and their expiry.

use std::collections::BTreeMap;

use domain::{AccessPermit, ConsolidationId, Instant};
use kernel::{RewrappedKey, ServiceResult, UnitOfWork, chronology_terms};
use store::ChronologyRow;
use vault::{RecordLocation, SealedTable};

use crate::linking::Linking;

impl Linking {
    /// Sets the expiry of the stored links of a chronology's frozen views to that of their first
    /// fragment, after expiries have changed.
    pub(super) fn update_frozen_links_expiry(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
    ) -> ServiceResult<()> {
        let now = uow.now();
        let partnership = permit.partnership();
        let frozen = store::consolidations::fragments(uow.tx, permit, chronology.id)?;
        if frozen.is_empty() {
            return Ok(());
        }
        let fragment_rows = store::fragments::list(uow.tx, partnership, chronology.id, now)?;
        let expiries: BTreeMap<_, Instant> = fragment_rows
            .iter()
            .map(|row| (row.id, row.expires_at))
            .collect();
        for (view, fragments) in frozen {
            let Some(stored) = store::consolidations::links(uow.tx, permit, view, now)? else {
                continue;
            };
            let Some(expires_at) = fragments
                .iter()
                .filter_map(|fragment| expiries.get(fragment).copied())
                .min()
            else {
                continue;
            };
            if expires_at == stored.expires_at {
                continue;
            }
            let terms = |end| chronology_terms(chronology.id, end);
            let from = terms(stored.expires_at);
            let to = terms(expires_at);
            let wrapped = self.kernel.rewrap(
                uow.tx,
                now,
                &RewrappedKey {
                    from: &from,
                    to: &to,
                    location: &frozen_links_location(view),
                    wrapped: stored.wrapped_key.as_ref(),
                },
            )?;
            store::consolidations::set_links_lifetime(
                uow.tx,
                partnership,
                view,
                expires_at,
                &wrapped.into(),
            )?;
        }
        Ok(())
    }
}

/// Identifies the sealed links of a frozen view.
pub(crate) fn frozen_links_location(id: ConsolidationId) -> RecordLocation {
    RecordLocation {
        table: SealedTable::ConsolidationLinks,
        row: id.0,
        version: 1,
    }
}

//! Reasons of decisions about links. They are sealed and expire with the first fragment that the
//! decision is about.

use std::collections::BTreeMap;

use domain::{AccessPermit, ChronologyId, FragmentId, Instant, LinkDecisionId, Sensitive};
use kernel::{RewrappedKey, ServiceResult, UnitOfWork, chronology_terms};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, LinkDecisionRow, Tx};

use crate::linking::{Linking, decision_location, has_live_reason};

/// The content of a decision's sealed column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DecisionReasons {
    /// Why it was decided; `None` once the reason has expired with what it was about.
    pub(crate) reason: Option<Sensitive<String>>,
    pub(crate) withdrawal_reason: Option<Sensitive<String>>,
}

impl Linking {
    /// Deletes everything stored about a fragment's links and removes the fragment from frozen
    /// views, before the fragment itself is deleted.
    pub(crate) fn delete_fragment_links(
        &self,
        tx: &mut store::Tx<'_>,
        partnership: domain::PartnershipId,
        chronology: Option<ChronologyId>,
        fragment: FragmentId,
    ) -> ServiceResult<()> {
        let Some(chronology) = chronology else {
            return Ok(());
        };
        store::link_decisions::remove_fragment(tx, partnership, fragment)?;
        store::consolidations::remove_fragment(tx, partnership, fragment)?;
        Ok(store::event_links::delete_for_chronology(
            tx,
            partnership,
            chronology,
        )?)
    }

    /// After expiries have changed, sets the expiry of the reasons of a chronology's decisions and
    /// of the links stored for its frozen views to that of the first fragment that they are about.
    pub(crate) fn update_decision_expiries(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
    ) -> ServiceResult<()> {
        self.update_frozen_links_expiry(uow, permit, chronology)?;
        let now = uow.now();
        let partnership = permit.partnership();
        let rows = store::link_decisions::page(uow.tx, permit, chronology.id, None, i64::MAX)?;
        if rows.is_empty() {
            return Ok(());
        }
        let fragments = store::fragments::list(uow.tx, partnership, chronology.id, now)?;
        let fragment_expiries: BTreeMap<FragmentId, Instant> = fragments
            .iter()
            .map(|row| (row.id, row.expires_at))
            .collect();
        let ids: Vec<LinkDecisionId> = rows.iter().map(|row| row.id).collect();
        let about = store::link_decisions::entries(uow.tx, permit, &ids)?;
        for row in rows {
            let concerned = about.get(&row.id).into_iter().flatten();
            let first =
                concerned.filter_map(|entry| fragment_expiries.get(&entry.fragment_id).copied());
            let expires_at = first
                .chain([chronology.expires_at])
                .min()
                .unwrap_or(chronology.expires_at);
            // Expired reasons are not revived: under a legal hold they are still stored, but no key
            // opens them.
            let needs_rewrap =
                has_live_reason(&row, now) && expires_at > now && expires_at != row.expires_at;
            let Some(wrapped) = row.wrapped_key.as_ref().filter(|_| needs_rewrap) else {
                continue;
            };
            let from = chronology_terms(chronology.id, row.expires_at);
            let to = chronology_terms(chronology.id, expires_at);
            let wrapped = self.kernel.rewrap(
                uow.tx,
                now,
                &RewrappedKey {
                    from: &from,
                    to: &to,
                    location: &decision_location(&row),
                    wrapped: wrapped.as_ref(),
                },
            )?;
            store::link_decisions::set_lifetime(
                uow.tx,
                partnership,
                row.id,
                expires_at,
                &wrapped.into(),
            )?;
        }
        Ok(())
    }

    pub(super) fn seal_reasons(
        &self,
        tx: &mut Tx<'_>,
        row: &mut LinkDecisionRow,
        now: Instant,
        reasons: &DecisionReasons,
    ) -> ServiceResult<()> {
        let terms = chronology_terms(row.chronology_id, row.expires_at);
        let sealed = self
            .kernel
            .seal(tx, &decision_location(row), &terms, now, reasons)?;
        row.wrapped_key = Some(sealed.wrapped_key.into());
        row.sealed = Some(sealed.sealed.into());
        Ok(())
    }

    /// Opens the reasons of a decision; `None` once they have expired.
    pub(super) fn open_reasons(
        &self,
        row: &LinkDecisionRow,
        now: Instant,
    ) -> ServiceResult<Option<DecisionReasons>> {
        let (Some(wrapped), Some(sealed)) = (&row.wrapped_key, &row.sealed) else {
            return Ok(None);
        };
        if !has_live_reason(row, now) {
            return Ok(None);
        }
        let terms = chronology_terms(row.chronology_id, row.expires_at);
        self.kernel
            .unseal(
                &decision_location(row),
                &terms,
                now,
                wrapped.as_ref(),
                sealed.as_ref(),
            )
            .map(Some)
    }
}

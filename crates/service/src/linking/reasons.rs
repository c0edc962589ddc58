//! Reasons of decisions about links: sealed, and kept no longer than the first of what they are about.

use std::collections::BTreeMap;

use domain::{ChronologyId, FragmentId, Instant, LinkDecisionId, Permit, Sensitive};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, LinkDecisionRow};

use super::{decision_place, reason_lives};
use crate::sealing::of_chronology;
use crate::session::Scene;
use crate::{Answer, Service};

/// What a decision's sealed column holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Reasons {
    /// Why it was decided; none once that is gone with what it was about.
    pub(super) reason: Option<Sensitive<String>>,
    pub(super) withdrawal_reason: Option<Sensitive<String>>,
}

impl Service {
    /// Takes everything that was kept about a fragment's place among links away, and the fragment out of frozen views,
    /// before it goes.
    pub(crate) fn forget_links(
        &self,
        tx: &mut store::Tx<'_>,
        partnership: domain::PartnershipId,
        chronology: Option<ChronologyId>,
        fragment: FragmentId,
    ) -> Answer<()> {
        let Some(chronology) = chronology else { return Ok(()) };
        store::link_decisions::forget_fragment(tx, partnership, fragment)?;
        store::consolidations::forget_fragment(tx, partnership, fragment)?;
        Ok(store::event_links::forget(tx, partnership, chronology)?)
    }

    /// Gives what is kept of links (the reasons of a chronology's decisions, and what was found for its frozen views) the
    /// expiry of the first of what it is about, after expiries have changed.
    pub(crate) fn settle_decisions(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
    ) -> Answer<()> {
        self.settle_frozen_links(scene, permit, chronology)?;
        let (now, partnership) = (scene.now(), permit.partnership());
        let rows = store::link_decisions::page(scene.tx, permit, chronology.id, None, i64::MAX)?;
        if rows.is_empty() {
            return Ok(());
        }
        let fragments = store::fragments::list(scene.tx, partnership, chronology.id, now)?;
        let ends: BTreeMap<FragmentId, Instant> = fragments.iter().map(|row| (row.id, row.expires_at)).collect();
        let ids: Vec<LinkDecisionId> = rows.iter().map(|row| row.id).collect();
        let about = store::link_decisions::entries(scene.tx, permit, &ids)?;
        for row in rows {
            let concerned = about.get(&row.id).into_iter().flatten();
            let first = concerned.filter_map(|entry| ends.get(&entry.fragment_id).copied());
            let expires_at = first.chain([chronology.expires_at]).min().unwrap_or(chronology.expires_at);
            // What has run out stays so: under a legal hold it is still there, and no key opens it any more.
            let moves = reason_lives(&row, now) && expires_at > now && expires_at != row.expires_at;
            let Some(wrapped) = row.wrapped_key.as_ref().filter(|_| moves) else { continue };
            let (from, to) = (of_chronology(chronology.id, row.expires_at), of_chronology(chronology.id, expires_at));
            let wrapped = self.rewrap(now, &from, &to, &decision_place(&row), wrapped.as_ref())?;
            store::link_decisions::set_lifetime(scene.tx, partnership, row.id, expires_at, &wrapped.into())?;
        }
        Ok(())
    }

    pub(super) fn seal_reasons(&self, row: &mut LinkDecisionRow, now: Instant, reasons: &Reasons) -> Answer<()> {
        let terms = of_chronology(row.chronology_id, row.expires_at);
        let sealed = self.seal(&decision_place(row), &terms, now, reasons)?;
        (row.wrapped_key, row.sealed) = (Some(sealed.wrapped_key.into()), Some(sealed.sealed.into()));
        Ok(())
    }

    /// The reasons of a decision, while they live.
    pub(super) fn reasons(&self, row: &LinkDecisionRow, now: Instant) -> Answer<Option<Reasons>> {
        let (Some(wrapped), Some(sealed)) = (&row.wrapped_key, &row.sealed) else { return Ok(None) };
        if !reason_lives(row, now) {
            return Ok(None);
        }
        let terms = of_chronology(row.chronology_id, row.expires_at);
        self.unseal(&decision_place(row), &terms, now, wrapped.as_ref(), sealed.as_ref()).map(Some)
    }
}

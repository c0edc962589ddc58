//! Receipts drawn anew for a repeated submission: what became of it then, and the fragment as it is now.

use domain::{EntryDetails, FragmentId, Operation};

use super::submitting::receipt_of;
use super::{Held, findings};
use crate::idempotency::KeptReply;
use crate::session::Scene;
use crate::{Answer, FragmentReceipt, Service, ServiceError};

impl Service {
    /// The receipt of a submission that is repeated, by the leave that reading the fragment needs: its present version
    /// with the entries that the caller may see now, and with findings where the submission had them.
    pub(super) fn read_receipt(
        &self,
        scene: &mut Scene<'_, '_>,
        kept: &KeptReply,
        with_findings: bool,
    ) -> Answer<FragmentReceipt> {
        let id = FragmentId(kept.object_id);
        (scene.trail.object_kind, scene.trail.object_id) = (Some("fragment"), Some(id.0));
        let Held { permit, row, chronology } = self.admit_to_fragment(scene, id, Operation::FragmentRead)?;
        let outcome = kept.outcome.ok_or(ServiceError::Internal("a submission kept without its outcome"))?;
        let found = store::fragments::version(scene.tx, &permit, id, row.version, scene.session.now)?;
        let version = found.ok_or(ServiceError::NotFound)?;
        let (_, entries) = self.open_seen(scene, &permit, &row, &version)?;
        let unseen = self.unseen_origin(scene, &row)?.is_some();
        let known = self.version_known_to(scene, &permit, &row)?;
        let (shown, _) = self.as_sent(scene, &permit, row)?;
        let receipt = FragmentReceipt { version: known, ..receipt_of(&shown, &entries, outcome) };
        let Some(chronology) = chronology.filter(|_| with_findings && !unseen) else {
            return Ok(receipt);
        };
        let family = self.open_family(scene, &permit, chronology.family_id)?;
        let details = self.chronology_details(&chronology, scene.now())?;
        let entries: Vec<EntryDetails> = entries.into_iter().map(|(_, entry)| entry).collect();
        Ok(FragmentReceipt { findings: findings::of(scene, &family, &details, &entries), ..receipt })
    }
}

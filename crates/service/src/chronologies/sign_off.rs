//! Signing off: a snapshot is exported for the social-care record, or explicitly waived, before anything expires.

use domain::{ChronologyId, Operation, Transition};
use store::ConsolidationRow;

use super::steps::{give_reason, step};
use super::{Admitted, ChronologyDetails, trail};
use crate::session::{Call, Scene};
use crate::transparency::shown_in_view;
use crate::{Answer, ChronologyOut, Fault, Service, ServiceError, SignOffIn, SnapshotDecision, SnapshotOut, Written};

impl Service {
    /// Signs a frozen view off.
    ///
    /// # Errors
    /// As every write; `Conflict` when nothing is frozen; [`ServiceError::Invalid`] when a waiver has no reason.
    pub fn sign_off_chronology(
        &self,
        call: &Call,
        id: ChronologyId,
        input: SignOffIn,
    ) -> Answer<Written<ChronologyOut>> {
        self.step_chronology(call, Operation::ChronologySignOff, id, |scene| {
            let Admitted { permit, mut row } = self.admit(scene, id, Operation::ChronologySignOff)?;
            self.refuse_addresses(scene, &permit, row.family_id, &input)?;
            let mut details = self.chronology_details(&row, scene.now())?;
            step(&mut row, Transition::SignOff)?;
            let frozen = self.view_to_sign(scene, &permit, id, &input)?;
            match input.snapshot {
                SnapshotDecision::Export => {
                    let (now, me) = (scene.now(), scene.me());
                    store::consolidations::sign_off(scene.tx, frozen.partnership_id, frozen.id, me, now)?;
                }
                SnapshotDecision::Waive => {
                    waive(scene, &mut details, &input)?;
                    // Of an earlier sign-off no copy is kept either.
                    store::consolidations::take_back_sign_off(scene.tx, frozen.partnership_id, id)?;
                }
            }
            self.save_chronology(scene.tx, scene.session.now, &mut row, &details)?;
            self.chronology_out(scene, &permit, &row)
        })
    }

    fn view_to_sign(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &domain::Permit,
        id: ChronologyId,
        input: &SignOffIn,
    ) -> Answer<ConsolidationRow> {
        let now = scene.now();
        let found = match input.consolidation_id {
            Some(chosen) => store::consolidations::find(scene.tx, permit, chosen, now)?,
            None => store::consolidations::latest(scene.tx, permit, id, now)?,
        };
        let unknown = Fault::new("/consolidation_id", "unknown", "no such frozen view of this chronology");
        found.filter(|row| row.chronology_id == id).ok_or(ServiceError::Invalid(vec![unknown]))
    }

    /// The signed-off copy for the social-care record.
    ///
    /// # Errors
    /// As every read; [`ServiceError::NotFound`] when the snapshot was waived.
    pub fn snapshot(&self, call: &Call, id: ChronologyId) -> Answer<SnapshotOut> {
        self.read(call, Operation::SnapshotRead, trail(id), |scene| {
            let Admitted { permit, row } = self.admit(scene, id, Operation::SnapshotRead)?;
            let now = scene.now();
            let frozen =
                store::consolidations::signed_off(scene.tx, &permit, id, now)?.ok_or(ServiceError::NotFound)?;
            let consolidation = self.consolidation_out(scene, &permit, &row, &frozen)?;
            scene.trail.entry_count = Some(consolidation.entry_count);
            scene.trail.told.shown = shown_in_view(consolidation.view.as_ref());
            let chronology = self.chronology_out(scene, &permit, &row)?;
            Ok(SnapshotOut { chronology, consolidation })
        })
    }
}

fn waive(scene: &Scene<'_, '_>, details: &mut ChronologyDetails, input: &SignOffIn) -> Answer<()> {
    let Some(reason) = &input.waiver_reason else {
        return Err(ServiceError::fault("/waiver_reason", "required", "why no copy is kept"));
    };
    give_reason(scene, details, "waive_snapshot", "/waiver_reason", reason)
}

//! Destroying one chronology before its time: closed, made in error, or ordered. There is no way back, so everything that
//! could forbid it is asked first, and what was decided is finished even if the process dies on the way.

use std::time::Duration;

use domain::{ChronologyId, Facts, Instant, Operation, Permit, Sensitive, SnapshotKept};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, DeletionOrderRow};
use vault::{Place, Terms};

use super::{Admitted, trail};
use crate::idempotency::KeptReply;
use crate::sealing::until;
use crate::session::{Call, Scene};
use crate::upkeep::early;
use crate::{Answer, Conflict, DestructionIn, DestructionOut, Service, ServiceError, Written};

/// What a decision's sealed column holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reasons {
    reason: Sensitive<String>,
    snapshot_waiver: Option<Sensitive<String>>,
}

impl Service {
    /// Destroys a chronology: rows, everything derived from them and the keys, at once. Asked again it answers the same.
    /// When it answers, the keys are dead and certified.
    ///
    /// # Errors
    /// As every write; `Conflict::Held` under a legal hold, `Conflict::SnapshotNeeded` when no view is signed off
    /// and no waiver is given. [`ServiceError::Unavailable`] can also mean that it was decided and the keystore did not
    /// answer: it is then finished by the next upkeep, or by asking again.
    pub fn destroy_chronology(
        &self,
        call: &Call,
        id: ChronologyId,
        input: DestructionIn,
    ) -> Answer<Written<DestructionOut>> {
        let destroy = |scene: &mut Scene<'_, '_>| {
            if let Some(order) = self.ordered(scene, id)? {
                return self.destruction_out(scene, &order);
            }
            let Admitted { permit, row } = self.admit(scene, id, Operation::ChronologyDestroy)?;
            // Its answer tells of its end, and does not go with it.
            scene.trail.expires_at = None;
            check(&input)?;
            if self.is_held(scene, Some(id), row.family_id)? {
                return Err(ServiceError::Conflict(Conflict::Held));
            }
            let snapshot = snapshot_kept(scene, &permit, id, &input)?;
            let order = self.order(scene, &row, &input, snapshot)?;
            store::deletion_orders::insert(scene.tx, &order)?;
            self.carry_out(scene, &permit, &row)?;
            self.destruction_out(scene, &order)
        };
        let redraw = |scene: &mut Scene<'_, '_>, _: &KeptReply| {
            let order = self.ordered(scene, id)?.ok_or(ServiceError::NotFound)?;
            self.destruction_out(scene, &order)
        };
        let written = self.write_once(call, Operation::ChronologyDestroy, trail(id), destroy, redraw)?;
        // The rows are gone for good; only now may the keys go.
        let own = &written.value.certificates;
        self.settle_destructions(|row| row.certificate_id.is_some_and(|id| own.contains(&id)))?;
        Ok(written)
    }

    fn carry_out(&self, scene: &mut Scene<'_, '_>, permit: &Permit, row: &ChronologyRow) -> Answer<()> {
        let taken_in = store::origins::of_chronology(scene.tx, row.partnership_id, row.id)?;
        let keys = self.inter(scene.tx, row, early(scene.session.now))?;
        // The others are destroyed with their certificates.
        store::scopes_to_destroy::insert_unneeded(scene.tx, keys.unneeded.iter().map(|key| key.0), scene.session.now)?;
        for family in taken_in.iter().map(|origin| origin.family_id).chain([row.family_id]) {
            self.settle_family(scene, permit, family)?;
        }
        Ok(())
    }

    /// The decision by which a chronology was destroyed, for whoever could have taken it.
    pub(crate) fn ordered(&self, scene: &mut Scene<'_, '_>, id: ChronologyId) -> Answer<Option<DeletionOrderRow>> {
        let found = store::deletion_orders::find(scene.tx, scene.session.actor.partnership, id)?;
        if found.is_some() {
            let facts = self.gone_facts(scene, id.0)?;
            scene.permit(Operation::ChronologyDestroy, &Facts { expired: false, ..facts })?;
        }
        Ok(found)
    }

    fn order(
        &self,
        scene: &Scene<'_, '_>,
        row: &ChronologyRow,
        input: &DestructionIn,
        snapshot: SnapshotKept,
    ) -> Answer<DeletionOrderRow> {
        let (partnership, now) = (row.partnership_id, scene.now());
        let waiver = input.snapshot_waiver.clone().filter(|_| snapshot == SnapshotKept::Waived);
        let reasons = Reasons { reason: input.reason.clone(), snapshot_waiver: waiver };
        let mut order = DeletionOrderRow {
            chronology_id: row.id,
            partnership_id: partnership,
            reason: input.reason_code,
            snapshot,
            decided_by: scene.me(),
            decided_at: now,
            words_until: None,
            wrapped_key: None,
            sealed: None,
        };
        self.seal_order(&mut order, now, scene.policy().reasons_retention, &reasons)?;
        Ok(order)
    }

    /// Seals the reasons until their retention is over.
    fn seal_order(
        &self,
        order: &mut DeletionOrderRow,
        now: Instant,
        kept_for: Duration,
        reasons: &Reasons,
    ) -> Answer<()> {
        let words_until = order.decided_at.plus(kept_for);
        order.words_until = Some(words_until);
        if words_until <= now {
            (order.wrapped_key, order.sealed) = (None, None);
            return Ok(());
        }
        let sealed = self.seal(&place(order), &until(order.partnership_id, words_until), now, reasons)?;
        (order.wrapped_key, order.sealed) = (Some(sealed.wrapped_key.into()), Some(sealed.sealed.into()));
        Ok(())
    }

    /// The reasons, while they are there.
    fn order_reasons(&self, order: &DeletionOrderRow, now: Instant) -> Answer<Option<Reasons>> {
        let (Some(key), Some(sealed)) = (&order.wrapped_key, &order.sealed) else { return Ok(None) };
        let terms = match order.words_until {
            Some(end) if end <= now => return Ok(None),
            Some(end) => until(order.partnership_id, end),
            None => Terms::Permanent { partnership: order.partnership_id },
        };
        self.unseal(&place(order), &terms, now, key.as_ref(), sealed.as_ref()).map(Some)
    }

    /// Gives reasons that a former version sealed for good their end; those whose end has passed go. Says how many there
    /// were.
    pub(crate) fn give_order_words_an_end(&self, limit: u32, now: Instant) -> Answer<u32> {
        self.0.db.write("purge.order_words", |tx| {
            let rows = store::deletion_orders::sealed_for_good(tx, i64::from(limit))?;
            for mut row in rows.iter().cloned() {
                let Some(reasons) = self.order_reasons(&row, now)? else { continue };
                let kept_for = self.policy_of(row.partnership_id).reasons_retention;
                self.seal_order(&mut row, now, kept_for, &reasons)?;
                store::deletion_orders::give_words_an_end(tx, &row)?;
            }
            Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
        })
    }

    /// As the API shows it.
    pub(super) fn destruction_out(
        &self,
        scene: &mut Scene<'_, '_>,
        order: &DeletionOrderRow,
    ) -> Answer<DestructionOut> {
        let reasons = self.order_reasons(order, scene.now())?;
        let (reason, snapshot_waiver) =
            reasons.map_or((None, None), |reasons| (Some(reasons.reason), reasons.snapshot_waiver));
        let certificates =
            store::commitments::certificates_of_scopes(scene.tx, order.partnership_id, order.chronology_id)?;
        Ok(DestructionOut {
            chronology_id: order.chronology_id,
            reason_code: order.reason,
            reason,
            snapshot: order.snapshot,
            snapshot_waiver,
            decided_by: order.decided_by,
            decided_at: order.decided_at,
            certificates,
        })
    }
}

fn place(order: &DeletionOrderRow) -> Place {
    Place { table: "deletion_orders", row: order.chronology_id.0, version: 1 }
}

fn check(input: &DestructionIn) -> Answer<()> {
    let blank = |text: &Sensitive<String>| text.as_str().trim().is_empty();
    let mut faults = Vec::new();
    if blank(&input.reason) {
        faults.push(crate::Fault::new("/reason", "required", "a reason in words"));
    }
    if input.snapshot_waiver.as_ref().is_some_and(blank) {
        faults.push(crate::Fault::new("/snapshot_waiver", "required", "why no copy is kept"));
    }
    if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
}

/// A copy for the social-care record comes first, or a reason why there is none.
fn snapshot_kept(
    scene: &mut Scene<'_, '_>,
    permit: &Permit,
    id: ChronologyId,
    input: &DestructionIn,
) -> Answer<SnapshotKept> {
    if store::consolidations::signed_off(scene.tx, permit, id, scene.session.now)?.is_some() {
        return Ok(SnapshotKept::SignedOff);
    }
    match input.snapshot_waiver {
        Some(_) => Ok(SnapshotKept::Waived),
        None => Err(ServiceError::Conflict(Conflict::SnapshotNeeded)),
    }
}

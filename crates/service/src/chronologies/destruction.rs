//! Destroying one chronology before its time: closed, made in error, or ordered. There is no way back, so everything that
//! could forbid it is asked first, and what was decided is finished even if the process dies on the way.

use std::time::Duration;

use domain::{
    ChronologyId, DestructionReason, DestructionRequestId, Facts, Instant, Operation, Permit, PractitionerId,
    Sensitive, SnapshotKept,
};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, DeletionOrderRow, DestructionRequestRow};
use vault::{Place, Terms};

use super::{Admitted, trail};
use crate::idempotency::KeptReply;
use crate::sealing::until;
use crate::session::{Call, Scene};
use crate::upkeep::early;
use crate::{
    Answer, Conflict, DestructionIn, DestructionOut, DestructionRequestOut, DestructionState, Service, ServiceError,
    Written,
};

/// What a decision's sealed column holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reasons {
    reason: Sensitive<String>,
    snapshot_waiver: Option<Sensitive<String>>,
    /// The words of whoever confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmation: Option<Sensitive<String>>,
}

/// What is to be destroyed, and why.
struct Decided {
    reason_code: DestructionReason,
    reasons: Reasons,
    asked_by: Option<PractitionerId>,
}

impl Service {
    /// Destroys a chronology: rows, everything derived from them and the keys, at once. Where the partnership asks for two
    /// people, the first asks for it and another confirms. Asked again it answers the same. When it answers that it is
    /// destroyed, the keys are dead and certified.
    ///
    /// # Errors
    /// As every write; `Conflict::Held` under a legal hold, `Conflict::SnapshotNeeded` when no view is signed off
    /// and no waiver is given, `Conflict::SecondPerson` to whoever confirms their own request, `Conflict::AlreadyExists` when
    /// somebody else has asked. [`ServiceError::Unavailable`] can also mean that it was decided and the keystore did not
    /// answer: it is then finished by the next upkeep, or by asking again.
    pub fn destroy_chronology(
        &self,
        call: &Call,
        id: ChronologyId,
        input: DestructionIn,
    ) -> Answer<Written<DestructionOut>> {
        let destroy = |scene: &mut Scene<'_, '_>| {
            if let Some(order) = self.ordered(scene, id, Operation::ChronologyDestroy)? {
                return self.destruction_out(scene, &order);
            }
            let Admitted { permit, row } = self.admit(scene, id, Operation::ChronologyDestroy)?;
            // Its answer tells of its end, and does not go with it.
            scene.trail.expires_at = None;
            check(&input)?;
            self.refuse_addresses(scene, &permit, row.family_id, &input)?;
            if self.is_held(scene, Some(id), row.family_id)? {
                return Err(ServiceError::Conflict(Conflict::Held));
            }
            let standing = store::destruction_requests::find(scene.tx, row.partnership_id, id, scene.session.now)?;
            if input.confirms.is_none() && scene.policy().two_people {
                snapshot_kept(scene, &permit, id, input.snapshot_waiver.is_some())?;
                return self.ask_for_destruction(scene, &row, standing, &input);
            }
            let decided = self.decided(scene, standing, &input)?;
            let snapshot = snapshot_kept(scene, &permit, id, decided.reasons.snapshot_waiver.is_some())?;
            let order = self.order(scene, &row, decided, snapshot)?;
            store::deletion_orders::insert(scene.tx, &order)?;
            self.carry_out(scene, &permit, &row)?;
            self.destruction_out(scene, &order)
        };
        let redraw = |scene: &mut Scene<'_, '_>, _: &KeptReply| self.read_destruction(scene, id);
        let written = self.write_once(call, Operation::ChronologyDestroy, trail(id), destroy, redraw)?;
        // The rows are gone for good; only now may the keys go.
        let own = &written.value.certificates;
        self.settle_destructions(|row| row.certificate_id.is_some_and(|id| own.contains(&id)))?;
        Ok(written)
    }

    /// Whether somebody has asked to destroy a chronology, or decided it.
    ///
    /// # Errors
    /// As every read; [`ServiceError::NotFound`] when nobody has.
    pub fn destruction(&self, call: &Call, id: ChronologyId) -> Answer<DestructionOut> {
        self.read(call, Operation::DestructionRead, trail(id), |scene| self.read_destruction(scene, id))
    }

    fn read_destruction(&self, scene: &mut Scene<'_, '_>, id: ChronologyId) -> Answer<DestructionOut> {
        if let Some(order) = self.ordered(scene, id, Operation::DestructionRead)? {
            return self.destruction_out(scene, &order);
        }
        let Admitted { row, .. } = self.admit(scene, id, Operation::DestructionRead)?;
        let found = store::destruction_requests::find(scene.tx, row.partnership_id, id, scene.session.now)?;
        let request = found.ok_or(ServiceError::NotFound)?;
        scene.trail.expires_at = scene.trail.expires_at.map(|end| end.min(request.lapses_at));
        self.request_out(scene, &request)
    }

    /// Keeps what the first of two people asks for; whoever asks again is told what stands.
    fn ask_for_destruction(
        &self,
        scene: &mut Scene<'_, '_>,
        row: &ChronologyRow,
        standing: Option<DestructionRequestRow>,
        input: &DestructionIn,
    ) -> Answer<DestructionOut> {
        let standing = match standing {
            Some(standing) if self.asker_is_there(scene, &standing)? => Some(standing),
            Some(_) => {
                // Nobody can confirm what somebody asked for who has left.
                store::destruction_requests::delete(scene.tx, row.partnership_id, row.id)?;
                None
            }
            None => None,
        };
        if let Some(standing) = standing {
            if standing.asked_by != scene.me() {
                return Err(ServiceError::Conflict(Conflict::AlreadyExists));
            }
            return self.request_out(scene, &standing);
        }
        let now = scene.now();
        // One that has lapsed may still lie there.
        store::destruction_requests::forget(scene.tx, now, 100_i64)?;
        let id = DestructionRequestId::new(self.ids(), now);
        let lapses_at = now.plus(scene.policy().request_lifetime).min(row.expires_at);
        let reasons = Reasons {
            reason: input.reason.clone(),
            snapshot_waiver: input.snapshot_waiver.clone(),
            confirmation: None,
        };
        let sealed = self.seal(&request_place(id), &until(row.partnership_id, lapses_at), now, &reasons)?;
        let request = DestructionRequestRow {
            chronology_id: row.id,
            id,
            partnership_id: row.partnership_id,
            reason: input.reason_code,
            asked_by: scene.me(),
            asked_at: now,
            lapses_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
        };
        store::destruction_requests::insert(scene.tx, &request)?;
        self.request_out(scene, &request)
    }

    /// What is decided: what somebody else has asked for and this confirms, or what one person may decide alone.
    fn decided(
        &self,
        scene: &mut Scene<'_, '_>,
        standing: Option<DestructionRequestRow>,
        input: &DestructionIn,
    ) -> Answer<Decided> {
        let Some(confirmed) = input.confirms else {
            let (reason, snapshot_waiver) = (input.reason.clone(), input.snapshot_waiver.clone());
            let reasons = Reasons { reason, snapshot_waiver, confirmation: None };
            return Ok(Decided { reason_code: input.reason_code, reasons, asked_by: None });
        };
        let request = standing.filter(|request| request.id == confirmed);
        let request = request.ok_or_else(|| {
            ServiceError::fault("/confirms", "unknown", "no such request: read what stands, it may have lapsed")
        })?;
        if request.asked_by == scene.me() {
            return Err(ServiceError::Conflict(Conflict::SecondPerson));
        }
        if request.reason != input.reason_code {
            return Err(ServiceError::fault(
                "/reason_code",
                "contradicts",
                "another reason than the one that was asked for",
            ));
        }
        if !self.asker_is_there(scene, &request)? {
            return Err(ServiceError::fault("/confirms", "unknown", "whoever asked for it has left: ask anew"));
        }
        let reasons = self.request_reasons(&request, scene.now())?;
        let reasons = Reasons { confirmation: Some(input.reason.clone()), ..reasons };
        Ok(Decided { reason_code: request.reason, reasons, asked_by: Some(request.asked_by) })
    }

    /// Whether whoever asked is still of the agency.
    fn asker_is_there(&self, scene: &mut Scene<'_, '_>, request: &DestructionRequestRow) -> Answer<bool> {
        let asker = store::practitioners::find(scene.tx, request.partnership_id, request.asked_by)?;
        Ok(asker.is_some_and(|asker| asker.active))
    }

    fn request_reasons(&self, request: &DestructionRequestRow, now: Instant) -> Answer<Reasons> {
        let terms = until(request.partnership_id, request.lapses_at);
        let (wrapped, sealed) = (request.wrapped_key.as_ref(), request.sealed.as_ref());
        self.unseal(&request_place(request.id), &terms, now, wrapped, sealed)
    }

    fn request_out(&self, scene: &Scene<'_, '_>, request: &DestructionRequestRow) -> Answer<DestructionOut> {
        let Reasons { reason, snapshot_waiver, .. } = self.request_reasons(request, scene.now())?;
        Ok(DestructionOut {
            chronology_id: request.chronology_id,
            state: DestructionState::Requested,
            request: Some(DestructionRequestOut {
                id: request.id,
                asked_by: request.asked_by,
                asked_at: request.asked_at,
                lapses_at: request.lapses_at,
            }),
            reason_code: request.reason,
            reason: Some(reason),
            confirmation_reason: None,
            snapshot: None,
            snapshot_waiver,
            asked_by: Some(request.asked_by),
            decided_by: None,
            decided_at: None,
            certificates: Vec::new(),
        })
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
    pub(crate) fn ordered(
        &self,
        scene: &mut Scene<'_, '_>,
        id: ChronologyId,
        operation: Operation,
    ) -> Answer<Option<DeletionOrderRow>> {
        let found = store::deletion_orders::find(scene.tx, scene.session.actor.partnership, id)?;
        if found.is_some() {
            let facts = self.gone_facts(scene, id.0)?;
            scene.permit(operation, &Facts { expired: false, ..facts })?;
        }
        Ok(found)
    }

    fn order(
        &self,
        scene: &Scene<'_, '_>,
        row: &ChronologyRow,
        decided: Decided,
        snapshot: SnapshotKept,
    ) -> Answer<DeletionOrderRow> {
        let (partnership, now) = (row.partnership_id, scene.now());
        let Decided { reason_code, reasons, asked_by } = decided;
        let waiver = reasons.snapshot_waiver.clone().filter(|_| snapshot == SnapshotKept::Waived);
        let reasons = Reasons { snapshot_waiver: waiver, ..reasons };
        let mut order = DeletionOrderRow {
            chronology_id: row.id,
            partnership_id: partnership,
            reason: reason_code,
            snapshot,
            asked_by,
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
        let (reason, snapshot_waiver, confirmation_reason) = reasons.map_or((None, None, None), |reasons| {
            (Some(reasons.reason), reasons.snapshot_waiver, reasons.confirmation)
        });
        let certificates =
            store::commitments::certificates_of_scopes(scene.tx, order.partnership_id, order.chronology_id)?;
        Ok(DestructionOut {
            chronology_id: order.chronology_id,
            state: DestructionState::Destroyed,
            request: None,
            reason_code: order.reason,
            reason,
            confirmation_reason,
            snapshot: Some(order.snapshot),
            snapshot_waiver,
            asked_by: order.asked_by,
            decided_by: Some(order.decided_by),
            decided_at: Some(order.decided_at),
            certificates,
        })
    }
}

fn request_place(id: DestructionRequestId) -> Place {
    Place { table: "destruction_requests", row: id.0, version: 1 }
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
fn snapshot_kept(scene: &mut Scene<'_, '_>, permit: &Permit, id: ChronologyId, waived: bool) -> Answer<SnapshotKept> {
    if store::consolidations::signed_off(scene.tx, permit, id, scene.session.now)?.is_some() {
        return Ok(SnapshotKept::SignedOff);
    }
    if waived { Ok(SnapshotKept::Waived) } else { Err(ServiceError::Conflict(Conflict::SnapshotNeeded)) }
}

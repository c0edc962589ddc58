//! Legal holds: they stop destruction until they are released, and are reviewed by a date.

use std::time::Duration;

use domain::{Actor, ChronologyId, FamilyId, HoldId, Instant, Operation, PersonId, Role, Sensitive};
use serde::{Deserialize, Serialize};
use store::HoldRow;
use vault::{Place, Terms};

use crate::sealing::SealedValue;
use crate::session::{Call, Scene, Trail};
use crate::{Answer, HoldIn, HoldOut, HoldReleaseIn, HoldScope, Page, PageQuery, Service, ServiceError, Written};

/// A hold is reviewed within a year.
const LATEST_REVIEW: Duration = Duration::from_secs(366 * 86_400);

/// What a hold's sealed column holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct HoldDetails {
    reason: Sensitive<String>,
    release_reason: Option<Sensitive<String>>,
}

impl Service {
    /// Places a legal hold.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Invalid`] names every fault.
    pub fn place_hold(&self, call: &Call, input: HoldIn) -> Answer<Written<HoldOut>> {
        self.write_once(
            call,
            Operation::HoldPlace,
            Trail::of("hold"),
            |scene| {
                let permit = scene.permit_collection(Operation::HoldPlace)?;
                check(scene, &input)?;
                let now = scene.now();
                let id = HoldId::new(self.ids(), now);
                let details = HoldDetails { reason: input.reason.clone(), release_reason: None };
                let sealed = self.seal_hold(permit.partnership(), id, 1, now, &details)?;
                let row = HoldRow {
                    id,
                    partnership_id: permit.partnership(),
                    scope: store_scope(input.scope),
                    target_id: input.target_id,
                    review_at: input.review_at,
                    placed_by: scene.me(),
                    placed_at: now,
                    released_by: None,
                    released_at: None,
                    wrapped_key: sealed.wrapped_key.into(),
                    sealed: sealed.sealed.into(),
                    version: 1,
                };
                scene.trail.object_id = Some(id.0);
                if input.scope == HoldScope::Chronology {
                    scene.trail.chronology = input.target_id.map(ChronologyId);
                }
                store::holds::insert(scene.tx, &row)?;
                Ok(hold_out(&row, Some(details.reason), now))
            },
            |scene, kept| self.read_hold(scene, HoldId(kept.object_id)),
        )
    }

    /// A hold as the list of holds shows it.
    fn read_hold(&self, scene: &mut Scene<'_, '_>, id: HoldId) -> Answer<HoldOut> {
        let permit = scene.permit_collection(Operation::HoldList)?;
        let row = store::holds::find(scene.tx, permit.partnership(), id)?.ok_or(ServiceError::NotFound)?;
        self.hold_shown(&row, scene.actor(), scene.now())
    }

    fn hold_shown(&self, row: &HoldRow, reader: &Actor, now: Instant) -> Answer<HoldOut> {
        let may_know = reader.is(Role::TeamManager);
        let reason = if may_know { Some(self.hold_details(row, now)?.reason) } else { None };
        Ok(hold_out(row, reason, now))
    }

    /// The partnership's holds, oldest first. Auditors see that they exist, not why.
    ///
    /// # Errors
    /// As every read.
    pub fn holds(&self, call: &Call, query: PageQuery) -> Answer<Page<HoldOut>> {
        self.read(call, Operation::HoldList, Trail::of("hold"), |scene| {
            let permit = scene.permit_collection(Operation::HoldList)?;
            let slice = self.slice(scene, "holds", &query)?;
            let rows = store::holds::page(scene.tx, permit.partnership(), slice.after, slice.limit + 1)?;
            let (now, reader) = (scene.now(), scene.actor().clone());
            let key = |row: &HoldRow| (row.placed_at, row.id.0);
            self.page(scene, "holds", &slice, rows, key, |row| self.hold_shown(&row, &reader, now))
        })
    }

    /// Releases a hold: what it kept goes by its own expiry again.
    ///
    /// # Errors
    /// As every write; `Conflict` when it is already released.
    pub fn release_hold(&self, call: &Call, id: HoldId, input: HoldReleaseIn) -> Answer<Written<HoldOut>> {
        self.write_once(
            call,
            Operation::HoldRelease,
            Trail::about("hold", id),
            |scene| {
                let permit = scene.permit_collection(Operation::HoldRelease)?;
                let found = store::holds::find(scene.tx, permit.partnership(), id)?;
                let mut row = found.ok_or(ServiceError::NotFound)?;
                if row.released_at.is_some() {
                    return Err(ServiceError::Conflict("already_released"));
                }
                if input.reason.as_str().trim().is_empty() {
                    return Err(ServiceError::fault("/reason", "required", "a reason in words"));
                }
                let (now, before) = (scene.now(), row.version);
                let mut details = self.hold_details(&row, now)?;
                details.release_reason = Some(input.reason.clone());
                row.version += 1;
                (row.released_by, row.released_at) = (Some(scene.me()), Some(now));
                let sealed = self.seal_hold(permit.partnership(), id, row.version, now, &details)?;
                (row.wrapped_key, row.sealed) = (sealed.wrapped_key.into(), sealed.sealed.into());
                store::holds::update(scene.tx, &row, before)?;
                Ok(hold_out(&row, Some(details.reason), now))
            },
            |scene, _| self.read_hold(scene, id),
        )
    }

    /// Whether a hold stops destruction of a chronology, or of what is kept about a family.
    pub(crate) fn is_held(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: Option<ChronologyId>,
        family: FamilyId,
    ) -> Answer<bool> {
        let partnership = scene.actor().partnership;
        let children = store::families::members(scene.tx, partnership, family)?;
        Ok(store::holds::active(scene.tx, partnership, chronology, &children, scene.session.now)?)
    }

    fn seal_hold(
        &self,
        partnership: domain::PartnershipId,
        id: HoldId,
        version: i64,
        now: Instant,
        details: &HoldDetails,
    ) -> Answer<SealedValue> {
        self.seal_permanent(partnership, "holds", id.0, version, now, details)
    }

    fn hold_details(&self, row: &HoldRow, now: Instant) -> Answer<HoldDetails> {
        let place = Place { table: "holds", row: row.id.0, version: row.version };
        let terms = Terms::Permanent { partnership: row.partnership_id };
        self.unseal(&place, &terms, now, row.wrapped_key.as_ref(), row.sealed.as_ref())
    }
}

/// The target exists in the partnership, the reason is given, and the review is within a year.
fn check(scene: &mut Scene<'_, '_>, input: &HoldIn) -> Answer<()> {
    let (actor, now) = (scene.session.actor.clone(), scene.session.now);
    let mut faults = Vec::new();
    let target_ok = match (input.scope, input.target_id) {
        (HoldScope::All, None) => true,
        (HoldScope::Chronology, Some(id)) => {
            // Whoever is about to destroy it takes turns with whoever holds it.
            store::chronologies::lock(scene.tx, actor.partnership, ChronologyId(id))?;
            let found = store::chronologies::find(scene.tx, actor.partnership, ChronologyId(id), now)?;
            found.is_some_and(|row| row.owner_agency_id == actor.agency)
        }
        (HoldScope::Child, Some(id)) => {
            let found = store::people::facts(scene.tx, actor.partnership, PersonId(id), now)?;
            found.is_some_and(|person| person.created_by_agency == actor.agency)
        }
        _ => false,
    };
    if !target_ok {
        let message = "a chronology or child of yours; none when the hold covers all";
        faults.push(crate::Fault::new("/target_id", "unknown", message));
    }
    if input.reason.as_str().trim().is_empty() {
        faults.push(crate::Fault::new("/reason", "required", "a reason in words"));
    }
    if input.review_at <= now || input.review_at > now.plus(LATEST_REVIEW) {
        faults.push(crate::Fault::new("/review_at", "out_of_range", "within the coming year"));
    }
    if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
}

const fn store_scope(scope: HoldScope) -> store::HoldScope {
    match scope {
        HoldScope::Chronology => store::HoldScope::Chronology,
        HoldScope::Child => store::HoldScope::Child,
        HoldScope::All => store::HoldScope::All,
    }
}

const fn scope_out(scope: store::HoldScope) -> HoldScope {
    match scope {
        store::HoldScope::Chronology => HoldScope::Chronology,
        store::HoldScope::Child => HoldScope::Child,
        store::HoldScope::All => HoldScope::All,
    }
}

fn hold_out(row: &HoldRow, reason: Option<Sensitive<String>>, now: Instant) -> HoldOut {
    HoldOut {
        id: row.id,
        scope: scope_out(row.scope),
        target_id: row.target_id,
        reason,
        review_at: row.review_at,
        review_overdue: row.released_at.is_none() && row.review_at <= now,
        placed_by: row.placed_by,
        placed_at: row.placed_at,
        released_by: row.released_by,
        released_at: row.released_at,
        version: row.version,
    }
}

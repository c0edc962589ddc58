//! Legal holds: they stop destruction until they are released, and are reviewed by a date.

use std::time::Duration;

use domain::{Actor, ChronologyId, FamilyId, HoldId, Instant, Operation, Permit, PersonId, Role, Sensitive};
use serde::{Deserialize, Serialize};
use store::HoldRow;
use vault::{Place, Terms};

use crate::sealing::until;
use crate::session::{Call, Scene, Trail};
use crate::{
    Answer, Conflict, HoldIn, HoldOut, HoldReleaseIn, HoldScope, Page, PageQuery, Service, ServiceError, Written,
};

/// A hold is reviewed within a year.
const LATEST_REVIEW: Duration = Duration::from_secs(366 * 86_400);

/// What a hold's sealed column holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct HoldDetails {
    /// None once it is gone while the hold stood on.
    reason: Option<Sensitive<String>>,
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
                self.refuse_addresses_in_hold(scene, &permit, (input.scope, input.target_id), &input)?;
                let now = scene.now();
                let id = HoldId::new(self.ids(), now);
                let details = HoldDetails { reason: Some(input.reason.clone()), release_reason: None };
                let mut row = HoldRow {
                    id,
                    partnership_id: permit.partnership(),
                    scope: store_scope(input.scope),
                    target_id: input.target_id,
                    review_at: input.review_at,
                    placed_by: scene.me(),
                    placed_at: now,
                    released_by: None,
                    released_at: None,
                    words_until: None,
                    wrapped_key: None,
                    sealed: None,
                    version: 1,
                    awaiting: input.scope == HoldScope::All && scene.policy().two_people,
                    confirmed_by: None,
                };
                self.seal_hold(&mut row, now, scene.policy().reasons_retention, &details)?;
                scene.trail.object_id = Some(id.0);
                if input.scope == HoldScope::Chronology {
                    scene.trail.chronology = input.target_id.map(ChronologyId);
                }
                store::holds::insert(scene.tx, &row)?;
                Ok(hold_out(&row, details.reason, now))
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
        let may_know = reader.social_care && reader.is(Role::TeamManager);
        let reason = if may_know { self.hold_details(row, now)?.reason } else { None };
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

    /// Confirms a hold on everything, which one person cannot place alone: from then on it holds.
    ///
    /// # Errors
    /// As every write; `Conflict::SecondPerson` to whoever placed it; `Conflict::WrongState` when nothing is to be confirmed.
    pub fn confirm_hold(&self, call: &Call, id: HoldId) -> Answer<Written<HoldOut>> {
        self.write_once(
            call,
            Operation::HoldPlace,
            Trail::about("hold", id),
            |scene| {
                let permit = scene.permit_collection(Operation::HoldPlace)?;
                let found = store::holds::find(scene.tx, permit.partnership(), id)?;
                let mut row = found.ok_or(ServiceError::NotFound)?;
                if !row.awaiting || row.released_at.is_some() {
                    return Err(ServiceError::Conflict(Conflict::WrongState));
                }
                if row.placed_by == scene.me() {
                    return Err(ServiceError::Conflict(Conflict::SecondPerson));
                }
                let (now, before) = (scene.now(), row.version);
                let details = self.hold_details(&row, now)?;
                row.version += 1;
                (row.awaiting, row.confirmed_by) = (false, Some(scene.me()));
                self.seal_hold(&mut row, now, scene.policy().reasons_retention, &details)?;
                store::holds::update(scene.tx, &row, before)?;
                Ok(hold_out(&row, details.reason, now))
            },
            |scene, _| self.read_hold(scene, id),
        )
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
                    return Err(ServiceError::Conflict(Conflict::AlreadyReleased));
                }
                if input.reason.as_str().trim().is_empty() {
                    return Err(ServiceError::fault("/reason", "required", "a reason in words"));
                }
                self.refuse_addresses_in_hold(scene, &permit, (scope_out(row.scope), row.target_id), &input)?;
                let (now, before) = (scene.now(), row.version);
                let mut details = self.hold_details(&row, now)?;
                details.release_reason = Some(input.reason.clone());
                row.version += 1;
                (row.released_by, row.released_at) = (Some(scene.me()), Some(now));
                self.seal_hold(&mut row, now, scene.policy().reasons_retention, &details)?;
                store::holds::update(scene.tx, &row, before)?;
                Ok(hold_out(&row, details.reason, now))
            },
            |scene, _| self.read_hold(scene, id),
        )
    }

    /// The reasons of a hold tell no protected address of the families that it is about.
    fn refuse_addresses_in_hold(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        (scope, target): (HoldScope, Option<uuid::Uuid>),
        input: &impl Serialize,
    ) -> Answer<()> {
        let (partnership, now) = (permit.partnership(), scene.now());
        let families = match (scope, target) {
            (HoldScope::Chronology, Some(id)) => {
                let found = store::chronologies::find(scene.tx, partnership, ChronologyId(id), now)?;
                found.into_iter().map(|row| row.family_id).collect()
            }
            (HoldScope::Child, Some(id)) => store::people::families_of(scene.tx, partnership, PersonId(id))?,
            (HoldScope::Chronology | HoldScope::Child | HoldScope::All, _) => Vec::new(),
        };
        for family in families {
            if store::families::facts(scene.tx, partnership, family, now)?.is_some() {
                self.refuse_addresses(scene, permit, family, input)?;
            }
        }
        Ok(())
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

    /// Seals a hold's words until their retention is over, counted from its review date or release, whichever is later.
    fn seal_hold(&self, row: &mut HoldRow, now: Instant, kept_for: Duration, details: &HoldDetails) -> Answer<()> {
        let words_until = row.released_at.map_or(row.review_at, |released| released.max(row.review_at)).plus(kept_for);
        row.words_until = Some(words_until);
        if words_until <= now {
            (row.wrapped_key, row.sealed) = (None, None);
            return Ok(());
        }
        let sealed = self.seal(&place(row), &until(row.partnership_id, words_until), now, details)?;
        (row.wrapped_key, row.sealed) = (Some(sealed.wrapped_key.into()), Some(sealed.sealed.into()));
        Ok(())
    }

    /// The words, while they are there.
    fn hold_details(&self, row: &HoldRow, now: Instant) -> Answer<HoldDetails> {
        let (Some(key), Some(sealed)) = (&row.wrapped_key, &row.sealed) else { return Ok(HoldDetails::default()) };
        let terms = match row.words_until {
            Some(end) if end <= now => return Ok(HoldDetails::default()),
            Some(end) => until(row.partnership_id, end),
            None => Terms::Permanent { partnership: row.partnership_id },
        };
        self.unseal(&place(row), &terms, now, key.as_ref(), sealed.as_ref())
    }

    /// Gives words that a former version sealed for good their end; those whose end has passed go. Says how many there
    /// were.
    pub(crate) fn give_hold_words_an_end(&self, limit: u32, now: Instant) -> Answer<u32> {
        self.0.db.write("purge.hold_words", |tx| {
            let rows = store::holds::sealed_for_good(tx, i64::from(limit))?;
            for mut row in rows.iter().cloned() {
                let details = self.hold_details(&row, now)?;
                let kept_for = self.policy_of(row.partnership_id).reasons_retention;
                self.seal_hold(&mut row, now, kept_for, &details)?;
                store::holds::give_words_an_end(tx, &row)?;
            }
            Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
        })
    }
}

fn place(row: &HoldRow) -> Place {
    Place { table: "holds", row: row.id.0, version: row.version }
}

/// The target exists in the partnership, the reason is given, and the review is within a year.
fn check(scene: &mut Scene<'_, '_>, input: &HoldIn) -> Answer<()> {
    let (actor, now) = (scene.session.actor.clone(), scene.session.now);
    let mut faults = Vec::new();
    let target_ok = match (input.scope, input.target_id) {
        (HoldScope::All, target) => target.is_none(),
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
        (HoldScope::Chronology | HoldScope::Child, None) => false,
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
        awaiting_confirmation: row.awaiting,
        confirmed_by: row.confirmed_by,
        version: row.version,
    }
}

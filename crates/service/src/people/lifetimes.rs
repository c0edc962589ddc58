//! People's records live only while something live refers to them, and go the same way.

use domain::{FamilyId, Instant, Permit, PersonId};

use super::families::{family_place, family_terms};
use super::persons::{person_place, person_terms};
use crate::session::Scene;
use crate::{Answer, Service};

impl Service {
    /// Gives a family and its members the expiry of the latest live thing that refers to them: their keys are wrapped
    /// again under that expiry's epoch. While nothing refers to a family it keeps the expiry it has, capped at the
    /// partnership's unreferenced lifetime from now.
    pub(crate) fn settle_family(&self, scene: &mut Scene<'_, '_>, permit: &Permit, id: FamilyId) -> Answer<()> {
        let now = scene.now();
        store::families::lock(scene.tx, permit.partnership(), id)?;
        let Some(mut row) = store::families::find(scene.tx, permit, id, now)? else { return Ok(()) };
        let latest = store::families::latest_reference(scene.tx, row.partnership_id, id, now)?;
        let expires_at = latest.unwrap_or_else(|| row.expires_at.min(now.plus(scene.policy().unreferenced_lifetime)));
        if expires_at != row.expires_at {
            let place = family_place(id, row.version);
            let (from, to) = (family_terms(id, row.expires_at), family_terms(id, expires_at));
            row.wrapped_key = self.rewrap(now, &from, &to, &place, row.wrapped_key.as_ref())?.into();
            store::families::set_lifetime(scene.tx, row.partnership_id, id, expires_at, &row.wrapped_key)?;
        }
        for person in store::families::members(scene.tx, row.partnership_id, id)? {
            self.settle_person(scene, permit, person)?;
        }
        Ok(())
    }

    /// Gives a person the expiry of the longest-lived family they belong to.
    pub(crate) fn settle_person(&self, scene: &mut Scene<'_, '_>, permit: &Permit, id: PersonId) -> Answer<()> {
        let now = scene.now();
        let rows = store::people::find_many(scene.tx, permit, &[id], now)?;
        let Some(row) = rows.into_iter().next() else { return Ok(()) };
        let longest = store::families::longest_lifetime_of(scene.tx, row.partnership_id, id, now)?;
        let unreferenced = now.plus(scene.policy().unreferenced_lifetime);
        let expires_at: Instant = longest.unwrap_or_else(|| row.expires_at.min(unreferenced));
        if expires_at == row.expires_at {
            return Ok(());
        }
        let place = person_place(id, row.version);
        let (from, to) = (person_terms(id, row.expires_at), person_terms(id, expires_at));
        let wrapped = self.rewrap(now, &from, &to, &place, row.wrapped_key.as_ref())?;
        store::people::set_lifetime(scene.tx, row.partnership_id, id, expires_at, &wrapped.into())?;
        self.settle_links_of(scene, id)
    }
}

//! Expiry of families and people: their records live only while something live refers to them.

use domain::{AccessPermit, FamilyId, Instant, PersonId};
use kernel::{RewrappedKey, ServiceResult, UnitOfWork};

use crate::records::families::{FamilyRecords, family_location, family_terms};
use crate::records::people::{person_location, person_terms};

impl FamilyRecords {
    /// Sets the expiry of a family and its members to that of the latest live object that refers to
    /// them, and rewraps their keys. An unreferenced family keeps its expiry, capped at the
    /// partnership's unreferenced lifetime from now.
    pub(crate) fn update_family_expiry(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        id: FamilyId,
    ) -> ServiceResult<()> {
        let now = uow.now();
        store::families::lock(uow.tx, permit.partnership(), id)?;
        let Some(mut row) = store::families::find(uow.tx, permit, id, now)? else {
            return Ok(());
        };
        let latest = store::families::latest_referring_expiry(uow.tx, row.partnership_id, id, now)?;
        let expires_at = latest.unwrap_or_else(|| {
            row.expires_at
                .min(now.plus(uow.policy().unreferenced_lifetime))
        });
        if expires_at != row.expires_at {
            let location = family_location(id, row.version);
            let from = family_terms(id, row.expires_at);
            let to = family_terms(id, expires_at);
            row.wrapped_key = self
                .kernel
                .rewrap(
                    uow.tx,
                    now,
                    &RewrappedKey {
                        from: &from,
                        to: &to,
                        location: &location,
                        wrapped: row.wrapped_key.as_ref(),
                    },
                )?
                .into();
            store::families::set_lifetime(
                uow.tx,
                row.partnership_id,
                id,
                expires_at,
                &row.wrapped_key,
            )?;
        }
        for person in store::families::members(uow.tx, row.partnership_id, id)? {
            self.update_person_expiry(uow, permit, person)?;
        }
        Ok(())
    }

    /// Sets a person's expiry to that of the longest-lived family they belong to.
    pub(crate) fn update_person_expiry(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        id: PersonId,
    ) -> ServiceResult<()> {
        let now = uow.now();
        let rows = store::people::find_many(uow.tx, permit, &[id], now)?;
        let Some(row) = rows.into_iter().next() else {
            return Ok(());
        };
        let longest =
            store::families::latest_expiry_for_person(uow.tx, row.partnership_id, id, now)?;
        let unreferenced = now.plus(uow.policy().unreferenced_lifetime);
        let expires_at: Instant = longest.unwrap_or_else(|| row.expires_at.min(unreferenced));
        if expires_at == row.expires_at {
            return Ok(());
        }
        let location = person_location(id, row.version);
        let from = person_terms(id, row.expires_at);
        let to = person_terms(id, expires_at);
        let wrapped = self.kernel.rewrap(
            uow.tx,
            now,
            &RewrappedKey {
                from: &from,
                to: &to,
                location: &location,
                wrapped: row.wrapped_key.as_ref(),
            },
        )?;
        store::people::set_lifetime(uow.tx, row.partnership_id, id, expires_at, &wrapped.into())?;
        self.update_person_link_expiries(uow, id)
    }
}

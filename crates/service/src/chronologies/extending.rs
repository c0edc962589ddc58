//! Extending a chronology's life, within the partnership's cap: every key that lives by its expiry is wrapped again.

use domain::{ChronologyId, Instant, Operation, Permit};
use store::ChronologyRow;

use super::Admitted;
use super::steps::give_reason;
use crate::sealing::of_chronology;
use crate::session::{Call, Scene};
use crate::{Answer, ChronologyOut, ExtendIn, Service, ServiceError, Written};

impl Service {
    /// Extends a chronology. Fragments that expire with it follow; a fragment that its agency gave an earlier expiry
    /// keeps it.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Invalid`] when the new expiry is not later, or beyond the cap counted from the
    /// opening.
    pub fn extend_chronology(&self, call: &Call, id: ChronologyId, input: ExtendIn) -> Answer<Written<ChronologyOut>> {
        self.step_chronology(call, Operation::ChronologyExtend, id, |scene| {
            let Admitted { permit, mut row } = self.admit(scene, id, Operation::ChronologyExtend)?;
            self.refuse_addresses(scene, &permit, row.family_id, &input)?;
            let mut details = self.chronology_details(&row, scene.now())?;
            check_extension(scene, &row, input.expires_at)?;
            give_reason(scene, &mut details, "extend", "/reason", &input.reason)?;
            let before = row.expires_at;
            row.expires_at = input.expires_at;
            self.rewrap_invitations(scene, &row, before)?;
            self.rewrap_consolidations(scene, &permit, &row, before)?;
            self.rewrap_following_fragments(scene, &permit, &row, before)?;
            self.settle_decisions(scene, &permit, &row)?;
            // What is kept of links lives by the expiry that was: it is found again under the new one.
            store::event_links::forget(scene.tx, row.partnership_id, row.id)?;
            let family = self.open_family(scene, &permit, row.family_id)?;
            self.link_afterwards(scene, &permit, &row, &family);
            self.save_chronology(scene.tx, scene.session.now, &mut row, &details)?;
            self.settle_family(scene, &permit, row.family_id)?;
            self.settle_links(scene, &row)?;
            scene.trail.expires_at = Some(row.expires_at);
            self.chronology_out(scene, &permit, &row)
        })
    }

    fn rewrap_invitations(&self, scene: &mut Scene<'_, '_>, row: &ChronologyRow, before: Instant) -> Answer<()> {
        let (from, to) = (of_chronology(row.id, before), of_chronology(row.id, row.expires_at));
        for invitation in store::invitations::list(scene.tx, row.partnership_id, row.id)? {
            let place = crate::invitations::place(invitation.id, invitation.version);
            let wrapped = self.rewrap(scene.now(), &from, &to, &place, invitation.wrapped_key.as_ref())?;
            store::invitations::set_wrapped_key(scene.tx, row.partnership_id, invitation.id, &wrapped.into())?;
        }
        Ok(())
    }

    fn rewrap_consolidations(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &ChronologyRow,
        before: Instant,
    ) -> Answer<()> {
        let (from, to) = (of_chronology(row.id, before), of_chronology(row.id, row.expires_at));
        for frozen in store::consolidations::all(scene.tx, permit, row.id, scene.session.now)? {
            let place = super::frozen::place(frozen.id);
            let wrapped = self.rewrap(scene.now(), &from, &to, &place, frozen.wrapped_key.as_ref())?;
            store::consolidations::set_lifetime(
                scene.tx,
                row.partnership_id,
                frozen.id,
                row.expires_at,
                &wrapped.into(),
            )?;
        }
        Ok(())
    }
}

fn check_extension(scene: &Scene<'_, '_>, row: &ChronologyRow, expires_at: Instant) -> Answer<()> {
    if expires_at <= row.expires_at {
        return Err(ServiceError::fault("/expires_at", "not_later", "later than the present expiry"));
    }
    let counted_from = row.opened_at.unwrap_or(row.created_at);
    if expires_at > counted_from.plus(scene.policy().max_lifetime) {
        let message = "later than the partnership lets a chronology live, extensions included";
        return Err(ServiceError::fault("/expires_at", "beyond_policy", message));
    }
    Ok(())
}

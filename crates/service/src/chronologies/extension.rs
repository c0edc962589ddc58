//! Extension of a chronology, up to the partnership's limit: every key that is wrapped until the
//! chronology's expiry is wrapped again for the new one.

use contract::{ChronologyOut, ExtendIn};
use domain::{AccessPermit, ChronologyId, Instant, Operation};
use kernel::{
    CallContext, RewrappedKey, ServiceError, ServiceResult, UnitOfWork, WriteReply,
    chronology_terms,
};
use store::ChronologyRow;

use crate::chronologies::Chronologies;
use crate::chronologies::frozen_views::view_location;
use crate::chronologies::transitions::add_reason;
use crate::linking::schedule_linking;
use crate::records::{AuthorizedChronology, invitation_location};

impl Chronologies {
    /// Extends a chronology. Fragments that expire with it are extended too; a fragment with an
    /// earlier expiry chosen by its agency keeps that.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] when the new expiry
    /// is not later, or is beyond the limit counted from the opening.
    pub fn extend_chronology(
        &self,
        call: &CallContext,
        id: ChronologyId,
        input: ExtendIn,
    ) -> ServiceResult<WriteReply<ChronologyOut>> {
        self.transition_chronology(call, Operation::ChronologyExtend, id, |uow| {
            let AuthorizedChronology { permit, mut row } = self
                .records
                .chronologies
                .authorize_chronology(uow, id, Operation::ChronologyExtend)?;
            self.people
                .refuse_disclosed_addresses(uow, &permit, row.family_id, &input)?;
            let mut details = self
                .records
                .chronologies
                .open_chronology_details(&row, uow.now())?;
            check_extension(uow, &row, input.expires_at)?;
            add_reason(uow, &mut details, "extend", "/reason", &input.reason)?;
            let before = row.expires_at;
            row.expires_at = input.expires_at;
            self.rewrap_invitations(uow, &row, before)?;
            self.rewrap_consolidations(uow, &permit, &row, before)?;
            self.person_matching
                .rewrap_dependent_fragments(uow, &permit, &row, before)?;
            self.linking.update_decision_expiries(uow, &permit, &row)?;
            // Stored links are sealed until the former expiry; they are computed again for the new
            // one.
            store::event_links::delete_for_chronology(uow.tx, row.partnership_id, row.id)?;
            schedule_linking(uow, row.id);
            self.records.chronologies.save_chronology(
                uow.tx,
                uow.session.now,
                &mut row,
                &details,
            )?;
            self.records
                .families
                .update_family_expiry(uow, &permit, row.family_id)?;
            self.records
                .families
                .update_chronology_link_expiries(uow, &row)?;
            uow.audit.expires_at = Some(row.expires_at);
            self.records
                .chronologies
                .to_chronology_out(uow, &permit, &row)
        })
    }

    fn rewrap_invitations(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        row: &ChronologyRow,
        before: Instant,
    ) -> ServiceResult<()> {
        let from = chronology_terms(row.id, before);
        let to = chronology_terms(row.id, row.expires_at);
        for invitation in store::invitations::list(uow.tx, row.partnership_id, row.id)? {
            let location = invitation_location(invitation.id, invitation.version);
            let wrapped = self.kernel.rewrap(
                uow.tx,
                uow.now(),
                &RewrappedKey {
                    from: &from,
                    to: &to,
                    location: &location,
                    wrapped: invitation.wrapped_key.as_ref(),
                },
            )?;
            store::invitations::set_wrapped_key(
                uow.tx,
                row.partnership_id,
                invitation.id,
                &wrapped.into(),
            )?;
        }
        Ok(())
    }

    fn rewrap_consolidations(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &ChronologyRow,
        before: Instant,
    ) -> ServiceResult<()> {
        let from = chronology_terms(row.id, before);
        let to = chronology_terms(row.id, row.expires_at);
        for frozen in store::consolidations::list_all(uow.tx, permit, row.id, uow.session.now)? {
            let location = view_location(frozen.id);
            let wrapped = self.kernel.rewrap(
                uow.tx,
                uow.now(),
                &RewrappedKey {
                    from: &from,
                    to: &to,
                    location: &location,
                    wrapped: frozen.wrapped_key.as_ref(),
                },
            )?;
            store::consolidations::set_lifetime(
                uow.tx,
                row.partnership_id,
                frozen.id,
                row.expires_at,
                &wrapped.into(),
            )?;
        }
        Ok(())
    }
}

fn check_extension(
    uow: &UnitOfWork<'_, '_>,
    row: &ChronologyRow,
    expires_at: Instant,
) -> ServiceResult<()> {
    if expires_at <= row.expires_at {
        return Err(ServiceError::invalid(
            "/expires_at",
            "not_later",
            "must be later than the present expiry",
        ));
    }
    let counted_from = row.opened_at.unwrap_or(row.created_at);
    if expires_at > counted_from.plus(uow.policy().max_lifetime) {
        let message = "later than the partnership's longest lifetime, extensions included";
        return Err(ServiceError::invalid(
            "/expires_at",
            "beyond_policy",
            message,
        ));
    }
    Ok(())
}

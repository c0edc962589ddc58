//! The pre-filled form: what the service knows of family, agency, practitioner and last fragment.

use contract::{FormOut, FragmentOut, GuidanceOut};
use domain::{InvitationId, Operation};
use kernel::{CallContext, ServiceError, ServiceResult, UnitOfWork};

use crate::directory::{categories, to_agency_out};
use crate::invitations::Invitations;
use crate::records::{AuthorizedInvitation, about_invitation};

impl Invitations {
    /// The pre-filled form for one invitation.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_invitation_form(
        &self,
        call: &CallContext,
        id: InvitationId,
    ) -> ServiceResult<FormOut> {
        self.kernel.register_caller_if_new(call)?;
        self.record_first_view(call, id)?;
        self.kernel
            .read(call, Operation::FormRead, about_invitation(id), |uow| {
                let invited =
                    self.records
                        .invitations
                        .authorize_invitation(uow, id, Operation::FormRead)?;
                if invited.row.agency_id != uow.actor().agency {
                    return Err(ServiceError::NotFound);
                }
                self.build_form(uow, &invited)
            })
    }

    /// Fills the form in with what the service knows.
    fn build_form(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        invited: &AuthorizedInvitation,
    ) -> ServiceResult<FormOut> {
        let AuthorizedInvitation {
            permit,
            chronology,
            row,
        } = invited;
        let records = &self.records;
        let partnership = permit.partnership();
        let agency = store::agencies::find(uow.tx, partnership, row.agency_id)?
            .ok_or(ServiceError::NotFound)?;
        let practitioner =
            store::practitioners::find(uow.tx, partnership, uow.session.actor.practitioner)?;
        let family = records
            .families
            .open_family(uow, permit, chronology.family_id)?;
        let last_return = self.last_return(uow, permit, chronology.id)?;
        uow.audit.entry_count = last_return
            .as_ref()
            .map(|fragment| fragment.entries.len() as i64);
        Ok(FormOut {
            invitation: records
                .invitations
                .invitation_out(uow, permit, chronology, row)?,
            chronology: records
                .chronologies
                .to_chronology_out(uow, permit, chronology)?,
            family: family.into_family_out(),
            agency: to_agency_out(agency),
            practitioner: self
                .directory
                .to_practitioner_out(&practitioner.ok_or(ServiceError::NotFound)?, uow.now())?,
            categories: categories(uow.partnership),
            last_return,
            latest_expiry: chronology.expires_at,
            guidance: guidance(),
        })
    }

    fn last_return(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &domain::AccessPermit,
        chronology: domain::ChronologyId,
    ) -> ServiceResult<Option<FragmentOut>> {
        let agency = uow.actor().agency;
        let now = uow.now();
        let live = store::fragments::list(uow.tx, permit.partnership(), chronology, now)?;
        let own = live.into_iter().filter(|row| row.agency_id == agency);
        match own.max_by_key(|row| (row.updated_at, row.id)) {
            Some(row) => self
                .fragments
                .open_fragment(uow, permit, row, None)
                .map(Some),
            None => Ok(None),
        }
    }
}

/// Guidance shown beside the form.
fn guidance() -> Vec<GuidanceOut> {
    let lines = [
        (
            "What to include",
            "Significant events and changes in the child's life: what happened, when, who was seen, what was done and \
             what difference it made. Strengths and successes count as much as risks.",
        ),
        (
            "Impact on the child",
            "Say for each event what it meant for this child. A missed appointment is a fact; what the child went \
             without is its impact.",
        ),
        (
            "The child's voice",
            "Where the child said or showed something, give it in the child's own words and say when.",
        ),
        (
            "Fathers and male carers",
            "Name every adult with a part in the child's life, fathers and male carers included, and say which.",
        ),
        (
            "What to leave out",
            "Routine contact with nothing significant, opinions that are not yours to give, names of people outside \
             the family (write GP1 or neighbour), and anything the purpose does not need.",
        ),
        (
            "Addresses and restricted material",
            "Never write the address of a protected person. Mark material from MARAC or MAPPA as restricted.",
        ),
        (
            "Nothing to report",
            "If your agency holds nothing relevant, answer with a nil return. If sharing would harm the child more \
             than not sharing, decline and say so. No answer leaves a gap that no one can interpret.",
        ),
    ];
    lines
        .into_iter()
        .map(|(title, text)| GuidanceOut {
            title: title.to_owned(),
            text: text.to_owned(),
        })
        .collect()
}

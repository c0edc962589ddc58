//! Inviting agencies, and reading and changing invitations.

use contract::{InvitationIn, InvitationOut, InvitationPatch, Page, PageQuery, Patch};
use domain::{
    AccessPermit, AgencyId, ChronologyId, Instant, InvitationId, InvitationState, ObjectKind,
    Operation, Role,
};
use kernel::{
    CallContext, Fault, ResolvedCaller, ServiceError, ServiceResult, UnitOfWork, WriteReply,
    chronology_terms,
};
use store::{ChronologyRow, InvitationRow};

use crate::directory::validate_practitioners;
use crate::input::non_blank;
use crate::invitations::Invitations;
use crate::records::{
    AuthorizedChronology, AuthorizedInvitation, InvitationDetails, about_chronology,
    about_invitation, invitation_location,
};

impl Invitations {
    /// Invites an agency. The agency learns of it once the chronology is open.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] with every fault of
    /// the input; a `Conflict` when the agency is already invited.
    pub fn invite_agency(
        &self,
        call: &CallContext,
        id: ChronologyId,
        input: InvitationIn,
    ) -> ServiceResult<WriteReply<InvitationOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::InvitationCreate,
            about_chronology(id),
            |uow| {
                let AuthorizedChronology {
                    permit,
                    row: chronology,
                } = self.records.chronologies.authorize_chronology(
                    uow,
                    id,
                    Operation::InvitationCreate,
                )?;
                let due_at = check_invitation(uow, &permit, &chronology, &input)?;
                self.people.refuse_disclosed_addresses(
                    uow,
                    &permit,
                    chronology.family_id,
                    &input,
                )?;
                self.store_invitation(uow, &chronology, due_at, &input)?;
                if chronology.state.accepts_returns() {
                    self.person_matching.match_advance_submissions_of(
                        uow,
                        &permit,
                        &chronology,
                        input.agency_id,
                    )?;
                }
                let row = self
                    .records
                    .invitations
                    .find_agency_invitation(uow, id, input.agency_id)?
                    .ok_or(ServiceError::NotFound)?;
                self.records
                    .invitations
                    .invitation_out(uow, &permit, &chronology, &row)
            },
            |uow, record| self.read_invitation(uow, record.object()?),
        )
    }

    /// Stores a new invitation with the practitioners that it names.
    fn store_invitation(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        due_at: Instant,
        input: &InvitationIn,
    ) -> ServiceResult<()> {
        let now = uow.now();
        let id = InvitationId::new(self.kernel.ids(), now);
        let details = InvitationDetails {
            message: non_blank(input.message.as_ref()),
            ..InvitationDetails::default()
        };
        let terms = chronology_terms(chronology.id, chronology.expires_at);
        let sealed =
            self.kernel
                .seal(uow.tx, &invitation_location(id, 1), &terms, now, &details)?;
        let row = InvitationRow {
            id,
            partnership_id: chronology.partnership_id,
            chronology_id: chronology.id,
            agency_id: input.agency_id,
            state: InvitationState::Invited,
            due_at,
            viewed_at: None,
            drafting_at: None,
            answered_at: None,
            decline_reason: None,
            answered_by: None,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        uow.audit.set_object(id);
        store::invitations::insert(uow.tx, &row)?;
        let partnership = chronology.partnership_id;
        store::invitations::set_practitioners(uow.tx, partnership, id, &input.practitioners)?;
        Ok(())
    }

    /// The invitations of a chronology. A contributing agency sees its own only.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_invitations(
        &self,
        call: &CallContext,
        id: ChronologyId,
        query: PageQuery,
    ) -> ServiceResult<Page<InvitationOut>> {
        self.kernel.read(
            call,
            Operation::InvitationList,
            about_chronology(id),
            |uow| {
                let AuthorizedChronology {
                    permit,
                    row: chronology,
                } = self.records.chronologies.authorize_chronology(
                    uow,
                    id,
                    Operation::InvitationList,
                )?;
                let bounds = self.kernel.parse_page_query(uow, "invitations", &query)?;
                let agency = uow.actor().agency;
                let all = permit.runs_chronology();
                let after = bounds.after;
                let rows: Vec<InvitationRow> =
                    store::invitations::list(uow.tx, chronology.partnership_id, id)?
                        .into_iter()
                        .filter(|row| all || row.agency_id == agency)
                        .filter(|row| {
                            after.is_none_or(|cursor| {
                                (row.created_at, row.id.0) > (cursor.at, cursor.id)
                            })
                        })
                        .collect();
                let (rows, next) =
                    self.kernel
                        .split_page(uow, "invitations", &bounds, rows, |row| {
                            (row.created_at, row.id.0)
                        })?;
                let items = rows
                    .iter()
                    .map(|row| {
                        self.records
                            .invitations
                            .invitation_out(uow, &permit, &chronology, row)
                    })
                    .collect::<ServiceResult<Vec<_>>>()?;
                Ok(Page { items, next })
            },
        )
    }

    /// The invitations of the caller's agency that the caller may answer.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_own_invitations(
        &self,
        call: &CallContext,
        query: PageQuery,
    ) -> ServiceResult<Page<InvitationOut>> {
        self.kernel.read(
            call,
            Operation::InvitationList,
            kernel::AuditContext::of(ObjectKind::Invitation),
            |uow| {
                let permit = uow.authorize_collection(Operation::ChronologyList)?;
                let bounds = self
                    .kernel
                    .parse_page_query(uow, "my_invitations", &query)?;
                let rows = self.own_invitation_rows(uow, &permit, &bounds)?;
                let (rows, next) =
                    self.kernel
                        .split_page(uow, "my_invitations", &bounds, rows, |row| {
                            (row.created_at, row.id.0)
                        })?;
                let mut items = Vec::with_capacity(rows.len());
                for row in rows {
                    let authorized = self.records.chronologies.authorize_chronology(
                        uow,
                        row.chronology_id,
                        Operation::ChronologyRead,
                    )?;
                    items.push(self.records.invitations.invitation_out(
                        uow,
                        &authorized.permit,
                        &authorized.row,
                        &row,
                    )?);
                }
                uow.audit.chronology = None;
                Ok(Page { items, next })
            },
        )
    }

    /// Invitations of the caller's agency: all of them for its safeguarding lead and its system
    /// client, those that name the caller for a practitioner.
    fn own_invitation_rows(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        bounds: &kernel::PageBounds,
    ) -> ServiceResult<Vec<InvitationRow>> {
        let actor = permit.actor();
        let all = actor.has_role(Role::SafeguardingLead) || actor.has_role(Role::SystemClient);
        let named = if all { None } else { Some(actor.practitioner) };
        let now = uow.now();
        let limit = bounds.limit + 1;
        let partnership = actor.partnership;
        let agency = actor.agency;
        Ok(store::invitations::page_for_agency(
            uow.tx,
            partnership,
            agency,
            named,
            now,
            bounds.after,
            limit,
        )?)
    }

    /// One invitation. The invited agency's first view is recorded.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_invitation(
        &self,
        call: &CallContext,
        id: InvitationId,
    ) -> ServiceResult<InvitationOut> {
        self.kernel.register_caller_if_new(call)?;
        self.record_first_view(call, id)?;
        self.kernel.read(
            call,
            Operation::InvitationRead,
            about_invitation(id),
            |uow| self.read_invitation(uow, id),
        )
    }

    /// Reads an invitation as the caller may see it.
    pub(super) fn read_invitation(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: InvitationId,
    ) -> ServiceResult<InvitationOut> {
        let AuthorizedInvitation {
            permit,
            chronology,
            row,
        } = self
            .records
            .invitations
            .authorize_invitation(uow, id, Operation::InvitationRead)?;
        self.records
            .invitations
            .invitation_out(uow, &permit, &chronology, &row)
    }

    /// Records the invited agency's first view; the caller is not told.
    pub(super) fn record_first_view(
        &self,
        call: &CallContext,
        id: InvitationId,
    ) -> ServiceResult<()> {
        let now = self.kernel.now();
        // The check runs in a read transaction and does the same work for an absent invitation: a
        // write would reveal that it exists.
        let is_unviewed = self.kernel.db().read("invitation.fresh", |tx| {
            let Some(caller) = self.kernel.resolve_caller(tx, call, now)? else {
                return Ok(false);
            };
            match self.find_unviewed(tx, &caller, id, false) {
                Ok(found) => Ok(found.is_some()),
                Err(ServiceError::NotFound | ServiceError::Expired | ServiceError::Conflict(_)) => {
                    Ok(false)
                }
                Err(other) => Err(other),
            }
        })?;
        if !is_unviewed {
            return Ok(());
        }
        let viewed = self.kernel.db().write("invitation.view", |tx| {
            let caller = self
                .kernel
                .resolve_caller(tx, call, now)?
                .ok_or(ServiceError::NotFound)?;
            let Some(AuthorizedInvitation {
                chronology,
                mut row,
                ..
            }) = self.find_unviewed(tx, &caller, id, true)?
            else {
                return Ok(());
            };
            let details = self
                .records
                .invitations
                .invitation_details(&chronology, &row, now)?;
            row.state = InvitationState::Viewed;
            row.viewed_at = Some(now);
            self.records
                .invitations
                .save_invitation(tx, now, &chronology, &mut row, &details)
        });
        match viewed {
            // The read that follows refuses the caller and records the refusal.
            Err(
                ServiceError::NotFound
                | ServiceError::Expired
                | ServiceError::Stale
                | ServiceError::Conflict(_),
            ) => Ok(()),
            other => other,
        }
    }

    /// The invitation, if the caller's agency has not viewed it yet.
    fn find_unviewed(
        &self,
        tx: &mut store::Tx<'_>,
        caller: &ResolvedCaller,
        id: InvitationId,
        is_write: bool,
    ) -> ServiceResult<Option<AuthorizedInvitation>> {
        let audit = about_invitation(id);
        let mut uow = if is_write {
            UnitOfWork::for_write(tx, caller, audit)
        } else {
            UnitOfWork::for_read(tx, caller, audit)
        };
        let invited = self.records.invitations.authorize_invitation(
            &mut uow,
            id,
            Operation::InvitationRead,
        )?;
        let first = invited.row.agency_id == caller.session.actor.agency
            && invited.row.state.can_become(InvitationState::Viewed);
        Ok(first.then_some(invited))
    }

    /// Names practitioners on an invitation, or changes its due date or message.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Stale`] when `version` is not
    /// the current one; [`ServiceError::Invalid`] with every fault of the input.
    pub fn patch_invitation(
        &self,
        call: &CallContext,
        id: InvitationId,
        version: i64,
        patch: InvitationPatch,
    ) -> ServiceResult<InvitationOut> {
        let written = self.kernel.write(
            call,
            Operation::InvitationUpdate,
            about_invitation(id),
            |uow| {
                let invitations = &self.records.invitations;
                let mut invited =
                    invitations.authorize_invitation(uow, id, Operation::InvitationUpdate)?;
                if invited.row.version != version {
                    return Err(ServiceError::Stale);
                }
                self.people.refuse_disclosed_addresses(
                    uow,
                    &invited.permit,
                    invited.chronology.family_id,
                    &patch,
                )?;
                self.change_invitation(uow, &mut invited, &patch)?;
                invitations.invitation_out(uow, &invited.permit, &invited.chronology, &invited.row)
            },
        )?;
        Ok(written.value)
    }

    /// Validates a patch and stores the changed invitation.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] with every fault of the patch.
    fn change_invitation(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        invited: &mut AuthorizedInvitation,
        patch: &InvitationPatch,
    ) -> ServiceResult<()> {
        let invitations = &self.records.invitations;
        let mut details =
            invitations.invitation_details(&invited.chronology, &invited.row, uow.now())?;
        let agency = invited.row.agency_id;
        let named = patch.practitioners.as_deref().unwrap_or_default();
        let mut faults = validate_practitioners(uow, "/practitioners", agency, named)?;
        faults.extend(check_may_name_practitioners(
            &invited.permit,
            &invited.chronology,
            agency,
            !named.is_empty(),
        ));
        faults.extend(apply_patch(uow, invited, &mut details, patch));
        if !faults.is_empty() {
            return Err(ServiceError::Invalid(faults));
        }
        let row = &mut invited.row;
        if patch.practitioners.is_some() {
            store::invitations::set_practitioners(uow.tx, row.partnership_id, row.id, named)?;
        }
        invitations.save_invitation(uow.tx, uow.session.now, &invited.chronology, row, &details)
    }
}

/// Checks a new invitation, and returns when it is due.
///
/// # Errors
/// [`ServiceError::Invalid`] with every fault.
fn check_invitation(
    uow: &mut UnitOfWork<'_, '_>,
    permit: &AccessPermit,
    chronology: &ChronologyRow,
    input: &InvitationIn,
) -> ServiceResult<Instant> {
    let mut faults = check_agency(uow, input)?;
    faults.extend(validate_practitioners(
        uow,
        "/practitioners",
        input.agency_id,
        &input.practitioners,
    )?);
    faults.extend(check_may_name_practitioners(
        permit,
        chronology,
        input.agency_id,
        !input.practitioners.is_empty(),
    ));
    let due_at = input.due_at.unwrap_or(chronology.due_at);
    faults.extend(check_due_at(uow, chronology, due_at));
    if faults.is_empty() {
        Ok(due_at)
    } else {
        Err(ServiceError::Invalid(faults))
    }
}

/// Checks that an invitation is due between now and the expiry of the chronology.
fn check_due_at(
    uow: &UnitOfWork<'_, '_>,
    chronology: &ChronologyRow,
    due_at: Instant,
) -> Option<Fault> {
    (due_at > chronology.expires_at || due_at <= uow.now()).then(|| {
        Fault::new(
            "/due_at",
            "out_of_range",
            "between now and the chronology's expiry",
        )
    })
}

/// Applies a patch to an invitation and its details; returns the faults of the patch.
fn apply_patch(
    uow: &UnitOfWork<'_, '_>,
    invited: &mut AuthorizedInvitation,
    details: &mut InvitationDetails,
    patch: &InvitationPatch,
) -> Vec<Fault> {
    let social_care = invited.permit.runs_chronology();
    let row = &mut invited.row;
    let mut faults = Vec::new();
    let changes = [
        ("/due_at", patch.due_at.is_some()),
        ("/message", patch.message != Patch::Absent),
    ];
    for (pointer, _) in changes
        .into_iter()
        .filter(|(_, is_set)| *is_set && !social_care)
    {
        faults.push(Fault::new(
            pointer,
            "not_yours",
            "only social care changes this",
        ));
    }
    if let Some(due_at) = patch.due_at {
        faults.extend(check_due_at(uow, &invited.chronology, due_at));
        row.due_at = due_at;
        if row.state == InvitationState::Overdue {
            row.state = if row.drafting_at.is_some() {
                InvitationState::Drafting
            } else if row.viewed_at.is_some() {
                InvitationState::Viewed
            } else {
                InvitationState::Invited
            };
        }
    }
    details.message = non_blank(patch.message.clone().apply(details.message.take()).as_ref());
    faults
}

/// Named practitioners gain read access. On the invitation of the owning agency, only callers who
/// read the chronology themselves may name anyone; otherwise business support could give itself
/// access.
fn check_may_name_practitioners(
    permit: &AccessPermit,
    chronology: &ChronologyRow,
    agency: AgencyId,
    names_someone: bool,
) -> Option<Fault> {
    let grants_itself_access =
        names_someone && agency == chronology.owner_agency_id && !permit.sees_all_agencies();
    grants_itself_access.then(|| {
        Fault::new(
            "/practitioners",
            "not_yours",
            "only those who read the chronology may name practitioners",
        )
    })
}

fn check_agency(uow: &mut UnitOfWork<'_, '_>, input: &InvitationIn) -> ServiceResult<Vec<Fault>> {
    let partnership = uow.actor().partnership;
    let agency =
        store::agencies::find(uow.tx, partnership, input.agency_id)?.filter(|agency| agency.active);
    Ok(match agency {
        Some(_) => Vec::new(),
        None => vec![Fault::new(
            "/agency_id",
            "unknown",
            "no such agency in the partnership",
        )],
    })
}

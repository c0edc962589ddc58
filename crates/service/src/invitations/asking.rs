//! Asking agencies, and seeing who was asked.

use domain::{AgencyId, ChronologyId, InvitationId, InvitationState, Operation, Permit, Role};
use store::InvitationRow;

use super::{InvitationDetails, Invited, place, trail};
use crate::chronologies::{Admitted, trail as chronology_trail};
use crate::directory::{check_practitioners, filled};
use crate::sealing::of_chronology;
use crate::session::{Call, Entered, Scene};
use crate::{
    Answer, Fault, InvitationIn, InvitationOut, InvitationPatch, Page, PageQuery, Patch, Service, ServiceError, Written,
};

impl Service {
    /// Invites an agency. It learns of the invitation once the chronology is open.
    ///
    /// # Errors
    /// As every write; `Conflict` when the agency is already invited.
    pub fn invite(&self, call: &Call, id: ChronologyId, input: InvitationIn) -> Answer<Written<InvitationOut>> {
        self.write_once(
            call,
            Operation::InvitationCreate,
            chronology_trail(id),
            |scene| {
                let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::InvitationCreate)?;
                let mut faults = check_agency(scene, &input)?;
                faults.extend(check_practitioners(scene, "/practitioners", input.agency_id, &input.practitioners)?);
                faults.extend(check_naming(&permit, &chronology, input.agency_id, !input.practitioners.is_empty()));
                let due_at = input.due_at.unwrap_or(chronology.due_at);
                if due_at > chronology.expires_at || due_at <= scene.now() {
                    faults.push(Fault::new("/due_at", "out_of_range", "between now and the chronology's expiry"));
                }
                if !faults.is_empty() {
                    return Err(ServiceError::Invalid(faults));
                }
                self.refuse_addresses(scene, &permit, chronology.family_id, &input)?;
                let now = scene.now();
                let invitation = InvitationId::new(self.ids(), now);
                let details =
                    InvitationDetails { message: filled(input.message.as_ref()), ..InvitationDetails::default() };
                let terms = of_chronology(id, chronology.expires_at);
                let sealed = self.seal(&place(invitation, 1), &terms, now, &details)?;
                let row = InvitationRow {
                    id: invitation,
                    partnership_id: chronology.partnership_id,
                    chronology_id: id,
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
                scene.trail.object_kind = Some("invitation");
                scene.trail.object_id = Some(invitation.0);
                store::invitations::insert(scene.tx, &row)?;
                store::invitations::set_practitioners(scene.tx, row.partnership_id, invitation, &input.practitioners)?;
                if chronology.state.takes_returns() {
                    self.take_in_ahead_of(scene, &permit, &chronology, input.agency_id)?;
                }
                let row = self.own_invitation(scene, id, input.agency_id)?.ok_or(ServiceError::NotFound)?;
                self.invitation_out(scene, &permit, &chronology, &row)
            },
            |scene, kept| self.read_invitation(scene, InvitationId(kept.object_id)),
        )
    }

    /// Every agency's place on a chronology. A contributing agency sees who else was asked and whether they answered,
    /// not what they said.
    ///
    /// # Errors
    /// As every read.
    pub fn invitations(&self, call: &Call, id: ChronologyId, query: PageQuery) -> Answer<Page<InvitationOut>> {
        self.read(call, Operation::InvitationList, chronology_trail(id), |scene| {
            let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::InvitationList)?;
            let slice = self.slice(scene, "invitations", &query)?;
            let (agency, all) = (scene.actor().agency, permit.runs());
            let after = slice.after;
            let rows: Vec<InvitationRow> = store::invitations::list(scene.tx, chronology.partnership_id, id)?
                .into_iter()
                .filter(|row| all || row.agency_id == agency)
                .filter(|row| after.is_none_or(|place| (row.created_at, row.id.0) > (place.at, place.id)))
                .collect();
            let (rows, next) = self.cut(scene, "invitations", &slice, rows, |row| (row.created_at, row.id.0))?;
            let items = rows
                .iter()
                .map(|row| self.invitation_out(scene, &permit, &chronology, row))
                .collect::<Answer<Vec<_>>>()?;
            Ok(Page { items, next })
        })
    }

    /// The invitations of the caller's agency that the caller may answer.
    ///
    /// # Errors
    /// As every read.
    pub fn my_invitations(&self, call: &Call, query: PageQuery) -> Answer<Page<InvitationOut>> {
        self.read(call, Operation::InvitationList, crate::session::Trail::of("invitation"), |scene| {
            let permit = scene.permit_collection(Operation::ChronologyList)?;
            let slice = self.slice(scene, "my_invitations", &query)?;
            let rows = self.own_invitation_rows(scene, &permit, &slice)?;
            let (rows, next) = self.cut(scene, "my_invitations", &slice, rows, |row| (row.created_at, row.id.0))?;
            let mut items = Vec::with_capacity(rows.len());
            for row in rows {
                let admitted = self.admit(scene, row.chronology_id, Operation::ChronologyRead)?;
                items.push(self.invitation_out(scene, &admitted.permit, &admitted.row, &row)?);
            }
            scene.trail.chronology = None;
            Ok(Page { items, next })
        })
    }

    /// Invitations of the caller's agency: all for its lead and its system, those that name them for a practitioner.
    fn own_invitation_rows(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        slice: &crate::paging::Slice,
    ) -> Answer<Vec<InvitationRow>> {
        let actor = permit.actor();
        let all = actor.is(Role::SafeguardingLead) || actor.is(Role::SystemClient);
        let named = if all { None } else { Some(actor.practitioner) };
        let (now, limit) = (scene.now(), slice.limit + 1);
        let (partnership, agency) = (actor.partnership, actor.agency);
        Ok(store::invitations::page_for_agency(scene.tx, partnership, agency, named, now, slice.after, limit)?)
    }

    /// One invitation. The first look from the invited agency is noted.
    ///
    /// # Errors
    /// As every read.
    pub fn invitation(&self, call: &Call, id: InvitationId) -> Answer<InvitationOut> {
        self.meet_if_new(call)?;
        self.note_viewed(call, id)?;
        self.read(call, Operation::InvitationRead, trail(id), |scene| self.read_invitation(scene, id))
    }

    /// An invitation as a read of it shows it.
    pub(super) fn read_invitation(&self, scene: &mut Scene<'_, '_>, id: InvitationId) -> Answer<InvitationOut> {
        let Invited { permit, chronology, row } = self.admit_to_invitation(scene, id, Operation::InvitationRead)?;
        self.invitation_out(scene, &permit, &chronology, &row)
    }

    /// Notes the first look from the invited agency; says nothing to anybody.
    pub(super) fn note_viewed(&self, call: &Call, id: InvitationId) -> Answer<()> {
        let now = self.now();
        // Whether it is theirs is asked first, and as much of one that is not there: a write would tell.
        let fresh = self.0.db.read("invitation.fresh", |tx| {
            let Some(entered) = self.enter(tx, call, now)? else { return Ok(false) };
            match self.first_look(tx, &entered, id, false) {
                Ok(found) => Ok(found.is_some()),
                Err(ServiceError::NotFound | ServiceError::Expired | ServiceError::Conflict(_)) => Ok(false),
                Err(other) => Err(other),
            }
        })?;
        if !fresh {
            return Ok(());
        }
        let viewed = self.0.db.write("invitation.view", |tx| {
            let entered = self.enter(tx, call, now)?.ok_or(ServiceError::NotFound)?;
            let Some(Invited { chronology, mut row, .. }) = self.first_look(tx, &entered, id, true)? else {
                return Ok(());
            };
            let details = self.invitation_details(&chronology, &row, now)?;
            (row.state, row.viewed_at) = (InvitationState::Viewed, Some(now));
            self.save_invitation(tx, now, &chronology, &mut row, &details)
        });
        match viewed {
            // Whoever may not look is told so, and recorded, by the read that follows.
            Err(ServiceError::NotFound | ServiceError::Expired | ServiceError::Stale | ServiceError::Conflict(_)) => {
                Ok(())
            }
            other => other,
        }
    }

    /// The invitation, when the caller's agency looks at it for the first time.
    fn first_look(
        &self,
        tx: &mut store::Tx<'_>,
        entered: &Entered,
        id: InvitationId,
        writes: bool,
    ) -> Answer<Option<Invited>> {
        let Entered { session, partnership } = entered;
        let mut scene = Scene { tx, session, partnership, trail: trail(id), writes, relink: None, repeats: None };
        let invited = self.admit_to_invitation(&mut scene, id, Operation::InvitationRead)?;
        let first =
            invited.row.agency_id == session.actor.agency && invited.row.state.may_become(InvitationState::Viewed);
        Ok(first.then_some(invited))
    }

    /// Names practitioners on an invitation, or changes its due date or message.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Stale`] when `version` is not the current one.
    pub fn patch_invitation(
        &self,
        call: &Call,
        id: InvitationId,
        version: i64,
        patch: InvitationPatch,
    ) -> Answer<InvitationOut> {
        let written = self.write(call, Operation::InvitationUpdate, trail(id), |scene| {
            let Invited { permit, chronology, mut row } =
                self.admit_to_invitation(scene, id, Operation::InvitationUpdate)?;
            if row.version != version {
                return Err(ServiceError::Stale);
            }
            self.refuse_addresses(scene, &permit, chronology.family_id, &patch)?;
            let mut details = self.invitation_details(&chronology, &row, scene.now())?;
            let named = patch.practitioners.as_deref().unwrap_or_default();
            let mut faults = check_practitioners(scene, "/practitioners", row.agency_id, named)?;
            let social_care = permit.runs();
            let names = patch.practitioners.as_ref().is_some_and(|named| !named.is_empty());
            faults.extend(check_naming(&permit, &chronology, row.agency_id, names));
            faults.extend(apply(scene, &chronology, &mut row, &mut details, &patch, social_care));
            if !faults.is_empty() {
                return Err(ServiceError::Invalid(faults));
            }
            if patch.practitioners.is_some() {
                store::invitations::set_practitioners(scene.tx, row.partnership_id, id, named)?;
            }
            self.save_invitation(scene.tx, scene.session.now, &chronology, &mut row, &details)?;
            self.invitation_out(scene, &permit, &chronology, &row)
        })?;
        Ok(written.value)
    }
}

fn apply(
    scene: &Scene<'_, '_>,
    chronology: &store::ChronologyRow,
    row: &mut InvitationRow,
    details: &mut InvitationDetails,
    patch: &InvitationPatch,
    social_care: bool,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let asked = [("/due_at", patch.due_at.is_some()), ("/message", patch.message != Patch::Absent)];
    for (pointer, _) in asked.into_iter().filter(|(_, asked)| *asked && !social_care) {
        faults.push(Fault::new(pointer, "not_yours", "only social care changes this"));
    }
    if let Some(due_at) = patch.due_at {
        if due_at > chronology.expires_at || due_at <= scene.now() {
            faults.push(Fault::new("/due_at", "out_of_range", "between now and the chronology's expiry"));
        }
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
    details.message = filled(patch.message.clone().apply(details.message.take()).as_ref());
    faults
}

/// Whoever is named on an invitation comes to read. For its own agency's, whoever runs the chronology names nobody
/// without reading it themselves: business support would let itself in.
fn check_naming(permit: &Permit, chronology: &store::ChronologyRow, agency: AgencyId, names: bool) -> Option<Fault> {
    let lets_itself_in = names && agency == chronology.owner_agency_id && !permit.sees_all_agencies();
    lets_itself_in.then(|| Fault::new("/practitioners", "not_yours", "named by those who read the chronology"))
}

fn check_agency(scene: &mut Scene<'_, '_>, input: &InvitationIn) -> Answer<Vec<Fault>> {
    let partnership = scene.actor().partnership;
    let agency = store::agencies::find(scene.tx, partnership, input.agency_id)?.filter(|agency| agency.active);
    Ok(match agency {
        Some(_) => Vec::new(),
        None => vec![Fault::new("/agency_id", "unknown", "no such agency in the partnership")],
    })
}

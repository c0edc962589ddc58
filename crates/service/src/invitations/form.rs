//! The form that comes filled in: what the service knows of family, agency, practitioner and last return.

use domain::{InvitationId, Operation};

use super::{Invited, trail};
use crate::directory::{agency_out, categories};
use crate::session::{Call, Scene};
use crate::{Answer, FormOut, FragmentOut, GuidanceOut, Service, ServiceError};

impl Service {
    /// Everything that saves typing for one invitation.
    ///
    /// # Errors
    /// As every read.
    pub fn form(&self, call: &Call, id: InvitationId) -> Answer<FormOut> {
        self.meet_if_new(call)?;
        self.note_viewed(call, id)?;
        self.read(call, Operation::FormRead, trail(id), |scene| {
            let Invited { permit, chronology, row } = self.admit_to_invitation(scene, id, Operation::FormRead)?;
            if row.agency_id != scene.actor().agency {
                return Err(ServiceError::NotFound);
            }
            let partnership = permit.partnership();
            let agency = store::agencies::find(scene.tx, partnership, row.agency_id)?.ok_or(ServiceError::NotFound)?;
            let me = store::practitioners::find(scene.tx, partnership, scene.session.actor.practitioner)?;
            let family = self.open_family(scene, &permit, chronology.family_id)?;
            let last_return = self.last_return(scene, &permit, chronology.id)?;
            scene.trail.entry_count = last_return.as_ref().map(|fragment| fragment.entries.len() as i64);
            Ok(FormOut {
                invitation: self.invitation_out(scene, &permit, &chronology, &row)?,
                chronology: self.chronology_out(scene, &permit, &chronology)?,
                family: family.out(),
                agency: agency_out(agency),
                practitioner: self.practitioner_out(&me.ok_or(ServiceError::NotFound)?, scene.now())?,
                categories: categories(scene.partnership),
                last_return,
                latest_expiry: chronology.expires_at,
                guidance: guidance(),
            })
        })
    }

    fn last_return(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &domain::Permit,
        chronology: domain::ChronologyId,
    ) -> Answer<Option<FragmentOut>> {
        let (agency, now) = (scene.actor().agency, scene.now());
        let standing = store::fragments::list(scene.tx, permit.partnership(), chronology, now)?;
        let own = standing.into_iter().filter(|row| row.agency_id == agency);
        match own.max_by_key(|row| (row.updated_at, row.id)) {
            Some(row) => self.open_fragment(scene, permit, row, None).map(Some),
            None => Ok(None),
        }
    }
}

/// What to include and what not to, shown next to the form.
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
            "Nothing to tell",
            "If your agency holds nothing relevant, answer with a nil return. If sharing would harm the child more \
             than not sharing, decline and say so. Silence leaves a gap that nobody can read.",
        ),
    ];
    lines.into_iter().map(|(title, text)| GuidanceOut { title: title.to_owned(), text: text.to_owned() }).collect()
}

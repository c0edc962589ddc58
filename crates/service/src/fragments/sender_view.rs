//! The sender's view of fragments that were attached to a chronology of which the sender may not
//! know: they appear as the advance submissions that they were.

use contract::{FragmentIn, FragmentReceipt};
use domain::{AccessPermit, PersonId};
use kernel::{Conflict, ServiceError, ServiceResult, UnitOfWork};
use store::{ChronologyRow, FragmentOriginRow, FragmentRow};

use crate::fragments::Fragments;
use crate::fragments::validation::{Correction, Submission};
use crate::linking::schedule_linking;
use crate::records::{
    FamilyView, PersonIdMap, chronology_facts, is_hidden_from_actor, people_named_in, remap_people,
};

impl Fragments {
    /// The origin of an attached fragment of the caller's agency when its chronology is hidden from
    /// the caller, that is, from a practitioner whom the invitation does not name.
    pub(crate) fn hidden_origin(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        row: &FragmentRow,
    ) -> ServiceResult<Option<FragmentOriginRow>> {
        let actor = uow.actor().clone();
        let now = uow.now();
        let Some(chronology) = row.chronology_id.filter(|_| row.agency_id == actor.agency) else {
            return Ok(None);
        };
        let Some(origin) = store::origins::find(uow.tx, row.partnership_id, row.id)? else {
            return Ok(None);
        };
        let agency = actor.agency;
        let practitioner = actor.practitioner;
        let found = store::chronologies::facts(
            uow.tx,
            actor.partnership,
            chronology,
            agency,
            practitioner,
        )?;
        let Some(found) = found else { return Ok(None) };
        Ok(is_hidden_from_actor(&actor, &chronology_facts(&found, &actor, now)).then_some(origin))
    }

    /// A fragment as the caller may know of it, with the mapping back to their agency's person ids:
    /// the stored row, or the row as it was submitted.
    pub(super) fn sender_view(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: FragmentRow,
    ) -> ServiceResult<(FragmentRow, PersonIdMap)> {
        let Some(origin) = self.hidden_origin(uow, &row)? else {
            return Ok((row, PersonIdMap::new()));
        };
        let person_map = self.person_matching.person_map_for_family(
            uow,
            origin.chronology_id,
            origin.family_id,
        )?;
        let now = uow.now();
        let version = store::fragments::version(uow.tx, permit, row.id, row.version, now)?;
        let shown = FragmentRow {
            chronology_id: None,
            family_id: origin.family_id,
            child_id: row
                .child_id
                .map(|child| person_map.get(&child).copied().unwrap_or(child)),
            expires_at: origin.asked_expiry,
            // Attaching the fragment changed the row; the sender sees the time of its last version.
            updated_at: version.map_or(row.created_at, |version| version.created_at),
            ..row
        };
        Ok((shown, person_map))
    }

    /// Corrects a fragment in its sender's view: validates against the family that the sender
    /// submitted it about, stores it with the person ids of the chronology's family, and returns
    /// the receipt of an advance submission.
    pub(super) fn correct_in_sender_view(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        (row, origin): (FragmentRow, FragmentOriginRow),
        chronology: &ChronologyRow,
        input: &FragmentIn,
    ) -> ServiceResult<FragmentReceipt> {
        let family = self
            .records
            .families
            .open_family(uow, permit, origin.family_id)?;
        let requested_expiry = input.expires_at.unwrap_or(origin.asked_expiry);
        let correction = Correction {
            row: &row,
            input,
            expires_at: requested_expiry,
            latest_expiry: row.created_at.plus(uow.policy().max_ahead_lifetime),
        };
        let mut submission = self.validate_correction(uow, permit, &family, &correction)?;
        let to_sender = self.person_matching.person_map_for_family(
            uow,
            origin.chronology_id,
            origin.family_id,
        )?;
        let from_sender: PersonIdMap = to_sender
            .into_iter()
            .map(|(ours, theirs)| (theirs, ours))
            .collect();
        if origin.family_id != row.family_id {
            refuse_unmapped_children(&family, &submission, &from_sender)?;
        }
        remap_submission(&mut submission, &from_sender);
        submission.expires_at = requested_expiry.min(chronology.expires_at);
        let (receipt, _) =
            self.apply_correction(uow, permit, (row.clone(), &family), submission)?;
        self.records
            .fragments
            .update_origin_expiry(uow, permit, &row, requested_expiry)?;
        self.linking
            .update_decision_expiries(uow, permit, chronology)?;
        schedule_linking(uow, chronology.id);
        Ok(FragmentReceipt {
            chronology_id: None,
            expires_at: requested_expiry,
            ..receipt
        })
    }
}

/// Refuses a submission that names a child whom the sender added to their family after the
/// attachment: such a child has no counterpart in the chronology yet.
fn refuse_unmapped_children(
    family: &FamilyView,
    submission: &Submission,
    from_sender: &PersonIdMap,
) -> ServiceResult<()> {
    let unmapped: Vec<PersonId> = family
        .children()
        .map(|(id, _)| *id)
        .filter(|child| !from_sender.contains_key(child))
        .collect();
    let names_unmapped = submission
        .entries
        .iter()
        .flat_map(people_named_in)
        .chain(submission.child)
        .any(|person| unmapped.contains(&person));
    if names_unmapped {
        Err(ServiceError::Conflict(Conflict::WrongState))
    } else {
        Ok(())
    }
}

/// Replaces the person ids of the sender's family by those of the chronology's family.
fn remap_submission(submission: &mut Submission, from_sender: &PersonIdMap) {
    for entry in &mut submission.entries {
        remap_people(entry, from_sender);
    }
    submission.child = submission
        .child
        .map(|child| from_sender.get(&child).copied().unwrap_or(child));
}

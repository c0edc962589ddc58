//! Fragments that linkage took into a chronology of which whoever sent them may not know: to them they are what they
//! sent, ahead of any chronology.

use domain::{Permit, PersonId};
use store::{ChronologyRow, FragmentOriginRow, FragmentRow};

use super::entries::checked;
use super::submitting::{check_child, check_expiry, check_sharing, entry_scope};
use super::taking_in::{Names, people_in, rename_people};
use super::{FragmentDetails, is_unseen};
use crate::chronologies::facts_of;
use crate::session::Scene;
use crate::{Answer, Conflict, FragmentIn, FragmentReceipt, Service, ServiceError};

impl Service {
    /// Where a fragment of the caller's agency came from, when its chronology is not the caller's to know of: a
    /// practitioner whom the invitation does not name.
    pub(crate) fn unseen_origin(
        &self,
        scene: &mut Scene<'_, '_>,
        row: &FragmentRow,
    ) -> Answer<Option<FragmentOriginRow>> {
        let (actor, now) = (scene.actor().clone(), scene.now());
        let Some(chronology) = row.chronology_id.filter(|_| row.agency_id == actor.agency) else { return Ok(None) };
        let Some(origin) = store::origins::find(scene.tx, row.partnership_id, row.id)? else { return Ok(None) };
        let (agency, me) = (actor.agency, actor.practitioner);
        let found = store::chronologies::facts(scene.tx, actor.partnership, chronology, agency, me)?;
        let Some(found) = found else { return Ok(None) };
        Ok(is_unseen(&actor, &facts_of(&found, &actor, now)).then_some(origin))
    }

    /// A fragment as the caller may know of it, with the names under which its agency knows its people: as it stands,
    /// or as it was sent.
    pub(super) fn as_sent(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: FragmentRow,
    ) -> Answer<(FragmentRow, Names)> {
        let Some(origin) = self.unseen_origin(scene, &row)? else { return Ok((row, Names::new())) };
        let names = self.linked_from(scene, origin.chronology_id, origin.family_id)?;
        let now = scene.now();
        let version = store::fragments::version(scene.tx, permit, row.id, row.version, now)?;
        let shown = FragmentRow {
            chronology_id: None,
            family_id: origin.family_id,
            child_id: row.child_id.map(|child| names.get(&child).copied().unwrap_or(child)),
            expires_at: origin.asked_expiry,
            // The row was changed last when it was taken in.
            updated_at: version.map_or(row.created_at, |version| version.created_at),
            ..row
        };
        Ok((shown, names))
    }

    /// Corrects a fragment as its sender knows it: checked against the family they sent it about, kept as the
    /// chronology's family names its people, and answered as if it waited ahead.
    pub(super) fn correct_as_sent(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        (row, origin): (FragmentRow, FragmentOriginRow),
        chronology: &ChronologyRow,
        input: &FragmentIn,
    ) -> Answer<FragmentReceipt> {
        let family = self.open_family(scene, permit, origin.family_id)?;
        let scope = entry_scope(scene, &family, input.child_id);
        let mut faults = check_sharing(&input.sharing, input.involvement.as_ref(), &input.entries);
        let asked = input.expires_at.unwrap_or(origin.asked_expiry);
        faults.extend(check_expiry(scene, asked, row.created_at.plus(scene.policy().max_ahead_lifetime)));
        faults.extend(check_child(&scope));
        let entries = checked(scene, &scope, faults, &input.entries)?;
        let agency_reference = self.reference_of(scene, permit, &row)?;
        if input.agency_reference.is_some() && input.agency_reference != agency_reference {
            return Err(ServiceError::fault("/agency_reference", "fixed", "a fragment keeps its reference"));
        }
        let details = FragmentDetails {
            agency_reference,
            sharing: input.sharing.clone(),
            involvement: input.involvement.clone(),
            correction_reason: input.correction_reason.clone(),
        };
        let (agency, proxy, child) = (row.agency_id, row.proxy_by_agency, input.child_id);
        let mut submission =
            self.submission(scene, agency, proxy, child, asked, input.expires_at, details, (&input.entries, entries))?;
        let named = self.linked_from(scene, origin.chronology_id, origin.family_id)?;
        let names: Names = named.into_iter().map(|(ours, theirs)| (theirs, ours)).collect();
        // A child whom their family has come to have since is nobody here yet.
        let known = |child: &PersonId| names.contains_key(child) || origin.family_id == row.family_id;
        let children: Vec<PersonId> = scope.children.iter().filter(|child| !known(child)).copied().collect();
        if submission.entries.iter().flat_map(people_in).chain(child).any(|one| children.contains(&one)) {
            return Err(ServiceError::Conflict(Conflict::WrongState));
        }
        for entry in &mut submission.entries {
            rename_people(entry, &names);
        }
        submission.child = child.map(|child| names.get(&child).copied().unwrap_or(child));
        submission.expires_at = asked.min(chronology.expires_at);
        let (receipt, _) = self.correct_standing(scene, permit, (row.clone(), &family), submission)?;
        self.settle_origin(scene, permit, &row, asked)?;
        self.settle_decisions(scene, permit, chronology)?;
        let ours = self.open_family(scene, permit, chronology.family_id)?;
        self.link_afterwards(scene, permit, chronology, &ours);
        Ok(FragmentReceipt { chronology_id: None, expires_at: asked, ..receipt })
    }
}

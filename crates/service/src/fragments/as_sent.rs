//! Fragments that linkage took into a chronology of which whoever sent them may not know: to them they are what they
//! sent, ahead of any chronology.

use domain::{Denial, Facts, Operation, Permit, decide};
use store::{FragmentOriginRow, FragmentRow};

use super::taking_in::Names;
use crate::chronologies::facts_of;
use crate::session::Scene;
use crate::{Answer, Service};

impl Service {
    /// Where a fragment of the caller's agency came from, when its chronology is not the caller's to know of: a
    /// practitioner whom the invitation does not name.
    pub(super) fn unseen_origin(
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
        let facts = Facts { own_agency: true, ..facts_of(&found, &actor, now) };
        let unseen = decide(&actor, Operation::FragmentRead, &facts) == Err(Denial::NotYours);
        Ok(unseen.then_some(origin))
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
}

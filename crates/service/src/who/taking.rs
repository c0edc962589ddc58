//! What linkage makes of fragments that wait ahead of a chronology: taken in, asked about, or left alone.

use std::collections::BTreeMap;

use domain::{AgencyId, ChronologyId, FamilyId, Permit, PersonId};
use store::{ChronologyRow, PersonLinkRow};

use super::comparing::{Compared, Weighed, compare};
use super::{LinkDetails, known, rows_by_pair};
use crate::people::FamilyView;
use crate::session::Scene;
use crate::{Answer, PersonLinkStep, Service};

impl Service {
    /// Looks at what invited agencies sent ahead about the children of this family. Only families that share a look-up
    /// token with it are opened.
    pub(crate) fn take_in_ahead(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
    ) -> Answer<()> {
        for invitation in store::invitations::list(scene.tx, chronology.partnership_id, chronology.id)? {
            self.take_in_ahead_of(scene, permit, chronology, invitation.agency_id)?;
        }
        Ok(())
    }

    /// Looks at what one agency sent ahead.
    pub(crate) fn take_in_ahead_of(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        agency: AgencyId,
    ) -> Answer<()> {
        let (partnership, now) = (chronology.partnership_id, scene.now());
        let ours = self.open_family(scene, permit, chronology.family_id)?;
        let children: Vec<PersonId> = ours.children().map(|(id, _)| *id).collect();
        for family in store::person_links::families_waiting(scene.tx, partnership, agency, &children, now)? {
            self.consider(scene, permit, chronology, &ours, family, agency)?;
        }
        Ok(())
    }

    /// The same from the other side: a fragment that was just sent ahead, by an agency that an open chronology of these
    /// children has invited already.
    pub(crate) fn offer_to_chronologies(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        theirs: &FamilyView,
    ) -> Answer<()> {
        let (partnership, agency, now) = (permit.partnership(), scene.actor().agency, scene.now());
        let children: Vec<PersonId> = theirs.children().map(|(id, _)| *id).collect();
        for id in store::person_links::chronologies_asking(scene.tx, partnership, agency, &children, now)? {
            store::chronologies::lock(scene.tx, partnership, id)?;
            let found = store::chronologies::find(scene.tx, partnership, id, now)?;
            let Some(chronology) = found.filter(|row| row.state.takes_returns()) else { continue };
            let ours = self.open_family(scene, permit, chronology.family_id)?;
            if self.consider(scene, permit, &chronology, &ours, theirs.row.id, agency)? {
                break;
            }
        }
        Ok(())
    }

    /// Compares a family that an agency recorded with the chronology's, and acts on it: says whether its fragments were
    /// taken in.
    pub(super) fn consider(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        ours: &FamilyView,
        family: FamilyId,
        agency: AgencyId,
    ) -> Answer<bool> {
        if family == chronology.family_id {
            self.take_in_family(scene, permit, chronology, family, agency, &BTreeMap::new())?;
            return Ok(true);
        }
        let theirs = self.open_family(scene, permit, family)?;
        let members: Vec<PersonId> = theirs.members.iter().map(|(id, _)| *id).collect();
        let mut rows = rows_by_pair(scene, chronology.id, &members)?;
        let known = known(&rows.values().cloned().collect::<Vec<_>>());
        let Compared { same, complete, asked } = compare(&theirs, ours, &known);
        if !complete {
            for weighed in asked.into_iter().filter(|weighed| !rows.contains_key(&weighed.pair)) {
                self.note(scene, chronology, PersonLinkStep::Asked, weighed, None)?;
            }
            return Ok(false);
        }
        let map = same.iter().map(|weighed| weighed.pair).collect();
        for weighed in same {
            let row = rows.remove(&weighed.pair);
            self.note(scene, chronology, PersonLinkStep::Found, weighed, row)?;
        }
        self.take_in_family(scene, permit, chronology, family, agency, &map)?;
        Ok(true)
    }

    /// Notes what linkage says of a pair, unless a person has decided it or linkage said so before.
    fn note(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: &ChronologyRow,
        step: PersonLinkStep,
        weighed: Weighed,
        row: Option<PersonLinkRow>,
    ) -> Answer<()> {
        let now = scene.now();
        let word = if step == PersonLinkStep::Asked { "ask" } else { "find" };
        let Some(mut row) = row else {
            let mut details = LinkDetails { evidence: weighed.evidence.clone(), steps: Vec::new() };
            details.add(step, now, None, None);
            let row = self.new_link(scene, chronology, &weighed, &details)?;
            return self.record_linkage(scene, word, &row);
        };
        if row.state == store::PersonLinkState::Standing {
            return Ok(());
        }
        let mut details = self.link_details(&row, now)?;
        details.add(step, now, None, None);
        (row.band, details.evidence) = (super::band(weighed.band), weighed.evidence);
        self.save_link(scene, &mut row, &details)?;
        self.record_linkage(scene, word, &row)
    }

    /// Takes in every fragment of an agency that waits about a family.
    fn take_in_family(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        family: FamilyId,
        agency: AgencyId,
        same: &BTreeMap<PersonId, PersonId>,
    ) -> Answer<()> {
        let waiting = store::fragments::ahead_of(scene.tx, chronology.partnership_id, family, scene.session.now)?;
        for fragment in waiting.into_iter().filter(|fragment| fragment.agency_id == agency) {
            self.take_in(scene, permit, chronology, same, fragment)?;
        }
        self.settle_family(scene, permit, family)?;
        self.settle_family(scene, permit, chronology.family_id)?;
        let ours = self.open_family(scene, permit, chronology.family_id)?;
        self.link_afterwards(scene, permit, chronology, &ours);
        Ok(())
    }

    /// Sends back every fragment that was taken into a chronology from any of these families, and forgets what linkage
    /// alone had found of them: it holds no longer, and is found again when it is looked at again.
    pub(super) fn send_back_families(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        families: &[FamilyId],
    ) -> Answer<()> {
        let taken_in = store::origins::of_chronology(scene.tx, chronology.partnership_id, chronology.id)?;
        for origin in taken_in.into_iter().filter(|origin| families.contains(&origin.family_id)) {
            // One of ours may be somebody else in every family of theirs: each goes back by its own links.
            let names = self.linked_from(scene, chronology.id, origin.family_id)?;
            self.send_back(scene, permit, chronology, &origin, &names)?;
        }
        for family in families {
            self.settle_family(scene, permit, *family)?;
        }
        self.settle_family(scene, permit, chronology.family_id)?;
        let ours = self.open_family(scene, permit, chronology.family_id)?;
        self.link_afterwards(scene, permit, chronology, &ours);
        Ok(())
    }

    /// Who of ours is who of this family, by the links of a chronology.
    pub(crate) fn linked_from(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: ChronologyId,
        family: FamilyId,
    ) -> Answer<BTreeMap<PersonId, PersonId>> {
        let members = store::families::members(scene.tx, scene.actor().partnership, family)?;
        let rows = rows_by_pair(scene, chronology, &members)?;
        let of_them = rows.values().filter(|row| super::links(row));
        Ok(of_them.map(|row| (row.our_person_id, row.their_person_id)).collect())
    }

    /// Forgets what linkage alone had found of these families: it holds no longer, and is found again when it is looked
    /// at again. Whoever is also of a family whose fragments stay taken in stays linked: those need it to go back.
    pub(super) fn forget_found(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: ChronologyId,
        families: &[FamilyId],
    ) -> Answer<()> {
        let (partnership, now) = (scene.actor().partnership, scene.now());
        let mut members: Vec<PersonId> = Vec::new();
        for family in families {
            members.extend(store::families::members(scene.tx, partnership, *family)?);
        }
        for origin in store::origins::of_chronology(scene.tx, partnership, chronology)? {
            let staying = store::families::members(scene.tx, partnership, origin.family_id)?;
            members.retain(|member| !staying.contains(member));
        }
        for row in rows_by_pair(scene, chronology, &members)?.into_values() {
            let found = row.state == store::PersonLinkState::Standing && row.verdict.is_none();
            if found && self.link_details(&row, now)?.steps.len() == 1 {
                store::person_links::delete(scene.tx, &row)?;
                self.record_linkage(scene, "forget", &row)?;
            }
        }
        Ok(())
    }
}

//! Intake of advance submissions: attached to a chronology, queried or left alone.

use std::collections::BTreeMap;

use contract::PersonLinkStep;
use domain::{
    AccessPermit, AgencyId, ChronologyId, FamilyId, PersonId, PersonLinkState, SystemAction,
};
use kernel::{ServiceResult, UnitOfWork};
use store::{ChronologyRow, PersonLinkRow};

use crate::linking::schedule_linking;
use crate::person_matching::comparison::{FamilyComparison, ScoredPair, compare_families};
use crate::person_matching::{
    LinkDetails, PersonMatching, is_same_person, known_pairs, load_links_by_pair, stored_band,
};
use crate::records::{ChronologyScope, FamilyView, PersonIdMap};

impl PersonMatching {
    /// Matches what invited agencies have submitted in advance about the children of the
    /// chronology's family. Only families that share a look-up token with it are opened.
    pub(crate) fn match_advance_submissions(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
    ) -> ServiceResult<()> {
        for invitation in
            store::invitations::list(uow.tx, chronology.partnership_id, chronology.id)?
        {
            self.match_advance_submissions_of(uow, permit, chronology, invitation.agency_id)?;
        }
        Ok(())
    }

    /// Matches the advance submissions of one agency.
    pub(crate) fn match_advance_submissions_of(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        agency: AgencyId,
    ) -> ServiceResult<()> {
        let partnership = chronology.partnership_id;
        let now = uow.now();
        let ours = self
            .records
            .families
            .open_family(uow, permit, chronology.family_id)?;
        let children: Vec<PersonId> = ours.children().map(|(id, _)| *id).collect();
        let scope = ChronologyScope {
            permit,
            row: chronology,
            family: &ours,
        };
        for family in store::person_links::families_with_advance_fragments(
            uow.tx,
            partnership,
            agency,
            &children,
            now,
        )? {
            self.match_family(uow, scope, family, agency)?;
        }
        Ok(())
    }

    /// Matches a new advance submission with open chronologies that have already invited its
    /// agency.
    pub(crate) fn match_with_open_chronologies(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        theirs: &FamilyView,
    ) -> ServiceResult<()> {
        let partnership = permit.partnership();
        let agency = uow.actor().agency;
        let now = uow.now();
        let children: Vec<PersonId> = theirs.children().map(|(id, _)| *id).collect();
        for id in
            store::person_links::inviting_chronologies(uow.tx, partnership, agency, &children, now)?
        {
            store::chronologies::lock(uow.tx, partnership, id)?;
            let found = store::chronologies::find(uow.tx, partnership, id, now)?;
            let Some(chronology) = found.filter(|row| row.state.accepts_returns()) else {
                continue;
            };
            let ours = self
                .records
                .families
                .open_family(uow, permit, chronology.family_id)?;
            let scope = ChronologyScope {
                permit,
                row: &chronology,
                family: &ours,
            };
            if self.match_family(uow, scope, theirs.row.id, agency)? {
                break;
            }
        }
        Ok(())
    }

    /// Compares an agency's family with the chronology's and acts on the result. Returns whether
    /// the agency's submissions were attached.
    pub(super) fn match_family(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        scope: ChronologyScope<'_>,
        family: FamilyId,
        agency: AgencyId,
    ) -> ServiceResult<bool> {
        let ChronologyScope {
            permit,
            row: chronology,
            family: ours,
        } = scope;
        if family == chronology.family_id {
            self.attach_family_fragments(uow, scope, (family, agency), &BTreeMap::new())?;
            return Ok(true);
        }
        let theirs = self.records.families.open_family(uow, permit, family)?;
        let members: Vec<PersonId> = theirs.members.iter().map(|(id, _)| *id).collect();
        let mut rows = load_links_by_pair(uow, chronology.id, &members)?;
        let known = known_pairs(&rows.values().cloned().collect::<Vec<_>>());
        let FamilyComparison {
            same,
            complete,
            undecided,
        } = compare_families(&theirs, ours, &known);
        if !complete {
            for scored in undecided
                .into_iter()
                .filter(|scored| !rows.contains_key(&scored.pair))
            {
                self.record_step(uow, chronology, PersonLinkStep::Asked, scored, None)?;
            }
            return Ok(false);
        }
        let person_map = same.iter().map(|scored| scored.pair).collect();
        for scored in same {
            let row = rows.remove(&scored.pair);
            self.record_step(uow, chronology, PersonLinkStep::Found, scored, row)?;
        }
        self.attach_family_fragments(uow, scope, (family, agency), &person_map)?;
        Ok(true)
    }

    /// Records what linkage says about a pair, unless a person has decided it or linkage has said
    /// so before.
    fn record_step(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        step: PersonLinkStep,
        scored: ScoredPair,
        row: Option<PersonLinkRow>,
    ) -> ServiceResult<()> {
        let now = uow.now();
        let action = if step == PersonLinkStep::Asked {
            SystemAction::PersonLinkAsk
        } else {
            SystemAction::PersonLinkFind
        };
        let Some(mut row) = row else {
            let mut details = LinkDetails {
                evidence: scored.evidence.clone(),
                steps: Vec::new(),
            };
            details.add(step, now, None, None);
            let row = self.new_link(uow, chronology, &scored, &details)?;
            return self.audit_linkage(uow, action, &row);
        };
        if row.state == PersonLinkState::Standing {
            return Ok(());
        }
        let mut details = self.link_details(&row, now)?;
        details.add(step, now, None, None);
        row.band = stored_band(scored.band);
        details.evidence = scored.evidence;
        self.save_link(uow, &mut row, &details)?;
        self.audit_linkage(uow, action, &row)
    }

    /// Attaches every waiting submission of an agency about a family.
    fn attach_family_fragments(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        scope: ChronologyScope<'_>,
        (family, agency): (FamilyId, AgencyId),
        person_map: &PersonIdMap,
    ) -> ServiceResult<()> {
        let ChronologyScope {
            permit,
            row: chronology,
            ..
        } = scope;
        let waiting = store::fragments::list_advance_for_family(
            uow.tx,
            chronology.partnership_id,
            family,
            uow.session.now,
        )?;
        for fragment in waiting
            .into_iter()
            .filter(|fragment| fragment.agency_id == agency)
        {
            self.attach_fragment(uow, permit, chronology, person_map, fragment)?;
        }
        self.records
            .families
            .update_family_expiry(uow, permit, family)?;
        self.records
            .families
            .update_family_expiry(uow, permit, chronology.family_id)?;
        schedule_linking(uow, chronology.id);
        Ok(())
    }

    /// Detaches every fragment that was attached to the chronology from these families.
    pub(super) fn detach_family_fragments(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        families: &[FamilyId],
    ) -> ServiceResult<()> {
        let attached =
            store::origins::list_for_chronology(uow.tx, chronology.partnership_id, chronology.id)?;
        for origin in attached
            .into_iter()
            .filter(|origin| families.contains(&origin.family_id))
        {
            // One of our people may match a different person in each of their families, so each
            // fragment uses the links of its own family.
            let person_map = self.person_map_for_family(uow, chronology.id, origin.family_id)?;
            self.detach_fragment(uow, permit, chronology, &origin, &person_map)?;
        }
        for family in families {
            self.records
                .families
                .update_family_expiry(uow, permit, *family)?;
        }
        self.records
            .families
            .update_family_expiry(uow, permit, chronology.family_id)?;
        schedule_linking(uow, chronology.id);
        Ok(())
    }

    /// Our person ids mapped to those of this family, by the links of a chronology.
    pub(crate) fn person_map_for_family(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: ChronologyId,
        family: FamilyId,
    ) -> ServiceResult<PersonIdMap> {
        let members = store::families::members(uow.tx, uow.actor().partnership, family)?;
        let rows = load_links_by_pair(uow, chronology, &members)?;
        let matching_rows = rows.values().filter(|row| is_same_person(row));
        Ok(matching_rows
            .map(|row| (row.our_person_id, row.their_person_id))
            .collect())
    }

    /// Deletes the links of these families that linkage alone found; they are found again at the
    /// next comparison. Links of people who also belong to a family with attached fragments stay,
    /// because detaching those needs them.
    pub(super) fn delete_automatic_links(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: ChronologyId,
        families: &[FamilyId],
    ) -> ServiceResult<()> {
        let partnership = uow.actor().partnership;
        let now = uow.now();
        let mut members: Vec<PersonId> = Vec::new();
        for family in families {
            members.extend(store::families::members(uow.tx, partnership, *family)?);
        }
        for origin in store::origins::list_for_chronology(uow.tx, partnership, chronology)? {
            let still_attached = store::families::members(uow.tx, partnership, origin.family_id)?;
            members.retain(|member| !still_attached.contains(member));
        }
        for row in load_links_by_pair(uow, chronology, &members)?.into_values() {
            let found = row.state == PersonLinkState::Standing && row.verdict.is_none();
            if found && self.link_details(&row, now)?.steps.len() == 1 {
                store::person_links::delete(uow.tx, &row)?;
                self.audit_linkage(uow, SystemAction::PersonLinkForget, &row)?;
            }
        }
        Ok(())
    }
}

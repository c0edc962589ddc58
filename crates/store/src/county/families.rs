//! A family with its people, and its chronology with what was submitted to it.

use domain::{
    ChronologyId, ChronologyState, ConsolidationId, EntryId, FamilyId, FragmentId, InvitationId,
    InvitationState, Marking, PersonId, PersonKind, Purpose,
};

use super::{CHILDREN, ENTRIES, FRAGMENTS, ObjectKind, SyntheticCounty, id, noise, token};
use crate::{
    ChronologyRow, ConsolidationFragmentRow, ConsolidationLinksRow, ConsolidationRow, EntryRow,
    FamilyRow, FragmentRow, FragmentState, FragmentVersionRow, InvitationRow, PersonRow,
    StoreError, Tx, chronologies, consolidations, families, fragments, invitations, people,
};

impl SyntheticCounty {
    pub(super) fn insert_family(&self, tx: &mut Tx<'_>, number: u128) -> Result<(), StoreError> {
        let created_at = self.before(number % 300 + 10);
        let expires_at = self.after(number % 90 + 1);
        let family = FamilyRow {
            id: FamilyId(id(ObjectKind::Family, number)),
            partnership_id: self.partnership,
            created_by: self.practitioner(0, number),
            created_by_agency: self.agency(0),
            expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 200),
            version: 1,
            created_at,
            updated_at: created_at,
        };
        families::insert(tx, &family)?;
        for child in 0..CHILDREN {
            self.insert_person(tx, &family, number * CHILDREN + child)?;
        }
        let chronology = self.insert_chronology(tx, &family, number)?;
        for index in 0..FRAGMENTS {
            self.insert_invitation(tx, &chronology, number, index)?;
            self.insert_fragment(
                tx,
                &family,
                Some(&chronology),
                number * (FRAGMENTS + 1) + index,
            )?;
        }
        // An advance submission.
        if number.is_multiple_of(10) {
            self.insert_fragment(tx, &family, None, number * (FRAGMENTS + 1) + FRAGMENTS)?;
        }
        self.insert_frozen_view(tx, &chronology, number)?;
        self.insert_links(tx, &chronology, number)?;
        self.insert_records(tx, &chronology, number)?;
        self.insert_deleted(tx, number)
    }

    fn insert_person(
        &self,
        tx: &mut Tx<'_>,
        family: &FamilyRow,
        number: u128,
    ) -> Result<(), StoreError> {
        let row = PersonRow {
            id: PersonId(id(ObjectKind::Person, number)),
            partnership_id: self.partnership,
            kind: if number.is_multiple_of(CHILDREN) {
                PersonKind::Adult
            } else {
                PersonKind::Child
            },
            created_by: family.created_by,
            created_by_agency: family.created_by_agency,
            expires_at: family.expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 250),
            version: 1,
            created_at: family.created_at,
            updated_at: family.created_at,
        };
        let shared = number / 12;
        let keys = [
            ("nhs_number", 1, number),
            ("name_birth", 2, number),
            ("blocking", 3, shared),
            ("kin", 4, shared),
        ];
        let keys: Vec<_> = keys
            .iter()
            .map(|(kind, salt, of)| (*kind, token(*salt, *of).0))
            .collect();
        people::insert(tx, &row, &keys)?;
        families::add_member(tx, self.partnership, family.id, row.id)
    }

    fn insert_chronology(
        &self,
        tx: &mut Tx<'_>,
        family: &FamilyRow,
        number: u128,
    ) -> Result<ChronologyRow, StoreError> {
        let row = ChronologyRow {
            id: ChronologyId(id(ObjectKind::Chronology, number)),
            partnership_id: self.partnership,
            family_id: family.id,
            owner_id: family.created_by,
            owner_agency_id: self.agency(0),
            purpose: Purpose::InitialConference,
            state: ChronologyState::Open,
            due_at: self.after(number % 20),
            opened_at: Some(family.created_at),
            expires_at: family.expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 400),
            version: 1,
            created_at: family.created_at,
            updated_at: family.created_at,
        };
        chronologies::insert(tx, &row)?;
        chronologies::set_team(
            tx,
            self.partnership,
            row.id,
            &[
                self.practitioner(0, number + 1),
                self.practitioner(0, number + 2),
            ],
        )?;
        Ok(row)
    }

    /// A view frozen with every fragment of the chronology.
    fn insert_frozen_view(
        &self,
        tx: &mut Tx<'_>,
        of: &ChronologyRow,
        number: u128,
    ) -> Result<(), StoreError> {
        let view = ConsolidationRow {
            id: ConsolidationId(id(ObjectKind::Consolidation, number)),
            partnership_id: self.partnership,
            chronology_id: of.id,
            author_id: of.owner_id,
            expires_at: of.expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 500),
            signed_off_at: None,
            signed_off_by: None,
            created_at: of.created_at,
        };
        let fragments: Vec<ConsolidationFragmentRow> = (0..FRAGMENTS)
            .map(|index| ConsolidationFragmentRow {
                consolidation_id: view.id,
                fragment_id: FragmentId(id(ObjectKind::Fragment, number * (FRAGMENTS + 1) + index)),
                version: 1,
                partnership_id: self.partnership,
            })
            .collect();
        let links = ConsolidationLinksRow {
            consolidation_id: view.id,
            partnership_id: self.partnership,
            expires_at: of.expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 300),
        };
        consolidations::insert(tx, &view, &fragments, Some(&links))
    }

    fn insert_invitation(
        &self,
        tx: &mut Tx<'_>,
        of: &ChronologyRow,
        number: u128,
        index: u128,
    ) -> Result<(), StoreError> {
        let invited = number + index + 1;
        let row = InvitationRow {
            id: InvitationId(id(ObjectKind::Invitation, number * FRAGMENTS + index)),
            partnership_id: self.partnership,
            chronology_id: of.id,
            agency_id: self.agency(invited),
            state: InvitationState::Submitted,
            due_at: of.due_at,
            viewed_at: None,
            drafting_at: None,
            answered_at: Some(of.created_at),
            decline_reason: None,
            answered_by: None,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 100),
            version: 1,
            created_at: of.created_at,
            updated_at: of.created_at,
        };
        invitations::insert(tx, &row)?;
        invitations::set_practitioners(
            tx,
            self.partnership,
            row.id,
            &[self.practitioner(invited, number)],
        )
    }

    fn insert_fragment(
        &self,
        tx: &mut Tx<'_>,
        family: &FamilyRow,
        chronology: Option<&ChronologyRow>,
        number: u128,
    ) -> Result<(), StoreError> {
        let agency = number / (FRAGMENTS + 1) + number % (FRAGMENTS + 1) + 1;
        let row = FragmentRow {
            id: FragmentId(id(ObjectKind::Fragment, number)),
            partnership_id: self.partnership,
            agency_id: self.agency(agency),
            chronology_id: chronology.map(|of| of.id),
            family_id: family.id,
            child_id: None,
            proxy_by_agency: None,
            reference_index: Some(token(6, number)),
            state: FragmentState::Submitted,
            author_id: self.practitioner(agency, number / (FRAGMENTS + 1)),
            expires_at: family.expires_at,
            wrapped_until: Some(family.expires_at),
            version: 1,
            created_at: family.created_at,
            updated_at: family.created_at,
        };
        let version = FragmentVersionRow {
            fragment_id: row.id,
            version: 1,
            partnership_id: self.partnership,
            expires_at: row.expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 150),
            content_index: token(7, number),
            entry_count: ENTRIES as i64,
            author_id: row.author_id,
            created_at: row.created_at,
        };
        let entries: Vec<EntryRow> = (0..ENTRIES)
            .map(|position| self.entry(&row, number, position))
            .collect();
        fragments::insert(tx, &row)?;
        fragments::insert_version(tx, &version, &entries)
    }

    fn entry(&self, fragment: &FragmentRow, number: u128, position: u128) -> EntryRow {
        let number = number * ENTRIES + position;
        EntryRow {
            id: EntryId(id(ObjectKind::Entry, number)),
            fragment_id: fragment.id,
            version: 1,
            partnership_id: self.partnership,
            position: position as i64,
            marking: Marking::Normal,
            reference_index: Some(token(8, number)),
            sealed: noise(number, 200),
        }
    }
}

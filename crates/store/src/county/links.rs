//! Links between entries and between records of people.

use domain::{EntryId, FamilyId, FragmentId, LinkDecisionId, LinkVerdict, PersonId, PersonLinkId};

use super::{CHILDREN, ENTRIES, FRAGMENTS, ObjectKind, SyntheticCounty, id, noise, token};
use crate::{
    ChronologyRow, DecidedEntryRow, EventLinksRow, FragmentOriginRow, LinkDecisionRow,
    PersonLinkBand, PersonLinkRow, PersonLinkState, StoreError, Tx, event_links, link_decisions,
    origins, person_links,
};

impl SyntheticCounty {
    /// Links between events, and a practitioner's decision about entries.
    pub(super) fn insert_links(
        &self,
        tx: &mut Tx<'_>,
        of: &ChronologyRow,
        number: u128,
    ) -> Result<(), StoreError> {
        let views: Vec<EventLinksRow> = (0..2)
            .map(|view| EventLinksRow {
                chronology_id: of.id,
                view_index: token(9 + view, number),
                partnership_id: self.partnership,
                expires_at: of.expires_at,
                wrapped_key: noise(number, 60),
                sealed: noise(number, 300),
                created_at: of.created_at,
            })
            .collect();
        event_links::replace(tx, self.partnership, of.id, &views)?;
        let decision = LinkDecisionRow {
            id: LinkDecisionId(id(ObjectKind::Decision, number)),
            partnership_id: self.partnership,
            chronology_id: of.id,
            verdict: LinkVerdict::SameEvent,
            author_id: of.owner_id,
            expires_at: of.expires_at,
            wrapped_key: Some(noise(number, 60)),
            sealed: Some(noise(number, 60)),
            withdrawn_at: None,
            withdrawn_by: None,
            version: 1,
            created_at: of.created_at,
            updated_at: of.created_at,
        };
        let decided: Vec<DecidedEntryRow> = (0..2)
            .map(|side| DecidedEntryRow {
                decision_id: decision.id,
                entry_id: EntryId(id(
                    ObjectKind::Entry,
                    (number * (FRAGMENTS + 1) + side) * ENTRIES,
                )),
                partnership_id: self.partnership,
                fragment_id: FragmentId(id(ObjectKind::Fragment, number * (FRAGMENTS + 1) + side)),
                side: side as i64,
            })
            .collect();
        link_decisions::insert(tx, &decision, &decided)?;
        if number > 0 && number.is_multiple_of(5) {
            self.insert_person_link(tx, of, number)?;
        }
        Ok(())
    }

    /// A possible link to a child of another family, and the origin of a fragment of that family
    /// that was attached.
    fn insert_person_link(
        &self,
        tx: &mut Tx<'_>,
        of: &ChronologyRow,
        number: u128,
    ) -> Result<(), StoreError> {
        let link = PersonLinkRow {
            id: PersonLinkId(id(ObjectKind::PersonLink, number)),
            partnership_id: self.partnership,
            chronology_id: of.id,
            their_person_id: PersonId(id(ObjectKind::Person, (number - 1) * CHILDREN + 1)),
            our_person_id: PersonId(id(ObjectKind::Person, number * CHILDREN + 1)),
            band: PersonLinkBand::Possible,
            state: PersonLinkState::Open,
            verdict: None,
            decided_by: None,
            expires_at: of.expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 200),
            version: 1,
            created_at: of.created_at,
            updated_at: of.created_at,
        };
        person_links::insert(tx, &link)?;
        let origin = FragmentOriginRow {
            fragment_id: FragmentId(id(ObjectKind::Fragment, number * (FRAGMENTS + 1))),
            partnership_id: self.partnership,
            chronology_id: of.id,
            family_id: FamilyId(id(ObjectKind::Family, number - 1)),
            asked_expiry: of.expires_at,
            created_at: of.created_at,
        };
        origins::insert(tx, &origin)
    }
}

//! Links between person records: their expiry, and the facts that linkage compares.

use std::collections::BTreeMap;

use contract::Relationship;
use domain::{Instant, PersonDetails, PersonId, PersonLinkId, RelationshipKind as R, Sensitive};
use kernel::{RewrappedKey, ServiceResult, UnitOfWork, chronology_terms};
use linkage::{PersonFacts, RelationFacts};
use store::{ChronologyRow, PersonLinkRow};
use vault::{RecordLocation, SealedTable};

use crate::records::families::{FamilyRecords, FamilyView};

/// A person of the other agency's family (`their`) and one of the chronology's family (`our`).
pub(crate) type PersonPair = (PersonId, PersonId);

/// Replacement person ids by original id.
pub(crate) type PersonIdMap = BTreeMap<PersonId, PersonId>;

/// Location of a person link's sealed details.
pub(crate) fn link_location(id: PersonLinkId, version: i64) -> RecordLocation {
    RecordLocation {
        table: SealedTable::PersonLinks,
        row: id.0,
        version,
    }
}

impl FamilyRecords {
    /// Updates the expiry of a person's links to the earliest expiry of the chronology and both
    /// people.
    pub(super) fn update_person_link_expiries(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        person: PersonId,
    ) -> ServiceResult<()> {
        let partnership = uow.actor().partnership;
        let now = uow.now();
        for (row, chronology_end) in
            store::person_links::list_for_person(uow.tx, partnership, person, now)?
        {
            self.update_link_expiry(uow, &row, chronology_end)?;
        }
        Ok(())
    }

    /// Updates the expiry of a chronology's links after its own has changed.
    pub(crate) fn update_chronology_link_expiries(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
    ) -> ServiceResult<()> {
        let now = uow.now();
        for row in store::person_links::list_for_chronology(
            uow.tx,
            chronology.partnership_id,
            chronology.id,
            now,
        )? {
            self.update_link_expiry(uow, &row, chronology.expires_at)?;
        }
        Ok(())
    }

    fn update_link_expiry(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        row: &PersonLinkRow,
        chronology_end: Instant,
    ) -> ServiceResult<()> {
        let now = uow.now();
        let end = link_expiry(
            uow,
            chronology_end,
            (row.their_person_id, row.our_person_id),
        )?;
        let Some(end) = end.filter(|end| *end != row.expires_at && *end > now) else {
            return Ok(());
        };
        let from = chronology_terms(row.chronology_id, row.expires_at);
        let to = chronology_terms(row.chronology_id, end);
        let location = link_location(row.id, row.version);
        let wrapped = self.kernel.rewrap(
            uow.tx,
            now,
            &RewrappedKey {
                from: &from,
                to: &to,
                location: &location,
                wrapped: row.wrapped_key.as_ref(),
            },
        )?;
        Ok(store::person_links::set_lifetime(
            uow.tx,
            row.partnership_id,
            row.id,
            end,
            &wrapped.into(),
        )?)
    }
}

/// The earliest expiry of a chronology and two person records; `None` when one of them is gone.
pub(crate) fn link_expiry(
    uow: &mut UnitOfWork<'_, '_>,
    chronology_end: Instant,
    pair: PersonPair,
) -> ServiceResult<Option<Instant>> {
    let partnership = uow.actor().partnership;
    let now = uow.now();
    let mut end = chronology_end;
    for id in [pair.0, pair.1] {
        let Some(person) = store::people::facts(uow.tx, partnership, id, now)? else {
            return Ok(None);
        };
        end = end.min(person.expires_at);
    }
    Ok(Some(end))
}

/// Linkage facts of one member.
pub(crate) fn person_facts(
    view: &FamilyView,
    id: PersonId,
    details: &PersonDetails,
) -> PersonFacts {
    let of = |other: PersonId| view.members.iter().find(|(member, _)| *member == other);
    let relations = view.relationships().iter().filter_map(|relationship| {
        let both_ways = matches!(
            relationship.kind,
            R::SiblingOf | R::HalfSiblingOf | R::TwinOf
        );
        match relationship {
            Relationship { from, to, .. } if *to == id => Some((relationship.kind, *from)),
            Relationship { from, to, .. } if *from == id && both_ways => {
                Some((relationship.kind, *to))
            }
            _ => None,
        }
    });
    let relations = relations.filter_map(|(kind, other)| {
        let (other, details) = of(other)?;
        Some(RelationFacts {
            kind,
            name: details.name.clone(),
            birth: details
                .birth
                .filter(|birth| !birth.expected)
                .map(|birth| birth.date),
            nhs_number: details
                .nhs_number
                .as_ref()
                .map(|number| Sensitive::from(number.as_str())),
            reference: Some(other.to_string()),
        })
    });
    PersonFacts {
        agency: view.row.created_by_agency.to_string(),
        reference: Some(id.to_string()),
        relations: relations.collect(),
        ..PersonFacts::from_details(id.to_string(), details)
    }
}

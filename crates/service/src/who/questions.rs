//! What is left for social care to decide, and what was decided.

use domain::{ChronologyId, Operation, Permit, PersonDetails, PersonLinkId};
use store::{PersonLinkRow, PersonLinkState as State, PersonRow};

use super::{band_out, links};
use crate::chronologies::{Admitted, trail};
use crate::session::{Call, Scene};
use crate::{Answer, Page, PageQuery, PersonLinkOut, PersonQuestionOut, PersonRecordOut, Service, ServiceError};

impl Service {
    /// The open questions of a chronology, oldest first: both records side by side, with the facts for and against.
    /// Nothing of what the agency wrote about the person is shown. A question that no answer would change anything about
    /// any more is left out.
    ///
    /// # Errors
    /// As every read.
    pub fn person_questions(&self, call: &Call, id: ChronologyId, query: PageQuery) -> Answer<Page<PersonQuestionOut>> {
        self.read(call, Operation::PersonLinkRead, trail(id), |scene| {
            let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::PersonLinkRead)?;
            let slice = self.slice(scene, "questions", &query)?;
            let after = slice.after;
            let (partnership, now) = (chronology.partnership_id, scene.now());
            let all = store::person_links::of_chronology(scene.tx, partnership, id, now)?;
            let settled = |row: &PersonLinkRow| {
                all.iter().any(|other| links(other) && other.their_person_id == row.their_person_id)
            };
            let open = all.iter().filter(|row| row.state == State::Open && !settled(row));
            let mut shown = Vec::new();
            for row in open.filter(|row| after.is_none_or(|place| (row.created_at, row.id.0) > (place.at, place.id))) {
                shown.extend(self.question(scene, &permit, row)?);
                // One more than asked for says that there is a next page.
                if i64::try_from(shown.len()).unwrap_or(i64::MAX) > slice.limit {
                    break;
                }
            }
            let (items, next) = self.cut(scene, "questions", &slice, shown, |one| (one.asked_at, one.id.0))?;
            scene.trail.expires_at = items.iter().map(|one| one.expires_at).chain(scene.trail.expires_at).min();
            Ok(Page { items, next })
        })
    }

    fn question(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &PersonLinkRow,
    ) -> Answer<Option<PersonQuestionOut>> {
        let (partnership, now) = (permit.partnership(), scene.now());
        let (chronology, theirs) = (row.chronology_id, row.their_person_id);
        if store::person_links::waiting_about(scene.tx, partnership, chronology, theirs, now)?.is_empty() {
            return Ok(None);
        }
        let (theirs, ours) =
            (self.record_of(scene, permit, row.their_person_id)?, self.record_of(scene, permit, row.our_person_id)?);
        let Some((theirs, ours)) = theirs.zip(ours) else { return Ok(None) };
        Ok(Some(PersonQuestionOut {
            id: row.id,
            chronology_id: chronology,
            theirs,
            ours,
            band: band_out(row.band),
            evidence: self.link_details(row, now)?.evidence,
            asked_at: row.created_at,
            expires_at: row.expires_at,
            version: row.version,
        }))
    }

    fn record_of(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        id: domain::PersonId,
    ) -> Answer<Option<PersonRecordOut>> {
        let now = scene.now();
        let Some(row) = store::people::find(scene.tx, permit, id, now)? else { return Ok(None) };
        let details = self.open_person(&row, now)?;
        Ok(Some(record_out(&row, details)))
    }

    /// What is known of who is who on a chronology, oldest first: what the facts linked, what people decided, and what
    /// they undid.
    ///
    /// # Errors
    /// As every read.
    pub fn person_links(&self, call: &Call, id: ChronologyId, query: PageQuery) -> Answer<Page<PersonLinkOut>> {
        self.read(call, Operation::PersonLinkRead, trail(id), |scene| {
            let Admitted { row: chronology, .. } = self.admit(scene, id, Operation::PersonLinkRead)?;
            let slice = self.slice(scene, "person_links", &query)?;
            let (after, now) = (slice.after, scene.now());
            let all = store::person_links::of_chronology(scene.tx, chronology.partnership_id, id, now)?;
            let rows = all.into_iter().filter(|row| row.state != State::Open);
            let rows = rows
                .filter(|row| after.is_none_or(|place| (row.created_at, row.id.0) > (place.at, place.id)))
                .collect();
            let key = |row: &PersonLinkRow| (row.created_at, row.id.0);
            let page = self.page(scene, "person_links", &slice, rows, key, |row| self.person_link_out(&row, now))?;
            scene.trail.expires_at = page.items.iter().map(|one| one.expires_at).chain(scene.trail.expires_at).min();
            Ok(page)
        })
    }

    /// What is known of two records.
    ///
    /// # Errors
    /// As every read.
    pub fn person_link(&self, call: &Call, id: ChronologyId, link: PersonLinkId) -> Answer<PersonLinkOut> {
        self.read(call, Operation::PersonLinkRead, trail(id), |scene| self.read_person_link(scene, id, link))
    }

    pub(super) fn read_person_link(
        &self,
        scene: &mut Scene<'_, '_>,
        id: ChronologyId,
        link: PersonLinkId,
    ) -> Answer<PersonLinkOut> {
        let Admitted { row: chronology, .. } = self.admit(scene, id, Operation::PersonLinkRead)?;
        let now = scene.now();
        let found = store::person_links::find(scene.tx, chronology.partnership_id, id, link, now)?;
        let row = found.ok_or(ServiceError::NotFound)?;
        scene.trail.object_kind = Some("person_link");
        scene.trail.object_id = Some(link.0);
        scene.trail.expires_at = Some(row.expires_at);
        self.person_link_out(&row, now)
    }
}

fn record_out(row: &PersonRow, details: PersonDetails) -> PersonRecordOut {
    PersonRecordOut {
        person_id: row.id,
        agency_id: row.created_by_agency,
        kind: details.kind,
        name: details.name,
        other_names: details.other_names,
        birth: details.birth,
        sex: details.sex,
        nhs_number: details.nhs_number.map(|number| number.as_str().into()),
        upn: details.upn.map(|upn| upn.as_str().into()),
        addresses: details.addresses.into_iter().filter(|address| !address.protected).collect(),
    }
}

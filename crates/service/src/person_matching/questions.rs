//! Open questions for social care, and the links decided so far.

use contract::{Page, PageQuery, PersonLinkOut, PersonQuestionOut, PersonRecordOut};
use domain::{
    AccessPermit, ChronologyId, Operation, PersonDetails, PersonLinkId, PersonLinkState as State,
};
use kernel::{CallContext, ServiceError, ServiceResult, UnitOfWork};
use store::{PersonLinkRow, PersonRow};

use crate::person_matching::{PersonMatching, is_same_person};
use crate::records::{AuthorizedChronology, about_chronology};

impl PersonMatching {
    /// The open questions of a chronology, oldest first: both records side by side with the
    /// evidence. The agency's fragments are not shown. A question whose answer can no longer change
    /// anything is left out.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_person_questions(
        &self,
        call: &CallContext,
        id: ChronologyId,
        query: PageQuery,
    ) -> ServiceResult<Page<PersonQuestionOut>> {
        self.kernel.read(
            call,
            Operation::PersonLinkRead,
            about_chronology(id),
            |uow| {
                let AuthorizedChronology {
                    permit,
                    row: chronology,
                } = self.records.chronologies.authorize_chronology(
                    uow,
                    id,
                    Operation::PersonLinkRead,
                )?;
                let bounds = self.kernel.parse_page_query(uow, "questions", &query)?;
                let after = bounds.after;
                let partnership = chronology.partnership_id;
                let now = uow.now();
                let all = store::person_links::list_for_chronology(uow.tx, partnership, id, now)?;
                let is_answered = |row: &PersonLinkRow| {
                    all.iter().any(|other| {
                        is_same_person(other) && other.their_person_id == row.their_person_id
                    })
                };
                let open = all
                    .iter()
                    .filter(|row| row.state == State::Open && !is_answered(row));
                let mut shown = Vec::new();
                for row in open.filter(|row| {
                    after.is_none_or(|cursor| (row.created_at, row.id.0) > (cursor.at, cursor.id))
                }) {
                    shown.extend(self.question(uow, &permit, row)?);
                    // One item more than the limit shows that there is a next page.
                    if i64::try_from(shown.len()).unwrap_or(i64::MAX) > bounds.limit {
                        break;
                    }
                }
                let (items, next) =
                    self.kernel
                        .split_page(uow, "questions", &bounds, shown, |question| {
                            (question.asked_at, question.id.0)
                        })?;
                uow.audit.expires_at = items
                    .iter()
                    .map(|question| question.expires_at)
                    .chain(uow.audit.expires_at)
                    .min();
                Ok(Page { items, next })
            },
        )
    }

    fn question(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &PersonLinkRow,
    ) -> ServiceResult<Option<PersonQuestionOut>> {
        let partnership = permit.partnership();
        let now = uow.now();
        let chronology = row.chronology_id;
        let theirs = row.their_person_id;
        if store::person_links::advance_families_with_person(
            uow.tx,
            partnership,
            chronology,
            theirs,
            now,
        )?
        .is_empty()
        {
            return Ok(None);
        }
        let theirs = self.record_of(uow, permit, row.their_person_id)?;
        let ours = self.record_of(uow, permit, row.our_person_id)?;
        let Some((theirs, ours)) = theirs.zip(ours) else {
            return Ok(None);
        };
        Ok(Some(PersonQuestionOut {
            id: row.id,
            chronology_id: chronology,
            theirs,
            ours,
            band: row.band,
            evidence: self.link_details(row, now)?.evidence,
            asked_at: row.created_at,
            expires_at: row.expires_at,
            version: row.version,
        }))
    }

    fn record_of(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        id: domain::PersonId,
    ) -> ServiceResult<Option<PersonRecordOut>> {
        let now = uow.now();
        let Some(row) = store::people::find(uow.tx, permit, id, now)? else {
            return Ok(None);
        };
        let details = self.records.families.open_person(&row, now)?;
        Ok(Some(record_out(&row, details)))
    }

    /// The person links of a chronology, oldest first: found by linkage, decided by a person, or
    /// undone.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_person_links(
        &self,
        call: &CallContext,
        id: ChronologyId,
        query: PageQuery,
    ) -> ServiceResult<Page<PersonLinkOut>> {
        self.kernel.read(
            call,
            Operation::PersonLinkRead,
            about_chronology(id),
            |uow| {
                let AuthorizedChronology {
                    row: chronology, ..
                } = self.records.chronologies.authorize_chronology(
                    uow,
                    id,
                    Operation::PersonLinkRead,
                )?;
                let bounds = self.kernel.parse_page_query(uow, "person_links", &query)?;
                let after = bounds.after;
                let now = uow.now();
                let all = store::person_links::list_for_chronology(
                    uow.tx,
                    chronology.partnership_id,
                    id,
                    now,
                )?;
                let rows = all.into_iter().filter(|row| row.state != State::Open);
                let rows = rows
                    .filter(|row| {
                        after.is_none_or(|cursor| {
                            (row.created_at, row.id.0) > (cursor.at, cursor.id)
                        })
                    })
                    .collect();
                let key = |row: &PersonLinkRow| (row.created_at, row.id.0);
                let page =
                    self.kernel
                        .build_page(uow, "person_links", &bounds, rows, key, |row| {
                            self.person_link_out(&row, now)
                        })?;
                uow.audit.expires_at = page
                    .items
                    .iter()
                    .map(|question| question.expires_at)
                    .chain(uow.audit.expires_at)
                    .min();
                Ok(page)
            },
        )
    }

    /// One person link.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_person_link(
        &self,
        call: &CallContext,
        id: ChronologyId,
        link: PersonLinkId,
    ) -> ServiceResult<PersonLinkOut> {
        self.kernel.read(
            call,
            Operation::PersonLinkRead,
            about_chronology(id),
            |uow| self.read_person_link(uow, id, link),
        )
    }

    pub(super) fn read_person_link(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: ChronologyId,
        link: PersonLinkId,
    ) -> ServiceResult<PersonLinkOut> {
        let AuthorizedChronology {
            row: chronology, ..
        } = self
            .records
            .chronologies
            .authorize_chronology(uow, id, Operation::PersonLinkRead)?;
        let now = uow.now();
        let found = store::person_links::find(uow.tx, chronology.partnership_id, id, link, now)?;
        let row = found.ok_or(ServiceError::NotFound)?;
        uow.audit.set_object(link);
        uow.audit.expires_at = Some(row.expires_at);
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
        addresses: details
            .addresses
            .into_iter()
            .filter(|address| !address.protected)
            .collect(),
    }
}

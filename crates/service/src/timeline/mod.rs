//! The consolidated timeline: every live entry that the reader may see, each event once, with every
//! agency's account.

mod paging;

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::{ChildHeader, CoverageOut, Involvement, TimelineHeader, TimelineOut, TimelineQuery};
use domain::{AccessPermit, AgencyId, ChronologyId, InvitationState, Operation};
use kernel::{CallContext, Kernel, ServiceError, ServiceResult, UnitOfWork};
use store::{ChronologyRow, InvitationRow};
use timeline::{
    CoverageLine, LiveEntry, Row, TimelineFilter, consolidate_linked, coverage_statement,
};

use crate::input::as_count;
use crate::linking::Linking;
use crate::records::{
    AuthorizedChronology, FamilyView, Records, about_chronology, count_entries_in_rows,
    family_facts, load_agency_names, visible_answer_state,
};

/// Use cases of the consolidated timeline.
pub struct Timelines {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) records: Arc<Records>,
    pub(crate) linking: Arc<Linking>,
}

impl Timelines {
    /// The consolidated timeline.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors); `Conflict::OwnReturnFirst` for a contributor
    /// whose agency has not submitted a fragment.
    pub fn get_timeline(
        &self,
        call: &CallContext,
        id: ChronologyId,
        query: TimelineQuery,
    ) -> ServiceResult<TimelineOut> {
        self.kernel
            .read(call, Operation::TimelineRead, about_chronology(id), |uow| {
                let AuthorizedChronology { permit, row } = self
                    .records
                    .chronologies
                    .authorize_chronology(uow, id, Operation::TimelineRead)?;
                let view = self.build_timeline(uow, &permit, &row, &query)?;
                uow.audit.entry_count = Some(view.header.entry_count);
                uow.audit.disclosures.shown_entries = count_entries_in_rows(&view.rows);
                Ok(view)
            })
    }

    /// Builds the timeline as the permit holder may see it.
    pub(crate) fn build_timeline(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        query: &TimelineQuery,
    ) -> ServiceResult<TimelineOut> {
        let family = self
            .records
            .families
            .open_family(uow, permit, chronology.family_id)?;
        let opened = self.records.content.open_content(
            uow,
            permit,
            &permit.reader(),
            chronology,
            Some(&family),
        )?;
        let counts = count_by_agency(&opened.entries);
        let facts = family_facts(&family);
        let linked = self
            .linking
            .load_event_links(uow, permit, chronology, &opened, &facts)?;
        let sorted = linked.with_decisions(&opened.entries);
        let agencies = load_agency_names(uow, permit.partnership(), &opened.entries)?;
        let consolidated = consolidate_linked(
            opened.entries,
            &sorted,
            &facts.children,
            &agencies,
            &build_filter(query),
        );
        let coverage = self.coverage(uow, permit, chronology, &counts, opened.involvement)?;
        let header = self.header(uow, chronology, &family, coverage, &consolidated.rows)?;
        let (rows, next) = self.paginate_rows(uow, chronology, query, consolidated.rows)?;
        Ok(TimelineOut {
            header,
            rows,
            next,
            until: uow.audit.expires_at,
        })
    }

    /// The answer state of each invited agency, and its part in the support network.
    pub(crate) fn coverage(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        counts: &BTreeMap<AgencyId, i64>,
        mut involvement: BTreeMap<AgencyId, Involvement>,
    ) -> ServiceResult<Vec<CoverageOut>> {
        let partnership = permit.partnership();
        let invited = store::invitations::list(uow.tx, partnership, chronology.id)?;
        let ids: Vec<AgencyId> = invited.iter().map(|row| row.agency_id).collect();
        let agencies = store::agencies::find_many(uow.tx, partnership, &ids)?;
        let may_see_details = permit.sees_all_agencies();
        let reader = permit.reader();
        let line = |row: InvitationRow| {
            let agency = agencies
                .iter()
                .find(|agency| agency.id == row.agency_id)
                .ok_or(ServiceError::NotFound)?;
            let entry_count = counts.get(&row.agency_id).copied().unwrap_or(0);
            Ok(CoverageOut {
                agency_id: row.agency_id,
                agency_name: agency.name.clone(),
                agency_kind: agency.kind,
                state: visible_answer_state(&reader, row.agency_id, row.state),
                answered_at: row.answered_at,
                decline_reason: row.decline_reason.filter(|_| may_see_details),
                entry_count,
                involvement: involvement.remove(&row.agency_id),
            })
        };
        invited.into_iter().map(line).collect()
    }

    /// The header of a timeline.
    pub(crate) fn header(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        family: &FamilyView,
        coverage: Vec<CoverageOut>,
        rows: &[Row],
    ) -> ServiceResult<TimelineHeader> {
        let details = self
            .records
            .chronologies
            .open_chronology_details(chronology, uow.now())?;
        let children = family.children().map(|(id, child)| ChildHeader {
            id: *id,
            name: child.name.clone(),
            birth: child.birth,
        });
        Ok(TimelineHeader {
            chronology_id: chronology.id,
            family_id: chronology.family_id,
            purpose: chronology.purpose,
            state: chronology.state,
            look_back_from: details.look_back_from,
            children: children.collect(),
            adults: family.adults(),
            coverage_statement: describe_coverage(&coverage),
            coverage,
            ordering_rule: timeline::ORDERING_RULE.to_owned(),
            row_count: as_count(rows.len()),
            entry_count: count_entries(rows),
            generated_at: uow.now(),
            expires_at: chronology.expires_at,
            emergency: uow.audit.disclosures.emergency.clone(),
        })
    }
}

pub(crate) fn build_filter(query: &TimelineQuery) -> TimelineFilter {
    TimelineFilter {
        children: query.children.clone(),
        agencies: query.agencies.clone(),
        categories: query.categories.clone(),
        significance: query.significance.clone(),
        from: query.from,
        to: query.to,
    }
}

/// Number of entries per agency.
pub(crate) fn count_by_agency(entries: &[LiveEntry]) -> BTreeMap<AgencyId, i64> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        *counts.entry(entry.agency).or_insert(0) += 1;
    }
    counts
}

/// Describes the coverage in words: how many agencies answered, and the names of those that
/// declined or did not answer.
pub(crate) fn describe_coverage(coverage: &[CoverageOut]) -> String {
    let mut text = coverage_statement(&coverage.iter().map(coverage_line).collect::<Vec<_>>());
    let names_where = |of: fn(InvitationState) -> bool| {
        let names: Vec<&str> = coverage
            .iter()
            .filter(|line| of(line.state))
            .map(|line| line.agency_name.as_str())
            .collect();
        names.join(", ")
    };
    let declined = names_where(|state| state == InvitationState::Declined);
    let unanswered = names_where(|state| !state.is_answered() && state != InvitationState::Expired);
    for (label, names) in [("Declined", declined), ("No answer from", unanswered)] {
        if !names.is_empty() {
            text.push_str(&format!(" {label}: {names}."));
        }
    }
    text
}

pub(crate) fn coverage_line(coverage: &CoverageOut) -> CoverageLine {
    CoverageLine {
        agency: coverage.agency_id,
        state: coverage.state,
        answered_at: coverage.answered_at,
        decline_reason: coverage.decline_reason,
        entry_count: u32::try_from(coverage.entry_count).unwrap_or(u32::MAX),
    }
}

/// Number of entries behind the rows: accounts and the duplicates folded into them.
pub(crate) fn count_entries(rows: &[Row]) -> i64 {
    let entries = rows
        .iter()
        .flat_map(|row| &row.accounts)
        .map(|account| 1 + account.also_submitted_as.len());
    as_count(entries.sum())
}

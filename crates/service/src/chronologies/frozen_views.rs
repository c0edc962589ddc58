//! Storage and rendering of frozen views. A frozen view stores no account and nothing derived from
//! one. It names the versions of the fragments at the time of freezing; their entries are decrypted
//! from there, under their own keys, for as long as they exist. Expiry, withdrawal and destruction
//! of a fragment therefore affect every frozen view and every backup of one, and the rows are
//! computed from the remaining entries alone.

use std::collections::{BTreeMap, BTreeSet};

use contract::{CoverageOut, TimelineHeader, TimelineOut};
use domain::{
    AccessPermit, AgencyId, ConsolidationId, DeclineReason, EntryId, EntryReader, Instant,
    InvitationState, LinkVerdict,
};
use kernel::{ServiceResult, UnitOfWork, chronology_terms};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, ConsolidationFragmentRow, ConsolidationLinksRow, ConsolidationRow};
use timeline::{
    AgencyNames, ChildFacts, EventLinks, LinkDecision, LiveEntry, Row, TimelineFilter,
    apply_decisions, consolidate_linked,
};
use vault::{RecordLocation, SealedTable};

use crate::chronologies::Chronologies;
use crate::input::as_count;
use crate::linking::{ActiveDecision, frozen_links_location};
use crate::records::{VisibleContent, family_facts, load_agency_names, visible_answer_state};
use crate::timeline::{count_by_agency, count_entries, describe_coverage};

/// The sealed content of a frozen view, under the chronology's key and expiry. It contains nothing
/// from a fragment.
#[derive(Serialize, Deserialize)]
struct FrozenLayout {
    /// The header at the time of freezing, without counts, coverage statement and agencies'
    /// involvement.
    header: TimelineHeader,
    /// The invitation state that each agency with a return would have without it.
    #[serde(rename = "unreturned")]
    states_without_return: Vec<StateWithoutReturn>,
    /// The active decisions about links, in the order in which they were made.
    decisions: Vec<FrozenDecision>,
}

/// The invitation state that an agency would have without its return.
#[derive(Serialize, Deserialize)]
struct StateWithoutReturn {
    agency: AgencyId,
    state: InvitationState,
    answered_at: Option<Instant>,
    decline_reason: Option<DeclineReason>,
}

/// A decision about links, by the entries that it concerns.
#[derive(Serialize, Deserialize)]
struct FrozenDecision {
    verdict: LinkVerdict,
    entries: Vec<EntryId>,
    others: Vec<EntryId>,
    /// Whether all entries that the decision was made about still existed, so that its reasons were
    /// stored.
    #[serde(rename = "whole")]
    is_complete: bool,
}

impl From<ActiveDecision> for FrozenDecision {
    fn from(decision: ActiveDecision) -> Self {
        let ActiveDecision { row, about } = decision;
        let side = |wanted: i64| {
            about
                .iter()
                .filter(move |entry| entry.side == wanted)
                .map(|entry| entry.entry_id)
                .collect()
        };
        Self {
            verdict: row.verdict,
            entries: side(0),
            others: side(1),
            is_complete: row.sealed.is_some(),
        }
    }
}

impl FrozenDecision {
    /// Converts the decision to the positions of its entries that still exist. Returns none for a
    /// reader who may not know of the decision, by the same rule as on the timeline.
    fn for_reader(
        &self,
        content: &VisibleContent,
        positions: &BTreeMap<EntryId, usize>,
    ) -> Option<LinkDecision> {
        let about = self.entries.iter().chain(&self.others).copied();
        if !(self.is_complete || content.sees_all()) || !content.may_show(about) {
            return None;
        }
        let find_positions = |side: &[EntryId]| {
            side.iter()
                .filter_map(|entry| positions.get(entry).copied())
                .collect()
        };
        Some(LinkDecision {
            verdict: self.verdict,
            entries: find_positions(&self.entries),
            others: find_positions(&self.others),
        })
    }
}

/// The result of linkage for exactly these entries.
#[derive(Serialize, Deserialize)]
struct CachedLinks {
    entries: BTreeSet<EntryId>,
    links: EventLinks,
}

impl FrozenLayout {
    fn decisions_for(&self, content: &VisibleContent) -> Vec<LinkDecision> {
        let positions: BTreeMap<EntryId, usize> = content
            .entries
            .iter()
            .enumerate()
            .map(|(position, entry)| (entry.entry_id, position))
            .collect();
        self.decisions
            .iter()
            .filter_map(|decision| decision.for_reader(content, &positions))
            .collect()
    }

    /// Returns the children as they were at the time of freezing.
    fn children(&self) -> Vec<ChildFacts> {
        let child = |child: &crate::ChildHeader| ChildFacts {
            id: child.id,
            given_name: child.name.given.clone(),
            birth: child.birth,
        };
        self.header.children.iter().map(child).collect()
    }

    /// Returns the names of the agencies with entries, as they were at the time of freezing.
    fn agency_names(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        entries: &[LiveEntry],
    ) -> ServiceResult<AgencyNames> {
        let mut names: BTreeMap<AgencyId, String> =
            load_agency_names(uow, permit.partnership(), entries)?;
        names.extend(
            self.header
                .coverage
                .iter()
                .map(|line| (line.agency_id, line.agency_name.clone())),
        );
        Ok(names.into_iter().collect())
    }

    /// Completes the header for the remaining rows.
    fn into_header(
        self,
        rows: &[Row],
        counts: &BTreeMap<AgencyId, i64>,
        returned: &BTreeSet<AgencyId>,
        involvement: BTreeMap<AgencyId, crate::Involvement>,
        reader: &EntryReader,
    ) -> TimelineHeader {
        let Self {
            mut header,
            states_without_return,
            ..
        } = self;
        for line in &mut header.coverage {
            line.entry_count = counts.get(&line.agency_id).copied().unwrap_or(0);
            line.involvement = involvement.get(&line.agency_id).cloned();
            if !returned.contains(&line.agency_id)
                && let Some(state) = states_without_return
                    .iter()
                    .find(|state| state.agency == line.agency_id)
            {
                line.state = state.state;
                line.answered_at = state.answered_at;
                line.decline_reason = state.decline_reason;
            }
            line.state = visible_answer_state(reader, line.agency_id, line.state);
        }
        header.coverage_statement = describe_coverage(&header.coverage);
        header.row_count = as_count(rows.len());
        header.entry_count = count_entries(rows);
        header
    }
}

impl Chronologies {
    /// Stores a frozen view of the timeline as it is now.
    pub(super) fn freeze_timeline(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
    ) -> ServiceResult<ConsolidationRow> {
        let now = uow.now();
        let id = ConsolidationId::new(self.kernel.ids(), now);
        let full_content = self.records.content.open_content(
            uow,
            permit,
            &reader_with_offence_data(permit, true),
            chronology,
            None,
        )?;
        let layout = self.build_layout(uow, permit, chronology)?;
        let sealed = self.kernel.seal(
            uow.tx,
            &view_location(id),
            &chronology_terms(chronology.id, chronology.expires_at),
            now,
            &layout,
        )?;
        let row = ConsolidationRow {
            id,
            partnership_id: chronology.partnership_id,
            chronology_id: chronology.id,
            author_id: uow.caller_id(),
            expires_at: chronology.expires_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            signed_off_at: None,
            signed_off_by: None,
            created_at: now,
        };
        let fragments: Vec<ConsolidationFragmentRow> = full_content
            .versions
            .iter()
            .map(|(fragment, version)| ConsolidationFragmentRow {
                consolidation_id: id,
                fragment_id: *fragment,
                version: *version,
                partnership_id: chronology.partnership_id,
            })
            .collect();
        let links = self.build_frozen_links(uow, permit, chronology, id, full_content)?;
        store::consolidations::insert(uow.tx, &row, &fragments, links.as_ref())?;
        Ok(row)
    }

    fn build_layout(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
    ) -> ServiceResult<FrozenLayout> {
        let family = self
            .records
            .families
            .open_family(uow, permit, chronology.family_id)?;
        let coverage =
            self.timelines
                .coverage(uow, permit, chronology, &BTreeMap::new(), BTreeMap::new())?;
        let states_without_return = self.states_without_return(uow, chronology, &coverage)?;
        let header = self
            .timelines
            .header(uow, chronology, &family, coverage, &[])?;
        let decisions = self
            .linking
            .load_active_decisions(uow, permit, chronology)?;
        Ok(FrozenLayout {
            header: TimelineHeader {
                emergency: None,
                coverage_statement: String::new(),
                ..header
            },
            states_without_return,
            decisions: decisions.into_iter().map(FrozenDecision::from).collect(),
        })
    }

    /// Finds the state that each agency with a return would have without it: the answer it gave
    /// before its advance submission was attached, or none.
    fn states_without_return(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        coverage: &[CoverageOut],
    ) -> ServiceResult<Vec<StateWithoutReturn>> {
        let now = uow.now();
        let mut states = Vec::new();
        for invitation in
            store::invitations::list(uow.tx, chronology.partnership_id, chronology.id)?
        {
            let agency = invitation.agency_id;
            let returned = |line: &&CoverageOut| {
                line.agency_id == agency && line.state == InvitationState::Submitted
            };
            if coverage.iter().find(returned).is_none() {
                continue;
            }
            let overdue = invitation.due_at <= now;
            let open = if overdue {
                InvitationState::Overdue
            } else {
                InvitationState::Drafting
            };
            states.push(
                match self
                    .records
                    .invitations
                    .invitation_details(chronology, &invitation, now)?
                    .former_answer
                {
                    Some(former) => StateWithoutReturn {
                        agency,
                        state: former.state,
                        answered_at: former.answered_at,
                        decline_reason: former.decline_reason,
                    },
                    None => StateWithoutReturn {
                        agency,
                        state: open,
                        answered_at: None,
                        decline_reason: None,
                    },
                },
            );
        }
        Ok(states)
    }

    /// Computes the links for each kind of reader on social care's side. The result depends on
    /// several fragments, so it expires with the first of them.
    fn build_frozen_links(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        id: ConsolidationId,
        full_content: VisibleContent,
    ) -> ServiceResult<Option<ConsolidationLinksRow>> {
        let now = uow.now();
        let Some(expires_at) = full_content.fragment_expiries.values().copied().min() else {
            return Ok(None);
        };
        let facts = family_facts(&self.records.families.open_family(
            uow,
            permit,
            chronology.family_id,
        )?);
        let without_offence_data = self.records.content.open_content(
            uow,
            permit,
            &reader_with_offence_data(permit, false),
            chronology,
            None,
        )?;
        let mut found: Vec<CachedLinks> = Vec::new();
        for opened in [full_content, without_offence_data] {
            let entries = entry_ids(&opened.entries);
            if entries.len() > 1 && found.iter().all(|links| links.entries != entries) {
                let links =
                    self.linking
                        .find_links(uow, permit, chronology, &opened.entries, &facts)?;
                found.push(CachedLinks { entries, links });
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        let sealed = self.kernel.seal(
            uow.tx,
            &frozen_links_location(id),
            &chronology_terms(chronology.id, expires_at),
            now,
            &found,
        )?;
        Ok(Some(ConsolidationLinksRow {
            consolidation_id: id,
            partnership_id: chronology.partnership_id,
            expires_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
        }))
    }

    /// Renders a frozen view for an authorised reader from the entries that still exist.
    pub(super) fn render_frozen_view(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        row: &ConsolidationRow,
    ) -> ServiceResult<TimelineOut> {
        let terms = chronology_terms(row.chronology_id, row.expires_at);
        let wrapped = row.wrapped_key.as_ref();
        let sealed = row.sealed.as_ref();
        let layout: FrozenLayout =
            self.kernel
                .unseal(&view_location(row.id), &terms, uow.now(), wrapped, sealed)?;
        let opened =
            self.records
                .content
                .open_frozen_content(uow, permit, &permit.reader(), row)?;
        let links = self.frozen_view_links(uow, permit, chronology, row, &opened.entries)?;
        let sorted = apply_decisions(
            links.for_entries(&opened.entries),
            &layout.decisions_for(&opened),
        );
        let agencies = layout.agency_names(uow, permit, &opened.entries)?;
        let counts = count_by_agency(&opened.entries);
        let VisibleContent {
            entries,
            fragment_expiries,
            agencies_with_returns,
            involvement,
            ..
        } = opened;
        let view = consolidate_linked(
            entries,
            &sorted,
            &layout.children(),
            &agencies,
            &TimelineFilter::default(),
        );
        let header = layout.into_header(
            &view.rows,
            &counts,
            &agencies_with_returns,
            involvement,
            &permit.reader(),
        );
        // The header's expiry is the one at the time of freezing, and the chronology may have been
        // extended since.
        let until = fragment_expiries
            .into_values()
            .chain([row.expires_at])
            .min();
        Ok(TimelineOut {
            header,
            rows: view.rows,
            next: None,
            until,
        })
    }

    /// Returns the links among the entries that a reader sees in a frozen view; computed again when
    /// any of the stored entries is gone.
    fn frozen_view_links(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        row: &ConsolidationRow,
        entries: &[LiveEntry],
    ) -> ServiceResult<EventLinks> {
        if entries.len() < 2 {
            return Ok(EventLinks::default());
        }
        let now = uow.now();
        if let Some(stored) = store::consolidations::links(uow.tx, permit, row.id, now)? {
            let terms = chronology_terms(row.chronology_id, stored.expires_at);
            let wrapped = stored.wrapped_key.as_ref();
            let sealed = stored.sealed.as_ref();
            let found: Vec<CachedLinks> =
                self.kernel
                    .unseal(&frozen_links_location(row.id), &terms, now, wrapped, sealed)?;
            let visible_ids = entry_ids(entries);
            if let Some(found) = found.into_iter().find(|found| found.entries == visible_ids) {
                return Ok(found.links);
            }
        }
        let facts = family_facts(&self.records.families.open_family(
            uow,
            permit,
            chronology.family_id,
        )?);
        self.linking
            .find_links(uow, permit, chronology, entries, &facts)
    }
}

/// Returns the reader who freezes, with or without permission to read criminal-offence data.
fn reader_with_offence_data(permit: &AccessPermit, offence_data: bool) -> EntryReader {
    EntryReader {
        offence_data,
        ..permit.reader()
    }
}

fn entry_ids(entries: &[LiveEntry]) -> BTreeSet<EntryId> {
    entries.iter().map(|entry| entry.entry_id).collect()
}

/// Identifies the sealed layout of a frozen view.
pub(crate) fn view_location(id: ConsolidationId) -> RecordLocation {
    RecordLocation {
        table: SealedTable::Consolidations,
        row: id.0,
        version: 1,
    }
}

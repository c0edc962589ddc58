//! The consolidated timeline: every live entry that the reader may see, each event once, with every
//! agency's account.

mod paging;

use std::collections::{BTreeMap, BTreeSet};

use contract::{ChildHeader, CoverageOut, Involvement, TimelineHeader, TimelineOut, TimelineQuery};
use kernel::{CallContext, ServiceError, ServiceResult, UnitOfWork, open_with};

use crate::Service;

use domain::{
    AccessPermit, AgencyId, ChronologyId, EntryDetails, EntryId, EntryReader, FragmentId, Instant,
    InvitationState, Operation, PartnershipId, PersonDetails, PersonId, PersonKind,
    ProtectedAddresses, Sensitive, may_read_entry,
};
use store::fragments::EntryExclusions;
use store::{
    ChronologyRow, ConsolidationRow, FragmentContent, FragmentRow, FragmentVersionRow,
    InvitationRow,
};
use timeline::{
    ChildFacts, CoverageLine, FamilyFacts, LiveEntry, Row, TimelineFilter, consolidate_linked,
    coverage_statement,
};
use vault::DataKey;

use crate::chronologies::{AuthorizedChronology, audit_context};
use crate::disclosures::count_entries_in_rows;
use crate::fragments::{
    CurrentMarkings, VisibleVersion, entry_location, raise_markings, unfiltered_version,
};
use crate::people::FamilyView;

/// The opened content of a chronology that a reader may see.
pub(crate) struct VisibleContent {
    pub(crate) entries: Vec<LiveEntry>,
    /// The ids of `entries`.
    visible_entries: BTreeSet<EntryId>,
    /// Whether nothing is ever hidden from the reader.
    sees_all: bool,
    /// Expiry of each fragment.
    pub(crate) fragment_expiries: BTreeMap<FragmentId, Instant>,
    /// The version of each fragment.
    pub(crate) versions: BTreeMap<FragmentId, i64>,
    /// The agencies with a fragment, whether or not the reader may see an entry of it.
    pub(crate) agencies_with_returns: BTreeSet<AgencyId>,
    /// Each agency's stated part in the support network, the latest one.
    pub(crate) involvement: BTreeMap<AgencyId, Involvement>,
}

impl VisibleContent {
    /// Creates the content of a chronology without fragments.
    fn empty(reader: &EntryReader) -> Self {
        Self {
            entries: Vec::new(),
            visible_entries: BTreeSet::new(),
            sees_all: reader.sees_all_entries(),
            fragment_expiries: BTreeMap::new(),
            versions: BTreeMap::new(),
            agencies_with_returns: BTreeSet::new(),
            involvement: BTreeMap::new(),
        }
    }

    /// Whether the reader may see something about these entries. Anything about an entry hidden
    /// from the reader is left out. For a reader from whom entries can be hidden, so is anything
    /// about an entry that no longer exists, since it may have been hidden.
    pub(crate) fn may_show(&self, about: impl IntoIterator<Item = EntryId>) -> bool {
        self.sees_all
            || about
                .into_iter()
                .all(|entry| self.visible_entries.contains(&entry))
    }

    /// Whether nothing is ever hidden from the reader.
    pub(crate) const fn sees_all(&self) -> bool {
        self.sees_all
    }
}

/// The version of each fragment, opened for one reader.
type OpenedVersions = BTreeMap<FragmentId, OpenedVersion>;

struct OpenedVersion {
    key: DataKey,
    /// The agency's stated part in the support network.
    involvement: Option<Involvement>,
    /// Its number for the reader, and the version that last changed what they see.
    shown: (i64, VisibleVersion),
}

impl Service {
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
        self.read(call, Operation::TimelineRead, audit_context(id), |uow| {
            let AuthorizedChronology { permit, row } =
                self.authorize_chronology(uow, id, Operation::TimelineRead)?;
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
        let family = self.open_family(uow, permit, chronology.family_id)?;
        let opened = self.open_content(uow, permit, &permit.reader(), chronology, Some(&family))?;
        let counts = count_by_agency(&opened.entries);
        let facts = family_facts(&family);
        let linked = self.load_event_links(uow, permit, chronology, &opened, &facts)?;
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

    /// Opens every live entry that the reader may see. Entries that are hidden from the reader are
    /// not opened, so their number and length do not affect the timing.
    pub(crate) fn open_content(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        reader: &EntryReader,
        chronology: &ChronologyRow,
        family: Option<&FamilyView>,
    ) -> ServiceResult<VisibleContent> {
        let now = uow.session.now;
        let mut versions = OpenedVersions::new();
        let content = store::fragments::live_content_excluding(
            uow.tx,
            permit,
            chronology.id,
            now,
            |row, version| self.open_version_for_reader(now, reader, &mut versions, row, version),
        )?;
        // Social care may read protected addresses of the family. Entries that disclose one are
        // hidden from others like restricted entries.
        let protected = if reader.social_care {
            None
        } else {
            match family {
                Some(family) => Some(family.protected_addresses()),
                None => Some(
                    self.open_family(uow, permit, chronology.family_id)?
                        .protected_addresses(),
                ),
            }
        };
        open_fragments_for_reader(uow, reader, versions, content, protected.as_ref())
    }

    /// Opens the entries of a frozen view that still live and that the reader may see, as
    /// [`Self::open_content`] does.
    pub(crate) fn open_frozen_content(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        reader: &EntryReader,
        view: &ConsolidationRow,
    ) -> ServiceResult<VisibleContent> {
        let now = uow.session.now;
        let mut versions = OpenedVersions::new();
        let mut current_markings = CurrentMarkings::new();
        let of = (view.chronology_id, view.id);
        let content = store::fragments::frozen_content_excluding(
            uow.tx,
            permit,
            of,
            now,
            |row, version, current| {
                let own = self.open_version_for_reader(now, reader, &mut versions, row, version)?;
                let current = current.filter(|_| versions.contains_key(&row.id));
                let Some(current) = current else {
                    return Ok(EntryExclusions {
                        excluded: own,
                        only: None,
                    });
                };
                let exclusions = self.find_hidden_entries(now, reader, row, own, current)?;
                let seen = current
                    .entries
                    .iter()
                    .filter(|entry| !exclusions.excluded.contains(&entry.id));
                current_markings.insert(
                    row.id,
                    seen.map(|entry| (entry.id, entry.marking)).collect(),
                );
                Ok::<_, ServiceError>(exclusions)
            },
        )?;
        let mut opened = open_fragments_for_reader(uow, reader, versions, content, None)?;
        raise_markings(&mut opened.entries, &current_markings);
        Ok(opened)
    }

    /// Opens a fragment version and returns its entries that are hidden from the reader.
    fn open_version_for_reader(
        &self,
        now: Instant,
        reader: &EntryReader,
        versions: &mut OpenedVersions,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> ServiceResult<Vec<EntryId>> {
        let Some((key, sealed)) = self.open_live_version(now, row, version)? else {
            return Ok(Vec::new());
        };
        let hidden = sealed.entries_hidden_from(reader, row.agency_id);
        let shown = sealed.latest_visible_to(reader, row.agency_id, unfiltered_version(version));
        versions.insert(
            row.id,
            OpenedVersion {
                key,
                involvement: sealed.details.involvement,
                shown,
            },
        );
        Ok(hidden)
    }

    /// Opens one fragment for several kinds of reader; the caller must not disclose the result yet.
    pub(crate) fn open_content_for_readers(
        &self,
        now: Instant,
        content: FragmentContent,
        readers: &[EntryReader],
    ) -> ServiceResult<Vec<Vec<LiveEntry>>> {
        let author = content.fragment.agency_id;
        let Some((key, sealed)) =
            self.open_live_version(now, &content.fragment, &content.version)?
        else {
            return Ok(readers.iter().map(|_| Vec::new()).collect());
        };
        let version = unfiltered_version(&content.version);
        let all = open_live_entries(&key, (version.version, version), content)?;
        let shown_to = |reader: &EntryReader| {
            let (number, since) = sealed.latest_visible_to(reader, author, version);
            let seen = all.iter().filter(|entry| {
                may_read_entry(
                    reader,
                    entry.agency,
                    &entry.details.category,
                    &entry.details.handling,
                )
            });
            seen.map(|entry| LiveEntry {
                fragment_version: number,
                submitted_at: since.at,
                ..entry.clone()
            })
            .collect()
        };
        Ok(readers.iter().map(shown_to).collect())
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
        let details = self.open_chronology_details(chronology, uow.now())?;
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

/// The answer state of an agency that a reader sees. Outside the side that runs the chronology, a
/// nil return looks like a submission without visible entries.
pub(crate) fn visible_answer_state(
    reader: &EntryReader,
    agency: AgencyId,
    state: InvitationState,
) -> InvitationState {
    let may_see_details = reader.social_care && !reader.emergency;
    if state == InvitationState::NilReturn
        && !may_see_details
        && !reader.sees_all_entries_of(agency)
    {
        InvitationState::Submitted
    } else {
        state
    }
}

/// Opens the entries of fragments whose versions have been opened, as far as the reader may see
/// them.
fn open_fragments_for_reader(
    uow: &mut UnitOfWork<'_, '_>,
    reader: &EntryReader,
    mut versions: OpenedVersions,
    content: Vec<FragmentContent>,
    protected: Option<&ProtectedAddresses>,
) -> ServiceResult<VisibleContent> {
    let mut opened = VisibleContent::empty(reader);
    for fragment in content {
        let id = fragment.fragment.id;
        let agency = fragment.fragment.agency_id;
        let expires_at = fragment.fragment.expires_at;
        let Some(OpenedVersion {
            key,
            involvement,
            shown,
        }) = versions.remove(&id)
        else {
            continue;
        };
        opened.versions.insert(id, fragment.version.version);
        opened.agencies_with_returns.insert(agency);
        let mut seen = open_live_entries(&key, shown, fragment)?;
        seen.retain(|entry| is_entry_visible(reader, protected, entry));
        // A fragment without visible entries contributes nothing: neither its agency's involvement
        // nor its expiry.
        if seen.is_empty() && !reader.sees_all_entries_of(agency) {
            continue;
        }
        uow.audit.expires_at = Some(
            uow.audit
                .expires_at
                .map_or(expires_at, |earliest| earliest.min(expires_at)),
        );
        opened.fragment_expiries.insert(id, expires_at);
        let involvement =
            involvement.filter(|part| is_involvement_visible(reader, protected, agency, part));
        opened
            .involvement
            .extend(involvement.map(|involvement| (agency, involvement)));
        opened.entries.extend(seen);
    }
    opened.visible_entries = opened.entries.iter().map(|entry| entry.entry_id).collect();
    Ok(opened)
}

/// Whether the reader may see an entry. Another agency's entry that discloses a protected address
/// is withheld.
fn is_entry_visible(
    reader: &EntryReader,
    protected: Option<&ProtectedAddresses>,
    entry: &LiveEntry,
) -> bool {
    let details = &entry.details;
    let discloses_address =
        || protected.is_some_and(|protected| protected.is_place_named_in_entry(details));
    may_read_entry(reader, entry.agency, &details.category, &details.handling)
        && (entry.agency == reader.agency || !discloses_address())
}

/// Whether the reader may see an agency's part in the support network. Another agency's part that
/// discloses a protected address is withheld.
fn is_involvement_visible(
    reader: &EntryReader,
    protected: Option<&ProtectedAddresses>,
    agency: AgencyId,
    involvement: &Involvement,
) -> bool {
    let discloses_address = |text: &Option<Sensitive<String>>| {
        let text = text.as_ref().filter(|_| agency != reader.agency);
        text.is_some_and(|text| {
            protected.is_some_and(|protected| protected.is_place_named_in(text.as_str()))
        })
    };
    !discloses_address(&involvement.support) && !discloses_address(&involvement.lead_professional)
}

/// Opens the entries of a fragment.
fn open_live_entries(
    key: &DataKey,
    (number, since): (i64, VisibleVersion),
    content: FragmentContent,
) -> ServiceResult<Vec<LiveEntry>> {
    let FragmentContent {
        fragment, entries, ..
    } = content;
    let open = |entry: store::EntryRow| {
        let details: EntryDetails = open_with(
            key,
            &entry_location(entry.id, entry.version),
            entry.sealed.as_ref(),
        )?;
        Ok(LiveEntry {
            entry_id: entry.id,
            fragment_id: fragment.id,
            fragment_version: number,
            agency: fragment.agency_id,
            proxy_by: fragment.proxy_by_agency,
            submitted_at: since.at,
            position: entry.position,
            details,
        })
    };
    entries.into_iter().map(open).collect()
}

fn build_filter(query: &TimelineQuery) -> TimelineFilter {
    TimelineFilter {
        children: query.children.clone(),
        agencies: query.agencies.clone(),
        categories: query.categories.clone(),
        significance: query.significance.clone(),
        from: query.from,
        to: query.to,
    }
}

/// The family facts that linkage and consolidation need.
pub(crate) fn family_facts(family: &FamilyView) -> FamilyFacts {
    let child = |(id, child): &(PersonId, PersonDetails)| ChildFacts {
        id: *id,
        given_name: child.name.given.clone(),
        birth: child.birth,
    };
    let other_names = family
        .members
        .iter()
        .flat_map(|(_, details)| other_names(details))
        .collect();
    // Protected addresses are left out: treating them as addresses in linkage would reveal them to
    // others.
    let addresses = family
        .members
        .iter()
        .flat_map(|(_, details)| &details.addresses);
    let addresses = addresses.filter(|address| !address.protected);
    let address_lines = addresses.map(|address| address.lines.clone()).collect();
    FamilyFacts {
        children: family.children().map(child).collect(),
        other_names,
        address_lines,
    }
}

/// The names of a person, except a child's current given name.
fn other_names(details: &PersonDetails) -> Vec<Sensitive<String>> {
    let given = (details.kind == PersonKind::Adult).then_some(&details.name.given);
    let known_as = details
        .other_names
        .iter()
        .flat_map(|name| [Some(&name.given), name.family.as_ref()]);
    let names = [given, details.name.family.as_ref()]
        .into_iter()
        .chain(known_as);
    names.flatten().cloned().collect()
}

/// The names of the agencies that submitted `entries`.
pub(crate) fn load_agency_names<N: FromIterator<(AgencyId, String)>>(
    uow: &mut UnitOfWork<'_, '_>,
    partnership: PartnershipId,
    entries: &[LiveEntry],
) -> ServiceResult<N> {
    let agencies: BTreeSet<AgencyId> = entries.iter().map(|entry| entry.agency).collect();
    let ids: Vec<AgencyId> = agencies.into_iter().collect();
    let rows = store::agencies::find_many(uow.tx, partnership, &ids)?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
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

fn coverage_line(coverage: &CoverageOut) -> CoverageLine {
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

/// A count as an API integer.
pub(crate) fn as_count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

//! The opened content of a chronology: every live entry that one reader may see.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::Involvement;
use domain::{
    AccessPermit, AgencyId, EntryDetails, EntryId, EntryReader, FragmentId, Instant, PartnershipId,
    ProtectedAddresses, Sensitive, may_read_entry,
};
use kernel::{ServiceError, ServiceResult, UnitOfWork, open_with};
use store::fragments::EntryExclusions;
use store::{ChronologyRow, ConsolidationRow, FragmentContent, FragmentRow, FragmentVersionRow};
use timeline::LiveEntry;
use vault::DataKey;

use crate::records::families::{FamilyRecords, FamilyView};
use crate::records::fragment_versions::{CurrentMarkings, raise_markings};
use crate::records::fragments::{FragmentRecords, entry_location, unfiltered_version};
use crate::records::version_history::VisibleVersion;

/// The content of chronologies, opened for one reader.
pub(crate) struct TimelineContent {
    pub(crate) families: Arc<FamilyRecords>,
    pub(crate) fragments: Arc<FragmentRecords>,
}

/// The opened content of a chronology that a reader may see.
pub(crate) struct VisibleContent {
    pub(crate) entries: Vec<LiveEntry>,
    /// The ids of `entries`.
    pub(crate) visible_entries: BTreeSet<EntryId>,
    /// Whether nothing is ever hidden from the reader.
    pub(crate) sees_all: bool,
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
    pub(crate) fn empty(reader: &EntryReader) -> Self {
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
pub(crate) type OpenedVersions = BTreeMap<FragmentId, OpenedVersion>;

pub(crate) struct OpenedVersion {
    pub(crate) key: DataKey,
    /// The agency's stated part in the support network.
    pub(crate) involvement: Option<Involvement>,
    /// Its number for the reader, and the version that last changed what they see.
    pub(crate) shown: (i64, VisibleVersion),
}

impl TimelineContent {
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
                    self.families
                        .open_family(uow, permit, chronology.family_id)?
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
                let exclusions = self
                    .fragments
                    .find_hidden_entries(now, reader, row, own, current)?;
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
        let Some((key, sealed)) = self.fragments.open_live_version(now, row, version)? else {
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
            self.fragments
                .open_live_version(now, &content.fragment, &content.version)?
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

//! Entries with limited access, listed in the version's sealed column so that the service never
//! reads or opens one for a reader who may not see it. Their number, length and position therefore
//! affect neither the response nor its timing.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccessPermit, AgencyId, Category, EntryDetails, EntryId, EntryReader, FragmentId, Handling,
    Instant, Marking, may_read_entry,
};
use kernel::{ServiceResult, UnitOfWork, open_with, to_json_bytes};
use serde::{Deserialize, Serialize};
use store::fragments::{CurrentVersion, EntryExclusions};
use store::{FragmentRow, FragmentVersionRow};
use timeline::LiveEntry;
use vault::{DataKey, KeyScope};
use zeroize::Zeroizing;

use crate::records::fragments::{
    FragmentDetails, FragmentRecords, entry_location, fragment_terms, version_location,
};
use crate::records::version_history::VersionHistory;

/// Sealed columns of versions are padded to a multiple of this many bytes.
const PADDING_BLOCK_BYTES: usize = 2048;

/// Markings of the entries in each fragment's current version.
pub(crate) type CurrentMarkings = BTreeMap<FragmentId, BTreeMap<EntryId, Marking>>;

/// An entry with limited access, with what decides who may see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessLimitedEntry {
    pub(crate) entry: EntryId,
    pub(crate) category: Category,
    pub(crate) handling: Handling,
}

/// The content of a fragment version's sealed column.
#[derive(Serialize, Deserialize)]
pub(crate) struct SealedVersion {
    #[serde(flatten)]
    pub(crate) details: FragmentDetails,
    /// The entries with limited access. Versions stored by early releases lack the list; their
    /// entries are opened to decide.
    #[serde(rename = "guarded", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) access_limited: Vec<AccessLimitedEntry>,
    /// The version histories of readers who may not see every entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) histories: Vec<VersionHistory>,
    /// Padding, so that the sealed length reveals neither limited entries nor reasons.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) padding: String,
}

impl SealedVersion {
    /// Builds the sealed content and lists the entries with limited access.
    pub(crate) fn of(
        details: FragmentDetails,
        entries: &[(EntryId, EntryDetails)],
        histories: Vec<VersionHistory>,
    ) -> Self {
        let access_limited = entries
            .iter()
            .filter(|(_, entry)| is_access_limited(entry))
            .map(|(id, entry)| AccessLimitedEntry {
                entry: *id,
                category: entry.category.clone(),
                handling: entry.handling.clone(),
            });
        Self {
            details,
            access_limited: access_limited.collect(),
            histories,
            padding: String::new(),
        }
    }

    /// Serialises to a whole number of padding blocks.
    pub(crate) fn into_bytes(mut self) -> ServiceResult<Zeroizing<Vec<u8>>> {
        // An empty padding is left out of the JSON, so the length is measured with one space.
        " ".clone_into(&mut self.padding);
        let length = to_json_bytes(&self)?.len();
        self.padding
            .push_str(&" ".repeat(length.next_multiple_of(PADDING_BLOCK_BYTES) - length));
        to_json_bytes(&self)
    }

    /// The entries that `reader` may not see.
    pub(super) fn entries_hidden_from(
        &self,
        reader: &EntryReader,
        author: AgencyId,
    ) -> Vec<EntryId> {
        let exclusions = self.access_limited.iter().filter(|exclusion| {
            !may_read_entry(reader, author, &exclusion.category, &exclusion.handling)
        });
        exclusions.map(|exclusion| exclusion.entry).collect()
    }
}

impl FragmentRecords {
    /// Opens the key and the sealed content of a fragment version.
    pub(crate) fn open_version(
        &self,
        now: Instant,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> ServiceResult<(DataKey, SealedVersion)> {
        let location = version_location(row.id, version.version);
        let terms = fragment_terms(row, version.expires_at);
        let key =
            self.kernel
                .vault()
                .open_key(now, &terms, &location, version.wrapped_key.as_ref())?;
        let sealed = open_with(&key, &location, version.sealed.as_ref())?;
        Ok((key, sealed))
    }

    /// As [`Self::open_version`], but `None` when the fragment was withdrawn or has expired since
    /// its row was read, or when its row was restored from a backup made before that.
    pub(crate) fn open_live_version(
        &self,
        now: Instant,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> ServiceResult<Option<(DataKey, SealedVersion)>> {
        match self.open_version(now, row, version) {
            Err(_) if self.is_own_key_destroyed(row)? => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// Whether a fragment's own key was destroyed or is past the fragment's expiry.
    pub(super) fn is_own_key_destroyed(&self, row: &FragmentRow) -> ServiceResult<bool> {
        Ok(row.expires_at <= self.kernel.now()
            || self
                .kernel
                .vault()
                .scope_destruction(KeyScope(row.id.0))?
                .is_some())
    }

    /// Opens a version with the entries that the permit holder may see, in order.
    pub(crate) fn open_visible_entries(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> ServiceResult<(FragmentDetails, Vec<(EntryId, EntryDetails)>)> {
        let now = uow.now();
        let (key, sealed) = self.open_version(now, row, version)?;
        let reader = permit.reader();
        let hidden_in_version = sealed.entries_hidden_from(&reader, row.agency_id);
        let exclusions = match self.load_superseding_version(uow, permit, row, version)? {
            Some(current) => {
                self.find_hidden_entries(now, &reader, row, hidden_in_version, &current)?
            }
            None => EntryExclusions {
                excluded: hidden_in_version,
                only: None,
            },
        };
        let mut seen = Vec::new();
        for entry in store::fragments::entries(uow.tx, permit, row.id, version.version, now)? {
            if exclusions.excluded.contains(&entry.id)
                || exclusions
                    .only
                    .as_ref()
                    .is_some_and(|only| !only.contains(&entry.id))
            {
                continue;
            }
            let location = entry_location(entry.id, entry.version);
            let details: EntryDetails = open_with(&key, &location, entry.sealed.as_ref())?;
            if may_read_entry(&reader, row.agency_id, &details.category, &details.handling) {
                seen.push((entry.id, details));
            }
        }
        Ok((sealed.details, seen))
    }

    /// The current version, unless `version` is the current one.
    fn load_superseding_version(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> ServiceResult<Option<CurrentVersion>> {
        if version.version == row.version {
            return Ok(None);
        }
        let now = uow.now();
        let Some(version) = store::fragments::version(uow.tx, permit, row.id, row.version, now)?
        else {
            return Ok(None);
        };
        let entries = store::fragments::entries(uow.tx, permit, row.id, row.version, now)?;
        Ok(Some(CurrentVersion { version, entries }))
    }

    /// The entries of an earlier version that are hidden from a reader: those that its own markings
    /// hide and those that the markings of the current version hide, since a later marking also
    /// protects earlier versions. An entry whose text and marking changed together has a new id. A
    /// reader who may not see every entry therefore gets only entries visible in both versions,
    /// whether or not any are hidden, so that the difference reveals nothing.
    pub(super) fn find_hidden_entries(
        &self,
        now: Instant,
        reader: &EntryReader,
        row: &FragmentRow,
        hidden_in_version: Vec<EntryId>,
        current: &CurrentVersion,
    ) -> ServiceResult<EntryExclusions> {
        let hidden = self
            .open_version(now, row, &current.version)?
            .1
            .entries_hidden_from(reader, row.agency_id);
        let seen = current
            .entries
            .iter()
            .map(|entry| entry.id)
            .filter(|entry| !hidden.contains(entry));
        let only = (!reader.sees_all_entries_of(row.agency_id)).then(|| seen.collect());
        Ok(EntryExclusions {
            excluded: hidden_in_version.into_iter().chain(hidden).collect(),
            only,
        })
    }
}

/// Raises the markings of earlier entries to at least those of the current version. An entry that
/// no longer exists gets the strictest marking of the entries that have been added since.
pub(super) fn raise_markings(entries: &mut [LiveEntry], current_markings: &CurrentMarkings) {
    let known: BTreeSet<EntryId> = entries.iter().map(|entry| entry.entry_id).collect();
    for entry in entries {
        let Some(now) = current_markings.get(&entry.fragment_id) else {
            continue;
        };
        let strictest_added = || {
            now.iter()
                .filter(|(id, _)| !known.contains(id))
                .map(|(_, marking)| *marking)
                .max()
        };
        let marking = now.get(&entry.entry_id).copied().or_else(strictest_added);
        let before = &mut entry.details.handling.marking;
        *before = (*before).max(marking.unwrap_or(*before));
    }
}

/// Whether some readers of the timeline may not see the entry.
pub(crate) fn is_access_limited(entry: &EntryDetails) -> bool {
    entry.handling.marking == Marking::Restricted || entry.category.as_str() == "CRIME"
}

/// Number of entries before the one at `at` that have the same access limits.
pub(crate) fn position_among_alike<'e>(
    entries: impl Iterator<Item = &'e EntryDetails> + Clone,
    at: usize,
) -> Option<usize> {
    let one = entries.clone().nth(at)?;
    Some(
        entries
            .take(at)
            .filter(|before| has_same_access(before, one))
            .count(),
    )
}

/// Whether two entries have the same access limits.
pub(crate) fn has_same_access(one: &EntryDetails, other: &EntryDetails) -> bool {
    let is_offence = |entry: &EntryDetails| entry.category.as_str() == "CRIME";
    one.handling == other.handling && is_offence(one) == is_offence(other)
}

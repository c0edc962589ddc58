//! Entries that are not for everybody: named apart, so that who may not see one never has it read or opened for them. Its
//! number, its length and its place then make no difference to what they are shown, nor to the work of showing it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AgencyId, Category, EntryDetails, EntryId, FragmentId, Handling, Instant, Marking, Permit, Reader, may_read_entry,
};
use serde::{Deserialize, Serialize};
use store::fragments::{KeptApart, StandingVersion};
use store::{FragmentRow, FragmentVersionRow};
use timeline::LiveEntry;
use vault::{DataKey, KeyScope};
use zeroize::Zeroizing;

use super::histories::History;
use super::{FragmentDetails, entry_place, fragment_terms, version_place};
use crate::sealing::{open_with, to_bytes};
use crate::session::Scene;
use crate::{Answer, Service};

/// One of a version's entries that is not for everybody, as its sealed column names it: who may see it can be told before
/// the entry itself is read or opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Guarded {
    entry: EntryId,
    category: Category,
    handling: Handling,
}

/// What a fragment version's sealed column holds.
#[derive(Serialize, Deserialize)]
pub(crate) struct SealedVersion {
    #[serde(flatten)]
    pub(crate) details: FragmentDetails,
    /// The entries that are not for everybody. Versions of before this was kept have none, and theirs are opened to tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    guarded: Vec<Guarded>,
    /// What the fragment's versions are to those who may not see every entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) histories: Vec<History>,
    /// Makes up the length, so that it tells neither of what is guarded nor of the reasons given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    padding: String,
}

/// Sealed columns of versions are as long as a multiple of this, in bytes.
const BLOCK: usize = 2048;

impl SealedVersion {
    /// Names what is guarded among the entries.
    pub(crate) fn of(details: FragmentDetails, entries: &[(EntryId, EntryDetails)], histories: Vec<History>) -> Self {
        let guarded = entries.iter().filter(|(_, entry)| is_guarded(entry)).map(|(id, entry)| Guarded {
            entry: *id,
            category: entry.category.clone(),
            handling: entry.handling.clone(),
        });
        Self { details, guarded: guarded.collect(), histories, padding: String::new() }
    }

    /// Its bytes, made up to a whole number of blocks.
    pub(crate) fn into_bytes(mut self) -> Answer<Zeroizing<Vec<u8>>> {
        // One space stands for the member's name and quotes, which an empty one has not.
        " ".clone_into(&mut self.padding);
        let length = to_bytes(&self)?.len();
        self.padding.push_str(&" ".repeat(length.next_multiple_of(BLOCK) - length));
        to_bytes(&self)
    }

    /// The entries that `reader` may not see.
    pub(crate) fn kept_from(&self, reader: &Reader, author: AgencyId) -> Vec<EntryId> {
        let kept = self.guarded.iter().filter(|one| !may_read_entry(reader, author, &one.category, &one.handling));
        kept.map(|one| one.entry).collect()
    }
}

/// How the entries of versions that stand now are marked, by fragment.
pub(crate) type LaterMarkings = BTreeMap<FragmentId, BTreeMap<EntryId, Marking>>;

/// Marks entries of earlier versions at least as strictly as they are marked now; one that is not there any more as strictly
/// as any that has come in its place.
pub(crate) fn raise_markings(entries: &mut [LiveEntry], later: &LaterMarkings) {
    let known: BTreeSet<EntryId> = entries.iter().map(|entry| entry.entry_id).collect();
    for entry in entries {
        let Some(now) = later.get(&entry.fragment_id) else { continue };
        let instead = || now.iter().filter(|(id, _)| !known.contains(id)).map(|(_, marking)| *marking).max();
        let marking = now.get(&entry.entry_id).copied().or_else(instead);
        let before = &mut entry.details.handling.marking;
        *before = (*before).max(marking.unwrap_or(*before));
    }
}

/// Whether there is anybody who reads the timeline and may not see the entry.
pub(super) fn is_guarded(entry: &EntryDetails) -> bool {
    entry.handling.marking == Marking::Restricted || entry.category.as_str() == "CRIME"
}

impl Service {
    /// The key of a fragment's version, and what is sealed of the version itself.
    pub(crate) fn open_version(
        &self,
        now: Instant,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> Answer<(DataKey, SealedVersion)> {
        let place = version_place(row.id, version.version);
        let terms = fragment_terms(row, version.expires_at);
        let key = self.vault().open_key(now, &terms, &place, version.wrapped_key.as_ref())?;
        let sealed = open_with(&key, &place, version.sealed.as_ref())?;
        Ok((key, sealed))
    }

    /// As [`Self::open_version`]; none when the fragment was withdrawn or has ended since its row was read, or when its row
    /// has come back from a copy of the database of before that: it is as if it were not there.
    pub(crate) fn open_living_version(
        &self,
        now: Instant,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> Answer<Option<(DataKey, SealedVersion)>> {
        match self.open_version(now, row, version) {
            Err(_) if self.own_key_is_gone(row)? => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// Whether a fragment's own key was destroyed, or taken away at the fragment's end.
    pub(crate) fn own_key_is_gone(&self, row: &FragmentRow) -> Answer<bool> {
        Ok(row.expires_at <= self.now() || self.vault().destroyed_scope(KeyScope(row.id.0))?.is_some())
    }

    /// A version with those of its entries that the permit's holder may see, in their order.
    pub(super) fn open_seen(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> Answer<(FragmentDetails, Vec<(EntryId, EntryDetails)>)> {
        let now = scene.now();
        let (key, sealed) = self.open_version(now, row, version)?;
        let reader = permit.reader();
        let own = sealed.kept_from(&reader, row.agency_id);
        let kept = match self.standing_beside(scene, permit, row, version)? {
            Some(standing) => self.kept_apart(now, &reader, row, own, &standing)?,
            None => KeptApart { without: own, only: None },
        };
        let mut seen = Vec::new();
        for entry in store::fragments::entries(scene.tx, permit, row.id, version.version, now)? {
            if kept.without.contains(&entry.id) || kept.only.as_ref().is_some_and(|only| !only.contains(&entry.id)) {
                continue;
            }
            let place = entry_place(entry.id, entry.version);
            let details: EntryDetails = open_with(&key, &place, entry.sealed.as_ref())?;
            if may_read_entry(&reader, row.agency_id, &details.category, &details.handling) {
                seen.push((entry.id, details));
            }
        }
        Ok((sealed.details, seen))
    }

    /// The version that stands now, when `version` is another.
    fn standing_beside(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> Answer<Option<StandingVersion>> {
        if version.version == row.version {
            return Ok(None);
        }
        let now = scene.now();
        let Some(version) = store::fragments::version(scene.tx, permit, row.id, row.version, now)? else {
            return Ok(None);
        };
        let entries = store::fragments::entries(scene.tx, permit, row.id, row.version, now)?;
        Ok(Some(StandingVersion { version, entries }))
    }

    /// What of an earlier version is kept from a reader: what its own marking hides, and what the marking of the version
    /// that stands now hides, because a marking that came later holds for what was there before. Words and marking that
    /// changed together give an entry another id; so who may not see every entry is shown only those that they see in both
    /// versions, whether anything is hidden or not: nothing tells them which of the two it is.
    pub(crate) fn kept_apart(
        &self,
        now: Instant,
        reader: &Reader,
        row: &FragmentRow,
        own: Vec<EntryId>,
        standing: &StandingVersion,
    ) -> Answer<KeptApart> {
        let hidden = self.open_version(now, row, &standing.version)?.1.kept_from(reader, row.agency_id);
        let seen = standing.entries.iter().map(|entry| entry.id).filter(|entry| !hidden.contains(entry));
        let only = (!reader.sees_every_entry_of(row.agency_id)).then(|| seen.collect());
        Ok(KeptApart { without: own.into_iter().chain(hidden).collect(), only })
    }
}

/// How many entries before the one at `at` are kept from the same people as it is.
pub(super) fn place_among_alike<'e>(
    entries: impl Iterator<Item = &'e EntryDetails> + Clone,
    at: usize,
) -> Option<usize> {
    let one = entries.clone().nth(at)?;
    Some(entries.take(at).filter(|before| kept_alike(before, one)).count())
}

/// Whether two entries are kept from the same people.
pub(super) fn kept_alike(one: &EntryDetails, other: &EntryDetails) -> bool {
    let offence = |entry: &EntryDetails| entry.category.as_str() == "CRIME";
    one.handling == other.handling && offence(one) == offence(other)
}

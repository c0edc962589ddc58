//! Entries that are not for everybody: named apart, so that who may not see one never has it read or opened for them. Its
//! number, its length and its place then make no difference to what they are shown, nor to the work of showing it.

use domain::{Actor, AgencyId, Category, EntryDetails, EntryId, Handling, Instant, Marking, Permit, may_read_entry};
use serde::{Deserialize, Serialize};
use store::{FragmentRow, FragmentVersionRow};
use vault::DataKey;
use zeroize::Zeroizing;

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
    /// Makes up the length, so that it tells neither of what is guarded nor of the reasons given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    padding: String,
}

/// Sealed columns of versions are as long as a multiple of this, in bytes.
const BLOCK: usize = 1024;

impl SealedVersion {
    /// Names what is guarded among the entries.
    pub(crate) fn of(details: FragmentDetails, entries: &[(EntryId, EntryDetails)]) -> Self {
        let guarded = entries.iter().filter(|(_, entry)| is_guarded(entry)).map(|(id, entry)| Guarded {
            entry: *id,
            category: entry.category.clone(),
            handling: entry.handling.clone(),
        });
        Self { details, guarded: guarded.collect(), padding: String::new() }
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
    pub(crate) fn kept_from(&self, reader: &Actor, author: AgencyId) -> Vec<EntryId> {
        let kept = self.guarded.iter().filter(|one| !may_read_entry(reader, author, &one.category, &one.handling));
        kept.map(|one| one.entry).collect()
    }
}

/// Whether there is anybody who reads the timeline and may not see the entry.
fn is_guarded(entry: &EntryDetails) -> bool {
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
        let kept = sealed.kept_from(permit.actor(), row.agency_id);
        let mut seen = Vec::new();
        for entry in store::fragments::entries(scene.tx, permit, row.id, version.version, now)? {
            if kept.contains(&entry.id) {
                continue;
            }
            let place = entry_place(entry.id, entry.version);
            let details: EntryDetails = open_with(&key, &place, entry.sealed.as_ref())?;
            if may_read_entry(permit.actor(), row.agency_id, &details.category, &details.handling) {
                seen.push((entry.id, details));
            }
        }
        Ok((sealed.details, seen))
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

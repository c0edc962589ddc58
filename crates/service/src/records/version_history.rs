//! The version history of a fragment for readers who may not see every entry. A correction that
//! changes nothing visible to a reader creates no version for them: number, time, author and reason
//! stay the same. The histories are computed when a version is written and sealed with it, so that
//! reading costs the same whatever is hidden.

use std::collections::BTreeSet;

use domain::{AgencyId, EntryDetails, EntryId, EntryReader, Instant, may_read_entry};
use serde::{Deserialize, Serialize};
use store::FragmentRow;
use uuid::Uuid;

use crate::records::fragment_versions::{SealedVersion, is_access_limited};
use crate::records::fragments::FragmentDetails;

/// Maximum number of versions that an audience can tell apart; earlier ones are no longer shown.
pub(crate) const MAX_VISIBLE_VERSIONS: usize = 100;

/// A group of readers who see the same entries of a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Audience {
    pub(crate) offence_data: bool,
    pub(crate) restricted: RestrictedVisibility,
}

/// Which restricted entries an audience sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RestrictedVisibility {
    All,
    /// Those that name this agency.
    NamedAgency(AgencyId),
    None,
}

impl Audience {
    /// The audience of a reader; `None` for a reader who sees every entry of the author's.
    pub(crate) fn of(reader: &EntryReader, author: AgencyId) -> Option<Self> {
        if reader.sees_all_entries_of(author) {
            return None;
        }
        let restricted = match (reader.emergency, reader.social_care) {
            (true, _) => RestrictedVisibility::None,
            (false, true) => RestrictedVisibility::All,
            (false, false) => RestrictedVisibility::NamedAgency(reader.agency),
        };
        Some(Self {
            offence_data: reader.offence_data && !reader.emergency,
            restricted,
        })
    }

    /// A representative reader of this audience.
    pub(crate) fn reader(self) -> EntryReader {
        let (agency, social_care) = match self.restricted {
            RestrictedVisibility::All => (AgencyId(Uuid::nil()), true),
            RestrictedVisibility::NamedAgency(agency) => (agency, false),
            RestrictedVisibility::None => (AgencyId(Uuid::nil()), false),
        };
        EntryReader {
            agency,
            social_care,
            offence_data: self.offence_data,
            emergency: false,
        }
    }

    /// The audience of an agency that no entry names.
    fn without_named_agency(self) -> Self {
        match self.restricted {
            RestrictedVisibility::All | RestrictedVisibility::None => self,
            RestrictedVisibility::NamedAgency(_) => Self {
                restricted: RestrictedVisibility::None,
                ..self
            },
        }
    }
}

/// A version that changed something for an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VisibleVersion {
    /// The stored version number.
    pub(crate) version: i64,
    /// When it was submitted.
    pub(crate) at: Instant,
}

/// The versions that an audience can see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct VersionHistory {
    pub(crate) audience: Audience,
    /// Number of earlier versions that have been dropped from the list.
    pub(crate) dropped: i64,
    /// The latest versions, oldest first, at most [`MAX_VISIBLE_VERSIONS`].
    pub(crate) versions: Vec<VisibleVersion>,
}

impl VersionHistory {
    /// The latest version and its number for this audience.
    pub(crate) fn latest(&self) -> Option<(i64, VisibleVersion)> {
        let count = i64::try_from(self.versions.len()).unwrap_or(i64::MAX);
        self.versions
            .last()
            .map(|seen| (self.dropped + count, *seen))
    }

    /// The versions with their numbers for this audience, oldest first.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (i64, VisibleVersion)> + '_ {
        (self.dropped + 1..).zip(self.versions.iter().copied())
    }

    pub(crate) fn add(&mut self, seen: VisibleVersion) {
        self.versions.push(seen);
        if self.versions.len() > MAX_VISIBLE_VERSIONS {
            self.versions.remove(0);
            self.dropped += 1;
        }
    }
}

/// Compact text form, since the sealed column is padded by the block: whether offence data is
/// visible, which restricted entries are, the number of dropped versions, then each version with
/// its time in microseconds.
impl From<VersionHistory> for String {
    fn from(history: VersionHistory) -> Self {
        let offence = if history.audience.offence_data {
            'o'
        } else {
            '-'
        };
        let restricted = match history.audience.restricted {
            RestrictedVisibility::All => "all".to_owned(),
            RestrictedVisibility::None => "none".to_owned(),
            RestrictedVisibility::NamedAgency(agency) => agency.0.simple().to_string(),
        };
        let versions = history
            .versions
            .iter()
            .map(|seen| format!(" {}@{}", seen.version, seen.at.as_micros()));
        format!(
            "{offence} {restricted} {}{}",
            history.dropped,
            versions.collect::<Self>()
        )
    }
}

impl TryFrom<String> for VersionHistory {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WRONG: &str = "not a fragment history";
        let mut words = text.split(' ');
        let mut next = || words.next().ok_or(WRONG);
        let offence_data = next()? == "o";
        let restricted = match next()? {
            "all" => RestrictedVisibility::All,
            "none" => RestrictedVisibility::None,
            agency => RestrictedVisibility::NamedAgency(AgencyId(
                Uuid::try_parse(agency).map_err(|_| WRONG)?,
            )),
        };
        let dropped = next()?.parse().map_err(|_| WRONG)?;
        let version = |word: &str| {
            let (version, at) = word.split_once('@')?;
            Some(VisibleVersion {
                version: version.parse().ok()?,
                at: Instant::from_micros(at.parse().ok()?),
            })
        };
        let versions = words
            .map(|word| version(word).ok_or(WRONG))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            audience: Audience {
                offence_data,
                restricted,
            },
            dropped,
            versions,
        })
    }
}

/// The content of a fragment at one version.
pub(crate) struct VersionContent<'s> {
    pub(crate) row: &'s FragmentRow,
    pub(crate) details: &'s FragmentDetails,
    pub(crate) entries: &'s [(EntryId, EntryDetails)],
}

impl VersionContent<'_> {
    /// Whether an audience sees the same content in both versions.
    fn is_identical_for(&self, audience: Audience, other: &Self) -> bool {
        let reader = audience.reader();
        let is_visible = |entry: &&EntryDetails| {
            may_read_entry(
                &reader,
                self.row.agency_id,
                &entry.category,
                &entry.handling,
            )
        };
        let seen = |content: &Self| {
            content
                .entries
                .iter()
                .map(|(_, entry)| entry)
                .filter(is_visible)
                .cloned()
                .collect::<Vec<_>>()
        };
        let own_entries = seen(self);
        let other_entries = seen(other);
        if own_entries.is_empty() && other_entries.is_empty() {
            return true;
        }
        self.row.child_id == other.row.child_id
            && self.row.expires_at == other.row.expires_at
            && self.details.sharing == other.details.sharing
            && self.details.involvement == other.details.involvement
            && own_entries == other_entries
    }
}

/// The version that a correction replaces.
pub(crate) struct PreviousVersion {
    /// The fragment row before the correction.
    pub(crate) row: FragmentRow,
    pub(crate) details: FragmentDetails,
    pub(crate) entries: Vec<(EntryId, EntryDetails)>,
    pub(crate) histories: Vec<VersionHistory>,
    /// All versions of the fragment, oldest first; loaded only when no history exists yet.
    pub(crate) versions: Vec<VisibleVersion>,
}

impl SealedVersion {
    /// The history for a reader; `None` when the reader can see every version.
    pub(crate) fn history_for(
        &self,
        reader: &EntryReader,
        author: AgencyId,
    ) -> Option<&VersionHistory> {
        let history = find_history(&self.histories, Audience::of(reader, author)?);
        history.filter(|history| history.latest().is_some())
    }

    /// The latest version visible to a reader with its number; `current` when the reader can see
    /// every version.
    pub(crate) fn latest_visible_to(
        &self,
        reader: &EntryReader,
        author: AgencyId,
        current: VisibleVersion,
    ) -> (i64, VisibleVersion) {
        self.history_for(reader, author)
            .and_then(VersionHistory::latest)
            .unwrap_or((current.version, current))
    }
}

/// The histories of a fragment including the version about to be written; empty as long as nothing
/// of the fragment has ever had limited access.
pub(crate) fn build_histories(
    after: &VersionContent<'_>,
    before: Option<&PreviousVersion>,
    now: Instant,
) -> Vec<VersionHistory> {
    let previous = before.map_or(&[][..], |before| before.histories.as_slice());
    // To a reader who sees no entry, a fragment with involvement only must look like one whose
    // entries are all hidden.
    let access_limited = after.entries.is_empty()
        || after
            .entries
            .iter()
            .any(|(_, entry)| is_access_limited(entry));
    if !access_limited && previous.is_empty() {
        return Vec::new();
    }
    let history = |audience: Audience| {
        let known = find_history(previous, audience).map(|known| VersionHistory {
            audience,
            ..known.clone()
        });
        let mut history = known.unwrap_or_else(|| full_history(audience, before));
        let content = before.map(|before| VersionContent {
            row: &before.row,
            details: &before.details,
            entries: &before.entries,
        });
        if !content.is_some_and(|content| content.is_identical_for(audience, after)) {
            history.add(VisibleVersion {
                version: after.row.version,
                at: now,
            });
        }
        history
    };
    collect_audiences(after.entries, previous)
        .into_iter()
        .map(history)
        .collect()
}

/// A history of all versions so far, for an audience without a stored history.
fn full_history(audience: Audience, before: Option<&PreviousVersion>) -> VersionHistory {
    let mut history = VersionHistory {
        audience,
        dropped: 0,
        versions: Vec::new(),
    };
    before
        .into_iter()
        .flat_map(|before| &before.versions)
        .for_each(|version| history.add(*version));
    history
}

/// All audiences to distinguish: those by kind of restriction, and one per agency named on an
/// entry.
fn collect_audiences(
    entries: &[(EntryId, EntryDetails)],
    previous: &[VersionHistory],
) -> BTreeSet<Audience> {
    let named = entries
        .iter()
        .flat_map(|(_, entry)| entry.handling.named_agencies.iter().copied());
    let kinds = [RestrictedVisibility::All, RestrictedVisibility::None]
        .into_iter()
        .chain(named.map(RestrictedVisibility::NamedAgency));
    let both = kinds.flat_map(|restricted| {
        [false, true].map(|offence_data| Audience {
            offence_data,
            restricted,
        })
    });
    let all = both.chain(previous.iter().map(|history| history.audience));
    all.filter(|audience| !audience.reader().sees_all_entries())
        .collect()
}

/// The stored history of an audience; `None` when every version is visible to everyone.
fn find_history(histories: &[VersionHistory], audience: Audience) -> Option<&VersionHistory> {
    let of = |wanted: Audience| histories.iter().find(|history| history.audience == wanted);
    of(audience).or_else(|| of(audience.without_named_agency()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails on an unexpected value")]

    use super::*;

    #[test]
    fn history_round_trips_through_its_text_form() {
        let at = Instant::from_micros(1_760_000_000_000_000);
        let agency = AgencyId(Uuid::from_u128(7));
        for restricted in [
            RestrictedVisibility::All,
            RestrictedVisibility::NamedAgency(agency),
            RestrictedVisibility::None,
        ] {
            let audience = Audience {
                offence_data: true,
                restricted,
            };
            let mut history = VersionHistory {
                audience,
                dropped: 0,
                versions: Vec::new(),
            };
            (1..=103).for_each(|version| history.add(VisibleVersion { version, at }));
            assert_eq!(
                history.latest(),
                Some((103, VisibleVersion { version: 103, at }))
            );
            assert_eq!(history.numbered().next().map(|(number, _)| number), Some(4));
            let stored = serde_json::to_string(&history).unwrap();
            assert_eq!(
                serde_json::from_str::<VersionHistory>(&stored).unwrap(),
                history
            );
        }
        assert!(serde_json::from_str::<VersionHistory>("\"o all\"").is_err());
    }

    #[test]
    fn agency_without_named_entries_uses_the_audience_that_sees_no_restricted_ones() {
        let none = Audience {
            offence_data: false,
            restricted: RestrictedVisibility::None,
        };
        let history = VersionHistory {
            audience: none,
            dropped: 0,
            versions: Vec::new(),
        };
        let audience = Audience {
            restricted: RestrictedVisibility::NamedAgency(AgencyId(Uuid::from_u128(7))),
            ..none
        };
        assert_eq!(
            find_history(&[history], audience).map(|found| found.audience),
            Some(none)
        );
    }
}

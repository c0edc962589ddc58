//! What a fragment's versions are to those who may not see every entry of it. A correction of nothing that they may see makes
//! no version for them: number, time, author and reason stay what they were. This is settled when a version is written and
//! sealed with it, so that reading it costs the same whatever is kept from the reader.

use std::collections::BTreeSet;

use domain::{AgencyId, EntryDetails, EntryId, Instant, Reader, may_read_entry};
use serde::{Deserialize, Serialize};
use store::FragmentRow;
use uuid::Uuid;

use super::FragmentDetails;
use super::guarded::{SealedVersion, is_guarded};

/// Readers who are shown the same of a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Audience {
    offence_data: bool,
    restricted: Restricted,
}

/// Which restricted entries are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Restricted {
    All,
    /// Those that name the agency.
    Naming(AgencyId),
    None,
}

impl Audience {
    /// The audience that a reader belongs to; none for one who sees every entry of the author's.
    fn of(reader: &Reader, author: AgencyId) -> Option<Self> {
        if reader.sees_every_entry_of(author) {
            return None;
        }
        let restricted = match (reader.emergency, reader.social_care) {
            (true, _) => Restricted::None,
            (false, true) => Restricted::All,
            (false, false) => Restricted::Naming(reader.agency),
        };
        Some(Self { offence_data: reader.offence_data && !reader.emergency, restricted })
    }

    /// A reader of this audience.
    fn reader(self) -> Reader {
        let (agency, social_care) = match self.restricted {
            Restricted::All => (AgencyId(Uuid::nil()), true),
            Restricted::Naming(agency) => (agency, false),
            Restricted::None => (AgencyId(Uuid::nil()), false),
        };
        Reader { agency, social_care, offence_data: self.offence_data, emergency: false }
    }

    /// The audience that one whose agency no entry names belongs to.
    fn unnamed(self) -> Self {
        match self.restricted {
            Restricted::All | Restricted::None => self,
            Restricted::Naming(_) => Self { restricted: Restricted::None, ..self },
        }
    }
}

/// A version that changed something for an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VersionSeen {
    /// The version in the order of all.
    pub(crate) version: i64,
    /// When it was submitted.
    pub(crate) at: Instant,
}

/// The versions that an audience knows of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct History {
    audience: Audience,
    /// How many earlier ones are no longer told apart.
    earlier: i64,
    /// The latest, oldest first.
    versions: Vec<VersionSeen>,
}

/// Kept short, for a sealed column is padded by the block: whether offence data is shown, which restricted entries, how many
/// earlier versions, then each version with its microsecond.
impl From<History> for String {
    fn from(history: History) -> Self {
        let offence = if history.audience.offence_data { 'o' } else { '-' };
        let restricted = match history.audience.restricted {
            Restricted::All => "all".to_owned(),
            Restricted::None => "none".to_owned(),
            Restricted::Naming(agency) => agency.0.simple().to_string(),
        };
        let versions = history.versions.iter().map(|seen| format!(" {}@{}", seen.version, seen.at.as_micros()));
        format!("{offence} {restricted} {}{}", history.earlier, versions.collect::<Self>())
    }
}

impl TryFrom<String> for History {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WRONG: &str = "not the history of a fragment";
        let mut words = text.split(' ');
        let mut next = || words.next().ok_or(WRONG);
        let offence_data = next()? == "o";
        let restricted = match next()? {
            "all" => Restricted::All,
            "none" => Restricted::None,
            agency => Restricted::Naming(AgencyId(Uuid::try_parse(agency).map_err(|_| WRONG)?)),
        };
        let earlier = next()?.parse().map_err(|_| WRONG)?;
        let version = |word: &str| {
            let (version, at) = word.split_once('@')?;
            Some(VersionSeen { version: version.parse().ok()?, at: Instant::from_micros(at.parse().ok()?) })
        };
        let versions = words.map(|word| version(word).ok_or(WRONG)).collect::<Result<_, _>>()?;
        Ok(Self { audience: Audience { offence_data, restricted }, earlier, versions })
    }
}

/// Versions that one audience can tell apart, at most; earlier ones are not shown to it any more.
pub(super) const MOST_VERSIONS: usize = 100;

impl History {
    /// The number of the latest version, and when it was submitted.
    pub(crate) fn latest(&self) -> Option<(i64, VersionSeen)> {
        let count = i64::try_from(self.versions.len()).unwrap_or(i64::MAX);
        self.versions.last().map(|seen| (self.earlier + count, *seen))
    }

    /// Every version by its number, oldest first.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (i64, VersionSeen)> + '_ {
        (self.earlier + 1..).zip(self.versions.iter().copied())
    }

    fn add(&mut self, seen: VersionSeen) {
        self.versions.push(seen);
        if self.versions.len() > MOST_VERSIONS {
            self.versions.remove(0);
            self.earlier += 1;
        }
    }
}

/// The history of an audience among those kept; none where everybody knows of every version.
fn history_of(histories: &[History], audience: Audience) -> Option<&History> {
    let of = |wanted: Audience| histories.iter().find(|history| history.audience == wanted);
    of(audience).or_else(|| of(audience.unnamed()))
}

/// What a fragment says at one version.
pub(super) struct Said<'s> {
    pub(super) row: &'s FragmentRow,
    pub(super) details: &'s FragmentDetails,
    pub(super) entries: &'s [(EntryId, EntryDetails)],
}

impl Said<'_> {
    /// Whether an audience is shown the same of both.
    fn is_same_to(&self, audience: Audience, other: &Self) -> bool {
        let reader = audience.reader();
        let may = |entry: &&EntryDetails| may_read_entry(&reader, self.row.agency_id, &entry.category, &entry.handling);
        let seen = |said: &Self| said.entries.iter().map(|(_, entry)| entry).filter(may).cloned().collect::<Vec<_>>();
        let (mine, others) = (seen(self), seen(other));
        if mine.is_empty() && others.is_empty() {
            return true;
        }
        self.row.child_id == other.row.child_id
            && self.row.expires_at == other.row.expires_at
            && self.details.sharing == other.details.sharing
            && self.details.involvement == other.details.involvement
            && mine == others
    }
}

/// What stood before a correction.
pub(super) struct Before {
    /// The fragment as it was.
    pub(super) row: FragmentRow,
    pub(super) details: FragmentDetails,
    pub(super) entries: Vec<(EntryId, EntryDetails)>,
    pub(super) histories: Vec<History>,
    /// The fragment's versions, oldest first; needed where nothing of it has been kept from anybody yet.
    pub(super) versions: Vec<VersionSeen>,
}

/// The histories of a fragment with the version about to be written: none while nothing of it has ever been kept from
/// anybody.
pub(super) fn histories(after: &Said<'_>, before: Option<&Before>, now: Instant) -> Vec<History> {
    let former = before.map_or(&[][..], |before| before.histories.as_slice());
    // A return of involvement alone is to those who see no entry what a return of entries kept from them is.
    let guarded = after.entries.is_empty() || after.entries.iter().any(|(_, entry)| is_guarded(entry));
    if !guarded && former.is_empty() {
        return Vec::new();
    }
    let history = |audience: Audience| {
        let known = history_of(former, audience).map(|known| History { audience, ..known.clone() });
        let mut history = known.unwrap_or_else(|| known_to_all(audience, before));
        let said = before.map(|before| Said { row: &before.row, details: &before.details, entries: &before.entries });
        if !said.is_some_and(|said| said.is_same_to(audience, after)) {
            history.add(VersionSeen { version: after.row.version, at: now });
        }
        history
    };
    audiences(after.entries, former).into_iter().map(history).collect()
}

/// Until now everybody has known of every version.
fn known_to_all(audience: Audience, before: Option<&Before>) -> History {
    let mut history = History { audience, earlier: 0, versions: Vec::new() };
    before.into_iter().flat_map(|before| &before.versions).for_each(|version| history.add(*version));
    history
}

/// Every audience that is told apart: what is kept from all alike, and what the agencies named on entries see.
fn audiences(entries: &[(EntryId, EntryDetails)], former: &[History]) -> BTreeSet<Audience> {
    let named = entries.iter().flat_map(|(_, entry)| entry.handling.named_agencies.iter().copied());
    let kinds = [Restricted::All, Restricted::None].into_iter().chain(named.map(Restricted::Naming));
    let both = kinds.flat_map(|restricted| [false, true].map(|offence_data| Audience { offence_data, restricted }));
    let all = both.chain(former.iter().map(|history| history.audience));
    all.filter(|audience| !audience.reader().sees_every_entry()).collect()
}

impl SealedVersion {
    /// The versions that a reader knows of; none for one who knows of every version.
    pub(crate) fn history_for(&self, reader: &Reader, author: AgencyId) -> Option<&History> {
        let history = history_of(&self.histories, Audience::of(reader, author)?);
        history.filter(|history| history.latest().is_some())
    }

    /// The version's number to a reader, and the version that last changed something for them; as they are where the reader
    /// knows of every version.
    pub(crate) fn seen_by(&self, reader: &Reader, author: AgencyId, whole: VersionSeen) -> (i64, VersionSeen) {
        self.history_for(reader, author).and_then(History::latest).unwrap_or((whole.version, whole))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

    use super::*;

    #[test]
    fn a_history_is_kept_and_comes_back() {
        let at = Instant::from_micros(1_760_000_000_000_000);
        let agency = AgencyId(Uuid::from_u128(7));
        for restricted in [Restricted::All, Restricted::Naming(agency), Restricted::None] {
            let audience = Audience { offence_data: true, restricted };
            let mut history = History { audience, earlier: 0, versions: Vec::new() };
            (1..=103).for_each(|version| history.add(VersionSeen { version, at }));
            assert_eq!(history.latest(), Some((103, VersionSeen { version: 103, at })));
            assert_eq!(history.numbered().next().map(|(number, _)| number), Some(4));
            let kept = serde_json::to_string(&history).unwrap();
            assert_eq!(serde_json::from_str::<History>(&kept).unwrap(), history);
        }
        assert!(serde_json::from_str::<History>("\"o all\"").is_err());
    }

    #[test]
    fn who_is_not_named_belongs_to_those_who_see_nothing_restricted() {
        let none = Audience { offence_data: false, restricted: Restricted::None };
        let history = History { audience: none, earlier: 0, versions: Vec::new() };
        let asked = Audience { restricted: Restricted::Naming(AgencyId(Uuid::from_u128(7))), ..none };
        assert_eq!(history_of(&[history], asked).map(|found| found.audience), Some(none));
    }
}

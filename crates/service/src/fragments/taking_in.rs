//! Moving fragments: into a chronology when linkage or a person says whose they are, and along with its expiry when it
//! is extended.

use std::collections::BTreeMap;

use domain::{EntryDetails, Instant, Permit, PersonId};
use store::{ChronologyRow, FragmentOriginRow, FragmentRow};

use super::{entry_place, living_until, version_place};
use crate::sealing::to_bytes;
use crate::session::Scene;
use crate::{Answer, Service};

/// Who is named instead of whom.
pub(crate) type Names = BTreeMap<PersonId, PersonId>;

impl Service {
    /// Moves a fragment that was sent ahead under the chronology: keys wrapped again under its scope, children named as
    /// the chronology's family names them, words untouched. Where it came from is noted, so that it can go back.
    pub(crate) fn take_in(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        same: &Names,
        was: FragmentRow,
    ) -> Answer<()> {
        // What was sent about the chronology's own family names its people already.
        let own = was.family_id == chronology.family_id;
        let about = |child: PersonId| if own { Some(child) } else { same.get(&child).copied() };
        let moved = FragmentRow {
            chronology_id: Some(chronology.id),
            family_id: chronology.family_id,
            child_id: was.child_id.and_then(about),
            updated_at: scene.now(),
            ..living_until(was.clone(), was.expires_at.min(chronology.expires_at))
        };
        self.relocate(scene, permit, &was, &moved, same)?;
        let origin = FragmentOriginRow {
            fragment_id: was.id,
            partnership_id: was.partnership_id,
            chronology_id: chronology.id,
            family_id: was.family_id,
            asked_expiry: was.expires_at,
            created_at: scene.now(),
        };
        store::origins::insert(scene.tx, &origin)?;
        self.record_followed(scene, ("fragment", "take_in"), was.id.0, chronology.id)?;
        self.keep_answer(scene, chronology, was.agency_id)?;
        self.mark_submitted(scene, chronology, was.agency_id)
    }

    /// Writes a fragment at its new place: people renamed in every entry of every version, keys wrapped again.
    pub(super) fn relocate(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        was: &FragmentRow,
        will_be: &FragmentRow,
        names: &Names,
    ) -> Answer<()> {
        self.rename_in_entries(scene, permit, was, names)?;
        self.rewrap_versions(scene, permit, was, will_be)?;
        Ok(store::fragments::update(scene.tx, will_be, was.version)?)
    }

    /// Names people otherwise in every entry of every version of a fragment.
    pub(super) fn rename_in_entries(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &FragmentRow,
        names: &Names,
    ) -> Answer<()> {
        for version in store::fragments::versions(scene.tx, permit, row.id, scene.session.now)? {
            let entries = self.open_entries(scene, permit, row, &version)?;
            let terms = super::fragment_terms(row, version.expires_at);
            let place = version_place(row.id, version.version);
            let key = self.vault().open_key(scene.now(), &terms, &place, version.wrapped_key.as_ref())?;
            for (id, mut details) in entries {
                if !rename_people(&mut details, names) {
                    continue;
                }
                let sealed = key.seal(&entry_place(id, version.version), &to_bytes(&details)?)?.into();
                let partnership = row.partnership_id;
                store::fragments::reseal_entry(scene.tx, partnership, row.id, version.version, id, &sealed)?;
            }
        }
        Ok(())
    }

    /// Fragments that expire with their chronology follow it to its new expiry; one that was sent ahead no further than
    /// its agency let it live.
    pub(crate) fn rewrap_following_fragments(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        before: Instant,
    ) -> Answer<()> {
        let partnership = permit.partnership();
        let standing = store::fragments::list(scene.tx, partnership, chronology.id, scene.session.now)?;
        for row in standing.into_iter().filter(|row| row.expires_at == before) {
            let origin = store::origins::find(scene.tx, partnership, row.id)?;
            let asked = origin.as_ref().map(|origin| origin.asked_expiry);
            let expires_at = asked.map_or(chronology.expires_at, |asked| asked.min(chronology.expires_at));
            let moved = FragmentRow { updated_at: scene.now(), ..living_until(row.clone(), expires_at) };
            self.rewrap_versions(scene, permit, &row, &moved)?;
            store::fragments::update(scene.tx, &moved, row.version)?;
            if let Some(origin) = origin {
                self.settle_family(scene, permit, origin.family_id)?;
            }
        }
        Ok(())
    }

    /// The agency has given a fragment another expiry: the family it came from lives along with it.
    pub(super) fn settle_origin(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &FragmentRow,
        asked: Instant,
    ) -> Answer<()> {
        let Some(origin) = store::origins::find(scene.tx, row.partnership_id, row.id)? else { return Ok(()) };
        store::origins::set_asked_expiry(scene.tx, row.partnership_id, row.id, asked)?;
        self.settle_family(scene, permit, origin.family_id)
    }
}

/// Everybody whom an entry names by their record.
pub(super) fn people_in(details: &EntryDetails) -> Vec<PersonId> {
    let adults = details.adults.iter().filter_map(|adult| adult.person);
    let voice = details.child_voice.as_ref().and_then(|voice| voice.child);
    details.children.iter().copied().chain(adults).chain(voice).collect()
}

/// Names people otherwise; says whether anything changed.
pub(super) fn rename_people(details: &mut EntryDetails, names: &Names) -> bool {
    let before = details.clone();
    let renamed = |id: &PersonId| names.get(id).copied().unwrap_or(*id);
    details.children = details.children.iter().map(renamed).collect();
    for adult in &mut details.adults {
        adult.person = adult.person.map(|person| renamed(&person));
    }
    if let Some(voice) = &mut details.child_voice {
        voice.child = voice.child.map(|child| renamed(&child));
    }
    if *details == before {
        return false;
    }
    details.children.sort_unstable();
    true
}

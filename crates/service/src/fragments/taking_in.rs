//! Taking fragments into a chronology: those that were sent ahead when one is opened, and those that follow its expiry
//! when it is extended.

use std::collections::BTreeMap;

use domain::{AgencyId, EntryDetails, Instant, Permit, PersonDetails, PersonId, PersonKind};
use store::{ChronologyRow, FragmentRow};

use super::{entry_place, version_place};
use crate::people::FamilyView;
use crate::sealing::to_bytes;
use crate::session::Scene;
use crate::{Answer, Service};

impl Service {
    /// Takes in what invited agencies sent ahead about the children of this family. A child is the same when an
    /// identifier is (NHS number, UPN) and nothing contradicts it; a fragment that names a child we cannot place stays
    /// where it is.
    pub(crate) fn take_in_ahead(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
    ) -> Answer<()> {
        for invitation in store::invitations::list(scene.tx, chronology.partnership_id, chronology.id)? {
            self.take_in_ahead_of(scene, permit, chronology, invitation.agency_id)?;
        }
        Ok(())
    }

    /// Takes in what one agency sent ahead.
    pub(crate) fn take_in_ahead_of(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        agency: AgencyId,
    ) -> Answer<()> {
        let waiting =
            store::fragments::ahead_of_agency(scene.tx, chronology.partnership_id, agency, scene.session.now)?;
        if waiting.is_empty() {
            return Ok(());
        }
        let family = self.open_family(scene, permit, chronology.family_id)?;
        for fragment in waiting {
            self.take_in_one(scene, permit, chronology, &family, fragment)?;
        }
        Ok(())
    }

    fn take_in_one(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        family: &FamilyView,
        fragment: FragmentRow,
    ) -> Answer<()> {
        let theirs = self.open_family(scene, permit, fragment.family_id)?;
        let same = same_people(&theirs, family);
        let mut children = theirs.children().map(|(id, _)| id).peekable();
        let someone = children.peek().is_some();
        // Without a child that is plainly one of ours, nothing says that this family is that one.
        if !someone || !children.all(|id| same.contains_key(id)) {
            return Ok(());
        }
        let their_family = fragment.family_id;
        self.move_fragment(scene, permit, chronology, &same, fragment)?;
        self.settle_family(scene, permit, their_family)?;
        self.settle_family(scene, permit, chronology.family_id)
    }

    /// Moves a fragment under the chronology: keys wrapped again under its scope, children named as the chronology's
    /// family names them, words untouched.
    fn move_fragment(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        same: &BTreeMap<PersonId, PersonId>,
        was: FragmentRow,
    ) -> Answer<()> {
        let agency = was.agency_id;
        let expires_at = was.expires_at.min(chronology.expires_at);
        let moved = FragmentRow {
            chronology_id: Some(chronology.id),
            family_id: chronology.family_id,
            child_id: was.child_id.and_then(|child| same.get(&child).copied()),
            expires_at,
            updated_at: scene.now(),
            ..was.clone()
        };
        for version in store::fragments::versions(scene.tx, permit, was.id, scene.session.now)? {
            let entries = self.open_entries(scene, permit, &was, &version)?;
            let terms = super::fragment_terms(&was, version.expires_at);
            let place = version_place(was.id, version.version);
            let key = self.vault().open_key(scene.now(), &terms, &place, version.wrapped_key.as_ref())?;
            for (id, mut details) in entries {
                rename_people(&mut details, same);
                let sealed = key.seal(&entry_place(id, version.version), &to_bytes(&details)?)?;
                store::fragments::reseal_entry(
                    scene.tx,
                    was.partnership_id,
                    was.id,
                    version.version,
                    id,
                    &sealed.into(),
                )?;
            }
        }
        self.rewrap_versions(scene, permit, &was, &moved, expires_at)?;
        store::fragments::update(scene.tx, &moved, was.version)?;
        self.mark_submitted(scene, chronology, agency)
    }

    /// Fragments that expire with their chronology follow it to its new expiry.
    pub(crate) fn rewrap_following_fragments(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        before: Instant,
    ) -> Answer<()> {
        let standing = store::fragments::list(scene.tx, permit.partnership(), chronology.id, scene.session.now)?;
        for row in standing.into_iter().filter(|row| row.expires_at == before) {
            self.rewrap_versions(scene, permit, &row, &row, chronology.expires_at)?;
            let moved = FragmentRow { expires_at: chronology.expires_at, updated_at: scene.now(), ..row.clone() };
            store::fragments::update(scene.tx, &moved, row.version)?;
        }
        Ok(())
    }
}

/// Which person of one family is which of the other, where identifiers say so plainly.
fn same_people(theirs: &FamilyView, ours: &FamilyView) -> BTreeMap<PersonId, PersonId> {
    let mut same = BTreeMap::new();
    for (their_id, their) in &theirs.members {
        let matches: Vec<PersonId> =
            ours.members.iter().filter(|(_, our)| plainly_same(their, our)).map(|(id, _)| *id).collect();
        if let [only] = matches.as_slice() {
            same.insert(*their_id, *only);
        }
    }
    same
}

/// A child is the same by an identifier. An adult of a family whose children are the same is so by name too, unless
/// the dates of birth differ.
fn plainly_same(a: &PersonDetails, b: &PersonDetails) -> bool {
    if a.kind != b.kind {
        return false;
    }
    if linkage::same_child(a, b).band == linkage::ChildBand::Match {
        return true;
    }
    let plain = |person: &PersonDetails| {
        let family = person.name.family.as_ref().map(|family| family.as_str().trim().to_lowercase());
        (person.name.given.as_str().trim().to_lowercase(), family)
    };
    let births_agree = a.birth.zip(b.birth).is_none_or(|(a, b)| a.date == b.date);
    a.kind == PersonKind::Adult && births_agree && plain(a) == plain(b)
}

fn rename_people(details: &mut EntryDetails, same: &BTreeMap<PersonId, PersonId>) {
    let renamed = |id: &PersonId| same.get(id).copied().unwrap_or(*id);
    details.children = details.children.iter().map(renamed).collect();
    details.children.sort_unstable();
    for adult in &mut details.adults {
        adult.person = adult.person.map(|person| renamed(&person));
    }
    if let Some(voice) = &mut details.child_voice {
        voice.child = voice.child.map(|child| renamed(&child));
    }
}

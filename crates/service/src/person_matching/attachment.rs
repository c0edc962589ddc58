//! Attaching fragments to a chronology, once matching or a person has identified the family, and
//! moving them with its expiry.

use domain::{AccessPermit, Instant, PersonId, SystemAction};
use kernel::{ServiceResult, UnitOfWork, to_json_bytes};
use store::{ChronologyRow, FragmentOriginRow, FragmentRow};

use crate::person_matching::PersonMatching;
use crate::records::{
    PersonIdMap, entry_location, fragment_terms, remap_people, version_location, with_expiry,
};

impl PersonMatching {
    /// Attaches an advance submission to the chronology: rewraps its keys under the chronology's
    /// scope and replaces person ids with those of the chronology's family. The text is unchanged,
    /// and the origin is recorded so that the fragment can be detached again.
    pub(super) fn attach_fragment(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        person_map: &PersonIdMap,
        before: FragmentRow,
    ) -> ServiceResult<()> {
        // A submission about the chronology's own family already uses its person ids.
        let own = before.family_id == chronology.family_id;
        let remap_child = |child: PersonId| {
            if own {
                Some(child)
            } else {
                person_map.get(&child).copied()
            }
        };
        let moved = FragmentRow {
            chronology_id: Some(chronology.id),
            family_id: chronology.family_id,
            child_id: before.child_id.and_then(remap_child),
            updated_at: uow.now(),
            ..with_expiry(before.clone(), before.expires_at.min(chronology.expires_at))
        };
        self.move_fragment(uow, permit, &before, &moved, person_map)?;
        let origin = FragmentOriginRow {
            fragment_id: before.id,
            partnership_id: before.partnership_id,
            chronology_id: chronology.id,
            family_id: before.family_id,
            asked_expiry: before.expires_at,
            created_at: uow.now(),
        };
        store::origins::insert(uow.tx, &origin)?;
        self.record_automatic_action(
            uow,
            SystemAction::FragmentAttach,
            before.id.0,
            chronology.id,
        )?;
        self.save_former_answer(uow, chronology, before.agency_id)?;
        self.records
            .invitations
            .mark_invitation_submitted(uow, chronology, before.agency_id)
    }

    /// Stores a fragment under another chronology or family: replaces person ids in every version
    /// and rewraps the keys.
    pub(super) fn move_fragment(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        before: &FragmentRow,
        after: &FragmentRow,
        person_map: &PersonIdMap,
    ) -> ServiceResult<()> {
        self.remap_people_in_versions(uow, permit, before, person_map)?;
        self.records
            .fragments
            .rewrap_versions(uow, permit, before, after)?;
        Ok(store::fragments::update(uow.tx, after, before.version)?)
    }

    /// Replaces person ids in every entry of every version of a fragment.
    pub(super) fn remap_people_in_versions(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
        person_map: &PersonIdMap,
    ) -> ServiceResult<()> {
        for version in store::fragments::versions(uow.tx, permit, row.id, uow.session.now)? {
            let entries = self
                .records
                .fragments
                .open_entries(uow, permit, row, &version)?;
            let terms = fragment_terms(row, version.expires_at);
            let location = version_location(row.id, version.version);
            let key = self.kernel.vault().open_key(
                uow.now(),
                &terms,
                &location,
                version.wrapped_key.as_ref(),
            )?;
            for (id, mut details) in entries {
                if !remap_people(&mut details, person_map) {
                    continue;
                }
                let sealed = key
                    .seal(
                        &entry_location(id, version.version),
                        &to_json_bytes(&details)?,
                    )?
                    .into();
                let partnership = row.partnership_id;
                store::fragments::reseal_entry(
                    uow.tx,
                    partnership,
                    row.id,
                    version.version,
                    id,
                    &sealed,
                )?;
            }
        }
        Ok(())
    }

    /// Moves the fragments that expire with the chronology to its new expiry. An attached fragment
    /// does not outlive the expiry that its agency requested.
    pub(crate) fn rewrap_dependent_fragments(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        before: Instant,
    ) -> ServiceResult<()> {
        let partnership = permit.partnership();
        let live = store::fragments::list(uow.tx, partnership, chronology.id, uow.session.now)?;
        for row in live.into_iter().filter(|row| row.expires_at == before) {
            let origin = store::origins::find(uow.tx, partnership, row.id)?;
            let requested_expiry = origin.as_ref().map(|origin| origin.asked_expiry);
            let expires_at = requested_expiry.map_or(chronology.expires_at, |requested_expiry| {
                requested_expiry.min(chronology.expires_at)
            });
            let moved = FragmentRow {
                updated_at: uow.now(),
                ..with_expiry(row.clone(), expires_at)
            };
            self.records
                .fragments
                .rewrap_versions(uow, permit, &row, &moved)?;
            store::fragments::update(uow.tx, &moved, row.version)?;
            if let Some(origin) = origin {
                self.records
                    .families
                    .update_family_expiry(uow, permit, origin.family_id)?;
            }
        }
        Ok(())
    }
}

//! Look-up tokens of children that come of their family: an unborn baby has no name and no number, but a mother.

use std::collections::BTreeSet;

use domain::{FamilyId, PartnershipId, Permit, PersonId};

use super::FamilyView;
use crate::session::Scene;
use crate::{Answer, Service, ServiceError};

/// The kind of token, and the kind of key of linkage's that it comes of.
const KIN: &str = "kin";
const MOTHER: &str = "mother and season";
/// At most so many for one child.
const MOST: usize = 16;

impl Service {
    /// Renews the tokens of a family's children.
    pub(super) fn index_kin(&self, scene: &mut Scene<'_, '_>, permit: &Permit, view: &FamilyView) -> Answer<()> {
        let children: Vec<PersonId> = view.children().map(|(id, _)| *id).collect();
        for child in children {
            let mut tokens = self.kin_tokens(permit.partnership(), view, child);
            for other in store::people::families_of(scene.tx, permit.partnership(), child)? {
                if other == view.row.id {
                    continue;
                }
                if let Some(other) = self.open_family_if_there(scene, permit, other)? {
                    tokens.extend(self.kin_tokens(permit.partnership(), &other, child));
                }
            }
            let tokens: Vec<Vec<u8>> = tokens.into_iter().take(MOST).collect();
            store::people::replace_keys(scene.tx, permit.partnership(), child, KIN, &tokens)?;
        }
        Ok(())
    }

    /// Renews the tokens of everybody who shares a family with a person whose record has changed.
    pub(super) fn index_kin_of(&self, scene: &mut Scene<'_, '_>, permit: &Permit, person: PersonId) -> Answer<()> {
        for family in store::people::families_of(scene.tx, permit.partnership(), person)? {
            if let Some(view) = self.open_family_if_there(scene, permit, family)? {
                self.index_kin(scene, permit, &view)?;
            }
        }
        Ok(())
    }

    /// A family opened, unless its time is over and it waits to be deleted.
    pub(super) fn open_family_if_there(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        id: FamilyId,
    ) -> Answer<Option<FamilyView>> {
        match self.open_family(scene, permit, id) {
            Err(ServiceError::NotFound) => Ok(None),
            other => other.map(Some),
        }
    }

    fn kin_tokens(&self, partnership: PartnershipId, view: &FamilyView, child: PersonId) -> BTreeSet<Vec<u8>> {
        let found = view.members.iter().find(|(id, _)| *id == child);
        let facts = found.map(|(id, details)| crate::who::facts(view, *id, details));
        let keys = facts.iter().flat_map(linkage::blocking_keys).filter(|(kind, _)| *kind == MOTHER);
        keys.map(|(kind, value)| self.vault().index(partnership, KIN, format!("{kind}|{value}").as_bytes()).to_vec())
            .collect()
    }
}

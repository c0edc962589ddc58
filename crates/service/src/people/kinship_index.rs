//! Look-up tokens of children that derive from their family: an unborn baby has neither name nor
//! number, but a mother.

use std::collections::BTreeSet;

use domain::{AccessPermit, FamilyId, PartnershipId, PersonId};
use kernel::{ServiceError, ServiceResult, UnitOfWork};

use crate::people::People;
use crate::records::{FamilyView, person_facts};

/// The token kind in the store, and the linkage key kind that it derives from.
const KINSHIP: &str = "kin";

const MOTHER_AND_SEASON: &str = "mother and season";

/// Maximum number of tokens per child.
const MAX_KINSHIP_TOKENS: usize = 16;

impl People {
    /// Recomputes the tokens of a family's children.
    pub(super) fn index_kinship(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        view: &FamilyView,
    ) -> ServiceResult<()> {
        let children: Vec<PersonId> = view.children().map(|(id, _)| *id).collect();
        for child in children {
            let mut tokens = self.kinship_tokens(permit.partnership(), view, child);
            for other in store::people::families_of(uow.tx, permit.partnership(), child)? {
                if other == view.row.id {
                    continue;
                }
                if let Some(other) = self.open_family_if_live(uow, permit, other)? {
                    tokens.extend(self.kinship_tokens(permit.partnership(), &other, child));
                }
            }
            let tokens: Vec<Vec<u8>> = tokens.into_iter().take(MAX_KINSHIP_TOKENS).collect();
            store::people::replace_keys(uow.tx, permit.partnership(), child, KINSHIP, &tokens)?;
        }
        Ok(())
    }

    /// Recomputes the tokens of everyone who shares a family with a person whose record has
    /// changed.
    pub(super) fn reindex_relatives(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        person: PersonId,
    ) -> ServiceResult<()> {
        for family in store::people::families_of(uow.tx, permit.partnership(), person)? {
            if let Some(view) = self.open_family_if_live(uow, permit, family)? {
                self.index_kinship(uow, permit, &view)?;
            }
        }
        Ok(())
    }

    /// Opens a family; `None` when it has expired and awaits deletion.
    pub(super) fn open_family_if_live(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        id: FamilyId,
    ) -> ServiceResult<Option<FamilyView>> {
        match self.records.families.open_family(uow, permit, id) {
            Err(ServiceError::NotFound) => Ok(None),
            other => other.map(Some),
        }
    }

    fn kinship_tokens(
        &self,
        partnership: PartnershipId,
        view: &FamilyView,
        child: PersonId,
    ) -> BTreeSet<Vec<u8>> {
        let found = view.members.iter().find(|(id, _)| *id == child);
        let facts = found.map(|(id, details)| person_facts(view, *id, details));
        let keys = facts
            .iter()
            .flat_map(linkage::blocking_keys)
            .filter(|(kind, _)| *kind == MOTHER_AND_SEASON);
        keys.map(|(kind, value)| {
            self.kernel
                .vault()
                .index(partnership, KINSHIP, format!("{kind}|{value}").as_bytes())
                .to_vec()
        })
        .collect()
    }
}

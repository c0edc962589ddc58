//! Families: their sealed details and their members.

use std::sync::Arc;

use contract::{FamilyOut, Household, MemberOut, Relationship};
use domain::{
    AccessPermit, ContentScope, FamilyId, Instant, PersonDetails, PersonId, PersonKind,
    ProtectedAddresses, Sensitive,
};
use kernel::{Kernel, ServiceError, ServiceResult, UnitOfWork, scope_terms};
use serde::{Deserialize, Serialize};
use store::{FamilyRow, Tx};
use timeline::{ChildFacts, FamilyFacts};
use vault::{KeyTerms, RecordLocation, SealedTable};

/// Stored families, people and links between person records.
pub(crate) struct FamilyRecords {
    pub(crate) kernel: Arc<Kernel>,
}

/// The content of a family's sealed column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FamilyDetails {
    pub(crate) label: Sensitive<String>,
    pub(crate) relationships: Vec<Relationship>,
    pub(crate) households: Vec<Household>,
}

/// An opened family with its members.
pub(crate) struct FamilyView {
    pub(crate) row: FamilyRow,
    pub(crate) details: FamilyDetails,
    /// Members and their details: children first, eldest first.
    pub(crate) members: Vec<(PersonId, PersonDetails)>,
}

/// Location of a family's sealed record.
pub(crate) fn family_location(id: FamilyId, version: i64) -> RecordLocation {
    RecordLocation {
        table: SealedTable::Families,
        row: id.0,
        version,
    }
}

/// Key terms of a family record.
pub(crate) fn family_terms(id: FamilyId, expires_at: Instant) -> KeyTerms {
    scope_terms(id, expires_at)
}

impl FamilyRecords {
    pub(crate) fn family_row(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        id: FamilyId,
    ) -> ServiceResult<FamilyRow> {
        store::families::find(uow.tx, permit, id, uow.session.now)?.ok_or(ServiceError::NotFound)
    }

    pub(crate) fn family_details(
        &self,
        row: &FamilyRow,
        now: Instant,
    ) -> ServiceResult<FamilyDetails> {
        let location = family_location(row.id, row.version);
        self.kernel.unseal(
            &location,
            &family_terms(row.id, row.expires_at),
            now,
            row.wrapped_key.as_ref(),
            row.sealed.as_ref(),
        )
    }

    /// Opens a family with its members.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when the family has expired or does not exist.
    pub(crate) fn open_family(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        id: FamilyId,
    ) -> ServiceResult<FamilyView> {
        let now = uow.now();
        self.load_family(uow.tx, permit, id, now)
    }

    /// Opens a family with its members, for a caller or for background work.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when the family has expired or does not exist.
    pub(crate) fn load_family(
        &self,
        tx: &mut Tx<'_>,
        scope: &impl ContentScope,
        id: FamilyId,
        now: Instant,
    ) -> ServiceResult<FamilyView> {
        let row = store::families::find(tx, scope, id, now)?.ok_or(ServiceError::NotFound)?;
        let details = self.family_details(&row, now)?;
        let ids = store::families::members(tx, row.partnership_id, id)?;
        let people = store::people::find_many(tx, scope, &ids, now)?;
        let mut members = people
            .iter()
            .map(|person| Ok((person.id, self.open_person(person, now)?)))
            .collect::<ServiceResult<Vec<_>>>()?;
        members.sort_by_key(|(id, details)| {
            let birth = details.birth.map(|birth| birth.date);
            (details.kind, birth.is_none(), birth, *id)
        });
        Ok(FamilyView {
            row,
            details,
            members,
        })
    }
}

impl FamilyView {
    /// The addresses of its protected members.
    pub(crate) fn protected_addresses(&self) -> ProtectedAddresses {
        ProtectedAddresses::from_addresses(
            self.members
                .iter()
                .flat_map(|(_, details)| &details.addresses),
        )
    }

    /// The children with their details.
    pub(crate) fn children(&self) -> impl Iterator<Item = &(PersonId, PersonDetails)> {
        self.members
            .iter()
            .filter(|(_, details)| details.kind == PersonKind::Child)
    }

    /// The declared relationships.
    pub(crate) fn relationships(&self) -> &[Relationship] {
        &self.details.relationships
    }

    /// Summaries of the adults.
    pub(crate) fn adults(&self) -> Vec<MemberOut> {
        let adults = self
            .members
            .iter()
            .filter(|(_, details)| details.kind == PersonKind::Adult);
        adults.map(member_out).collect()
    }

    /// Converts to the API representation.
    pub(crate) fn into_family_out(self) -> FamilyOut {
        let members = self.members.iter().map(member_out).collect();
        let FamilyDetails {
            label,
            relationships,
            households,
        } = self.details;
        FamilyOut {
            id: self.row.id,
            label,
            members,
            relationships,
            households,
            expires_at: self.row.expires_at,
            version: self.row.version,
            created_at: self.row.created_at,
            updated_at: self.row.updated_at,
        }
    }
}

fn member_out((id, details): &(PersonId, PersonDetails)) -> MemberOut {
    MemberOut {
        id: *id,
        kind: details.kind,
        name: details.name.clone(),
        birth: details.birth,
        sex: details.sex,
    }
}

/// The family facts that linkage and consolidation need.
pub(crate) fn family_facts(family: &FamilyView) -> FamilyFacts {
    let child = |(id, child): &(PersonId, PersonDetails)| ChildFacts {
        id: *id,
        given_name: child.name.given.clone(),
        birth: child.birth,
    };
    let other_names = family
        .members
        .iter()
        .flat_map(|(_, details)| other_names(details))
        .collect();
    // Protected addresses are left out: treating them as addresses in linkage would reveal them to
    // others.
    let addresses = family
        .members
        .iter()
        .flat_map(|(_, details)| &details.addresses);
    let addresses = addresses.filter(|address| !address.protected);
    let address_lines = addresses.map(|address| address.lines.clone()).collect();
    FamilyFacts {
        children: family.children().map(child).collect(),
        other_names,
        address_lines,
    }
}

/// The names of a person, except a child's current given name.
pub(crate) fn other_names(details: &PersonDetails) -> Vec<Sensitive<String>> {
    let given = (details.kind == PersonKind::Adult).then_some(&details.name.given);
    let known_as = details
        .other_names
        .iter()
        .flat_map(|name| [Some(&name.given), name.family.as_ref()]);
    let names = [given, details.name.family.as_ref()]
        .into_iter()
        .chain(known_as);
    names.flatten().cloned().collect()
}

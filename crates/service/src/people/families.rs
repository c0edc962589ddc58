//! Families: members, relationships and households.

use domain::{
    AccessFacts, AccessPermit, FamilyId, Instant, ObjectKind, Operation, PersonDetails, PersonId,
    PersonKind, ProtectedAddresses, Sensitive,
};
use serde::{Deserialize, Serialize};
use store::FamilyRow;
use vault::{KeyTerms, RecordLocation};

use super::persons::add_invitation_facts;
use super::{SubmittedTexts, edtf_fault};
use crate::context::{AuditContext, CallContext, UnitOfWork};
use crate::sealing::{SealedValue, scope_terms};
use crate::{
    Conflict, FamilyIn, FamilyOut, FamilySummary, Fault, Household, MemberOut, Page, PageQuery,
    Relationship, Service, ServiceError, ServiceResult, WriteReply,
};

/// The content of a family's sealed column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FamilyDetails {
    label: Sensitive<String>,
    relationships: Vec<Relationship>,
    households: Vec<Household>,
}

/// An opened family with its members.
pub(crate) struct FamilyView {
    pub(crate) row: FamilyRow,
    pub(crate) details: FamilyDetails,
    /// Members and their details: children first, eldest first.
    pub(crate) members: Vec<(PersonId, PersonDetails)>,
}

impl FamilyView {
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

impl Service {
    /// Records a family.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] with every unknown
    /// member, every relationship or household that names a non-member, and every label that
    /// discloses a protected address.
    pub fn create_family(
        &self,
        call: &CallContext,
        input: FamilyIn,
    ) -> ServiceResult<WriteReply<FamilyOut>> {
        self.write_idempotent(
            call,
            Operation::FamilyCreate,
            AuditContext::of(ObjectKind::Family),
            |uow| {
                let permit = uow.authorize_collection(Operation::FamilyCreate)?;
                check_family(uow, &input)?;
                self.refuse_addresses_in_labels(uow, &permit, &input)?;
                let row = self.new_family_row(uow, &input)?;
                uow.audit.object_id = Some(row.id.0);
                uow.audit.expires_at = Some(row.expires_at);
                store::families::insert(uow.tx, &row)?;
                for member in distinct(&input.members) {
                    store::families::add_member(uow.tx, row.partnership_id, row.id, member)?;
                }
                self.update_family_expiry(uow, &permit, row.id)?;
                let view = self.open_family(uow, &permit, row.id)?;
                self.index_kinship(uow, &permit, &view)?;
                Ok(view.into_family_out())
            },
            |uow, record| self.read_family(uow, FamilyId(record.object_id)),
        )
    }

    /// Refuses labels of a family or its households that disclose the address of a protected
    /// member.
    fn refuse_addresses_in_labels(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        input: &FamilyIn,
    ) -> ServiceResult<()> {
        let now = uow.now();
        let people = store::people::find_many(uow.tx, permit, &distinct(&input.members), now)?;
        let members = people
            .iter()
            .map(|person| self.open_person(person, now))
            .collect::<ServiceResult<Vec<_>>>()?;
        let protected = ProtectedAddresses::from_addresses(
            members.iter().flat_map(|details| &details.addresses),
        );
        let faults =
            self.find_disclosed_addresses(uow, permit, &protected, || SubmittedTexts::of(input))?;
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ServiceError::Invalid(faults))
        }
    }

    fn new_family_row(
        &self,
        uow: &UnitOfWork<'_, '_>,
        input: &FamilyIn,
    ) -> ServiceResult<FamilyRow> {
        let now = uow.now();
        let id = FamilyId::new(self.ids(), now);
        let expires_at = now.plus(uow.policy().unreferenced_lifetime);
        let sealed = self.seal_family(id, 1, expires_at, now, input)?;
        Ok(FamilyRow {
            id,
            partnership_id: uow.actor().partnership,
            created_by: uow.caller_id(),
            created_by_agency: uow.actor().agency,
            expires_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    fn seal_family(
        &self,
        id: FamilyId,
        version: i64,
        expires_at: Instant,
        now: Instant,
        input: &FamilyIn,
    ) -> ServiceResult<SealedValue> {
        let FamilyIn {
            label,
            relationships,
            households,
            ..
        } = input.clone();
        let details = FamilyDetails {
            label,
            relationships,
            households,
        };
        self.seal(
            &family_location(id, version),
            &family_terms(id, expires_at),
            now,
            &details,
        )
    }

    /// The families that the caller's agency recorded.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_families(
        &self,
        call: &CallContext,
        query: PageQuery,
    ) -> ServiceResult<Page<FamilySummary>> {
        self.read(
            call,
            Operation::FamilyList,
            AuditContext::of(ObjectKind::Family),
            |uow| {
                let permit = uow.authorize_collection(Operation::FamilyList)?;
                let bounds = self.parse_page_query(uow, "families", &query)?;
                let now = uow.now();
                let rows =
                    store::families::page(uow.tx, &permit, now, bounds.after, bounds.limit + 1)?;
                uow.audit.expires_at = rows.iter().map(|row| row.expires_at).min();
                self.build_page(
                    uow,
                    "families",
                    &bounds,
                    rows,
                    |row| (row.created_at, row.id.0),
                    |row| {
                        let details = self.family_details(&row, now)?;
                        Ok(FamilySummary {
                            id: row.id,
                            label: details.label,
                            expires_at: row.expires_at,
                            version: row.version,
                        })
                    },
                )
            },
        )
    }

    /// One family.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_family(&self, call: &CallContext, id: FamilyId) -> ServiceResult<FamilyOut> {
        self.read(
            call,
            Operation::FamilyRead,
            AuditContext::about(ObjectKind::Family, id),
            |uow| self.read_family(uow, id),
        )
    }

    fn read_family(&self, uow: &mut UnitOfWork<'_, '_>, id: FamilyId) -> ServiceResult<FamilyOut> {
        let (facts, until) = family_facts(uow, id, Operation::FamilyRead)?;
        let permit = uow.authorize(Operation::FamilyRead, &facts)?;
        let view = self.open_family(uow, &permit, id)?;
        // A caller with access by invitation does not learn what else keeps the record.
        let visible_until =
            until.map_or(view.row.expires_at, |until| until.min(view.row.expires_at));
        uow.audit.expires_at = Some(visible_until);
        Ok(FamilyOut {
            expires_at: visible_until,
            ..view.into_family_out()
        })
    }

    /// Replaces a family: label, members, relationships and households.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Stale`] when `version` is not
    /// the current one; [`ServiceError::Invalid`] with every fault of the input;
    /// `Conflict::MemberInUse` when a member would leave the family while a live object refers to
    /// it.
    pub fn replace_family(
        &self,
        call: &CallContext,
        id: FamilyId,
        version: i64,
        input: FamilyIn,
    ) -> ServiceResult<FamilyOut> {
        let written = self.write(
            call,
            Operation::FamilyUpdate,
            AuditContext::about(ObjectKind::Family, id),
            |uow| {
                let (facts, _) = family_facts(uow, id, Operation::FamilyUpdate)?;
                let permit = uow.authorize(Operation::FamilyUpdate, &facts)?;
                check_family(uow, &input)?;
                self.refuse_addresses_in_labels(uow, &permit, &input)?;
                let mut row = self.family_row(uow, &permit, id)?;
                row.version = version + 1;
                row.updated_at = uow.now();
                let sealed =
                    self.seal_family(id, row.version, row.expires_at, uow.now(), &input)?;
                row.wrapped_key = sealed.wrapped_key.into();
                row.sealed = sealed.sealed.into();
                store::families::update(uow.tx, &row, version)?;
                self.update_members(uow, &permit, &row, &distinct(&input.members))?;
                self.update_family_expiry(uow, &permit, id)?;
                let view = self.open_family(uow, &permit, id)?;
                self.index_kinship(uow, &permit, &view)?;
                Ok(view.into_family_out())
            },
        )?;
        Ok(written.value)
    }

    fn update_members(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FamilyRow,
        after: &[PersonId],
    ) -> ServiceResult<()> {
        let before = store::families::members(uow.tx, row.partnership_id, row.id)?;
        let leaving: Vec<PersonId> = before
            .iter()
            .copied()
            .filter(|person| !after.contains(person))
            .collect();
        if !leaving.is_empty()
            && store::families::latest_referring_expiry(
                uow.tx,
                row.partnership_id,
                row.id,
                uow.session.now,
            )?
            .is_some()
        {
            return Err(ServiceError::Conflict(Conflict::MemberInUse));
        }
        for person in after.iter().filter(|person| !before.contains(person)) {
            store::families::add_member(uow.tx, row.partnership_id, row.id, *person)?;
        }
        for person in leaving {
            store::families::remove_member(uow.tx, row.partnership_id, row.id, person)?;
            self.update_person_expiry(uow, permit, person)?;
        }
        Ok(())
    }

    pub(crate) fn family_row(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        id: FamilyId,
    ) -> ServiceResult<FamilyRow> {
        store::families::find(uow.tx, permit, id, uow.session.now)?.ok_or(ServiceError::NotFound)
    }

    fn family_details(&self, row: &FamilyRow, now: Instant) -> ServiceResult<FamilyDetails> {
        let location = family_location(row.id, row.version);
        self.unseal(
            &location,
            &family_terms(row.id, row.expires_at),
            now,
            row.wrapped_key.as_ref(),
            row.sealed.as_ref(),
        )
    }

    /// Opens a family with its members.
    pub(crate) fn open_family(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        id: FamilyId,
    ) -> ServiceResult<FamilyView> {
        let now = uow.now();
        let row = self.family_row(uow, permit, id)?;
        let details = self.family_details(&row, now)?;
        let ids = store::families::members(uow.tx, row.partnership_id, id)?;
        let people = store::people::find_many(uow.tx, permit, &ids, now)?;
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

/// Location of a family's sealed record.
pub(crate) fn family_location(id: FamilyId, version: i64) -> RecordLocation {
    RecordLocation {
        table: "families",
        row: id.0,
        version,
    }
}

/// Key terms of a family record.
pub(crate) fn family_terms(id: FamilyId, expires_at: Instant) -> KeyTerms {
    scope_terms(id, expires_at)
}

/// Checks that the caller may carry out an operation on a family.
pub(crate) fn authorize_family(
    uow: &mut UnitOfWork<'_, '_>,
    id: FamilyId,
    operation: Operation,
) -> ServiceResult<()> {
    let (facts, _) = family_facts(uow, id, operation)?;
    uow.authorize(operation, &facts).map(drop)
}

/// Access facts about a family, and until when the caller has access by invitation. The same
/// queries run whether or not the family exists.
fn family_facts(
    uow: &mut UnitOfWork<'_, '_>,
    id: FamilyId,
    operation: Operation,
) -> ServiceResult<(AccessFacts, Option<Instant>)> {
    let actor = uow.session.actor.clone();
    let now = uow.session.now;
    let family = store::families::facts(uow.tx, actor.partnership, id, now)?;
    let access = store::families::invitation_access(
        uow.tx,
        actor.partnership,
        id,
        actor.agency,
        actor.practitioner,
        now,
    )?;
    let Some(family) = family else {
        return Ok((AccessFacts::default(), None));
    };
    let facts = AccessFacts {
        in_partnership: true,
        own_agency: family.created_by_agency == actor.agency,
        owned_by_agency: family.created_by_agency == actor.agency && actor.social_care,
        owner: family.created_by == actor.practitioner,
        ..AccessFacts::default()
    };
    Ok(add_invitation_facts(&actor, operation, facts, access))
}

fn distinct(ids: &[PersonId]) -> Vec<PersonId> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Checks that the caller's agency recorded every member and that relationships and households name
/// members only.
///
/// # Errors
/// [`ServiceError::Invalid`] with every fault.
fn check_family(uow: &mut UnitOfWork<'_, '_>, input: &FamilyIn) -> ServiceResult<()> {
    let mut faults = check_members(uow, input)?;
    if input.label.as_str().trim().is_empty() {
        faults.push(Fault::new(
            "/label",
            "required",
            "give the name that practitioners use for the family",
        ));
    }
    faults.extend(check_relationships(input));
    faults.extend(check_households(input));
    if faults.is_empty() {
        Ok(())
    } else {
        Err(ServiceError::Invalid(faults))
    }
}

/// Checks that the caller's agency recorded every member.
fn check_members(uow: &mut UnitOfWork<'_, '_>, input: &FamilyIn) -> ServiceResult<Vec<Fault>> {
    let actor = uow.session.actor.clone();
    let now = uow.session.now;
    let mut faults = Vec::new();
    for (at, id) in input.members.iter().enumerate() {
        let person = store::people::facts(uow.tx, actor.partnership, *id, now)?;
        if person.is_none_or(|person| person.created_by_agency != actor.agency) {
            faults.push(Fault::new(
                format!("/members/{at}"),
                "unknown",
                "no such person",
            ));
        }
    }
    Ok(faults)
}

/// Checks that every relationship relates two different members, and that its days parse.
fn check_relationships(input: &FamilyIn) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, relationship) in input.relationships.iter().enumerate() {
        let pointer = format!("/relationships/{at}");
        for (field, id) in [("from", &relationship.from), ("to", &relationship.to)] {
            if !input.members.contains(id) {
                faults.push(not_a_member(format!("{pointer}/{field}")));
            }
        }
        for (field, day) in [
            ("since", &relationship.since),
            ("until", &relationship.until),
        ] {
            faults.extend(edtf_fault(format!("{pointer}/{field}"), day));
        }
        if relationship.from == relationship.to {
            faults.push(Fault::new(
                format!("{pointer}/to"),
                "same_person",
                "relates a person to themselves",
            ));
        }
    }
    faults
}

/// Checks that every person in a household is a member.
fn check_households(input: &FamilyIn) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, household) in input.households.iter().enumerate() {
        for (member_at, id) in household.members.iter().enumerate() {
            if !input.members.contains(id) {
                faults.push(not_a_member(format!(
                    "/households/{at}/members/{member_at}"
                )));
            }
        }
    }
    faults
}

fn not_a_member(pointer: String) -> Fault {
    Fault::new(pointer, "not_a_member", "not a member of the family")
}

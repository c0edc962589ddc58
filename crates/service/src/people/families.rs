//! Families: members, relationships and households.

use contract::{FamilyIn, FamilyOut, FamilySummary, Page, PageQuery};
use domain::{
    AccessFacts, AccessPermit, FamilyId, Instant, ObjectKind, Operation, PersonId,
    ProtectedAddresses,
};
use kernel::{
    AuditContext, CallContext, Conflict, Fault, ServiceError, ServiceResult, UnitOfWork, WriteReply,
};
use store::FamilyRow;

use crate::input::edtf_fault;
use crate::people::People;
use crate::people::persons::add_invitation_facts;
use crate::people::protected_addresses::SubmittedTexts;
use crate::records::{FamilyDetails, family_location, family_terms};

impl People {
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
        self.kernel.write_idempotent(
            call,
            Operation::FamilyCreate,
            AuditContext::of(ObjectKind::Family),
            |uow| {
                let permit = uow.authorize_collection(Operation::FamilyCreate)?;
                check_family(uow, &input)?;
                self.refuse_addresses_in_labels(uow, &permit, &input)?;
                let row = self.new_family_row(uow, &input)?;
                uow.audit.set_object(row.id);
                uow.audit.expires_at = Some(row.expires_at);
                store::families::insert(uow.tx, &row)?;
                for member in distinct(&input.members) {
                    store::families::add_member(uow.tx, row.partnership_id, row.id, member)?;
                }
                self.records
                    .families
                    .update_family_expiry(uow, &permit, row.id)?;
                let view = self.records.families.open_family(uow, &permit, row.id)?;
                self.index_kinship(uow, &permit, &view)?;
                Ok(view.into_family_out())
            },
            |uow, record| self.read_family(uow, record.object()?),
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
            .map(|person| self.records.families.open_person(person, now))
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
        uow: &mut UnitOfWork<'_, '_>,
        input: &FamilyIn,
    ) -> ServiceResult<FamilyRow> {
        let now = uow.now();
        let id = FamilyId::new(self.kernel.ids(), now);
        let expires_at = now.plus(uow.policy().unreferenced_lifetime);
        let location = family_location(id, 1);
        let terms = family_terms(id, expires_at);
        let details = sealed_details(input);
        let sealed = self.kernel.seal(uow.tx, &location, &terms, now, &details)?;
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

    /// The families that the caller's agency recorded.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_families(
        &self,
        call: &CallContext,
        query: PageQuery,
    ) -> ServiceResult<Page<FamilySummary>> {
        self.kernel.read(
            call,
            Operation::FamilyList,
            AuditContext::of(ObjectKind::Family),
            |uow| {
                let permit = uow.authorize_collection(Operation::FamilyList)?;
                let bounds = self.kernel.parse_page_query(uow, "families", &query)?;
                let now = uow.now();
                let rows =
                    store::families::page(uow.tx, &permit, now, bounds.after, bounds.limit + 1)?;
                uow.audit.expires_at = rows.iter().map(|row| row.expires_at).min();
                self.kernel.build_page(
                    uow,
                    "families",
                    &bounds,
                    rows,
                    |row| (row.created_at, row.id.0),
                    |row| {
                        let details = self.records.families.family_details(&row, now)?;
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
        self.kernel.read(
            call,
            Operation::FamilyRead,
            AuditContext::about(id),
            |uow| self.read_family(uow, id),
        )
    }

    fn read_family(&self, uow: &mut UnitOfWork<'_, '_>, id: FamilyId) -> ServiceResult<FamilyOut> {
        let (facts, until) = family_facts(uow, id, Operation::FamilyRead)?;
        let permit = uow.authorize(Operation::FamilyRead, &facts)?;
        let view = self.records.families.open_family(uow, &permit, id)?;
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
        let written = self.kernel.write(
            call,
            Operation::FamilyUpdate,
            AuditContext::about(id),
            |uow| {
                let (facts, _) = family_facts(uow, id, Operation::FamilyUpdate)?;
                let permit = uow.authorize(Operation::FamilyUpdate, &facts)?;
                check_family(uow, &input)?;
                self.refuse_addresses_in_labels(uow, &permit, &input)?;
                let mut row = self.records.families.family_row(uow, &permit, id)?;
                row.version = version + 1;
                row.updated_at = uow.now();
                let location = family_location(id, row.version);
                let terms = family_terms(id, row.expires_at);
                let details = sealed_details(&input);
                let sealed = self
                    .kernel
                    .seal(uow.tx, &location, &terms, uow.now(), &details)?;
                row.wrapped_key = sealed.wrapped_key.into();
                row.sealed = sealed.sealed.into();
                store::families::update(uow.tx, &row, version)?;
                self.update_members(uow, &permit, &row, &distinct(&input.members))?;
                self.records
                    .families
                    .update_family_expiry(uow, &permit, id)?;
                let view = self.records.families.open_family(uow, &permit, id)?;
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
            self.records
                .families
                .update_person_expiry(uow, permit, person)?;
        }
        Ok(())
    }
}

/// The part of a family's input that is sealed.
fn sealed_details(input: &FamilyIn) -> FamilyDetails {
    FamilyDetails {
        label: input.label.clone(),
        relationships: input.relationships.clone(),
        households: input.households.clone(),
    }
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

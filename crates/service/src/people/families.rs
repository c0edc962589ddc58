//! Families: who belongs together, and how.

use domain::{
    Facts, FamilyId, Instant, Operation, Permit, PersonDetails, PersonId, PersonKind, ProtectedAddresses, Sensitive,
};
use serde::{Deserialize, Serialize};
use store::FamilyRow;
use vault::{Place, Terms};

use super::persons::by_invitation;
use super::{Texts, edtf_fault};
use crate::sealing::{SealedValue, until};
use crate::session::{Call, Scene, Trail};
use crate::{
    Answer, Conflict, FamilyIn, FamilyOut, FamilySummary, Fault, Household, MemberOut, Page, PageQuery, Relationship,
    Service, ServiceError, Written,
};

/// What a family's sealed column holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FamilyDetails {
    label: Sensitive<String>,
    relationships: Vec<Relationship>,
    households: Vec<Household>,
}

/// A family opened: its details and its members.
pub(crate) struct FamilyView {
    pub(crate) row: FamilyRow,
    pub(crate) details: FamilyDetails,
    /// Members with what is recorded of each: children first, eldest first.
    pub(crate) members: Vec<(PersonId, PersonDetails)>,
}

impl FamilyView {
    /// The children's ids.
    pub(crate) fn children(&self) -> impl Iterator<Item = &(PersonId, PersonDetails)> {
        self.members.iter().filter(|(_, details)| details.kind == PersonKind::Child)
    }

    /// Who is what to whom, as declared.
    pub(crate) fn relationships(&self) -> &[Relationship] {
        &self.details.relationships
    }

    /// The adults, in brief.
    pub(crate) fn adults(&self) -> Vec<MemberOut> {
        let adults = self.members.iter().filter(|(_, details)| details.kind == PersonKind::Adult);
        adults.map(member_out).collect()
    }

    /// As the API shows it.
    pub(crate) fn out(self) -> FamilyOut {
        let members = self.members.iter().map(member_out).collect();
        let FamilyDetails { label, relationships, households } = self.details;
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
    MemberOut { id: *id, kind: details.kind, name: details.name.clone(), birth: details.birth, sex: details.sex }
}

impl Service {
    /// Records a family.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Invalid`] names every member or relationship that is unknown.
    pub fn create_family(&self, call: &Call, input: FamilyIn) -> Answer<Written<FamilyOut>> {
        self.write_once(
            call,
            Operation::FamilyCreate,
            Trail::of("family"),
            |scene| {
                let permit = scene.permit_collection(Operation::FamilyCreate)?;
                check_family(scene, &input)?;
                self.refuse_addresses_of(scene, &permit, &input)?;
                let row = self.new_family_row(scene, &input)?;
                scene.trail.object_id = Some(row.id.0);
                scene.trail.expires_at = Some(row.expires_at);
                store::families::insert(scene.tx, &row)?;
                for member in distinct(&input.members) {
                    store::families::add_member(scene.tx, row.partnership_id, row.id, member)?;
                }
                self.settle_family(scene, &permit, row.id)?;
                let view = self.open_family(scene, &permit, row.id)?;
                self.index_kin(scene, &permit, &view)?;
                Ok(view.out())
            },
            |scene, kept| self.read_family(scene, FamilyId(kept.object_id)),
        )
    }

    /// The labels of a family and its households tell no address of a protected member.
    fn refuse_addresses_of(&self, scene: &mut Scene<'_, '_>, permit: &Permit, input: &FamilyIn) -> Answer<()> {
        let now = scene.now();
        let people = store::people::find_many(scene.tx, permit, &distinct(&input.members), now)?;
        let members = people.iter().map(|person| self.open_person(person, now)).collect::<Answer<Vec<_>>>()?;
        let protected = ProtectedAddresses::of(members.iter().flat_map(|details| &details.addresses));
        let faults = self.addresses_told(scene, permit, &protected, || Texts::of(input))?;
        if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
    }

    fn new_family_row(&self, scene: &Scene<'_, '_>, input: &FamilyIn) -> Answer<FamilyRow> {
        let now = scene.now();
        let id = FamilyId::new(self.ids(), now);
        let expires_at = now.plus(scene.policy().unreferenced_lifetime);
        let sealed = self.seal_family(id, 1, expires_at, now, input)?;
        Ok(FamilyRow {
            id,
            partnership_id: scene.actor().partnership,
            created_by: scene.me(),
            created_by_agency: scene.actor().agency,
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
    ) -> Answer<SealedValue> {
        let FamilyIn { label, relationships, households, .. } = input.clone();
        let details = FamilyDetails { label, relationships, households };
        self.seal(&family_place(id, version), &family_terms(id, expires_at), now, &details)
    }

    /// Families the caller's agency recorded.
    ///
    /// # Errors
    /// As every read.
    pub fn families(&self, call: &Call, query: PageQuery) -> Answer<Page<FamilySummary>> {
        self.read(call, Operation::FamilyList, Trail::of("family"), |scene| {
            let permit = scene.permit_collection(Operation::FamilyList)?;
            let slice = self.slice(scene, "families", &query)?;
            let now = scene.now();
            let rows = store::families::page(scene.tx, &permit, now, slice.after, slice.limit + 1)?;
            scene.trail.expires_at = rows.iter().map(|row| row.expires_at).min();
            self.page(
                scene,
                "families",
                &slice,
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
        })
    }

    /// One family.
    ///
    /// # Errors
    /// As every read.
    pub fn family(&self, call: &Call, id: FamilyId) -> Answer<FamilyOut> {
        self.read(call, Operation::FamilyRead, Trail::about("family", id), |scene| self.read_family(scene, id))
    }

    fn read_family(&self, scene: &mut Scene<'_, '_>, id: FamilyId) -> Answer<FamilyOut> {
        let (facts, until) = family_facts(scene, id, Operation::FamilyRead)?;
        let permit = scene.permit(Operation::FamilyRead, &facts)?;
        let view = self.open_family(scene, &permit, id)?;
        // What else keeps the record is not for those to know who come by an invitation.
        let end = until.map_or(view.row.expires_at, |until| until.min(view.row.expires_at));
        scene.trail.expires_at = Some(end);
        Ok(FamilyOut { expires_at: end, ..view.out() })
    }

    /// Replaces a family: label, members, relationships, households.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Stale`] when `version` is not the current one;
    /// `Conflict::MemberInUse` never loses an entry: a child whom a live entry concerns cannot leave the family.
    pub fn replace_family(&self, call: &Call, id: FamilyId, version: i64, input: FamilyIn) -> Answer<FamilyOut> {
        let written = self.write(call, Operation::FamilyUpdate, Trail::about("family", id), |scene| {
            let (facts, _) = family_facts(scene, id, Operation::FamilyUpdate)?;
            let permit = scene.permit(Operation::FamilyUpdate, &facts)?;
            check_family(scene, &input)?;
            self.refuse_addresses_of(scene, &permit, &input)?;
            let mut row = self.family_row(scene, &permit, id)?;
            row.version = version + 1;
            row.updated_at = scene.now();
            let sealed = self.seal_family(id, row.version, row.expires_at, scene.now(), &input)?;
            (row.wrapped_key, row.sealed) = (sealed.wrapped_key.into(), sealed.sealed.into());
            store::families::update(scene.tx, &row, version)?;
            self.change_members(scene, &permit, &row, &distinct(&input.members))?;
            self.settle_family(scene, &permit, id)?;
            let view = self.open_family(scene, &permit, id)?;
            self.index_kin(scene, &permit, &view)?;
            Ok(view.out())
        })?;
        Ok(written.value)
    }

    fn change_members(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &FamilyRow,
        after: &[PersonId],
    ) -> Answer<()> {
        let before = store::families::members(scene.tx, row.partnership_id, row.id)?;
        let leaving: Vec<PersonId> = before.iter().copied().filter(|person| !after.contains(person)).collect();
        if !leaving.is_empty()
            && store::families::latest_reference(scene.tx, row.partnership_id, row.id, scene.session.now)?.is_some()
        {
            return Err(ServiceError::Conflict(Conflict::MemberInUse));
        }
        for person in after.iter().filter(|person| !before.contains(person)) {
            store::families::add_member(scene.tx, row.partnership_id, row.id, *person)?;
        }
        for person in leaving {
            store::families::remove_member(scene.tx, row.partnership_id, row.id, person)?;
            self.settle_person(scene, permit, person)?;
        }
        Ok(())
    }

    pub(crate) fn family_row(&self, scene: &mut Scene<'_, '_>, permit: &Permit, id: FamilyId) -> Answer<FamilyRow> {
        store::families::find(scene.tx, permit, id, scene.session.now)?.ok_or(ServiceError::NotFound)
    }

    fn family_details(&self, row: &FamilyRow, now: Instant) -> Answer<FamilyDetails> {
        let place = family_place(row.id, row.version);
        self.unseal(&place, &family_terms(row.id, row.expires_at), now, row.wrapped_key.as_ref(), row.sealed.as_ref())
    }

    /// Opens a family with its members.
    pub(crate) fn open_family(&self, scene: &mut Scene<'_, '_>, permit: &Permit, id: FamilyId) -> Answer<FamilyView> {
        let now = scene.now();
        let row = self.family_row(scene, permit, id)?;
        let details = self.family_details(&row, now)?;
        let ids = store::families::members(scene.tx, row.partnership_id, id)?;
        let people = store::people::find_many(scene.tx, permit, &ids, now)?;
        let mut members =
            people.iter().map(|person| Ok((person.id, self.open_person(person, now)?))).collect::<Answer<Vec<_>>>()?;
        members.sort_by_key(|(id, details)| {
            let birth = details.birth.map(|birth| birth.date);
            (details.kind, birth.is_none(), birth, *id)
        });
        Ok(FamilyView { row, details, members })
    }
}

pub(crate) fn family_place(id: FamilyId, version: i64) -> Place {
    Place { table: "families", row: id.0, version }
}

/// Terms of a family's own record.
pub(crate) fn family_terms(id: FamilyId, expires_at: Instant) -> Terms {
    until(id, expires_at)
}

/// Leave to do something with a family.
pub(crate) fn family_leave(scene: &mut Scene<'_, '_>, id: FamilyId, operation: Operation) -> Answer<()> {
    let (facts, _) = family_facts(scene, id, operation)?;
    scene.permit(operation, &facts).map(drop)
}

/// Facts about a family. The same is asked of the database whether or not there is such a family.
fn family_facts(scene: &mut Scene<'_, '_>, id: FamilyId, operation: Operation) -> Answer<(Facts, Option<Instant>)> {
    let (actor, now) = (scene.session.actor.clone(), scene.session.now);
    let family = store::families::facts(scene.tx, actor.partnership, id, now)?;
    let reach = store::families::reachable_by(scene.tx, actor.partnership, id, actor.agency, actor.practitioner, now)?;
    let Some(family) = family else { return Ok((Facts::default(), None)) };
    let facts = Facts {
        in_partnership: true,
        own_agency: family.created_by_agency == actor.agency,
        agency_owns: family.created_by_agency == actor.agency && actor.social_care,
        owner: family.created_by == actor.practitioner,
        ..Facts::default()
    };
    Ok(by_invitation(&actor, operation, facts, reach))
}

fn distinct(ids: &[PersonId]) -> Vec<PersonId> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Names every member the caller's agency has not recorded, and every relationship or household that points elsewhere.
fn check_family(scene: &mut Scene<'_, '_>, input: &FamilyIn) -> Answer<()> {
    let (actor, now) = (scene.session.actor.clone(), scene.session.now);
    let mut faults = Vec::new();
    for (at, id) in input.members.iter().enumerate() {
        let person = store::people::facts(scene.tx, actor.partnership, *id, now)?;
        if person.is_none_or(|person| person.created_by_agency != actor.agency) {
            faults.push(Fault::new(format!("/members/{at}"), "unknown", "no such person"));
        }
    }
    if input.label.as_str().trim().is_empty() {
        faults.push(Fault::new("/label", "required", "what practitioners call the family"));
    }
    let stranger = |id: &PersonId| !input.members.contains(id);
    for (at, relationship) in input.relationships.iter().enumerate() {
        for (field, id) in [("from", &relationship.from), ("to", &relationship.to)] {
            if stranger(id) {
                let pointer = format!("/relationships/{at}/{field}");
                faults.push(Fault::new(pointer, "not_a_member", "not a member of the family"));
            }
        }
        for (field, day) in [("since", &relationship.since), ("until", &relationship.until)] {
            faults.extend(edtf_fault(format!("/relationships/{at}/{field}"), day));
        }
        if relationship.from == relationship.to {
            faults.push(Fault::new(format!("/relationships/{at}/to"), "same_person", "relates a person to themselves"));
        }
    }
    for (at, household) in input.households.iter().enumerate() {
        for (member_at, _) in household.members.iter().enumerate().filter(|(_, id)| stranger(id)) {
            let pointer = format!("/households/{at}/members/{member_at}");
            faults.push(Fault::new(pointer, "not_a_member", "not a member of the family"));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
}

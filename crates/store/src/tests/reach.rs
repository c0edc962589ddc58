//! Who may know of which chronology, family and person.

use domain::{AgencyKind, ChronologyState, InvitationFacts, InvitationState, PractitionerId, Role};

use super::world::{World, id, minute, now, permit};
use crate::reach::Reach;
use crate::*;

struct Scene {
    world: World,
    colleague: PractitionerId,
    governor: PractitionerId,
    person: PersonRow,
    family: FamilyRow,
    draft: ChronologyRow,
    open: ChronologyRow,
}

/// A family with a chronology in preparation and an open one; the school is invited to both, with the teacher named.
fn scene(db: &Db) -> Scene {
    let world = World::make(db, "marl");
    let (colleague, governor) = (PractitionerId(id()), PractitionerId(id()));
    let (person, family) = (world.person(), world.family());
    let draft = ChronologyRow { state: ChronologyState::Draft, opened_at: None, ..world.chronology(family.id) };
    let open = world.chronology(family.id);
    let p = world.partnership;
    db.write("scene", |tx| {
        practitioners::insert(tx, &world.practitioner(colleague, world.care))?;
        practitioners::insert(tx, &world.practitioner(governor, world.school))?;
        people::insert(tx, &person, &[])?;
        families::insert(tx, &family)?;
        families::add_member(tx, p, family.id, person.id)?;
        for chronology in [&draft, &open] {
            chronologies::insert(tx, chronology)?;
            let invitation = world.invitation(chronology.id, world.school);
            invitations::insert(tx, &invitation)?;
            invitations::set_practitioners(tx, p, invitation.id, &[world.teacher])?;
        }
        chronologies::set_team(tx, p, open.id, &[colleague, colleague])
    })
    .unwrap();
    Scene { world, colleague, governor, person, family, draft, open }
}

on_each_database! {
    fn each_reader_lists_what_it_may_know_of(db) {
        let Scene { world, colleague, governor, draft, open, .. } = scene(db);
        let listed = |agency, practitioner, roles: &[Role]| {
            let leave = permit(&world.actor(agency, practitioner, roles));
            let rows = db.read("list", |tx| chronologies::page_for(tx, &leave, now(), None, 9)).unwrap();
            rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
        };
        let (care, school, both) = (world.care, world.school, vec![draft.id, open.id]);
        assert_eq!(listed(care, world.worker, &[Role::SocialWorker]), both, "the owner");
        assert_eq!(listed(care, governor, &[Role::SocialWorker]), [], "another social worker");
        assert_eq!(listed(care, governor, &[Role::TeamManager]), both, "a manager of the owner's agency");
        assert_eq!(listed(care, governor, &[Role::BusinessSupport]), both, "its business support");
        assert_eq!(listed(care, colleague, &[Role::SocialWorker]), [open.id], "the team");
        assert_eq!(listed(care, world.worker, &[Role::Auditor]), [], "an auditor, even the owner");
        assert_eq!(listed(care, colleague, &[Role::Auditor]), [], "an auditor, even on the team");
        assert_eq!(listed(school, world.teacher, &[Role::Practitioner]), [open.id], "named, once agencies are asked");
        assert_eq!(listed(school, governor, &[Role::Practitioner]), [], "not named");
        assert_eq!(listed(school, governor, &[Role::SafeguardingLead]), [open.id], "the agency's lead");
        assert_eq!(listed(school, governor, &[Role::SystemClient]), [open.id], "the agency's system");
        assert_eq!(listed(school, world.teacher, &[Role::Auditor]), [], "an auditor, even named");
        assert_eq!(listed(school, world.worker, &[Role::SocialWorker]), [], "roles of social care count there alone");
        assert_eq!(listed(school, governor, &[Role::TeamManager]), []);
    }

    fn standing_on_a_chronology(db) {
        let Scene { world, colleague, governor, open, .. } = scene(db);
        let standing = |agency, practitioner| {
            let facts = db.read("facts", |tx| chronologies::facts(tx, world.partnership, open.id, agency, practitioner));
            let facts = facts.unwrap().unwrap();
            (facts.on_team, facts.invitation.map(|(_, state, named)| (state, named)))
        };
        let invited = InvitationState::Invited;
        assert_eq!(standing(world.care, world.worker), (false, None));
        assert_eq!(standing(world.care, colleague), (true, None));
        assert_eq!(standing(world.school, world.teacher), (false, Some((invited, true))));
        assert_eq!(standing(world.school, governor), (false, Some((invited, false))));
    }

    fn families_are_reached_through_invitations(db) {
        let Scene { world, governor, person, family, mut open, .. } = scene(db);
        let p = world.partnership;
        let reach = |agency, practitioner, at| {
            db.read("reach", |tx| {
                let family = families::reachable_by(tx, p, family.id, agency, practitioner, at)?;
                let person = people::reachable_by(tx, p, person.id, agency, practitioner, at)?;
                assert_eq!(family, person);
                Ok::<_, StoreError>(person)
            })
            .unwrap()
        };
        let ends = open.expires_at;
        let by = |named| {
            let invitation = InvitationFacts { state: InvitationState::Invited, named };
            vec![Reach { invitation, state: ChronologyState::Open, expires_at: ends }]
        };
        assert_eq!(reach(world.school, world.teacher, now()), by(true));
        assert_eq!(reach(world.school, governor, now()), by(false));
        assert_eq!(reach(world.care, world.worker, now()), vec![], "no invitation of that agency's");
        (open.state, open.opened_at) = (ChronologyState::Draft, None);
        db.write("back", |tx| chronologies::update(tx, &open, 1)).unwrap();
        assert_eq!(reach(world.school, world.teacher, now()), vec![], "nobody is asked in preparation");
    }

    fn every_invitation_says_whether_it_names_them(db) {
        let Scene { world, family, governor, .. } = scene(db);
        let second = world.chronology(family.id);
        let invitation = InvitationRow { state: InvitationState::Submitted, ..world.invitation(second.id, world.school) };
        db.write("second", |tx| {
            chronologies::insert(tx, &second)?;
            invitations::insert(tx, &invitation)?;
            invitations::set_practitioners(tx, world.partnership, invitation.id, &[governor])
        })
        .unwrap();
        let reach = |who| db.read("reach", |tx| families::reachable_by(tx, world.partnership, family.id, world.school, who, now()));
        let named = |who| {
            let all: Result<Vec<Reach>, StoreError> = reach(who);
            let all = all.unwrap().into_iter().map(|one| one.invitation).filter(|one| one.named);
            all.map(|one| one.state).collect::<Vec<_>>()
        };
        assert_eq!(named(governor), [InvitationState::Submitted]);
        assert_eq!(named(world.teacher), [InvitationState::Invited]);
    }

    fn an_agency_is_invited_once(db) {
        let Scene { world, open, .. } = scene(db);
        let again = world.invitation(open.id, world.school);
        let outcome = db.write("again", |tx| invitations::insert(tx, &again));
        assert_eq!(outcome, Err(StoreError::NotUnique("invitation of the agency")));
    }

    fn a_member_is_added_once(db) {
        let Scene { world, person, family, .. } = scene(db);
        let add = || db.write("add", |tx| families::add_member(tx, world.partnership, family.id, person.id));
        assert_eq!(add(), Err(StoreError::NotUnique("family member")));
        let remove = || db.write("remove", |tx| families::remove_member(tx, world.partnership, family.id, person.id));
        assert_eq!(remove(), Ok(()));
        assert_eq!(remove(), Err(StoreError::Stale));
        assert_eq!(add(), Ok(()));
    }

    fn overdue_is_what_nobody_answered(db) {
        let Scene { world, mut open, draft, .. } = scene(db);
        let late = |tx: &mut Tx<'_>| {
            let chronologies = chronologies::past_due(tx, minute(500), 9)?.into_iter().map(|row| row.id).collect::<Vec<_>>();
            let invitations = invitations::past_due(tx, minute(500), 9)?;
            Ok::<_, StoreError>((chronologies, invitations.into_iter().map(|row| row.chronology_id).collect::<Vec<_>>()))
        };
        assert_eq!(db.read("early", |tx| chronologies::past_due(tx, minute(499), 9)), Ok(vec![]));
        assert_eq!(db.read("early", |tx| invitations::past_due(tx, minute(499), 9)), Ok(vec![]));
        assert_eq!(db.read("late", late), Ok((vec![open.id], vec![open.id])), "not the one in preparation");
        open.state = ChronologyState::Closing;
        db.write("close", |tx| chronologies::update(tx, &open, 1)).unwrap();
        assert_eq!(db.read("late", late), Ok((vec![], vec![open.id])));
        let mut answered = db.read("own", |tx| invitations::find_for_agency(tx, world.partnership, open.id, world.school)).unwrap().unwrap();
        answered.state = InvitationState::NilReturn;
        db.write("answer", |tx| invitations::update(tx, &answered, 1)).unwrap();
        assert_eq!(db.read("late", late), Ok((vec![], vec![])));
        assert_ne!(draft.id, open.id);
    }

    fn a_partnership_is_registered_once_and_renamed(db) {
        let world = World::make(db, "marl");
        let fresh = PartnershipRow { id: domain::PartnershipId(id()), name: "Marl and Fen".into(), ..world.partnership_row("marl") };
        let kept = db.write("upsert", |tx| partnerships::upsert(tx, &fresh)).unwrap();
        assert_eq!(kept, PartnershipRow { name: "Marl and Fen".into(), ..world.partnership_row("marl") });
        assert_eq!(db.read("all", partnerships::all), Ok(vec![kept]));
        assert_eq!(AgencyKind::Gp.as_str(), "gp");
    }
}

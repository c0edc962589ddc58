//! Who has access to which chronology, family and person.

use domain::{
    AgencyKind, ChronologyId, ChronologyState, InvitationFacts, InvitationState, PractitionerId,
    Role,
};

use super::fixture::{Fixture, access_permit, at_minute, next_id, now};
use crate::family_access::InvitationAccess;
use crate::*;

struct TestRows {
    fixture: Fixture,
    colleague: PractitionerId,
    governor: PractitionerId,
    person: PersonRow,
    family: FamilyRow,
    draft: ChronologyRow,
    open: ChronologyRow,
}

/// Inserts a family with a draft chronology and an open one. The school is invited to both, with
/// the teacher named.
fn insert_rows(db: &Db) -> TestRows {
    let fixture = Fixture::create(db, "marl");
    let colleague = PractitionerId(next_id());
    let governor = PractitionerId(next_id());
    let person = fixture.person();
    let family = fixture.family();
    let draft = ChronologyRow {
        state: ChronologyState::Draft,
        opened_at: None,
        ..fixture.chronology(family.id)
    };
    let open = fixture.chronology(family.id);
    let partnership = fixture.partnership;
    db.write("rows", |tx| {
        practitioners::insert(tx, &fixture.practitioner(colleague, fixture.social_care))?;
        practitioners::insert(tx, &fixture.practitioner(governor, fixture.school))?;
        people::insert(tx, &person, &[])?;
        families::insert(tx, &family)?;
        families::add_member(tx, partnership, family.id, person.id)?;
        for chronology in [&draft, &open] {
            chronologies::insert(tx, chronology)?;
            let invitation = fixture.invitation(chronology.id, fixture.school);
            invitations::insert(tx, &invitation)?;
            invitations::set_practitioners(tx, partnership, invitation.id, &[fixture.teacher])?;
        }
        chronologies::set_team(tx, partnership, open.id, &[colleague, colleague])
    })
    .unwrap();
    TestRows {
        fixture,
        colleague,
        governor,
        person,
        family,
        draft,
        open,
    }
}

on_each_database! {
    fn each_reader_lists_only_accessible_chronologies(db) {
        use Role::{
            Auditor, BusinessSupport, Practitioner, SafeguardingLead, SocialWorker, SystemClient,
            TeamManager,
        };
        let rows = insert_rows(db);
        let fixture = &rows.fixture;
        let owner = ("the owner", fixture.social_care, fixture.social_worker);
        let on_team = ("a member of the team", fixture.social_care, rows.colleague);
        let other = ("another practitioner", fixture.social_care, rows.governor);
        let named = ("a named practitioner", fixture.school, fixture.teacher);
        let not_named = ("a practitioner who is not named", fixture.school, rows.governor);
        let owner_elsewhere = ("the owner at the school", fixture.school, fixture.social_worker);
        let both = [rows.draft.id, rows.open.id];
        let open = [rows.open.id];
        let assert_lists = |(who, agency, practitioner), role, expected: &[ChronologyId]| {
            let permit = access_permit(&fixture.actor(agency, practitioner, &[role]));
            let found = db
                .read("list", |tx| {
                    chronologies::page_for(tx, &permit, now(), None, 9)
                })
                .unwrap();
            let found: Vec<_> = found.into_iter().map(|row| row.id).collect();
            assert_eq!(found, expected, "{who} as {role}");
        };
        assert_lists(owner, SocialWorker, &both);
        assert_lists(other, SocialWorker, &[]);
        assert_lists(other, TeamManager, &both);
        assert_lists(other, BusinessSupport, &both);
        assert_lists(on_team, SocialWorker, &open);
        // An auditor lists none, even as the owner, on the team, or named in an invitation.
        assert_lists(owner, Auditor, &[]);
        assert_lists(on_team, Auditor, &[]);
        assert_lists(named, Auditor, &[]);
        // The school sees the chronology once it is open.
        assert_lists(named, Practitioner, &open);
        assert_lists(not_named, Practitioner, &[]);
        assert_lists(not_named, SafeguardingLead, &open);
        assert_lists(not_named, SystemClient, &open);
        // Roles of social care apply in social care only.
        assert_lists(owner_elsewhere, SocialWorker, &[]);
        assert_lists(not_named, TeamManager, &[]);
    }

    fn facts_report_team_membership_and_invitation(db) {
        let TestRows {
            fixture,
            colleague,
            governor,
            open,
            ..
        } = insert_rows(db);
        let facts_for = |agency, practitioner| {
            let facts = db.read("facts", |tx| {
                chronologies::facts(tx, fixture.partnership, open.id, agency, practitioner)
            });
            let facts = facts.unwrap().unwrap();
            (
                facts.on_team,
                facts.invitation.map(|(_, state, named)| (state, named)),
            )
        };
        let invited = InvitationState::Invited;
        assert_eq!(
            facts_for(fixture.social_care, fixture.social_worker),
            (false, None)
        );
        assert_eq!(facts_for(fixture.social_care, colleague), (true, None));
        assert_eq!(
            facts_for(fixture.school, fixture.teacher),
            (false, Some((invited, true)))
        );
        assert_eq!(
            facts_for(fixture.school, governor),
            (false, Some((invited, false)))
        );
    }

    fn invitations_give_access_to_families(db) {
        let TestRows {
            fixture,
            governor,
            person,
            family,
            mut open,
            ..
        } = insert_rows(db);
        let partnership = fixture.partnership;
        let access = |agency, practitioner, at| {
            db.read("access", |tx| {
                let family = families::invitation_access(
                    tx,
                    partnership,
                    family.id,
                    agency,
                    practitioner,
                    at,
                )?;
                let person = people::invitation_access(
                    tx,
                    partnership,
                    person.id,
                    agency,
                    practitioner,
                    at,
                )?;
                assert_eq!(family, person);
                Ok::<_, StoreError>(person)
            })
            .unwrap()
        };
        let expires_at = open.expires_at;
        let invited = |named| {
            let invitation = InvitationFacts {
                state: InvitationState::Invited,
                named,
            };
            vec![InvitationAccess {
                invitation,
                state: ChronologyState::Open,
                expires_at,
            }]
        };
        assert_eq!(
            access(fixture.school, fixture.teacher, now()),
            invited(true)
        );
        assert_eq!(access(fixture.school, governor, now()), invited(false));
        assert_eq!(
            access(fixture.social_care, fixture.social_worker, now()),
            vec![],
            "that agency is not invited"
        );
        open.state = ChronologyState::Draft;
        open.opened_at = None;
        db.write("draft", |tx| chronologies::update(tx, &open, 1))
            .unwrap();
        assert_eq!(
            access(fixture.school, fixture.teacher, now()),
            vec![],
            "invitations to a draft give no access"
        );
    }

    fn invitation_access_reports_who_is_named(db) {
        let TestRows {
            fixture,
            family,
            governor,
            ..
        } = insert_rows(db);
        let second = fixture.chronology(family.id);
        let invitation = InvitationRow {
            state: InvitationState::Submitted,
            ..fixture.invitation(second.id, fixture.school)
        };
        db.write("second", |tx| {
            chronologies::insert(tx, &second)?;
            invitations::insert(tx, &invitation)?;
            invitations::set_practitioners(tx, fixture.partnership, invitation.id, &[governor])
        })
        .unwrap();
        let access = |practitioner| {
            db.read("access", |tx| {
                families::invitation_access(
                    tx,
                    fixture.partnership,
                    family.id,
                    fixture.school,
                    practitioner,
                    now(),
                )
            })
        };
        let named_on = |practitioner| {
            let all: Result<Vec<InvitationAccess>, StoreError> = access(practitioner);
            let all = all
                .unwrap()
                .into_iter()
                .map(|access| access.invitation)
                .filter(|invitation| invitation.named);
            all.map(|invitation| invitation.state).collect::<Vec<_>>()
        };
        assert_eq!(named_on(governor), [InvitationState::Submitted]);
        assert_eq!(named_on(fixture.teacher), [InvitationState::Invited]);
    }

    fn agency_is_invited_once(db) {
        let TestRows { fixture, open, .. } = insert_rows(db);
        let duplicate = fixture.invitation(open.id, fixture.school);
        let outcome = db.write("duplicate", |tx| invitations::insert(tx, &duplicate));
        assert_eq!(
            outcome,
            Err(StoreError::NotUnique("invitation of the agency"))
        );
    }

    fn family_member_is_added_once(db) {
        let TestRows {
            fixture,
            person,
            family,
            ..
        } = insert_rows(db);
        let add = || {
            db.write("add", |tx| {
                families::add_member(tx, fixture.partnership, family.id, person.id)
            })
        };
        assert_eq!(add(), Err(StoreError::NotUnique("family member")));
        let remove = || {
            db.write("remove", |tx| {
                families::remove_member(tx, fixture.partnership, family.id, person.id)
            })
        };
        assert_eq!(remove(), Ok(()));
        assert_eq!(remove(), Err(StoreError::Stale));
        assert_eq!(add(), Ok(()));
    }

    fn past_due_lists_open_chronologies_and_unanswered_invitations(db) {
        let TestRows {
            fixture,
            mut open,
            draft,
            ..
        } = insert_rows(db);
        let past_due = |tx: &mut Tx<'_>| {
            let chronologies = chronologies::past_due(tx, at_minute(500), 9)?
                .into_iter()
                .map(|row| row.id)
                .collect::<Vec<_>>();
            let invitations = invitations::past_due(tx, at_minute(500), 9)?;
            Ok::<_, StoreError>((
                chronologies,
                invitations
                    .into_iter()
                    .map(|row| row.chronology_id)
                    .collect::<Vec<_>>(),
            ))
        };
        assert_eq!(
            db.read("early", |tx| chronologies::past_due(tx, at_minute(499), 9)),
            Ok(vec![])
        );
        assert_eq!(
            db.read("early", |tx| invitations::past_due(tx, at_minute(499), 9)),
            Ok(vec![])
        );
        assert_eq!(
            db.read("late", past_due),
            Ok((vec![open.id], vec![open.id])),
            "not the draft"
        );
        open.state = ChronologyState::Closing;
        db.write("close", |tx| chronologies::update(tx, &open, 1))
            .unwrap();
        assert_eq!(db.read("late", past_due), Ok((vec![], vec![open.id])));
        let mut answered = db
            .read("own", |tx| {
                invitations::find_for_agency(tx, fixture.partnership, open.id, fixture.school)
            })
            .unwrap()
            .unwrap();
        answered.state = InvitationState::NilReturn;
        db.write("answer", |tx| invitations::update(tx, &answered, 1))
            .unwrap();
        assert_eq!(db.read("late", past_due), Ok((vec![], vec![])));
        assert_ne!(draft.id, open.id);
    }

    fn upsert_renames_a_registered_partnership(db) {
        let fixture = Fixture::create(db, "marl");
        let renamed = PartnershipRow {
            id: domain::PartnershipId(next_id()),
            name: "Marl and Fen".into(),
            ..fixture.partnership_row("marl")
        };
        let updated = db
            .write("upsert", |tx| partnerships::upsert(tx, &renamed))
            .unwrap();
        assert_eq!(
            updated,
            PartnershipRow {
                name: "Marl and Fen".into(),
                ..fixture.partnership_row("marl")
            }
        );
        assert_eq!(db.read("all", partnerships::list_all), Ok(vec![updated]));
        assert_eq!(AgencyKind::Gp.as_str(), "gp");
    }
}

//! The same operations on both databases have the same outcomes and leave the same to be read.

use diesel::RunQueryDsl;
use domain::{AgencyKind, ChronologyState, InvitationState, PractitionerId, Role};
use proptest::prelude::*;
use uuid::Uuid;

use super::world::{World, minute, permit, sealed};
use crate::testing::fresh;
use crate::*;

/// One step of somebody's work. Small numbers choose among few objects, so that steps often meet.
#[derive(Debug, Clone)]
enum Step {
    Agency { id: u8, code: u8 },
    Family { id: u8, expires: u8 },
    Person { id: u8, expires: u8, token: u8 },
    Join { family: u8, person: u8 },
    Leave { family: u8, person: u8 },
    Chronology { id: u8, family: u8, expires: u8, draft: bool },
    Move { id: u8, to: u8, expected: i64 },
    Invite { id: u8, chronology: u8, agency: u8, named: bool },
    Submit { id: u8, chronology: Option<u8>, family: u8, reference: Option<u8>, expires: u8 },
    Withdraw { id: u8, expected: i64 },
    Delete { kind: u8, id: u8 },
    Mark { at: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let few = || 0..4_u8;
    prop_oneof![
        (few(), few()).prop_map(|(id, code)| Step::Agency { id, code }),
        (few(), any::<u8>()).prop_map(|(id, expires)| Step::Family { id, expires }),
        (few(), any::<u8>(), few()).prop_map(|(id, expires, token)| Step::Person { id, expires, token }),
        (few(), few()).prop_map(|(family, person)| Step::Join { family, person }),
        (few(), few()).prop_map(|(family, person)| Step::Leave { family, person }),
        (few(), few(), any::<u8>(), any::<bool>()).prop_map(|(id, family, expires, draft)| Step::Chronology {
            id,
            family,
            expires,
            draft
        }),
        (few(), 0..7_u8, 1..4_i64).prop_map(|(id, to, expected)| Step::Move { id, to, expected }),
        (few(), few(), few(), any::<bool>()).prop_map(|(id, chronology, agency, named)| Step::Invite {
            id,
            chronology,
            agency,
            named
        }),
        (few(), proptest::option::of(few()), few(), proptest::option::of(few()), any::<u8>()).prop_map(
            |(id, chronology, family, reference, expires)| Step::Submit { id, chronology, family, reference, expires }
        ),
        (few(), 1..3_i64).prop_map(|(id, expected)| Step::Withdraw { id, expected }),
        (0..4_u8, few()).prop_map(|(kind, id)| Step::Delete { kind, id }),
        any::<u8>().prop_map(|at| Step::Mark { at }),
    ]
}

fn uuid(kind: u8, id: u8) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 64) | (u128::from(id) + 1))
}

impl Step {
    /// Takes the step; `Debug` of what came of it, without the words in which each database refuses.
    fn take(&self, db: &Db, world: &World) -> String {
        let outcome = db.write("step", |tx| self.act(tx, world));
        match outcome {
            Err(StoreError::Database(_)) => "refused".to_owned(),
            other => format!("{other:?}"),
        }
    }

    fn act(&self, tx: &mut Tx<'_>, world: &World) -> Result<String, StoreError> {
        let p = world.partnership;
        let done = |()| String::new();
        match *self {
            Self::Agency { id, code } => {
                let row = world.agency(domain::AgencyId(uuid(1, id)), &format!("agency {code}"), AgencyKind::Gp);
                agencies::insert(tx, &row).map(done)
            }
            Self::Family { id, expires } => {
                let row = FamilyRow {
                    id: domain::FamilyId(uuid(2, id)),
                    expires_at: minute(expires.into()),
                    ..world.family()
                };
                families::insert(tx, &row).map(done)
            }
            Self::Person { id, expires, token } => {
                let row = PersonRow {
                    id: domain::PersonId(uuid(3, id)),
                    expires_at: minute(expires.into()),
                    ..world.person()
                };
                people::insert(tx, &row, &[("upn", vec![token])]).map(done)
            }
            Self::Join { family, person } => {
                families::add_member(tx, p, domain::FamilyId(uuid(2, family)), domain::PersonId(uuid(3, person)))
                    .map(done)
            }
            Self::Leave { family, person } => {
                families::remove_member(tx, p, domain::FamilyId(uuid(2, family)), domain::PersonId(uuid(3, person)))
                    .map(done)
            }
            Self::Chronology { id, family, expires, draft } => {
                let row = world.chronology(domain::FamilyId(uuid(2, family)));
                let state = if draft { ChronologyState::Draft } else { ChronologyState::Open };
                let (id, expires_at) = (domain::ChronologyId(uuid(4, id)), minute(expires.into()));
                chronologies::insert(tx, &ChronologyRow { id, state, expires_at, ..row }).map(done)
            }
            Self::Move { id, to, expected } => self.move_on(tx, world, id, to, expected),
            Self::Invite { .. } | Self::Submit { .. } | Self::Withdraw { .. } => self.contribute(tx, world).map(done),
            Self::Delete { kind, id } => Ok(match kind {
                0 => purge::delete_family(tx, p, domain::FamilyId(uuid(2, id))),
                1 => purge::delete_person(tx, p, domain::PersonId(uuid(3, id))),
                2 => purge::delete_chronology(tx, p, domain::ChronologyId(uuid(4, id))),
                _ => purge::delete_fragment(tx, p, domain::FragmentId(uuid(6, id))),
            }?
            .to_string()),
            Self::Mark { at } => clock::raise_high_water(tx, minute(at.into())).map(|mark| mark.to_string()),
        }
    }

    fn move_on(&self, tx: &mut Tx<'_>, world: &World, id: u8, to: u8, expected: i64) -> Result<String, StoreError> {
        let id = domain::ChronologyId(uuid(4, id));
        let Some(row) = purge::chronology(tx, world.partnership, id)? else { return Ok("none".into()) };
        let state = ChronologyState::ALL[usize::from(to)];
        let row = ChronologyRow { state, version: expected + 1, sealed: sealed(&format!("{to}")), ..row };
        chronologies::update(tx, &row, expected).map(|()| row.state.to_string())
    }

    fn contribute(&self, tx: &mut Tx<'_>, world: &World) -> Result<(), StoreError> {
        let p = world.partnership;
        match *self {
            Self::Invite { id, chronology, agency, named } => {
                let row =
                    world.invitation(domain::ChronologyId(uuid(4, chronology)), domain::AgencyId(uuid(1, agency)));
                let row =
                    InvitationRow { id: domain::InvitationId(uuid(5, id)), state: InvitationState::Viewed, ..row };
                invitations::insert(tx, &row)?;
                let team: &[PractitionerId] = if named { &[world.teacher, world.worker] } else { &[] };
                invitations::set_practitioners(tx, p, row.id, team)
            }
            Self::Submit { id, chronology, family, reference, expires } => {
                let on = chronology.map(|id| domain::ChronologyId(uuid(4, id)));
                let row = FragmentRow {
                    id: domain::FragmentId(uuid(6, id)),
                    reference_index: reference.map(|reference| Token(vec![reference])),
                    expires_at: minute(expires.into()),
                    ..world.fragment(domain::FamilyId(uuid(2, family)), on)
                };
                fragments::insert(tx, &row)?;
                let mut entries = world.entries(row.id, 1, i64::from(id) + 1);
                entries.iter_mut().for_each(|entry| entry.id = domain::EntryId(uuid(7, id)));
                fragments::insert_version(tx, &world.version(&row, 1), &entries)
            }
            Self::Withdraw { id, expected } => {
                let found = fragments::find(tx, p, domain::FragmentId(uuid(6, id)))?.ok_or(StoreError::Stale)?;
                let row = FragmentRow { state: FragmentState::Withdrawn, version: expected + 1, ..found };
                fragments::update(tx, &row, expected)
            }
            _ => Ok(()),
        }
    }
}

/// Everything that finders give, at an instant, as text.
fn seen(db: &Db, world: &World, at: u8) -> Vec<String> {
    let (p, now) = (world.partnership, minute(at.into()));
    let owner = permit(&world.actor(world.care, world.worker, &[Role::SocialWorker, Role::TeamManager]));
    let agency = domain::AgencyId(uuid(1, 0));
    let named = permit(&world.actor(agency, world.teacher, &[Role::Practitioner]));
    let lead = permit(&world.actor(agency, world.worker, &[Role::SafeguardingLead]));
    let outcome = db.read("seen", |tx| {
        let mut seen = vec![
            format!("{:?}", agencies::page(tx, p, None, 99)?),
            format!("{:?}", families::page(tx, &owner, now, None, 99)?),
            format!("{:?}", chronologies::past_due(tx, now, 99)?),
            format!("{:?}", invitations::past_due(tx, now, 99)?),
            format!("{:?}", purge::backlog(tx, now)?),
            format!("{:?}", clock::high_water(tx)?),
        ];
        for leave in [&owner, &named, &lead] {
            seen.push(format!("{:?}", chronologies::page_for(tx, leave, now, None, 99)?));
        }
        for id in 0..4 {
            let (family, person) = (domain::FamilyId(uuid(2, id)), domain::PersonId(uuid(3, id)));
            let chronology = domain::ChronologyId(uuid(4, id));
            seen.push(format!("{:?}", families::members(tx, p, family)?));
            seen.push(format!("{:?}", families::latest_reference(tx, p, family, now)?));
            seen.push(format!("{:?}", fragments::ahead_of(tx, p, family, now)?));
            seen.push(format!("{:?}", people::find(tx, &owner, person, now)?));
            seen.push(format!("{:?}", people::ids_by_token(tx, p, "upn", &[id], now)?));
            seen.push(format!("{:?}", people::reachable_by(tx, p, person, agency, world.teacher, now)?));
            seen.push(format!("{:?}", families::longest_lifetime_of(tx, p, person, now)?));
            seen.push(format!("{:?}", chronologies::facts(tx, p, chronology, agency, world.teacher)?));
            seen.push(format!("{:?}", invitations::list(tx, p, chronology)?));
            seen.push(format!("{:?}", fragments::live_content(tx, &owner, chronology, now)?));
        }
        Ok::<_, StoreError>(seen)
    });
    outcome.unwrap()
}

/// Empties what the steps fill, so that one database serves many cases.
fn clear(db: &Db) {
    let filled =
        ["clock_mark", "fragments", "chronologies", "families", "people", "practitioners", "agencies", "partnerships"];
    let delete = |table| diesel::sql_query(format!("DELETE FROM {table}"));
    db.write("clear", |tx| filled.into_iter().try_for_each(|table| tx.run(|c| delete(table).execute(c)).map(|_| ())))
        .unwrap();
}

#[test]
fn both_databases_do_the_same() {
    let (sqlite, postgresql) = (fresh(Kind::Sqlite), fresh(Kind::Postgresql));
    let config =
        ProptestConfig { cases: 24, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() };
    let steps = (proptest::collection::vec(step(), 20..90), any::<u8>(), any::<u8>());
    proptest!(config, |((steps, early, late) in steps)| {
        clear(&sqlite);
        clear(&postgresql);
        let world = World::make(&sqlite, "marl");
        world.copy_to(&postgresql, "marl");
        for step in &steps {
            prop_assert_eq!(step.take(&sqlite, &world), step.take(&postgresql, &world), "{:?}", step);
        }
        for at in [early, late] {
            prop_assert_eq!(seen(&sqlite, &world, at), seen(&postgresql, &world, at));
        }
    });
}

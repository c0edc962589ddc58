//! The same operations on both databases have the same outcomes and leave the same data.

use diesel::RunQueryDsl;
use domain::{
    AgencyId, AgencyKind, ChronologyId, ChronologyState, FamilyId, FragmentId, FragmentState,
    InvitationState, PersonId, PractitionerId, Role,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::fixture::{Fixture, access_permit, at_minute, sealed};
use crate::testing::fresh_database;
use crate::*;

/// One operation of a test. The numbers select among a few objects, so that operations often
/// concern the same one.
#[derive(Debug, Clone)]
enum Step {
    Agency {
        id: u8,
        code: u8,
    },
    Family {
        id: u8,
        expires: u8,
    },
    Person {
        id: u8,
        expires: u8,
        token: u8,
    },
    AddMember {
        family: u8,
        person: u8,
    },
    RemoveMember {
        family: u8,
        person: u8,
    },
    Chronology {
        id: u8,
        family: u8,
        expires: u8,
        draft: bool,
    },
    ChangeState {
        id: u8,
        to: u8,
        expected: i64,
    },
    Invite {
        id: u8,
        chronology: u8,
        agency: u8,
        named: bool,
    },
    Submit {
        id: u8,
        chronology: Option<u8>,
        family: u8,
        reference: Option<u8>,
        expires: u8,
    },
    Withdraw {
        id: u8,
        expected: i64,
    },
    Delete {
        kind: u8,
        id: u8,
    },
    RaiseHighWater {
        at: u8,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let small_number = || 0..4_u8;
    prop_oneof![
        (small_number(), small_number()).prop_map(|(id, code)| Step::Agency { id, code }),
        (small_number(), any::<u8>()).prop_map(|(id, expires)| Step::Family { id, expires }),
        (small_number(), any::<u8>(), small_number())
            .prop_map(|(id, expires, token)| Step::Person { id, expires, token }),
        (small_number(), small_number())
            .prop_map(|(family, person)| Step::AddMember { family, person }),
        (small_number(), small_number())
            .prop_map(|(family, person)| Step::RemoveMember { family, person }),
        (small_number(), small_number(), any::<u8>(), any::<bool>()).prop_map(
            |(id, family, expires, draft)| Step::Chronology {
                id,
                family,
                expires,
                draft
            }
        ),
        (small_number(), 0..7_u8, 1..4_i64).prop_map(|(id, to, expected)| Step::ChangeState {
            id,
            to,
            expected
        }),
        (
            small_number(),
            small_number(),
            small_number(),
            any::<bool>()
        )
            .prop_map(|(id, chronology, agency, named)| Step::Invite {
                id,
                chronology,
                agency,
                named
            }),
        (
            small_number(),
            proptest::option::of(small_number()),
            small_number(),
            proptest::option::of(small_number()),
            any::<u8>()
        )
            .prop_map(
                |(id, chronology, family, reference, expires)| Step::Submit {
                    id,
                    chronology,
                    family,
                    reference,
                    expires
                }
            ),
        (small_number(), 1..3_i64).prop_map(|(id, expected)| Step::Withdraw { id, expected }),
        (0..4_u8, small_number()).prop_map(|(kind, id)| Step::Delete { kind, id }),
        any::<u8>().prop_map(|at| Step::RaiseHighWater { at }),
    ]
}

fn uuid(kind: u8, id: u8) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 64) | (u128::from(id) + 1))
}

fn agency_id(id: u8) -> AgencyId {
    AgencyId(uuid(1, id))
}

fn family_id(id: u8) -> FamilyId {
    FamilyId(uuid(2, id))
}

fn person_id(id: u8) -> PersonId {
    PersonId(uuid(3, id))
}

fn chronology_id(id: u8) -> ChronologyId {
    ChronologyId(uuid(4, id))
}

fn fragment_id(id: u8) -> FragmentId {
    FragmentId(uuid(6, id))
}

impl Step {
    /// Runs the operation and returns its outcome as text, without the database's own error
    /// message.
    fn run(&self, db: &Db, fixture: &Fixture) -> String {
        let outcome = db.write("step", |tx| self.apply(tx, fixture));
        match outcome {
            Err(StoreError::Database(_)) => "refused".to_owned(),
            other => format!("{other:?}"),
        }
    }

    fn apply(&self, tx: &mut Tx<'_>, fixture: &Fixture) -> Result<String, StoreError> {
        let partnership = fixture.partnership;
        match *self {
            Self::Agency { .. }
            | Self::Family { .. }
            | Self::Person { .. }
            | Self::AddMember { .. }
            | Self::RemoveMember { .. }
            | Self::Chronology { .. } => self.record(tx, fixture).map(|()| String::new()),
            Self::ChangeState { id, to, expected } => {
                self.change_state(tx, fixture, id, to, expected)
            }
            Self::Invite { .. } | Self::Submit { .. } | Self::Withdraw { .. } => {
                self.contribute(tx, fixture).map(|()| String::new())
            }
            Self::Delete { kind, id } => Ok(match kind {
                0 => purge::delete_family(tx, partnership, family_id(id)),
                1 => purge::delete_person(tx, partnership, person_id(id)),
                2 => purge::delete_chronology(tx, partnership, chronology_id(id)),
                _ => purge::delete_fragment(tx, partnership, fragment_id(id)),
            }?
            .to_string()),
            Self::RaiseHighWater { at } => {
                clock::raise_high_water(tx, at_minute(at.into())).map(|mark| mark.to_string())
            }
        }
    }

    /// The steps of social care: agencies, families, people and chronologies.
    fn record(&self, tx: &mut Tx<'_>, fixture: &Fixture) -> Result<(), StoreError> {
        let partnership = fixture.partnership;
        match *self {
            Self::Agency { id, code } => {
                let code = format!("agency {code}");
                agencies::insert(tx, &fixture.agency(agency_id(id), &code, AgencyKind::Gp))
            }
            Self::Family { id, expires } => {
                let row = FamilyRow {
                    id: family_id(id),
                    expires_at: at_minute(expires.into()),
                    ..fixture.family()
                };
                families::insert(tx, &row)
            }
            Self::Person { id, expires, token } => {
                let row = PersonRow {
                    id: person_id(id),
                    expires_at: at_minute(expires.into()),
                    ..fixture.person()
                };
                people::insert(tx, &row, &[("upn", vec![token])])
            }
            Self::AddMember { family, person } => {
                families::add_member(tx, partnership, family_id(family), person_id(person))
            }
            Self::RemoveMember { family, person } => {
                families::remove_member(tx, partnership, family_id(family), person_id(person))
            }
            Self::Chronology {
                id,
                family,
                expires,
                draft,
            } => {
                let state = if draft {
                    ChronologyState::Draft
                } else {
                    ChronologyState::Open
                };
                let row = ChronologyRow {
                    id: chronology_id(id),
                    state,
                    expires_at: at_minute(expires.into()),
                    ..fixture.chronology(family_id(family))
                };
                chronologies::insert(tx, &row)
            }
            _ => Ok(()),
        }
    }

    fn change_state(
        &self,
        tx: &mut Tx<'_>,
        fixture: &Fixture,
        id: u8,
        to: u8,
        expected: i64,
    ) -> Result<String, StoreError> {
        let id = chronology_id(id);
        let Some(row) = purge::find_chronology(tx, fixture.partnership, id)? else {
            return Ok("none".into());
        };
        let state = ChronologyState::ALL[usize::from(to)];
        let row = ChronologyRow {
            state,
            version: expected + 1,
            sealed: sealed(&format!("{to}")),
            ..row
        };
        chronologies::update(tx, &row, expected).map(|()| row.state.to_string())
    }

    fn contribute(&self, tx: &mut Tx<'_>, fixture: &Fixture) -> Result<(), StoreError> {
        let partnership = fixture.partnership;
        match *self {
            Self::Invite {
                id,
                chronology,
                agency,
                named,
            } => {
                let row = fixture.invitation(chronology_id(chronology), agency_id(agency));
                let row = InvitationRow {
                    id: domain::InvitationId(uuid(5, id)),
                    state: InvitationState::Viewed,
                    ..row
                };
                invitations::insert(tx, &row)?;
                let team: &[PractitionerId] = if named {
                    &[fixture.teacher, fixture.social_worker]
                } else {
                    &[]
                };
                invitations::set_practitioners(tx, partnership, row.id, team)
            }
            Self::Submit {
                id,
                chronology,
                family,
                reference,
                expires,
            } => {
                let chronology = chronology.map(chronology_id);
                let row = FragmentRow {
                    id: fragment_id(id),
                    reference_index: reference.map(|reference| Token(vec![reference])),
                    expires_at: at_minute(expires.into()),
                    ..fixture.fragment(family_id(family), chronology)
                };
                fragments::insert(tx, &row)?;
                let mut entries = fixture.entries(row.id, 1, i64::from(id) + 1);
                entries
                    .iter_mut()
                    .for_each(|entry| entry.id = domain::EntryId(uuid(7, id)));
                fragments::insert_version(tx, &fixture.fragment_version(&row, 1), &entries)
            }
            Self::Withdraw { id, expected } => {
                let found =
                    fragments::find(tx, partnership, fragment_id(id))?.ok_or(StoreError::Stale)?;
                let row = FragmentRow {
                    state: FragmentState::Withdrawn,
                    version: expected + 1,
                    ..found
                };
                fragments::update(tx, &row, expected)
            }
            _ => Ok(()),
        }
    }
}

/// What the finders return at an instant, as text.
fn read_everything(db: &Db, fixture: &Fixture, at: u8) -> Vec<String> {
    let partnership = fixture.partnership;
    let now = at_minute(at.into());
    let owner = access_permit(&fixture.actor(
        fixture.social_care,
        fixture.social_worker,
        &[Role::SocialWorker, Role::TeamManager],
    ));
    let agency = agency_id(0);
    let named = access_permit(&fixture.actor(agency, fixture.teacher, &[Role::Practitioner]));
    let lead =
        access_permit(&fixture.actor(agency, fixture.social_worker, &[Role::SafeguardingLead]));
    let outcome = db.read("everything", |tx| {
        let mut results = vec![
            format!("{:?}", agencies::page(tx, partnership, None, 99)?),
            format!("{:?}", families::page(tx, &owner, now, None, 99)?),
            format!("{:?}", chronologies::past_due(tx, now, 99)?),
            format!("{:?}", invitations::past_due(tx, now, 99)?),
            format!("{:?}", purge::backlog(tx, now)?),
            format!("{:?}", clock::high_water(tx)?),
        ];
        for permit in [&owner, &named, &lead] {
            results.push(format!(
                "{:?}",
                chronologies::page_for(tx, permit, now, None, 99)?
            ));
        }
        for id in 0..4 {
            let family = family_id(id);
            let person = person_id(id);
            let chronology = chronology_id(id);
            results.push(format!("{:?}", families::members(tx, partnership, family)?));
            results.push(format!(
                "{:?}",
                families::latest_referring_expiry(tx, partnership, family, now)?
            ));
            results.push(format!(
                "{:?}",
                fragments::list_advance_for_family(tx, partnership, family, now)?
            ));
            results.push(format!("{:?}", people::find(tx, &owner, person, now)?));
            results.push(format!(
                "{:?}",
                people::ids_by_token(tx, partnership, "upn", &[id], now)?
            ));
            results.push(format!(
                "{:?}",
                people::invitation_access(tx, partnership, person, agency, fixture.teacher, now)?
            ));
            results.push(format!(
                "{:?}",
                families::latest_expiry_for_person(tx, partnership, person, now)?
            ));
            results.push(format!(
                "{:?}",
                chronologies::facts(tx, partnership, chronology, agency, fixture.teacher)?
            ));
            results.push(format!(
                "{:?}",
                invitations::list(tx, partnership, chronology)?
            ));
            results.push(format!(
                "{:?}",
                fragments::live_content(tx, &owner, chronology, now)?
            ));
        }
        Ok::<_, StoreError>(results)
    });
    outcome.unwrap()
}

/// Deletes the rows that the operations insert, so that one database serves many cases.
fn clear(db: &Db) {
    let tables = [
        "clock_mark",
        "fragments",
        "chronologies",
        "families",
        "people",
        "practitioners",
        "agencies",
        "partnerships",
    ];
    let delete = |table| diesel::sql_query(format!("DELETE FROM {table}"));
    db.write("clear", |tx| {
        tables
            .into_iter()
            .try_for_each(|table| tx.run(|c| delete(table).execute(c)).map(|_| ()))
    })
    .unwrap();
}

#[test]
fn both_databases_behave_identically() {
    let sqlite = fresh_database(DatabaseKind::Sqlite);
    let postgresql = fresh_database(DatabaseKind::Postgresql);
    let config = ProptestConfig {
        cases: 24,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let steps = (
        proptest::collection::vec(step(), 20..90),
        any::<u8>(),
        any::<u8>(),
    );
    proptest!(config, |((steps, early, late) in steps)| {
        clear(&sqlite);
        clear(&postgresql);
        let fixture = Fixture::create(&sqlite, "marl");
        fixture.insert_into(&postgresql, "marl");
        for step in &steps {
            let on_sqlite = step.run(&sqlite, &fixture);
            let on_postgresql = step.run(&postgresql, &fixture);
            prop_assert_eq!(on_sqlite, on_postgresql, "{:?}", step);
        }
        for at in [early, late] {
            let on_sqlite = read_everything(&sqlite, &fixture, at);
            let on_postgresql = read_everything(&postgresql, &fixture, at);
            prop_assert_eq!(on_sqlite, on_postgresql);
        }
    });
}

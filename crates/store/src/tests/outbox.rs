//! Events in the outbox are claimed by one worker at a time, remain until they are completed, and
//! are deleted with their subject.

use std::sync::mpsc::channel;

use domain::{ChronologyId, OutboxEvent, OutboxId, OutboxSubject};

use super::fixture::{Fixture, at_minute, next_id, now};
use crate::testing::fresh_database;
use crate::*;

/// Inserts an event about a chronology, due at this minute.
fn insert_due(db: &Db, fixture: &Fixture, event: OutboxEvent, minute: i64) -> OutboxRow {
    let row = OutboxRow {
        not_before: at_minute(minute),
        created_at: at_minute(minute),
        ..fixture.outbox_row(event, ChronologyId(next_id()))
    };
    db.write("insert", |tx| {
        outbox::insert(tx, std::slice::from_ref(&row))
    })
    .unwrap();
    row
}

/// The events that a worker claims at this minute, for ten minutes.
fn claim(db: &Db, events: &[OutboxEvent], minute: i64) -> Vec<OutboxRow> {
    db.write("claim", |tx| {
        outbox::claim(tx, events, at_minute(minute), at_minute(minute + 10), 9)
    })
    .unwrap()
}

fn claimed_ids(db: &Db, minute: i64) -> Vec<OutboxId> {
    claim(db, OutboxEvent::ALL, minute)
        .iter()
        .map(|row| row.id)
        .collect()
}

on_each_database! {
    fn event_reads_back_as_written(db) {
        let fixture = Fixture::create(db, "marl");
        for event in OutboxEvent::ALL {
            let row = insert_due(db, &fixture, *event, 5);
            let claimed = OutboxRow {
                claimed_until: Some(at_minute(15)),
                ..row
            };
            assert_eq!(claim(db, &[*event], 5), [claimed]);
        }
    }

    fn many_events_are_inserted_at_once(db) {
        let fixture = Fixture::create(db, "marl");
        let rows: Vec<OutboxRow> = (0..1_203)
            .map(|_| fixture.outbox_row(OutboxEvent::Notify, ChronologyId(next_id())))
            .collect();
        let claimed = db.write("all", |tx| {
            outbox::insert(tx, &rows)?;
            outbox::claim(tx, OutboxEvent::ALL, now(), now(), 5_000)
        });
        assert_eq!(claimed.unwrap().len(), rows.len());
    }

    fn due_events_are_claimed_oldest_first(db) {
        let fixture = Fixture::create(db, "marl");
        let late = insert_due(db, &fixture, OutboxEvent::Relink, 8);
        let early = insert_due(db, &fixture, OutboxEvent::Relink, 3);
        let future = insert_due(db, &fixture, OutboxEvent::Relink, 9);
        insert_due(db, &fixture, OutboxEvent::Notify, 1);
        let claim = |minute, limit: i64| {
            let claimed = db.write("claim", |tx| {
                let events = [OutboxEvent::Relink];
                outbox::claim(tx, &events, at_minute(minute), at_minute(99), limit)
            });
            claimed.unwrap().iter().map(|row| row.id).collect::<Vec<_>>()
        };
        assert_eq!(claim(8, 1), [early.id]);
        assert_eq!(claim(8, 9), [late.id]);
        assert_eq!(claim(8, 9), []);
        assert_eq!(claim(9, 9), [future.id]);
        assert_eq!(
            db.write("none", |tx| outbox::claim(tx, &[], now(), now(), 9)),
            Ok(vec![])
        );
    }

    fn claim_ends_at_its_time(db) {
        let fixture = Fixture::create(db, "marl");
        let row = insert_due(db, &fixture, OutboxEvent::Relink, 5);
        assert_eq!(claimed_ids(db, 5), [row.id]);
        assert_eq!(claimed_ids(db, 14), []);
        assert_eq!(claimed_ids(db, 15), [row.id], "the first worker has stopped");
        let claimed = claim(db, OutboxEvent::ALL, 25);
        assert_eq!(claimed[0].attempts, 0, "only a reported failure is counted");
    }

    fn failed_event_is_due_again_later(db) {
        let fixture = Fixture::create(db, "marl");
        let row = insert_due(db, &fixture, OutboxEvent::Relink, 5);
        for attempts in 0..3 {
            let minute = 5 + attempts;
            let claimed = claim(db, OutboxEvent::ALL, minute);
            assert_eq!((claimed[0].id, claimed[0].attempts), (row.id, attempts));
            db.write("fail", |tx| outbox::fail(tx, row.id, at_minute(minute + 1)))
                .unwrap();
            assert_eq!(claimed_ids(db, minute), []);
        }
        let missing = OutboxId(next_id());
        let failed = db.write("fail", |tx| outbox::fail(tx, missing, now()));
        assert_eq!(failed, Ok(()), "it was deleted with its subject");
    }

    fn completed_events_are_deleted(db) {
        let fixture = Fixture::create(db, "marl");
        let oldest = || db.read("oldest", outbox::oldest).unwrap();
        assert_eq!(oldest(), None);
        let first = insert_due(db, &fixture, OutboxEvent::Relink, 5);
        let second = insert_due(db, &fixture, OutboxEvent::Notify, 6);
        assert_eq!(oldest(), Some(at_minute(5)));
        db.write("complete", |tx| outbox::complete(tx, &[first.id])).unwrap();
        assert_eq!(oldest(), Some(at_minute(6)));
        assert_eq!(claimed_ids(db, 6), [second.id]);
        db.write("complete", |tx| outbox::complete(tx, &[first.id, second.id]))
            .unwrap();
        assert_eq!(oldest(), None);
    }

    fn event_of_a_failed_transaction_does_not_remain(db) {
        let fixture = Fixture::create(db, "marl");
        let row = fixture.outbox_row(OutboxEvent::Relink, ChronologyId(next_id()));
        let failed = db.write("fails", |tx| {
            outbox::insert(tx, std::slice::from_ref(&row))?;
            Err::<(), _>(StoreError::Stale)
        });
        assert_eq!(failed, Err(StoreError::Stale));
        assert_eq!(db.read("oldest", outbox::oldest), Ok(None));
    }

    fn events_are_deleted_with_their_subject(db) {
        let fixture = Fixture::create(db, "marl");
        let partnership = fixture.partnership;
        let person = fixture.person();
        let family = fixture.family();
        let chronology = fixture.chronology(family.id);
        let other = fixture.chronology(family.id);
        let fragment = fixture.fragment(family.id, Some(chronology.id));
        let advance = fixture.fragment(family.id, None);
        let about = |kind, id| OutboxRow {
            subject_kind: kind,
            subject_id: id,
            ..fixture.outbox_row(OutboxEvent::Notify, chronology.id)
        };
        let events = [
            about(OutboxSubject::Chronology, chronology.id.0),
            about(OutboxSubject::Fragment, fragment.id.0),
            about(OutboxSubject::Fragment, advance.id.0),
            about(OutboxSubject::Chronology, other.id.0),
            about(OutboxSubject::Family, family.id.0),
            about(OutboxSubject::Person, person.id.0),
        ];
        let remaining = || {
            let claimed = claimed_ids(db, 2_000);
            db.write("release", |tx| {
                claimed.iter().try_for_each(|id| outbox::fail(tx, *id, now()))
            })
            .unwrap();
            claimed
        };
        let ids = events.clone().map(|row| row.id);
        db.write("rows", |tx| {
            people::insert(tx, &person, &[])?;
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            chronologies::insert(tx, &other)?;
            fixture.insert_fragment(tx, &fragment)?;
            fixture.insert_fragment(tx, &advance)?;
            outbox::insert(tx, &events)
        })
        .unwrap();
        assert_eq!(remaining(), ids);
        db.write("chronology", |tx| purge::delete_chronology(tx, partnership, chronology.id))
            .unwrap();
        assert_eq!(remaining(), ids[2..], "with the events of its fragments");
        db.write("fragment", |tx| purge::delete_fragment(tx, partnership, advance.id))
            .unwrap();
        assert_eq!(remaining(), ids[3..]);
        db.write("others", |tx| {
            purge::delete_chronology(tx, partnership, other.id)?;
            purge::delete_family(tx, partnership, family.id)?;
            purge::delete_person(tx, partnership, person.id)
        })
        .unwrap();
        assert_eq!(remaining(), []);
    }

    fn unknown_event_is_refused(db) {
        let fixture = Fixture::create(db, "marl");
        let row = insert_due(db, &fixture, OutboxEvent::Relink, 5);
        let unknown = db.write("unknown", |tx| {
            tx.run(|c| {
                diesel::RunQueryDsl::execute(
                    diesel::sql_query("UPDATE outbox SET event = 'publish'"),
                    c,
                )
            })
        });
        assert!(matches!(unknown, Err(StoreError::Database(_))), "{unknown:?}");
        assert_eq!(claimed_ids(db, 5), [row.id]);
    }
}

/// Workers that claim at the same time do not wait for each other and claim different events.
#[test]
fn concurrent_workers_claim_different_events() {
    let db = fresh_database(DatabaseKind::Postgresql);
    let fixture = Fixture::create(&db, "marl");
    let ids: Vec<OutboxId> = (0..4)
        .map(|minute| insert_due(&db, &fixture, OutboxEvent::Relink, minute).id)
        .collect();
    let claim = |tx: &mut Tx<'_>, limit: i64| {
        let claimed = outbox::claim(tx, OutboxEvent::ALL, now(), at_minute(2_000), limit)?;
        Ok::<_, StoreError>(claimed.iter().map(|row| row.id).collect::<Vec<_>>())
    };
    let (send_ids, received_ids) = channel();
    let (resume, wait) = channel::<()>();
    std::thread::scope(|scope| {
        let db = &db;
        let first = scope.spawn(move || {
            db.write("first", |tx| {
                send_ids.send(claim(tx, 2)?).unwrap();
                let _ = wait.recv();
                Ok::<_, StoreError>(())
            })
        });
        assert_eq!(received_ids.recv().unwrap(), ids[..2]);
        let second = db.write("second", |tx| claim(tx, 4)).unwrap();
        assert_eq!(
            second,
            ids[2..],
            "the first two are claimed by the other worker"
        );
        drop(resume);
        first.join().unwrap().unwrap();
        assert_eq!(db.write("third", |tx| claim(tx, 4)), Ok(vec![]));
    });
}

/// On SQLite, which has one writer, a second worker waits and then finds nothing left to claim.
#[test]
fn workers_on_two_connections_claim_each_event_once() {
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgresql] {
        let db = fresh_database(kind);
        let fixture = Fixture::create(&db, "marl");
        let mut inserted: Vec<OutboxId> = (0..40)
            .map(|minute| insert_due(&db, &fixture, OutboxEvent::Relink, minute).id)
            .collect();
        let other = Db::connect(db.config()).unwrap();
        let claim_all = |db: &Db| {
            let mut claimed = Vec::new();
            loop {
                let rows = db.write("claim", |tx| {
                    outbox::claim(tx, OutboxEvent::ALL, now(), at_minute(2_000), 3)
                });
                let rows = rows.unwrap();
                if rows.is_empty() {
                    return claimed;
                }
                claimed.extend(rows.iter().map(|row| row.id));
            }
        };
        let mut claimed = std::thread::scope(|scope| {
            let first = scope.spawn(|| claim_all(&db));
            let second = claim_all(&other);
            [first.join().unwrap(), second].concat()
        });
        claimed.sort();
        inserted.sort();
        assert_eq!(claimed, inserted, "{kind:?}");
    }
}

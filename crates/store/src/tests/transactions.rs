//! Transactions: all that is acknowledged is there, nothing that failed is, and concurrent ones get on.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use domain::AgencyKind;
use rstest::rstest;

use super::world::{World, minute, now};
use crate::testing::fresh;
use crate::{Db, Kind, StoreError, agencies, clock, on_each_database};

#[derive(Debug, PartialEq)]
enum Failed {
    Refused,
    Store(StoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Adds one to the version of an agency: a read, then a write that depends on it.
fn count_up(db: &Db, world: &World) -> Result<(), StoreError> {
    db.write("count", |tx| {
        let mut row = agencies::find(tx, world.partnership, world.care)?.unwrap();
        row.version += 1;
        agencies::update(tx, &row, row.version - 1)
    })
}

fn version(db: &Db, world: &World) -> i64 {
    db.read("version", |tx| agencies::find(tx, world.partnership, world.care)).unwrap().unwrap().version
}

on_each_database! {
    fn a_thousand_that_read_then_write_all_succeed(db) {
        let world = World::make(db, "marl");
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| (0..62).for_each(|_| count_up(db, &world).unwrap()));
            }
        });
        assert_eq!(version(db, &world), 1 + 16 * 62, "none was lost");
    }

    fn what_fails_leaves_nothing(db) {
        let world = World::make(db, "marl");
        let outcome = db.write("refused", |tx| {
            agencies::insert(tx, &world.agency(domain::AgencyId(crate::tests::world::id()), "new", AgencyKind::Gp))?;
            Err::<(), _>(Failed::Refused)
        });
        assert_eq!(outcome, Err(Failed::Refused));
        assert_eq!(db.read("found", |tx| agencies::find_by_code(tx, world.partnership, "new")), Ok(None));
    }

    fn a_panic_leaves_nothing_and_the_next_goes_on(db) {
        let world = World::make(db, "marl");
        for _ in 0..6 {
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                db.write("panics", |tx| -> Result<(), StoreError> {
                    agencies::insert(tx, &world.agency(domain::AgencyId(crate::tests::world::id()), "new", AgencyKind::Gp))?;
                    panic!("on purpose")
                })
            }));
            assert!(panicked.is_err());
        }
        assert_eq!(db.read("found", |tx| agencies::find_by_code(tx, world.partnership, "new")), Ok(None));
        count_up(db, &world).unwrap();
    }

    fn a_nested_failure_undoes_itself_alone(db) {
        let world = World::make(db, "marl");
        let add = |code| world.agency(domain::AgencyId(crate::tests::world::id()), code, AgencyKind::Gp);
        db.write("nested", |tx| {
            agencies::insert(tx, &add("first"))?;
            let inner = tx.nested(|tx| {
                agencies::insert(tx, &add("second"))?;
                let broken = crate::AgencyRow { partnership_id: domain::PartnershipId(crate::tests::world::id()), ..add("third") };
                agencies::insert(tx, &broken)
            });
            assert!(matches!(inner, Err(StoreError::Database(_))), "a reference to nothing: {inner:?}");
            agencies::insert(tx, &add("fourth"))
        })
        .unwrap();
        let found = |code| db.read("found", |tx| agencies::find_by_code(tx, world.partnership, code)).unwrap().is_some();
        assert_eq!(["first", "second", "third", "fourth"].map(found), [true, false, false, true]);
    }

    fn a_taken_natural_key_leaves_the_transaction_usable(db) {
        let world = World::make(db, "marl");
        let twin = world.agency(domain::AgencyId(crate::tests::world::id()), "care", AgencyKind::Gp);
        db.write("taken", |tx| {
            assert_eq!(agencies::insert(tx, &twin), Err(StoreError::NotUnique("agency code")));
            agencies::find(tx, world.partnership, world.care).map(|found| assert!(found.is_some()))
        })
        .unwrap();
    }

    fn a_read_sees_one_snapshot(db) {
        let world = World::make(db, "marl");
        let versions = db.read("twice", |tx| {
            let before = agencies::find(tx, world.partnership, world.care)?.unwrap().version;
            count_up(db, &world)?;
            let after = agencies::find(tx, world.partnership, world.care)?.unwrap().version;
            Ok::<_, StoreError>((before, after))
        });
        assert_eq!(versions, Ok((1, 1)));
        assert_eq!(version(db, &world), 2);
    }

    fn grouped_writes_are_each_there_or_not_by_their_own_outcome(db) {
        let world = World::make(db, "marl");
        let start = Barrier::new(24);
        let outcomes: Vec<(usize, Result<(), Failed>)> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..24).map(|n| scope.spawn({ let start = &start; move || {
                start.wait();
                (n, db.write_grouped("grouped", |tx| {
                    let id = domain::AgencyId(uuid::Uuid::from_u128(n as u128));
                    agencies::insert(tx, &world.agency(id, &format!("agency {n}"), AgencyKind::Gp))?;
                    if n % 3 == 0 { Err(Failed::Refused) } else { Ok(()) }
                }))
            }})).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        for (n, outcome) in outcomes {
            let expected = if n % 3 == 0 { Err(Failed::Refused) } else { Ok(()) };
            assert_eq!(outcome, expected);
            let found = db.read("found", |tx| agencies::find_by_code(tx, world.partnership, &format!("agency {n}")));
            assert_eq!(found.unwrap().is_some(), n % 3 != 0, "agency {n}");
        }
    }

    fn a_panic_in_a_group_harms_nobody_else(db) {
        let world = World::make(db, "marl");
        let start = Barrier::new(12);
        let succeeded = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for n in 0..12_u128 {
                let (start, succeeded) = (&start, &succeeded);
                scope.spawn(move || {
                    start.wait();
                    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        db.write_grouped("grouped", |tx| {
                            let id = domain::AgencyId(uuid::Uuid::from_u128(n));
                            agencies::insert(tx, &world.agency(id, &format!("agency {n}"), AgencyKind::Gp))?;
                            assert!(n % 4 != 0, "on purpose");
                            Ok::<_, StoreError>(())
                        })
                    }));
                    match outcome {
                        Ok(outcome) => { outcome.unwrap(); succeeded.fetch_add(1, Ordering::Relaxed); }
                        Err(_) => assert_eq!(n % 4, 0),
                    }
                });
            }
        });
        assert_eq!(succeeded.load(Ordering::Relaxed), 9);
        let there = db.read("all", |tx| agencies::page(tx, world.partnership, None, 100)).unwrap();
        assert_eq!(there.len(), 2 + 9);
    }

    fn the_high_water_mark_never_goes_back(db) {
        assert_eq!(db.read("mark", clock::high_water), Ok(None));
        for (told, known) in [(10, 10), (5, 10), (10, 10), (20, 20)] {
            let mark = db.write("raise", |tx| clock::raise_high_water(tx, minute(told)));
            assert_eq!(mark, Ok(minute(known)));
            assert_eq!(db.read("mark", clock::high_water), Ok(Some(minute(known))));
        }
    }

    fn the_database_has_a_clock_of_its_own(db) {
        let first = db.read("now", clock::database_now).unwrap();
        let second = db.read("now", clock::database_now).unwrap();
        assert!(first <= second && first > now(), "{first} {second}");
    }
}

/// Many audit-sized writes at once take far fewer commits than there are of them, and each is seen by others as soon
/// as it is acknowledged.
#[test]
fn a_group_shares_commits_on_sqlite() {
    let db = fresh(Kind::Sqlite);
    let world = World::make(&db, "marl");
    let start = Barrier::new(16);
    std::thread::scope(|scope| {
        for n in 0..16_u128 {
            let (start, db) = (&start, &db);
            scope.spawn(move || {
                start.wait();
                for m in 0..25_u128 {
                    let id = domain::AgencyId(uuid::Uuid::from_u128(n * 1_000 + m));
                    let row = world.agency(id, &format!("agency {n} {m}"), AgencyKind::Gp);
                    db.write_grouped("grouped", |tx| agencies::insert(tx, &row)).unwrap();
                    let found = db.read("found", |tx| agencies::find(tx, world.partnership, id));
                    assert!(found.unwrap().is_some());
                }
            });
        }
    });
    let commits = db.grouped_commits();
    assert!(commits < 200, "{commits} commits for 400 writes");
}

/// What a group was told is durable is in the file after the process is gone without closing it.
#[test]
fn acknowledged_writes_survive_a_copy_of_the_files_as_they_are() {
    let db = fresh(Kind::Sqlite);
    let world = World::make(&db, "marl");
    db.write_grouped("grouped", |tx| {
        agencies::insert(tx, &world.agency(domain::AgencyId(crate::tests::world::id()), "new", AgencyKind::Gp))
    })
    .unwrap();
    let copy = tempfile::TempDir::new().unwrap();
    for name in ["test.sqlite", "test.sqlite-wal"] {
        std::fs::copy(db.folder().join(name), copy.path().join(name)).unwrap();
    }
    let url = format!("sqlite:{}", copy.path().join("test.sqlite").display());
    let copied = Db::connect(&crate::DbConfig::new(url)).unwrap();
    let found = copied.read("found", |tx| agencies::find_by_code(tx, world.partnership, "new"));
    assert!(found.unwrap().is_some());
}

/// A transaction that takes long, beside short ones that change what it read while it runs.
#[test]
fn a_slow_writer_is_not_overtaken_for_ever() {
    let db = fresh(Kind::Postgresql);
    let world = World::make(&db, "marl");
    let done = AtomicBool::new(false);
    let slow = std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    count_up(&db, &world).unwrap();
                }
            });
        }
        let slow = db.write("slow", |tx| {
            let mut row = agencies::find(tx, world.partnership, world.care)?.unwrap();
            tx.run(|c| diesel::RunQueryDsl::execute(diesel::sql_query("SELECT pg_sleep(0.05)"), c))?;
            row.version += 1;
            agencies::update(tx, &row, row.version - 1)
        });
        done.store(true, Ordering::Relaxed);
        slow
    });
    assert_eq!(slow, Ok(()));
}

#[test]
fn an_idle_connection_that_died_is_replaced_unnoticed() {
    let db = fresh(Kind::Postgresql);
    let world = World::make(&db, "marl");
    let other = Db::connect(db.config()).unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
               AND datname = current_database()";
    other.write("end", |tx| tx.run(|c| diesel::RunQueryDsl::execute(diesel::sql_query(end), c))).unwrap();
    for _ in 0..5 {
        count_up(&db, &world).unwrap();
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgresql(Kind::Postgresql)]
fn a_stale_update_is_refused(#[case] kind: Kind) {
    let db = fresh(kind);
    let world = World::make(&db, "marl");
    let row = world.agency(world.care, "care", AgencyKind::SocialCare);
    let newer = crate::AgencyRow { version: 2, name: "new".into(), ..row.clone() };
    assert_eq!(db.write("first", |tx| agencies::update(tx, &newer, 1)), Ok(()));
    assert_eq!(db.write("second", |tx| agencies::update(tx, &newer, 1)), Err(StoreError::Stale));
    let nowhere = crate::AgencyRow { partnership_id: domain::PartnershipId(crate::tests::world::id()), ..newer };
    assert_eq!(db.write("foreign", |tx| agencies::update(tx, &nowhere, 2)), Err(StoreError::Stale));
}

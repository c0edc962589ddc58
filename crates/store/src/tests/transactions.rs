//! Transactions: acknowledged writes are durable, failed ones leave nothing, and concurrent ones
//! all succeed.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use domain::AgencyKind;
use rstest::rstest;

use super::fixture::{Fixture, at_minute, next_id, now};
use crate::testing::fresh_database;
use crate::{DatabaseKind, Db, StoreError, agencies, clock, on_each_database};

#[derive(Debug, PartialEq)]
enum TestError {
    Refused,
    Store(StoreError),
}

impl From<StoreError> for TestError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Adds one to the version of an agency: reads it, then writes a value that depends on what was
/// read.
fn increment_version(db: &Db, fixture: &Fixture) -> Result<(), StoreError> {
    db.write("increment", |tx| {
        let mut row = agencies::find(tx, fixture.partnership, fixture.social_care)?.unwrap();
        row.version += 1;
        agencies::update(tx, &row, row.version - 1)
    })
}

fn read_version(db: &Db, fixture: &Fixture) -> i64 {
    db.read("version", |tx| {
        agencies::find(tx, fixture.partnership, fixture.social_care)
    })
    .unwrap()
    .unwrap()
    .version
}

on_each_database! {
    fn concurrent_read_modify_writes_all_succeed(db) {
        let fixture = Fixture::create(db, "marl");
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| (0..62).for_each(|_| increment_version(db, &fixture).unwrap()));
            }
        });
        assert_eq!(
            read_version(db, &fixture),
            1 + 16 * 62,
            "no increment was lost"
        );
    }

    fn failed_transaction_is_rolled_back(db) {
        let fixture = Fixture::create(db, "marl");
        let outcome = db.write("refused", |tx| {
            agencies::insert(
                tx,
                &fixture.agency(domain::AgencyId(next_id()), "new", AgencyKind::Gp),
            )?;
            Err::<(), _>(TestError::Refused)
        });
        assert_eq!(outcome, Err(TestError::Refused));
        assert_eq!(
            db.read("found", |tx| agencies::find_by_code(
                tx,
                fixture.partnership,
                "new"
            )),
            Ok(None)
        );
    }

    fn panic_rolls_back_and_the_next_transaction_succeeds(db) {
        let fixture = Fixture::create(db, "marl");
        for _ in 0..6 {
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                db.write("panics", |tx| -> Result<(), StoreError> {
                    agencies::insert(
                        tx,
                        &fixture.agency(domain::AgencyId(next_id()), "new", AgencyKind::Gp),
                    )?;
                    panic!("on purpose")
                })
            }));
            assert!(panicked.is_err());
        }
        assert_eq!(
            db.read("found", |tx| agencies::find_by_code(
                tx,
                fixture.partnership,
                "new"
            )),
            Ok(None)
        );
        increment_version(db, &fixture).unwrap();
    }

    fn nested_failure_rolls_back_only_its_own_writes(db) {
        let fixture = Fixture::create(db, "marl");
        let agency = |code| fixture.agency(domain::AgencyId(next_id()), code, AgencyKind::Gp);
        db.write("nested", |tx| {
            agencies::insert(tx, &agency("first"))?;
            let inner = tx.nested(|tx| {
                agencies::insert(tx, &agency("second"))?;
                let broken = crate::AgencyRow {
                    partnership_id: domain::PartnershipId(next_id()),
                    ..agency("third")
                };
                agencies::insert(tx, &broken)
            });
            assert!(
                matches!(inner, Err(StoreError::Database(_))),
                "the partnership does not exist: {inner:?}"
            );
            agencies::insert(tx, &agency("fourth"))
        })
        .unwrap();
        let found = |code| {
            db.read("found", |tx| {
                agencies::find_by_code(tx, fixture.partnership, code)
            })
            .unwrap()
            .is_some()
        };
        assert_eq!(
            ["first", "second", "third", "fourth"].map(found),
            [true, false, false, true]
        );
    }

    fn unique_violation_leaves_the_transaction_usable(db) {
        let fixture = Fixture::create(db, "marl");
        let duplicate = fixture.agency(domain::AgencyId(next_id()), "care", AgencyKind::Gp);
        db.write("taken", |tx| {
            assert_eq!(
                agencies::insert(tx, &duplicate),
                Err(StoreError::NotUnique("agency code"))
            );
            agencies::find(tx, fixture.partnership, fixture.social_care)
                .map(|found| assert!(found.is_some()))
        })
        .unwrap();
    }

    fn read_sees_one_snapshot(db) {
        let fixture = Fixture::create(db, "marl");
        let versions = db.read("twice", |tx| {
            let before = agencies::find(tx, fixture.partnership, fixture.social_care)?
                .unwrap()
                .version;
            increment_version(db, &fixture)?;
            let after = agencies::find(tx, fixture.partnership, fixture.social_care)?
                .unwrap()
                .version;
            Ok::<_, StoreError>((before, after))
        });
        assert_eq!(versions, Ok((1, 1)));
        assert_eq!(read_version(db, &fixture), 2);
    }

    fn grouped_writes_commit_or_roll_back_independently(db) {
        let fixture = Fixture::create(db, "marl");
        let start = Barrier::new(24);
        let outcomes: Vec<(usize, Result<(), TestError>)> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..24)
                .map(|n| {
                    scope.spawn({
                        let start = &start;
                        move || {
                            start.wait();
                            (
                                n,
                                db.write_grouped("grouped", |tx| {
                                    let id = domain::AgencyId(uuid::Uuid::from_u128(n as u128));
                                    agencies::insert(
                                        tx,
                                        &fixture.agency(id, &format!("agency {n}"), AgencyKind::Gp),
                                    )?;
                                    if n % 3 == 0 {
                                        Err(TestError::Refused)
                                    } else {
                                        Ok(())
                                    }
                                }),
                            )
                        }
                    })
                })
                .collect();
            writers
                .into_iter()
                .map(|writer| writer.join().unwrap())
                .collect()
        });
        for (n, outcome) in outcomes {
            let expected = if n % 3 == 0 {
                Err(TestError::Refused)
            } else {
                Ok(())
            };
            assert_eq!(outcome, expected);
            let found = db.read("found", |tx| {
                agencies::find_by_code(tx, fixture.partnership, &format!("agency {n}"))
            });
            assert_eq!(found.unwrap().is_some(), n % 3 != 0, "agency {n}");
        }
    }

    fn panic_in_a_group_does_not_affect_other_writes(db) {
        let fixture = Fixture::create(db, "marl");
        let start = Barrier::new(12);
        let succeeded = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for n in 0..12_u128 {
                let start = &start;
                let succeeded = &succeeded;
                scope.spawn(move || {
                    start.wait();
                    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        db.write_grouped("grouped", |tx| {
                            let id = domain::AgencyId(uuid::Uuid::from_u128(n));
                            agencies::insert(
                                tx,
                                &fixture.agency(id, &format!("agency {n}"), AgencyKind::Gp),
                            )?;
                            assert!(n % 4 != 0, "on purpose");
                            Ok::<_, StoreError>(())
                        })
                    }));
                    match outcome {
                        Ok(outcome) => {
                            outcome.unwrap();
                            succeeded.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(_) => assert_eq!(n % 4, 0),
                    }
                });
            }
        });
        assert_eq!(succeeded.load(Ordering::Relaxed), 9);
        let agencies = db
            .read("all", |tx| {
                agencies::page(tx, fixture.partnership, None, 100)
            })
            .unwrap();
        assert_eq!(agencies.len(), 2 + 9);
    }

    fn high_water_mark_never_decreases(db) {
        assert_eq!(db.read("mark", clock::high_water), Ok(None));
        for (raised_to, expected) in [(10, 10), (5, 10), (10, 10), (20, 20)] {
            let mark = db.write("raise", |tx| {
                clock::raise_high_water(tx, at_minute(raised_to))
            });
            assert_eq!(mark, Ok(at_minute(expected)));
            assert_eq!(
                db.read("mark", clock::high_water),
                Ok(Some(at_minute(expected)))
            );
        }
    }

    fn database_clock_does_not_go_back(db) {
        let first = db.read("now", clock::database_now).unwrap();
        let second = db.read("now", clock::database_now).unwrap();
        assert!(first <= second && first > now(), "{first} {second}");
    }
}

/// Concurrent grouped writes need far fewer commits than there are writes, and each write is
/// visible to other connections as soon as it is acknowledged.
#[test]
fn grouped_writes_share_commits_on_sqlite() {
    let db = fresh_database(DatabaseKind::Sqlite);
    let fixture = Fixture::create(&db, "marl");
    let start = Barrier::new(16);
    std::thread::scope(|scope| {
        for n in 0..16_u128 {
            let start = &start;
            let db = &db;
            scope.spawn(move || {
                start.wait();
                for m in 0..25_u128 {
                    let id = domain::AgencyId(uuid::Uuid::from_u128(n * 1_000 + m));
                    let row = fixture.agency(id, &format!("agency {n} {m}"), AgencyKind::Gp);
                    db.write_grouped("grouped", |tx| agencies::insert(tx, &row))
                        .unwrap();
                    let found = db.read("found", |tx| agencies::find(tx, fixture.partnership, id));
                    assert!(found.unwrap().is_some());
                }
            });
        }
    });
    let commits = db.grouped_commits();
    assert!(commits < 200, "{commits} commits for 400 writes");
}

/// The files contain every acknowledged write even if the process ends without closing the
/// database.
#[test]
fn acknowledged_writes_are_in_a_copy_of_the_live_files() {
    let db = fresh_database(DatabaseKind::Sqlite);
    let fixture = Fixture::create(&db, "marl");
    db.write_grouped("grouped", |tx| {
        agencies::insert(
            tx,
            &fixture.agency(domain::AgencyId(next_id()), "new", AgencyKind::Gp),
        )
    })
    .unwrap();
    let copy = tempfile::TempDir::new().unwrap();
    for name in ["test.sqlite", "test.sqlite-wal"] {
        std::fs::copy(db.folder().join(name), copy.path().join(name)).unwrap();
    }
    let url = format!("sqlite:{}", copy.path().join("test.sqlite").display());
    let copied = Db::connect(&crate::DbConfig::new(url)).unwrap();
    let found = copied.read("found", |tx| {
        agencies::find_by_code(tx, fixture.partnership, "new")
    });
    assert!(found.unwrap().is_some());
}

/// A long transaction succeeds although short ones keep changing the row that it read.
#[test]
fn slow_writer_is_not_starved() {
    let db = fresh_database(DatabaseKind::Postgresql);
    let fixture = Fixture::create(&db, "marl");
    let done = AtomicBool::new(false);
    let slow = std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    increment_version(&db, &fixture).unwrap();
                }
            });
        }
        let slow = db.write("slow", |tx| {
            let mut row = agencies::find(tx, fixture.partnership, fixture.social_care)?.unwrap();
            tx.run(|c| {
                diesel::RunQueryDsl::execute(diesel::sql_query("SELECT pg_sleep(0.05)"), c)
            })?;
            row.version += 1;
            agencies::update(tx, &row, row.version - 1)
        });
        done.store(true, Ordering::Relaxed);
        slow
    });
    assert_eq!(slow, Ok(()));
}

#[test]
fn terminated_idle_connection_is_replaced() {
    let db = fresh_database(DatabaseKind::Postgresql);
    let fixture = Fixture::create(&db, "marl");
    let other = Db::connect(db.config()).unwrap();
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE pid <> pg_backend_pid() \
               AND datname = current_database()";
    other
        .write("terminate", |tx| {
            tx.run(|c| diesel::RunQueryDsl::execute(diesel::sql_query(terminate), c))
        })
        .unwrap();
    for _ in 0..5 {
        increment_version(&db, &fixture).unwrap();
    }
}

#[rstest]
#[case::sqlite(DatabaseKind::Sqlite)]
#[case::postgresql(DatabaseKind::Postgresql)]
fn stale_update_is_refused(#[case] kind: DatabaseKind) {
    let db = fresh_database(kind);
    let fixture = Fixture::create(&db, "marl");
    let row = fixture.agency(fixture.social_care, "care", AgencyKind::SocialCare);
    let newer = crate::AgencyRow {
        version: 2,
        name: "new".into(),
        ..row.clone()
    };
    assert_eq!(
        db.write("first", |tx| agencies::update(tx, &newer, 1)),
        Ok(())
    );
    assert_eq!(
        db.write("second", |tx| agencies::update(tx, &newer, 1)),
        Err(StoreError::Stale)
    );
    let of_other_partnership = crate::AgencyRow {
        partnership_id: domain::PartnershipId(next_id()),
        ..newer
    };
    assert_eq!(
        db.write("foreign", |tx| agencies::update(
            tx,
            &of_other_partnership,
            2
        )),
        Err(StoreError::Stale)
    );
}

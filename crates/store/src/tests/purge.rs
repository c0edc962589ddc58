//! Expired objects are deleted with all their dependents, and nothing else is.

use std::sync::mpsc::channel;

use super::fixture::{EXPIRY_MINUTE, Fixture, at_minute, now, sealed, token};
use crate::*;
use domain::HoldScope;

on_each_database! {
    fn deleting_a_chronology_deletes_its_dependents(db) {
        let fixture = Fixture::create(db, "marl");
        let person = fixture.person();
        let family = fixture.family();
        let chronology = fixture.chronology(family.id);
        let other = fixture.chronology(family.id);
        let fragment = fixture.fragment(family.id, Some(chronology.id));
        let kept = fixture.fragment(family.id, Some(other.id));
        let partnership = fixture.partnership;
        db.write("rows", |tx| {
            people::insert(tx, &person, &[("upn", b"token".to_vec())])?;
            families::insert(tx, &family)?;
            families::add_member(tx, partnership, family.id, person.id)?;
            chronologies::insert(tx, &chronology)?;
            chronologies::insert(tx, &other)?;
            invitations::insert(tx, &fixture.invitation(chronology.id, fixture.school))?;
            fixture.insert_fragment(tx, &fragment)?;
            fixture.insert_fragment(tx, &kept)?;
            consolidations::insert(tx, &fixture.consolidation(chronology.id), &[], None)
        })
        .unwrap();
        let in_use = db.write("in use", |tx| {
            purge::delete_family(tx, partnership, family.id)
        });
        assert!(
            matches!(in_use, Err(StoreError::Database(_))),
            "a chronology refers to it: {in_use:?}"
        );
        assert_eq!(
            db.write("purge", |tx| purge::delete_chronology(
                tx,
                partnership,
                chronology.id
            )),
            Ok(true)
        );
        assert_eq!(
            db.write("purge", |tx| purge::delete_chronology(
                tx,
                partnership,
                chronology.id
            )),
            Ok(false)
        );
        let permit = fixture.reader_permit();
        let now = now();
        db.read("remaining", |tx| {
            assert_eq!(invitations::list(tx, partnership, chronology.id)?, []);
            assert_eq!(fragments::find(tx, partnership, fragment.id)?, None);
            assert_eq!(fragments::digests(tx, partnership, fragment.id)?, []);
            assert_eq!(
                consolidations::list_all(tx, &permit, chronology.id, now)?,
                []
            );
            assert_eq!(
                fragments::live_content(tx, &permit, other.id, now)?.len(),
                1,
                "the other chronology is unchanged"
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
        db.write("purge", |tx| {
            assert!(purge::delete_chronology(tx, partnership, other.id)?);
            assert!(purge::delete_family(tx, partnership, family.id)?);
            assert_eq!(people::families_of(tx, partnership, person.id)?, []);
            assert!(purge::delete_person(tx, partnership, person.id)?);
            assert_eq!(
                people::ids_by_token(tx, partnership, "upn", b"token", now)?,
                []
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn decision_reasons_are_deleted_with_its_first_deleted_fragment(db) {
        let fixture = Fixture::create(db, "marl");
        let partnership = fixture.partnership;
        let family = fixture.family();
        let chronology = fixture.chronology(family.id);
        let fragments = [(); 3].map(|()| fixture.fragment(family.id, Some(chronology.id)));
        let whole = fixture.link_decision(chronology.id);
        let pair = fixture.link_decision(chronology.id);
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            fragments
                .iter()
                .try_for_each(|fragment| fixture.insert_fragment(tx, fragment))?;
            let entries_of =
                |decision: &LinkDecisionRow, fragments: &[FragmentRow]| -> Vec<DecidedEntryRow> {
                    fragments
                        .iter()
                        .map(|fragment| fixture.decided_entry(decision, fragment))
                        .collect()
                };
            link_decisions::insert(tx, &whole, &entries_of(&whole, &fragments))?;
            link_decisions::insert(tx, &pair, &entries_of(&pair, &fragments[..2]))?;
            link_decisions::remove_fragment(tx, partnership, fragments[0].id)?;
            purge::delete_fragment(tx, partnership, fragments[0].id)
        })
        .unwrap();
        let permit = fixture.reader_permit();
        db.read("remaining", |tx| {
            let remaining = link_decisions::find(tx, &permit, whole.id)?.unwrap();
            assert_eq!((remaining.sealed, remaining.wrapped_key), (None, None));
            assert_eq!(
                link_decisions::entries(tx, &permit, &[whole.id])?[&whole.id].len(),
                2
            );
            assert_eq!(
                link_decisions::find(tx, &permit, pair.id)?,
                None,
                "a decision about one entry is deleted"
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn replace_deletes_links_of_other_views_and_keeps_stored_ones(db) {
        let fixture = Fixture::create(db, "marl");
        let partnership = fixture.partnership;
        let family = fixture.family();
        let chronology = fixture.chronology(family.id);
        let stored = fixture.event_links(chronology.id);
        let other = EventLinksRow {
            view_index: token("other"),
            ..stored.clone()
        };
        let recomputed = EventLinksRow {
            sealed: sealed("again"),
            ..stored.clone()
        };
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            event_links::replace(
                tx,
                partnership,
                chronology.id,
                &[stored.clone(), other.clone()],
            )?;
            event_links::replace(
                tx,
                partnership,
                chronology.id,
                std::slice::from_ref(&recomputed),
            )
        })
        .unwrap();
        let find = |row: &EventLinksRow, at| {
            db.read("find", |tx| {
                event_links::find(
                    tx,
                    &fixture.reader_permit(),
                    chronology.id,
                    &row.view_index,
                    at,
                )
            })
            .unwrap()
        };
        assert_eq!(find(&other, now()), None);
        assert_eq!(find(&stored, now()), Some(stored.clone()));
        assert_eq!(find(&stored, at_minute(EXPIRY_MINUTE)), None, "expired");
    }

    fn backlog_counts_expired_rows(db) {
        let fixture = Fixture::create(db, "marl");
        let empty = db
            .read("backlog", |tx| purge::backlog(tx, at_minute(EXPIRY_MINUTE)))
            .unwrap();
        assert_eq!((empty.rows, empty.oldest), (0, None));
        assert!(empty.kinds.iter().all(|(_, rows)| *rows == 0) && empty.kinds.len() == 6);
        let early = PersonRow {
            expires_at: at_minute(10),
            ..fixture.person()
        };
        let late = FamilyRow {
            expires_at: at_minute(20),
            ..fixture.family()
        };
        db.write("rows", |tx| {
            people::insert(tx, &early, &[]).and_then(|()| families::insert(tx, &late))
        })
        .unwrap();
        for (at, rows, oldest) in [
            (9, 0, None),
            (10, 1, Some(10)),
            (19, 1, Some(10)),
            (20, 2, Some(10)),
        ] {
            let backlog = db
                .read("backlog", |tx| purge::backlog(tx, at_minute(at)))
                .unwrap();
            assert_eq!(
                (backlog.rows, backlog.oldest),
                (rows, oldest.map(at_minute)),
                "at {at}"
            );
            assert_eq!(
                backlog.kinds.iter().map(|(_, rows)| rows).sum::<i64>(),
                rows
            );
            assert_eq!(backlog.kinds.contains(&("person", 1)), at >= 10);
        }
    }

    fn expired_idempotency_records_are_deleted_in_batches(db) {
        let fixture = Fixture::create(db, "marl");
        let record = |n: u8, expires: i64| IdempotencyRow {
            partnership_id: fixture.partnership,
            practitioner_id: fixture.social_worker,
            key_index: Token(vec![n]),
            fingerprint: Token(vec![0]),
            object_id: None,
            outcome: None,
            expires_at: at_minute(expires),
            created_at: at_minute(0),
        };
        db.write("rows", |tx| {
            (0..5).try_for_each(|n| idempotency::insert(tx, &record(n, 10 + i64::from(n))))
        })
        .unwrap();
        let delete = |limit| {
            db.write("purge", |tx| {
                purge::delete_expired_idempotency_records(tx, at_minute(13), limit)
            })
            .unwrap()
        };
        assert_eq!(
            [delete(3), delete(3), delete(3)],
            [3, 1, 0],
            "the record that has not expired remains"
        );
    }

    fn hold_applies_to_its_scope_until_released(db) {
        let fixture = Fixture::create(db, "marl");
        let family = fixture.family();
        let chronology = fixture.chronology(family.id).id;
        let child = fixture.person().id;
        let other = fixture.person().id;
        let partnership = fixture.partnership;
        let is_held = |children: &[domain::PersonId]| {
            db.read("active", |tx| {
                holds::is_held(tx, partnership, Some(chronology), children, now())
            })
            .unwrap()
        };
        let release = |row: HoldRow| {
            let by = Some(fixture.social_worker);
            let at = Some(at_minute(40));
            let row = HoldRow {
                released_by: by,
                released_at: at,
                version: 2,
                ..row
            };
            db.write("release", |tx| holds::update(tx, &row, 1))
                .unwrap();
        };
        assert!(!is_held(&[child, other]));
        for (scope, target) in [
            (HoldScope::Chronology, Some(chronology.into())),
            (HoldScope::Child, Some(child.into())),
            (HoldScope::All, None),
        ] {
            // The review date has passed, but that does not release the hold.
            let hold = fixture.hold(scope, target);
            db.write("place", |tx| holds::insert(tx, &hold)).unwrap();
            assert!(is_held(&[other, child]), "{scope:?}");
            assert_eq!(is_held(&[other]), scope != HoldScope::Child, "{scope:?}");
            release(hold);
            assert!(!is_held(&[child, other]), "{scope:?}");
        }
        let mismatched = fixture.hold(HoldScope::Child, Some(chronology.into()));
        db.write("place", |tx| holds::insert(tx, &mismatched))
            .unwrap();
        assert!(
            !is_held(&[child]),
            "a hold on a child does not match a chronology"
        );
    }
}

/// Nodes that purge at the same time do not wait for each other and claim different rows.
#[test]
fn concurrent_nodes_claim_different_due_rows() {
    let db = crate::testing::fresh_database(DatabaseKind::Postgresql);
    let fixture = Fixture::create(&db, "marl");
    let rows: Vec<PersonRow> = (0..4)
        .map(|n| PersonRow {
            expires_at: at_minute(n),
            ..fixture.person()
        })
        .collect();
    db.write("rows", |tx| {
        rows.iter().try_for_each(|row| people::insert(tx, row, &[]))
    })
    .unwrap();
    let ids =
        |due: &[DueForDeletion<domain::PersonId>]| due.iter().map(|due| due.id).collect::<Vec<_>>();
    let (send_ids, received_ids) = channel();
    let (resume, wait) = channel::<()>();
    std::thread::scope(|scope| {
        let db = &db;
        let first = scope.spawn(move || {
            db.write("first", |tx| {
                let due = purge::due_people(tx, now(), None, 2)?;
                send_ids.send(ids(&due)).unwrap();
                let _ = wait.recv();
                due.iter().try_for_each(|due| {
                    purge::delete_person(tx, due.partnership, due.id).map(|_| ())
                })
            })
        });
        assert_eq!(received_ids.recv().unwrap(), [rows[0].id, rows[1].id]);
        let second = db
            .write("second", |tx| purge::due_people(tx, now(), None, 4))
            .unwrap();
        assert_eq!(
            ids(&second),
            [rows[2].id, rows[3].id],
            "the first two are claimed by the other node"
        );
        drop(resume);
        first.join().unwrap().unwrap();
    });
}

/// After a checkpoint SQLite's files contain no bytes of a deleted row.
#[test]
fn deleted_bytes_are_gone_from_sqlite_files() {
    let db = crate::testing::fresh_database(DatabaseKind::Sqlite);
    let fixture = Fixture::create(&db, "marl");
    let canary = "canary-".repeat(2_000);
    let person = PersonRow {
        sealed: sealed(&canary),
        ..fixture.person()
    };
    db.write("insert", |tx| people::insert(tx, &person, &[]))
        .unwrap();
    let is_in_files = || {
        let contains_canary = |file: &std::path::Path| {
            std::fs::read(file)
                .unwrap()
                .windows(14)
                .any(|bytes| bytes == b"canary-canary-")
        };
        std::fs::read_dir(db.folder())
            .unwrap()
            .any(|file| contains_canary(&file.unwrap().path()))
    };
    assert!(purge::checkpoint(&db).unwrap());
    assert!(is_in_files(), "the canary is found before the deletion");
    db.write("purge", |tx| {
        purge::delete_person(tx, fixture.partnership, person.id)
    })
    .unwrap();
    assert!(purge::checkpoint(&db).unwrap());
    assert!(!is_in_files());
}

//! What is over goes, with everything that hangs on it, and nothing else.

use std::sync::mpsc::channel;

use super::world::{END, World, minute, now, sealed, token};
use crate::*;

on_each_database! {
    fn a_chronology_takes_along_what_hangs_on_it(db) {
        let world = World::make(db, "marl");
        let (person, family) = (world.person(), world.family());
        let (chronology, other) = (world.chronology(family.id), world.chronology(family.id));
        let (fragment, kept) = (world.fragment(family.id, Some(chronology.id)), world.fragment(family.id, Some(other.id)));
        let p = world.partnership;
        db.write("rows", |tx| {
            people::insert(tx, &person, &[("upn", b"token".to_vec())])?;
            families::insert(tx, &family)?;
            families::add_member(tx, p, family.id, person.id)?;
            chronologies::insert(tx, &chronology)?;
            chronologies::insert(tx, &other)?;
            invitations::insert(tx, &world.invitation(chronology.id, world.school))?;
            world.submit(tx, &fragment)?;
            world.submit(tx, &kept)?;
            consolidations::insert(tx, &world.consolidation(chronology.id), &[], None)
        })
        .unwrap();
        let in_use = db.write("in use", |tx| purge::delete_family(tx, p, family.id));
        assert!(matches!(in_use, Err(StoreError::Database(_))), "a chronology refers to it: {in_use:?}");
        assert_eq!(db.write("purge", |tx| purge::delete_chronology(tx, p, chronology.id)), Ok(true));
        assert_eq!(db.write("purge", |tx| purge::delete_chronology(tx, p, chronology.id)), Ok(false));
        let (leave, now) = (world.permit(), now());
        db.read("left", |tx| {
            assert_eq!(invitations::list(tx, p, chronology.id)?, []);
            assert_eq!(fragments::find(tx, p, fragment.id)?, None);
            assert_eq!(fragments::digests(tx, p, fragment.id)?, []);
            assert_eq!(consolidations::all(tx, &leave, chronology.id, now)?, []);
            assert_eq!(fragments::live_content(tx, &leave, other.id, now)?.len(), 1, "the other one stays whole");
            Ok::<_, StoreError>(())
        })
        .unwrap();
        db.write("purge", |tx| {
            assert!(purge::delete_chronology(tx, p, other.id)?);
            assert!(purge::delete_family(tx, p, family.id)?);
            assert_eq!(people::families_of(tx, p, person.id)?, []);
            assert!(purge::delete_person(tx, p, person.id)?);
            assert_eq!(people::ids_by_token(tx, p, "upn", b"token", now)?, []);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn what_a_decision_says_goes_with_the_first_fragment_it_is_about(db) {
        let world = World::make(db, "marl");
        let (p, family) = (world.partnership, world.family());
        let chronology = world.chronology(family.id);
        let fragments = [(); 3].map(|()| world.fragment(family.id, Some(chronology.id)));
        let (whole, pair) = (world.decision(chronology.id), world.decision(chronology.id));
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            fragments.iter().try_for_each(|fragment| world.submit(tx, fragment))?;
            let about = |decision: &LinkDecisionRow, of: &[FragmentRow]| -> Vec<DecidedEntryRow> {
                of.iter().map(|fragment| world.decided(decision, fragment)).collect()
            };
            link_decisions::insert(tx, &whole, &about(&whole, &fragments))?;
            link_decisions::insert(tx, &pair, &about(&pair, &fragments[..2]))?;
            link_decisions::forget_fragment(tx, p, fragments[0].id)?;
            purge::delete_fragment(tx, p, fragments[0].id)
        })
        .unwrap();
        let leave = world.permit();
        db.read("left", |tx| {
            let left = link_decisions::find(tx, &leave, whole.id)?.unwrap();
            assert_eq!((left.sealed, left.wrapped_key), (None, None));
            assert_eq!(link_decisions::entries(tx, &leave, &[whole.id])?[&whole.id].len(), 2);
            assert_eq!(link_decisions::find(tx, &leave, pair.id)?, None, "one entry alone says nothing");
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn links_of_other_views_are_forgotten_and_known_ones_stay(db) {
        let world = World::make(db, "marl");
        let (p, family) = (world.partnership, world.family());
        let chronology = world.chronology(family.id);
        let one = world.links(chronology.id);
        let other = EventLinksRow { view_index: token("other"), ..one.clone() };
        let again = EventLinksRow { sealed: sealed("again"), ..one.clone() };
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            event_links::replace(tx, p, chronology.id, &[one.clone(), other.clone()])?;
            event_links::replace(tx, p, chronology.id, std::slice::from_ref(&again))
        })
        .unwrap();
        let find = |row: &EventLinksRow, at| {
            db.read("find", |tx| event_links::find(tx, &world.permit(), chronology.id, &row.view_index, at)).unwrap()
        };
        assert_eq!(find(&other, now()), None);
        assert_eq!(find(&one, now()), Some(one.clone()));
        assert_eq!(find(&one, minute(END)), None, "expired");
    }

    fn the_backlog_counts_what_is_over_and_still_there(db) {
        let world = World::make(db, "marl");
        let none = db.read("backlog", |tx| purge::backlog(tx, minute(END))).unwrap();
        assert_eq!((none.rows, none.oldest), (0, None));
        assert!(none.kinds.iter().all(|(_, rows)| *rows == 0) && none.kinds.len() == 6);
        let (early, late) = (
            PersonRow { expires_at: minute(10), ..world.person() },
            FamilyRow { expires_at: minute(20), ..world.family() },
        );
        db.write("rows", |tx| people::insert(tx, &early, &[]).and_then(|()| families::insert(tx, &late))).unwrap();
        for (at, rows, oldest) in [(9, 0, None), (10, 1, Some(10)), (19, 1, Some(10)), (20, 2, Some(10))] {
            let backlog = db.read("backlog", |tx| purge::backlog(tx, minute(at))).unwrap();
            assert_eq!((backlog.rows, backlog.oldest), (rows, oldest.map(minute)), "at {at}");
            assert_eq!(backlog.kinds.iter().map(|(_, rows)| rows).sum::<i64>(), rows);
            assert_eq!(backlog.kinds.contains(&("person", 1)), at >= 10);
        }
    }

    fn replies_that_are_over_go_in_batches(db) {
        let world = World::make(db, "marl");
        let reply = |n: u8, expires: i64| IdempotencyRow {
            partnership_id: world.partnership,
            practitioner_id: world.worker,
            key_index: Token(vec![n]),
            fingerprint: Token(vec![0]),
            object_id: None,
            outcome: None,
            expires_at: minute(expires),
            created_at: minute(0),
        };
        db.write("rows", |tx| (0..5).try_for_each(|n| idempotency::insert(tx, &reply(n, 10 + i64::from(n))))).unwrap();
        let delete = |limit| db.write("purge", |tx| purge::delete_expired_replies(tx, minute(13), limit)).unwrap();
        assert_eq!([delete(3), delete(3), delete(3)], [3, 1, 0], "the one that is not over stays");
    }

    fn a_hold_stops_what_it_covers_until_it_is_released(db) {
        let world = World::make(db, "marl");
        let family = world.family();
        let chronology = world.chronology(family.id).id;
        let (child, other) = (world.person().id, world.person().id);
        let p = world.partnership;
        let active = |children: &[domain::PersonId]| {
            db.read("active", |tx| holds::active(tx, p, Some(chronology), children, now())).unwrap()
        };
        let release = |row: HoldRow| {
            let (by, at) = (Some(world.worker), Some(minute(40)));
            let row = HoldRow { released_by: by, released_at: at, version: 2, ..row };
            db.write("release", |tx| holds::update(tx, &row, 1)).unwrap();
        };
        assert!(!active(&[child, other]));
        for (scope, target) in [
            (HoldScope::Chronology, Some(chronology.into())),
            (HoldScope::Child, Some(child.into())),
            (HoldScope::All, None),
        ] {
            // Its review date has passed long before: that releases nothing.
            let hold = world.hold(scope, target);
            db.write("place", |tx| holds::insert(tx, &hold)).unwrap();
            assert!(active(&[other, child]), "{scope:?}");
            assert_eq!(active(&[other]), scope != HoldScope::Child, "{scope:?}");
            release(hold);
            assert!(!active(&[child, other]), "{scope:?}");
        }
        let misplaced = world.hold(HoldScope::Child, Some(chronology.into()));
        db.write("place", |tx| holds::insert(tx, &misplaced)).unwrap();
        assert!(!active(&[child]), "a child's hold is not a chronology's");
    }
}

/// Two nodes that purge at once do not wait for each other, and leave nothing between them.
#[test]
fn nodes_share_what_is_over() {
    let db = crate::testing::fresh(Kind::Postgresql);
    let world = World::make(&db, "marl");
    let rows: Vec<PersonRow> = (0..4).map(|n| PersonRow { expires_at: minute(n), ..world.person() }).collect();
    db.write("rows", |tx| rows.iter().try_for_each(|row| people::insert(tx, row, &[]))).unwrap();
    let ids = |due: &[Due<domain::PersonId>]| due.iter().map(|due| due.id).collect::<Vec<_>>();
    let (tell, told) = channel();
    let (go_on, wait) = channel::<()>();
    std::thread::scope(|scope| {
        let db = &db;
        let first = scope.spawn(move || {
            db.write("first", |tx| {
                let due = purge::due_people(tx, now(), None, 2)?;
                tell.send(ids(&due)).unwrap();
                let _ = wait.recv();
                due.iter().try_for_each(|due| purge::delete_person(tx, due.partnership, due.id).map(|_| ()))
            })
        });
        assert_eq!(told.recv().unwrap(), [rows[0].id, rows[1].id]);
        let second = db.write("second", |tx| purge::due_people(tx, now(), None, 4)).unwrap();
        assert_eq!(ids(&second), [rows[2].id, rows[3].id], "the first two are the other node's");
        drop(go_on);
        first.join().unwrap().unwrap();
    });
}

/// Nothing of what was deleted is left in SQLite's files once the log has been emptied.
#[test]
fn deleted_bytes_are_gone_from_the_files() {
    let db = crate::testing::fresh(Kind::Sqlite);
    let world = World::make(&db, "marl");
    let canary = "canary-".repeat(2_000);
    let person = PersonRow { sealed: sealed(&canary), ..world.person() };
    db.write("insert", |tx| people::insert(tx, &person, &[])).unwrap();
    let there = || {
        let holds =
            |file: &std::path::Path| std::fs::read(file).unwrap().windows(14).any(|bytes| bytes == b"canary-canary-");
        std::fs::read_dir(db.folder()).unwrap().any(|file| holds(&file.unwrap().path()))
    };
    assert!(purge::checkpoint(&db).unwrap());
    assert!(there(), "the canary can be seen while it lives");
    db.write("purge", |tx| purge::delete_person(tx, world.partnership, person.id)).unwrap();
    assert!(purge::checkpoint(&db).unwrap());
    assert!(!there());
}

//! The audit only grows, and shows the owner the last readers.

use diesel::RunQueryDsl;
use domain::{ChronologyId, Operation, PractitionerId};

use super::world::{World, id, keyed, minute};
use crate::*;

fn statement(db: &Db, text: &str) -> Result<usize, StoreError> {
    db.write("statement", |tx| tx.run(|c| diesel::sql_query(text).execute(c)))
}

fn ids(rows: Result<Vec<AuditRow>, StoreError>) -> Vec<domain::AuditId> {
    rows.unwrap().iter().map(|row| row.id).collect()
}

fn reader(row: &AuditRow) -> u128 {
    u128::from_be_bytes(row.practitioner_token.as_ref().unwrap().as_slice().try_into().unwrap())
}

on_each_database! {
    fn nothing_is_changed_or_taken_away(db) {
        let world = World::make(db, "marl");
        let chronology = ChronologyId(id());
        let record = world.record(1, Operation::TimelineRead, Some(chronology));
        let leaf = AuditTreeRow {
            partnership_id: world.partnership,
            level: 0,
            position: 0,
            hash: Token(vec![7; 32]),
            record_id: Some(record.id),
        };
        db.write("record", |tx| audit::insert(tx, &record).and_then(|()| audit_tree::insert(tx, std::slice::from_ref(&leaf)))).unwrap();
        let mut attempts = vec![
            "UPDATE audit_records SET outcome = 'denied'",
            "DELETE FROM audit_records",
            "UPDATE audit_tree SET position = 1",
            "DELETE FROM audit_tree",
        ];
        if db.kind() == Kind::Postgresql {
            attempts.extend(["TRUNCATE audit_records", "TRUNCATE audit_tree"]);
        }
        for attempt in attempts {
            let refused = statement(db, attempt);
            let Err(StoreError::Database(fault)) = refused else { panic!("{attempt}: {refused:?}") };
            assert!(fault.what.contains("append-only"), "{fault}");
        }
        let same = AuditDraft { outcome: "denied".into(), ..record.clone() };
        assert!(db.write("again", |tx| audit::insert(tx, &same)).is_err(), "an identifier is used once");
        let kept = db.read("kept", |tx| audit::page(tx, world.partnership, &AuditFilter::default(), None, 9));
        assert_eq!(ids(kept), [record.id]);
    }

    fn numbers_have_no_gaps_and_what_was_undone_is_taken_again(db) {
        let world = World::make(db, "marl");
        let write = |undo: bool| {
            db.write("record", |tx| {
                for at in 1..=2 {
                    audit::insert(tx, &world.record(at, Operation::TimelineRead, None))?;
                }
                let nested = tx.nested(|tx| {
                    audit::insert(tx, &world.record(3, Operation::TimelineRead, None))?;
                    Err::<(), _>(StoreError::Stale)
                });
                assert_eq!(nested, Err(StoreError::Stale));
                audit::insert(tx, &world.record(4, Operation::TimelineRead, None))?;
                if undo { Err(StoreError::Stale) } else { Ok(()) }
            })
        };
        assert_eq!((write(true), write(false), write(true), write(false)), (Err(StoreError::Stale), Ok(()), Err(StoreError::Stale), Ok(())));
        let rows = db.read("rows", |tx| audit::page(tx, world.partnership, &AuditFilter::default(), None, 99)).unwrap();
        let mut numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
        assert_eq!(db.book().unwrap().take_missing(), []);
    }

    fn nothing_is_recorded_without_a_book_or_in_a_read(db) {
        let world = World::make(db, "marl");
        let record = world.record(1, Operation::TimelineRead, None);
        let other = Db::connect(db.config()).unwrap();
        let refused = Err(StoreError::Setting("audit book"));
        assert_eq!(other.write("record", |tx| audit::insert(tx, &record)), refused);
        assert_eq!(db.read("record", |tx| audit::insert(tx, &record)), refused);
    }

    fn each_filter_narrows(db) {
        let world = World::make(db, "marl");
        let chronology = ChronologyId(id());
        let base = world.record(5, Operation::TimelineRead, Some(chronology));
        let other = AuditDraft {
            id: domain::AuditId(id()),
            at: minute(6),
            operation: "hold.place".into(),
            outcome: "denied".into(),
            practitioner_token: Some(keyed(world.teacher)),
            agency_token: Some(keyed(world.school)),
            object_token: None,
            chronology_token: None,
            ..base.clone()
        };
        db.write("records", |tx| audit::insert(tx, &base).and_then(|()| audit::insert(tx, &other))).unwrap();
        let none = AuditFilter::default();
        let filters = [
            AuditFilter { chronology: Some(vec![keyed(chronology), keyed(id())]), ..none.clone() },
            AuditFilter { object: Some(vec![keyed(chronology)]), ..none.clone() },
            AuditFilter { practitioner: Some(vec![keyed(world.worker)]), ..none.clone() },
            AuditFilter { agency: Some(vec![keyed(world.care)]), ..none.clone() },
            AuditFilter { operation: Some("timeline.read".into()), ..none.clone() },
            AuditFilter { outcome: Some("allowed".into()), ..none.clone() },
            AuditFilter { until: Some(minute(6)), ..none.clone() },
        ];
        for filter in filters {
            let found = db.read("page", |tx| audit::page(tx, world.partnership, &filter, None, 9));
            assert_eq!(ids(found), [base.id], "{filter:?}");
        }
        let late = AuditFilter { from: Some(minute(6)), ..none.clone() };
        let page = |filter| db.read("page", |tx| audit::page(tx, world.partnership, filter, None, 9));
        assert_eq!((ids(page(&late)), ids(page(&none))), (vec![other.id], vec![base.id, other.id]));
    }

    fn the_last_readers_are_distinct_and_newest_first(db) {
        let world = World::make(db, "marl");
        let chronology = ChronologyId(id());
        let by = |at, reader: u128| AuditDraft {
            practitioner_token: Some(keyed(PractitionerId(uuid::Uuid::from_u128(reader)))),
            ..world.record(at, Operation::TimelineRead, Some(chronology))
        };
        let mut records: Vec<AuditDraft> = (0..90_u128).map(|n| by(n as i64, n % 30)).collect();
        // None of these is a reading of this chronology's content by somebody.
        records.push(AuditDraft { outcome: "denied".into(), ..by(100, 99) });
        records.push(AuditDraft { operation: Operation::ChronologyUpdate.as_str().into(), ..by(100, 99) });
        records.push(AuditDraft { chronology_token: Some(keyed(id())), ..by(100, 99) });
        records.push(AuditDraft { practitioner_token: None, ..by(100, 99) });
        // Two at once by the same reader: one of them is shown.
        records.push(by(89, 29));
        db.write("records", |tx| records.iter().try_for_each(|row| audit::insert(tx, row))).unwrap();
        let readers = db.read("readers", |tx| audit::readers(tx, world.partnership, &[keyed(chronology)], 25)).unwrap();
        let shown: Vec<_> = readers.iter().map(|row| (row.at, reader(row))).collect();
        let expected: Vec<_> = (65..90_u128).rev().map(|n| (minute(n as i64), n % 30)).collect();
        assert_eq!(shown, expected);
    }
}

//! The audit only grows, and shows the owner the last readers.

use diesel::RunQueryDsl;
use domain::{ChronologyId, Operation, PractitionerId};

use super::world::{World, id, minute};
use crate::*;

fn statement(db: &Db, text: &str) -> Result<usize, StoreError> {
    db.write("statement", |tx| tx.run(|c| diesel::sql_query(text).execute(c)))
}

on_each_database! {
    fn nothing_is_changed_or_taken_away(db) {
        let world = World::make(db, "marl");
        let chronology = ChronologyId(id());
        let record = world.record(1, Operation::TimelineRead, Some(chronology));
        db.write("record", |tx| audit::insert(tx, &record)).unwrap();
        let mut attempts = vec!["UPDATE audit SET outcome = 'denied'", "DELETE FROM audit"];
        if db.kind() == Kind::Postgresql {
            attempts.push("TRUNCATE audit");
        }
        for attempt in attempts {
            let refused = statement(db, attempt);
            let Err(StoreError::Database(fault)) = refused else { panic!("{attempt}: {refused:?}") };
            assert!(fault.what.contains("append-only"), "{fault}");
        }
        let same = AuditRow { outcome: "denied".into(), ..record.clone() };
        assert!(db.write("again", |tx| audit::insert(tx, &same)).is_err(), "an identifier is used once");
        let kept = db.read("kept", |tx| audit::page(tx, world.partnership, &AuditFilter::default(), None, 9));
        assert_eq!(kept, Ok(vec![record]));
    }

    fn each_filter_narrows(db) {
        let world = World::make(db, "marl");
        let chronology = ChronologyId(id());
        let base = world.record(5, Operation::TimelineRead, Some(chronology));
        let other = AuditRow {
            id: domain::AuditId(id()),
            at: minute(6),
            operation: "hold.place".into(),
            outcome: "denied".into(),
            practitioner_id: Some(world.teacher),
            agency_id: Some(world.school),
            object_id: None,
            chronology_id: None,
            ..base.clone()
        };
        db.write("records", |tx| audit::insert(tx, &base).and_then(|()| audit::insert(tx, &other))).unwrap();
        let none = AuditFilter::default();
        let filters = [
            AuditFilter { chronology: Some(chronology), ..none.clone() },
            AuditFilter { object: Some(chronology.0), ..none.clone() },
            AuditFilter { practitioner: Some(world.worker), ..none.clone() },
            AuditFilter { agency: Some(world.care), ..none.clone() },
            AuditFilter { operation: Some("timeline.read".into()), ..none.clone() },
            AuditFilter { outcome: Some("allowed".into()), ..none.clone() },
            AuditFilter { until: Some(minute(6)), ..none.clone() },
        ];
        for filter in filters {
            let found = db.read("page", |tx| audit::page(tx, world.partnership, &filter, None, 9));
            assert_eq!(found, Ok(vec![base.clone()]), "{filter:?}");
        }
        let late = AuditFilter { from: Some(minute(6)), ..none.clone() };
        assert_eq!(db.read("page", |tx| audit::page(tx, world.partnership, &late, None, 9)), Ok(vec![other.clone()]));
        assert_eq!(db.read("page", |tx| audit::page(tx, world.partnership, &none, None, 9)), Ok(vec![base, other]));
    }

    fn the_last_readers_are_distinct_and_newest_first(db) {
        let world = World::make(db, "marl");
        let chronology = ChronologyId(id());
        let by = |at, reader: u128| AuditRow {
            practitioner_id: Some(PractitionerId(uuid::Uuid::from_u128(reader))),
            ..world.record(at, Operation::TimelineRead, Some(chronology))
        };
        let mut records: Vec<AuditRow> = (0..90_u128).map(|n| by(n as i64, n % 30)).collect();
        // None of these is a reading of this chronology's content by somebody.
        records.push(AuditRow { outcome: "denied".into(), ..by(100, 99) });
        records.push(AuditRow { operation: Operation::ChronologyUpdate.as_str().into(), ..by(100, 99) });
        records.push(AuditRow { chronology_id: Some(ChronologyId(id())), ..by(100, 99) });
        records.push(AuditRow { practitioner_id: None, ..by(100, 99) });
        // Two at once by the same reader: one of them is shown.
        records.push(by(89, 29));
        db.write("records", |tx| records.iter().try_for_each(|row| audit::insert(tx, row))).unwrap();
        let readers = db.read("readers", |tx| audit::readers(tx, world.partnership, chronology, 25)).unwrap();
        let shown: Vec<_> = readers.iter().map(|row| (row.at, row.practitioner_id.unwrap().0.as_u128())).collect();
        let expected: Vec<_> = (65..90_u128).rev().map(|n| (minute(n as i64), n % 30)).collect();
        assert_eq!(shown, expected);
    }
}

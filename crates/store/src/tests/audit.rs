//! The audit is append-only, and lists the latest readers of a chronology.

use diesel::RunQueryDsl;
use domain::{ChronologyId, Operation, PractitionerId};

use super::fixture::{Fixture, at_minute, keyed_token, next_id};
use crate::*;

fn execute_sql(db: &Db, text: &str) -> Result<usize, StoreError> {
    db.write("statement", |tx| {
        tx.run(|c| diesel::sql_query(text).execute(c))
    })
}

fn record_ids(rows: Result<Vec<AuditRow>, StoreError>) -> Vec<domain::AuditId> {
    rows.unwrap().iter().map(|row| row.id).collect()
}

fn reader_number(row: &AuditRow) -> u128 {
    u128::from_be_bytes(
        row.practitioner_token
            .as_ref()
            .unwrap()
            .as_slice()
            .try_into()
            .unwrap(),
    )
}

on_each_database! {
    fn records_cannot_be_changed_or_deleted(db) {
        let fixture = Fixture::create(db, "marl");
        let chronology = ChronologyId(next_id());
        let record = fixture.audit_draft(1, Operation::TimelineRead, Some(chronology));
        let leaf = AuditTreeRow {
            partnership_id: fixture.partnership,
            level: 0,
            position: 0,
            hash: Token(vec![7; 32]),
            record_id: Some(record.id),
        };
        db.write("record", |tx| {
            audit::insert(tx, &record)
                .and_then(|()| audit_tree::insert(tx, std::slice::from_ref(&leaf)))
        })
        .unwrap();
        let mut attempts = vec![
            "UPDATE audit_records SET outcome = 'denied'",
            "DELETE FROM audit_records",
            "UPDATE audit_tree SET position = 1",
            "DELETE FROM audit_tree",
        ];
        if db.kind() == DatabaseKind::Postgresql {
            attempts.extend(["TRUNCATE audit_records", "TRUNCATE audit_tree"]);
        }
        for attempt in attempts {
            let refused = execute_sql(db, attempt);
            let Err(StoreError::Database(fault)) = refused else {
                panic!("{attempt}: {refused:?}")
            };
            assert!(fault.summary.contains("append-only"), "{fault}");
        }
        let duplicate = AuditDraft {
            outcome: "denied".into(),
            ..record.clone()
        };
        assert!(
            db.write("again", |tx| audit::insert(tx, &duplicate))
                .is_err(),
            "an identifier is unique"
        );
        let remaining = db.read("kept", |tx| {
            audit::page(tx, fixture.partnership, &AuditFilter::default(), None, 9)
        });
        assert_eq!(record_ids(remaining), [record.id]);
    }

    fn numbers_have_no_gaps_and_rolled_back_ones_are_reused(db) {
        let fixture = Fixture::create(db, "marl");
        let write = |roll_back: bool| {
            db.write("record", |tx| {
                for at in 1..=2 {
                    audit::insert(tx, &fixture.audit_draft(at, Operation::TimelineRead, None))?;
                }
                let nested = tx.nested(|tx| {
                    audit::insert(tx, &fixture.audit_draft(3, Operation::TimelineRead, None))?;
                    Err::<(), _>(StoreError::Stale)
                });
                assert_eq!(nested, Err(StoreError::Stale));
                audit::insert(tx, &fixture.audit_draft(4, Operation::TimelineRead, None))?;
                if roll_back {
                    Err(StoreError::Stale)
                } else {
                    Ok(())
                }
            })
        };
        assert_eq!(
            (write(true), write(false), write(true), write(false)),
            (
                Err(StoreError::Stale),
                Ok(()),
                Err(StoreError::Stale),
                Ok(())
            )
        );
        let rows = db
            .read("rows", |tx| {
                audit::page(tx, fixture.partnership, &AuditFilter::default(), None, 99)
            })
            .unwrap();
        let mut numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
        assert_eq!(db.audit_sequence().unwrap().take_missing(), []);
    }

    fn insert_requires_an_audit_sequence_and_a_write_transaction(db) {
        let fixture = Fixture::create(db, "marl");
        let record = fixture.audit_draft(1, Operation::TimelineRead, None);
        let without_sequence = Db::connect(db.config()).unwrap();
        let refused = Err(StoreError::Setting("audit sequence"));
        assert_eq!(
            without_sequence.write("record", |tx| audit::insert(tx, &record)),
            refused
        );
        assert_eq!(db.read("record", |tx| audit::insert(tx, &record)), refused);
    }

    fn each_filter_restricts_the_page(db) {
        let fixture = Fixture::create(db, "marl");
        let chronology = ChronologyId(next_id());
        let base = fixture.audit_draft(5, Operation::TimelineRead, Some(chronology));
        let other = AuditDraft {
            id: domain::AuditId(next_id()),
            at: at_minute(6),
            operation: "hold.place".into(),
            outcome: "denied".into(),
            practitioner_token: Some(keyed_token(fixture.teacher)),
            agency_token: Some(keyed_token(fixture.school)),
            object_token: None,
            chronology_token: None,
            ..base.clone()
        };
        db.write("records", |tx| {
            audit::insert(tx, &base).and_then(|()| audit::insert(tx, &other))
        })
        .unwrap();
        let unfiltered = AuditFilter::default();
        let filters = [
            AuditFilter {
                chronology: Some(vec![keyed_token(chronology), keyed_token(next_id())]),
                ..unfiltered.clone()
            },
            AuditFilter {
                object: Some(vec![keyed_token(chronology)]),
                ..unfiltered.clone()
            },
            AuditFilter {
                practitioner: Some(vec![keyed_token(fixture.social_worker)]),
                ..unfiltered.clone()
            },
            AuditFilter {
                agency: Some(vec![keyed_token(fixture.social_care)]),
                ..unfiltered.clone()
            },
            AuditFilter {
                operation: Some("timeline.read".into()),
                ..unfiltered.clone()
            },
            AuditFilter {
                outcome: Some("allowed".into()),
                ..unfiltered.clone()
            },
            AuditFilter {
                until: Some(at_minute(6)),
                ..unfiltered.clone()
            },
        ];
        for filter in filters {
            let found = db.read("page", |tx| {
                audit::page(tx, fixture.partnership, &filter, None, 9)
            });
            assert_eq!(record_ids(found), [base.id], "{filter:?}");
        }
        let late = AuditFilter {
            from: Some(at_minute(6)),
            ..unfiltered.clone()
        };
        let page = |filter| {
            db.read("page", |tx| {
                audit::page(tx, fixture.partnership, filter, None, 9)
            })
        };
        assert_eq!(
            (record_ids(page(&late)), record_ids(page(&unfiltered))),
            (vec![other.id], vec![base.id, other.id])
        );
    }

    fn latest_readers_are_distinct_and_newest_first(db) {
        let fixture = Fixture::create(db, "marl");
        let chronology = ChronologyId(next_id());
        let read_by = |at, reader: u128| AuditDraft {
            practitioner_token: Some(keyed_token(PractitionerId(uuid::Uuid::from_u128(reader)))),
            ..fixture.audit_draft(at, Operation::TimelineRead, Some(chronology))
        };
        let mut records: Vec<AuditDraft> =
            (0..90_u128).map(|n| read_by(n as i64, n % 30)).collect();
        // None of these records that a practitioner read the content of this chronology.
        records.push(AuditDraft {
            outcome: "denied".into(),
            ..read_by(100, 99)
        });
        records.push(AuditDraft {
            operation: Operation::ChronologyUpdate.as_str().into(),
            ..read_by(100, 99)
        });
        records.push(AuditDraft {
            chronology_token: Some(keyed_token(next_id())),
            ..read_by(100, 99)
        });
        records.push(AuditDraft {
            practitioner_token: None,
            ..read_by(100, 99)
        });
        // A second record of the same reader at the same time is not listed.
        records.push(read_by(89, 29));
        db.write("records", |tx| {
            records.iter().try_for_each(|row| audit::insert(tx, row))
        })
        .unwrap();
        let readers = db
            .read("readers", |tx| {
                audit::latest_readers(tx, fixture.partnership, &[keyed_token(chronology)], 25)
            })
            .unwrap();
        let listed: Vec<_> = readers
            .iter()
            .map(|row| (row.at, reader_number(row)))
            .collect();
        let expected: Vec<_> = (65..90_u128)
            .rev()
            .map(|n| (at_minute(n as i64), n % 30))
            .collect();
        assert_eq!(listed, expected);
    }
}

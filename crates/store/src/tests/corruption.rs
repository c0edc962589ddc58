//! Reading a value that this crate never writes is an error, and no error contains data.

use diesel::RunQueryDsl;

use super::fixture::{Fixture, now};
use crate::*;

fn execute_sql(db: &Db, text: &str) {
    db.write("statement", |tx| {
        tx.run(|c| diesel::sql_query(text).execute(c))
    })
    .unwrap();
}

on_each_database! {
    fn unknown_enum_value_is_refused(db) {
        let fixture = Fixture::create(db, "marl");
        let family = fixture.family();
        let chronology = fixture.chronology(family.id);
        db.write("rows", |tx| {
            families::insert(tx, &family).and_then(|()| chronologies::insert(tx, &chronology))
        })
        .unwrap();
        execute_sql(db, "UPDATE chronologies SET state = 'opened'");
        let found = db.read("find", |tx| {
            chronologies::find(tx, fixture.partnership, chronology.id, now())
        });
        assert_eq!(found, Err(StoreError::Corrupt("ChronologyState")));
        execute_sql(db, "UPDATE agencies SET kind = 'Gp'");
        let found = db.read("find", |tx| {
            agencies::find(tx, fixture.partnership, fixture.social_care)
        });
        assert_eq!(found, Err(StoreError::Corrupt("AgencyKind")));
    }

    fn out_of_range_instant_is_refused(db) {
        let fixture = Fixture::create(db, "marl");
        let value = if db.kind() == DatabaseKind::Postgresql {
            "'infinity'"
        } else {
            "9223372036854775807"
        };
        execute_sql(db, &format!("UPDATE agencies SET created_at = {value}"));
        let found = db.read("find", |tx| {
            agencies::find(tx, fixture.partnership, fixture.social_care)
        });
        assert_eq!(found, Err(StoreError::Corrupt("instant")));
    }

    fn errors_contain_no_data(db) {
        let fixture = Fixture::create(db, "marl");
        let secret = "Quillfeather";
        let duplicate = AgencyRow {
            code: secret.into(),
            ..fixture.agency(fixture.social_care, "care", domain::AgencyKind::Gp)
        };
        let errors = [
            db.write("taken", |tx| {
                tx.run(|c| {
                    diesel::RunQueryDsl::execute(
                        diesel::insert_into(crate::schema::agencies::table).values(&duplicate),
                        c,
                    )
                })
            }),
            db.write("typo", |tx| {
                tx.run(|c| {
                    diesel::sql_query(format!(
                        "SELECT '{secret}' FROM nowhere WHERE \"{secret}\" = 1"
                    ))
                    .execute(c)
                })
            }),
            db.write("cast", |tx| {
                tx.run(|c| diesel::sql_query(format!("SELECT no_such('{secret}')")).execute(c))
            }),
        ];
        for error in errors {
            let error = error.unwrap_err();
            assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
        }
    }
}

#[test]
fn debug_output_contains_no_sealed_bytes() {
    let row = crate::Sealed(b"plain words".to_vec());
    assert_eq!(format!("{row:?}"), "Sealed(11 bytes)");
    assert_eq!(format!("{:?}", Token(vec![1, 2])), "Token(2 bytes)");
}

/// By default SQLite would store a text in an integer column and would not check foreign keys.
#[test]
fn sqlite_enforces_types_and_constraints() {
    let db = crate::testing::fresh_database(DatabaseKind::Sqlite);
    Fixture::create(&db, "marl");
    let is_refused = |text: &str| {
        db.write("bad", |tx| tx.run(|c| diesel::sql_query(text).execute(c)))
            .is_err()
    };
    assert!(is_refused("UPDATE agencies SET version = 'two'"));
    assert!(is_refused("UPDATE agencies SET partnership_id = x'00'"));
    assert!(is_refused("UPDATE agencies SET id = NULL"));
}

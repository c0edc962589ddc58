//! A value that we would not write is an error, never a guess; and no error shows data.

use diesel::RunQueryDsl;

use super::world::{World, now};
use crate::*;

fn statement(db: &Db, text: &str) {
    db.write("statement", |tx| tx.run(|c| diesel::sql_query(text).execute(c))).unwrap();
}

on_each_database! {
    fn an_unknown_word_is_refused(db) {
        let world = World::make(db, "marl");
        let family = world.family();
        let chronology = world.chronology(family.id);
        db.write("rows", |tx| families::insert(tx, &family).and_then(|()| chronologies::insert(tx, &chronology))).unwrap();
        statement(db, "UPDATE chronologies SET state = 'opened'");
        let found = db.read("find", |tx| chronologies::find(tx, world.partnership, chronology.id, now()));
        assert_eq!(found, Err(StoreError::Corrupt("ChronologyState")));
        statement(db, "UPDATE agencies SET kind = 'Gp'");
        let found = db.read("find", |tx| agencies::find(tx, world.partnership, world.care));
        assert_eq!(found, Err(StoreError::Corrupt("AgencyKind")));
    }

    fn an_instant_we_cannot_write_is_refused(db) {
        let world = World::make(db, "marl");
        let value = if db.kind() == Kind::Postgresql { "'infinity'" } else { "9223372036854775807" };
        statement(db, &format!("UPDATE agencies SET created_at = {value}"));
        let found = db.read("find", |tx| agencies::find(tx, world.partnership, world.care));
        assert_eq!(found, Err(StoreError::Corrupt("instant")));
    }

    fn errors_show_no_data(db) {
        let world = World::make(db, "marl");
        let secret = "Quillfeather";
        let twin = AgencyRow { code: secret.into(), ..world.agency(world.care, "care", domain::AgencyKind::Gp) };
        let errors = [
            db.write("taken", |tx| {
                tx.run(|c| diesel::RunQueryDsl::execute(diesel::insert_into(crate::schema::agencies::table).values(&twin), c))
            }),
            db.write("typo", |tx| {
                tx.run(|c| diesel::sql_query(format!("SELECT '{secret}' FROM nowhere WHERE \"{secret}\" = 1")).execute(c))
            }),
            db.write("cast", |tx| tx.run(|c| diesel::sql_query(format!("SELECT no_such('{secret}')")).execute(c))),
        ];
        for error in errors {
            let error = error.unwrap_err();
            assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
        }
    }
}

#[test]
fn rows_print_no_sealed_bytes() {
    let row = crate::Sealed(b"plain words".to_vec());
    assert_eq!(format!("{row:?}"), "Sealed(11 bytes)");
    assert_eq!(format!("{:?}", Token(vec![1, 2])), "Token(2 bytes)");
}

/// SQLite is not to take a text where a number belongs, nor a row that refers to nothing.
#[test]
fn sqlite_is_strict() {
    let db = crate::testing::fresh(Kind::Sqlite);
    World::make(&db, "marl");
    let refused = |text: &str| db.write("bad", |tx| tx.run(|c| diesel::sql_query(text).execute(c))).is_err();
    assert!(refused("UPDATE agencies SET version = 'two'"));
    assert!(refused("UPDATE agencies SET partnership_id = x'00'"));
    assert!(refused("UPDATE agencies SET id = NULL"));
}

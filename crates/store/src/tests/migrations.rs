//! The schema goes up and down, and a program serves only the schema it knows.

use rstest::rstest;

use crate::testing::{empty, fresh};
use crate::tests::world::World;
use crate::{Kind, StoreError, check, chronologies, families, migrate, pending, revert, revert_all};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgresql(Kind::Postgresql)]
fn up_down_up(#[case] kind: Kind) {
    let db = empty(kind);
    let all = pending(&db).unwrap();
    assert!(!all.is_empty());
    assert_eq!(check(&db), Err(StoreError::Pending(all.clone())));
    assert_eq!(migrate(&db).unwrap(), all);
    assert_eq!(migrate(&db).unwrap(), Vec::<String>::new(), "nothing is applied twice");
    assert_eq!(check(&db), Ok(()));
    World::make(&db, "marl");
    assert_eq!(revert_all(&db).unwrap(), all.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(pending(&db).unwrap(), all);
    assert_eq!(migrate(&db).unwrap(), all);
    World::make(&db, "marl");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgresql(Kind::Postgresql)]
fn a_database_ahead_of_the_program_is_refused(#[case] kind: Kind) {
    let db = fresh(kind);
    let later = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')";
    db.write("later", |tx| tx.run(|c| diesel::RunQueryDsl::execute(diesel::sql_query(later), c))).unwrap();
    let newer = StoreError::Newer(vec!["29991231000001".into()]);
    assert_eq!(check(&db), Err(newer.clone()));
    assert_eq!(migrate(&db), Err(newer));
}

#[test]
fn both_databases_have_the_same_migrations() {
    assert_eq!(pending(&empty(Kind::Sqlite)).unwrap(), pending(&empty(Kind::Postgresql)).unwrap());
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgresql(Kind::Postgresql)]
fn nodes_that_start_together_migrate_once(#[case] kind: Kind) {
    let db = empty(kind);
    let all = pending(&db).unwrap().len();
    let applied: usize = std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate(&db).map(|done| done.len()))).collect();
        nodes.into_iter().map(|node| node.join().unwrap().unwrap()).sum()
    });
    assert_eq!(applied, all);
    assert_eq!(check(&db), Ok(()));
}

/// Views of before hold what fragments told under a key that outlives the fragments: none of them may stay.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgresql(Kind::Postgresql)]
fn frozen_views_that_hold_content_are_deleted(#[case] kind: Kind) {
    let db = fresh(kind);
    let world = World::make(&db, "marl");
    let family = world.family();
    db.write("chronology", |tx| {
        families::insert(tx, &family)?;
        chronologies::insert(tx, &world.chronology(family.id))
    })
    .unwrap();
    let references_only = "20261129000002".to_owned();
    while !pending(&db).unwrap().contains(&references_only) {
        revert(&db, 1).unwrap();
    }
    let before = "INSERT INTO consolidations SELECT id, partnership_id, id, owner_id, 1, 1, wrapped_key, expires_at,
        wrapped_key, sealed, NULL, NULL, created_at FROM chronologies";
    let execute = |statement: &'static str| {
        db.write("execute", |tx| tx.run(|c| diesel::RunQueryDsl::execute(diesel::sql_query(statement), c))).unwrap()
    };
    assert_eq!(execute(before), 1);
    let _ = migrate(&db).unwrap();
    assert_eq!(execute("DELETE FROM consolidations"), 0);
    assert_eq!(execute("DELETE FROM chronologies"), 1, "everything else stays");
}

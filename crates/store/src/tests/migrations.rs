//! Migrations can be applied and reverted, and the service refuses a schema that it does not know.

use rstest::rstest;

use crate::testing::{empty_database, fresh_database};
use crate::tests::fixture::Fixture;
use crate::{
    DatabaseKind, StoreError, check, chronologies, families, migrate, pending, revert, revert_all,
};

#[rstest]
#[case::sqlite(DatabaseKind::Sqlite)]
#[case::postgresql(DatabaseKind::Postgresql)]
fn migrate_revert_and_migrate_again(#[case] kind: DatabaseKind) {
    let db = empty_database(kind);
    let all = pending(&db).unwrap();
    assert!(!all.is_empty());
    assert_eq!(check(&db), Err(StoreError::Pending(all.clone())));
    assert_eq!(migrate(&db).unwrap(), all);
    assert_eq!(
        migrate(&db).unwrap(),
        Vec::<String>::new(),
        "nothing is applied twice"
    );
    assert_eq!(check(&db), Ok(()));
    Fixture::create(&db, "marl");
    assert_eq!(
        revert_all(&db).unwrap(),
        all.iter().rev().cloned().collect::<Vec<_>>()
    );
    assert_eq!(pending(&db).unwrap(), all);
    assert_eq!(migrate(&db).unwrap(), all);
    Fixture::create(&db, "marl");
}

#[rstest]
#[case::sqlite(DatabaseKind::Sqlite)]
#[case::postgresql(DatabaseKind::Postgresql)]
fn newer_schema_is_refused(#[case] kind: DatabaseKind) {
    let db = fresh_database(kind);
    let insert_newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')";
    db.write("newer", |tx| {
        tx.run(|c| diesel::RunQueryDsl::execute(diesel::sql_query(insert_newer), c))
    })
    .unwrap();
    let newer = StoreError::Newer(vec!["29991231000001".into()]);
    assert_eq!(check(&db), Err(newer.clone()));
    assert_eq!(migrate(&db), Err(newer));
}

#[test]
fn both_databases_have_the_same_migrations() {
    assert_eq!(
        pending(&empty_database(DatabaseKind::Sqlite)).unwrap(),
        pending(&empty_database(DatabaseKind::Postgresql)).unwrap()
    );
}

#[rstest]
#[case::sqlite(DatabaseKind::Sqlite)]
#[case::postgresql(DatabaseKind::Postgresql)]
fn concurrent_nodes_apply_migrations_once(#[case] kind: DatabaseKind) {
    let db = empty_database(kind);
    let all = pending(&db).unwrap().len();
    let applied: usize = std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| migrate(&db).map(|done| done.len())))
            .collect();
        nodes
            .into_iter()
            .map(|node| node.join().unwrap().unwrap())
            .sum()
    });
    assert_eq!(applied, all);
    assert_eq!(check(&db), Ok(()));
}

/// Consolidations used to contain content of fragments, sealed with a key that outlives the
/// fragments. The migration to consolidations that only refer to fragments deletes them.
#[rstest]
#[case::sqlite(DatabaseKind::Sqlite)]
#[case::postgresql(DatabaseKind::Postgresql)]
fn consolidations_that_hold_content_are_deleted(#[case] kind: DatabaseKind) {
    let db = fresh_database(kind);
    let fixture = Fixture::create(&db, "marl");
    let family = fixture.family();
    db.write("chronology", |tx| {
        families::insert(tx, &family)?;
        chronologies::insert(tx, &fixture.chronology(family.id))
    })
    .unwrap();
    let references_only = "20261129000002".to_owned();
    while !pending(&db).unwrap().contains(&references_only) {
        revert(&db, 1).unwrap();
    }
    let insert_old =
        "INSERT INTO consolidations SELECT id, partnership_id, id, owner_id, 1, 1, wrapped_key,
        expires_at, wrapped_key, sealed, NULL, NULL, created_at FROM chronologies";
    let execute = |statement: &'static str| {
        db.write("execute", |tx| {
            tx.run(|c| diesel::RunQueryDsl::execute(diesel::sql_query(statement), c))
        })
        .unwrap()
    };
    assert_eq!(execute(insert_old), 1);
    let _ = migrate(&db).unwrap();
    assert_eq!(execute("DELETE FROM consolidations"), 0);
    assert_eq!(
        execute("DELETE FROM chronologies"),
        1,
        "nothing else is deleted"
    );
}

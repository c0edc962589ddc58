//! The schema goes up and down, and a program serves only the schema it knows.

use rstest::rstest;

use crate::testing::{empty, fresh};
use crate::tests::world::World;
use crate::{Kind, StoreError, check, migrate, pending, revert_all};

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

//! Inspections of a database: which columns are sampled for statistics, which privileges an account
//! has on the audit, and which settings apply.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};

use crate::testing::fresh_database;
use crate::{DatabaseKind, Db, DbConfig, inspect};

#[test]
fn sealed_columns_are_never_sampled() {
    let db = fresh_database(DatabaseKind::Postgresql);
    assert_eq!(inspect::sampled_columns(&db).unwrap(), Vec::<String>::new());
    let create =
        "CREATE TABLE later (id bigint, sealed bytea, payload_sealed bytea, wrapped_key bytea)";
    db.write("later", |tx| tx.run(|c| sql_query(create).execute(c)))
        .unwrap();
    let found = inspect::sampled_columns(&db).unwrap();
    assert_eq!(
        found,
        ["later.payload_sealed", "later.sealed", "later.wrapped_key"],
        "sampled columns are reported"
    );
}

#[test]
fn audit_privileges_of_an_account_are_reported() {
    let db = fresh_database(DatabaseKind::Postgresql);
    assert_eq!(
        inspect::audit_privileges(&db).unwrap(),
        ["SUPERUSER"],
        "the account of the tests is a superuser"
    );
    let role = format!("limited_{}", std::process::id());
    let mut admin = PgConnection::establish(&db.config().url).unwrap();
    let grants = format!(
        "CREATE ROLE {role} LOGIN; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {role}; \
         GRANT DELETE ON audit_records TO {role}"
    );
    admin.batch_execute(&grants).unwrap();
    let url = db
        .config()
        .url
        .replace("//postgres@", &format!("//{role}@"));
    // A server that requires passwords refuses this connection, and there is nothing to check.
    if let Ok(limited) = Db::connect(&DbConfig::new(&url)) {
        if url != db.config().url {
            assert_eq!(
                inspect::audit_privileges(&limited).unwrap(),
                ["DELETE on audit_records"]
            );
        }
        drop(limited);
    }
    admin
        .batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"))
        .unwrap();
}

#[test]
fn settings_are_reported() {
    let sqlite = inspect::settings(&fresh_database(DatabaseKind::Sqlite)).unwrap();
    for expected in [
        ("journal_mode", "wal"),
        ("secure_delete", "1"),
        ("synchronous", "2"),
    ] {
        assert!(
            sqlite.contains(&(expected.0, expected.1.to_owned())),
            "{sqlite:?}"
        );
    }
    let postgresql = inspect::settings(&fresh_database(DatabaseKind::Postgresql)).unwrap();
    assert!(
        postgresql.contains(&("synchronous_commit", "on".to_owned())),
        "{postgresql:?}"
    );
}

//! Nothing of what is sealed is sampled, nothing deleted stays in SQLite's files, and what an account may do is seen.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};

use crate::testing::fresh;
use crate::{Db, DbConfig, Kind, inspect};

#[test]
fn no_sealed_column_of_any_migration_is_sampled() {
    let db = fresh(Kind::Postgresql);
    assert_eq!(inspect::sampled_columns(&db).unwrap(), Vec::<String>::new());
    let sampled = "CREATE TABLE later (id bigint, sealed bytea, payload_sealed bytea, wrapped_key bytea)";
    db.write("later", |tx| tx.run(|c| sql_query(sampled).execute(c))).unwrap();
    let found = inspect::sampled_columns(&db).unwrap();
    assert_eq!(found, ["later.payload_sealed", "later.sealed", "later.wrapped_key"], "a forgotten one is found");
}

#[test]
fn what_an_account_may_do_to_the_audit_is_seen() {
    let db = fresh(Kind::Postgresql);
    assert_eq!(inspect::rights_over_the_audit(&db).unwrap(), ["SUPERUSER"], "of the tests' own account");
    let role = format!("limited_{}", std::process::id());
    let mut admin = PgConnection::establish(&db.config().url).unwrap();
    let grants = format!(
        "CREATE ROLE {role} LOGIN; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {role}; \
         GRANT DELETE ON audit_records TO {role}"
    );
    admin.batch_execute(&grants).unwrap();
    let url = db.config().url.replace("//postgres@", &format!("//{role}@"));
    // Where the server asks for passwords there is nothing to try.
    if let Ok(limited) = Db::connect(&DbConfig::new(&url)) {
        if url != db.config().url {
            assert_eq!(inspect::rights_over_the_audit(&limited).unwrap(), ["DELETE on audit_records"]);
        }
        drop(limited);
    }
    admin.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

#[test]
fn settings_are_shown_as_they_are() {
    let sqlite = inspect::settings(&fresh(Kind::Sqlite)).unwrap();
    for expected in [("journal_mode", "wal"), ("secure_delete", "1"), ("synchronous", "2")] {
        assert!(sqlite.contains(&(expected.0, expected.1.to_owned())), "{sqlite:?}");
    }
    let postgresql = inspect::settings(&fresh(Kind::Postgresql)).unwrap();
    assert!(postgresql.contains(&("synchronous_commit", "on".to_owned())), "{postgresql:?}");
}

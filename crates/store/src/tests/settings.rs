//! Addresses decide which database it is, and what is set on a connection holds.

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use rstest::rstest;

use crate::testing::fresh;
use crate::{Db, DbConfig, Kind, StoreError};

#[test]
fn sqlite_keeps_its_settings_on_every_connection() {
    let db = fresh(Kind::Sqlite);
    let expected = [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("foreign_keys", "1"),
        ("secure_delete", "1"),
        ("trusted_schema", "0"),
        ("temp_store", "2"),
        ("busy_timeout", "1000"),
    ];
    for (pragma, value) in expected {
        let query = format!("SELECT CAST(pragma_{pragma}.\"{}\" AS TEXT) FROM pragma_{pragma}", column(pragma));
        let read = db.read("read", |tx| tx.run(|c| sql::<Text>(&query).get_result::<String>(c)));
        let write = db.write("write", |tx| tx.run(|c| sql::<Text>(&query).get_result::<String>(c)));
        assert_eq!(read.unwrap(), value, "{pragma}");
        assert_eq!(write.unwrap(), value, "{pragma}");
    }
}

/// SQLite calls this one's column by another name.
fn column(pragma: &str) -> &str {
    if pragma == "busy_timeout" { "timeout" } else { pragma }
}

#[test]
fn postgresql_keeps_its_settings() {
    let db = fresh(Kind::Postgresql);
    let expected = [
        ("statement_timeout", "10s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("timezone", "UTC"),
        ("application_name", "chronology"),
        ("synchronous_commit", "on"),
        ("transaction_isolation", "repeatable read"),
    ];
    for (setting, value) in expected {
        let query = format!("SELECT current_setting('{setting}')");
        let read = db.read("read", |tx| tx.run(|c| sql::<Text>(&query).get_result::<String>(c)));
        assert_eq!(read.unwrap(), value, "{setting}");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgresql(Kind::Postgresql)]
fn a_read_cannot_write(#[case] kind: Kind) {
    let db = fresh(kind);
    let write = "INSERT INTO clock_mark (id, high_water) SELECT 1, min(at) FROM audit";
    let outcome = db.read("sly", |tx| tx.run(|c| diesel::sql_query(write).execute(c)));
    assert!(matches!(outcome, Err(StoreError::Database(_))), "{outcome:?}");
}

#[test]
fn a_statement_that_takes_too_long_is_ended() {
    let db = fresh(Kind::Postgresql);
    let config = DbConfig { statement_timeout: std::time::Duration::from_millis(100), ..db.config().clone() };
    let db = Db::connect(&config).unwrap();
    let outcome = db.read("slow", |tx| tx.run(|c| diesel::sql_query("SELECT pg_sleep(10)").execute(c)));
    assert_eq!(outcome, Err(StoreError::Timeout));
}

#[test]
fn a_postgresql_that_is_down_makes_no_file() {
    let folder = tempfile::TempDir::new().unwrap();
    let before = std::fs::read_dir(".").unwrap().count();
    for url in [
        format!("postgres://nobody@127.0.0.1:1/{}", folder.path().join("db").display()),
        format!("postgresql://nobody@%2F{}/none", folder.path().display().to_string().replace('/', "%2F")),
    ] {
        let outcome = Db::connect(&DbConfig::new(url)).map(|_| ());
        assert_eq!(outcome, Err(StoreError::Unavailable));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(".").unwrap().count(), before);
}

#[rstest]
#[case("mysql://somewhere/db")]
#[case("/var/lib/chronology.sqlite")]
#[case("")]
#[case("sqlite:")]
#[case("sqlite::memory:")]
#[case("sqlite://:memory:")]
#[case("sqlite:file:a.db?mode=memory")]
#[case("sqlite:sqlite://a.db")]
#[case("Postgres://upper.case/db")]
fn other_addresses_are_refused(#[case] url: &str) {
    let outcome = Db::connect(&DbConfig::new(url)).map(|_| ());
    assert!(matches!(outcome, Err(StoreError::Address(_))), "{outcome:?}");
}

#[test]
fn a_password_is_not_printed() {
    let config = DbConfig::new("postgres://service:hush@db.example/chronology");
    assert!(!format!("{config:?}").contains("hush"));
}

#[cfg(unix)]
#[test]
fn a_new_sqlite_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let db = fresh(Kind::Sqlite);
    for file in std::fs::read_dir(db.folder()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
    }
}

//! The address selects the kind of database, and the settings apply on every connection.

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use rstest::rstest;

use crate::testing::fresh_database;
use crate::{DatabaseKind, Db, DbConfig, StoreError};

#[test]
fn sqlite_settings_apply_on_every_connection() {
    let db = fresh_database(DatabaseKind::Sqlite);
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
        let query = format!(
            "SELECT CAST(pragma_{pragma}.\"{}\" AS TEXT) FROM pragma_{pragma}",
            pragma_column(pragma)
        );
        let read = db.read("read", |tx| {
            tx.run(|c| sql::<Text>(&query).get_result::<String>(c))
        });
        let write = db.write("write", |tx| {
            tx.run(|c| sql::<Text>(&query).get_result::<String>(c))
        });
        assert_eq!(read.unwrap(), value, "{pragma}");
        assert_eq!(write.unwrap(), value, "{pragma}");
    }
}

/// The column in which SQLite returns the value of a pragma.
fn pragma_column(pragma: &str) -> &str {
    if pragma == "busy_timeout" {
        "timeout"
    } else {
        pragma
    }
}

#[test]
fn postgresql_settings_apply() {
    let db = fresh_database(DatabaseKind::Postgresql);
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
        let read = db.read("read", |tx| {
            tx.run(|c| sql::<Text>(&query).get_result::<String>(c))
        });
        assert_eq!(read.unwrap(), value, "{setting}");
    }
}

#[rstest]
#[case::sqlite(DatabaseKind::Sqlite)]
#[case::postgresql(DatabaseKind::Postgresql)]
fn read_transaction_cannot_write(#[case] kind: DatabaseKind) {
    let db = fresh_database(kind);
    let write = "INSERT INTO clock_mark (id, high_water) SELECT 1, min(at) FROM audit";
    let outcome = db.read("insert", |tx| {
        tx.run(|c| diesel::sql_query(write).execute(c))
    });
    assert!(
        matches!(outcome, Err(StoreError::Database(_))),
        "{outcome:?}"
    );
}

#[test]
fn slow_statement_times_out() {
    let db = fresh_database(DatabaseKind::Postgresql);
    let config = DbConfig {
        statement_timeout: std::time::Duration::from_millis(100),
        ..db.config().clone()
    };
    let db = Db::connect(&config).unwrap();
    let outcome = db.read("slow", |tx| {
        tx.run(|c| diesel::sql_query("SELECT pg_sleep(10)").execute(c))
    });
    assert_eq!(outcome, Err(StoreError::Timeout));
}

#[test]
fn unreachable_postgresql_creates_no_file() {
    let folder = tempfile::TempDir::new().unwrap();
    let before = std::fs::read_dir(".").unwrap().count();
    for url in [
        format!(
            "postgres://nobody@127.0.0.1:1/{}",
            folder.path().join("db").display()
        ),
        format!(
            "postgresql://nobody@%2F{}/none",
            folder.path().display().to_string().replace('/', "%2F")
        ),
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
fn invalid_addresses_are_refused(#[case] url: &str) {
    let outcome = Db::connect(&DbConfig::new(url)).map(|_| ());
    assert!(
        matches!(outcome, Err(StoreError::Address(_))),
        "{outcome:?}"
    );
}

#[test]
fn password_is_not_printed() {
    let config = DbConfig::new("postgres://service:hush@db.example/chronology");
    assert!(!format!("{config:?}").contains("hush"));
}

#[cfg(unix)]
#[test]
fn new_sqlite_file_is_accessible_to_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let db = fresh_database(DatabaseKind::Sqlite);
    for file in std::fs::read_dir(db.folder()).unwrap() {
        let file = file.unwrap();
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{:?}",
            file.path()
        );
    }
}

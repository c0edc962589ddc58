//! Direct access to the test's database and files, bypassing the service.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, SqliteConnection, sql_query};
use store::DatabaseKind;

use crate::TestApp;

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    word: String,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct NamedCountRow {
    #[diesel(sql_type = Text)]
    word: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn connect_sqlite(app: &TestApp) -> SqliteConnection {
    let path = app.db.config().url.trim_start_matches("sqlite:").to_owned();
    let mut connection = SqliteConnection::establish(&path).expect("the file opens");
    connection
        .batch_execute("PRAGMA busy_timeout = 5000")
        .expect("a setting");
    connection
}

fn connect_postgresql(app: &TestApp) -> PgConnection {
    PgConnection::establish(&app.db.config().url).expect("the server answers")
}

/// Executes statements on the database.
///
/// # Panics
/// If a statement fails.
pub fn execute(app: &TestApp, for_sqlite: &str, for_postgresql: &str) {
    match app.db.kind() {
        DatabaseKind::Sqlite => connect_sqlite(app).batch_execute(for_sqlite),
        DatabaseKind::Postgresql => connect_postgresql(app).batch_execute(for_postgresql),
    }
    .expect("statements are executed");
}

/// The result of a query that returns one row with one integer column named `count`.
///
/// # Panics
/// If the query fails.
#[must_use]
pub fn query_count(app: &TestApp, query: &str) -> i64 {
    let rows: Vec<CountRow> = match app.db.kind() {
        DatabaseKind::Sqlite => sql_query(query).load(&mut connect_sqlite(app)),
        DatabaseKind::Postgresql => sql_query(query).load(&mut connect_postgresql(app)),
    }
    .expect("rows are counted");
    rows[0].count
}

/// The rows of a query that returns one text column named `word`.
///
/// # Panics
/// If the query fails.
#[must_use]
pub fn query_strings(app: &TestApp, for_sqlite: &str, for_postgresql: &str) -> Vec<String> {
    let rows: Vec<TextRow> = match app.db.kind() {
        DatabaseKind::Sqlite => sql_query(for_sqlite).load(&mut connect_sqlite(app)),
        DatabaseKind::Postgresql => sql_query(for_postgresql).load(&mut connect_postgresql(app)),
    }
    .expect("rows are read");
    rows.into_iter().map(|row| row.word).collect()
}

fn table_names(app: &TestApp) -> Vec<String> {
    let rows: Vec<TextRow> = match app.db.kind() {
        DatabaseKind::Sqlite => {
            // Without the tables that SQLite creates for statistics.
            let query =
                "SELECT name AS word FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1";
            sql_query(query).load(&mut connect_sqlite(app))
        }
        DatabaseKind::Postgresql => {
            sql_query("SELECT tablename::text AS word FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
                .load(&mut connect_postgresql(app))
        }
    }
    .expect("tables are listed");
    rows.into_iter().map(|row| row.word).collect()
}

/// The number of rows of each table.
///
/// # Panics
/// If they cannot be counted.
#[must_use]
pub fn row_counts(app: &TestApp) -> BTreeMap<String, i64> {
    // Links are stored, and their event is deleted, in the background.
    app.service.linking.wait_for_links();
    let tables = table_names(app);
    let each = tables
        .iter()
        .map(|table| format!("SELECT '{table}' AS word, count(*) AS count FROM {table}"));
    let query = sql_query(each.collect::<Vec<_>>().join(" UNION ALL "));
    let rows: Vec<NamedCountRow> = match app.db.kind() {
        DatabaseKind::Sqlite => query.load(&mut connect_sqlite(app)),
        DatabaseKind::Postgresql => query.load(&mut connect_postgresql(app)),
    }
    .expect("rows are counted");
    rows.into_iter().map(|row| (row.word, row.count)).collect()
}

/// The number of audit records, without those about the publication of key commitments. There is
/// one of these for each commitment, written by whichever request is the first to use the key.
#[must_use]
pub fn count_audit_records(app: &TestApp) -> i64 {
    query_count(
        app,
        "SELECT (SELECT count(*) FROM audit_records) - (SELECT count(*) FROM key_commitments) AS count",
    )
}

/// All stored bytes: the files of SQLite including its log, or every row of every table of
/// PostgreSQL as text, with binary columns also decoded; and the files in the test's directory.
///
/// # Panics
/// If they cannot be read.
#[must_use]
pub fn read_stored_bytes(app: &TestApp) -> Vec<u8> {
    let mut all = Vec::new();
    match app.db.kind() {
        DatabaseKind::Sqlite => {
            for file in std::fs::read_dir(app.db.folder()).expect("a folder") {
                all.extend(
                    std::fs::read(file.expect("a file").path()).expect("the bytes of the file"),
                );
            }
        }
        DatabaseKind::Postgresql => {
            let mut connection = connect_postgresql(app);
            for table in table_names(app) {
                let query = format!("SELECT t::text AS word FROM {table} t");
                let rows: Vec<TextRow> = sql_query(query).load(&mut connection).expect("rows");
                for row in rows {
                    all.extend(row.word.split("\\x").flat_map(decode_hex));
                    all.extend(row.word.into_bytes());
                }
            }
        }
    }
    for file in list_files(app.folder.path()) {
        all.extend(std::fs::read(file).expect("the bytes of the file"));
    }
    all
}

/// Whether the stored bytes contain `needle`, ignoring ASCII case.
#[must_use]
pub fn contains_plaintext(app: &TestApp, needle: &str) -> bool {
    let all = read_stored_bytes(app);
    let Some((first, rest)) = needle.as_bytes().split_first() else {
        return true;
    };
    // Every test runs this search, so it compares only where the first byte matches.
    let matches_first = |byte: &u8| byte.eq_ignore_ascii_case(first);
    let mut remaining = all.as_slice();
    while let Some(at) = remaining.iter().position(matches_first) {
        remaining = &remaining[at + 1..];
        if remaining
            .get(..rest.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(rest))
        {
            return true;
        }
    }
    false
}

fn decode_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .map_while(|c| c.to_digit(16))
        .filter_map(|d| u8::try_from(d).ok())
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn list_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
    {
        if entry.is_dir() {
            files.extend(list_files(&entry))
        } else {
            files.push(entry)
        }
    }
    files
}

/// The names of a table's columns, sorted.
///
/// # Panics
/// If they cannot be listed.
#[must_use]
pub fn column_names(app: &TestApp, table: &str) -> Vec<String> {
    let rows: Vec<TextRow> = match app.db.kind() {
        DatabaseKind::Sqlite => sql_query(format!(
            "SELECT name AS word FROM pragma_table_info('{table}') ORDER BY 1"
        ))
        .load(&mut connect_sqlite(app)),
        DatabaseKind::Postgresql => sql_query(format!(
            "SELECT column_name::text AS word FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY 1"
        ))
        .load(&mut connect_postgresql(app)),
    }
    .expect("columns are listed");
    rows.into_iter().map(|row| row.word).collect()
}

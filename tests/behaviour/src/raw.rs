//! The database as a thief or an operator sees it.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, SqliteConnection, sql_query};
use store::Kind;

use crate::TestApp;

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    word: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn sqlite(app: &TestApp) -> SqliteConnection {
    let path = app.db.config().url.trim_start_matches("sqlite:").to_owned();
    let mut connection = SqliteConnection::establish(&path).expect("the file opens");
    connection.batch_execute("PRAGMA busy_timeout = 5000").expect("a setting");
    connection
}

fn postgresql(app: &TestApp) -> PgConnection {
    PgConnection::establish(&app.db.config().url).expect("the server answers")
}

/// Carries out statements beside the service.
///
/// # Panics
/// When they fail.
pub fn execute(app: &TestApp, for_sqlite: &str, for_postgresql: &str) {
    match app.db.kind() {
        Kind::Sqlite => sqlite(app).batch_execute(for_sqlite),
        Kind::Postgresql => postgresql(app).batch_execute(for_postgresql),
    }
    .expect("statements are carried out");
}

/// How many rows a query counts, its column being called `count`.
///
/// # Panics
/// When it fails.
#[must_use]
pub fn count(app: &TestApp, query: &str) -> i64 {
    let rows: Vec<Count> = match app.db.kind() {
        Kind::Sqlite => sql_query(query).load(&mut sqlite(app)),
        Kind::Postgresql => sql_query(query).load(&mut postgresql(app)),
    }
    .expect("rows are counted");
    rows[0].count
}

/// The rows of a query, each one text in a column that is called `word`.
///
/// # Panics
/// When it fails.
#[must_use]
pub fn texts(app: &TestApp, for_sqlite: &str, for_postgresql: &str) -> Vec<String> {
    let words: Vec<Word> = match app.db.kind() {
        Kind::Sqlite => sql_query(for_sqlite).load(&mut sqlite(app)),
        Kind::Postgresql => sql_query(for_postgresql).load(&mut postgresql(app)),
    }
    .expect("rows are read");
    words.into_iter().map(|row| row.word).collect()
}

fn tables(app: &TestApp) -> Vec<String> {
    let words: Vec<Word> = match app.db.kind() {
        Kind::Sqlite => {
            // Not SQLite's own, of statistics.
            let own =
                "SELECT name AS word FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1";
            sql_query(own).load(&mut sqlite(app))
        }
        Kind::Postgresql => {
            sql_query("SELECT tablename::text AS word FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
                .load(&mut postgresql(app))
        }
    }
    .expect("tables are listed");
    words.into_iter().map(|row| row.word).collect()
}

/// How many rows each table has.
///
/// # Panics
/// When they cannot be counted.
#[must_use]
pub fn counts(app: &TestApp) -> BTreeMap<String, i64> {
    let tables = tables(app);
    let each = tables.iter().map(|table| format!("SELECT '{table}' AS word, count(*) AS count FROM {table}"));
    let query = sql_query(each.collect::<Vec<_>>().join(" UNION ALL "));
    let rows: Vec<Counted> = match app.db.kind() {
        Kind::Sqlite => query.load(&mut sqlite(app)),
        Kind::Postgresql => query.load(&mut postgresql(app)),
    }
    .expect("rows are counted");
    rows.into_iter().map(|row| (row.word, row.count)).collect()
}

/// How many audit records there are, but for those of the publication of commitments, one for each: a request that is
/// the first to use a key publishes its commitment besides.
#[must_use]
pub fn records(app: &TestApp) -> i64 {
    count(app, "SELECT (SELECT count(*) FROM audit_records) - (SELECT count(*) FROM key_commitments) AS count")
}

/// Everything that is stored, as bytes: files of SQLite with its log, or every row of every table of PostgreSQL with
/// binary columns once more as they are.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn everything(app: &TestApp) -> Vec<u8> {
    let mut all = Vec::new();
    match app.db.kind() {
        Kind::Sqlite => {
            for file in std::fs::read_dir(app.db.folder()).expect("a folder") {
                all.extend(std::fs::read(file.expect("a file").path()).expect("its bytes"));
            }
        }
        Kind::Postgresql => {
            let mut connection = postgresql(app);
            for table in tables(app) {
                let query = format!("SELECT t::text AS word FROM {table} t");
                let rows: Vec<Word> = sql_query(query).load(&mut connection).expect("rows");
                for row in rows {
                    all.extend(row.word.split("\\x").flat_map(unhex));
                    all.extend(row.word.into_bytes());
                }
            }
        }
    }
    for file in walk(app.folder.path()) {
        all.extend(std::fs::read(file).expect("its bytes"));
    }
    all
}

/// Whether `needle` is among what is stored, in any case.
#[must_use]
pub fn finds(app: &TestApp, needle: &str) -> bool {
    let (all, needle) = (everything(app), needle.as_bytes());
    let Some((first, rest)) = needle.split_first() else { return true };
    // Every test ends with this, so only places that begin like the word are compared.
    let begins = |byte: &u8| byte.eq_ignore_ascii_case(first);
    let mut left = all.as_slice();
    while let Some(at) = left.iter().position(begins) {
        left = &left[at + 1..];
        if left.get(..rest.len()).is_some_and(|found| found.eq_ignore_ascii_case(rest)) {
            return true;
        }
    }
    false
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map_while(|c| c.to_digit(16)).filter_map(|d| u8::try_from(d).ok()).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() { files.extend(walk(&entry)) } else { files.push(entry) }
    }
    files
}

/// The columns of a table, by name.
///
/// # Panics
/// When they cannot be listed.
#[must_use]
pub fn columns(app: &TestApp, table: &str) -> Vec<String> {
    let words: Vec<Word> = match app.db.kind() {
        Kind::Sqlite => sql_query(format!("SELECT name AS word FROM pragma_table_info('{table}') ORDER BY 1"))
            .load(&mut sqlite(app)),
        Kind::Postgresql => sql_query(format!(
            "SELECT column_name::text AS word FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY 1"
        ))
        .load(&mut postgresql(app)),
    }
    .expect("columns are listed");
    words.into_iter().map(|row| row.word).collect()
}

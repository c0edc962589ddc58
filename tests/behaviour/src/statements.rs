//! The SQL statements that the service issues, recorded in one file for each database
//! (`statements/*.sql`): every statement once, with the functions of `store` that issue it. When a
//! test ends, it compares the statements issued so far with the file, so that a new or changed
//! query fails the first test that issues it. The query plan tests (`tests/plans`) explain every
//! recorded statement. To update the files:
//!
//! ```text
//! CHRONOLOGY_RECORD_STATEMENTS=1 cargo nextest run -p behaviour
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use store::DatabaseKind;
use store::testing::statements::{Statements, recorded_statements};

/// Loads the recorded statements of a database; none if the file cannot be read.
#[must_use]
pub fn load_recorded(kind: DatabaseKind) -> Statements {
    let text = fs::read_to_string(statements_path(kind)).unwrap_or_default();
    let mut statements = Statements::new();
    let mut functions = BTreeSet::new();
    for line in text.lines() {
        match line.strip_prefix("-- ") {
            Some(names) => functions = names.split(", ").map(str::to_owned).collect(),
            None if line.is_empty() => {}
            None => drop(statements.insert(line.to_owned(), std::mem::take(&mut functions))),
        }
    }
    statements
}

/// Asserts that every statement this process has issued is recorded; with
/// `CHRONOLOGY_RECORD_STATEMENTS` set, records the new ones instead.
///
/// # Panics
/// If a statement is not recorded.
pub(crate) fn assert_recorded(kind: DatabaseKind) {
    let issued = recorded_statements(kind);
    if std::env::var_os("CHRONOLOGY_RECORD_STATEMENTS").is_some() {
        return record_statements(kind, issued);
    }
    let recorded = load_recorded(kind);
    let unrecorded: Vec<_> = issued
        .iter()
        .filter(|(text, functions)| {
            recorded
                .get(*text)
                .is_none_or(|known| !functions.is_subset(known))
        })
        .map(|(text, functions)| format!("{}: {text}", join_names(functions)))
        .collect();
    let file = statements_path(kind);
    assert!(
        unrecorded.is_empty(),
        "statements that are not in {} (see behaviour::statements):\n{}",
        file.display(),
        unrecorded.join("\n")
    );
}

fn record_statements(kind: DatabaseKind, issued: Statements) {
    let path = statements_path(kind);
    let lock = File::create(path.with_extension("lock")).expect("a lock file");
    lock.lock().expect("the file is locked");
    let mut all = load_recorded(kind);
    for (text, functions) in issued {
        all.entry(text).or_default().extend(functions);
    }
    let mut blocks: Vec<_> = all
        .iter()
        .map(|(text, functions)| format!("-- {}\n{text}\n", join_names(functions)))
        .collect();
    blocks.sort();
    let mut text = String::new();
    let _ = write!(text, "{}", blocks.join("\n"));
    fs::write(&path, text).expect("the file is written");
}

fn join_names(functions: &BTreeSet<String>) -> String {
    functions.iter().cloned().collect::<Vec<_>>().join(", ")
}

fn statements_path(kind: DatabaseKind) -> PathBuf {
    let name = match kind {
        DatabaseKind::Sqlite => "sqlite.sql",
        DatabaseKind::Postgresql => "postgresql.sql",
    };
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("statements")
        .join(name)
}

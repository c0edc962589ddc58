//! The statements that the service issues, as lists that are kept beside the tests: one for each database, every statement
//! once with the functions of `store` that issue it. Each test compares what it has seen with the list when its app goes,
//! so that a new or changed query fails the test that first issues it, and the tests of plans (`tests/plans`) explain
//! every statement of the list. To bring the lists up to date:
//!
//! ```text
//! CHRONOLOGY_RECORD_STATEMENTS=1 cargo nextest run -p behaviour
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use store::Kind;
use store::testing::statements::{Statements, issued};

/// The statements on the list of a database.
///
/// # Panics
/// When the list cannot be read.
#[must_use]
pub fn listed(kind: Kind) -> Statements {
    let text = fs::read_to_string(file(kind)).unwrap_or_default();
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

/// Fails unless everything this process has issued is on the list; with `CHRONOLOGY_RECORD_STATEMENTS` set, adds it.
///
/// # Panics
/// When something is not on the list.
pub(crate) fn compare(kind: Kind) {
    let issued = issued(kind);
    if std::env::var_os("CHRONOLOGY_RECORD_STATEMENTS").is_some() {
        return record(kind, issued);
    }
    let listed = listed(kind);
    let unlisted: Vec<_> = issued
        .iter()
        .filter(|(text, by)| listed.get(*text).is_none_or(|functions| !by.is_subset(functions)))
        .map(|(text, by)| format!("{}: {text}", names(by)))
        .collect();
    let file = file(kind);
    assert!(
        unlisted.is_empty(),
        "statements that are not in {} (see behaviour::statements):\n{}",
        file.display(),
        unlisted.join("\n")
    );
}

fn record(kind: Kind, issued: Statements) {
    let path = file(kind);
    let lock = File::create(path.with_extension("lock")).expect("a lock file");
    lock.lock().expect("the lock is had");
    let mut all = listed(kind);
    for (text, by) in issued {
        all.entry(text).or_default().extend(by);
    }
    let mut blocks: Vec<_> = all.iter().map(|(text, by)| format!("-- {}\n{text}\n", names(by))).collect();
    blocks.sort();
    let mut text = String::new();
    let _ = write!(text, "{}", blocks.join("\n"));
    fs::write(&path, text).expect("the list is written");
}

fn names(functions: &BTreeSet<String>) -> String {
    functions.iter().cloned().collect::<Vec<_>>().join(", ")
}

fn file(kind: Kind) -> PathBuf {
    let name = match kind {
        Kind::Sqlite => "sqlite.sql",
        Kind::Postgresql => "postgresql.sql",
    };
    Path::new(env!("CARGO_MANIFEST_DIR")).join("statements").join(name)
}

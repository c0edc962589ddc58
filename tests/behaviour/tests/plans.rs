//! What a request costs does not grow with the partnership: every statement that the service issues is explained on a
//! database as large as a county, by both databases, with good statistics, and by SQLite also without any.
//!
//! Which statements there are nobody has to remember: each test of this crate fails when it makes the service issue one
//! that is not on the list (`behaviour::statements`), and the list names every function of `store`, or this fails.

mod access;
mod background;
mod postgresql;
mod sqlite;

use std::collections::BTreeSet;

use access::{Access, Plan};
use behaviour::Kind;
use behaviour::statements::listed;
use store::county::County;
use store::testing::statements::unnoted;
use store::testing::{TestDb, fresh, sources};

/// Families of a county; each has a chronology of 96 entries.
const FAMILIES: u32 = 2_600;

/// Explains every statement on the list; gives those whose cost grows.
fn growing(kind: Kind, when: &str, mut explain: impl FnMut(&str) -> Vec<Plan>) -> Vec<String> {
    let mut found = Vec::new();
    for (statement, functions) in listed(kind) {
        let all =
            |reason: fn(&str) -> Option<&'static str>| functions.iter().all(|function| reason(function).is_some());
        // A condition that nothing meets ends a statement before it reads anything.
        if all(background::goes_over_everything) || statement.contains("(1=0)") {
            continue;
        }
        let due = all(background::reads_what_is_due);
        let plans = explain(&statement);
        let agency = |function: &String| background::reads_an_agency(function, &statement).is_some();
        let may = |access: &Access| (due && access.reads_what_is_due()) || functions.iter().all(agency);
        let growing = plans.iter().flat_map(Plan::unbounded).filter(|access| !may(access));
        let told: BTreeSet<&str> = growing.map(|access| access.told.as_str()).collect();
        if !told.is_empty() {
            let functions = functions.into_iter().collect::<Vec<_>>().join(", ");
            found.push(format!("{functions} ({when}): {told:?}\n    {statement}"));
        }
    }
    found
}

fn filled(kind: Kind) -> TestDb {
    let db = fresh(kind);
    if kind == Kind::Postgresql {
        postgresql::without_autovacuum(&db);
    }
    let county = County::make(&db).expect("a partnership");
    unnoted(|| county.fill(&db, 0..FAMILIES)).expect("a county is stored");
    db
}

fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "{} statements grow with the partnership:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_statement_grows_with_the_partnership_on_sqlite() {
    let db = filled(Kind::Sqlite);
    let explained = |when| {
        let mut connection = sqlite::connect(&db);
        growing(Kind::Sqlite, when, |statement| {
            [1, 8, 60].map(|values| sqlite::explain(&mut connection, statement, values)).into()
        })
    };
    let mut found = explained("never analysed");
    store::statistics::refresh(&db).expect("statistics are taken");
    found.extend(explained("analysed"));
    assert_none(&found);
}

#[test]
fn no_statement_grows_with_the_partnership_on_postgresql() {
    let db = filled(Kind::Postgresql);
    let (mut connection, mut known) = (postgresql::connect(&db), postgresql::Known::new());
    // Never without statistics: the server takes them by itself, and the service at its start.
    store::statistics::refresh(&db).expect("statistics are taken");
    let found = growing(Kind::Postgresql, "analysed", |statement| {
        vec![postgresql::explain(&mut connection, &mut known, statement)]
    });
    assert_none(&found);
}

/// A query that no test makes the service issue is explained by nobody.
#[test]
fn every_function_of_the_store_that_issues_a_statement_is_on_the_list() {
    for kind in [Kind::Sqlite, Kind::Postgresql] {
        let listed: BTreeSet<String> = listed(kind).into_values().flatten().collect();
        let missing: Vec<String> = sources::functions()
            .into_iter()
            .filter(|function| !listed.contains(function) && background::not_issued(function).is_none())
            .collect();
        assert!(missing.is_empty(), "{kind:?}: no behaviour test has called these: {missing:#?}");
    }
}

/// Rows of these are never deleted.
const NEVER_DELETED: [&str; 3] = ["agencies", "partnerships", "practitioners"];

/// References but for those to tables that are left out: `table.column referenced`.
pub(crate) fn without(references: impl Iterator<Item = String>, tables: &[&str]) -> Vec<String> {
    references.filter(|words| words.rsplit_once(' ').is_some_and(|(_, to)| !tables.contains(&to))).collect()
}

/// Neither database explains what a deletion looks for in tables that refer to what is deleted.
#[test]
fn a_deletion_finds_what_refers_to_it_by_an_index() {
    let found = sqlite::references_without_index(&fresh(Kind::Sqlite), &NEVER_DELETED);
    assert_eq!(found, Vec::<String>::new());
    let found = postgresql::references_without_index(&fresh(Kind::Postgresql), &NEVER_DELETED);
    assert_eq!(found, Vec::<String>::new());
}

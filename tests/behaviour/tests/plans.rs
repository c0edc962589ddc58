//! The cost of a request does not grow with the partnership: every statement that the service
//! issues is explained on a database the size of a county, on both databases with current
//! statistics, and on SQLite also without any.
//!
//! The list of statements is complete: every test of this crate fails if the service issues a
//! statement that is not on the list (`behaviour::statements`), and a test below fails if a
//! function of `store` is missing from it.

mod access;
mod exemptions;
mod postgresql;
mod sqlite;

use std::collections::BTreeSet;

use access::{Access, Plan};
use behaviour::DatabaseKind;
use behaviour::statements::load_recorded;
use store::county::SyntheticCounty;
use store::testing::statements::without_recording;
use store::testing::{TestDb, fresh_database, sources};

/// Number of families in the county; each has a chronology of 96 entries.
const FAMILIES: u32 = 2_600;

/// Explains every statement on the list and describes those whose cost grows with the partnership.
fn find_growing_statements(
    kind: DatabaseKind,
    when: &str,
    mut explain: impl FnMut(&str) -> Vec<Plan>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (statement, functions) in load_recorded(kind) {
        let all_exempt = |reason: fn(&str) -> Option<&'static str>| {
            functions.iter().all(|function| reason(function).is_some())
        };
        // With a condition that is always false, the database reads nothing.
        if all_exempt(exemptions::full_read_reason) || statement.contains("(1=0)") {
            continue;
        }
        let may_read_due_rows = all_exempt(exemptions::due_read_reason);
        let plans = explain(&statement);
        let may_read_agency =
            |function: &String| exemptions::agency_read_reason(function, &statement).is_some();
        let is_exempt = |access: &Access| {
            (may_read_due_rows && access.reads_due_rows()) || functions.iter().all(may_read_agency)
        };
        let growing = plans
            .iter()
            .flat_map(Plan::unbounded)
            .filter(|access| !is_exempt(access));
        let descriptions: BTreeSet<&str> =
            growing.map(|access| access.description.as_str()).collect();
        if !descriptions.is_empty() {
            let functions = functions.into_iter().collect::<Vec<_>>().join(", ");
            found.push(format!(
                "{functions} ({when}): {descriptions:?}\n    {statement}"
            ));
        }
    }
    found
}

/// Creates a database with a synthetic county.
fn fill_county(kind: DatabaseKind) -> TestDb {
    let db = fresh_database(kind);
    if kind == DatabaseKind::Postgresql {
        postgresql::disable_autovacuum(&db);
    }
    let county = SyntheticCounty::create(&db).expect("a partnership");
    without_recording(|| county.fill(&db, 0..FAMILIES)).expect("a county is stored");
    db
}

fn assert_none(found: &[String]) {
    assert!(
        found.is_empty(),
        "{} statements grow with the partnership:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn statement_cost_does_not_grow_with_the_partnership_on_sqlite() {
    let db = fill_county(DatabaseKind::Sqlite);
    let explain_all = |when| {
        let mut connection = sqlite::connect(&db);
        find_growing_statements(DatabaseKind::Sqlite, when, |statement| {
            [1, 8, 60]
                .map(|values| sqlite::explain(&mut connection, statement, values))
                .into()
        })
    };
    let mut found = explain_all("never analysed");
    store::statistics::refresh(&db).expect("statistics are taken");
    found.extend(explain_all("analysed"));
    assert_none(&found);
}

#[test]
fn statement_cost_does_not_grow_with_the_partnership_on_postgresql() {
    let db = fill_county(DatabaseKind::Postgresql);
    let mut connection = postgresql::connect(&db);
    let mut column_cache = postgresql::ColumnCache::new();
    // Not tested without statistics: the server gathers them by itself, and the service does at its
    // start.
    store::statistics::refresh(&db).expect("statistics are taken");
    let found = find_growing_statements(DatabaseKind::Postgresql, "analysed", |statement| {
        vec![postgresql::explain(
            &mut connection,
            &mut column_cache,
            statement,
        )]
    });
    assert_none(&found);
}

/// A statement that no behaviour test causes the service to issue would not be explained.
#[test]
fn every_store_function_that_issues_a_statement_is_listed() {
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgresql] {
        let listed: BTreeSet<String> = load_recorded(kind).into_values().flatten().collect();
        let missing: Vec<String> = sources::statement_functions()
            .into_iter()
            .filter(|function| {
                !listed.contains(function) && exemptions::not_issued_reason(function).is_none()
            })
            .collect();
        assert!(
            missing.is_empty(),
            "{kind:?}: no behaviour test has called these: {missing:#?}"
        );
    }
}

/// Tables whose rows are never deleted.
const NEVER_DELETED: [&str; 3] = ["agencies", "partnerships", "practitioners"];

/// Filters out the references (`table.column referenced_table`) to the given tables.
pub(crate) fn exclude_tables(
    references: impl Iterator<Item = String>,
    tables: &[&str],
) -> Vec<String> {
    references
        .filter(|reference| {
            reference
                .rsplit_once(' ')
                .is_some_and(|(_, table)| !tables.contains(&table))
        })
        .collect()
}

/// A plan does not show the searches that a deletion makes in tables referring to the deleted row.
#[test]
fn every_reference_to_deletable_rows_is_indexed() {
    let found =
        sqlite::references_without_index(&fresh_database(DatabaseKind::Sqlite), &NEVER_DELETED);
    assert_eq!(found, Vec::<String>::new());
    let found = postgresql::references_without_index(
        &fresh_database(DatabaseKind::Postgresql),
        &NEVER_DELETED,
    );
    assert_eq!(found, Vec::<String>::new());
}

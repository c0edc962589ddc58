//! Query plans of SQLite.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Integer, Text};
use store::testing::TestDb;

use super::access::{Access, Plan};

/// One row of `EXPLAIN QUERY PLAN`.
#[derive(QueryableByName)]
struct PlanStep {
    #[diesel(sql_type = Integer)]
    parent: i32,
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Opens a connection to the database, separate from the service's pool.
pub(crate) fn connect(db: &TestDb) -> SqliteConnection {
    let path = db.config().url.trim_start_matches("sqlite:").to_owned();
    let mut connection = SqliteConnection::establish(&path).expect("the file opens");
    connection
        .batch_execute("PRAGMA foreign_keys = ON")
        .expect("a setting");
    connection
}

/// Explains a normalized statement, with `values` placeholders in each list.
pub(crate) fn explain(connection: &mut SqliteConnection, statement: &str, values: usize) -> Plan {
    let list = vec!["?"; values].join(", ");
    let statement = statement.replace("?, …", &list);
    let steps: Vec<PlanStep> = sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
        .load(connection)
        .unwrap_or_else(|error| panic!("{error}: {statement}"));
    let sorts = |step: &PlanStep| step.parent == 0 && step.detail.starts_with("USE TEMP B-TREE");
    Plan {
        accesses: steps.iter().filter_map(parse_access).collect(),
        is_paged: statement.contains(" LIMIT ?") && !steps.iter().any(sorts),
    }
}

/// Parses `SEARCH table USING INDEX name (a=? AND b>?)` or `SCAN table …`.
fn parse_access(step: &PlanStep) -> Option<Access> {
    let (operation, rest) = step.detail.split_once(' ')?;
    let table = rest.split(' ').next()?.to_owned();
    // The rows of a subquery or of a list of constants are in memory already.
    let is_materialized =
        rest.starts_with("CONSTANT") || table.starts_with('(') || table.contains("subquery");
    if !["SEARCH", "SCAN"].contains(&operation) || is_materialized {
        return None;
    }
    let conditions = rest
        .rsplit_once('(')
        .map_or("", |(_, conditions)| conditions.trim_end_matches(')'));
    let columns_where = |is: fn(&str) -> bool| -> BTreeSet<String> {
        let each = conditions.split(" AND ").filter(|condition| is(condition));
        each.filter_map(|condition| condition.split(['=', '<', '>']).next())
            .map(str::to_owned)
            .collect()
    };
    let mut equal = columns_where(|condition| condition.contains("=?"));
    // SQLite builds an automatic index by reading the whole table.
    if step.detail.contains("AUTOMATIC") {
        equal.clear();
    }
    Some(Access {
        table,
        equal,
        ranged: columns_where(|condition| condition.contains(['<', '>'])),
        description: step.detail.clone(),
        cost: None,
    })
}

#[derive(QueryableByName)]
struct WordRow {
    #[diesel(sql_type = Text)]
    word: String,
}

/// Foreign keys to deletable rows, as `table.column referenced_table`, for which no index begins
/// with the column, so that each deletion would read the whole table.
pub(crate) fn references_without_index(db: &TestDb, never_deleted: &[&str]) -> Vec<String> {
    let query = "SELECT m.name || '.' || f.\"from\" || ' ' || f.\"table\" AS word FROM sqlite_master m, \
                 pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND f.seq = 0 AND NOT EXISTS ( \
                 SELECT 1 FROM pragma_index_list(m.name) l, pragma_index_info(l.name) i \
                 WHERE i.seqno = 0 AND i.name = f.\"from\" AND l.partial = 0)";
    let rows: Vec<WordRow> = sql_query(query)
        .load(&mut connect(db))
        .expect("references are listed");
    super::exclude_tables(rows.into_iter().map(|row| row.word), never_deleted)
}

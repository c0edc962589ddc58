//! Plans as SQLite explains them.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Integer, Text};
use store::testing::TestDb;

use super::access::{Access, Plan};

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Integer)]
    parent: i32,
    #[diesel(sql_type = Text)]
    detail: String,
}

/// A connection to the database beside the service's.
pub(crate) fn connect(db: &TestDb) -> SqliteConnection {
    let path = db.config().url.trim_start_matches("sqlite:").to_owned();
    let mut connection = SqliteConnection::establish(&path).expect("the file opens");
    connection.batch_execute("PRAGMA foreign_keys = ON").expect("a setting");
    connection
}

/// Explains a statement in its normal form, with lists of so many values.
pub(crate) fn explain(connection: &mut SqliteConnection, statement: &str, values: usize) -> Plan {
    let list = vec!["?"; values].join(", ");
    let statement = statement.replace("?, …", &list);
    let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
        .load(connection)
        .unwrap_or_else(|error| panic!("{error}: {statement}"));
    let sorts = |step: &Step| step.parent == 0 && step.detail.starts_with("USE TEMP B-TREE");
    Plan {
        accesses: steps.iter().filter_map(access).collect(),
        a_page: statement.contains(" LIMIT ?") && !steps.iter().any(sorts),
    }
}

/// `SEARCH table USING INDEX name (a=? AND b>?)` or `SCAN table …`.
fn access(step: &Step) -> Option<Access> {
    let (how, rest) = step.detail.split_once(' ')?;
    let table = rest.split(' ').next()?.to_owned();
    // What a subquery or a list of constants has is in hand already.
    let in_hand = rest.starts_with("CONSTANT") || table.starts_with('(') || table.contains("subquery");
    if !["SEARCH", "SCAN"].contains(&how) || in_hand {
        return None;
    }
    let conditions = rest.rsplit_once('(').map_or("", |(_, conditions)| conditions.trim_end_matches(')'));
    let of = |is: fn(&str) -> bool| -> BTreeSet<String> {
        let each = conditions.split(" AND ").filter(|condition| is(condition));
        each.filter_map(|condition| condition.split(['=', '<', '>']).next()).map(str::to_owned).collect()
    };
    let mut equal = of(|condition| condition.contains("=?"));
    // An automatic index is made by reading the whole table.
    if step.detail.contains("AUTOMATIC") {
        equal.clear();
    }
    Some(Access {
        table,
        equal,
        ranged: of(|condition| condition.contains(['<', '>'])),
        told: step.detail.clone(),
        cost: None,
    })
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

/// References to rows that are deleted, `table.column`, for which no index begins with the column: each deletion would
/// read the whole table.
pub(crate) fn references_without_index(db: &TestDb, never_deleted: &[&str]) -> Vec<String> {
    let query = "SELECT m.name || '.' || f.\"from\" || ' ' || f.\"table\" AS word FROM sqlite_master m, \
                 pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND f.seq = 0 AND NOT EXISTS ( \
                 SELECT 1 FROM pragma_index_list(m.name) l, pragma_index_info(l.name) i \
                 WHERE i.seqno = 0 AND i.name = f.\"from\" AND l.partial = 0)";
    let words: Vec<Word> = sql_query(query).load(&mut connect(db)).expect("references are listed");
    super::without(words.into_iter().map(|row| row.word), never_deleted)
}

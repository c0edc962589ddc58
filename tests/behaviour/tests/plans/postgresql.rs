//! Plans as PostgreSQL explains them, for values that are there.

use std::collections::{BTreeSet, HashMap};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use serde_json::Value;
use store::county;
use store::testing::TestDb;

use super::access::{Access, Plan};

#[derive(QueryableByName)]
struct Explained {
    // JSON, which arrives as its text.
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

/// Types and values of columns, by table and column.
pub(crate) type Known = HashMap<(String, String), (String, Vec<String>)>;

/// A connection to the database beside the service's.
pub(crate) fn connect(db: &TestDb) -> PgConnection {
    PgConnection::establish(&db.config().url).expect("the server answers")
}

/// Keeps the server from looking at tables by itself, so that there are statistics when the test says so.
pub(crate) fn without_autovacuum(db: &TestDb) {
    let each = "DO $$ DECLARE t text; BEGIN \
                FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP \
                EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', t); END LOOP; END $$";
    connect(db).batch_execute(each).expect("a setting");
}

/// Explains a statement in its normal form.
pub(crate) fn explain(connection: &mut PgConnection, known: &mut Known, statement: &str) -> Plan {
    let statement = with_values(connection, known, statement);
    let explained: Explained = sql_query(format!("EXPLAIN (FORMAT JSON) {statement}"))
        .get_result(connection)
        .unwrap_or_else(|error| panic!("{error}: {statement}"));
    let mut plan = Plan { accesses: Vec::new(), a_page: false };
    let explained: Value = serde_json::from_str(&explained.plan).expect("JSON");
    let top = &explained[0]["Plan"];
    plan.a_page = statement.contains(" LIMIT ") && !sorts(top);
    walk(top, None, &mut plan.accesses);
    plan
}

/// Puts values in the places of a statement: one that the column has, or the county's time where instants are compared.
fn with_values(connection: &mut PgConnection, known: &mut Known, statement: &str) -> String {
    let (mut text, mut rest) = (String::new(), statement);
    while let Some(at) = rest.find('?') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        text.push_str(&value(connection, known, &text));
    }
    text + rest
}

fn value(connection: &mut PgConnection, known: &mut Known, before: &str) -> String {
    let list = before.ends_with("ANY(") || before.ends_with("ALL(");
    let before = before.trim_end_matches("ANY(").trim_end_matches("ALL(").trim_end();
    if before.ends_with("LIMIT") {
        return "50".to_owned();
    }
    let (before, operator) = before.rsplit_once(' ').unwrap_or_default();
    let Some((table, column)) = column(before).filter(|_| ["=", "!=", "<", ">", "<=", ">="].contains(&operator)) else {
        return "NULL".to_owned();
    };
    let (kind, some) =
        known.entry((table.to_owned(), column.to_owned())).or_insert_with(|| values(connection, table, column));
    if kind == "timestamp with time zone" && operator != "=" {
        return format!("'{}'::timestamptz", county::NOW);
    }
    match (list, some.first()) {
        (true, _) => format!("ARRAY[{}]::{kind}[]", some.join(", ")),
        (false, Some(one)) => one.clone(),
        (false, None) => format!("NULL::{kind}"),
    }
}

/// The type of a column and some values that it has.
fn values(connection: &mut PgConnection, table: &str, column: &str) -> (String, Vec<String>) {
    let kind = format!(
        "SELECT format_type(atttypid, atttypmod) AS word FROM pg_attribute \
         WHERE attrelid = '{table}'::regclass AND attname = '{column}'"
    );
    let kind = sql_query(kind).get_result::<Word>(connection).expect("a column").word;
    let some = format!(
        "SELECT DISTINCT quote_literal({column}) || '::{kind}' AS word \
         FROM (SELECT {column} FROM {table} LIMIT 500) AS sample WHERE {column} IS NOT NULL LIMIT 12"
    );
    let some: Vec<Word> = sql_query(some).load(connection).expect("values");
    (kind, some.into_iter().map(|row| row.word).collect())
}

/// `"table"."column"` at the end of a text.
fn column(text: &str) -> Option<(&str, &str)> {
    let (before, column) = text.strip_suffix('"')?.rsplit_once('"')?;
    let (_, table) = before.strip_suffix("\".")?.rsplit_once('"')?;
    Some((table, column))
}

fn sorts(node: &Value) -> bool {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    // Below these everything is read before the first row comes.
    ["Sort", "Hash", "HashAggregate", "Materialize"].contains(&kind)
        || node["Strategy"] == "Hashed"
        || node["Plans"].as_array().into_iter().flatten().any(sorts)
}

fn walk(node: &Value, table: Option<&str>, accesses: &mut Vec<Access>) {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let table = node["Relation Name"].as_str().or(table);
    let reads = ["Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"].contains(&kind);
    if let (true, Some(table)) = (reads, table) {
        let condition = node["Index Cond"].as_str().unwrap_or_default();
        accesses.push(Access {
            table: table.to_owned(),
            equal: columns(condition, &["=", "IS"]),
            ranged: columns(condition, &["<", ">", "<=", ">="]),
            told: format!("{kind} {} on {table} ({condition}) filter {}", node["Index Name"], node["Filter"]),
            cost: node["Total Cost"].as_f64(),
        });
    }
    for inner in node["Plans"].as_array().into_iter().flatten() {
        walk(inner, table, accesses);
    }
}

/// The columns on the left of an operator in `((a = …) AND (t.b > …))`.
fn columns(condition: &str, operators: &[&str]) -> BTreeSet<String> {
    let words: Vec<&str> = condition.split(' ').collect();
    let each = words.windows(2).filter(|pair| operators.contains(&pair[1]));
    each.map(|pair| pair[0].trim_start_matches('(').trim_matches('"').to_owned()).collect()
}

/// References to rows that are deleted, `table.column`, for which no index begins with the column: each deletion would
/// read the whole table.
pub(crate) fn references_without_index(db: &TestDb, never_deleted: &[&str]) -> Vec<String> {
    let query = "SELECT c.conrelid::regclass || '.' || a.attname || ' ' || c.confrelid::regclass AS word \
                 FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
                 WHERE c.contype = 'f' AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid \
                 AND i.indkey[0] = c.conkey[1] AND i.indpred IS NULL)";
    let words: Vec<Word> = sql_query(query).load(&mut connect(db)).expect("references are listed");
    super::without(words.into_iter().map(|row| row.word), never_deleted)
}

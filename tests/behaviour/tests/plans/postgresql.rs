//! Query plans of PostgreSQL, explained with values that occur in the tables.

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
struct ExplainRow {
    // JSON, returned as text.
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}

#[derive(QueryableByName)]
struct WordRow {
    #[diesel(sql_type = Text)]
    word: String,
}

/// Type and sample values of each column, by table and column.
pub(crate) type ColumnCache = HashMap<(String, String), (String, Vec<String>)>;

/// Opens a connection to the database, separate from the service's pool.
pub(crate) fn connect(db: &TestDb) -> PgConnection {
    PgConnection::establish(&db.config().url).expect("the server answers")
}

/// Stops the server from gathering statistics by itself, so that the test decides when there are
/// any.
pub(crate) fn disable_autovacuum(db: &TestDb) {
    let each = "DO $$ DECLARE t text; BEGIN \
                FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP \
                EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', t); END LOOP; END $$";
    connect(db).batch_execute(each).expect("a setting");
}

/// Explains a normalized statement, in which `?` stands for each value.
pub(crate) fn explain(
    connection: &mut PgConnection,
    column_cache: &mut ColumnCache,
    statement: &str,
) -> Plan {
    let statement = substitute_values(connection, column_cache, statement);
    let explained: ExplainRow = sql_query(format!("EXPLAIN (FORMAT JSON) {statement}"))
        .get_result(connection)
        .unwrap_or_else(|error| panic!("{error}: {statement}"));
    let mut plan = Plan {
        accesses: Vec::new(),
        is_paged: false,
    };
    let explained: Value = serde_json::from_str(&explained.plan).expect("JSON");
    let top = &explained[0]["Plan"];
    plan.is_paged = statement.contains(" LIMIT ") && !blocks_on_input(top);
    collect_accesses(top, None, &mut plan.accesses);
    plan
}

/// Replaces the placeholders of a statement: by a value that occurs in the column, or by the
/// county's present time where instants are compared.
fn substitute_values(
    connection: &mut PgConnection,
    column_cache: &mut ColumnCache,
    statement: &str,
) -> String {
    let mut text = String::new();
    let mut rest = statement;
    while let Some(position) = rest.find('?') {
        text.push_str(&rest[..position]);
        rest = &rest[position + 1..];
        text.push_str(&placeholder_value(connection, column_cache, &text));
    }
    text + rest
}

/// The value for the placeholder that follows the SQL text `before`.
fn placeholder_value(
    connection: &mut PgConnection,
    column_cache: &mut ColumnCache,
    before: &str,
) -> String {
    let is_list = before.ends_with("ANY(") || before.ends_with("ALL(");
    let before = before
        .trim_end_matches("ANY(")
        .trim_end_matches("ALL(")
        .trim_end();
    if before.ends_with("LIMIT") {
        return "50".to_owned();
    }
    let (before, operator) = before.rsplit_once(' ').unwrap_or_default();
    let Some((table, column)) =
        parse_column(before).filter(|_| ["=", "!=", "<", ">", "<=", ">="].contains(&operator))
    else {
        return "NULL".to_owned();
    };
    let (kind, samples) = column_cache
        .entry((table.to_owned(), column.to_owned()))
        .or_insert_with(|| sample_values(connection, table, column));
    if kind == "timestamp with time zone" && operator != "=" {
        return format!("'{}'::timestamptz", county::NOW);
    }
    match (is_list, samples.first()) {
        (true, _) => format!("ARRAY[{}]::{kind}[]", samples.join(", ")),
        (false, Some(value)) => value.clone(),
        (false, None) => format!("NULL::{kind}"),
    }
}

/// The type of a column and up to twelve values that occur in it.
fn sample_values(
    connection: &mut PgConnection,
    table: &str,
    column: &str,
) -> (String, Vec<String>) {
    let kind_query = format!(
        "SELECT format_type(atttypid, atttypmod) AS word FROM pg_attribute \
         WHERE attrelid = '{table}'::regclass AND attname = '{column}'"
    );
    let kind = sql_query(kind_query)
        .get_result::<WordRow>(connection)
        .expect("a column")
        .word;
    let samples_query = format!(
        "SELECT DISTINCT quote_literal({column}) || '::{kind}' AS word \
         FROM (SELECT {column} FROM {table} LIMIT 500) AS sample WHERE {column} IS NOT NULL LIMIT 12"
    );
    let samples: Vec<WordRow> = sql_query(samples_query).load(connection).expect("values");
    (kind, samples.into_iter().map(|row| row.word).collect())
}

/// Parses `"table"."column"` at the end of a text.
fn parse_column(text: &str) -> Option<(&str, &str)> {
    let (before, column) = text.strip_suffix('"')?.rsplit_once('"')?;
    let (_, table) = before.strip_suffix("\".")?.rsplit_once('"')?;
    Some((table, column))
}

/// Whether the plan contains a node that reads all of its input before it returns its first row.
fn blocks_on_input(node: &Value) -> bool {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    ["Sort", "Hash", "HashAggregate", "Materialize"].contains(&kind)
        || node["Strategy"] == "Hashed"
        || node["Plans"]
            .as_array()
            .into_iter()
            .flatten()
            .any(blocks_on_input)
}

/// Adds the accesses of a plan node and of its children. `table` is the table of the enclosing
/// node.
fn collect_accesses(node: &Value, table: Option<&str>, accesses: &mut Vec<Access>) {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let table = node["Relation Name"].as_str().or(table);
    let reads = [
        "Seq Scan",
        "Index Scan",
        "Index Only Scan",
        "Bitmap Index Scan",
    ]
    .contains(&kind);
    if let (true, Some(table)) = (reads, table) {
        let condition = node["Index Cond"].as_str().unwrap_or_default();
        accesses.push(Access {
            table: table.to_owned(),
            equal: condition_columns(condition, &["=", "IS"]),
            ranged: condition_columns(condition, &["<", ">", "<=", ">="]),
            description: format!(
                "{kind} {} on {table} ({condition}) filter {}",
                node["Index Name"], node["Filter"]
            ),
            cost: node["Total Cost"].as_f64(),
        });
    }
    for inner in node["Plans"].as_array().into_iter().flatten() {
        collect_accesses(inner, table, accesses);
    }
}

/// The columns to the left of one of `operators` in a condition such as `((a = …) AND (t.b > …))`.
fn condition_columns(condition: &str, operators: &[&str]) -> BTreeSet<String> {
    let tokens: Vec<&str> = condition.split(' ').collect();
    let each = tokens
        .windows(2)
        .filter(|pair| operators.contains(&pair[1]));
    each.map(|pair| pair[0].trim_start_matches('(').trim_matches('"').to_owned())
        .collect()
}

/// Foreign keys to deletable rows, as `table.column referenced_table`, for which no index begins
/// with the column, so that each deletion would read the whole table.
pub(crate) fn references_without_index(db: &TestDb, never_deleted: &[&str]) -> Vec<String> {
    let query = "SELECT c.conrelid::regclass || '.' || a.attname || ' ' || c.confrelid::regclass AS word \
                 FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
                 WHERE c.contype = 'f' AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid \
                 AND i.indkey[0] = c.conkey[1] AND i.indpred IS NULL)";
    let rows: Vec<WordRow> = sql_query(query)
        .load(&mut connect(db))
        .expect("references are listed");
    super::exclude_tables(rows.into_iter().map(|row| row.word), never_deleted)
}

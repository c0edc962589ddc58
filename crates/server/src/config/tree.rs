//! What was configured, before it is understood: a tree of values that know where they come from and are wiped when
//! dropped, because any of them may be a password.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

/// A value or a table of values.
pub(crate) enum Node {
    Table(Table),
    List(Vec<Node>),
    Text(Zeroizing<String>),
    Integer(i64),
    Flag(bool),
    /// A date or a number with a fraction: nothing here takes one.
    Strange,
    /// From an environment variable: its type is whatever the setting wants.
    Environment {
        variable: String,
        text: Zeroizing<String>,
    },
}

/// Settings by key.
pub(crate) type Table = BTreeMap<String, Node>;

/// Reads a TOML document as far as it can be read; one line for every fault of syntax, with its line number and without
/// the line itself, which may hold a secret.
pub(crate) fn parse(document: &str) -> (Table, Vec<String>) {
    let (table, errors) = DeTable::parse_recoverable(document);
    let mut faults: Vec<(usize, &str)> =
        errors.iter().map(|error| (line_of(document, error.span()), error.message())).collect();
    faults.sort_unstable();
    let faults = faults.into_iter().map(|(line, message)| format!("line {line}: {message}")).collect();
    (from_table(table.into_inner()), faults)
}

fn line_of(document: &str, span: Option<Range<usize>>) -> usize {
    let before = span.and_then(|span| document.get(..span.start)).unwrap_or_default();
    before.matches('\n').count() + 1
}

fn from_table(table: DeTable<'_>) -> Table {
    table.into_iter().map(|(key, value)| (key.into_inner().into_owned(), from_value(value.into_inner()))).collect()
}

fn from_value(value: DeValue<'_>) -> Node {
    match value {
        DeValue::Table(table) => Node::Table(from_table(table)),
        DeValue::Array(items) => Node::List(items.into_iter().map(|item| from_value(item.into_inner())).collect()),
        DeValue::String(text) => Node::Text(Zeroizing::new(text.into_owned())),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Node::Strange, Node::Integer)
        }
        DeValue::Boolean(flag) => Node::Flag(flag),
        DeValue::Float(_) | DeValue::Datetime(_) => Node::Strange,
    }
}

/// Puts `over` over `under`, table by table; lists and values are replaced whole.
pub(crate) fn overlay(under: &mut Table, over: Table) {
    for (key, node) in over {
        match (under.get_mut(&key), node) {
            (Some(Node::Table(under)), Node::Table(over)) => overlay(under, over),
            (_, node) => {
                under.insert(key, node);
            }
        }
    }
}

/// Sets the value at `path`, making the tables on the way; a number steps into a list. `None` when something on the way
/// is no table or the list is too short.
pub(crate) fn set(table: &mut Table, path: &[String], node: Node) -> Option<()> {
    let (key, rest) = path.split_first()?;
    if rest.is_empty() {
        table.insert(key.clone(), node);
        return Some(());
    }
    match table.entry(key.clone()).or_insert_with(|| Node::Table(Table::new())) {
        Node::Table(inner) => set(inner, rest, node),
        Node::List(items) => {
            let (index, rest) = rest.split_first()?;
            match items.get_mut(index.parse::<usize>().ok()?)? {
                Node::Table(inner) => set(inner, rest, node),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integer(table: &Table, path: [&str; 2]) -> Option<i64> {
        match table.get(path[0])? {
            Node::Table(inner) => match inner.get(path[1])? {
                Node::Integer(number) => Some(*number),
                _ => None,
            },
            _ => None,
        }
    }

    #[test]
    fn every_fault_of_syntax_is_named_without_its_line() {
        let (table, faults) = parse("[server]\nworkers = 3\nsecret = \"hunter2\nother = =\n");
        assert!(faults.len() >= 2, "{faults:?}");
        assert!(faults[0].starts_with("line 3:"), "{faults:?}");
        assert!(!faults.concat().contains("hunter2"));
        assert_eq!(integer(&table, ["server", "workers"]), Some(3));
    }

    #[test]
    fn overlay_keeps_what_is_not_named() {
        let (mut under, _) = parse("[a]\nx = 1\ny = 2");
        let (over, _) = parse("[a]\ny = 3");
        overlay(&mut under, over);
        assert_eq!((integer(&under, ["a", "x"]), integer(&under, ["a", "y"])), (Some(1), Some(3)));
    }

    #[test]
    fn a_path_can_step_into_a_list_but_not_beyond_it() {
        let (mut table, _) = parse("[[list]]\nname = \"one\"");
        let path = |index: &str| ["list", index, "name"].map(str::to_owned);
        assert!(set(&mut table, &path("0"), Node::Integer(1)).is_some());
        assert!(set(&mut table, &path("1"), Node::Integer(1)).is_none());
        assert!(set(&mut table, &path("0")[..2], Node::Integer(1)).is_none());
    }
}

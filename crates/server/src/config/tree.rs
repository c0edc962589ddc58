//! The configuration before it is interpreted: a tree of values that know their origin. Values are
//! wiped when dropped, because any of them may be a password.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

/// A value, a list or a table.
pub(crate) enum Node {
    Table(Table),
    List(Vec<Node>),
    Text(Zeroizing<String>),
    Integer(i64),
    Flag(bool),
    /// A date or a number with a fraction, which no setting accepts.
    Unsupported,
    /// From an environment variable. The setting decides how the text is parsed.
    Environment {
        variable: String,
        text: Zeroizing<String>,
    },
}

/// Settings by key.
pub(crate) type Table = BTreeMap<String, Node>;

/// Parses as much of a TOML document as possible. Returns one line for every syntax error, with its
/// line number but without the content of the line, which may be a secret.
pub(crate) fn parse(document: &str) -> (Table, Vec<String>) {
    let (table, errors) = DeTable::parse_recoverable(document);
    let mut errors: Vec<(usize, &str)> = errors
        .iter()
        .map(|error| (line_of(document, error.span()), error.message()))
        .collect();
    errors.sort_unstable();
    let errors = errors
        .into_iter()
        .map(|(line, message)| format!("line {line}: {message}"))
        .collect();
    (from_table(table.into_inner()), errors)
}

fn line_of(document: &str, span: Option<Range<usize>>) -> usize {
    let before = span
        .and_then(|span| document.get(..span.start))
        .unwrap_or_default();
    before.matches('\n').count() + 1
}

fn from_table(table: DeTable<'_>) -> Table {
    table
        .into_iter()
        .map(|(key, value)| {
            (
                key.into_inner().into_owned(),
                from_value(value.into_inner()),
            )
        })
        .collect()
}

fn from_value(value: DeValue<'_>) -> Node {
    match value {
        DeValue::Table(table) => Node::Table(from_table(table)),
        DeValue::Array(items) => Node::List(
            items
                .into_iter()
                .map(|item| from_value(item.into_inner()))
                .collect(),
        ),
        DeValue::String(text) => Node::Text(Zeroizing::new(text.into_owned())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Node::Unsupported, Node::Integer),
        DeValue::Boolean(flag) => Node::Flag(flag),
        DeValue::Float(_) | DeValue::Datetime(_) => Node::Unsupported,
    }
}

/// Overlays `overrides` on `base`, table by table. Lists and single values are replaced as a whole.
pub(crate) fn overlay(base: &mut Table, overrides: Table) {
    for (key, node) in overrides {
        match (base.get_mut(&key), node) {
            (Some(Node::Table(base)), Node::Table(overrides)) => overlay(base, overrides),
            (_, node) => {
                base.insert(key, node);
            }
        }
    }
}

/// Sets the value at `path` and creates tables on the way; a number indexes a list. `None` when an
/// element on the way is not a table, or the list is too short.
pub(crate) fn set_at_path(table: &mut Table, path: &[String], node: Node) -> Option<()> {
    let (key, rest) = path.split_first()?;
    if rest.is_empty() {
        table.insert(key.clone(), node);
        return Some(());
    }
    match table
        .entry(key.clone())
        .or_insert_with(|| Node::Table(Table::new()))
    {
        Node::Table(inner) => set_at_path(inner, rest, node),
        Node::List(items) => {
            let (index, rest) = rest.split_first()?;
            match items.get_mut(index.parse::<usize>().ok()?)? {
                Node::Table(inner) => set_at_path(inner, rest, node),
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
    fn syntax_errors_give_line_numbers_without_content() {
        let (table, errors) = parse("[server]\nworkers = 3\nsecret = \"hunter2\nother = =\n");
        assert!(errors.len() >= 2, "{errors:?}");
        assert!(errors[0].starts_with("line 3:"), "{errors:?}");
        assert!(!errors.concat().contains("hunter2"));
        assert_eq!(integer(&table, ["server", "workers"]), Some(3));
    }

    #[test]
    fn overlay_keeps_settings_not_overridden() {
        let (mut base, _) = parse("[a]\nx = 1\ny = 2");
        let (overrides, _) = parse("[a]\ny = 3");
        overlay(&mut base, overrides);
        assert_eq!(
            (integer(&base, ["a", "x"]), integer(&base, ["a", "y"])),
            (Some(1), Some(3))
        );
    }

    #[test]
    fn path_can_index_a_list_within_its_bounds() {
        let (mut table, _) = parse("[[list]]\nname = \"one\"");
        let path = |index: &str| ["list", index, "name"].map(str::to_owned);
        assert!(set_at_path(&mut table, &path("0"), Node::Integer(1)).is_some());
        assert!(set_at_path(&mut table, &path("1"), Node::Integer(1)).is_none());
        assert!(set_at_path(&mut table, &path("0")[..2], Node::Integer(1)).is_none());
    }
}

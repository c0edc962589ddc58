//! The order in which the document is written: what a reader wants first comes first, the rest by name. The same on
//! every run, however maps are kept in memory.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

const FIRST: [&str; 26] = [
    "openapi",
    "info",
    "servers",
    "tags",
    "security",
    "paths",
    "title",
    "version",
    "name",
    "in",
    "operationId",
    "summary",
    "description",
    "x-audit-event",
    "x-permission",
    "type",
    "format",
    "required",
    "properties",
    "additionalProperties",
    "parameters",
    "requestBody",
    "responses",
    "headers",
    "content",
    "schema",
];

/// Members whose own members are names.
const NAMED: [&str; 8] =
    ["paths", "properties", "schemas", "responses", "headers", "example", "securitySchemes", "content"];

/// A JSON value that writes its members in our order.
pub(super) struct Ordered<'a> {
    value: &'a Value,
    /// The members' names are not the specification's but ours, or somebody's.
    names: bool,
}

impl<'a> Ordered<'a> {
    /// The whole of a document.
    pub(super) const fn new(value: &'a Value) -> Self {
        Self { value, names: false }
    }
}

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(members) => serializer.collect_map(sorted(members, self.names).map(|(name, value)| {
                let names = !self.names && NAMED.contains(&name.as_str());
                (name, Ordered { value, names })
            })),
            Value::Array(items) => serializer.collect_seq(items.iter().map(Ordered::new)),
            plain => plain.serialize(serializer),
        }
    }
}

fn sorted(members: &Map<String, Value>, names: bool) -> impl Iterator<Item = (&String, &Value)> {
    let mut pairs: Vec<_> = members.iter().collect();
    pairs.sort_by_key(|(name, _)| (if names { 0 } else { rank(name) }, name.as_str()));
    pairs.into_iter()
}

fn rank(name: &str) -> usize {
    FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len())
}

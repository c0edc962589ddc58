//! Serialises the document in a fixed order: the members that a reader wants first, then the rest
//! by name. The order does not depend on the map type.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

const LEADING_MEMBERS: [&str; 26] = [
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

/// Members whose own members have free names, which are sorted by name alone.
const NAME_KEYED_MEMBERS: [&str; 8] = [
    "paths",
    "properties",
    "schemas",
    "responses",
    "headers",
    "example",
    "securitySchemes",
    "content",
];

/// A JSON value that serialises its members in the fixed order.
pub(super) struct OrderedValue<'a> {
    value: &'a Value,
    /// Whether the names of the members are free, rather than defined by the OpenAPI specification.
    has_free_names: bool,
}

impl<'a> OrderedValue<'a> {
    /// A complete document.
    pub(super) const fn new(value: &'a Value) -> Self {
        Self {
            value,
            has_free_names: false,
        }
    }
}

impl Serialize for OrderedValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(members) => {
                serializer.collect_map(sorted(members, self.has_free_names).map(|(name, value)| {
                    let has_free_names =
                        !self.has_free_names && NAME_KEYED_MEMBERS.contains(&name.as_str());
                    (
                        name,
                        OrderedValue {
                            value,
                            has_free_names,
                        },
                    )
                }))
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(OrderedValue::new)),
            scalar => scalar.serialize(serializer),
        }
    }
}

fn sorted(
    members: &Map<String, Value>,
    has_free_names: bool,
) -> impl Iterator<Item = (&String, &Value)> {
    let mut pairs: Vec<_> = members.iter().collect();
    pairs.sort_by_key(|(name, _)| (if has_free_names { 0 } else { rank(name) }, name.as_str()));
    pairs.into_iter()
}

fn rank(name: &str) -> usize {
    LEADING_MEMBERS
        .iter()
        .position(|first| *first == name)
        .unwrap_or(LEADING_MEMBERS.len())
}

//! Test cases derived from the OpenAPI document: the limits it states, with values at and just
//! beyond each limit.

use serde_json::{Map, Value, json};

use crate::inputs::ABSENT;

/// The document that the service publishes.
///
/// # Panics
/// If it is not valid JSON.
#[must_use]
pub fn openapi_document() -> Value {
    serde_json::from_str(&api::openapi_json()).expect("the document is JSON")
}

/// One operation of the document.
#[derive(Debug, Clone)]
pub struct DocumentedOperation {
    /// HTTP method in upper case.
    pub method: String,
    /// Path template with parameter names in braces.
    pub path: String,
    /// The operation object of the document.
    pub operation: Value,
}

/// All operations, ordered by path.
#[must_use]
pub fn operations(document: &Value) -> Vec<DocumentedOperation> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let each = paths.flat_map(|(path, item)| {
        item.as_object()
            .into_iter()
            .flatten()
            .map(move |(method, operation)| DocumentedOperation {
                method: method.to_uppercase(),
                path: path.clone(),
                operation: operation.clone(),
            })
    });
    each.filter(|entry| entry.operation["operationId"].is_string())
        .collect()
}

impl DocumentedOperation {
    /// Its parameters with references resolved.
    #[must_use]
    pub fn parameters(&self, document: &Value) -> Vec<Value> {
        let all = self.operation["parameters"]
            .as_array()
            .into_iter()
            .flatten();
        all.map(|parameter| resolve_schema(document, parameter))
            .collect()
    }

    /// The schema of its request body, if it has one.
    #[must_use]
    pub fn body(&self, document: &Value) -> Option<Value> {
        let schema = self
            .operation
            .pointer("/requestBody/content/application~1json/schema")?;
        Some(resolve_schema(document, schema))
    }

    /// The example of its request body.
    ///
    /// # Panics
    /// If the document has none.
    #[must_use]
    pub fn example(&self) -> Value {
        let example = self
            .operation
            .pointer("/requestBody/content/application~1json/example");
        example
            .cloned()
            .unwrap_or_else(|| panic!("{} {} has no example", self.method, self.path))
    }
}

/// One limit on a member of a request body or on a parameter.
#[derive(Debug, Clone)]
pub struct Limit {
    /// JSON pointer of the member; empty for a parameter.
    pub pointer: String,
    /// The JSON Schema keyword that states it.
    pub keyword: &'static str,
    /// A value exactly at the limit.
    pub at_limit: Value,
    /// A value one beyond the limit.
    pub beyond_limit: Value,
}

/// The schema with references resolved; for a nullable `oneOf`, the alternative that is not null.
#[must_use]
pub fn resolve_schema(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        return resolve_schema(document, target.unwrap_or(&Value::Null));
    }
    match schema["oneOf"].as_array() {
        Some(choices) => {
            let non_null = choices.iter().find(|choice| choice["type"] != "null");
            non_null.map_or(Value::Null, |choice| resolve_schema(document, choice))
        }
        None => schema.clone(),
    }
}

/// Whether a schema has this type, possibly nullable.
#[must_use]
pub fn has_type(schema: &Value, kind: &str) -> bool {
    let kinds = &schema["type"];
    kinds == kind
        || kinds
            .as_array()
            .is_some_and(|all| all.iter().any(|item| item == kind))
}

/// All limits that a schema and its nested schemas state.
#[must_use]
pub fn collect_limits(document: &Value, schema: &Value) -> Vec<Limit> {
    let mut found = Vec::new();
    collect_limits_below(document, schema, String::new(), &mut found);
    found
}

fn collect_limits_below(document: &Value, schema: &Value, pointer: String, found: &mut Vec<Limit>) {
    let schema = resolve_schema(document, schema);
    let mut add = |keyword, at_limit: Value, beyond_limit: Value| {
        found.push(Limit {
            pointer: pointer.clone(),
            keyword,
            at_limit,
            beyond_limit,
        });
    };
    if let Some(longest) = max_length(&schema) {
        add(
            "maxLength",
            text_of_length(&schema, longest),
            text_of_length(&schema, longest + 1),
        );
    }
    if let Some(shortest) = size(&schema, "minLength").filter(|shortest| *shortest > 0) {
        add(
            "minLength",
            text_of_length(&schema, shortest),
            json!("x".repeat(shortest - 1)),
        );
    }
    if let Some(items) = schema.get("items") {
        let several = |count: usize| Value::Array(vec![minimal_value(document, items); count]);
        if let Some(most) = size(&schema, "maxItems") {
            add("maxItems", several(most), several(most + 1));
        }
        if let Some(fewest) = size(&schema, "minItems").filter(|fewest| *fewest > 0) {
            add("minItems", several(fewest), several(fewest - 1));
        }
    }
    for (keyword, step) in [("maximum", 1), ("minimum", -1)] {
        if let Some(bound) = schema[keyword].as_i64() {
            add(keyword, json!(bound), json!(bound + step));
        }
    }
    if let Some(items) = schema.get("items") {
        collect_limits_below(document, items, format!("{pointer}/0"), found);
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        collect_limits_below(document, inner, format!("{pointer}/{name}"), found);
    }
}

fn size(schema: &Value, keyword: &str) -> Option<usize> {
    schema[keyword]
        .as_u64()
        .and_then(|size| usize::try_from(size).ok())
}

/// The maximum length: `maxLength`, or derived from the pattern's last count (`^[A-Z][A-Z_]{1,39}$`
/// allows 40).
fn max_length(schema: &Value) -> Option<usize> {
    size(schema, "maxLength").or_else(|| {
        let (_, count) = schema["pattern"].as_str()?.rsplit_once("{1,")?;
        count
            .trim_end_matches(['}', '$'])
            .parse::<usize>()
            .ok()
            .map(|most| most + 1)
    })
}

/// A string of this length that satisfies the schema in every other respect.
fn text_of_length(schema: &Value, length: usize) -> Value {
    let letter = if schema["pattern"]
        .as_str()
        .is_some_and(|pattern| pattern.starts_with("^[A-Z]"))
    {
        "X"
    } else {
        "x"
    };
    match schema["format"].as_str() {
        Some("date") => json!(format!("{:1<length$}", "2020-01-01")),
        Some("date-time") => json!(format!(
            "2026-04-01T00:00:00.{:0<1$}Z",
            "",
            length.saturating_sub(21)
        )),
        _ => json!(letter.repeat(length)),
    }
}

/// The smallest value that satisfies the schema.
#[must_use]
pub fn minimal_value(document: &Value, schema: &Value) -> Value {
    let schema = resolve_schema(document, schema);
    if let Some(values) = schema["enum"].as_array() {
        return values[0].clone();
    }
    if has_type(&schema, "object") {
        let required = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let members = required.map(|name| {
            (
                name.to_owned(),
                minimal_value(document, &schema["properties"][name]),
            )
        });
        return Value::Object(members.collect::<Map<_, _>>());
    }
    if has_type(&schema, "array") {
        let fewest = size(&schema, "minItems").unwrap_or(0);
        return Value::Array(vec![minimal_value(document, &schema["items"]); fewest]);
    }
    if has_type(&schema, "boolean") {
        return json!(false);
    }
    if has_type(&schema, "integer") {
        return json!(1);
    }
    match (schema["format"].as_str(), schema["pattern"].as_str()) {
        (Some("uuid"), _) => json!(ABSENT),
        (Some("date"), _) => json!("2020-01-01"),
        (Some("date-time"), _) => json!("2026-04-01T00:00:00Z"),
        (_, Some(_)) => text_of_length(&schema, 2),
        _ => text_of_length(&schema, size(&schema, "minLength").unwrap_or(1).max(1)),
    }
}

/// Sets a value in a body at a JSON pointer; missing parents are created as [`minimal_value`].
///
/// # Panics
/// If the schema has no such member.
#[must_use]
pub fn place_value(
    document: &Value,
    schema: &Value,
    mut body: Value,
    pointer: &str,
    value: Value,
) -> Value {
    let mut target = &mut body;
    let mut schema = resolve_schema(document, schema);
    for part in pointer.split('/').skip(1) {
        if has_type(&schema, "array") {
            let items = target.as_array_mut().expect("a list");
            if items.is_empty() {
                items.push(minimal_value(document, &schema["items"]));
            }
            schema = resolve_schema(document, &schema["items"]);
            target = &mut target[0];
        } else {
            let inner = &schema["properties"][part];
            let member = target
                .as_object_mut()
                .expect("an object")
                .entry(part)
                .or_insert(Value::Null);
            if member.is_null() {
                *member = minimal_value(document, inner);
            }
            schema = resolve_schema(document, inner);
            target = &mut target[part];
        }
    }
    *target = value;
    body
}

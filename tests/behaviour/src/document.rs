//! The OpenAPI document as a source of tests: the limits it states, and bodies that stand exactly at one or one beyond.

use serde_json::{Map, Value, json};

use crate::inputs::ABSENT;

/// The document a running service serves.
///
/// # Panics
/// When it is no JSON.
#[must_use]
pub fn document() -> Value {
    serde_json::from_str(&api::openapi_json()).expect("the document is JSON")
}

/// One operation of the document.
#[derive(Debug, Clone)]
pub struct Documented {
    /// Method, in capitals.
    pub method: String,
    /// Path with names in braces.
    pub path: String,
    /// The operation itself.
    pub operation: Value,
}

/// Every operation, in the order of paths.
#[must_use]
pub fn operations(document: &Value) -> Vec<Documented> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let each = paths.flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, operation)| Documented {
            method: method.to_uppercase(),
            path: path.clone(),
            operation: operation.clone(),
        })
    });
    each.filter(|known| known.operation["operationId"].is_string()).collect()
}

impl Documented {
    /// Its parameters, references followed.
    #[must_use]
    pub fn parameters(&self, document: &Value) -> Vec<Value> {
        let all = self.operation["parameters"].as_array().into_iter().flatten();
        all.map(|parameter| followed(document, parameter)).collect()
    }

    /// The schema of its body, if it takes one.
    #[must_use]
    pub fn body(&self, document: &Value) -> Option<Value> {
        let schema = self.operation.pointer("/requestBody/content/application~1json/schema")?;
        Some(followed(document, schema))
    }

    /// A body that is right in shape: the document's own example.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn example(&self) -> Value {
        let example = self.operation.pointer("/requestBody/content/application~1json/example");
        example.cloned().unwrap_or_else(|| panic!("{} {} has no example", self.method, self.path))
    }
}

/// One limit on one place of a body or on one parameter.
#[derive(Debug, Clone)]
pub struct Limit {
    /// JSON pointer of the place; empty for a parameter.
    pub pointer: String,
    /// The schema's word for it.
    pub word: &'static str,
    /// A value exactly at the limit.
    pub at: Value,
    /// A value one beyond.
    pub beyond: Value,
}

/// The schema meant: references followed, and of "null or that" the other one.
#[must_use]
pub fn followed(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let there = document.pointer(reference.trim_start_matches('#'));
        return followed(document, there.unwrap_or(&Value::Null));
    }
    match schema["oneOf"].as_array() {
        Some(choices) => {
            let meant = choices.iter().find(|choice| choice["type"] != "null");
            meant.map_or(Value::Null, |meant| followed(document, meant))
        }
        None => schema.clone(),
    }
}

/// Whether a schema is of this type, or of that and null.
#[must_use]
pub fn is_a(schema: &Value, kind: &str) -> bool {
    let kinds = &schema["type"];
    kinds == kind || kinds.as_array().is_some_and(|all| all.iter().any(|one| one == kind))
}

/// Every limit that a schema states, in it and below it.
#[must_use]
pub fn limits(document: &Value, schema: &Value) -> Vec<Limit> {
    let mut found = Vec::new();
    gather(document, schema, String::new(), &mut found);
    found
}

fn gather(document: &Value, schema: &Value, pointer: String, found: &mut Vec<Limit>) {
    let schema = followed(document, schema);
    let mut add = |word, at: Value, beyond: Value| found.push(Limit { pointer: pointer.clone(), word, at, beyond });
    if let Some(longest) = longest(&schema) {
        add("maxLength", text(&schema, longest), text(&schema, longest + 1));
    }
    if let Some(shortest) = size(&schema, "minLength").filter(|shortest| *shortest > 0) {
        add("minLength", text(&schema, shortest), json!("x".repeat(shortest - 1)));
    }
    if let Some(items) = schema.get("items") {
        let several = |count: usize| Value::Array(vec![least(document, items); count]);
        if let Some(most) = size(&schema, "maxItems") {
            add("maxItems", several(most), several(most + 1));
        }
        if let Some(fewest) = size(&schema, "minItems").filter(|fewest| *fewest > 0) {
            add("minItems", several(fewest), several(fewest - 1));
        }
    }
    for (word, step) in [("maximum", 1), ("minimum", -1)] {
        if let Some(bound) = schema[word].as_i64() {
            add(word, json!(bound), json!(bound + step));
        }
    }
    if let Some(items) = schema.get("items") {
        gather(document, items, format!("{pointer}/0"), found);
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        gather(document, inner, format!("{pointer}/{name}"), found);
    }
}

fn size(schema: &Value, word: &str) -> Option<usize> {
    schema[word].as_u64().and_then(|size| usize::try_from(size).ok())
}

/// The greatest length: as stated, or as the pattern's last count (`^[A-Z][A-Z_]{1,39}$` ends after 40).
fn longest(schema: &Value) -> Option<usize> {
    size(schema, "maxLength").or_else(|| {
        let (_, count) = schema["pattern"].as_str()?.rsplit_once("{1,")?;
        count.trim_end_matches(['}', '$']).parse::<usize>().ok().map(|most| most + 1)
    })
}

/// Text of a length that is right in every other way.
fn text(schema: &Value, length: usize) -> Value {
    let letter =
        if schema["pattern"].as_str().is_some_and(|pattern| pattern.starts_with("^[A-Z]")) { "X" } else { "x" };
    match schema["format"].as_str() {
        Some("date") => json!(format!("{:1<length$}", "2020-01-01")),
        Some("date-time") => json!(format!("2026-04-01T00:00:00.{:0<1$}Z", "", length.saturating_sub(21))),
        _ => json!(letter.repeat(length)),
    }
}

/// The least value that has the schema's shape.
#[must_use]
pub fn least(document: &Value, schema: &Value) -> Value {
    let schema = followed(document, schema);
    if let Some(words) = schema["enum"].as_array() {
        return words[0].clone();
    }
    if is_a(&schema, "object") {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let members = required.map(|name| (name.to_owned(), least(document, &schema["properties"][name])));
        return Value::Object(members.collect::<Map<_, _>>());
    }
    if is_a(&schema, "array") {
        let fewest = size(&schema, "minItems").unwrap_or(0);
        return Value::Array(vec![least(document, &schema["items"]); fewest]);
    }
    if is_a(&schema, "boolean") {
        return json!(false);
    }
    if is_a(&schema, "integer") {
        return json!(1);
    }
    match (schema["format"].as_str(), schema["pattern"].as_str()) {
        (Some("uuid"), _) => json!(ABSENT),
        (Some("date"), _) => json!("2020-01-01"),
        (Some("date-time"), _) => json!("2026-04-01T00:00:00Z"),
        (_, Some(_)) => text(&schema, 2),
        _ => text(&schema, size(&schema, "minLength").unwrap_or(1).max(1)),
    }
}

/// A body with a value set at a place, what is missing on the way there made with its least shape.
///
/// # Panics
/// When the schema knows no such place.
#[must_use]
pub fn placed(document: &Value, schema: &Value, mut body: Value, pointer: &str, value: Value) -> Value {
    let mut here = &mut body;
    let mut schema = followed(document, schema);
    for part in pointer.split('/').skip(1) {
        if is_a(&schema, "array") {
            let items = here.as_array_mut().expect("a list");
            if items.is_empty() {
                items.push(least(document, &schema["items"]));
            }
            schema = followed(document, &schema["items"]);
            here = &mut here[0];
        } else {
            let inner = &schema["properties"][part];
            let there = here.as_object_mut().expect("an object").entry(part).or_insert(Value::Null);
            if there.is_null() {
                *there = least(document, inner);
            }
            schema = followed(document, inner);
            here = &mut here[part];
        }
    }
    *here = value;
    body
}

//! Schemas made friendly to code generators: short names for pages, and no null where an answer leaves a field out.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// A page's items are referred to by name, where the collected schema repeats them.
pub(super) fn refer_to_items(schemas: &mut Map<String, Value>) {
    for (name, schema) in schemas {
        if let Some(item) = name.strip_prefix("Page_")
            && let Some(items) = schema.pointer_mut("/properties/items/items")
        {
            *items = json!({ "$ref": format!("#/components/schemas/{item}") });
        }
    }
}

/// `Page_AgencyOut` is called `AgencyPage`, in the components and wherever it is referred to.
pub(super) fn rename_pages(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let old = std::mem::take(members);
            *members = old.into_iter().map(|(name, value)| (page_name(&name).unwrap_or(name), value)).collect();
            members.values_mut().for_each(rename_pages);
        }
        Value::Array(items) => items.iter_mut().for_each(rename_pages),
        Value::String(text) => {
            let renamed = text.strip_prefix("#/components/schemas/").and_then(page_name);
            if let Some(renamed) = renamed {
                *text = format!("#/components/schemas/{renamed}");
            }
        }
        _ => {}
    }
}

fn page_name(name: &str) -> Option<String> {
    let item = name.strip_prefix("Page_")?;
    let short = item.strip_suffix("Out").or_else(|| item.strip_suffix("Summary")).unwrap_or(item);
    Some(format!("{short}Page"))
}

/// Answers leave a field out rather than say null, so schemas that only answers use have no null.
pub(super) fn no_null_in_answers(schemas: &mut Map<String, Value>, inputs: &BTreeSet<String>) {
    for (name, schema) in schemas {
        if !inputs.contains(name) {
            without_null(schema);
        }
    }
}

fn without_null(value: &mut Value) {
    let Value::Object(members) = value else {
        if let Value::Array(items) = value {
            items.iter_mut().for_each(without_null);
        }
        return;
    };
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
    if let Some(reference) = members.get("oneOf").and_then(only_reference) {
        members.remove("oneOf");
        members.insert("$ref".to_owned(), reference);
    }
    members.values_mut().for_each(without_null);
}

/// The reference of a "null or that".
fn only_reference(choices: &Value) -> Option<Value> {
    let meant: Vec<&Value> =
        choices.as_array()?.iter().filter(|one| one.get("type").is_none_or(|kind| kind != "null")).collect();
    match meant.as_slice() {
        [one] => one.get("$ref").cloned(),
        _ => None,
    }
}

/// Mends what the derive leaves behind, at any depth: a description inside a "that or null" belongs to the whole; a
/// default of null would have clients send null where they mean nothing; our own papers are no business of readers.
pub(super) fn tidy(value: &mut Value) {
    if let Value::Array(items) = value {
        items.iter_mut().for_each(tidy);
    }
    let Value::Object(members) = value else { return };
    if members.get("default").is_some_and(Value::is_null) {
        members.remove("default");
    }
    let inner = members.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten();
    let described = inner.filter_map(Value::as_object_mut).find_map(|choice| choice.remove("description"));
    if let Some(description) = described {
        members.entry("description").or_insert(description);
    }
    if let Some(Value::String(text)) = members.get_mut("description")
        && let Some(end) = text.find("`practice.md`")
    {
        text.truncate(end);
        text.truncate(text.trim_end().len());
    }
    members.values_mut().for_each(tidy);
}

/// The names of all schemas that can be reached from these.
pub(super) fn reachable(schemas: &Map<String, Value>, from: BTreeSet<String>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> = from.into_iter().collect();
    while let Some(name) = open.pop() {
        if let Some(schema) = schemas.get(&name)
            && reached.insert(name)
        {
            references(schema, &mut open);
        }
    }
    reached
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|member| references(member, found)),
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::String(text) => found.extend(text.strip_prefix("#/components/schemas/").map(str::to_owned)),
        _ => {}
    }
}

//! Adapts the collected schemas for code generators: short names for pages, and no null where
//! outputs omit a field.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Replaces the inlined item schema of a page by a reference.
pub(super) fn reference_page_items(schemas: &mut Map<String, Value>) {
    for (name, schema) in schemas {
        if let Some(item) = name.strip_prefix("Page_")
            && let Some(items) = schema.pointer_mut("/properties/items/items")
        {
            *items = json!({ "$ref": format!("#/components/schemas/{item}") });
        }
    }
}

/// Renames `Page_AgencyOut` to `AgencyPage`, in the components and in all references.
pub(super) fn rename_pages(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let old = std::mem::take(members);
            *members = old
                .into_iter()
                .map(|(name, value)| (page_name(&name).unwrap_or(name), value))
                .collect();
            members.values_mut().for_each(rename_pages);
        }
        Value::Array(items) => items.iter_mut().for_each(rename_pages),
        Value::String(text) => {
            let renamed = text
                .strip_prefix("#/components/schemas/")
                .and_then(page_name);
            if let Some(renamed) = renamed {
                *text = format!("#/components/schemas/{renamed}");
            }
        }
        _ => {}
    }
}

fn page_name(name: &str) -> Option<String> {
    let item = name.strip_prefix("Page_")?;
    let short = item
        .strip_suffix("Out")
        .or_else(|| item.strip_suffix("Summary"))
        .unwrap_or(item);
    Some(format!("{short}Page"))
}

/// Removes null from the schemas that only outputs use: outputs omit a field rather than set it to
/// null.
pub(super) fn remove_null_from_outputs(
    schemas: &mut Map<String, Value>,
    inputs: &BTreeSet<String>,
) {
    for (name, schema) in schemas {
        if !inputs.contains(name) {
            remove_null(schema);
        }
    }
}

fn remove_null(value: &mut Value) {
    let Value::Object(members) = value else {
        if let Value::Array(items) = value {
            items.iter_mut().for_each(remove_null);
        }
        return;
    };
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [single] = types.as_slice() {
            let single = single.clone();
            members.insert("type".to_owned(), single);
        }
    }
    if let Some(reference) = members.get("oneOf").and_then(non_null_reference) {
        members.remove("oneOf");
        members.insert("$ref".to_owned(), reference);
    }
    members.values_mut().for_each(remove_null);
}

/// The reference in a choice between null and a reference.
fn non_null_reference(choices: &Value) -> Option<Value> {
    let non_null: Vec<&Value> = choices
        .as_array()?
        .iter()
        .filter(|choice| choice.get("type").is_none_or(|kind| kind != "null"))
        .collect();
    match non_null.as_slice() {
        [choice] => choice.get("$ref").cloned(),
        _ => None,
    }
}

/// Cleans up what the derive macro generates, at any depth: moves a description inside "null or
/// reference" to the outside, and removes a default of null, which would make clients send null.
pub(super) fn clean_up(value: &mut Value) {
    if let Value::Array(items) = value {
        items.iter_mut().for_each(clean_up);
    }
    let Value::Object(members) = value else {
        return;
    };
    if members.get("default").is_some_and(Value::is_null) {
        members.remove("default");
    }
    let inner = members
        .get_mut("oneOf")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten();
    let described = inner
        .filter_map(Value::as_object_mut)
        .find_map(|choice| choice.remove("description"));
    if let Some(description) = described {
        members.entry("description").or_insert(description);
    }
    members.values_mut().for_each(clean_up);
}

/// The names of all schemas reachable from the given ones.
pub(super) fn reachable(schemas: &Map<String, Value>, from: BTreeSet<String>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut pending: Vec<String> = from.into_iter().collect();
    while let Some(name) = pending.pop() {
        if let Some(schema) = schemas.get(&name)
            && reached.insert(name)
        {
            collect_references(schema, &mut pending);
        }
    }
    reached
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members
            .values()
            .for_each(|member| collect_references(member, found)),
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_references(item, found)),
        Value::String(text) => found.extend(
            text.strip_prefix("#/components/schemas/")
                .map(str::to_owned),
        ),
        _ => {}
    }
}

//! Examples of inputs and answers, by schema. Invented people, agencies and places.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};

/// The example of a schema, if there is one. That of a page is made from that of its items.
pub(super) fn of(schema: &str, schemas: &Value) -> Option<Value> {
    if let Some(example) = all().get(schema) {
        return Some(example.clone());
    }
    let items = schemas.get(schema)?.pointer("/properties/items/items/$ref")?.as_str()?;
    let item = all().get(items.rsplit('/').next()?)?;
    Some(json!({ "items": [item] }))
}

fn all() -> &'static Map<String, Value> {
    static ALL: OnceLock<Map<String, Value>> = OnceLock::new();
    ALL.get_or_init(|| serde_json::from_str(include_str!("examples.json")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_fits_its_schema() {
        let document = crate::doc::document();
        let schemas = &document["components"]["schemas"];
        let parsed: Map<String, Value> = serde_json::from_str(include_str!("examples.json")).unwrap();
        for (name, example) in &parsed {
            assert!(schemas.get(name).is_some(), "{name} is no schema of the document");
            let root = json!({ "$ref": format!("#/components/schemas/{name}"), "components": { "schemas": schemas } });
            let validator = jsonschema::options().should_validate_formats(true).build(&root).unwrap();
            let faults: Vec<String> =
                validator.iter_errors(example).map(|error| format!("{} {error}", error.instance_path())).collect();
            assert!(faults.is_empty(), "{name}: {faults:?}");
        }
    }
}

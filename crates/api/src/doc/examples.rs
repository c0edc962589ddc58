//! Examples of inputs and outputs by schema, with invented people, agencies and places.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};

/// The example for a schema, if there is one. The example for a page is built from that for its
/// items.
pub(super) fn for_schema(schema: &str, schemas: &Value) -> Option<Value> {
    if let Some(example) = examples().get(schema) {
        return Some(example.clone());
    }
    let items = schemas
        .get(schema)?
        .pointer("/properties/items/items/$ref")?
        .as_str()?;
    let item = examples().get(items.rsplit('/').next()?)?;
    Some(json!({ "items": [item] }))
}

fn examples() -> &'static Map<String, Value> {
    static EXAMPLES: OnceLock<Map<String, Value>> = OnceLock::new();
    EXAMPLES.get_or_init(|| serde_json::from_str(include_str!("examples.json")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_matches_its_schema() {
        let document = crate::doc::document();
        let schemas = &document["components"]["schemas"];
        let parsed: Map<String, Value> =
            serde_json::from_str(include_str!("examples.json")).unwrap();
        for (name, example) in &parsed {
            assert!(
                schemas.get(name).is_some(),
                "{name} is no schema of the document"
            );
            let root = json!({ "$ref": format!("#/components/schemas/{name}"), "components": { "schemas": schemas } });
            let validator = jsonschema::options()
                .should_validate_formats(true)
                .build(&root)
                .unwrap();
            let faults: Vec<String> = validator
                .iter_errors(example)
                .map(|error| format!("{} {error}", error.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{name}: {faults:?}");
        }
    }
}

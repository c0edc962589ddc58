use std::collections::BTreeSet;

use domain::{Operation, OperationKind};
use serde_json::Value;

use super::{METHODS, document, openapi_json, openapi_yaml, operations, request_bodies};

fn resolve(value: &Value) -> &Value {
    value["$ref"].as_str().map_or(value, |reference| {
        document()
            .pointer(reference.trim_start_matches('#'))
            .unwrap()
    })
}

fn header_parameters(operation: &Value) -> BTreeSet<&str> {
    let parameters = operation["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(resolve);
    parameters
        .filter(|parameter| parameter["in"] == "header")
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect()
}

#[test]
fn every_operation_is_fully_described() {
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(document()) {
        let at = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{at}: {id} is used twice");
        assert!(
            id.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
            "{at}: {id}"
        );
        assert_eq!(
            operation["tags"].as_array().map(Vec::len),
            Some(1),
            "{at}: one tag"
        );
        assert!(
            operation["summary"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{at}: summary"
        );
        assert!(
            operation["description"]
                .as_str()
                .is_some_and(|text| text.contains("\n\nPermitted callers: ")),
            "{at}"
        );
        let event = operation["x-audit-event"].as_str().unwrap();
        assert!(event.parse::<Operation>().is_ok(), "{at}: {event}");
        assert_eq!(operation["x-permission"], event, "{at}");
    }
    assert!(ids.len() >= 55);
}

#[test]
fn every_operation_documents_its_problems() {
    for (method, path, operation) in operations(document()) {
        let responses = operation["responses"].as_object().unwrap();
        let mut expected = vec!["400", "401", "404", "422", "429", "500", "503"];
        expected.extend(
            (method != "get")
                .then_some(["409", "410", "413"])
                .into_iter()
                .flatten(),
        );
        expected.extend(operation.get("requestBody").map(|_| "415"));
        expected.extend(
            ["put", "patch", "delete"]
                .contains(&method)
                .then_some(["412", "428"])
                .into_iter()
                .flatten(),
        );
        for status in expected {
            let response = responses
                .get(status)
                .unwrap_or_else(|| panic!("{method} {path} does not document {status}"));
            let schema =
                &resolve(response)["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(
                schema, "#/components/schemas/Problem",
                "{method} {path} {status}"
            );
        }
        assert!(
            !responses.contains_key("403"),
            "{method} {path}: what is forbidden looks absent"
        );
    }
}

#[test]
fn every_operation_documents_its_headers() {
    for (method, path, operation) in operations(document()) {
        let at = format!("{method} {path}");
        let expected = match method {
            "get" => BTreeSet::from(["If-None-Match"]),
            "post" if path == "/v1/people/find" => BTreeSet::new(),
            "post" => BTreeSet::from(["Idempotency-Key"]),
            _ => BTreeSet::from(["If-Match"]),
        };
        assert_eq!(header_parameters(operation), expected, "{at}");
        let success = operation["responses"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(status, _)| status.starts_with('2'));
        for (status, response) in success {
            let has = |name: &str| response["headers"].get(name).is_some();
            assert!(
                has("RateLimit") && has("RateLimit-Policy") && has("X-Request-Id"),
                "{at}"
            );
            assert_eq!(has("ETag"), status != "204", "{at}");
            assert_eq!(has("Location"), status == "201", "{at}");
            assert_eq!(
                has("Idempotent-Replayed"),
                expected.contains("Idempotency-Key"),
                "{at}"
            );
        }
    }
}

#[test]
fn bodies_and_most_responses_have_examples() {
    for (method, path, operation) in operations(document()) {
        if let Some(body) = operation.get("requestBody") {
            let media = &body["content"]["application/json"];
            assert!(
                media.get("example").is_some(),
                "{method} {path}: its body has no example"
            );
            assert_eq!(body["required"], true, "{method} {path}");
        }
    }
    let with_example = |operation: &Value| {
        let responses = operation["responses"].as_object().unwrap();
        responses.values().any(|response| {
            response["content"]["application/json"]
                .get("example")
                .is_some()
        })
    };
    let (with, all) = operations(document()).fold((0, 0), |(with, all), (_, _, operation)| {
        (with + usize::from(with_example(operation)), all + 1)
    });
    assert!(
        with * 4 >= all * 3,
        "{with} of {all} have an example of their response"
    );
}

#[test]
fn routes_are_exactly_the_routed_operations_of_the_table() {
    let documented: BTreeSet<&str> = operations(document())
        .filter_map(|(_, _, operation)| operation["x-audit-event"].as_str())
        .collect();
    let routed: BTreeSet<&str> = Operation::ALL
        .iter()
        .filter(|operation| operation.spec().routed)
        .map(|operation| operation.as_str())
        .collect();
    assert_eq!(documented, routed);
}

#[test]
fn methods_follow_from_what_the_operations_do() {
    for (method, path, operation) in operations(document()) {
        let event = operation["x-audit-event"].as_str().unwrap();
        let kind = event.parse::<Operation>().unwrap().spec().kind;
        let reads = kind != OperationKind::Write;
        // The identifiers of a person do not belong in a URL.
        let reads_by_method = method == "get" || path == "/v1/people/find";
        assert_eq!(reads, reads_by_method, "{method} {path}: {event}");
    }
}

fn visit_objects(value: &Value, visit: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(members) => {
            visit(value);
            members
                .values()
                .for_each(|member| visit_objects(member, visit));
        }
        Value::Array(items) => items.iter().for_each(|item| visit_objects(item, visit)),
        _ => {}
    }
}

#[test]
fn references_resolve_and_components_are_used() {
    let mut used = BTreeSet::new();
    visit_objects(document(), &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(
                document()
                    .pointer(reference.trim_start_matches('#'))
                    .is_some(),
                "{reference} does not resolve"
            );
            used.insert(reference.to_owned());
        }
    });
    for kind in ["schemas", "parameters", "headers"] {
        for name in document()["components"][kind].as_object().unwrap().keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(
                used.contains(&reference) || name == "Allow",
                "{reference} is not used"
            );
        }
    }
}

#[test]
fn inputs_reject_unknown_properties_and_outputs_allow_them() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    for name in request_bodies(document()) {
        assert_eq!(
            schemas[&name]["additionalProperties"], false,
            "{name} takes unknown properties"
        );
    }
    for (name, schema) in schemas
        .iter()
        .filter(|(name, _)| name.ends_with("Out") || name.ends_with("Page"))
    {
        assert!(
            schema.get("additionalProperties").is_none(),
            "{name} cannot grow"
        );
    }
}

#[test]
fn every_input_list_and_string_is_bounded() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let inputs = super::schemas::reachable(schemas, request_bodies(document()));
    for name in inputs {
        for (property, schema) in schemas[&name]["properties"]
            .as_object()
            .into_iter()
            .flatten()
        {
            let is = |kind: &str| {
                schema["type"] == kind
                    || schema["type"].as_array().is_some_and(|all| all[0] == kind)
            };
            let bounded = schema.get("maxLength").is_some() || schema.get("pattern").is_some();
            let fixed = schema
                .get("format")
                .is_some_and(|format| format != "uri-reference");
            assert!(
                !is("string") || bounded || fixed,
                "{name}.{property} has no length"
            );
            assert!(
                !is("array") || schema.get("maxItems").is_some(),
                "{name}.{property} has no end"
            );
        }
    }
}

#[test]
fn enum_values_are_snake_case() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        for word in schema["enum"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            let plain = word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.');
            assert!(plain, "{name}: {word}");
        }
    }
    let states = schemas["ChronologyState"]["enum"].as_array().unwrap();
    assert!(states.iter().any(|word| word == "signed_off"));
}

#[test]
fn document_has_no_internal_references() {
    let text = openapi_yaml();
    for word in [
        "practice.md",
        "conventions.md",
        "default: null",
        "localhost",
    ] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn serialization_is_deterministic() {
    assert_eq!(openapi_yaml(), openapi_yaml());
    let parsed: Value = serde_json::from_str(&openapi_json()).unwrap();
    assert_eq!(&parsed, document());
    let yaml: Value = yaml_serde::from_str(&openapi_yaml()).unwrap();
    assert_eq!(&yaml, document());
}

#[test]
fn openapi_in_sync() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.yaml");
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        committed == openapi_yaml(),
        "openapi.yaml differs from the generated document; update it with: cargo run -p server -- openapi > openapi.yaml"
    );
}

#[test]
fn allowed_methods_match_document() {
    assert_eq!(
        super::allowed_methods("/v1/fragments/01999999-0000-7000-8000-000000000000"),
        ["delete", "get", "put"]
    );
    assert_eq!(
        super::allowed_methods("/v1/people/find"),
        ["post"],
        "not those of a person with the id \"find\""
    );
    assert!(super::allowed_methods("/v1/nothing").is_empty());
    assert!(METHODS.contains(&"patch"));
}

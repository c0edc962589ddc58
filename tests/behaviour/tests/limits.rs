//! Every limit that the OpenAPI document states, tested at the limit and one beyond. A value at the
//! limit is not refused for its size; a value beyond it is refused with a problem that names its
//! location. The cases are derived from the document, so that new inputs are covered automatically.

use behaviour::inputs::{ABSENT, entry, fragment, with_members};
use behaviour::openapi::{
    DocumentedOperation, Limit, collect_limits, has_type, openapi_document, operations,
    place_value, resolve_schema,
};
use behaviour::{ApiResponse, Seed, TestApp, User, on_both};
use serde_json::{Value, json};

/// Error codes about the size or structure of a value.
const SIZE_AND_TYPE_CODES: [&str; 8] = [
    "too_long",
    "too_short",
    "too_many",
    "too_few",
    "too_large",
    "too_small",
    "wrong_pattern",
    "wrong_type",
];
const JSON: (&str, &str) = ("Content-Type", "application/json");
const MAX_BODY_BYTES: usize = 2 << 20;

/// The path of an operation with identifiers of existing objects. `replaced` gives the value of one
/// parameter.
fn path_with_existing_ids(path: &str, seed: &Seed, replaced: Option<(&str, &str)>) -> String {
    let parts = path.split('/').map(|part| {
        let name = part.trim_matches(['{', '}']);
        if let Some((_, value)) =
            replaced.filter(|(known, _)| part.starts_with('{') && *known == name)
        {
            return value.to_owned();
        }
        let value = match part {
            "{chronology_id}" => &seed.chronology,
            "{family_id}" => &seed.family,
            "{fragment_id}" => &seed.fragment,
            "{person_id}" => &seed.twin,
            "{invitation_id}" => &seed.invitations["surgery"],
            "{agency_id}" => &seed.agencies["police"],
            "{practitioner_id}" => &seed.people["HOUSING"],
            "{version}" | "{level}" | "{index}" => "1",
            "{agency_reference}" => "REF-1",
            other if other.starts_with('{') => ABSENT,
            literal => literal,
        };
        value.to_owned()
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A user who is authorized for the operation on the seeded data, where there is one.
fn authorized_user(operation: &DocumentedOperation) -> User {
    match operation.path.as_str() {
        path if path.contains("{fragment_id}") => User::RETURNED,
        path if path.contains("fragment") => User::WAITING,
        path if path.ends_with("nil-return") || path.ends_with("decline") => User::WAITING,
        path if path.starts_with("/v1/agencies") || path.starts_with("/v1/practitioners") => {
            User::MANAGER
        }
        path if path.starts_with("/v1/holds") => User::MANAGER,
        path if ["/destruction", "/sign-off", "/reopen"]
            .iter()
            .any(|step| path.ends_with(step)) =>
        {
            User::MANAGER
        }
        path if path.ends_with("/review") => User::AUDITOR,
        path if path.starts_with("/v1/audit") => User::AUDITOR,
        _ => User::OWNER,
    }
}

fn send(app: &TestApp, operation: &DocumentedOperation, path: &str, body: &Value) -> ApiResponse {
    let client = app.as_user(authorized_user(operation));
    match operation.method.as_str() {
        "POST" => client.post(path, body),
        "PUT" => client.put(path, Some(1), body),
        "PATCH" => client.patch(path, Some(1), body),
        "DELETE" => client.delete(path, Some(1)),
        _ => client.get(path),
    }
}

/// Asserts that the request was not refused for the size or structure of its values.
#[track_caller]
fn assert_not_refused_for_size(response: &ApiResponse, limit: &Limit) {
    let errors = if response.status < 300 {
        Vec::new()
    } else {
        response.field_errors()
    };
    let size_errors: Vec<_> = errors
        .iter()
        .filter(|(_, code)| SIZE_AND_TYPE_CODES.contains(&code.as_str()))
        .take(5)
        .collect();
    let context = format!("{} {} {}", response.request, limit.pointer, limit.keyword);
    assert!(size_errors.is_empty(), "{context}: {size_errors:?}");
    assert!(
        ![400, 413, 415].contains(&response.status) && response.status < 500,
        "{context}: {}",
        response.text()
    );
}

/// Asserts that the request was refused with an error at `pointer`.
#[track_caller]
fn assert_refused_at(response: &ApiResponse, status: u16, pointer: &str) {
    let named = response
        .field_errors()
        .into_iter()
        .any(|(known, _)| known == pointer);
    assert!(
        response.status == status && named,
        "{} {pointer}: {} {}",
        response.request,
        response.status,
        response.text()
    );
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json")
    );
}

/// Collects the pointers of strings without a maximum length and lists without a maximum number of
/// items.
fn collect_unlimited(document: &Value, schema: &Value, pointer: &str, found: &mut Vec<String>) {
    let schema = resolve_schema(document, schema);
    let bounded = ["maxLength", "enum", "pattern"]
        .iter()
        .any(|keyword| schema.get(keyword).is_some());
    let has_fixed_format = schema["format"] == "uuid" || schema["format"] == "date";
    if has_type(&schema, "string") && !bounded && !has_fixed_format
        || has_type(&schema, "array") && schema.get("maxItems").is_none()
    {
        found.push(pointer.to_owned());
    }
    if let Some(items) = schema.get("items") {
        collect_unlimited(document, items, &format!("{pointer}/0"), found);
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        collect_unlimited(document, inner, &format!("{pointer}/{name}"), found);
    }
}

#[test]
fn every_documented_input_has_a_size_limit() {
    let document = openapi_document();
    let mut found = Vec::new();
    for operation in operations(&document) {
        let name = format!("{} {}", operation.method, operation.path);
        if let Some(schema) = operation.body(&document) {
            collect_unlimited(&document, &schema, &format!("{name} "), &mut found);
        }
        // An If-None-Match that is too long is ignored, not refused.
        let limited = operation
            .parameters(&document)
            .into_iter()
            .filter(|parameter| parameter["name"] != "If-None-Match");
        for parameter in limited {
            collect_unlimited(
                &document,
                &parameter["schema"],
                &format!("{name} {}", parameter["name"]),
                &mut found,
            );
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// A body has at most 2 MiB, and JSON is nested at most 32 levels deep.
fn assert_size_and_depth_of_bodies_limited(app: &TestApp, path: &str, valid_fragment: &Value) {
    let waiting = app.as_user(User::WAITING);
    let padded = |size: usize| {
        let mut body = valid_fragment.to_string().into_bytes();
        body.resize(size, b' ');
        body
    };
    let post = |key: &str, body: &[u8]| {
        waiting.send("POST", path, &[JSON, ("Idempotency-Key", key)], body)
    };
    assert_eq!(post("too-large", &padded(MAX_BODY_BYTES + 1)).status, 413);
    assert_eq!(post("large", &padded(MAX_BODY_BYTES)).status, 201);

    let nested = |levels: usize| {
        ["[".repeat(levels), "]".repeat(levels)]
            .concat()
            .into_bytes()
    };
    assert_eq!(
        post("deep", &nested(32)).field_errors(),
        [(String::new(), "wrong_type".to_owned())]
    );
    assert_eq!(
        post("too-deep", &nested(33)).field_errors()[0].1,
        "too_deep"
    );
}

/// One agency has at most 3,000 entries on a chronology; entries of replaced versions do not count.
fn assert_entries_of_an_agency_limited(app: &TestApp, seed: &Seed) {
    let waiting = app.as_user(User::WAITING);
    let path = seed.path_to("fragments");
    let entries = |from: usize, count: usize| -> Vec<Value> {
        (from..from + count)
            .map(|number| entry(&number.to_string(), "2026-01-02", &[&seed.twin]))
            .collect()
    };
    let many = |reference: usize, count: usize| {
        with_members(
            fragment(&entries(1_000 * reference, count)),
            json!({"agency_reference": format!("R-{reference}")}),
        )
    };
    let put = |reference: usize, version: i64, body: &Value| {
        waiting.put(&format!("{path}/R-{reference}"), Some(version), body)
    };
    // Besides these, 94 fragments with one entry each remain, and the one without a reference.
    for reference in 0..5 {
        let _ = put(reference, 1, &many(reference, 500)).expect_status(200);
    }
    let _ = put(5, 1, &many(5, 406)).expect_status(200);
    let refused = put(5, 2, &many(5, 407));
    assert_eq!(
        refused.field_errors(),
        [("/entries".to_owned(), "too_many_entries".to_owned())],
        "{}",
        refused.text()
    );
}

on_both! {
    fn every_documented_body_limit_is_enforced(app) {
        let seed = app.seed();
        let document = openapi_document();
        let mut tested_limits = 0;
        let emergency_access = json!({
            "chronology_id": seed.chronology, "reason_code": "child_missing",
            "reason": "Canary: not seen.",
        });
        let emergency_access = app
            .as_user(User::COLLEAGUE)
            .post("/v1/emergency-accesses", &emergency_access)
            .id();
        for operation in operations(&document) {
            let Some(schema) = operation.body(&document) else {
                continue;
            };
            let path = match operation.path.starts_with("/v1/emergency-accesses/") {
                // A body is checked only after authorization, so the access must exist.
                true => path_with_existing_ids(
                    &operation.path,
                    &seed,
                    Some(("emergency_access_id", &emergency_access)),
                ),
                false => path_with_existing_ids(&operation.path, &seed, None),
            };
            for limit in collect_limits(&document, &schema) {
                let body_with = |value: &Value| {
                    place_value(
                        &document,
                        &schema,
                        operation.example(),
                        &limit.pointer,
                        value.clone(),
                    )
                };
                assert_not_refused_for_size(
                    &send(app, &operation, &path, &body_with(&limit.at_limit)),
                    &limit,
                );
                assert_refused_at(
                    &send(app, &operation, &path, &body_with(&limit.beyond_limit)),
                    422,
                    &limit.pointer,
                );
                tested_limits += 1;
            }
        }
        assert!(
            tested_limits > 250,
            "only {tested_limits} limits were found"
        );
    }

    fn every_documented_parameter_limit_is_enforced(app) {
        let seed = app.seed();
        let document = openapi_document();
        let mut tested_limits = 0;
        for operation in operations(&document) {
            let body = if operation.body(&document).is_some() {
                operation.example()
            } else {
                Value::Null
            };
            for parameter in operation.parameters(&document) {
                let name = parameter["name"].as_str().unwrap();
                for limit in collect_limits(&document, &parameter["schema"]) {
                    let responses = [&limit.at_limit, &limit.beyond_limit].map(|value| {
                        send_with_parameter(app, &operation, &seed, &parameter, name, value, &body)
                    });
                    let [at_limit, beyond_limit] = responses;
                    tested_limits += 1;
                    match parameter["in"].as_str().unwrap() {
                        "query" if !limit.pointer.is_empty() => {}
                        "query" => {
                            // A cursor or category of valid length is still an unknown value.
                            let unknown = ["cursor", "category"].contains(&name);
                            assert!(
                                unknown || at_limit.status != 422,
                                "{} {}: {}",
                                at_limit.request,
                                limit.keyword,
                                at_limit.text()
                            );
                            let too_many = |(pointer, code): &(String, String)| {
                                *pointer == format!("/query/{name}") && code == "too_many"
                            };
                            assert!(
                                !at_limit.field_errors().iter().any(too_many),
                                "{} {}: {}",
                                at_limit.request,
                                limit.keyword,
                                at_limit.text()
                            );
                            assert_refused_at(&beyond_limit, 422, &format!("/query/{name}"));
                        }
                        "header" => {
                            assert_ne!(
                                at_limit.status,
                                400,
                                "{} {}: {}",
                                at_limit.request,
                                limit.keyword,
                                at_limit.text()
                            );
                            assert_refused_at(&beyond_limit, 400, &format!("/header/{name}"));
                        }
                        // A path that refers to no object is not found.
                        _ => assert_eq!(
                            (
                                at_limit.status == 404
                                    && at_limit.problem_type() == "not_found"
                                    && !["version", "level", "index"].contains(&name),
                                beyond_limit.status
                            ),
                            (false, 404),
                            "{} {}: {}",
                            at_limit.request,
                            limit.keyword,
                            at_limit.text()
                        ),
                    }
                }
            }
        }
        assert!(tested_limits > 60, "only {tested_limits} limits were found");
    }

    fn limits_described_in_prose_are_enforced(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        let path = seed.path_to("fragments");
        let valid_fragment = fragment(&[entry("a burn", "2026-01-02", &[&seed.twin])]);

        assert_size_and_depth_of_bodies_limited(app, &path, &valid_fragment);
        // If-None-Match has at most 2,000 characters; a longer one is ignored.
        let first = app.as_user(User::OWNER).get(&seed.path);
        let tag = first.header("etag").unwrap();
        let tags = |size: usize| format!("\"{}\",{tag}", "x".repeat(size - tag.len() - 3));
        assert_eq!(
            app.as_user(User::OWNER)
                .get_if_none_match(&seed.path, &tags(2_000))
                .status,
            304
        );
        assert_eq!(
            app.as_user(User::OWNER)
                .get_if_none_match(&seed.path, &tags(2_001))
                .status,
            200
        );

        // One agency has at most 100 fragments on a chronology; one already exists.
        for number in 0..99 {
            let body = with_members(
                valid_fragment.clone(),
                json!({"agency_reference": format!("R-{number}")}),
            );
            let _ = waiting.post(&path, &body).expect_ok();
        }
        let one_more = with_members(valid_fragment.clone(), json!({"agency_reference": "R-99"}));
        let refused = waiting.post(&path, &one_more);
        assert_eq!(
            refused.field_errors(),
            [(String::new(), "too_many_fragments".to_owned())],
            "{}",
            refused.text()
        );

        assert_entries_of_an_agency_limited(app, &seed);
        // The review date of a hold is at most one year ahead.
        let hold = |days: u64| {
            json!({
                "scope": "chronology", "target_id": seed.chronology, "reason": "Canary",
                "review_at": app.in_days(days),
            })
        };
        assert_refused_at(
            &app.as_user(User::MANAGER).post("/v1/holds", &hold(367)),
            422,
            "/review_at",
        );
        let _ = app
            .as_user(User::MANAGER)
            .post("/v1/holds", &hold(366))
            .expect_status(201);
    }
}

/// Sends the operation's request with one parameter set to a value.
fn send_with_parameter(
    app: &TestApp,
    operation: &DocumentedOperation,
    seed: &Seed,
    parameter: &Value,
    name: &str,
    value: &Value,
    body: &Value,
) -> ApiResponse {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let client = app.as_user(authorized_user(operation));
    let path = path_with_existing_ids(&operation.path, seed, None);
    match parameter["in"].as_str().unwrap() {
        "query" => {
            let values = value
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![value.clone()]);
            let mut pairs: Vec<String> = values
                .iter()
                .map(|value| format!("{name}={}", text(value)))
                .collect();
            let document = openapi_document();
            let others = operation
                .parameters(&document)
                .into_iter()
                .filter(|other| other["in"] == "query" && other["required"] == true);
            pairs.extend(
                others
                    .filter(|other| other["name"] != name)
                    .map(|other| format!("{}=0", other["name"].as_str().unwrap())),
            );
            client.get(&format!("{path}?{}", pairs.join("&")))
        }
        "header" => {
            // An entity tag is quoted.
            let mut header = text(value);
            if name == "If-Match" {
                let inside = "x".repeat(header.len().saturating_sub(2));
                header = if header.len() < 2 {
                    "\"".to_owned()
                } else {
                    format!("\"{inside}\"")
                };
            }
            let body = if body.is_null() {
                Vec::new()
            } else {
                body.to_string().into_bytes()
            };
            client.send(&operation.method, &path, &[JSON, (name, &header)], &body)
        }
        _ => send(
            app,
            operation,
            &path_with_existing_ids(&operation.path, seed, Some((name, &text(value)))),
            body,
        ),
    }
}

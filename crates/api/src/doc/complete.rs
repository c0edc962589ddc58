//! Completes the document collected from the routes with what they share.

use std::collections::BTreeSet;

use domain::Operation;
use serde_json::{Map, Value, json};
use web::problem::ProblemOut;

use super::{METHODS, examples, parameters, request_bodies, responses, schemas, set};

/// Groups of operations, in the order of the API reference.
const TAGS: [(&str, &str); 12] = [
    (
        "Directory",
        "The partnership, its agencies and its practitioners.",
    ),
    (
        "People and families",
        "Children, adults, and the families they belong to.",
    ),
    (
        "Chronologies",
        "One multi-agency chronology and its state machine.",
    ),
    ("Invitations", "The invited agencies and their responses."),
    ("Fragments", "What an agency submits."),
    (
        "Timeline",
        "The consolidated view, and views frozen for meetings.",
    ),
    (
        "Who is who",
        "Matching of people: questions for social care, decisions, and undoing them.",
    ),
    (
        "Links",
        "Which entries describe the same event, the evidence, and people's decisions about it.",
    ),
    ("Holds", "Legal holds, which prevent destruction."),
    (
        "Emergency access",
        "Breaking the glass: read access in an emergency, its alerts and its review.",
    ),
    (
        "Deletion",
        "Early destruction, certificates of every destruction, and expired objects that are not deleted yet.",
    ),
    ("Audit", "Who did what, and why it was allowed."),
];

const DESCRIPTION: &str = "Agencies submit what they know about a child or family to a multi-agency \
    chronology; children's social care and the contributors read one timeline; then it expires and \
    is destroyed.\n\n\
    Every error is a problem document (RFC 9457) whose `type` leads to a page with guidance. An \
    object that does not exist and one that you may not see get the same response, 404. Every POST \
    that writes requires an `Idempotency-Key`; every PUT, PATCH and DELETE requires `If-Match`. \
    Lists are paged: follow `Link: rel=\"next\"`. A request costs 1 (reads), 2 (writes) or 4 \
    (timelines) of the caller's quota, shown in `RateLimit`. Bodies are limited to 2 MiB and 32 \
    levels of nesting, tokens to 8 KiB. An agency can have at most 100 fragments on one chronology, \
    with 3,000 entries or 3 MiB in total, and 1,000 advance submissions; a chronology can have at \
    most 1,000 decisions about links. A problem lists at most 100 faults. Too many concurrent \
    requests get 429 or 503 with `Retry-After`; connections on which a client neither sends \
    requests nor reads responses are closed. Optional fields without a value are omitted from \
    responses. New fields may be added to responses: ignore fields you do not know.";

/// The complete document.
pub(super) fn complete(mut document: Value) -> Value {
    if let Some(schemas) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        schemas::reference_page_items(schemas);
        schemas.extend(problem_schemas());
        schemas.values_mut().for_each(schemas::clean_up);
    }
    schemas::rename_pages(&mut document);
    let tag =
        |(name, description): &(&str, &str)| json!({ "name": name, "description": description });
    set(&mut document, "openapi", json!("3.1.0"));
    set(&mut document, "info", info());
    set(&mut document, "tags", TAGS.iter().map(tag).collect());
    set(&mut document, "security", json!([{ "bearer": [] }]));
    add_components(&mut document);
    let schemas = document
        .pointer("/components/schemas")
        .cloned()
        .unwrap_or_default();
    for (path, item) in document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                complete_operation(method, path, operation, &schemas);
            }
        }
    }
    document
}

fn add_components(document: &mut Value) {
    let inputs = request_bodies(document);
    let Some(components) = document.get_mut("components") else {
        return;
    };
    if let Some(schemas) = components.get_mut("schemas").and_then(Value::as_object_mut) {
        let inputs = schemas::reachable(schemas, inputs);
        schemas::remove_null_from_outputs(schemas, &inputs);
        drop_unused(schemas, &inputs);
    }
    set(components, "parameters", parameters::components());
    set(components, "responses", responses::components());
    set(components, "headers", responses::header_components());
    set(
        components,
        "securitySchemes",
        json!({ "bearer": bearer_scheme() }),
    );
}

fn info() -> Value {
    json!({
        "title": "Multi-agency chronology",
        "version": env!("CARGO_PKG_VERSION"),
        "description": DESCRIPTION,
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" }
    })
}

fn bearer_scheme() -> Value {
    json!({
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token (RFC 9068) from a configured issuer, valid for at most an hour, of at \
            most 8 KiB, with identifiers of at most 255 characters and at most 16 roles. A record \
            system's token is bound to its client certificate (RFC 8705)."
    })
}

/// The problem document and the schemas it refers to, which no successful response uses.
fn problem_schemas() -> Vec<(String, Value)> {
    let mut collected = Vec::new();
    <ProblemOut as utoipa::ToSchema>::schemas(&mut collected);
    let problem = <ProblemOut as utoipa::PartialSchema>::schema();
    collected.push(("Problem".to_owned(), problem));
    collected
        .into_iter()
        .filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?)))
        .collect()
}

/// Removes schemas that neither outputs nor inputs refer to, such as those of types that are
/// serialised in another form.
fn drop_unused(schemas: &mut Map<String, Value>, inputs: &BTreeSet<String>) {
    let responses = schemas.keys().filter(|name| {
        name.ends_with("Out") || name.ends_with("Page") || name.ends_with("Receipt")
    });
    let roots = responses
        .cloned()
        .chain(["Problem", "Category", "Significance"].map(str::to_owned))
        .collect();
    let used = schemas::reachable(schemas, roots);
    schemas.retain(|name, _| used.contains(name) || inputs.contains(name));
}

fn complete_operation(
    method: &str,
    path: &str,
    operation: &mut Map<String, Value>,
    schemas: &Value,
) {
    let text = |operation: &Map<String, Value>, name: &str| {
        operation
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let id = text(operation, "operationId");
    if let Ok(parsed) = text(operation, "x-audit-event").parse::<Operation>() {
        let description = format!(
            "{}\n\nPermitted callers: {}.",
            text(operation, "description"),
            parsed.spec().callers
        );
        operation.insert("description".to_owned(), json!(description));
        operation.insert("x-permission".to_owned(), json!(parsed.as_str()));
    }
    let returns_page = success_schema(operation).is_some_and(|schema| schema.ends_with("Page"));
    operation.insert(
        "parameters".to_owned(),
        json!(parameters::for_operation(method, path, &id, returns_page)),
    );
    let has_body = operation.contains_key("requestBody");
    if let Some(content) = operation.get_mut("requestBody") {
        set(content, "required", json!(true));
        add_example(content, schemas);
    }
    complete_responses(
        method,
        path,
        &id,
        has_body,
        returns_page,
        operation,
        schemas,
    );
}

fn complete_responses(
    method: &str,
    path: &str,
    id: &str,
    has_body: bool,
    returns_page: bool,
    operation: &mut Map<String, Value>,
    schemas: &Value,
) {
    let Some(responses) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    for (status, response) in responses.iter_mut() {
        let mut names = vec!["RateLimit", "RateLimit-Policy", "X-Request-Id"];
        names.extend((status != "204").then_some("ETag"));
        names.extend((status == "201").then_some("Location"));
        names.extend((method == "post" && id != "find_people").then_some("Idempotent-Replayed"));
        names.extend((returns_page || id == "get_timeline").then_some("Link"));
        set(response, "headers", responses::headers(&names));
        add_example(response, schemas);
    }
    if method == "get" {
        responses.insert(
            "304".to_owned(),
            json!({ "$ref": "#/components/responses/NotModified" }),
        );
    }
    let stateless = [
        "/v1/agencies",
        "/v1/practitioners",
        "/v1/partnership",
        "/v1/me",
        "/v1/audit",
        "/v1/holds",
        "/v1/deletion-certificates",
        "/v1/unpurged",
    ];
    let has_state = !stateless.iter().any(|start| path.starts_with(start));
    for status in responses::problem_statuses(method, has_body, has_state) {
        responses.insert(status.to_string(), responses::reference(status));
    }
}

/// The name of the schema of a successful response.
fn success_schema(operation: &Map<String, Value>) -> Option<String> {
    let responses = operation.get("responses")?.as_object()?;
    let reference = responses
        .values()
        .find_map(|response| response.pointer("/content/application~1json/schema/$ref"))?;
    reference.as_str()?.rsplit('/').next().map(str::to_owned)
}

/// Adds the example for the schema of a request or response body.
fn add_example(holder: &mut Value, schemas: &Value) {
    let Some(media) = holder.pointer_mut("/content/application~1json") else {
        return;
    };
    let schema = media
        .pointer("/schema/$ref")
        .and_then(Value::as_str)
        .and_then(|text| text.rsplit('/').next());
    if let Some(example) = schema.and_then(|schema| examples::for_schema(schema, schemas)) {
        set(media, "example", example);
    }
}

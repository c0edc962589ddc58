//! Completes what was collected from the routes with everything they share.

use std::collections::BTreeSet;

use domain::Operation;
use serde_json::{Map, Value, json};

use super::{METHODS, examples, parameters, request_bodies, responses, schemas, set};
use crate::permission::who;

/// Groups of operations, in the order of the reference.
const TAGS: [(&str, &str); 12] = [
    ("Directory", "The partnership, its agencies and its practitioners."),
    ("People and families", "Children, adults, and the families they belong to."),
    ("Chronologies", "One multi-agency chronology and its state machine."),
    ("Invitations", "Who is asked, and what they answer."),
    ("Fragments", "What an agency submits."),
    ("Timeline", "The consolidated view, and views frozen for meetings."),
    ("Who is who", "Whose records are of the same person: questions for social care, decisions, and undoing them."),
    ("Links", "Which entries tell one event, why, and what people decided about it."),
    ("Holds", "Legal holds, which stop destruction."),
    ("Emergency access", "Breaking the glass: reading in an emergency, the alerts about it, and its review."),
    ("Deletion", "Destruction before its time, certificates of every destruction, and what is still there."),
    ("Audit", "Who did what, and why it was allowed."),
];

const ABOUT: &str = "Agencies submit what they know of a child or family to a multi-agency chronology; children's social \
    care and those who contributed read one timeline; then it expires and is gone.\n\n\
    Every error is a problem document (RFC 9457) whose `type` leads to a page that says what to do next. What does not \
    exist and what is not yours get the same answer, 404. Every POST that writes needs an `Idempotency-Key`; every PUT, \
    PATCH and DELETE needs `If-Match`. Lists come in pages: follow `Link: rel=\"next\"`. A request weighs 1 (reads), 2 \
    (writes) or 4 (timelines) against the caller's allowance, shown in `RateLimit`. Bodies are at most 2 MiB, nested at most 32 levels deep; \
    a token is at most 8 KiB. An agency has at most 100 fragments on one chronology, with 3,000 entries or 3 MiB of them, and \
    1,000 ahead of chronologies; a chronology has at most 1,000 decisions about links. A problem names at most 100 faults. \
    Whoever asks for too much at the same time gets 429 or 503 with `Retry-After`; connections on which a client neither \
    asks nor reads are ended. Optional \
    fields without a value are left out of answers. New fields may be added to answers: ignore what you do not know.";

/// The whole document.
pub(super) fn complete(mut document: Value) -> Value {
    if let Some(all) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas::refer_to_items(all);
        all.extend(own_schemas());
        all.values_mut().for_each(schemas::tidy);
    }
    schemas::rename_pages(&mut document);
    let tag = |(name, description): &(&str, &str)| json!({ "name": name, "description": description });
    set(&mut document, "openapi", json!("3.1.0"));
    set(&mut document, "info", about());
    set(&mut document, "tags", TAGS.iter().map(tag).collect());
    set(&mut document, "security", json!([{ "bearer": [] }]));
    add_components(&mut document);
    let all = document.pointer("/components/schemas").cloned().unwrap_or_default();
    for (path, item) in document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                complete_operation(method, path, operation, &all);
            }
        }
    }
    document
}

fn add_components(document: &mut Value) {
    let inputs = request_bodies(document);
    let Some(components) = document.get_mut("components") else { return };
    if let Some(all) = components.get_mut("schemas").and_then(Value::as_object_mut) {
        let inputs = schemas::reachable(all, inputs);
        schemas::no_null_in_answers(all, &inputs);
        drop_unused(all, &inputs);
    }
    set(components, "parameters", parameters::components());
    set(components, "responses", responses::components());
    set(components, "headers", responses::header_components());
    set(components, "securitySchemes", json!({ "bearer": bearer() }));
}

fn about() -> Value {
    json!({
        "title": "Multi-agency chronology",
        "version": env!("CARGO_PKG_VERSION"),
        "description": ABOUT,
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" }
    })
}

fn bearer() -> Value {
    json!({
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token after RFC 9068 from an issuer this service is configured for, valid for at most \
            an hour, of at most 8 KiB, with identifiers of at most 255 characters and at most 16 roles. A record system's token is bound to its client certificate (RFC 8705)."
    })
}

/// Schemas that no route's success answers with.
fn own_schemas() -> Vec<(String, Value)> {
    let mut gathered = Vec::new();
    <crate::problem::ProblemOut as utoipa::ToSchema>::schemas(&mut gathered);
    let problem = <crate::problem::ProblemOut as utoipa::PartialSchema>::schema();
    gathered.push(("Problem".to_owned(), problem));
    gathered.into_iter().filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?))).collect()
}

/// Schemas that only stood behind a type which the wire shows in another form.
fn drop_unused(all: &mut Map<String, Value>, inputs: &BTreeSet<String>) {
    let answers =
        all.keys().filter(|name| name.ends_with("Out") || name.ends_with("Page") || name.ends_with("Receipt"));
    let roots = answers.cloned().chain(["Problem", "Category", "Significance"].map(str::to_owned)).collect();
    let used = schemas::reachable(all, roots);
    all.retain(|name, _| used.contains(name) || inputs.contains(name));
}

fn complete_operation(method: &str, path: &str, operation: &mut Map<String, Value>, all: &Value) {
    let text = |operation: &Map<String, Value>, name: &str| {
        operation.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let id = text(operation, "operationId");
    if let Ok(known) = text(operation, "x-audit-event").parse::<Operation>() {
        let description = format!("{}\n\nWho may: {}.", text(operation, "description"), who(known));
        operation.insert("description".to_owned(), json!(description));
        operation.insert("x-permission".to_owned(), json!(known.as_str()));
    }
    let answers_page = success_schema(operation).is_some_and(|schema| schema.ends_with("Page"));
    operation.insert("parameters".to_owned(), json!(parameters::of(method, path, &id, answers_page)));
    let has_body = operation.contains_key("requestBody");
    if let Some(content) = operation.get_mut("requestBody") {
        set(content, "required", json!(true));
        add_example(content, all);
    }
    complete_responses(method, path, &id, has_body, answers_page, operation, all);
}

fn complete_responses(
    method: &str,
    path: &str,
    id: &str,
    has_body: bool,
    answers_page: bool,
    operation: &mut Map<String, Value>,
    all: &Value,
) {
    let Some(answers) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, answer) in answers.iter_mut() {
        let mut names = vec!["RateLimit", "RateLimit-Policy", "X-Request-Id"];
        names.extend((status != "204").then_some("ETag"));
        names.extend((status == "201").then_some("Location"));
        names.extend((method == "post" && id != "find_people").then_some("Idempotent-Replayed"));
        names.extend((answers_page || id == "get_timeline").then_some("Link"));
        set(answer, "headers", responses::headers(&names));
        add_example(answer, all);
    }
    if method == "get" {
        answers.insert("304".to_owned(), json!({ "$ref": "#/components/responses/NotModified" }));
    }
    let plain = [
        "/v1/agencies",
        "/v1/practitioners",
        "/v1/partnership",
        "/v1/me",
        "/v1/audit",
        "/v1/holds",
        "/v1/deletion-certificates",
        "/v1/unpurged",
    ];
    let lives = !plain.iter().any(|start| path.starts_with(start));
    for status in responses::statuses(method, has_body, lives) {
        answers.insert(status.to_string(), responses::reference(status));
    }
}

/// The schema of the answer when it goes well.
fn success_schema(operation: &Map<String, Value>) -> Option<String> {
    let answers = operation.get("responses")?.as_object()?;
    let reference = answers.values().find_map(|answer| answer.pointer("/content/application~1json/schema/$ref"))?;
    reference.as_str()?.rsplit('/').next().map(str::to_owned)
}

/// Adds the example of the schema that a body has.
fn add_example(holder: &mut Value, all: &Value) {
    let Some(media) = holder.pointer_mut("/content/application~1json") else { return };
    let schema = media.pointer("/schema/$ref").and_then(Value::as_str).and_then(|text| text.rsplit('/').next());
    if let Some(example) = schema.and_then(|schema| examples::of(schema, all)) {
        set(media, "example", example);
    }
}

//! Parameters that routes share, kept once among the document's components.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Query parameters of the routes that have more than a page, by operation id. Routes that answer with a page have
/// `Cursor` and `Limit` besides, but for [`WHOLE`].
const FILTERS: [(&str, &[&str]); 6] = [
    ("get_deletion_certificate", &["CertificateObject"]),
    ("list_practitioners", &["AgencyFilter"]),
    (
        "get_timeline",
        &["Children", "Agencies", "Categories", "Significance", "FirstDay", "LastDay", "Cursor", "TimelineLimit"],
    ),
    (
        "list_audit",
        &["AuditChronology", "AuditObject", "AuditPractitioner", "AuditOperation", "AuditFrom", "AuditUntil"],
    ),
    ("prove_audit_record", &["TreeSize"]),
    ("get_audit_consistency", &["TreeFrom", "TreeTo"]),
];

/// Lists that are short by nature and come whole.
const WHOLE: [&str; 3] = ["find_people", "list_readers", "list_fragment_versions"];

/// All shared parameters.
pub(super) fn components() -> Value {
    let day = || json!({ "type": "string", "format": "date" });
    let instant = || json!({ "type": "string", "format": "date-time", "maxLength": 40 });
    let mut all = Map::new();
    let mut add = |key: &str, parameter: Value| {
        all.insert(key.to_owned(), parameter);
    };
    add("IdempotencyKey", idempotency_key());
    add("IfMatch", if_match(true));
    add("IfMatchToUpdate", if_match(false));
    add("IfNoneMatch", if_none_match());
    add(
        "Cursor",
        query(
            "cursor",
            "Cursor of the page before, unchanged.",
            json!({ "type": "string", "minLength": 1, "maxLength": 2048 }),
        ),
    );
    let limit = |default: Option<u16>| {
        let mut schema = json!({ "type": "integer", "minimum": 1, "maximum": 500 });
        if let Some(default) = default {
            super::set(&mut schema, "default", default.into());
        }
        schema
    };
    add("Limit", query("limit", "Items on a page.", limit(Some(50))));
    add(
        "TimelineLimit",
        query(
            "limit",
            "Rows on a page. When left out, the whole timeline, unless it is longer than 3 MiB: then `next` leads to the rest.",
            limit(None),
        ),
    );
    add("AgencyFilter", query("agency", "Only those of this agency.", uuid()));
    add("Children", query("child", "Rows that concern any of these children.", list(uuid())));
    add("Agencies", query("agency", "Rows that any of these agencies tells.", list(uuid())));
    add(
        "Categories",
        query(
            "category",
            "Rows with an account of any of these categories, built-in or the partnership's own. 422 names each that is on \
             neither list.",
            list(schema("Category")),
        ),
    );
    add("Significance", query("significance", "Rows of any of these significances.", list(schema("Significance"))));
    add("FirstDay", query("from", "Rows that may have happened on or after this day.", day()));
    add("LastDay", query("to", "Rows that may have happened on or before this day.", day()));
    add("AuditChronology", query("chronology", "Records about this chronology.", uuid()));
    add("AuditObject", query("object", "Records about this object.", uuid()));
    add("AuditPractitioner", query("practitioner", "Records of this practitioner.", uuid()));
    add("AuditOperation", query("operation", "Records of this operation.", operation_words()));
    add("CertificateObject", query("object", "Only the proof for this object.", uuid()));
    add("AuditFrom", query("from", "Records at or after this instant.", instant()));
    add("AuditUntil", query("until", "Records before this instant.", instant()));
    let size = || json!({ "type": "integer", "format": "int64", "minimum": 0 });
    let needed = |mut parameter: Value| {
        super::set(&mut parameter, "required", true.into());
        parameter
    };
    add("TreeSize", query("size", "The size of the tree to prove it in; its present size when left out.", size()));
    add("TreeFrom", needed(query("from", "Size of the earlier tree.", size())));
    add("TreeTo", needed(query("to", "Size of the later tree.", size())));
    Value::Object(all)
}

fn query(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema })
}

fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items, "maxItems": 100 })
}

fn operation_words() -> Value {
    let words: Vec<&str> = domain::Operation::ALL.iter().map(|operation| operation.as_str()).collect();
    json!({ "type": "string", "enum": words, "example": "timeline.read" })
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": true,
        "description": "Your own name for this request, new for each thing you want done and the same when you try it \
            again: a retry has one effect and is answered anew, marked Idempotent-Replayed: with the same status, as \
            its object is then and as you may read it then; what is gone or no longer yours is answered as reading it \
            is. It is kept for a day. X-Request-ID is taken in its place only where the deployer has configured it.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
        "example": "6f1c9b1e-5c0d-4c8e-9a57-0d8f2b7c4a11"
    })
}

fn if_match(required: bool) -> Value {
    let description = if required {
        "The ETag of the version you read. 428 without it, 412 when somebody changed it since."
    } else {
        "The ETag of the version to update; left out to create."
    };
    json!({
        "name": "If-Match",
        "in": "header",
        "required": required,
        "description": description,
        "schema": { "type": "string", "minLength": 2, "maxLength": 100, "pattern": "^(W/)?\"[!#-~]*\"$" },
        "example": "\"1\""
    })
}

fn if_none_match() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "required": false,
        "description": "ETags you have: 304 when one is still right. Never after expiry. More than 2,000 characters are passed \
            over, like a tag that fits nothing.",
        "schema": { "type": "string" }
    })
}

/// The parameters of one operation: those in its path, then shared ones by reference.
pub(super) fn of(method: &str, path: &str, operation_id: &str, answers_page: bool) -> Vec<Value> {
    let named = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let mut parameters: Vec<Value> = named.map(in_path).collect();
    let header = match (method, operation_id) {
        ("get", _) => Some("IfNoneMatch"),
        (_, "find_people") => None,
        ("post", _) => Some("IdempotencyKey"),
        (_, "put_fragment") => Some("IfMatchToUpdate"),
        _ => Some("IfMatch"),
    };
    let filters = FILTERS.iter().find(|(id, _)| *id == operation_id).map_or(&[][..], |(_, names)| *names);
    let page: &[&str] = if answers_page && !WHOLE.contains(&operation_id) { &["Cursor", "Limit"] } else { &[] };
    let shared = filters.iter().chain(page).copied().chain(header);
    parameters.extend(shared.map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })));
    parameters
}

fn in_path(name: &str) -> Value {
    let (schema, description) = match name {
        "agency_reference" => (
            json!({ "type": "string", "minLength": 1, "maxLength": 120 }),
            "Your agency's own reference of this return.".to_owned(),
        ),
        "version" => (json!({ "type": "integer", "format": "int64", "minimum": 1 }), "The version, from 1.".to_owned()),
        "level" => (
            json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": 7 }),
            "Level of the tree, 0 for the records' own hashes.".to_owned(),
        ),
        "index" => (
            json!({ "type": "integer", "format": "int64", "minimum": 0 }),
            "Which tile of the level, from 0.".to_owned(),
        ),
        id => (uuid(), format!("The {}.", id.trim_end_matches("_id"))),
    };
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
}

/// The names of an operation's query parameters.
pub(super) fn query_names(document: &Value, operation: &Value) -> BTreeSet<String> {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let resolved = parameters.filter_map(|parameter| match parameter.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(reference.trim_start_matches('#')),
        None => Some(parameter),
    });
    let queries = resolved.filter(|parameter| parameter.get("in").is_some_and(|place| place == "query"));
    queries.filter_map(|parameter| parameter.get("name")?.as_str().map(str::to_owned)).collect()
}

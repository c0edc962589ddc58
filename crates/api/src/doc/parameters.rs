//! Parameters that operations share, as components of the document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Query parameters of operations other than paging, by operation id. Operations that return a page
/// also have `Cursor` and `Limit`, except [`UNPAGED_OPERATIONS`].
const QUERY_PARAMETERS: [(&str, &[&str]); 6] = [
    ("get_deletion_certificate", &["CertificateObject"]),
    ("list_practitioners", &["AgencyFilter"]),
    (
        "get_timeline",
        &[
            "Children",
            "Agencies",
            "Categories",
            "Significance",
            "FirstDay",
            "LastDay",
            "Cursor",
            "TimelineLimit",
        ],
    ),
    (
        "list_audit",
        &[
            "AuditChronology",
            "AuditObject",
            "AuditPractitioner",
            "AuditOperation",
            "AuditFrom",
            "AuditUntil",
        ],
    ),
    ("prove_audit_record", &["TreeSize"]),
    ("get_audit_consistency", &["TreeFrom", "TreeTo"]),
];

/// Operations whose lists are always short and returned whole.
const UNPAGED_OPERATIONS: [&str; 3] = ["find_people", "list_readers", "list_fragment_versions"];

/// A parameter with its key in the document.
type Component = (&'static str, Value);

/// All shared parameters.
pub(super) fn components() -> Value {
    let all: Map<String, Value> = header_parameters()
        .into_iter()
        .chain(paging_parameters())
        .chain(list_filters())
        .chain(audit_filters())
        .chain(tree_parameters())
        .map(|(key, parameter)| (key.to_owned(), parameter))
        .collect();
    Value::Object(all)
}

fn header_parameters() -> [Component; 4] {
    [
        ("IdempotencyKey", idempotency_key_header()),
        ("IfMatch", if_match_header(true)),
        ("IfMatchToUpdate", if_match_header(false)),
        ("IfNoneMatch", if_none_match_header()),
    ]
}

fn paging_parameters() -> [Component; 3] {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 500 });
    let mut page_limit = limit.clone();
    super::set(&mut page_limit, "default", 50.into());
    [
        query_component(
            "Cursor",
            "cursor",
            "Cursor from the previous page, unchanged.",
            json!({ "type": "string", "minLength": 1, "maxLength": 2048 }),
        ),
        query_component("Limit", "limit", "Items per page.", page_limit),
        query_component(
            "TimelineLimit",
            "limit",
            "Rows per page. Without it the whole timeline is returned, unless it is longer than 3 MiB: \
             then `next` leads to the rest.",
            limit,
        ),
    ]
}

/// The filters of practitioners and of the timeline.
fn list_filters() -> [Component; 7] {
    let day = || json!({ "type": "string", "format": "date" });
    [
        query_component(
            "AgencyFilter",
            "agency",
            "Only those of this agency.",
            uuid_schema(),
        ),
        query_component(
            "Children",
            "child",
            "Rows that concern any of these children.",
            list_schema(uuid_schema()),
        ),
        query_component(
            "Agencies",
            "agency",
            "Rows with an account of any of these agencies.",
            list_schema(uuid_schema()),
        ),
        query_component(
            "Categories",
            "category",
            "Rows with an account in any of these categories, built in or defined by the partnership. \
             An unknown category is a fault (422).",
            list_schema(schema_reference("Category")),
        ),
        query_component(
            "Significance",
            "significance",
            "Rows with any of these significances.",
            list_schema(schema_reference("Significance")),
        ),
        query_component(
            "FirstDay",
            "from",
            "Rows that may have happened on or after this day.",
            day(),
        ),
        query_component(
            "LastDay",
            "to",
            "Rows that may have happened on or before this day.",
            day(),
        ),
    ]
}

/// The filters of audit records and of deletion certificates.
fn audit_filters() -> [Component; 7] {
    let instant = || json!({ "type": "string", "format": "date-time", "maxLength": 40 });
    [
        query_component(
            "AuditChronology",
            "chronology",
            "Records about this chronology.",
            uuid_schema(),
        ),
        query_component(
            "AuditObject",
            "object",
            "Records about this object.",
            uuid_schema(),
        ),
        query_component(
            "AuditPractitioner",
            "practitioner",
            "Records of this practitioner.",
            uuid_schema(),
        ),
        query_component(
            "AuditOperation",
            "operation",
            "Records of this operation.",
            operation_schema(),
        ),
        query_component(
            "CertificateObject",
            "object",
            "Only the proof for this object.",
            uuid_schema(),
        ),
        query_component(
            "AuditFrom",
            "from",
            "Records at or after this instant.",
            instant(),
        ),
        query_component(
            "AuditUntil",
            "until",
            "Records before this instant.",
            instant(),
        ),
    ]
}

/// The sizes of the audit tree that its proofs refer to.
fn tree_parameters() -> [Component; 3] {
    let size = || json!({ "type": "integer", "format": "int64", "minimum": 0 });
    let required = |(key, mut parameter): Component| {
        super::set(&mut parameter, "required", true.into());
        (key, parameter)
    };
    [
        query_component(
            "TreeSize",
            "size",
            "Size of the tree for which to prove it; by default its current size.",
            size(),
        ),
        required(query_component(
            "TreeFrom",
            "from",
            "Size of the earlier tree.",
            size(),
        )),
        required(query_component(
            "TreeTo",
            "to",
            "Size of the later tree.",
            size(),
        )),
    ]
}

/// An optional query parameter with its key in the document.
fn query_component(key: &'static str, name: &str, description: &str, schema: Value) -> Component {
    (key, query_parameter(name, description, schema))
}

fn query_parameter(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema })
}

fn uuid_schema() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn schema_reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn list_schema(items: Value) -> Value {
    json!({ "type": "array", "items": items, "maxItems": 100 })
}

fn operation_schema() -> Value {
    let names: Vec<&str> = domain::Operation::ALL
        .iter()
        .map(|operation| operation.as_str())
        .collect();
    json!({ "type": "string", "enum": names, "example": "timeline.read" })
}

fn idempotency_key_header() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": true,
        "description": "An identifier of your choice for this request: a new one for each new action, the same one for a \
            retry. A retry has no further effect and is marked Idempotent-Replayed: it returns the same status, and the \
            object in its current state as you may read it now; what has been deleted or is no longer visible to you gets \
            the same response as a read. Keys are kept for a day. X-Request-ID is accepted instead only where the deployer \
            has configured it.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
        "example": "6f1c9b1e-5c0d-4c8e-9a57-0d8f2b7c4a11"
    })
}

fn if_match_header(required: bool) -> Value {
    let description = if required {
        "The ETag of the version you read. 428 without it, 412 when the object has changed since."
    } else {
        "The ETag of the version to update; omit it to create."
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

fn if_none_match_header() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "required": false,
        "description": "The ETags you have: the response is 304 when one of them is current, but never after expiry. A header \
            of more than 2,000 characters is ignored.",
        "schema": { "type": "string" }
    })
}

/// The parameters of an operation: those in its path, then references to shared ones.
pub(super) fn for_operation(
    method: &str,
    path: &str,
    operation_id: &str,
    returns_page: bool,
) -> Vec<Value> {
    let named = path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next());
    let mut parameters: Vec<Value> = named.map(path_parameter).collect();
    let header = match (method, operation_id) {
        ("get", _) => Some("IfNoneMatch"),
        (_, "find_people") => None,
        ("post", _) => Some("IdempotencyKey"),
        (_, "put_fragment") => Some("IfMatchToUpdate"),
        _ => Some("IfMatch"),
    };
    let filters = QUERY_PARAMETERS
        .iter()
        .find(|(id, _)| *id == operation_id)
        .map_or(&[][..], |(_, names)| *names);
    let page: &[&str] = if returns_page && !UNPAGED_OPERATIONS.contains(&operation_id) {
        &["Cursor", "Limit"]
    } else {
        &[]
    };
    let shared = filters.iter().chain(page).copied().chain(header);
    parameters
        .extend(shared.map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })));
    parameters
}

fn path_parameter(name: &str) -> Value {
    let (schema, description) = match name {
        "agency_reference" => (
            json!({ "type": "string", "minLength": 1, "maxLength": 120 }),
            "Your agency's own reference of this return.".to_owned(),
        ),
        "version" => (
            json!({ "type": "integer", "format": "int64", "minimum": 1 }),
            "The version, from 1.".to_owned(),
        ),
        "level" => (
            json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": 7 }),
            "Level of the tree; 0 holds the hashes of the records.".to_owned(),
        ),
        "index" => (
            json!({ "type": "integer", "format": "int64", "minimum": 0 }),
            "Index of the tile in its level, from 0.".to_owned(),
        ),
        id => (
            uuid_schema(),
            format!("The {}.", id.trim_end_matches("_id")),
        ),
    };
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
}

/// The names of an operation's query parameters.
pub(super) fn query_names(document: &Value, operation: &Value) -> BTreeSet<String> {
    let parameters = operation
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let resolved =
        parameters.filter_map(
            |parameter| match parameter.get("$ref").and_then(Value::as_str) {
                Some(reference) => document.pointer(reference.trim_start_matches('#')),
                None => Some(parameter),
            },
        );
    let queries = resolved.filter(|parameter| {
        parameter
            .get("in")
            .is_some_and(|location| location == "query")
    });
    queries
        .filter_map(|parameter| parameter.get("name")?.as_str().map(str::to_owned))
        .collect()
}

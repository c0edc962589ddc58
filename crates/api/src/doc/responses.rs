//! Answers that routes share: problems, and the headers of those that went well.

use serde_json::{Map, Value, json};

use crate::problem::{MEDIA_TYPE, table};

/// The name of the shared answer for each status that a problem can have.
const NAMES: [(u16, &str); 16] = [
    (400, "Malformed"),
    (401, "Unauthenticated"),
    (404, "NotFound"),
    (405, "MethodNotAllowed"),
    (408, "Timeout"),
    (409, "Conflict"),
    (410, "Expired"),
    (412, "Stale"),
    (413, "TooLarge"),
    (415, "UnsupportedMediaType"),
    (422, "Invalid"),
    (428, "PreconditionRequired"),
    (429, "RateLimited"),
    (431, "HeadTooLarge"),
    (500, "Internal"),
    (503, "Unavailable"),
];

/// All shared answers.
pub(super) fn components() -> Value {
    let mut all: Map<String, Value> =
        NAMES.iter().map(|(status, name)| ((*name).to_owned(), problem(*status))).collect();
    let unchanged = json!({ "description": "You have the present version already.", "headers": headers(&["ETag"]) });
    all.insert("NotModified".to_owned(), unchanged);
    Value::Object(all)
}

fn problem(status: u16) -> Value {
    let codes: Vec<_> = table::CODES.iter().filter(|code| code.status == status).collect();
    let lines: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}. {}", code.word, code.title, code.next)).collect();
    let first = codes.first().map_or(("internal", ""), |code| (code.word, code.title));
    let mut response = json!({
        "description": lines.join("\n\n"),
        "content": { MEDIA_TYPE: {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "example": {
                "type": format!("/problems/{}", first.0),
                "title": first.1,
                "status": status,
                "instance": "/v1/chronologies",
                "requestId": "01999999-0000-7000-8000-000000000000"
            }
        } }
    });
    let extra: &[&str] = match status {
        401 => &["WWW-Authenticate"],
        405 => &["Allow"],
        429 => &["Retry-After", "RateLimit", "RateLimit-Policy"],
        503 => &["Retry-After"],
        _ => &[],
    };
    super::set(&mut response, "headers", headers(&[extra, &["X-Request-Id"]].concat()));
    response
}

/// References to shared headers.
pub(super) fn headers(names: &[&str]) -> Value {
    let reference = |name: &&str| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    Value::Object(names.iter().map(reference).collect())
}

/// All shared headers.
pub(super) fn header_components() -> Value {
    let text = |description: &str, example: &str| json!({ "description": description, "schema": { "type": "string" }, "example": example });
    json!({
        "ETag": text("Names this version; send it back as If-Match or If-None-Match.", "\"1.VKjIw-XuWYEAIOjTpBZZrA\""),
        "Location": text("Where the new resource is.", "/v1/chronologies/01999999-0000-7000-8000-000000000000"),
        "Link": text("The next page, when there is one.", "</v1/agencies?cursor=abc>; rel=\"next\""),
        "Idempotent-Replayed": text("`true` when an earlier request with the same key had its effect; this had none.", "true"),
        "RateLimit": text("What is left of the allowance and when it is whole again.", "\"caller\";r=1180;t=1"),
        "RateLimit-Policy": text("The allowance: requests by weight, in so many seconds.", "\"caller\";q=1200;w=60"),
        "Retry-After": text("Seconds to wait.", "2"),
        "WWW-Authenticate": text("What kind of token is expected.", "Bearer realm=\"chronology\""),
        "Allow": text("The methods that can be used here.", "GET, PATCH"),
        "X-Request-Id": text("The request, as in problems, logs and the audit.", "01999999-0000-7000-8000-000000000000")
    })
}

/// The statuses a route can answer with besides success.
pub(super) fn statuses(method: &str, has_body: bool, changes_or_holds: bool) -> Vec<u16> {
    let mut all = vec![400, 401, 404, 422, 429, 500, 503];
    if method != "get" {
        all.extend([408, 409, 410, 413]);
    } else if changes_or_holds {
        all.extend([409, 410]);
    }
    if has_body {
        all.push(415);
    }
    if matches!(method, "put" | "patch" | "delete") {
        all.extend([412, 428]);
    }
    all.sort_unstable();
    all
}

/// A reference to the shared answer of a status.
pub(super) fn reference(status: u16) -> Value {
    let name = NAMES.iter().find(|(known, _)| *known == status).map_or("Internal", |(_, name)| name);
    json!({ "$ref": format!("#/components/responses/{name}") })
}

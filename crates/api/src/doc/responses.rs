//! Responses that operations share: the problems, and the headers of successful responses.

use serde_json::{Map, Value, json};
use web::problem::{MEDIA_TYPE, table};

/// The component name of the shared response for each problem status.
const RESPONSE_NAMES: [(u16, &str); 16] = [
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

/// All shared responses.
pub(super) fn components() -> Value {
    let mut all: Map<String, Value> = RESPONSE_NAMES
        .iter()
        .map(|(status, name)| ((*name).to_owned(), problem(*status)))
        .collect();
    let not_modified =
        json!({ "description": "You have the current version.", "headers": headers(&["ETag"]) });
    all.insert("NotModified".to_owned(), not_modified);
    Value::Object(all)
}

fn problem(status: u16) -> Value {
    let codes: Vec<_> = table::CODES
        .iter()
        .filter(|code| code.status == status)
        .collect();
    let lines: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {}. {}", code.slug, code.title, code.guidance))
        .collect();
    let first = codes
        .first()
        .map_or(("internal", ""), |code| (code.slug, code.title));
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
    super::set(
        &mut response,
        "headers",
        headers(&[extra, &["X-Request-Id"]].concat()),
    );
    response
}

/// References to shared headers.
pub(super) fn headers(names: &[&str]) -> Value {
    let reference = |name: &&str| {
        (
            (*name).to_owned(),
            json!({ "$ref": format!("#/components/headers/{name}") }),
        )
    };
    Value::Object(names.iter().map(reference).collect())
}

/// All shared headers.
pub(super) fn header_components() -> Value {
    let text = |description: &str, example: &str| json!({ "description": description, "schema": { "type": "string" }, "example": example });
    json!({
        "ETag": text(
            "Identifies this version; send it back as If-Match or If-None-Match.",
            "\"1.VKjIw-XuWYEAIOjTpBZZrA\""
        ),
        "Location": text("Path of the new resource.", "/v1/chronologies/01999999-0000-7000-8000-000000000000"),
        "Link": text("The next page, if there is one.", "</v1/agencies?cursor=abc>; rel=\"next\""),
        "Idempotent-Replayed": text(
            "`true` when an earlier request with the same key was executed and this one had no effect.",
            "true"
        ),
        "RateLimit": text("Remaining quota, and seconds until it is full again.", "\"caller\";r=1180;t=1"),
        "RateLimit-Policy": text(
            "The quota (`q`), in units of request cost, per window of `w` seconds.",
            "\"caller\";q=1200;w=60"
        ),
        "Retry-After": text("Seconds to wait.", "2"),
        "WWW-Authenticate": text("The expected kind of token.", "Bearer realm=\"chronology\""),
        "Allow": text("The methods that this path allows.", "GET, PATCH"),
        "X-Request-Id": text(
            "Id of the request, as in problems, logs and the audit.",
            "01999999-0000-7000-8000-000000000000"
        )
    })
}

/// The problem statuses that an operation can return.
pub(super) fn problem_statuses(method: &str, has_body: bool, has_state: bool) -> Vec<u16> {
    let mut all = vec![400, 401, 404, 422, 429, 500, 503];
    if method != "get" {
        all.extend([408, 409, 410, 413]);
    } else if has_state {
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

/// A reference to the shared response of a status.
pub(super) fn reference(status: u16) -> Value {
    let name = RESPONSE_NAMES
        .iter()
        .find(|(known, _)| *known == status)
        .map_or("Internal", |(_, name)| name);
    json!({ "$ref": format!("#/components/responses/{name}") })
}

//! An HTTP client that sends requests as a given test user.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use ureq::http::{Request, Response};

use crate::{TestApp, User};

/// A response of the service, read completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiResponse {
    /// The HTTP status code.
    pub status: u16,
    /// The headers; names are in lower case.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
    /// User, method and path of the request, for assertion messages.
    pub request: String,
}

impl ApiResponse {
    /// The body as JSON; null when the body is empty.
    ///
    /// # Panics
    /// If the body is not empty and is not valid JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}: the response body is not JSON", self.request))
    }

    /// The body as JSON, after asserting that the status is `status`.
    ///
    /// # Panics
    /// If the status differs.
    #[must_use]
    #[track_caller]
    pub fn expect_status(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        self.json()
    }

    /// The body as JSON, after asserting that the status is 2xx.
    ///
    /// # Panics
    /// If the status is not 2xx.
    #[must_use]
    #[track_caller]
    pub fn expect_ok(&self) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "{}: {} {}",
            self.request,
            self.status,
            self.text()
        );
        self.json()
    }

    /// The `id` (or `fragment_id`) of the created object, after asserting that the status is 2xx.
    ///
    /// # Panics
    /// If the status is not 2xx or the body holds no identifier.
    #[must_use]
    #[track_caller]
    pub fn id(&self) -> String {
        let body = self.expect_ok();
        let id = body
            .get("id")
            .or_else(|| body.get("fragment_id"))
            .and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("{}: no id in {body}", self.request))
            .to_owned()
    }

    /// The body as text; invalid UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header. `name` must be in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The object version in the `ETag` header.
    ///
    /// # Panics
    /// If there is no `ETag` or it does not start with a number.
    #[must_use]
    #[track_caller]
    pub fn version(&self) -> i64 {
        let tag = self
            .header("etag")
            .unwrap_or_else(|| panic!("{}: status {} without an ETag", self.request, self.status));
        tag.trim_matches('"')
            .split('.')
            .next()
            .and_then(|version| version.parse().ok())
            .expect("a version")
    }

    /// The type of the problem (RFC 9457) without the prefix `/problems/`; empty when the body is
    /// no problem.
    #[must_use]
    pub fn problem_type(&self) -> String {
        self.json()["type"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches("/problems/")
            .to_owned()
    }

    /// The pointer and code of each error that the problem lists, sorted.
    #[must_use]
    pub fn field_errors(&self) -> Vec<(String, String)> {
        let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let errors = self.json()["errors"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut errors: Vec<_> = errors
            .iter()
            .map(|error| (text(error, "pointer"), text(error, "code")))
            .collect();
        errors.sort();
        errors
    }

    /// The problem's type and its field errors.
    #[must_use]
    pub fn problem(&self) -> (String, Vec<(String, String)>) {
        (self.problem_type(), self.field_errors())
    }

    /// The body as JSON without `requestId` and `instance`, which differ between otherwise equal
    /// responses.
    #[must_use]
    pub fn body_without_request_fields(&self) -> Value {
        let mut body = self.json();
        if let Some(members) = body.as_object_mut() {
            members.remove("requestId");
            members.remove("instance");
        }
        body
    }
}

/// Sends requests as one user.
#[derive(Clone, Copy)]
pub struct ApiClient<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) user: User,
    /// Whether the token carries no roles.
    pub(crate) without_roles: bool,
}

impl ApiClient<'_> {
    /// Sends a GET request.
    #[must_use]
    pub fn get(&self, path: &str) -> ApiResponse {
        self.send("GET", path, &[], &[])
    }

    /// Sends a GET request with `If-None-Match`.
    #[must_use]
    pub fn get_if_none_match(&self, path: &str, tag: &str) -> ApiResponse {
        self.send("GET", path, &[("If-None-Match", tag)], &[])
    }

    /// Sends a POST request with a fresh idempotency key.
    #[must_use]
    pub fn post(&self, path: &str, body: &Value) -> ApiResponse {
        static KEYS: AtomicU64 = AtomicU64::new(1);
        self.post_with_key(
            &format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed)),
            path,
            body,
        )
    }

    /// Sends a POST request with the given idempotency key.
    #[must_use]
    pub fn post_with_key(&self, key: &str, path: &str, body: &Value) -> ApiResponse {
        self.send(
            "POST",
            path,
            &[JSON, ("Idempotency-Key", key)],
            &serialize(body),
        )
    }

    /// Sends a PUT request with `If-Match` set to `version`; without a version it creates the
    /// object.
    #[must_use]
    pub fn put(&self, path: &str, version: Option<i64>, body: &Value) -> ApiResponse {
        self.with_version("PUT", path, version, &serialize(body))
    }

    /// Sends a PATCH request with `If-Match` set to `version`.
    #[must_use]
    pub fn patch(&self, path: &str, version: Option<i64>, body: &Value) -> ApiResponse {
        self.with_version("PATCH", path, version, &serialize(body))
    }

    /// Sends a DELETE request with `If-Match` set to `version`.
    #[must_use]
    pub fn delete(&self, path: &str, version: Option<i64>) -> ApiResponse {
        self.with_version("DELETE", path, version, &[])
    }

    fn with_version(
        &self,
        method: &str,
        path: &str,
        version: Option<i64>,
        body: &[u8],
    ) -> ApiResponse {
        let tag = version.map(|version| format!("\"{version}\""));
        let mut headers = vec![JSON];
        headers.extend(tag.as_deref().map(|tag| ("If-Match", tag)));
        self.send(method, path, &headers, body)
    }

    /// Sends a request with the user's token and these headers and body.
    ///
    /// # Panics
    /// If the request cannot be built or no response arrives.
    #[must_use]
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> ApiResponse {
        let mut request = Request::builder()
            .method(method)
            .uri(self.app.url(self.user, path));
        let token = if self.without_roles {
            Some(self.app.token_without_roles(self.user))
        } else {
            self.app.token(self.user)
        };
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let agent = &self.app.agent;
        let result = if body.is_empty() {
            agent.run(request.body(()).expect("a request"))
        } else {
            agent.run(request.body(body).expect("a request"))
        };
        let description = format!("{} {method} {path}", self.user.name);
        let response = result.unwrap_or_else(|error| panic!("{description}: {error}"));
        read_response(response, description)
    }
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn serialize(body: &Value) -> Vec<u8> {
    if body.is_null() {
        Vec::new()
    } else {
        serde_json::to_vec(body).expect("JSON")
    }
}

fn read_response(mut response: Response<ureq::Body>, request: String) -> ApiResponse {
    let text =
        |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect();
    let status = response.status().as_u16();
    let body = response
        .body_mut()
        .with_config()
        .limit(64 << 20)
        .read_to_vec()
        .expect("a body");
    ApiResponse {
        status,
        headers,
        body,
        request,
    }
}

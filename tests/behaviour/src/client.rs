//! Asking over HTTP.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use ureq::http::{Request, Response};

use crate::{TestApp, User};

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// What was asked, for messages.
    pub asked: String,
}

impl Answer {
    /// The body as JSON; null when there is none.
    ///
    /// # Panics
    /// When the body is something else.
    #[must_use]
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{} is answered by no JSON", self.asked))
    }

    /// The body, the status being `status`.
    ///
    /// # Panics
    /// When it is another.
    #[must_use]
    #[track_caller]
    pub fn when(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        self.json()
    }

    /// The body of an answer that says yes.
    ///
    /// # Panics
    /// When it says anything else.
    #[must_use]
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {} {}", self.asked, self.status, self.text());
        self.json()
    }

    /// The identifier in the body of an answer that says yes.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[track_caller]
    pub fn id(&self) -> String {
        let body = self.ok();
        let id = body.get("id").or_else(|| body.get("fragment_id")).and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("{}: no id in {body}", self.asked)).to_owned()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The version in the entity tag.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[track_caller]
    pub fn version(&self) -> i64 {
        let tag = self.header("etag").unwrap_or_else(|| panic!("{}: {} no tag", self.asked, self.status));
        tag.trim_matches('"').split('.').next().and_then(|version| version.parse().ok()).expect("a version")
    }

    /// The problem's word, its pointers in order with their codes.
    #[must_use]
    pub fn faults(&self) -> (String, Vec<(String, String)>) {
        let body = self.json();
        let word = body["type"].as_str().unwrap_or_default().trim_start_matches("/problems/").to_owned();
        let text = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
        let faults = body["errors"].as_array().cloned().unwrap_or_default();
        let mut named: Vec<_> = faults.iter().map(|fault| (text(fault, "pointer"), text(fault, "code"))).collect();
        named.sort();
        (word, named)
    }

    /// The body without what may differ between two requests: request id and path.
    #[must_use]
    pub fn without_request(&self) -> Value {
        let mut body = self.json();
        if let Some(members) = body.as_object_mut() {
            members.remove("requestId");
            members.remove("instance");
        }
        body
    }
}

/// Somebody about to ask.
#[derive(Clone, Copy)]
pub struct As<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) user: User,
    /// Whether their token names no role.
    pub(crate) bare: bool,
}

impl As<'_> {
    /// Reads.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], &[])
    }

    /// Reads unless it is the same as before.
    #[must_use]
    pub fn get_unless(&self, path: &str, tag: &str) -> Answer {
        self.send("GET", path, &[("If-None-Match", tag)], &[])
    }

    /// Does something once, under a key of its own.
    #[must_use]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        static KEYS: AtomicU64 = AtomicU64::new(1);
        self.post_as(&format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed)), path, body)
    }

    /// Does something under a key.
    #[must_use]
    pub fn post_as(&self, key: &str, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[JSON, ("Idempotency-Key", key)], &written(body))
    }

    /// Replaces version `version`; with none, creates.
    #[must_use]
    pub fn put(&self, path: &str, version: Option<i64>, body: &Value) -> Answer {
        self.with_version("PUT", path, version, &written(body))
    }

    /// Changes version `version`.
    #[must_use]
    pub fn patch(&self, path: &str, version: Option<i64>, body: &Value) -> Answer {
        self.with_version("PATCH", path, version, &written(body))
    }

    /// Removes version `version`.
    #[must_use]
    pub fn delete(&self, path: &str, version: Option<i64>) -> Answer {
        self.with_version("DELETE", path, version, &[])
    }

    fn with_version(&self, method: &str, path: &str, version: Option<i64>, body: &[u8]) -> Answer {
        let tag = version.map(|version| format!("\"{version}\""));
        let mut headers = vec![JSON];
        headers.extend(tag.as_deref().map(|tag| ("If-Match", tag)));
        self.send(method, path, &headers, body)
    }

    /// Sends anything at all.
    ///
    /// # Panics
    /// When no answer comes.
    #[must_use]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = Request::builder().method(method).uri(self.app.url(self.user, path));
        let token = if self.bare { Some(self.app.bare_token(self.user)) } else { self.app.token(self.user) };
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let agent = &self.app.agent;
        let came = if body.is_empty() {
            agent.run(request.body(()).expect("a request"))
        } else {
            agent.run(request.body(body).expect("a request"))
        };
        let asked = format!("{} {method} {path}", self.user.name);
        read(came.unwrap_or_else(|error| panic!("{asked}: {error}")), asked)
    }
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn written(body: &Value) -> Vec<u8> {
    if body.is_null() { Vec::new() } else { serde_json::to_vec(body).expect("JSON") }
}

fn read(mut came: Response<ureq::Body>, asked: String) -> Answer {
    let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = came.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let status = came.status().as_u16();
    let body = came.body_mut().with_config().limit(64 << 20).read_to_vec().expect("a body");
    Answer { status, headers, body, asked }
}

//! Bare responses of the HTTP parser. What cannot be parsed as a request never reaches a route;
//! actix answers it with a bare status and offers no hook to change that. This module recognises
//! such a response in the output stream and replaces it by a problem document with the common
//! headers.

use std::sync::Arc;

use actix_web::body::MessageBody as _;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use domain::{Clock, IdGenerator, RequestId};

use crate::middleware::add_problem_headers;
use crate::problem::Problem;

/// Longest bare response, in bytes.
const MAX_BARE_RESPONSE_BYTES: usize = 256;

/// A bare response at the end of an output buffer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BareResponse {
    /// Offset of its first byte.
    pub(super) start: usize,
    /// Its status.
    pub(super) status: StatusCode,
}

/// Finds a bare response of the HTTP parser: an error without a body, whose only headers are those
/// that actix writes itself. A response of a route has a request id, and no JSON or HTML body ends
/// like a response head.
pub(super) fn find_bare_response(bytes: &[u8]) -> Option<BareResponse> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let tail = bytes.get(bytes.len().saturating_sub(MAX_BARE_RESPONSE_BYTES)..)?;
    let offset = bytes.len() - tail.len();
    let start = (0..tail.len()).rev().find(|start| {
        tail.get(*start..)
            .is_some_and(|rest| rest.starts_with(b"HTTP/1."))
    })?;
    let head = std::str::from_utf8(tail.get(start..)?).ok()?;
    let mut lines = head.strip_suffix("\r\n\r\n")?.split("\r\n");
    let status = lines
        .next()?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok())?;
    let bare = lines.all(|line| {
        let name = line.split(':').next().unwrap_or_default();
        ["content-length", "connection", "date"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    });
    (bare && status.as_u16() >= 400).then_some(BareResponse {
        start: offset + start,
        status,
    })
}

/// Replaces bare responses by problem documents.
#[derive(Clone)]
pub(crate) struct BareResponseRewriter {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdGenerator>,
}

impl BareResponseRewriter {
    /// The replacement for a bare response with this status: head and body.
    pub(super) fn problem_response(&self, status: StatusCode) -> Bytes {
        let id = RequestId::new(self.ids.as_ref(), self.clock.now());
        tracing::info!(request = %id, status = status.as_u16(), "request could not be parsed");
        metrics::counter!("http_unreadable_total", "status" => status.as_u16().to_string())
            .increment(1);
        let mut response = Problem::from_status(status).to_response("/", id);
        add_problem_headers(response.headers_mut(), id);
        let status = response.status();
        let mut head = format!(
            "HTTP/1.1 {} {}\r\n",
            status.as_u16(),
            status.canonical_reason().unwrap_or_default()
        );
        for (name, value) in response.headers() {
            head.push_str(&format!(
                "{name}: {}\r\n",
                value.to_str().unwrap_or_default()
            ));
        }
        let body = response.into_body().try_into_bytes().unwrap_or_default();
        head.push_str(&format!(
            "content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        ));
        Bytes::from([head.as_bytes(), &body].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const BARE_RESPONSE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: Mon, 02 Mar 2026 09:30:00 GMT\r\n\r\n";

    #[test]
    fn finds_bare_response_after_another() {
        assert_eq!(
            find_bare_response(BARE_RESPONSE.as_bytes()),
            Some(BareResponse {
                start: 0,
                status: StatusCode::BAD_REQUEST
            })
        );
        let before = "HTTP/1.1 200 OK\r\nx-request-id: 1\r\ncontent-length: 2\r\n\r\n{}";
        let both = format!("{before}{BARE_RESPONSE}");
        assert_eq!(
            find_bare_response(both.as_bytes()).map(|own| own.start),
            Some(before.len())
        );
    }

    #[rstest]
    #[case("")]
    #[case("{\"a\":1}")]
    #[case("HTTP/1.1 304 Not Modified\r\nx-request-id: 1\r\n\r\n")]
    #[case("HTTP/1.1 204 No Content\r\ndate: Mon, 02 Mar 2026 09:30:00 GMT\r\n\r\n")]
    #[case("HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n")]
    fn ignores_other_output(#[case] written: &str) {
        assert_eq!(find_bare_response(written.as_bytes()), None);
    }
}

//! Answers of the HTTP reader's own. What cannot be read as a request never reaches a route; the reader answers it with a bare
//! status, and offers no way to say more. Here that is recognised on its way out and written as a problem document with the
//! headers that every answer has.

use std::sync::Arc;

use actix_web::body::MessageBody as _;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use domain::{Clock, Ids, RequestId};

use crate::front::frame::dress_problem;
use crate::problem::Problem;

/// The longest that a bare answer is, in bytes.
const LONGEST: usize = 256;

/// A bare answer at the end of what is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OwnAnswer {
    /// Where it begins.
    pub(super) start: usize,
    /// Its status.
    pub(super) status: StatusCode,
}

/// Finds an answer of the HTTP reader's own: an error without a body and with no header but those that the reader itself
/// writes. Answers of routes have a request id, and no body of ours ends as a head does.
pub(super) fn own_answer(bytes: &[u8]) -> Option<OwnAnswer> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let tail = bytes.get(bytes.len().saturating_sub(LONGEST)..)?;
    let offset = bytes.len() - tail.len();
    let at = (0..tail.len()).rev().find(|at| tail.get(*at..).is_some_and(|rest| rest.starts_with(b"HTTP/1.")))?;
    let head = std::str::from_utf8(tail.get(at..)?).ok()?;
    let mut lines = head.strip_suffix("\r\n\r\n")?.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok().and_then(|code| StatusCode::from_u16(code).ok())?;
    let bare = lines.all(|line| {
        let name = line.split(':').next().unwrap_or_default();
        ["content-length", "connection", "date"].iter().any(|known| name.eq_ignore_ascii_case(known))
    });
    (bare && status.as_u16() >= 400).then_some(OwnAnswer { start: offset + at, status })
}

/// Writes problem documents in the place of bare answers.
#[derive(Clone)]
pub(crate) struct Rewriter {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
}

impl Rewriter {
    /// The whole answer of this status, head and body.
    pub(super) fn answer(&self, status: StatusCode) -> Bytes {
        let id = RequestId::new(self.ids.as_ref(), self.clock.now());
        tracing::info!(request = %id, status = status.as_u16(), "what came was no request");
        metrics::counter!("http_unreadable_total", "status" => status.as_u16().to_string()).increment(1);
        let mut answer = Problem::of_status(status).answer("/", id);
        dress_problem(answer.headers_mut(), id);
        let status = answer.status();
        let mut head = format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or_default());
        for (name, value) in answer.headers() {
            head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
        }
        let body = answer.into_body().try_into_bytes().unwrap_or_default();
        head.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()));
        Bytes::from([head.as_bytes(), &body].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const BARE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: Mon, 02 Mar 2026 09:30:00 GMT\r\n\r\n";

    #[test]
    fn a_bare_answer_is_found_also_behind_another() {
        assert_eq!(own_answer(BARE.as_bytes()), Some(OwnAnswer { start: 0, status: StatusCode::BAD_REQUEST }));
        let before = "HTTP/1.1 200 OK\r\nx-request-id: 1\r\ncontent-length: 2\r\n\r\n{}";
        let both = format!("{before}{BARE}");
        assert_eq!(own_answer(both.as_bytes()).map(|own| own.start), Some(before.len()));
    }

    #[rstest]
    #[case("")]
    #[case("{\"a\":1}")]
    #[case("HTTP/1.1 304 Not Modified\r\nx-request-id: 1\r\n\r\n")]
    #[case("HTTP/1.1 204 No Content\r\ndate: Mon, 02 Mar 2026 09:30:00 GMT\r\n\r\n")]
    #[case("HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n")]
    fn nothing_else_is(#[case] written: &str) {
        assert_eq!(own_answer(written.as_bytes()), None);
    }
}

//! Sends the response to an authorised request, so that expiry, 304, the limits and the audit of
//! rejected requests are in one place.

use std::sync::Arc;

use actix_web::http::header::{ETag, EntityTag, IfNoneMatch};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use aws_lc_rs::digest::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::permission::Permission;
use domain::{Clock, Instant, Operation};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use service::ServiceError;

use crate::expiring_body::{ExpiringBody, SendContext};
use crate::extract::{Authorized, HandlerError, RequestContext, UseCaseResult};
use crate::middleware::rate_limiter::CallerKey;
use crate::middleware::work_queue::WorkClass;
use crate::middleware::{CallerGuard, MiddlewareState, overloaded};
use crate::problem::{Problem, table};

/// Responses to reads up to this many bytes are sent without regard to the memory limits.
const UNMETERED_RESPONSE_BYTES: usize = 64 * 1024;

/// All characters but the unreserved ones of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Result of a handler.
pub type HandlerResult = Result<HttpResponse, Problem>;

/// A serialised response whose expiry has still to be checked.
pub struct PreparedResponse {
    /// Its status. 200 becomes 304 when the client has the representation already.
    pub status: StatusCode,
    /// Its media type; not sent without a body.
    pub content_type: &'static str,
    /// Its body; not sent with 204 and 304.
    pub body: Vec<u8>,
    /// The entity tag.
    pub etag: Option<EntityTag>,
    /// URL path, for `Location`.
    pub location: Option<String>,
    /// Cursor of the next page, for `Link`.
    pub next_cursor: Option<String>,
    /// Whether it repeats the result of an earlier request, for `Idempotent-Replayed`.
    pub replayed: bool,
    /// Expiry, from which on it is not sent.
    pub expires_at: Option<Instant>,
}

impl PreparedResponse {
    /// The response 204.
    #[must_use]
    pub const fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            content_type: "",
            body: Vec::new(),
            etag: None,
            location: None,
            next_cursor: None,
            replayed: false,
            expires_at: None,
        }
    }
}

/// The entity tag of a representation: `hash`, after the version where there is one. A
/// representation can change without a new version (a family member renamed, an expiry extended)
/// and differ between readers. `If-Match` compares the version alone.
#[must_use]
pub fn entity_tag(version: Option<i64>, hash: &Digest) -> EntityTag {
    let truncated = hash.as_ref().get(..16).unwrap_or_default();
    let short = URL_SAFE_NO_PAD.encode(truncated);
    EntityTag::new_strong(match version {
        Some(version) => format!("{version}.{short}"),
        None => short,
    })
}

impl<P: Permission> Authorized<P> {
    /// Runs a use case on a thread that may block, and responds unless the result has expired by
    /// then. The use case gets the time at which it starts.
    ///
    /// # Errors
    /// The problem of the use case or of the query, which is audited; `overloaded` or
    /// `too_many_at_once` when a limit is exceeded; `expired`.
    pub async fn execute(
        self,
        use_case: impl FnOnce(&mut RequestContext, Instant) -> UseCaseResult<PreparedResponse>
        + Send
        + 'static,
    ) -> HandlerResult {
        let Self {
            middleware,
            mut context,
            if_none_match,
            connection,
            key,
            guard,
            ..
        } = self;
        let path = context.path.clone();
        let query = context.query.clone();
        let is_read = context.is_read();
        let class = work_class(P::OPERATION);
        let permit = middleware
            .work_queue
            .acquire(key, class, middleware.limits.queue_timeout)
            .await;
        let permit = permit.ok_or_else(overloaded)?;
        let now = middleware.clock.now();
        let blocking = move || {
            let result = context
                .check_query_parameters()
                .and_then(|()| use_case(&mut context, now));
            let result = result.map_err(|error| record_failure(&context, P::OPERATION, error));
            drop(permit);
            result
        };
        let prepared = web::block(blocking)
            .await
            .map_err(|_| Problem::new(&table::INTERNAL))??;
        if prepared
            .expires_at
            .is_some_and(|expires_at| expires_at <= middleware.clock.now())
        {
            return Err(ServiceError::Expired.into());
        }
        let memory = reserve_response_memory(&middleware, key, prepared.body.len(), is_read)?;
        let send_context = SendContext {
            connection,
            guards: [Some(guard), memory],
        };
        let next_page = prepared
            .next_cursor
            .as_deref()
            .map(|cursor| next_page_url(&path, &query, cursor));
        Ok(prepared.into_response(
            if_none_match.as_ref(),
            next_page,
            &middleware.clock,
            send_context,
        ))
    }
}

/// Reserves the memory that a response of this length occupies until it is sent. The response to a
/// write never fails for lack of memory: a client cannot learn the outcome of a write otherwise,
/// whereas it can repeat a read.
fn reserve_response_memory(
    middleware: &MiddlewareState,
    key: CallerKey,
    length: usize,
    is_read: bool,
) -> Result<Option<CallerGuard>, Problem> {
    if is_read && length > UNMETERED_RESPONSE_BYTES {
        middleware.reserve_memory(key, length).map(Some)
    } else {
        Ok(middleware.reserve_memory_unbounded(key, length))
    }
}

/// Class of an operation in the work queue.
const fn work_class(operation: Operation) -> WorkClass {
    if operation.reads_audit() {
        return WorkClass::Audit;
    }
    match operation.spec().cost {
        4 => WorkClass::Heavy,
        _ => WorkClass::Light,
    }
}

/// Audits a request that was rejected before its use case ran. Without the audit record the caller
/// gets no reason either.
fn record_failure(context: &RequestContext, operation: Operation, error: HandlerError) -> Problem {
    match error {
        HandlerError::UseCase(error) => error.into(),
        HandlerError::InvalidRequest(problem) => {
            let recorded = context.service.kernel.record_invalid_request(
                &context.call,
                operation,
                context.audit_object_id(),
            );
            match recorded {
                Ok(()) => problem,
                Err(error) => error.into(),
            }
        }
    }
}

impl PreparedResponse {
    /// The HTTP response: 304 when a 200 has an entity tag that `if_none_match` names.
    fn into_response(
        self,
        if_none_match: Option<&IfNoneMatch>,
        next_page: Option<String>,
        clock: &Arc<dyn Clock>,
        send_context: SendContext,
    ) -> HttpResponse {
        let is_current = self
            .etag
            .as_ref()
            .zip(if_none_match)
            .is_some_and(|(tag, given)| etag_matches(given, tag));
        let status = if is_current && self.status == StatusCode::OK {
            StatusCode::NOT_MODIFIED
        } else {
            self.status
        };
        let mut response = HttpResponse::build(status);
        if let Some(tag) = self.etag {
            response.insert_header(ETag(tag));
        }
        if let Some(path) = self.location {
            response.insert_header((header::LOCATION, path));
        }
        if let Some(url) = next_page {
            response.insert_header((header::LINK, format!("<{url}>; rel=\"next\"")));
        }
        if self.replayed {
            response.insert_header(("Idempotent-Replayed", "true"));
        }
        match status {
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => response.finish(),
            _ => response
                .content_type(self.content_type)
                .body(ExpiringBody::new(
                    self.body,
                    self.expires_at,
                    Arc::clone(clock),
                    send_context,
                )),
        }
    }
}

/// Whether `If-None-Match` names this tag (weak comparison, RFC 9110 section 13.1.2).
fn etag_matches(given: &IfNoneMatch, tag: &EntityTag) -> bool {
    match given {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|known| known.weak_eq(tag)),
    }
}

/// The URL of the next page: the same query with another cursor.
fn next_page_url(path: &str, query: &str, cursor: &str) -> String {
    let other_pairs = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let cursor = format!("cursor={}", utf8_percent_encode(cursor, RESERVED));
    let pairs: Vec<&str> = other_pairs.chain([cursor.as_str()]).collect();
    format!("{path}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{Header as _, IF_NONE_MATCH};
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn next_page_url_keeps_query() {
        assert_eq!(
            next_page_url("/v1/x", "limit=2&cursor=old&child=a", "n/w="),
            "/v1/x?limit=2&child=a&cursor=n%2Fw%3D"
        );
        assert_eq!(next_page_url("/v1/x", "", "c"), "/v1/x?cursor=c");
    }

    #[test]
    fn etags_are_compared_weakly() {
        let tag = EntityTag::new_strong("2".to_owned());
        let matches = |given: &str| {
            let request = TestRequest::default().insert_header((IF_NONE_MATCH, given));
            let given = IfNoneMatch::parse(&request.to_http_request()).unwrap();
            etag_matches(&given, &tag)
        };
        assert!(matches("\"1\", W/\"2\"") && matches("*"));
        assert!(!matches("\"22\"") && !matches(""));
    }
}

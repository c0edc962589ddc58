//! Builds the HTTP responses of all resource routes, so that expiry, entity tags, 304 and the audit
//! of rejected requests are in one place.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Clock, Instant, Operation};
use service::{FragmentReceipt, ServiceError, SubmissionOutcome, WriteReply};

use crate::expiring_body::{ExpiringBody, SendContext};
use crate::extract::{Authorized, HandlerError, RequestContext, UseCaseResult};
use crate::middleware::rate_limiter::CallerKey;
use crate::middleware::work_queue::WorkClass;
use crate::middleware::{CallerGuard, MiddlewareState, overloaded};
use crate::permission::{Permission, request_cost};
use crate::problem::{Problem, table};
use crate::representation::Representation;

/// Responses to reads up to this many bytes are sent without regard to the memory limits.
const UNMETERED_RESPONSE_BYTES: usize = 64 * 1024;

/// Result of a handler.
pub(crate) type HandlerResult = Result<HttpResponse, Problem>;

/// A serialised response whose expiry has still to be checked.
struct PreparedResponse {
    status: StatusCode,
    body: Vec<u8>,
    etag: Option<String>,
    location: Option<String>,
    next_cursor: Option<String>,
    replayed: bool,
    expires_at: Option<Instant>,
}

impl PreparedResponse {
    fn prepare<T: Representation>(
        status: StatusCode,
        mut value: T,
        now: Instant,
    ) -> Result<Self, HandlerError> {
        value.remove_expired(now);
        let body = serde_json::to_vec(&value)
            .map_err(|_| ServiceError::Internal("a response cannot be serialised"))?;
        Ok(Self {
            status,
            etag: Some(etag(&value, &body)),
            body,
            location: None,
            next_cursor: value.next_cursor().map(str::to_owned),
            replayed: false,
            expires_at: value.expires_at(),
        })
    }

    fn no_content() -> Self {
        let status = StatusCode::NO_CONTENT;
        Self {
            status,
            body: Vec::new(),
            etag: None,
            location: None,
            next_cursor: None,
            replayed: false,
            expires_at: None,
        }
    }
}

/// A hash of the representation, after the version where there is one. A representation can change
/// without a new version (a family member renamed, an expiry extended) and differ between readers.
/// `If-Match` compares the version alone.
fn etag<T: Representation>(value: &T, body: &[u8]) -> String {
    let hash = value
        .stable_hash(body)
        .unwrap_or_else(|| digest(&SHA256, body));
    let truncated = hash.as_ref().get(..16).unwrap_or_default();
    let short = URL_SAFE_NO_PAD.encode(truncated);
    value.version().map_or_else(
        || format!("\"{short}\""),
        |version| format!("\"{version}.{short}\""),
    )
}

impl<P: Permission> Authorized<P> {
    /// Responds to a read: 200, or 304 when the client has the representation already.
    pub(crate) async fn read<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<T> + Send + 'static,
    ) -> HandlerResult {
        self.execute(|context, now| {
            PreparedResponse::prepare(StatusCode::OK, use_case(context)?, now)
        })
        .await
    }

    /// Responds to a change under `If-Match`: 200.
    pub(crate) async fn update<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<T> + Send + 'static,
    ) -> HandlerResult {
        self.read(use_case).await
    }

    /// Responds to a creation under an idempotency key: 201 with `Location`.
    pub(crate) async fn create<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<WriteReply<T>> + Send + 'static,
    ) -> HandlerResult {
        self.post(use_case, |_| StatusCode::CREATED).await
    }

    /// Responds to an action under an idempotency key: 200.
    pub(crate) async fn perform<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<WriteReply<T>> + Send + 'static,
    ) -> HandlerResult {
        self.post(use_case, |_| StatusCode::OK).await
    }

    /// Responds to a submission under an idempotency key with a receipt: 201 when a fragment was
    /// created, else 200.
    pub(crate) async fn submit(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<WriteReply<FragmentReceipt>>
        + Send
        + 'static,
    ) -> HandlerResult {
        self.post(use_case, receipt_status).await
    }

    /// Responds to a PUT at the agency's own reference with a receipt: 201 when a fragment was
    /// created, else 200.
    pub(crate) async fn put(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<FragmentReceipt> + Send + 'static,
    ) -> HandlerResult {
        self.execute(|context, now| {
            let receipt = use_case(context)?;
            let location = receipt.location();
            Ok(PreparedResponse {
                location,
                ..PreparedResponse::prepare(receipt_status(&receipt), receipt, now)?
            })
        })
        .await
    }

    /// Responds to a deletion: 204.
    pub(crate) async fn delete(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<()> + Send + 'static,
    ) -> HandlerResult {
        self.execute(|context, _| use_case(context).map(|()| PreparedResponse::no_content()))
            .await
    }

    async fn post<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<WriteReply<T>> + Send + 'static,
        status: fn(&T) -> StatusCode,
    ) -> HandlerResult {
        self.execute(move |context, now| {
            context.require_idempotency_key()?;
            let WriteReply { value, replayed } = use_case(context)?;
            let status = status(&value);
            let location = value.location().filter(|_| status == StatusCode::CREATED);
            Ok(PreparedResponse {
                location,
                replayed,
                ..PreparedResponse::prepare(status, value, now)?
            })
        })
        .await
    }

    /// Runs a use case on a thread that may block, and responds unless the result has expired by
    /// then.
    async fn execute(
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
            if_none_match.as_deref(),
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
    match request_cost(operation) {
        _ if matches!(
            operation,
            Operation::AuditRead | Operation::AuditCheckpointRead | Operation::AuditProve
        ) =>
        {
            WorkClass::Audit
        }
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
            let recorded = context.service.record_invalid_request(
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

fn receipt_status(receipt: &FragmentReceipt) -> StatusCode {
    match receipt.outcome {
        SubmissionOutcome::Created => StatusCode::CREATED,
        SubmissionOutcome::Updated | SubmissionOutcome::Unchanged => StatusCode::OK,
    }
}

impl PreparedResponse {
    /// The HTTP response: 304 when a 200 has an entity tag that `if_none_match` names.
    fn into_response(
        self,
        if_none_match: Option<&str>,
        next_page: Option<String>,
        clock: &Arc<dyn Clock>,
        send_context: SendContext,
    ) -> HttpResponse {
        let is_current = self
            .etag
            .as_deref()
            .zip(if_none_match)
            .is_some_and(|(tag, given)| etag_matches(given, tag));
        let status = if is_current && self.status == StatusCode::OK {
            StatusCode::NOT_MODIFIED
        } else {
            self.status
        };
        let mut response = HttpResponse::build(status);
        let headers = [(header::ETAG, self.etag), (header::LOCATION, self.location)];
        for (name, value) in headers {
            value.map(|value| response.insert_header((name, value)));
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
                .content_type("application/json")
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
fn etag_matches(given: &str, tag: &str) -> bool {
    given
        .split(',')
        .map(str::trim)
        .any(|value| value == "*" || value.strip_prefix("W/").unwrap_or(value) == tag)
}

/// The URL of the next page: the same query with another cursor.
fn next_page_url(path: &str, query: &str, cursor: &str) -> String {
    let other_pairs = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let cursor = format!(
        "cursor={}",
        cursor.bytes().map(percent_encode).collect::<String>()
    );
    let pairs: Vec<&str> = other_pairs.chain([cursor.as_str()]).collect();
    format!("{path}?{}", pairs.join("&"))
}

fn percent_encode(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[cfg(test)]
mod tests {
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
        assert!(etag_matches("\"1\", W/\"2\"", "\"2\"") && etag_matches("*", "\"2\""));
        assert!(!etag_matches("\"22\"", "\"2\"") && !etag_matches("", "\"2\""));
    }
}

//! From a use case to an HTTP answer. Every route answers through here, so expiry, entity tags, 304 and the audit of
//! refused requests are in one place.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Clock, Instant, Operation};
use service::{FragmentReceipt, ServiceError, SubmissionOutcome, Written};

use crate::ask::{Ask, Asked, Failure, Outcome};
use crate::front::overloaded;
use crate::front::work::Kind;
use crate::permission::{Permission, cost};
use crate::problem::{Problem, table};
use crate::shown::Shown;
use crate::timed::{Sending, Timed};

/// Answers up to this many bytes are sent whatever else is in memory.
const ALWAYS_TOLD: usize = 64 * 1024;

/// What a handler gives back.
pub(crate) type Reply = Result<HttpResponse, Problem>;

/// An answer, written out but not yet let go.
struct Parcel {
    status: StatusCode,
    body: Vec<u8>,
    etag: Option<String>,
    location: Option<String>,
    next: Option<String>,
    replayed: bool,
    expires_at: Option<Instant>,
}

impl Parcel {
    fn pack<T: Shown>(status: StatusCode, mut value: T, now: Instant) -> Result<Self, Failure> {
        value.prune(now);
        let body = serde_json::to_vec(&value).map_err(|_| ServiceError::Internal("an answer cannot be written"))?;
        Ok(Self {
            status,
            etag: Some(etag(&value, &body)),
            body,
            location: None,
            next: value.next().map(str::to_owned),
            replayed: false,
            expires_at: value.expires_at(),
        })
    }

    fn empty() -> Self {
        let status = StatusCode::NO_CONTENT;
        Self { status, body: Vec::new(), etag: None, location: None, next: None, replayed: false, expires_at: None }
    }
}

/// A hash of what is shown, after the version where there is one: what is shown can change without a new version (a
/// member of a family renamed, a life extended), and differ from reader to reader. `If-Match` looks at the version alone.
fn etag<T: Shown>(value: &T, body: &[u8]) -> String {
    let hash = value.steady(body).unwrap_or_else(|| digest(&SHA256, body));
    let short = hash.as_ref().get(..16).unwrap_or_default();
    let short = URL_SAFE_NO_PAD.encode(short);
    value.version().map_or_else(|| format!("\"{short}\""), |version| format!("\"{version}.{short}\""))
}

impl<P: Permission> Asked<P> {
    /// Answers with what was read: 200, or 304 when the caller has it already.
    pub(crate) async fn read<T: Shown>(self, act: impl FnOnce(&Ask) -> Outcome<T> + Send + 'static) -> Reply {
        self.carry_out(|ask, now| Parcel::pack(StatusCode::OK, act(ask)?, now)).await
    }

    /// Answers with what was changed under `If-Match`: 200.
    pub(crate) async fn change<T: Shown>(self, act: impl FnOnce(&Ask) -> Outcome<T> + Send + 'static) -> Reply {
        self.read(act).await
    }

    /// Answers with what was created under an idempotency key: 201 and where it is.
    pub(crate) async fn create<T: Shown>(
        self,
        act: impl FnOnce(&Ask) -> Outcome<Written<T>> + Send + 'static,
    ) -> Reply {
        self.post(act, |_| StatusCode::CREATED).await
    }

    /// Answers with what a step under an idempotency key led to: 200.
    pub(crate) async fn step<T: Shown>(self, act: impl FnOnce(&Ask) -> Outcome<Written<T>> + Send + 'static) -> Reply {
        self.post(act, |_| StatusCode::OK).await
    }

    /// Answers with a receipt under an idempotency key: 201 when a fragment was created, else 200.
    pub(crate) async fn submit(
        self,
        act: impl FnOnce(&Ask) -> Outcome<Written<FragmentReceipt>> + Send + 'static,
    ) -> Reply {
        self.post(act, receipt_status).await
    }

    /// Answers with a receipt for what was put at the sender's own reference: 201 when it was created, else 200.
    pub(crate) async fn put(self, act: impl FnOnce(&Ask) -> Outcome<FragmentReceipt> + Send + 'static) -> Reply {
        self.carry_out(|ask, now| {
            let receipt = act(ask)?;
            let location = receipt.location();
            Ok(Parcel { location, ..Parcel::pack(receipt_status(&receipt), receipt, now)? })
        })
        .await
    }

    /// Answers that something is gone: 204.
    pub(crate) async fn remove(self, act: impl FnOnce(&Ask) -> Outcome<()> + Send + 'static) -> Reply {
        self.carry_out(|ask, _| act(ask).map(|()| Parcel::empty())).await
    }

    async fn post<T: Shown>(
        self,
        act: impl FnOnce(&Ask) -> Outcome<Written<T>> + Send + 'static,
        status: fn(&T) -> StatusCode,
    ) -> Reply {
        self.carry_out(move |ask, now| {
            ask.take_key()?;
            let Written { value, replayed } = act(ask)?;
            let status = status(&value);
            let location = value.location().filter(|_| status == StatusCode::CREATED);
            Ok(Parcel { location, replayed, ..Parcel::pack(status, value, now)? })
        })
        .await
    }

    /// Runs a use case where it may block, and lets its answer go if its time is not over.
    async fn carry_out(self, act: impl FnOnce(&mut Ask, Instant) -> Outcome<Parcel> + Send + 'static) -> Reply {
        let Self { front, mut ask, if_none_match, connection, key, share, .. } = self;
        let page = (ask.path.clone(), ask.query.clone());
        let is_read = ask.is_read();
        let turn = front.work.turn(key, kind(P::OPERATION), front.limits.turn_timeout).await.ok_or_else(overloaded)?;
        let now = front.clock.now();
        let work = move || {
            let done = ask.known_query().and_then(|()| act(&mut ask, now));
            let done = done.map_err(|failure| settle(&ask, P::OPERATION, failure));
            drop(turn);
            done
        };
        let parcel = web::block(work).await.map_err(|_| Problem::new(&table::INTERNAL))??;
        if parcel.expires_at.is_some_and(|end| end <= front.clock.now()) {
            return Err(ServiceError::Expired.into());
        }
        // What was written must be told; what was read can be read again.
        let memory = match parcel.body.len() {
            length if is_read && length > ALWAYS_TOLD => Some(front.memory(key, length)?),
            length => front.memory_at_any_rate(key, length),
        };
        let sending = Sending { connection, shares: [Some(share), memory] };
        Ok(hand_over(parcel, if_none_match.as_deref(), &page, &front.clock, sending))
    }
}

/// How much a use case asks for.
const fn kind(operation: Operation) -> Kind {
    match cost(operation) {
        _ if matches!(operation, Operation::AuditRead | Operation::AuditCheckpointRead | Operation::AuditProve) => {
            Kind::Audit
        }
        4 => Kind::Heavy,
        _ => Kind::Light,
    }
}

/// A request that never reached its use case is recorded here; no record, no answer about it.
fn settle(ask: &Ask, operation: Operation, failure: Failure) -> Problem {
    match failure {
        Failure::UseCase(error) => error.into(),
        Failure::Request(problem) => match ask.service.note_invalid(&ask.call, operation, ask.object()) {
            Ok(()) => problem,
            Err(error) => error.into(),
        },
    }
}

fn receipt_status(receipt: &FragmentReceipt) -> StatusCode {
    match receipt.outcome {
        SubmissionOutcome::Created => StatusCode::CREATED,
        SubmissionOutcome::Updated | SubmissionOutcome::Unchanged => StatusCode::OK,
    }
}

fn hand_over(
    parcel: Parcel,
    if_none_match: Option<&str>,
    (path, query): &(String, String),
    clock: &Arc<dyn Clock>,
    sending: Sending,
) -> HttpResponse {
    let known = parcel.etag.as_deref().zip(if_none_match).is_some_and(|(tag, given)| matches(given, tag));
    let status = if known && parcel.status == StatusCode::OK { StatusCode::NOT_MODIFIED } else { parcel.status };
    let mut response = HttpResponse::build(status);
    let headers = [(header::ETAG, parcel.etag), (header::LOCATION, parcel.location)];
    for (name, value) in headers {
        value.map(|value| response.insert_header((name, value)));
    }
    if let Some(cursor) = parcel.next {
        response.insert_header((header::LINK, format!("<{}>; rel=\"next\"", next_page(path, query, &cursor))));
    }
    if parcel.replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    match status {
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => response.finish(),
        _ => response.content_type("application/json").body(Timed::new(
            parcel.body,
            parcel.expires_at,
            Arc::clone(clock),
            sending,
        )),
    }
}

/// Whether `If-None-Match` names this tag (weak comparison, RFC 9110 section 13.1.2).
fn matches(given: &str, tag: &str) -> bool {
    given.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// The same question with another cursor.
fn next_page(path: &str, query: &str, cursor: &str) -> String {
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let cursor = format!("cursor={}", cursor.bytes().map(encoded).collect::<String>());
    let pairs: Vec<&str> = kept.chain([cursor.as_str()]).collect();
    format!("{path}?{}", pairs.join("&"))
}

fn encoded(byte: u8) -> String {
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
    fn the_next_page_keeps_the_question() {
        assert_eq!(next_page("/v1/x", "limit=2&cursor=old&child=a", "n/w="), "/v1/x?limit=2&child=a&cursor=n%2Fw%3D");
        assert_eq!(next_page("/v1/x", "", "c"), "/v1/x?cursor=c");
    }

    #[test]
    fn tags_are_compared_weakly() {
        assert!(matches("\"1\", W/\"2\"", "\"2\"") && matches("*", "\"2\""));
        assert!(!matches("\"22\"", "\"2\"") && !matches("", "\"2\""));
    }
}

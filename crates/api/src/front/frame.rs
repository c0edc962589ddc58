//! The frame around all routes: it gives each request an id, refuses what is too much at once, gives errors their final shape, adds the headers every answer has, and notes what happened.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use domain::RequestId;

use super::allowance::Standing;
use super::shares::Share;
use super::{Front, observe, overloaded};
use crate::connection::{Connection, Origin};
use crate::problem::{Code, MEDIA_TYPE, Problem, table};

/// Carries one request through.
///
/// # Errors
/// Only what the framework itself could not answer.
pub(crate) async fn frame(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(front) = request.app_data::<web::Data<Front>>().cloned() else {
        return Ok(request.error_response(Problem::new(&table::INTERNAL)));
    };
    let (id, began) = (front.request_id(), front.clock.now());
    request.extensions_mut().insert(id);
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    let busy = connection.as_ref().map(Connection::begin_request);
    let place = match connection.as_ref().is_some_and(|connection| connection.refuses_more()) {
        true => Err(overloaded()),
        false => places(&front, &request),
    };
    metrics::gauge!("http_requests_in_flight").set(front.in_flight_now() as f64);
    let answer = match place {
        Ok((place, stranger)) => {
            // Given back as soon as it is known who asks.
            stranger.map(|stranger| request.extensions_mut().insert(stranger));
            let answer = next.call(request).await?.map_into_boxed_body();
            drop(place);
            answer
        }
        Err(problem) => {
            let _ = request.take_payload();
            request.error_response(problem)
        }
    };
    answer.request().extensions_mut().remove::<Stranger>();
    drop(busy);
    let mut answer = finished(answer, id);
    if is_too_much(&answer) {
        answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
        connection.iter().for_each(|connection| connection.refuse_more());
    }
    dress(&mut answer, id);
    observe::note(&answer, id, front.clock.now().since(began));
    Ok(answer)
}

/// A place among the requests of an address whose senders are not known yet.
pub(crate) type Stranger = Share<Origin>;

/// The places that a request needs. Probes need none, so that they are answered however much is going on; for the audit some
/// are reserved.
fn places(front: &Front, request: &ServiceRequest) -> Result<(Option<Share<()>>, Option<Stranger>), Problem> {
    if is_probe(request.path()) {
        return Ok((None, None));
    }
    let place = front.in_flight(request.path().starts_with("/v1/audit"))?;
    let stranger = front.stranger(request.peer_addr().map(|peer| peer.ip().into()))?;
    Ok((Some(place), Some(stranger)))
}

/// Whether a request was refused because too much is going on.
fn is_too_much(answer: &ServiceResponse) -> bool {
    let too_much = [&table::OVERLOADED, &table::TOO_MANY_AT_ONCE];
    let code = answer.response().extensions().get::<&'static Code>().copied();
    code.is_some_and(|code| too_much.contains(&code))
}

fn is_probe(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz")
}

/// An error of ours or of the framework as a whole problem document.
fn finished(answer: ServiceResponse, id: RequestId) -> ServiceResponse {
    let Some(error) = answer.response().error() else { return answer };
    let problem = error
        .as_error::<Problem>()
        .cloned()
        .unwrap_or_else(|| Problem::of_status(error.as_response_error().status_code()));
    let (request, _) = answer.into_parts();
    let response = problem.answer(request.path(), id);
    ServiceResponse::new(request, response)
}

/// Adds the headers that every answer has.
fn dress(answer: &mut ServiceResponse, id: RequestId) {
    let standing = answer.request().extensions().get::<Standing>().copied();
    let private = answer.request().path().starts_with("/v1") || is_problem(answer.headers());
    let headers = answer.headers_mut();
    dress_any(headers, id);
    if private {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    for (name, value) in standing.iter().flat_map(Standing::headers) {
        set(headers, name, &value);
    }
}

/// Adds the headers that every answer has to a problem that no route gave.
pub(crate) fn dress_problem(headers: &mut HeaderMap, id: RequestId) {
    dress_any(headers, id);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

fn dress_any(headers: &mut HeaderMap, id: RequestId) {
    for (name, value) in always() {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    set(headers, "X-Request-Id", &id.to_string());
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == MEDIA_TYPE.as_bytes())
}

fn always() -> [(HeaderName, HeaderValue); 7] {
    let value = HeaderValue::from_static;
    let policy = "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    [
        (header::X_CONTENT_TYPE_OPTIONS, value("nosniff")),
        (header::REFERRER_POLICY, value("no-referrer")),
        (header::STRICT_TRANSPORT_SECURITY, value("max-age=63072000; includeSubDomains")),
        (header::CONTENT_SECURITY_POLICY, value(policy)),
        (HeaderName::from_static("cross-origin-opener-policy"), value("same-origin")),
        (HeaderName::from_static("cross-origin-resource-policy"), value("same-origin")),
        (header::X_FRAME_OPTIONS, value("DENY")),
    ]
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

//! The outermost middleware: assigns the request id, enforces the in-flight limits, renders errors
//! as problem documents, adds the common response headers, and records logs and metrics.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use domain::{Operation, RequestId};

use super::in_flight_limit::InFlightGuard;
use super::rate_limiter::Quota;
use super::{MiddlewareState, RequestPermit, overloaded, telemetry};
use crate::connection::{Connection, Origin};
use crate::problem::{Problem, ProblemCode, table};
use crate::system_routes::PROBE_PATHS;

/// Runs one request through all middleware and its route.
///
/// # Errors
/// Errors of the framework for which it has no response.
pub async fn process_request(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(middleware) = request.app_data::<web::Data<MiddlewareState>>().cloned() else {
        return Ok(request.error_response(Problem::new(&table::INTERNAL)));
    };
    let id = middleware.new_request_id();
    let started_at = middleware.clock.now();
    request.extensions_mut().insert(id);
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    let activity = connection.as_ref().map(Connection::begin_request);
    let guards = match connection
        .as_ref()
        .is_some_and(|connection| connection.was_refused_for_load())
    {
        true => Err(overloaded()),
        false => acquire_guards(&middleware, &request),
    };
    metrics::gauge!("http_requests_in_flight").set(middleware.in_flight_count() as f64);
    let response = match guards {
        Ok(guards) => {
            // Released as soon as the caller is authenticated.
            guards
                .unauthenticated
                .map(|guard| request.extensions_mut().insert(guard));
            let response = next.call(request).await?.map_into_boxed_body();
            drop(guards.in_flight);
            response
        }
        Err(problem) => {
            let _ = request.take_payload();
            request.error_response(problem)
        }
    };
    response
        .request()
        .extensions_mut()
        .remove::<UnauthenticatedGuard>();
    drop(activity);
    let mut response = render_problem(response, id);
    if is_overload_refusal(&response) {
        response
            .response_mut()
            .head_mut()
            .set_connection_type(ConnectionType::Close);
        connection
            .iter()
            .for_each(|connection| connection.mark_refused_for_load());
    }
    add_headers(&mut response, id);
    telemetry::record_response(&response, id, middleware.clock.now().since(started_at));
    Ok(response)
}

/// Counts a request against the limit of its network address until its caller is authenticated.
pub(crate) type UnauthenticatedGuard = InFlightGuard<Origin>;

/// What a request counts against while it is in progress.
#[derive(Default)]
struct RequestGuards {
    in_flight: Option<RequestPermit>,
    unauthenticated: Option<UnauthenticatedGuard>,
}

/// Acquires the guards that a request needs. Health probes need none, so that they are answered
/// under any load; the audit has reserved capacity.
fn acquire_guards(
    middleware: &MiddlewareState,
    request: &ServiceRequest,
) -> Result<RequestGuards, Problem> {
    if PROBE_PATHS.contains(&request.path()) {
        return Ok(RequestGuards::default());
    }
    let origin = request.peer_addr().map(|peer| peer.ip().into());
    let in_flight = middleware.begin_request(request.path())?;
    let unauthenticated = middleware.begin_unauthenticated_request(origin)?;
    Ok(RequestGuards {
        in_flight: Some(in_flight),
        unauthenticated: Some(unauthenticated),
    })
}

/// Whether the request was refused because of load.
fn is_overload_refusal(response: &ServiceResponse) -> bool {
    let overload_codes = [&table::OVERLOADED, &table::TOO_MANY_AT_ONCE];
    problem_code(response).is_some_and(|code| overload_codes.contains(&code))
}

/// Renders an error of a route or of the framework as a complete problem document.
fn render_problem(response: ServiceResponse, id: RequestId) -> ServiceResponse {
    let Some(error) = response.response().error() else {
        return response;
    };
    let problem = error
        .as_error::<Problem>()
        .cloned()
        .unwrap_or_else(|| Problem::from_status(error.as_response_error().status_code()));
    let (request, _) = response.into_parts();
    let response = problem.to_response(request.path(), id);
    ServiceResponse::new(request, response)
}

/// Adds the headers that every response has. Responses to authorised operations and problems are
/// not stored by caches.
fn add_headers(response: &mut ServiceResponse, id: RequestId) {
    let quota = response.request().extensions().get::<Quota>().copied();
    let private =
        response.request().extensions().contains::<Operation>() || problem_code(response).is_some();
    let headers = response.headers_mut();
    add_common_headers(headers, id);
    if private {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    for (name, value) in quota.iter().flat_map(Quota::headers) {
        set(headers, name, &value);
    }
}

/// Adds the headers that every response has to a problem that did not come from a route.
pub(crate) fn add_problem_headers(headers: &mut HeaderMap, id: RequestId) {
    add_common_headers(headers, id);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

fn add_common_headers(headers: &mut HeaderMap, id: RequestId) {
    for (name, value) in common_headers() {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    set(headers, "X-Request-Id", &id.to_string());
}

/// The code of a problem document.
fn problem_code(response: &ServiceResponse) -> Option<&'static ProblemCode> {
    response.response().extensions().get().copied()
}

fn common_headers() -> [(HeaderName, HeaderValue); 7] {
    let value = HeaderValue::from_static;
    let policy = "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    [
        (header::X_CONTENT_TYPE_OPTIONS, value("nosniff")),
        (header::REFERRER_POLICY, value("no-referrer")),
        (
            header::STRICT_TRANSPORT_SECURITY,
            value("max-age=63072000; includeSubDomains"),
        ),
        (header::CONTENT_SECURITY_POLICY, value(policy)),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            value("same-origin"),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            value("same-origin"),
        ),
        (header::X_FRAME_OPTIONS, value("DENY")),
    ]
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let (Ok(name), Ok(value)) = (
        HeaderName::from_bytes(name.as_bytes()),
        HeaderValue::from_str(value),
    ) {
        headers.insert(name, value);
    }
}

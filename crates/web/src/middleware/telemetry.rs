//! Logs and metrics of requests. They hold the route pattern, never the path, and no query, body,
//! token or name.

use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::{HttpMessage, HttpRequest};
use domain::{Operation, RequestId};

/// Logs and counts one response.
pub(crate) fn record_response<B>(
    response: &ServiceResponse<B>,
    request: RequestId,
    duration: Duration,
) {
    let method = method_label(response.request().method());
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "unmatched".to_owned());
    let status = response.status().as_u16();
    let operation = operation_label(response.request());
    tracing::info!(%request, method, route, operation, status, took_us = duration.as_micros(), "answered");
    let labels = [
        ("method", method.to_owned()),
        ("route", route),
        ("operation", operation.to_owned()),
        ("status", status.to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels).record(duration.as_secs_f64());
}

/// The operation of the matched route; `none` when extraction did not get that far.
pub(crate) fn operation_label(request: &HttpRequest) -> &'static str {
    request
        .extensions()
        .get::<Operation>()
        .map_or("none", |operation| operation.as_str())
}

/// The method as a metric label. Unknown methods share one label, so that senders cannot create
/// labels.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

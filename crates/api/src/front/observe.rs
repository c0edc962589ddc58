//! What is written down about a request: its pattern, never its path; no query, body, token or name.

use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::{HttpMessage, HttpRequest};
use domain::{Operation, RequestId};

/// Logs and counts one answer.
pub(crate) fn note<B>(answer: &ServiceResponse<B>, request: RequestId, took: Duration) {
    let method = method(answer.request().method());
    let route = answer.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let status = answer.status().as_u16();
    let operation = operation(answer.request());
    tracing::info!(%request, method, route, operation, status, took_us = took.as_micros(), "answered");
    let labels = [
        ("method", method.to_owned()),
        ("route", route),
        ("operation", operation.to_owned()),
        ("status", status.to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());
}

/// The operation the route named, if it got that far.
pub(crate) fn operation(request: &HttpRequest) -> &'static str {
    request.extensions().get::<Operation>().map_or("none", |operation| operation.as_str())
}

/// A method as a label; what a sender makes up is all one.
fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

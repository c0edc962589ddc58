//! The routes of the OpenAPI document and its reference page, and the fallback route. They need no
//! token and show no data.

use std::sync::OnceLock;

use actix_web::http::header;
use actix_web::web::{Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get};
use web::middleware::MiddlewareState;
use web::problem::{Problem, table};
use web::{html, stream_text};

use crate::doc::{allowed_methods, openapi_json, openapi_yaml, reference_page};

/// The paths of these routes.
pub(crate) const PATHS: [&str; 3] = ["/openapi.yaml", "/openapi.json", "/docs"];

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(serve_openapi_yaml)
        .service(serve_openapi_json)
        .service(api_reference);
}

#[get("/openapi.yaml")]
async fn serve_openapi_yaml(
    request: HttpRequest,
    middleware: Data<MiddlewareState>,
) -> HttpResponse {
    static YAML: OnceLock<Bytes> = OnceLock::new();
    let text = YAML.get_or_init(|| openapi_yaml().into());
    HttpResponse::Ok()
        .content_type("application/yaml")
        .body(stream_text(&request, &middleware, text))
}

#[get("/openapi.json")]
async fn serve_openapi_json(
    request: HttpRequest,
    middleware: Data<MiddlewareState>,
) -> HttpResponse {
    static JSON: OnceLock<Bytes> = OnceLock::new();
    let text = JSON.get_or_init(|| openapi_json().into());
    HttpResponse::Ok()
        .content_type("application/json")
        .body(stream_text(&request, &middleware, text))
}

#[get("/docs")]
async fn api_reference(request: HttpRequest, middleware: Data<MiddlewareState>) -> HttpResponse {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let text = PAGE.get_or_init(|| reference_page::render().into());
    html::html_response(stream_text(&request, &middleware, text))
}

/// The fallback route: `method_not_allowed` on a known path, otherwise `not_found`.
pub(crate) async fn not_found(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let methods = allowed_methods(request.path());
    if methods.is_empty() {
        return Err(Problem::new(&table::NOT_FOUND));
    }
    let allow = methods
        .iter()
        .map(|method| method.to_ascii_uppercase())
        .collect::<Vec<_>>()
        .join(", ");
    Err(Problem::new(&table::METHOD_NOT_ALLOWED).with_header(header::ALLOW, allow))
}

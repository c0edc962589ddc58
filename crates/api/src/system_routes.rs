//! Routes outside `/v1`: health probes, the OpenAPI document and HTML pages. They need no token and
//! show no data.

use std::sync::{Arc, OnceLock};

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, get, web};
use service::Service;

use crate::connection::Connection;
use crate::doc::{allowed_methods, openapi_json, openapi_yaml, reference_page};
use crate::expiring_body::{ExpiringBody, SendContext};
use crate::html::{self, STYLE_SHEET};
use crate::middleware::MiddlewareState;
use crate::problem::{self, Problem, table};

/// The paths of these routes.
pub(crate) const PATHS: [&str; 8] = [
    "/livez",
    "/readyz",
    "/openapi.yaml",
    "/openapi.json",
    "/docs",
    "/docs/style.css",
    "/problems",
    "/problems/{code}",
];

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(livez)
        .service(readyz)
        .service(serve_openapi_yaml)
        .service(serve_openapi_json)
        .service(api_reference)
        .service(style_sheet)
        .service(problem::list_problems)
        .service(problem::show_problem);
}

/// Liveness: the process answers requests.
#[get("/livez")]
async fn livez() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("alive\n")
}

/// Readiness: database and keystore respond.
#[get("/readyz")]
async fn readyz(
    service: web::Data<Service>,
    middleware: web::Data<MiddlewareState>,
) -> Result<HttpResponse, Problem> {
    if !middleware
        .readiness
        .is_ready(middleware.clock.as_ref(), move || {
            service.check_ready().is_ok()
        })
        .await
    {
        return Err(Problem::new(&table::UNAVAILABLE).retry_after(1));
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ready\n"))
}

#[get("/openapi.yaml")]
async fn serve_openapi_yaml(
    request: HttpRequest,
    middleware: web::Data<MiddlewareState>,
) -> HttpResponse {
    static YAML: OnceLock<Bytes> = OnceLock::new();
    let text = YAML.get_or_init(|| openapi_yaml().into());
    HttpResponse::Ok()
        .content_type("application/yaml")
        .body(streamed_body(&request, &middleware, text))
}

#[get("/openapi.json")]
async fn serve_openapi_json(
    request: HttpRequest,
    middleware: web::Data<MiddlewareState>,
) -> HttpResponse {
    static JSON: OnceLock<Bytes> = OnceLock::new();
    let text = JSON.get_or_init(|| openapi_json().into());
    HttpResponse::Ok()
        .content_type("application/json")
        .body(streamed_body(&request, &middleware, text))
}

/// Streams a long text at the pace of its reader, so that many slow readers do not each hold a copy
/// in memory.
fn streamed_body(
    request: &HttpRequest,
    middleware: &MiddlewareState,
    text: &Bytes,
) -> ExpiringBody {
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    let send_context = SendContext {
        connection,
        ..SendContext::default()
    };
    ExpiringBody::new(
        text.clone(),
        None,
        Arc::clone(&middleware.clock),
        send_context,
    )
}

#[get("/docs")]
async fn api_reference(
    request: HttpRequest,
    middleware: web::Data<MiddlewareState>,
) -> HttpResponse {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let text = PAGE.get_or_init(|| reference_page::render().into());
    html::html_response(streamed_body(&request, &middleware, text))
}

#[get("/docs/style.css")]
async fn style_sheet() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(STYLE_SHEET)
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

//! Routes outside `/v1`: health, the document and its pages. They need no token and show nothing of anybody.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use service::Service;

use crate::doc::{methods_of, openapi_json, openapi_yaml, reference};
use crate::front::Front;
use crate::page::STYLE;
use crate::problem::{self, Problem, table};

/// The paths of this file.
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
        .service(yaml)
        .service(json)
        .service(docs)
        .service(style)
        .service(problem::all_problems)
        .service(problem::one_problem);
}

/// The process is alive.
#[get("/livez")]
async fn livez() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("alive\n")
}

/// Database and keystore answer: requests can be carried out.
#[get("/readyz")]
async fn readyz(service: web::Data<Service>, front: web::Data<Front>) -> Result<HttpResponse, Problem> {
    if !front.readiness.get(front.clock.as_ref(), move || service.ready().is_ok()).await {
        return Err(Problem::new(&table::UNAVAILABLE).retry_after(1));
    }
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"))
}

#[get("/openapi.yaml")]
async fn yaml() -> HttpResponse {
    HttpResponse::Ok().content_type("application/yaml").body(openapi_yaml())
}

#[get("/openapi.json")]
async fn json() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(openapi_json())
}

#[get("/docs")]
async fn docs() -> HttpResponse {
    reference::answer()
}

#[get("/docs/style.css")]
async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(STYLE)
}

/// What no route takes: the wrong method on a path of ours, or no path of ours at all.
pub(crate) async fn nowhere(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let methods = methods_of(request.path());
    if methods.is_empty() {
        return Err(Problem::new(&table::NOT_FOUND));
    }
    let allow = methods.iter().map(|method| method.to_ascii_uppercase()).collect::<Vec<_>>().join(", ");
    Err(Problem::new(&table::METHOD_NOT_ALLOWED).header(header::ALLOW, allow))
}

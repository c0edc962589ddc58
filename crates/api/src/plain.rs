//! Routes outside `/v1`: health, the document and its pages. They need no token and show nothing of anybody.

use std::sync::{Arc, OnceLock};

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, get, web};
use service::Service;

use crate::connection::Connection;
use crate::doc::{methods_of, openapi_json, openapi_yaml, reference};
use crate::front::Front;
use crate::page::{self, STYLE};
use crate::problem::{self, Problem, table};
use crate::timed::{Sending, Timed};

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
async fn yaml(request: HttpRequest, front: web::Data<Front>) -> HttpResponse {
    static YAML: OnceLock<Bytes> = OnceLock::new();
    let text = YAML.get_or_init(|| openapi_yaml().into());
    HttpResponse::Ok().content_type("application/yaml").body(in_pieces(&request, &front, text))
}

#[get("/openapi.json")]
async fn json(request: HttpRequest, front: web::Data<Front>) -> HttpResponse {
    static JSON: OnceLock<Bytes> = OnceLock::new();
    let text = JSON.get_or_init(|| openapi_json().into());
    HttpResponse::Ok().content_type("application/json").body(in_pieces(&request, &front, text))
}

/// A long text, sent as fast as its reader takes it: many readers who take none of it must not each have a copy.
fn in_pieces(request: &HttpRequest, front: &Front, text: &Bytes) -> Timed {
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    let sending = Sending { connection, ..Sending::default() };
    Timed::new(text.clone(), None, Arc::clone(&front.clock), sending)
}

#[get("/docs")]
async fn docs(request: HttpRequest, front: web::Data<Front>) -> HttpResponse {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let text = PAGE.get_or_init(|| reference::whole().into());
    page::answer(in_pieces(&request, &front, text))
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

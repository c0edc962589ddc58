//! Routes that every node serves: health probes, the style sheet of HTML pages, and the pages that
//! explain problems. They need no token and show no data.

use actix_web::{HttpResponse, get, web};
use service::Service;

use crate::html::STYLE_SHEET;
use crate::middleware::MiddlewareState;
use crate::problem::{self, Problem, table};

/// The paths of these routes.
pub const PATHS: [&str; 5] = [
    "/livez",
    "/readyz",
    "/docs/style.css",
    "/problems",
    "/problems/{code}",
];

/// Adds the routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(livez)
        .service(readyz)
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
            service.kernel.check_ready().is_ok()
        })
        .await
    {
        return Err(Problem::new(&table::UNAVAILABLE).retry_after(1));
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ready\n"))
}

#[get("/docs/style.css")]
async fn style_sheet() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(STYLE_SHEET)
}

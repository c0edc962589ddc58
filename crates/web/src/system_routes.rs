//! Routes that every node serves: health probes, the style sheet of HTML pages, and the pages that
//! explain problems. They need no token and show no data.

use actix_web::{HttpResponse, Resource, get, guard, web};
use service::Service;

use crate::html::STYLE_SHEET;
use crate::middleware::MiddlewareState;
use crate::problem::{self, Problem, table};

const LIVENESS_PATH: &str = "/livez";
const READINESS_PATH: &str = "/readyz";

/// The paths of the health probes.
pub(crate) const PROBE_PATHS: [&str; 2] = [LIVENESS_PATH, READINESS_PATH];

/// The paths of these routes.
pub const PATHS: [&str; 5] = [
    LIVENESS_PATH,
    READINESS_PATH,
    "/docs/style.css",
    "/problems",
    "/problems/{code}",
];

/// Adds the routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(probe(LIVENESS_PATH).to(livez))
        .service(probe(READINESS_PATH).to(readyz))
        .service(style_sheet)
        .service(problem::list_problems)
        .service(problem::show_problem);
}

fn probe(path: &str) -> Resource {
    web::resource(path).guard(guard::Get())
}

/// Liveness: the process answers requests.
async fn livez() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("alive\n")
}

/// Readiness: database and keystore respond.
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

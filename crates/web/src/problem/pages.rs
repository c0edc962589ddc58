//! The HTML pages that explain problems; a problem's `type` links to them.

use std::fmt::Write as _;

use actix_web::{HttpResponse, get, web};

use super::table::{self, CODES};
use super::{Problem, ProblemCode};
use crate::html::{escape, page_response};

/// Lists all problems.
#[get("/problems")]
pub(crate) async fn list_problems() -> HttpResponse {
    let mut main = "<h1>Problems</h1>\n<p>Every error response is a problem document (RFC 9457). \
        This is the list of its codes.</p>\n<table>\n<tr><th>Code</th><th>Status</th><th>Meaning</th>\
        <th>What to do next</th></tr>\n"
        .to_owned();
    for code in CODES {
        let ProblemCode {
            slug,
            status,
            title,
            guidance,
        } = code;
        let title = escape(title);
        let guidance = escape(guidance);
        let _ = writeln!(
            main,
            "<tr><td><a href=\"/problems/{slug}\"><code>{slug}</code></a></td><td>{status}</td><td>{title}</td><td>{guidance}</td></tr>"
        );
    }
    page_response("Problems", &(main + "</table>"))
}

/// Explains one problem.
#[get("/problems/{code}")]
pub(crate) async fn show_problem(slug: web::Path<String>) -> Result<HttpResponse, Problem> {
    let found = CODES.iter().find(|code| code.slug == slug.as_str());
    let code = found.ok_or(Problem::new(&table::NOT_FOUND))?;
    let ProblemCode {
        slug,
        status,
        title,
        guidance,
    } = code;
    let title = escape(title);
    let guidance = escape(guidance);
    let main = format!(
        "<h1>{title}</h1>\n<p>{guidance}</p>\n<p>Code <code>{slug}</code>, HTTP status {status}. \
         <a href=\"/problems\">All problems</a></p>"
    );
    Ok(page_response(code.title, &main))
}

//! What a person sees who follows a problem's `type`.

use std::fmt::Write as _;

use actix_web::{HttpResponse, get, web};

use super::table::{self, CODES};
use super::{Code, Problem};
use crate::page::{escape, page};

/// All problems there are.
#[get("/problems")]
pub(crate) async fn all_problems() -> HttpResponse {
    let mut main = "<h1>Problems</h1>\n<p>Every answer that is not the one hoped for is a problem document \
        (RFC 9457). These are all its kinds.</p>\n<table>\n<tr><th>Code</th><th>Status</th><th>What happened</th>\
        <th>What to do next</th></tr>\n"
        .to_owned();
    for code in CODES {
        let Code { word, status, title, next } = code;
        let (title, next) = (escape(title), escape(next));
        let _ = writeln!(
            main,
            "<tr><td><a href=\"/problems/{word}\"><code>{word}</code></a></td><td>{status}</td><td>{title}</td><td>{next}</td></tr>"
        );
    }
    page("Problems", &(main + "</table>"))
}

/// One kind of problem.
#[get("/problems/{code}")]
pub(crate) async fn one_problem(word: web::Path<String>) -> Result<HttpResponse, Problem> {
    let known = CODES.iter().find(|code| code.word == word.as_str());
    let code = known.ok_or(Problem::new(&table::NOT_FOUND))?;
    let Code { word, status, title, next } = code;
    let (title, next) = (escape(title), escape(next));
    let main = format!(
        "<h1>{title}</h1>\n<p>{next}</p>\n<p>Code <code>{word}</code>, HTTP status {status}. \
         <a href=\"/problems\">All problems</a></p>"
    );
    Ok(page(code.title, &main))
}

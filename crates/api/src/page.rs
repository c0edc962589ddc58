//! HTML pages of our own: no script, nothing from outside, readable without style.

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::http::header;

/// What a page may load: our style sheet and nothing else.
const CSP: &str = "default-src 'none'; object-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The style sheet of all pages.
pub(crate) const STYLE: &str = include_str!("page.css");

/// Text as HTML text.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Text as HTML text, with what stands between backticks set as code.
pub(crate) fn prose(text: &str) -> String {
    let parts: Vec<String> = text.split('`').map(escape).collect();
    // An unpaired backtick stays what it is.
    if parts.len().is_multiple_of(2) {
        return escape(text);
    }
    let set = |(at, part): (usize, String)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part };
    parts.into_iter().enumerate().map(set).collect()
}

/// A whole page around `main`, which is HTML already.
pub(crate) fn html(title: &str, main: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"/docs/style.css\">\n</head>\n<body>\n<main>\n{main}\n</main>\n</body>\n</html>\n"
    )
}

/// The answer with a whole page.
pub(crate) fn answer(html: impl MessageBody + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_SECURITY_POLICY, CSP))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type("text/html; charset=utf-8")
        .body(html)
}

/// The answer with a whole page around `main`, which is HTML already.
pub(crate) fn page(title: &str, main: &str) -> HttpResponse {
    answer(html(title, main))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_stays_text() {
        assert_eq!(escape("<a href=\"x\">'&'</a>"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
    }

    #[test]
    fn paired_backticks_are_code() {
        assert_eq!(prose("send `a<b` now"), "send <code>a&lt;b</code> now");
        assert_eq!(prose("a ` alone"), "a ` alone");
    }

    #[test]
    fn the_style_sheet_loads_nothing() {
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}

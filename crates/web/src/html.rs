//! HTML pages: without scripts or external resources, readable without style.

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::http::header;

/// Content security policy of pages: only the service's own style sheet may load.
const PAGE_CSP: &str = "default-src 'none'; object-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The style sheet of all pages.
pub(crate) const STYLE_SHEET: &str = include_str!("style.css");

/// Escapes text for HTML.
pub fn escape(text: &str) -> String {
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

/// Escapes text for HTML and renders backticked parts as `<code>`.
pub fn escape_with_code(text: &str) -> String {
    let parts: Vec<String> = text.split('`').map(escape).collect();
    // An unpaired backtick is kept as it is.
    if parts.len().is_multiple_of(2) {
        return escape(text);
    }
    let render = |(index, part): (usize, String)| {
        if index % 2 == 1 {
            format!("<code>{part}</code>")
        } else {
            part
        }
    };
    parts.into_iter().enumerate().map(render).collect()
}

/// A complete page. `main` is HTML.
pub fn render_page(title: &str, main: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"/docs/style.css\">\n</head>\n<body>\n<main>\n{main}\n</main>\n</body>\n</html>\n"
    )
}

/// The response with a complete page.
pub fn html_response(html: impl MessageBody + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_CSP))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type("text/html; charset=utf-8")
        .body(html)
}

/// The response with a complete page around `main`, which is HTML.
pub fn page_response(title: &str, main: &str) -> HttpResponse {
    html_response(render_page(title, main))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_markup() {
        assert_eq!(
            escape("<a href=\"x\">'&'</a>"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;"
        );
    }

    #[test]
    fn renders_paired_backticks_as_code() {
        assert_eq!(
            escape_with_code("send `a<b` now"),
            "send <code>a&lt;b</code> now"
        );
        assert_eq!(escape_with_code("a ` alone"), "a ` alone");
    }

    #[test]
    fn style_sheet_loads_no_external_resources() {
        assert!(!STYLE_SHEET.contains("url(") && !STYLE_SHEET.contains("@import"));
    }
}

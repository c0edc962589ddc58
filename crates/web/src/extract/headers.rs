//! Parses the request headers that affect a use case.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::header::{EntityTag, Header as _, HeaderMap, IF_NONE_MATCH, IfNoneMatch};
use service::Fault;

use crate::problem::{Problem, table};

/// The values of the headers that extraction copies, by lower-case name.
pub(super) type RequestHeaders = BTreeMap<&'static str, Vec<Vec<u8>>>;

const COPIED_HEADERS: [&str; 5] = [
    "content-type",
    "content-encoding",
    "idempotency-key",
    "x-request-id",
    "if-match",
];

/// Longest `If-None-Match`, in bytes.
const MAX_IF_NONE_MATCH_BYTES: usize = 2_000;

/// Longest `If-Match`, in bytes: more than twice the length of the service's own tags.
const MAX_IF_MATCH_BYTES: usize = 100;

/// Longest idempotency key, in characters.
const MAX_KEY_CHARS: usize = 255;

/// Copies the headers a use case may need, so that they can move to another thread.
pub(super) fn copy_headers(headers: &HeaderMap) -> RequestHeaders {
    let values = |name| {
        headers
            .get_all(name)
            .map(|value| value.as_bytes().to_vec())
            .collect()
    };
    COPIED_HEADERS
        .into_iter()
        .map(|name| (name, values(name)))
        .collect()
}

/// The value of a header; `Some(Err(()))` when it is repeated.
fn single_value<'a>(headers: &'a RequestHeaders, name: &str) -> Option<Result<&'a [u8], ()>> {
    match headers.get(name).map(Vec::as_slice) {
        None | Some([]) => None,
        Some([value]) => Some(Ok(value.trim_ascii())),
        Some(_) => Some(Err(())),
    }
}

/// Whether the headers declare the body to be uncompressed JSON.
pub(super) fn is_uncompressed_json(headers: &RequestHeaders) -> bool {
    let uncompressed =
        single_value(headers, "content-encoding").is_none_or(|coding| coding == Ok(b"identity"));
    let Some(Ok(content_type)) = single_value(headers, "content-type") else {
        return false;
    };
    let content_type = String::from_utf8_lossy(content_type).to_ascii_lowercase();
    let (media, parameter) = content_type.split_once(';').unwrap_or((&content_type, ""));
    let charset = parameter.trim().trim_end_matches(';').trim_end();
    uncompressed
        && media.trim() == "application/json"
        && ["", "charset=utf-8", "charset=\"utf-8\""].contains(&charset)
}

/// The idempotency key from `Idempotency-Key` or, if that is missing and `request_id_is_key`, from
/// `X-Request-ID`.
///
/// # Errors
/// `idempotency_key_missing`; `idempotency_key_invalid` when it is repeated, too long or not
/// visible ASCII.
pub(super) fn idempotency_key(
    headers: &RequestHeaders,
    request_id_is_key: bool,
) -> Result<String, Problem> {
    let fault = |code| {
        Fault::new(
            "/header/Idempotency-Key",
            code,
            "1 to 255 visible ASCII characters",
        )
    };
    let request_id = || {
        request_id_is_key
            .then(|| single_value(headers, "x-request-id"))
            .flatten()
    };
    let Some(given) = single_value(headers, "idempotency-key").or_else(request_id) else {
        return Err(Problem::new(&table::KEY_MISSING).with_fault(fault("required")));
    };
    let fits = |key: &&[u8]| {
        (1..=MAX_KEY_CHARS).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic)
    };
    let key = given
        .ok()
        .filter(fits)
        .and_then(|key| String::from_utf8(key.to_vec()).ok());
    key.ok_or_else(|| Problem::new(&table::KEY_INVALID).with_fault(fault("wrong_format")))
}

/// The version in `If-Match`; -1, which matches no version, for a weak tag or one without a
/// version.
///
/// # Errors
/// `if_match_invalid` unless the header is one quoted entity tag.
pub(super) fn if_match(headers: &RequestHeaders) -> Result<Option<i64>, Problem> {
    let invalid = || {
        let fault = Fault::new(
            "/header/If-Match",
            "wrong_format",
            "one entity tag in quotes",
        );
        Problem::new(&table::IF_MATCH_INVALID).with_fault(fault)
    };
    let Some(given) = single_value(headers, "if-match") else {
        return Ok(None);
    };
    let fits = |given: &&[u8]| given.len() <= MAX_IF_MATCH_BYTES;
    let tag: EntityTag = given
        .ok()
        .filter(fits)
        .and_then(|given| std::str::from_utf8(given).ok())
        .and_then(|given| given.parse().ok())
        .ok_or_else(invalid)?;
    // The version precedes the dot; the rest distinguishes representations of the same version.
    let opaque = tag.tag();
    let named = opaque
        .split_once('.')
        .map_or(opaque, |(version, _)| version);
    let canonical = |version: &i64| !tag.weak && *version > 0 && version.to_string() == named;
    Ok(Some(named.parse().ok().filter(canonical).unwrap_or(-1)))
}

/// The tags in `If-None-Match`. A header whose values are longer than the limit in total is
/// ignored.
pub(super) fn if_none_match(request: &HttpRequest) -> Option<IfNoneMatch> {
    let values = request.headers().get_all(IF_NONE_MATCH);
    // Each value counts with the comma that separates it from the previous one.
    let length: usize = values.map(|value| value.len() + 1).sum();
    (1..=MAX_IF_NONE_MATCH_BYTES + 1)
        .contains(&length)
        .then(|| IfNoneMatch::parse(request).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn headers_with(name: &'static str, values: &[&str]) -> RequestHeaders {
        [(
            name,
            values
                .iter()
                .map(|value| value.as_bytes().to_vec())
                .collect(),
        )]
        .into()
    }

    #[rstest]
    #[case(&["application/json"], true)]
    #[case(&["Application/JSON; charset=UTF-8"], true)]
    #[case(&["application/json;"], true)]
    #[case(&["application/json; charset=latin1"], false)]
    #[case(&["application/jsonx"], false)]
    #[case(&["text/json"], false)]
    #[case(&["application/json", "text/plain"], false)]
    #[case(&[], false)]
    fn accepts_only_json_content_type(#[case] values: &[&str], #[case] accepted: bool) {
        assert_eq!(
            is_uncompressed_json(&headers_with("content-type", values)),
            accepted
        );
    }

    #[test]
    fn rejects_compressed_json() {
        let mut headers = headers_with("content-type", &["application/json"]);
        headers.extend(headers_with("content-encoding", &["gzip"]));
        assert!(!is_uncompressed_json(&headers));
    }

    #[rstest]
    #[case(&["k-1"], Some("k-1"))]
    #[case(&[""], None)]
    #[case(&["two words"], None)]
    #[case(&["caf\u{e9}"], None)]
    #[case(&["a", "b"], None)]
    fn idempotency_key_must_be_visible_ascii(#[case] values: &[&str], #[case] key: Option<&str>) {
        let found = idempotency_key(&headers_with("idempotency-key", values), false);
        assert_eq!(found.as_deref().ok(), key);
        if let Err(problem) = found {
            assert_eq!(problem.code().slug, "idempotency_key_invalid");
        }
    }

    #[test]
    fn rejects_overlong_if_match() {
        let long = format!("\"{}\"", "7".repeat(MAX_IF_MATCH_BYTES - 1));
        assert!(if_match(&headers_with("if-match", &[&long])).is_err());
        assert_eq!(
            if_match(&headers_with(
                "if-match",
                &[&long[1..].replacen('7', "\"", 1)]
            ))
            .ok(),
            Some(Some(-1))
        );
    }

    #[test]
    fn rejects_missing_and_overlong_idempotency_key() {
        let long = "x".repeat(MAX_KEY_CHARS + 1);
        assert!(idempotency_key(&headers_with("idempotency-key", &[&long[1..]]), false).is_ok());
        assert!(idempotency_key(&headers_with("idempotency-key", &[&long]), false).is_err());
        assert_eq!(
            idempotency_key(&RequestHeaders::new(), false)
                .unwrap_err()
                .code()
                .slug,
            "idempotency_key_missing"
        );
    }

    #[test]
    fn request_id_replaces_missing_key_only_where_configured() {
        let mut headers = headers_with("x-request-id", &["nhs-7"]);
        assert_eq!(
            idempotency_key(&headers, false).unwrap_err().code().slug,
            "idempotency_key_missing"
        );
        assert_eq!(idempotency_key(&headers, true).as_deref(), Ok("nhs-7"));
        headers.extend(headers_with("idempotency-key", &["own"]));
        assert_eq!(idempotency_key(&headers, true).as_deref(), Ok("own"));
    }

    #[rstest]
    #[case("\"7\"", Some(7))]
    #[case("\"7.uXq\"", Some(7))]
    #[case("\".7\"", Some(-1))]
    #[case("W/\"7\"", Some(-1))]
    #[case("\"07\"", Some(-1))]
    #[case("\"abc\"", Some(-1))]
    #[case("\"-3\"", Some(-1))]
    #[case("\"0\"", Some(-1))]
    #[case("*", None)]
    #[case("7", None)]
    #[case("\"1\", \"2\"", None)]
    fn if_match_accepts_only_strong_version_tags(
        #[case] value: &str,
        #[case] version: Option<i64>,
    ) {
        let found = if_match(&headers_with("if-match", &[value]));
        assert_eq!(found.ok().flatten(), version);
    }
}

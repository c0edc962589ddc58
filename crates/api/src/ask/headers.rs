//! Headers that say something about the request's effect.

use std::collections::BTreeMap;

use actix_web::http::header::HeaderMap;
use service::Fault;

use crate::problem::{Problem, table};

/// The headers a use case may need, by lower-case name.
pub(super) type Kept = BTreeMap<&'static str, Vec<Vec<u8>>>;

const KEPT: [&str; 5] = ["content-type", "content-encoding", "idempotency-key", "x-request-id", "if-match"];

/// Longest `If-None-Match` looked at, in bytes.
const LONGEST_IF_NONE_MATCH: usize = 2_000;

/// Longest `If-Match`, in bytes. Ours are shorter than half of it.
const LONGEST_IF_MATCH: usize = 100;

/// Longest idempotency key, in characters.
const LONGEST_KEY: usize = 255;

/// Copies what may be needed, so that it can be moved to another thread.
pub(super) fn kept(headers: &HeaderMap) -> Kept {
    let values = |name| headers.get_all(name).map(|value| value.as_bytes().to_vec()).collect();
    KEPT.into_iter().map(|name| (name, values(name))).collect()
}

fn only<'a>(headers: &'a Kept, name: &str) -> Option<Result<&'a [u8], ()>> {
    match headers.get(name).map(Vec::as_slice) {
        None | Some([]) => None,
        Some([one]) => Some(Ok(one.trim_ascii())),
        Some(_) => Some(Err(())),
    }
}

/// Whether the body is said to be uncompressed JSON.
pub(super) fn is_plain_json(headers: &Kept) -> bool {
    let plain = only(headers, "content-encoding").is_none_or(|coding| coding == Ok(b"identity"));
    let Some(Ok(kind)) = only(headers, "content-type") else { return false };
    let kind = String::from_utf8_lossy(kind).to_ascii_lowercase();
    let (media, parameter) = kind.split_once(';').unwrap_or((&kind, ""));
    let charset = parameter.trim().trim_end_matches(';').trim_end();
    plain && media.trim() == "application/json" && ["", "charset=utf-8", "charset=\"utf-8\""].contains(&charset)
}

/// The idempotency key: `Idempotency-Key`, or else `X-Request-ID` where `request_id_is_key`.
pub(super) fn idempotency_key(headers: &Kept, request_id_is_key: bool) -> Result<String, Problem> {
    let fault = |code| Fault::new("/header/Idempotency-Key", code, "1 to 255 visible ASCII characters");
    let request_id = || request_id_is_key.then(|| only(headers, "x-request-id")).flatten();
    let Some(given) = only(headers, "idempotency-key").or_else(request_id) else {
        return Err(Problem::new(&table::KEY_MISSING).fault(fault("required")));
    };
    let fits = |key: &&[u8]| (1..=LONGEST_KEY).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    let key = given.ok().filter(fits).and_then(|key| String::from_utf8(key.to_vec()).ok());
    key.ok_or_else(|| Problem::new(&table::KEY_INVALID).fault(fault("wrong_format")))
}

/// The version in `If-Match`. A weak tag, or one that is no version, matches nothing: -1.
pub(super) fn if_match(headers: &Kept) -> Result<Option<i64>, Problem> {
    let invalid = || {
        let fault = Fault::new("/header/If-Match", "wrong_format", "one entity tag in quotes");
        Problem::new(&table::IF_MATCH_INVALID).fault(fault)
    };
    let Some(given) = only(headers, "if-match") else { return Ok(None) };
    let fits = |given: &&[u8]| given.len() <= LONGEST_IF_MATCH;
    let text = given.ok().filter(fits).and_then(|given| std::str::from_utf8(given).ok()).ok_or_else(invalid)?;
    let strong = text.strip_prefix("W/").unwrap_or(text);
    let tag = strong.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(invalid)?;
    if tag.contains('"') {
        return Err(invalid());
    }
    // The version stands before the dot; what follows tells one way of showing it from another.
    let named = tag.split_once('.').map_or(tag, |(version, _)| version);
    let canonical = |version: &i64| *version > 0 && version.to_string() == named && strong == text;
    Ok(Some(named.parse().ok().filter(canonical).unwrap_or(-1)))
}

/// All of `If-None-Match`, joined as RFC 9110 section 5.3 has it; more than anybody needs is passed over.
pub(super) fn if_none_match(headers: &HeaderMap) -> Option<String> {
    let all: Vec<&str> = headers.get_all("if-none-match").filter_map(|value| value.to_str().ok()).collect();
    (!all.is_empty()).then(|| all.join(",")).filter(|given| given.len() <= LONGEST_IF_NONE_MATCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn with(name: &'static str, values: &[&str]) -> Kept {
        [(name, values.iter().map(|value| value.as_bytes().to_vec()).collect())].into()
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
    fn only_json_is_json(#[case] values: &[&str], #[case] taken: bool) {
        assert_eq!(is_plain_json(&with("content-type", values)), taken);
    }

    #[test]
    fn compressed_json_is_not_taken() {
        let mut headers = with("content-type", &["application/json"]);
        headers.extend(with("content-encoding", &["gzip"]));
        assert!(!is_plain_json(&headers));
    }

    #[rstest]
    #[case(&["k-1"], Some("k-1"))]
    #[case(&[""], None)]
    #[case(&["two words"], None)]
    #[case(&["caf\u{e9}"], None)]
    #[case(&["a", "b"], None)]
    fn keys_are_visible_ascii(#[case] values: &[&str], #[case] key: Option<&str>) {
        let found = idempotency_key(&with("idempotency-key", values), false);
        assert_eq!(found.as_deref().ok(), key);
        if let Err(problem) = found {
            assert_eq!(problem.code().word, "idempotency_key_invalid");
        }
    }

    #[test]
    fn tags_have_a_limit() {
        let long = format!("\"{}\"", "7".repeat(LONGEST_IF_MATCH - 1));
        assert!(if_match(&with("if-match", &[&long])).is_err());
        assert_eq!(if_match(&with("if-match", &[&long[1..].replacen('7', "\"", 1)])).ok(), Some(Some(-1)));
    }

    #[test]
    fn keys_have_a_limit_and_must_be_there() {
        let long = "x".repeat(LONGEST_KEY + 1);
        assert!(idempotency_key(&with("idempotency-key", &[&long[1..]]), false).is_ok());
        assert!(idempotency_key(&with("idempotency-key", &[&long]), false).is_err());
        assert_eq!(idempotency_key(&Kept::new(), false).unwrap_err().code().word, "idempotency_key_missing");
    }

    #[test]
    fn a_request_id_is_a_key_only_where_it_is_configured_and_nothing_else_is_given() {
        let mut headers = with("x-request-id", &["nhs-7"]);
        assert_eq!(idempotency_key(&headers, false).unwrap_err().code().word, "idempotency_key_missing");
        assert_eq!(idempotency_key(&headers, true).as_deref(), Ok("nhs-7"));
        headers.extend(with("idempotency-key", &["own"]));
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
    fn versions_are_strong_tags(#[case] value: &str, #[case] version: Option<i64>) {
        let found = if_match(&with("if-match", &[value]));
        assert_eq!(found.ok().flatten(), version);
    }
}

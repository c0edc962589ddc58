//! Texts that are no token, or of which a part cannot be read.

use identity::{MAX_TOKEN_BYTES, TokenError};
use proptest::prelude::*;
use serde_json::json;

use super::Fixture;
use crate::common::{at, b64, claims, header};

#[test]
fn rejects_malformed_tokens() {
    let fixture = Fixture::new();
    assert_other_texts_rejected(&fixture);
    assert_changed_signatures_rejected(&fixture);
    assert_malformed_claims_rejected(&fixture);
    let long = fixture.with_claims(json!({ "padding": "x".repeat(9 * 1_024) }));
    assert!(long.len() > MAX_TOKEN_BYTES);
    fixture.assert_rejected(
        TokenError::TooLong,
        [("too long", long), ("a megabyte", "A".repeat(1 << 20))],
    );
    let bad_length = fixture
        .county
        .sign_segments("A", &b64(claims().to_string()));
    fixture.assert_rejected(
        TokenError::HeaderMalformed,
        [("header of bad length", bad_length)],
    );
}

fn assert_other_texts_rejected(fixture: &Fixture) {
    let valid_token = fixture.valid_token();
    let (signed, signature) = valid_token.rsplit_once('.').unwrap();
    let (head, body) = signed.split_once('.').unwrap();
    let standard_base64 = fixture.county.sign_segments(head, "++//");
    fixture.assert_rejected(
        TokenError::NotAToken,
        [
            ("empty", String::new()),
            ("dots", "..".into()),
            ("two segments", signed.into()),
            ("four segments", format!("{valid_token}.AAAA")),
            ("as a JWE", format!("{head}.AAAA.AAAA.AAAA.AAAA")),
            ("empty signature", format!("{signed}.")),
            ("padding", format!("{valid_token}=")),
            ("padding of two", format!("{valid_token}==")),
            ("leading blank", format!(" {valid_token}")),
            ("trailing line feed", format!("{valid_token}\n")),
            ("blank inside", format!("{head}. {body}.{signature}")),
            ("NUL at the end", format!("{valid_token}\0")),
            ("Cyrillic letter", format!("{valid_token}\u{430}")),
            ("standard base64", standard_base64),
            ("Bearer in front", format!("Bearer {valid_token}")),
        ],
    );
}

fn assert_changed_signatures_rejected(fixture: &Fixture) {
    let valid_token = fixture.valid_token();
    let (signed, signature) = valid_token.rsplit_once('.').unwrap();
    let cut_by_one = &valid_token[..valid_token.len() - 1];
    let cut_by_half = format!("{signed}.{}", &signature[..43]);
    let zeros = format!("{signed}.{}", b64([0; 64]));
    let der = fixture.county.sign_der(&header(), &claims());
    fixture.assert_rejected(
        TokenError::BadSignature,
        [
            ("signature cut by one character", cut_by_one.into()),
            ("signature cut by half", cut_by_half),
            ("signature of zeros", zeros),
            ("signature in DER", der),
            ("signature with a tail", format!("{valid_token}AAAA")),
        ],
    );
}

fn assert_malformed_claims_rejected(fixture: &Fixture) {
    let header = header().to_string();
    let with_claims_text = |text: &str| fixture.county.sign_text(&header, text);
    let with_tail = with_claims_text(&format!("{}{{}}", claims()));
    let not_utf8 = fixture
        .county
        .sign_segments(&b64(&header), &b64(b"{\"iss\":\"\xff\"}"));
    fixture.assert_rejected(
        TokenError::ClaimsMalformed,
        [
            ("claims a list", with_claims_text("[]")),
            ("claims with a tail", with_tail),
            ("claims not UTF-8", not_utf8),
        ],
    );
    fixture.assert_rejected(
        TokenError::UnknownIssuer,
        [("claims empty object", with_claims_text("{}"))],
    );
}

#[test]
fn any_changed_character_is_rejected() {
    let fixture = Fixture::new();
    let valid_token = fixture.valid_token();
    assert!(fixture.verifier.verify(&valid_token, None, at(0)).is_ok());
    for position in 0..valid_token.len() {
        let mut bytes = valid_token.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(
            fixture.verifier.verify(&changed, None, at(0)).is_err(),
            "character {position}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Arbitrary input is rejected without panicking, even with a genuine signature.
    #[test]
    fn rejects_arbitrary_input(
        text in any::<String>(),
        header in r#"\{"[a-z]{1,4}":["{}\[\]a-z0-9:,.]{0,40}\}"#,
    ) {
        thread_local!(static FIXTURE: Fixture = Fixture::new());
        FIXTURE.with(|fixture| {
            prop_assert!(fixture.verifier.verify(&text, None, at(0)).is_err());
            let signed = fixture.county.sign_text(&header, &text);
            prop_assert!(fixture.verifier.verify(&signed, None, at(0)).is_err());
            let signed = fixture.county.sign_text(&crate::common::header().to_string(), &header);
            prop_assert!(fixture.verifier.verify(&signed, None, at(0)).is_err());
            Ok(())
        })?;
    }
}

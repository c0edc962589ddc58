//! Signature algorithms, keys and other header members.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::KeyPair as _;
use identity::TokenError;
use serde_json::json;

use super::{Fixture, hospital_claims, trust_header};
use crate::common::{EcKey, b64, claims, header, with};

#[test]
fn rejects_wrong_algorithms() {
    let fixture = Fixture::new();
    assert_unsigned_tokens_rejected(&fixture);
    assert_public_key_as_hmac_secret_rejected(&fixture);
    assert_algorithms_of_other_issuers_rejected(&fixture);
    fixture.assert_headers_rejected(
        TokenError::WrongAlgorithm,
        [
            ("alg es256", json!({ "alg": "es256" })),
            ("ES384", json!({ "alg": "ES384" })),
            ("PS256", json!({ "alg": "PS256" })),
        ],
    );
    fixture.assert_headers_rejected(
        TokenError::HeaderMalformed,
        [
            ("alg missing", json!({ "alg": null })),
            ("alg a number", json!({ "alg": 256 })),
            ("alg a list", json!({ "alg": ["ES256"] })),
        ],
    );
}

fn assert_unsigned_tokens_rejected(fixture: &Fixture) {
    let unsigned = |alg: &str| {
        let header = with(header(), json!({ "alg": alg })).to_string();
        format!("{}.{}.", b64(header), b64(claims().to_string()))
    };
    let with_any_signature = |alg: &str| format!("{}AAAA", unsigned(alg));
    fixture.assert_rejected(
        TokenError::NotAToken,
        [("alg none, empty signature", unsigned("none"))],
    );
    fixture.assert_rejected(
        TokenError::WrongAlgorithm,
        [
            ("alg none, any signature", with_any_signature("none")),
            ("alg None", with_any_signature("None")),
            ("alg NONE", with_any_signature("NONE")),
            ("alg empty", with_any_signature("")),
        ],
    );
}

/// An attacker knows the public key. A verifier that lets the token choose the algorithm would use
/// that key as the secret of an HMAC.
fn assert_public_key_as_hmac_secret_rejected(fixture: &Fixture) {
    let point = fixture.county.pair.public_key().as_ref();
    let jwk = fixture.county.jwk("k1").to_string();
    fixture.assert_rejected(
        TokenError::WrongAlgorithm,
        [
            ("HS256 by the public point", hmac_token(point, "HS256")),
            ("HS256 by the JWK", hmac_token(jwk.as_bytes(), "HS256")),
        ],
    );
    fixture.assert_rejected(
        TokenError::BadSignature,
        [("HS256 tag called ES256", hmac_token(point, "ES256"))],
    );
}

fn hmac_token(secret: &[u8], algorithm: &str) -> String {
    let header = with(header(), json!({ "alg": algorithm }));
    let signed = format!("{}.{}", b64(header.to_string()), b64(claims().to_string()));
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret),
        signed.as_bytes(),
    );
    format!("{signed}.{}", b64(tag))
}

fn assert_algorithms_of_other_issuers_rejected(fixture: &Fixture) {
    let rs256_of_county = fixture
        .trust
        .sign(&with(header(), json!({ "alg": "RS256" })), &claims());
    let es256_of_trust = fixture
        .county
        .sign(&with(header(), json!({ "kid": "r1" })), &hospital_claims());
    let es256_called_rs256 = fixture.county.sign(&trust_header(), &hospital_claims());
    fixture.assert_rejected(
        TokenError::WrongAlgorithm,
        [
            ("RS256 for an ES256 issuer", rs256_of_county),
            ("ES256 for an RS256 issuer", es256_of_trust),
        ],
    );
    fixture.assert_rejected(
        TokenError::BadSignature,
        [("ES256 signature called RS256", es256_called_rs256)],
    );
}

#[test]
fn rejects_bad_headers_and_key_ids() {
    let fixture = Fixture::new();
    assert_key_ids_rejected(&fixture);
    assert_forbidden_members_rejected(&fixture);
    assert_types_rejected(&fixture);
    let stranger = EcKey::new();
    fixture.assert_rejected(
        TokenError::BadSignature,
        [("a stranger's key", stranger.sign(&header(), &claims()))],
    );
    let with_header_text = |text: &str| fixture.county.sign_text(text, &claims().to_string());
    let doubled = r#"{"alg":"ES256","typ":"at+jwt","kid":"k1","kid":"k1"}"#;
    fixture.assert_rejected(
        TokenError::HeaderMalformed,
        [
            ("header member twice", with_header_text(doubled)),
            ("header a list", with_header_text("[]")),
            ("header not JSON", with_header_text("ES256")),
        ],
    );
}

fn assert_key_ids_rejected(fixture: &Fixture) {
    fixture.assert_headers_rejected(
        TokenError::UnknownKey,
        [
            ("kid of another issuer", json!({ "kid": "r1" })),
            ("kid missing", json!({ "kid": null })),
            ("kid empty", json!({ "kid": "" })),
            ("kid in other case", json!({ "kid": "K1" })),
            ("kid a path", json!({ "kid": "../../../../dev/null" })),
            ("kid a query", json!({ "kid": "k1' OR '1'='1" })),
            ("kid with NUL", json!({ "kid": "k1\u{0}" })),
            ("kid huge", json!({ "kid": "k".repeat(4_000) })),
        ],
    );
    fixture.assert_headers_rejected(
        TokenError::HeaderMalformed,
        [("kid a number", json!({ "kid": 1 }))],
    );
}

/// Header members that bring their own key, name one, or change how the token is to be read.
fn assert_forbidden_members_rejected(fixture: &Fixture) {
    let jku = "https://mallory.example/jwks";
    let x5u = "https://mallory.example/cert";
    fixture.assert_headers_rejected(
        TokenError::HeaderForbidden,
        [
            ("jku", json!({ "jku": jku })),
            ("x5u", json!({ "x5u": x5u })),
            ("x5c", json!({ "x5c": ["AAAA"] })),
            ("crit unknown", json!({ "crit": ["urn:x"], "urn:x": 1 })),
            ("crit empty", json!({ "crit": [] })),
            ("b64", json!({ "b64": false })),
            ("zip", json!({ "zip": "DEF" })),
            ("enc", json!({ "enc": "A128GCM" })),
        ],
    );
    let mallory = EcKey::new();
    let with_own_key = with(header(), json!({ "jwk": mallory.jwk("k1") }));
    fixture.assert_rejected(
        TokenError::HeaderForbidden,
        [("jwk", mallory.sign(&with_own_key, &claims()))],
    );
}

fn assert_types_rejected(fixture: &Fixture) {
    fixture.assert_headers_rejected(
        TokenError::WrongType,
        [
            ("typ missing", json!({ "typ": null })),
            ("typ JWT", json!({ "typ": "JWT" })),
            ("typ of an ID token", json!({ "typ": "id_token+jwt" })),
            ("typ of a logout token", json!({ "typ": "logout+jwt" })),
            ("typ with blanks", json!({ "typ": " at+jwt" })),
        ],
    );
    fixture.assert_headers_rejected(
        TokenError::HeaderMalformed,
        [("typ a list", json!({ "typ": ["at+jwt"] }))],
    );
}

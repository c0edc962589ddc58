//! Access tokens: nothing panics, bytes that the issuer did not sign are never accepted, and signed
//! bytes are accepted only if an independent oracle, [`is_acceptable`], finds the required header
//! and claims.
//!
//! The input is a header, a newline and claims, which are signed with the issuer's key and
//! verified. The same bytes are also verified as a token, and used as edits of a genuine token.
#![no_main]

use std::sync::{Arc, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Instant;
use identity::{Algorithm, FetchSettings, IssuerConfig, KeySource, SourceReader, Verifier};
use serde_json::{Value, json};

const NOW: i64 = 1_795_435_200;
const ISSUER: &str = "https://id.county.example";
const AUDIENCE: &str = "https://chronology.county.example";

struct IssuerFixture {
    pair: EcdsaKeyPair,
    verifier: Verifier,
    genuine: String,
}

fn sign_token(pair: &EcdsaKeyPair, header: &[u8], claims: &[u8]) -> String {
    let signing_input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = pair
        .sign(&SystemRandom::new(), signing_input.as_bytes())
        .expect("the token is signed");
    format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn create_fixture() -> IssuerFixture {
    let pair =
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key is generated");
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let encode_coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "kid": "k1",
        "x": encode_coordinate(x), "y": encode_coordinate(y),
    });
    let config = IssuerConfig {
        issuer: ISSUER.into(),
        audience: AUDIENCE.into(),
        partnership: "county".into(),
        agencies: vec!["social-care".into(), "oak-school".into()],
        roles: IssuerConfig::default_roles(),
        vouches_for_time: false,
        algorithm: Algorithm::Es256,
        keys: KeySource::Inline(json!({ "keys": [jwk] }).to_string()),
    };
    let reader = SourceReader::new(&FetchSettings::default()).expect("the key reader is created");
    let verifier = Verifier::new(vec![config], Arc::new(reader)).expect("the verifier is created");
    let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"});
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "p-4711", "client_id": "portal", "jti": "t-1",
        "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 1_800, "agency": "social-care", "roles": ["social_worker"],
    });
    let genuine = sign_token(
        &pair,
        header.to_string().as_bytes(),
        claims.to_string().as_bytes(),
    );
    IssuerFixture {
        pair,
        verifier,
        genuine,
    }
}

/// Whether a token that the issuer signed may be accepted.
fn is_acceptable(header: &[u8], claims: &[u8]) -> bool {
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let header = read(header);
    let claims = read(claims);
    let number = |name: &str| claims[name].as_i64();
    let (Some(issued), Some(ends)) = (number("iat"), number("exp")) else {
        return false;
    };
    let begins = claims.get("nbf").map_or(Some(issued), Value::as_i64);
    let has_token_type = header["typ"].as_str().is_some_and(|word| {
        word.eq_ignore_ascii_case("at+jwt") || word.eq_ignore_ascii_case("application/at+jwt")
    });
    let is_text = |name: &str| claims[name].as_str().is_some_and(|word| !word.is_empty());
    has_token_type
        && header["alg"] == "ES256"
        && header["kid"] == "k1"
        && header.get("crit").is_none()
        && claims["iss"] == ISSUER
        && claims["aud"] == AUDIENCE
        && ["sub", "client_id", "jti"].into_iter().all(is_text)
        && ["social-care", "oak-school"].contains(&claims["agency"].as_str().unwrap_or_default())
        && claims["roles"]
            .as_array()
            .is_some_and(|roles| roles.len() <= 16 && roles.iter().any(|role| role != "auditor"))
        && ends - issued <= 3_600
        && issued <= NOW + 10
        && begins.is_some_and(|begins| begins <= NOW + 10)
        && ends > NOW - 10
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static FIXTURE: OnceLock<IssuerFixture> = OnceLock::new();
    let fixture = FIXTURE.get_or_init(create_fixture);
    let now = Instant::from_micros(NOW * 1_000_000);
    let is_accepted = |token: &str| fixture.verifier.verify(token, None, now).is_ok();
    assert!(
        is_accepted(&fixture.genuine),
        "the genuine token was rejected"
    );
    assert!(
        data == fixture.genuine.as_bytes() || !is_accepted(&fuzz::lossy_text(data)),
        "a token from arbitrary bytes was accepted"
    );

    let forged = fuzz::mutate(fixture.genuine.as_bytes(), data);
    if forged != fixture.genuine.as_bytes() {
        assert!(
            !is_accepted(&fuzz::lossy_text(&forged)),
            "a changed token was accepted"
        );
    }

    let (header, claims) = fuzz::split_at_newline(data);
    if is_accepted(&sign_token(&fixture.pair, header, claims)) {
        assert!(
            is_acceptable(header, claims),
            "a token with wrong claims was accepted"
        );
    }
});

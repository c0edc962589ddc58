//! Access tokens as bytes: nothing panics; bytes that the issuer did not sign are never accepted; and of what it did sign
//! only what says exactly the right things, judged here by an oracle of its own.
//!
//! Input: a header, a newline, claims. They are signed by the issuer's key and shown; then the same bytes are shown as a
//! token, and as changes to a genuine one.
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
const US: &str = "https://chronology.county.example";

struct Bench {
    pair: EcdsaKeyPair,
    verifier: Verifier,
    genuine: String,
}

fn signed(pair: &EcdsaKeyPair, header: &[u8], claims: &[u8]) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn bench() -> Bench {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "k1", "x": coordinate(x), "y": coordinate(y)});
    let config = IssuerConfig {
        issuer: ISSUER.into(),
        audience: US.into(),
        partnership: "county".into(),
        agencies: vec!["social-care".into(), "oak-school".into()],
        roles: IssuerConfig::default_roles(),
        vouches_for_time: false,
        algorithm: Algorithm::Es256,
        keys: KeySource::Inline(json!({ "keys": [jwk] }).to_string()),
    };
    let reader = SourceReader::new(&FetchSettings::default()).expect("a reader");
    let verifier = Verifier::new(vec![config], Arc::new(reader)).expect("a verifier");
    let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"});
    let claims = json!({
        "iss": ISSUER, "aud": US, "sub": "p-4711", "client_id": "portal", "jti": "t-1", "iat": NOW - 60,
        "nbf": NOW - 60, "exp": NOW + 1_800, "agency": "social-care", "roles": ["social_worker"],
    });
    let genuine = signed(&pair, header.to_string().as_bytes(), claims.to_string().as_bytes());
    Bench { pair, verifier, genuine }
}

/// Whether what the issuer signed may be accepted, as plainly as it can be said.
fn acceptable(header: &[u8], claims: &[u8]) -> bool {
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let (header, claims) = (read(header), read(claims));
    let number = |name: &str| claims[name].as_i64();
    let (Some(issued), Some(ends)) = (number("iat"), number("exp")) else { return false };
    let begins = claims.get("nbf").map_or(Some(issued), Value::as_i64);
    let typed = header["typ"]
        .as_str()
        .is_some_and(|word| word.eq_ignore_ascii_case("at+jwt") || word.eq_ignore_ascii_case("application/at+jwt"));
    let words = |name: &str| claims[name].as_str().is_some_and(|word| !word.is_empty());
    typed
        && header["alg"] == "ES256"
        && header["kid"] == "k1"
        && header.get("crit").is_none()
        && claims["iss"] == ISSUER
        && claims["aud"] == US
        && ["sub", "client_id", "jti"].into_iter().all(words)
        && ["social-care", "oak-school"].contains(&claims["agency"].as_str().unwrap_or_default())
        && claims["roles"].as_array().is_some_and(|roles| roles.len() <= 16 && roles.iter().any(|role| role != "auditor"))
        && ends - issued <= 3_600
        && issued <= NOW + 10
        && begins.is_some_and(|begins| begins <= NOW + 10)
        && ends > NOW - 10
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    let bench = BENCH.get_or_init(bench);
    let now = Instant::from_micros(NOW * 1_000_000);
    let accepted = |token: &str| bench.verifier.verify(token, None, now).is_ok();
    assert!(accepted(&bench.genuine), "the genuine token");
    assert!(data == bench.genuine.as_bytes() || !accepted(&fuzz::text(data)), "a token out of nothing");

    let forged = fuzz::changed(bench.genuine.as_bytes(), data);
    if forged != bench.genuine.as_bytes() {
        assert!(!accepted(&fuzz::text(&forged)), "a changed token");
    }

    let (header, claims) = fuzz::two(data);
    if accepted(&signed(&bench.pair, header, claims)) {
        assert!(acceptable(header, claims), "accepted what says the wrong things");
    }
});

//! Hostile tokens that must be rejected, each with its reason, and genuine tokens that must be
//! accepted.

mod certificates;
mod claims;
mod format;
mod genuine;
mod headers;

use std::sync::Arc;

use identity::{FetchError, KeySource, TokenError, Verifier};
use serde_json::{Value, json};

use crate::common::{
    EcKey, FakeKeySource, RsaKey, TRUST, at, claims, county, header, set, trust, with,
};

/// The keys of the county, which signs with ES256, and of the trust, which signs with RS256, and a
/// verifier that accepts tokens of both.
struct Fixture {
    county: EcKey,
    trust: RsaKey,
    verifier: Verifier,
}

impl Fixture {
    fn new() -> Self {
        let ec = EcKey::new();
        let rsa = RsaKey::new();
        let county_keys = KeySource::Inline(set(&[ec.jwk("k1")]));
        let trust_keys = KeySource::Inline(set(&[rsa.jwk("r1")]));
        let issuers = vec![county(county_keys), trust(trust_keys)];
        let source = Arc::new(FakeKeySource::new(Err(FetchError::Unreachable)));
        Self {
            county: ec,
            trust: rsa,
            verifier: Verifier::new(issuers, source).unwrap(),
        }
    }

    fn valid_token(&self) -> String {
        self.county.sign(&header(), &claims())
    }

    /// A token of the county with a changed header.
    fn with_header(&self, patch: Value) -> String {
        self.county.sign(&with(header(), patch), &claims())
    }

    /// A token of the county with changed claims.
    fn with_claims(&self, patch: Value) -> String {
        self.county.sign(&header(), &with(claims(), patch))
    }

    /// A token of the county with one claim given as raw JSON.
    fn with_raw_claim(&self, claim: &str, text: &str) -> String {
        let rest = with(claims(), json!({ claim: null })).to_string();
        self.county.sign_text(
            &header().to_string(),
            &format!("{{\"{claim}\":{text},{}", &rest[1..]),
        )
    }

    /// Asserts that each of the named tokens is rejected for `reason`, and again when the verifier
    /// has seen it before.
    fn assert_rejected<'a>(
        &self,
        reason: TokenError,
        tokens: impl IntoIterator<Item = (&'a str, String)>,
    ) {
        for (name, token) in tokens {
            for attempt in ["first", "second"] {
                assert_eq!(
                    self.verifier.verify(&token, None, at(0)).err(),
                    Some(reason),
                    "{name}, {attempt} time"
                );
            }
        }
    }

    /// Like [`Self::assert_rejected`], for tokens of the county with changed headers.
    fn assert_headers_rejected<'a>(
        &self,
        reason: TokenError,
        patches: impl IntoIterator<Item = (&'a str, Value)>,
    ) {
        let tokens = patches
            .into_iter()
            .map(|(name, patch)| (name, self.with_header(patch)));
        self.assert_rejected(reason, tokens);
    }

    /// Like [`Self::assert_rejected`], for tokens of the county with changed claims.
    fn assert_claims_rejected<'a>(
        &self,
        reason: TokenError,
        patches: impl IntoIterator<Item = (&'a str, Value)>,
    ) {
        let tokens = patches
            .into_iter()
            .map(|(name, patch)| (name, self.with_claims(patch)));
        self.assert_rejected(reason, tokens);
    }

    /// Like [`Self::assert_rejected`], for tokens of the county with `claim` given as raw JSON.
    fn assert_raw_claims_rejected<'a>(
        &self,
        reason: TokenError,
        claim: &str,
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let tokens = texts
            .into_iter()
            .map(|(name, text)| (name, self.with_raw_claim(claim, text)));
        self.assert_rejected(reason, tokens);
    }
}

/// Claims of the hospital, which belongs to the trust.
fn hospital_claims() -> Value {
    with(claims(), json!({ "iss": TRUST, "agency": "hospital" }))
}

/// The header of a token that the trust has signed.
fn trust_header() -> Value {
    with(header(), json!({ "alg": "RS256", "kid": "r1" }))
}

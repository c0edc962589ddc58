//! Keys, tokens and key sets, built without the code under test and without the library it uses.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_SHA256,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Instant, Role};
use identity::{Algorithm, FetchError, FetchKeys, IssuerConfig, KeySource};
use serde_json::{Value, json};

pub(crate) const COUNTY: &str = "https://id.county.example";
pub(crate) const TRUST: &str = "https://login.trust.example";
pub(crate) const AUDIENCE: &str = "https://chronology.county.example";
/// 2026-11-23T12:00:00Z.
pub(crate) const NOON: i64 = 1_795_435_200;

pub(crate) fn at(seconds: i64) -> Instant {
    Instant::from_micros((NOON + seconds) * 1_000_000)
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `base` with the members of `patch` set, or removed where they are null.
pub(crate) fn with(mut base: Value, patch: Value) -> Value {
    for (name, value) in patch.as_object().unwrap() {
        if value.is_null() {
            base.as_object_mut().unwrap().remove(name);
        } else {
            base[name.as_str()] = value.clone();
        }
    }
    base
}

/// A header and claims that are accepted when signed with [`EcKey`] "k1" of the county.
pub(crate) fn header() -> Value {
    json!({ "alg": "ES256", "typ": "at+jwt", "kid": "k1" })
}

pub(crate) fn claims() -> Value {
    json!({
        "iss": COUNTY, "aud": AUDIENCE, "sub": "p-4711", "client_id": "portal", "jti": "t-1",
        "iat": NOON - 60, "nbf": NOON - 60, "exp": NOON + 1_800,
        "agency": "social-care", "roles": ["social_worker"],
    })
}

pub(crate) struct EcKey {
    pub(crate) pair: EcdsaKeyPair,
    pkcs8: Vec<u8>,
}

impl EcKey {
    pub(crate) fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let pkcs8 = pair.to_pkcs8v1().unwrap().as_ref().to_vec();
        Self { pair, pkcs8 }
    }

    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": b64(x), "y": b64(y) })
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    pub(crate) fn sign_text(&self, header: &str, claims: &str) -> String {
        self.sign_segments(&b64(header), &b64(claims))
    }

    pub(crate) fn sign_segments(&self, header: &str, claims: &str) -> String {
        let signed = format!("{header}.{claims}");
        let signature = self
            .pair
            .sign(&SystemRandom::new(), signed.as_bytes())
            .unwrap();
        format!("{signed}.{}", b64(signature))
    }

    /// A token whose signature is in ASN.1 form, which JWS does not use.
    pub(crate) fn sign_der(&self, header: &Value, claims: &Value) -> String {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.pkcs8).unwrap();
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", b64(signature))
    }
}

pub(crate) struct RsaKey(pub rsa::KeyPair);

impl RsaKey {
    pub(crate) fn new() -> Self {
        Self(rsa::KeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let public = self.0.public_key();
        let n = public.modulus().big_endian_without_leading_zero().to_vec();
        let e = public.exponent().big_endian_without_leading_zero().to_vec();
        json!({ "kty": "RSA", "kid": kid, "n": b64(n), "e": b64(e) })
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .unwrap();
        format!("{signed}.{}", b64(signature))
    }
}

pub(crate) fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

pub(crate) fn county(keys: KeySource) -> IssuerConfig {
    IssuerConfig {
        issuer: COUNTY.into(),
        audience: AUDIENCE.into(),
        partnership: "county".into(),
        agencies: vec!["social-care".into(), "oak-school".into()],
        roles: Role::ALL.iter().copied().collect(),
        vouches_for_time: true,
        algorithm: Algorithm::Es256,
        keys,
    }
}

pub(crate) fn trust(keys: KeySource) -> IssuerConfig {
    IssuerConfig {
        issuer: TRUST.into(),
        audience: AUDIENCE.into(),
        partnership: "county".into(),
        agencies: vec!["hospital".into()],
        roles: IssuerConfig::default_roles(),
        vouches_for_time: false,
        algorithm: Algorithm::Rs256,
        keys,
    }
}

/// A key source with a configurable answer, which counts its calls.
pub(crate) struct FakeKeySource {
    pub(crate) reads: AtomicUsize,
    answer: Mutex<Result<String, FetchError>>,
}

impl FakeKeySource {
    pub(crate) fn new(answer: Result<String, FetchError>) -> Self {
        Self {
            reads: AtomicUsize::new(0),
            answer: Mutex::new(answer),
        }
    }

    pub(crate) fn set_answer(&self, answer: Result<String, FetchError>) {
        *self.answer.lock().unwrap() = answer;
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

impl FetchKeys for FakeKeySource {
    fn fetch(&self, _: &KeySource) -> Result<Vec<u8>, FetchError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.answer.lock().unwrap().clone().map(String::into_bytes)
    }
}

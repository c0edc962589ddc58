//! Tokens that are bound to a client certificate (RFC 8705).

use identity::{CertificateThumbprint, TokenError};
use serde_json::{Value, json};

use super::Fixture;
use crate::common::{at, b64, with};

/// A fixture with the certificate to which its tokens are bound, and another one.
struct BindingFixture {
    fixture: Fixture,
    bound: CertificateThumbprint,
    other: CertificateThumbprint,
}

impl BindingFixture {
    fn new() -> Self {
        let bound = b"certificate of the hospital's system";
        let other = b"certificate of another system";
        Self {
            fixture: Fixture::new(),
            bound: CertificateThumbprint::of_certificate(bound),
            other: CertificateThumbprint::of_certificate(other),
        }
    }

    /// The confirmation claim that binds a token to the certificate.
    fn confirmation(&self) -> Value {
        json!({ "x5t#S256": self.bound.encode() })
    }

    /// A token of a system with the confirmation claim `cnf`.
    fn system(&self, cnf: Value) -> String {
        self.fixture
            .with_claims(json!({ "roles": ["system_client"], "cnf": cnf }))
    }

    /// A token of a person with the confirmation claim `cnf`.
    fn person(&self, cnf: Value) -> String {
        self.fixture.with_claims(json!({ "cnf": cnf }))
    }

    /// Verifies a token that arrives over a connection with this client certificate.
    fn verify(
        &self,
        token: &str,
        certificate: Option<CertificateThumbprint>,
    ) -> Option<TokenError> {
        self.fixture
            .verifier
            .verify(token, certificate.as_ref(), at(0))
            .err()
    }

    /// Asserts that each of the named tokens is rejected although the connection has the
    /// certificate to which tokens are bound.
    fn assert_rejected<'a>(
        &self,
        reason: TokenError,
        tokens: impl IntoIterator<Item = (&'a str, String)>,
    ) {
        for (name, token) in tokens {
            assert_eq!(
                self.verify(&token, Some(self.bound)),
                Some(reason),
                "{name}"
            );
        }
    }
}

#[test]
fn rejects_invalid_certificate_bindings() {
    let fixture = BindingFixture::new();
    assert_other_certificates_rejected(&fixture);
    assert_unsupported_bindings_rejected(&fixture);
    assert_malformed_bindings_rejected(&fixture);
    assert_binding_is_checked_again_when_cached(&fixture);
}

fn assert_other_certificates_rejected(fixture: &BindingFixture) {
    let system = fixture.system(fixture.confirmation());
    let person = fixture.person(fixture.confirmation());
    for (name, token) in [("system", system), ("person", person)] {
        assert_eq!(
            fixture.verify(&token, Some(fixture.other)),
            Some(TokenError::CertificateMismatch),
            "{name} over another certificate"
        );
        assert_eq!(
            fixture.verify(&token, None),
            Some(TokenError::CertificateMissing),
            "{name} without certificate"
        );
    }
}

fn assert_unsupported_bindings_rejected(fixture: &BindingFixture) {
    let other_method = json!({ "jkt": fixture.bound.encode() });
    let two_methods = with(fixture.confirmation(), json!({ "jkt": "x" }));
    let sha1 = json!({ "x5t": b64([0; 20]) });
    fixture.assert_rejected(
        TokenError::BindingMissing,
        [("system without cnf", fixture.system(Value::Null))],
    );
    fixture.assert_rejected(
        TokenError::BindingUnsupported,
        [
            ("cnf empty", fixture.system(json!({}))),
            ("cnf of another method", fixture.person(other_method)),
            ("cnf of two methods", fixture.person(two_methods)),
            ("cnf SHA-1", fixture.system(sha1)),
        ],
    );
}

fn assert_malformed_bindings_rejected(fixture: &BindingFixture) {
    let text = json!(fixture.bound.encode());
    let short = json!({ "x5t#S256": b64([0; 31]) });
    let padded = json!({ "x5t#S256": format!("{}=", fixture.bound.encode()) });
    fixture.assert_rejected(
        TokenError::ClaimInvalid,
        [
            ("cnf text", fixture.system(text)),
            ("thumbprint short", fixture.system(short)),
            ("thumbprint padded", fixture.system(padded)),
        ],
    );
    let empty = fixture.system(json!({ "x5t#S256": "" }));
    assert_eq!(
        fixture.verify(&empty, None),
        Some(TokenError::ClaimInvalid),
        "thumbprint empty"
    );
}

/// A token that was accepted over the right certificate is still rejected over another.
fn assert_binding_is_checked_again_when_cached(fixture: &BindingFixture) {
    let token = fixture.system(fixture.confirmation());
    for (certificate, rejection) in [
        (Some(fixture.bound), None),
        (Some(fixture.other), Some(TokenError::CertificateMismatch)),
        (None, Some(TokenError::CertificateMissing)),
        (Some(fixture.bound), None),
    ] {
        assert_eq!(fixture.verify(&token, certificate), rejection);
    }
}

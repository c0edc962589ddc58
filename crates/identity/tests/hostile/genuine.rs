//! Genuine tokens, the caller that they identify, and their expiry.

use domain::{Purpose, Role};
use identity::{CertificateThumbprint, TokenError};
use serde_json::json;

use super::{Fixture, hospital_claims, trust_header};
use crate::common::{COUNTY, NOON, at};

#[test]
fn accepts_genuine_tokens() {
    let fixture = Fixture::new();
    let rs256 = fixture.trust.sign(&trust_header(), &hospital_claims());
    let mut tokens = vec![("plain", fixture.valid_token()), ("RS256", rs256)];
    tokens.extend(tokens_with_other_headers(&fixture));
    tokens.extend(tokens_with_other_claims(&fixture));
    for (name, token) in tokens {
        for attempt in ["first", "second"] {
            assert_eq!(
                fixture.verifier.verify(&token, None, at(0)).err(),
                None,
                "{name}, {attempt} time"
            );
        }
    }
}

fn tokens_with_other_headers(fixture: &Fixture) -> [(&'static str, String); 3] {
    [
        ("full media type", json!({ "typ": "application/at+jwt" })),
        ("media type in capitals", json!({ "typ": "AT+JWT" })),
        ("unknown header member", json!({ "x-trace": "1" })),
    ]
    .map(|(name, patch)| (name, fixture.with_header(patch)))
}

fn tokens_with_other_claims(fixture: &Fixture) -> [(&'static str, String); 8] {
    let unknown = json!({ "scope": "openid", "acr": { "level": 2.5 }, "auth_time": 1.5 });
    let issued_in_future = json!({ "iat": NOON + 10, "nbf": NOON + 10 });
    let valid_for_an_hour = json!({ "iat": NOON, "exp": NOON + 3_600 });
    [
        ("unknown claims", unknown),
        ("no nbf", json!({ "nbf": null })),
        ("just within leeway", json!({ "exp": NOON - 9 })),
        ("issuer's clock fast", issued_in_future),
        ("lifetime of an hour", valid_for_an_hour),
        ("own partnership named", json!({ "partnership": "county" })),
        ("second agency", json!({ "agency": "oak-school" })),
        ("ids as long as allowed", json!({ "sub": "x".repeat(255) })),
    ]
    .map(|(name, patch)| (name, fixture.with_claims(patch)))
}

#[test]
fn caller_matches_token_claims() {
    let fixture = Fixture::new();
    let certificate = CertificateThumbprint::of_certificate(b"der");
    let token = fixture.with_claims(json!({
        "roles": ["social_worker", "auditor", "auditor"],
        "offence_data": true,
        "name": "Orla Fenwick",
        "job_title": "Senior social worker",
        "purpose": "neglect",
        "cnf": { "x5t#S256": certificate.encode() },
    }));
    let caller = fixture
        .verifier
        .verify(&token, Some(&certificate), at(0))
        .unwrap();
    assert_eq!(
        (caller.issuer.as_str(), caller.subject.as_str()),
        (COUNTY, "p-4711")
    );
    assert_eq!(
        (caller.partnership.as_str(), caller.agency.as_str()),
        ("county", "social-care")
    );
    assert_eq!(caller.roles, [Role::SocialWorker, Role::Auditor].into());
    assert_eq!(
        caller.name.as_ref().map(domain::Sensitive::as_str),
        Some("Orla Fenwick")
    );
    assert_eq!(
        caller.job_title.as_ref().map(domain::Sensitive::as_str),
        Some("Senior social worker")
    );
    assert_eq!(
        (caller.client_id.as_str(), caller.purpose),
        ("portal", Some(Purpose::Neglect))
    );
    assert_eq!(caller.expires_at, at(1_800));
    assert!(caller.offence_data && !caller.system);
    let shown = format!("{caller:?}");
    assert!(
        !shown.contains("Fenwick") && !shown.contains("4711"),
        "{shown}"
    );

    let system = fixture.with_claims(json!({
        "roles": ["system_client"],
        "cnf": { "x5t#S256": certificate.encode() },
    }));
    let caller = fixture
        .verifier
        .verify(&system, Some(&certificate), at(0))
        .unwrap();
    assert!(caller.system && !caller.offence_data && caller.name.is_none());
}

#[test]
fn cached_token_expires() {
    let fixture = Fixture::new();
    let token = fixture.valid_token();
    assert!(fixture.verifier.verify(&token, None, at(0)).is_ok());
    assert!(fixture.verifier.verify(&token, None, at(1_809)).is_ok());
    assert_eq!(
        fixture.verifier.verify(&token, None, at(1_810)).err(),
        Some(TokenError::Expired)
    );
    // When the clock is set back far enough, the token lies in the future and is rejected.
    assert!(fixture.verifier.verify(&token, None, at(0)).is_ok());
    assert_eq!(
        fixture.verifier.verify(&token, None, at(-71)).err(),
        Some(TokenError::IssuedInFuture)
    );
}

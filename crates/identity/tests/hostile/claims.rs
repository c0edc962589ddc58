//! Issuer, audience, times, identity and roles.

use domain::Role;
use identity::{IssuerConfig, TokenError};
use serde_json::{Value, json};

use super::{Fixture, hospital_claims, trust_header};
use crate::common::{AUDIENCE, COUNTY, NOON, at, header, with};

#[test]
fn rejects_wrong_issuer_or_audience() {
    let fixture = Fixture::new();
    assert_unknown_issuers_rejected(&fixture);
    assert_tokens_of_another_issuer_rejected(&fixture);
    assert_audiences_rejected(&fixture);
    assert_repeated_claims_rejected(&fixture);
}

fn assert_unknown_issuers_rejected(fixture: &Fixture) {
    let with_slash = format!("{COUNTY}/");
    let with_nul = format!("{COUNTY}\u{0}");
    let over_http = "http://id.county.example";
    fixture.assert_claims_rejected(
        TokenError::UnknownIssuer,
        [
            ("iss missing", json!({ "iss": null })),
            ("iss with a slash", json!({ "iss": with_slash })),
            ("iss in other case", json!({ "iss": COUNTY.to_uppercase() })),
            ("iss over http", json!({ "iss": over_http })),
            ("iss with NUL", json!({ "iss": with_nul })),
            ("iss a list", json!({ "iss": [COUNTY] })),
            ("iss empty", json!({ "iss": "" })),
        ],
    );
}

/// The county signs a token that names the trust as its issuer.
fn assert_tokens_of_another_issuer_rejected(fixture: &Fixture) {
    let sign = |header: &Value| fixture.county.sign(header, &hospital_claims());
    let with_its_algorithm = with(header(), json!({ "alg": "RS256" }));
    for (name, token, reason) in [
        (
            "iss of another, own key",
            sign(&header()),
            TokenError::WrongAlgorithm,
        ),
        (
            "iss of another, its algorithm",
            sign(&with_its_algorithm),
            TokenError::UnknownKey,
        ),
        (
            "iss of another, its kid",
            sign(&trust_header()),
            TokenError::BadSignature,
        ),
    ] {
        fixture.assert_rejected(reason, [(name, token)]);
    }
}

fn assert_audiences_rejected(fixture: &Fixture) {
    let other = "https://other.county.example";
    let with_slash = format!("{AUDIENCE}/");
    let in_other_case = AUDIENCE.to_uppercase();
    fixture.assert_claims_rejected(
        TokenError::WrongAudience,
        [
            ("aud missing", json!({ "aud": null })),
            ("aud another", json!({ "aud": other })),
            ("own aud in a list", json!({ "aud": [AUDIENCE] })),
            ("own aud and another", json!({ "aud": [AUDIENCE, "other"] })),
            ("aud with a slash", json!({ "aud": with_slash })),
            ("aud in other case", json!({ "aud": in_other_case })),
            ("aud empty", json!({ "aud": "" })),
            ("aud an object", json!({ "aud": { "0": AUDIENCE } })),
        ],
    );
}

/// The repeated claim follows a claim of its own, `x`.
fn assert_repeated_claims_rejected(fixture: &Fixture) {
    let iss = format!("1,\"iss\":\"{COUNTY}\"");
    let aud = format!("1,\"aud\":\"{AUDIENCE}\"");
    let roles = r#"1,"roles":["team_manager"]"#;
    let escaped_roles = r#"1,"r\u006fles":["team_manager"]"#;
    fixture.assert_raw_claims_rejected(
        TokenError::ClaimsMalformed,
        "x",
        [
            ("iss twice", iss.as_str()),
            ("aud twice", aud.as_str()),
            ("roles twice", roles),
            ("roles twice, spelled apart", escaped_roles),
        ],
    );
}

#[test]
fn rejects_invalid_times() {
    let fixture = Fixture::new();
    assert_expiries_rejected(&fixture);
    assert_issue_times_rejected(&fixture);
    assert_lifetimes_rejected(&fixture);
    assert_validity_starts_rejected(&fixture);
}

fn assert_expiries_rejected(fixture: &Fixture) {
    fixture.assert_claims_rejected(
        TokenError::ClaimMissing,
        [("exp missing", json!({ "exp": null }))],
    );
    fixture.assert_claims_rejected(
        TokenError::Expired,
        [
            ("exp past", json!({ "exp": NOON - 11 })),
            ("exp past by all the leeway", json!({ "exp": NOON - 10 })),
        ],
    );
    let as_text = (NOON + 60).to_string();
    fixture.assert_claims_rejected(
        TokenError::ClaimInvalid,
        [
            ("exp text", json!({ "exp": as_text })),
            ("exp negative", json!({ "exp": -1 })),
            ("exp true", json!({ "exp": true })),
        ],
    );
    let fraction = format!("{}.5", NOON + 60);
    let whole_fraction = format!("{}.0", NOON + 60);
    fixture.assert_raw_claims_rejected(
        TokenError::ClaimInvalid,
        "exp",
        [
            ("exp a fraction", fraction.as_str()),
            ("exp a whole fraction", whole_fraction.as_str()),
            ("exp an exponent", "1.79e9"),
            ("exp huge", "18446744073709551615"),
            ("exp huger", "1e300"),
            ("exp the largest", "9223372036854775807"),
            ("exp null", "null"),
        ],
    );
    fixture.assert_raw_claims_rejected(
        TokenError::ClaimsMalformed,
        "exp",
        [("exp beyond any number", "1e999")],
    );
}

fn assert_issue_times_rejected(fixture: &Fixture) {
    fixture.assert_claims_rejected(
        TokenError::ClaimMissing,
        [("iat missing", json!({ "iat": null }))],
    );
    fixture.assert_claims_rejected(
        TokenError::IssuedInFuture,
        [("iat future", json!({ "iat": NOON + 11 }))],
    );
    fixture.assert_claims_rejected(
        TokenError::ClaimInvalid,
        [
            ("iat negative", json!({ "iat": -5 })),
            ("iat text", json!({ "iat": "yesterday" })),
        ],
    );
}

fn assert_lifetimes_rejected(fixture: &Fixture) {
    let lifetime = |iat: i64, exp: i64| json!({ "iat": iat, "exp": exp });
    fixture.assert_claims_rejected(
        TokenError::LifetimeRefused,
        [
            ("exp far", json!({ "exp": 253_402_300_799_i64 })),
            ("iat after exp", lifetime(NOON + 5, NOON + 4)),
            ("iat at exp", lifetime(NOON + 5, NOON + 5)),
            ("an hour and a second", lifetime(NOON, NOON + 3_601)),
        ],
    );
}

fn assert_validity_starts_rejected(fixture: &Fixture) {
    fixture.assert_claims_rejected(
        TokenError::NotYetValid,
        [("nbf future", json!({ "nbf": NOON + 11 }))],
    );
    fixture.assert_claims_rejected(
        TokenError::ClaimInvalid,
        [
            ("nbf text", json!({ "nbf": "0" })),
            ("nbf negative", json!({ "nbf": -1 })),
        ],
    );
    fixture.assert_raw_claims_rejected(
        TokenError::ClaimInvalid,
        "nbf",
        [("nbf a fraction", "0.5")],
    );
}

#[test]
fn rejects_invalid_identity_claims() {
    let fixture = Fixture::new();
    assert_agencies_and_partnerships_rejected(&fixture);
    assert_roles_rejected(&fixture);
    assert_unusable_identifiers_rejected(&fixture);
    fixture.assert_claims_rejected(
        TokenError::UnknownPurpose,
        [("purpose unknown", json!({ "purpose": "curiosity" }))],
    );
    fixture.assert_claims_rejected(
        TokenError::ClaimInvalid,
        [
            ("offence data as text", json!({ "offence_data": "true" })),
            ("offence data as number", json!({ "offence_data": 1 })),
            ("name too long", json!({ "name": "x".repeat(201) })),
            ("name with a line feed", json!({ "name": "Orla\nFenwick" })),
            ("job title an object", json!({ "job_title": {} })),
        ],
    );
}

fn assert_agencies_and_partnerships_rejected(fixture: &Fixture) {
    fixture.assert_claims_rejected(
        TokenError::AgencyNotAllowed,
        [
            ("another issuer's agency", json!({ "agency": "hospital" })),
            ("agency in other case", json!({ "agency": "Social-Care" })),
            ("agency star", json!({ "agency": "*" })),
        ],
    );
    fixture.assert_claims_rejected(
        TokenError::ClaimInvalid,
        [("agency a list", json!({ "agency": ["social-care"] }))],
    );
    fixture.assert_claims_rejected(
        TokenError::PartnershipNotAllowed,
        [("another partnership", json!({ "partnership": "shire" }))],
    );
}

fn assert_roles_rejected(fixture: &Fixture) {
    let roles = |roles: Value| json!({ "roles": roles });
    fixture.assert_claims_rejected(
        TokenError::UnknownRole,
        [
            ("role unknown", roles(json!(["social_worker", "superuser"]))),
            ("role in other case", roles(json!(["Auditor"]))),
        ],
    );
    fixture.assert_claims_rejected(
        TokenError::ClaimInvalid,
        [
            ("role a number", roles(json!([1]))),
            ("roles one text", roles(json!("team_manager"))),
            ("roles too many", roles(json!(vec!["auditor"; 17]))),
        ],
    );
    fixture.assert_claims_rejected(
        TokenError::NoRoles,
        [
            ("roles empty", roles(json!([]))),
            ("roles missing", roles(json!(null))),
        ],
    );
    let machine_and_manager = roles(json!(["system_client", "team_manager"]));
    fixture.assert_claims_rejected(
        TokenError::MixedRoles,
        [("machine and manager", machine_and_manager)],
    );
}

fn assert_unusable_identifiers_rejected(fixture: &Fixture) {
    for name in ["sub", "client_id", "jti", "agency"] {
        fixture.assert_claims_rejected(TokenError::ClaimMissing, [(name, json!({ name: null }))]);
        fixture.assert_claims_rejected(
            TokenError::ClaimInvalid,
            [
                (name, json!({ name: "" })),
                (name, json!({ name: " " })),
                (name, json!({ name: 7 })),
                (name, json!({ name: "p\u{0}" })),
                (name, json!({ name: "x".repeat(256) })),
            ],
        );
    }
}

/// The issuer of one agency must not be able to grant the auditor role, which reads across the
/// partnership.
#[test]
fn issuer_grants_only_its_allowed_roles() {
    let fixture = Fixture::new();
    let hospital = |roles: Value| {
        let claims = with(hospital_claims(), json!({ "roles": roles }));
        fixture.trust.sign(&trust_header(), &claims)
    };
    let foreign = hospital(json!(["auditor"]));
    fixture.assert_rejected(
        TokenError::RolesNotAllowed,
        [("no role is the issuer's", foreign)],
    );
    let machine_and_foreign = hospital(json!(["system_client", "auditor"]));
    fixture.assert_rejected(
        TokenError::MixedRoles,
        [(
            "a machine and a role that is not the issuer's",
            machine_and_foreign,
        )],
    );
    let both = hospital(json!(["practitioner", "auditor"]));
    for attempt in ["first", "second"] {
        let caller = fixture.verifier.verify(&both, None, at(0)).unwrap();
        assert_eq!(caller.roles, [Role::Practitioner].into(), "{attempt} time");
    }
    let named = fixture.with_claims(json!({ "roles": ["auditor"] }));
    assert_eq!(
        fixture.verifier.verify(&named, None, at(0)).unwrap().roles,
        [Role::Auditor].into()
    );
}

#[test]
fn default_roles_act_for_one_agency() {
    let given = IssuerConfig::default_roles();
    assert!(!given.contains(&Role::Auditor));
    assert_eq!(given.len(), Role::ALL.len() - 1);
}

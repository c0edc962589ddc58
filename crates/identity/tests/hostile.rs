//! Tokens that must not be accepted, each with the reason we give ourselves; and those that must.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use aws_lc_rs::hmac;
use common::{COUNTY, EcKey, NOON, Page, RsaKey, TRUST, US, at, b64, claims, county, header, set, trust, with};
use domain::{Purpose, Role};
use identity::{CertificateThumbprint, FetchError, IssuerConfig, KeySource, MAX_TOKEN_BYTES, Refusal, Verifier};
use proptest::prelude::*;
use serde_json::{Value, json};

struct Bench {
    county: EcKey,
    trust: RsaKey,
    verifier: Verifier,
}

impl Bench {
    fn new() -> Self {
        let (ec, rsa) = (EcKey::new(), RsaKey::new());
        let issuers =
            vec![county(KeySource::Inline(set(&[ec.jwk("k1")]))), trust(KeySource::Inline(set(&[rsa.jwk("r1")])))];
        let page = Arc::new(Page::new(Err(FetchError::Unreachable)));
        Self { county: ec, trust: rsa, verifier: Verifier::new(issuers, page).unwrap() }
    }

    /// A token of the county's with a changed header.
    fn headed(&self, patch: Value) -> String {
        self.county.sign(&with(header(), patch), &claims())
    }

    /// A token of the county's with changed claims.
    fn claiming(&self, patch: Value) -> String {
        self.county.sign(&header(), &with(claims(), patch))
    }

    fn good(&self) -> String {
        self.county.sign(&header(), &claims())
    }

    /// A token of the county's with one claim written as raw JSON.
    fn raw(&self, claim: &str, text: &str) -> String {
        let rest = with(claims(), json!({ claim: null })).to_string();
        self.county.sign_text(&header().to_string(), &format!("{{\"{claim}\":{text},{}", &rest[1..]))
    }

    fn refuses(&self, rows: Vec<(&str, String, Refusal)>) {
        for (name, token, reason) in rows {
            for again in ["first", "second"] {
                assert_eq!(self.verifier.verify(&token, None, at(0)).err(), Some(reason), "{name}, {again} time");
            }
        }
    }
}

fn shared_secret(secret: &[u8], algorithm: &str) -> String {
    let header = with(header(), json!({ "alg": algorithm }));
    let signed = format!("{}.{}", b64(header.to_string()), b64(claims().to_string()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    format!("{signed}.{}", b64(tag))
}

#[test]
fn algorithms() {
    use Refusal::{BadSignature, HeaderMalformed, NotAToken, WrongAlgorithm};
    let bench = Bench::new();
    let unsigned = |alg: &str| {
        format!("{}.{}.", b64(with(header(), json!({ "alg": alg })).to_string()), b64(claims().to_string()))
    };
    let trusted = with(claims(), json!({ "iss": TRUST, "agency": "hospital" }));
    let point = aws_lc_rs::signature::KeyPair::public_key(&bench.county.pair).as_ref().to_vec();
    bench.refuses(vec![
        ("alg none, empty signature", unsigned("none"), NotAToken),
        ("alg none, any signature", format!("{}AAAA", unsigned("none")), WrongAlgorithm),
        ("alg None", format!("{}AAAA", unsigned("None")), WrongAlgorithm),
        ("alg NONE", format!("{}AAAA", unsigned("NONE")), WrongAlgorithm),
        ("alg empty", format!("{}AAAA", unsigned("")), WrongAlgorithm),
        ("alg es256", bench.headed(json!({ "alg": "es256" })), WrongAlgorithm),
        ("alg missing", bench.headed(json!({ "alg": null })), HeaderMalformed),
        ("alg a number", bench.headed(json!({ "alg": 256 })), HeaderMalformed),
        ("alg a list", bench.headed(json!({ "alg": ["ES256"] })), HeaderMalformed),
        ("HS256 by the public point", shared_secret(&point, "HS256"), WrongAlgorithm),
        ("HS256 by the JWK", shared_secret(bench.county.jwk("k1").to_string().as_bytes(), "HS256"), WrongAlgorithm),
        ("HS256 tag called ES256", shared_secret(&point, "ES256"), BadSignature),
        ("ES384", bench.headed(json!({ "alg": "ES384" })), WrongAlgorithm),
        ("PS256", bench.headed(json!({ "alg": "PS256" })), WrongAlgorithm),
        (
            "RS256 for an ES256 issuer",
            bench.trust.sign(&with(header(), json!({ "alg": "RS256" })), &claims()),
            WrongAlgorithm,
        ),
        (
            "ES256 for an RS256 issuer",
            bench.county.sign(&with(header(), json!({ "kid": "r1" })), &trusted),
            WrongAlgorithm,
        ),
        (
            "ES256 signature called RS256",
            bench.county.sign(&with(header(), json!({ "alg": "RS256", "kid": "r1" })), &trusted),
            BadSignature,
        ),
    ]);
}

#[test]
fn headers_and_keys() {
    use Refusal::{BadSignature, HeaderForbidden, HeaderMalformed, UnknownKey, WrongType};
    let bench = Bench::new();
    let mallory = EcKey::new();
    let kid = |kid: Value| bench.headed(json!({ "kid": kid }));
    let typ = |typ: Value| bench.headed(json!({ "typ": typ }));
    let doubled = r#"{"alg":"ES256","typ":"at+jwt","kid":"k1","kid":"k1"}"#;
    bench.refuses(vec![
        ("a stranger's key", mallory.sign(&header(), &claims()), BadSignature),
        ("kid of another issuer", kid(json!("r1")), UnknownKey),
        ("kid missing", kid(Value::Null), UnknownKey),
        ("kid empty", kid(json!("")), UnknownKey),
        ("kid in other case", kid(json!("K1")), UnknownKey),
        ("kid a path", kid(json!("../../../../dev/null")), UnknownKey),
        ("kid a query", kid(json!("k1' OR '1'='1")), UnknownKey),
        ("kid with NUL", kid(json!("k1\u{0}")), UnknownKey),
        ("kid huge", kid(json!("k".repeat(4_000))), UnknownKey),
        ("kid a number", kid(json!(1)), HeaderMalformed),
        ("jwk", mallory.sign(&with(header(), json!({ "jwk": mallory.jwk("k1") })), &claims()), HeaderForbidden),
        ("jku", bench.headed(json!({ "jku": "https://mallory.example/jwks" })), HeaderForbidden),
        ("x5u", bench.headed(json!({ "x5u": "https://mallory.example/cert" })), HeaderForbidden),
        ("x5c", bench.headed(json!({ "x5c": ["AAAA"] })), HeaderForbidden),
        ("crit unknown", bench.headed(json!({ "crit": ["urn:x"], "urn:x": 1 })), HeaderForbidden),
        ("crit empty", bench.headed(json!({ "crit": [] })), HeaderForbidden),
        ("b64", bench.headed(json!({ "b64": false })), HeaderForbidden),
        ("zip", bench.headed(json!({ "zip": "DEF" })), HeaderForbidden),
        ("enc", bench.headed(json!({ "enc": "A128GCM" })), HeaderForbidden),
        ("typ missing", typ(Value::Null), WrongType),
        ("typ JWT", typ(json!("JWT")), WrongType),
        ("typ of an ID token", typ(json!("id_token+jwt")), WrongType),
        ("typ of a logout token", typ(json!("logout+jwt")), WrongType),
        ("typ with blanks", typ(json!(" at+jwt")), WrongType),
        ("typ a list", typ(json!(["at+jwt"])), HeaderMalformed),
        ("header member twice", bench.county.sign_text(doubled, &claims().to_string()), HeaderMalformed),
        ("header a list", bench.county.sign_text("[]", &claims().to_string()), HeaderMalformed),
        ("header not JSON", bench.county.sign_text("ES256", &claims().to_string()), HeaderMalformed),
    ]);
}

#[test]
fn shapes() {
    use Refusal::{BadSignature, ClaimsMalformed, HeaderMalformed, NotAToken, TooLong};
    let bench = Bench::new();
    let good = bench.good();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, body) = signed.split_once('.').unwrap();
    let long = bench.claiming(json!({ "padding": "x".repeat(9 * 1_024) }));
    assert!(long.len() > MAX_TOKEN_BYTES);
    bench.refuses(vec![
        ("empty", String::new(), NotAToken),
        ("dots", "..".into(), NotAToken),
        ("two segments", signed.into(), NotAToken),
        ("four segments", format!("{good}.AAAA"), NotAToken),
        ("five segments, as a JWE", format!("{head}.AAAA.AAAA.AAAA.AAAA"), NotAToken),
        ("empty signature", format!("{signed}."), NotAToken),
        ("signature cut by one character", good[..good.len() - 1].into(), BadSignature),
        ("signature cut by half", format!("{signed}.{}", &signature[..43]), BadSignature),
        ("signature of zeros", format!("{signed}.{}", b64([0; 64])), BadSignature),
        ("signature in DER", bench.county.sign_der(&header(), &claims()), BadSignature),
        ("signature with a tail", format!("{good}AAAA"), BadSignature),
        ("padding", format!("{good}="), NotAToken),
        ("padding of two", format!("{good}=="), NotAToken),
        ("leading blank", format!(" {good}"), NotAToken),
        ("trailing line feed", format!("{good}\n"), NotAToken),
        ("blank inside", format!("{head}. {body}.{signature}"), NotAToken),
        ("NUL at the end", format!("{good}\0"), NotAToken),
        ("letters of another script", format!("{good}\u{430}"), NotAToken),
        ("standard base64", bench.county.sign_segments(head, "++//"), NotAToken),
        ("Bearer in front", format!("Bearer {good}"), NotAToken),
        ("too long", long, TooLong),
        ("a megabyte", "A".repeat(1 << 20), TooLong),
        ("header of bad length", bench.county.sign_segments("A", body), HeaderMalformed),
        ("claims empty object", bench.county.sign_text(&header().to_string(), "{}"), Refusal::UnknownIssuer),
        ("claims a list", bench.county.sign_text(&header().to_string(), "[]"), ClaimsMalformed),
        (
            "claims with a tail",
            bench.county.sign_text(&header().to_string(), &format!("{}{{}}", claims())),
            ClaimsMalformed,
        ),
        ("claims not UTF-8", bench.county.sign_segments(head, &b64(b"{\"iss\":\"\xff\"}")), ClaimsMalformed),
    ]);
}

#[test]
fn issuer_and_audience() {
    use Refusal::{BadSignature, ClaimsMalformed, UnknownIssuer, UnknownKey, WrongAlgorithm, WrongAudience};
    let bench = Bench::new();
    let iss = |iss: Value| bench.claiming(json!({ "iss": iss }));
    let aud = |aud: Value| bench.claiming(json!({ "aud": aud }));
    let hijack = with(claims(), json!({ "iss": TRUST, "agency": "hospital" }));
    bench.refuses(vec![
        ("iss missing", iss(Value::Null), UnknownIssuer),
        ("iss with a slash", iss(json!(format!("{COUNTY}/"))), UnknownIssuer),
        ("iss in other case", iss(json!(COUNTY.to_uppercase())), UnknownIssuer),
        ("iss over http", iss(json!("http://id.county.example")), UnknownIssuer),
        ("iss with NUL", iss(json!(format!("{COUNTY}\u{0}"))), UnknownIssuer),
        ("iss a list", iss(json!([COUNTY])), UnknownIssuer),
        ("iss empty", iss(json!("")), UnknownIssuer),
        ("iss of another, own key", bench.county.sign(&header(), &hijack), WrongAlgorithm),
        (
            "iss of another, its algorithm",
            bench.county.sign(&with(header(), json!({ "alg": "RS256" })), &hijack),
            UnknownKey,
        ),
        (
            "iss of another, its kid",
            bench.county.sign(&with(header(), json!({ "alg": "RS256", "kid": "r1" })), &hijack),
            BadSignature,
        ),
        ("aud missing", aud(Value::Null), WrongAudience),
        ("aud another", aud(json!("https://other.county.example")), WrongAudience),
        ("aud ours in a list", aud(json!([US])), WrongAudience),
        ("aud ours and another", aud(json!([US, "other"])), WrongAudience),
        ("aud with a slash", aud(json!(format!("{US}/"))), WrongAudience),
        ("aud in other case", aud(json!(US.to_uppercase())), WrongAudience),
        ("aud empty", aud(json!("")), WrongAudience),
        ("aud an object", aud(json!({ "0": US })), WrongAudience),
        ("iss twice", bench.raw("x", &format!("1,\"iss\":\"{COUNTY}\"")), ClaimsMalformed),
        ("aud twice", bench.raw("x", &format!("1,\"aud\":\"{US}\"")), ClaimsMalformed),
        ("roles twice", bench.raw("x", "1,\"roles\":[\"team_manager\"]"), ClaimsMalformed),
        ("roles twice, spelled apart", bench.raw("x", "1,\"r\\u006fles\":[\"team_manager\"]"), ClaimsMalformed),
    ]);
}

#[test]
fn times() {
    use Refusal::{ClaimInvalid, ClaimMissing, Expired, IssuedInFuture, LifetimeRefused, NotYetValid};
    let bench = Bench::new();
    let claim = |patch: Value| bench.claiming(patch);
    bench.refuses(vec![
        ("exp missing", claim(json!({ "exp": null })), ClaimMissing),
        ("exp past", claim(json!({ "exp": NOON - 11 })), Expired),
        ("exp past by all the leeway", claim(json!({ "exp": NOON - 10 })), Expired),
        ("exp text", claim(json!({ "exp": (NOON + 60).to_string() })), ClaimInvalid),
        ("exp a fraction", bench.raw("exp", &format!("{}.5", NOON + 60)), ClaimInvalid),
        ("exp a whole fraction", bench.raw("exp", &format!("{}.0", NOON + 60)), ClaimInvalid),
        ("exp an exponent", bench.raw("exp", "1.79e9"), ClaimInvalid),
        ("exp huge", bench.raw("exp", "18446744073709551615"), ClaimInvalid),
        ("exp huger", bench.raw("exp", "1e300"), ClaimInvalid),
        ("exp beyond any number", bench.raw("exp", "1e999"), Refusal::ClaimsMalformed),
        ("exp the largest", bench.raw("exp", "9223372036854775807"), ClaimInvalid),
        ("exp far", claim(json!({ "exp": 253_402_300_799_i64 })), LifetimeRefused),
        ("exp negative", claim(json!({ "exp": -1 })), ClaimInvalid),
        ("exp true", claim(json!({ "exp": true })), ClaimInvalid),
        ("exp null", bench.raw("exp", "null"), ClaimInvalid),
        ("iat missing", claim(json!({ "iat": null })), ClaimMissing),
        ("iat future", claim(json!({ "iat": NOON + 11 })), IssuedInFuture),
        ("iat negative", claim(json!({ "iat": -5 })), ClaimInvalid),
        ("iat text", claim(json!({ "iat": "yesterday" })), ClaimInvalid),
        ("iat after exp", claim(json!({ "iat": NOON + 5, "exp": NOON + 4 })), LifetimeRefused),
        ("iat at exp", claim(json!({ "iat": NOON + 5, "exp": NOON + 5 })), LifetimeRefused),
        ("lifetime an hour and a second", claim(json!({ "iat": NOON, "exp": NOON + 3_601 })), LifetimeRefused),
        ("nbf future", claim(json!({ "nbf": NOON + 11 })), NotYetValid),
        ("nbf text", claim(json!({ "nbf": "0" })), ClaimInvalid),
        ("nbf a fraction", bench.raw("nbf", "0.5"), ClaimInvalid),
        ("nbf negative", claim(json!({ "nbf": -1 })), ClaimInvalid),
    ]);
}

#[test]
fn who_and_what() {
    use Refusal::{
        AgencyNotIssuers, ClaimInvalid, ClaimMissing, MixedRoles, NoRoles, PartnershipNotIssuers, UnknownPurpose,
        UnknownRole,
    };
    let bench = Bench::new();
    let claim = |patch: Value| bench.claiming(patch);
    let mut rows = vec![
        ("agency another issuer's", claim(json!({ "agency": "hospital" })), AgencyNotIssuers),
        ("agency in other case", claim(json!({ "agency": "Social-Care" })), AgencyNotIssuers),
        ("agency star", claim(json!({ "agency": "*" })), AgencyNotIssuers),
        ("agency a list", claim(json!({ "agency": ["social-care"] })), ClaimInvalid),
        ("partnership another", claim(json!({ "partnership": "shire" })), PartnershipNotIssuers),
        ("role unknown", claim(json!({ "roles": ["social_worker", "superuser"] })), UnknownRole),
        ("role in other case", claim(json!({ "roles": ["Auditor"] })), UnknownRole),
        ("role a number", claim(json!({ "roles": [1] })), ClaimInvalid),
        ("roles empty", claim(json!({ "roles": [] })), NoRoles),
        ("roles missing", claim(json!({ "roles": null })), NoRoles),
        ("roles one text", claim(json!({ "roles": "team_manager" })), ClaimInvalid),
        ("roles too many", claim(json!({ "roles": vec!["auditor"; 17] })), ClaimInvalid),
        ("machine and manager", claim(json!({ "roles": ["system_client", "team_manager"] })), MixedRoles),
        ("offence data as text", claim(json!({ "offence_data": "true" })), ClaimInvalid),
        ("offence data as number", claim(json!({ "offence_data": 1 })), ClaimInvalid),
        ("purpose unknown", claim(json!({ "purpose": "curiosity" })), UnknownPurpose),
        ("name too long", claim(json!({ "name": "x".repeat(201) })), ClaimInvalid),
        ("name with a line feed", claim(json!({ "name": "Orla\nFenwick" })), ClaimInvalid),
        ("job title an object", claim(json!({ "job_title": {} })), ClaimInvalid),
    ];
    for name in ["sub", "client_id", "jti", "agency"] {
        rows.push((name, claim(json!({ name: null })), ClaimMissing));
        rows.push((name, claim(json!({ name: "" })), ClaimInvalid));
        rows.push((name, claim(json!({ name: " " })), ClaimInvalid));
        rows.push((name, claim(json!({ name: 7 })), ClaimInvalid));
        rows.push((name, claim(json!({ name: "p\u{0}" })), ClaimInvalid));
        rows.push((name, claim(json!({ name: "x".repeat(256) })), ClaimInvalid));
    }
    bench.refuses(rows);
}

/// An issuer for one agency must not make anybody an auditor, who reads across the partnership.
#[test]
fn an_issuer_gives_only_the_roles_it_may_give() {
    let bench = Bench::new();
    let hospital = |roles: Value| {
        let claims = with(claims(), json!({ "iss": TRUST, "agency": "hospital", "roles": roles }));
        bench.trust.sign(&with(header(), json!({ "alg": "RS256", "kid": "r1" })), &claims)
    };
    bench.refuses(vec![
        ("no role is the issuer's", hospital(json!(["auditor"])), Refusal::RoleNotIssuers),
        (
            "a machine and a role that is not the issuer's",
            hospital(json!(["system_client", "auditor"])),
            Refusal::MixedRoles,
        ),
    ]);
    let both = hospital(json!(["practitioner", "auditor"]));
    for again in ["first", "second"] {
        let caller = bench.verifier.verify(&both, None, at(0)).unwrap();
        assert_eq!(caller.roles, [Role::Practitioner].into(), "{again} time");
    }
    let named = bench.claiming(json!({ "roles": ["auditor"] }));
    assert_eq!(bench.verifier.verify(&named, None, at(0)).unwrap().roles, [Role::Auditor].into());
}

#[test]
fn the_roles_given_by_default_act_for_one_agency() {
    let given = IssuerConfig::default_roles();
    assert!(!given.contains(&Role::Auditor));
    assert_eq!(given.len(), Role::ALL.len() - 1);
}

#[test]
fn bindings() {
    use Refusal::{BindingMissing, BindingUnsupported, CertificateMismatch, CertificateMissing, ClaimInvalid};
    let bench = Bench::new();
    let ours = CertificateThumbprint::of_certificate(b"certificate of the hospital's system");
    let other = CertificateThumbprint::of_certificate(b"certificate of somebody else");
    let system = |cnf: Value| bench.claiming(json!({ "roles": ["system_client"], "cnf": cnf }));
    let human = |cnf: Value| bench.claiming(json!({ "cnf": cnf }));
    let bound = json!({ "x5t#S256": ours.encode() });
    let rows = [
        ("system without cnf", system(Value::Null), Some(ours), BindingMissing),
        ("system over another certificate", system(bound.clone()), Some(other), CertificateMismatch),
        ("system without certificate", system(bound.clone()), None, CertificateMissing),
        ("person over another certificate", human(bound.clone()), Some(other), CertificateMismatch),
        ("person without certificate", human(bound.clone()), None, CertificateMissing),
        ("cnf empty", system(json!({})), Some(ours), BindingUnsupported),
        ("cnf text", system(json!(ours.encode())), Some(ours), ClaimInvalid),
        ("cnf of another kind", human(json!({ "jkt": ours.encode() })), Some(ours), BindingUnsupported),
        ("cnf of two kinds", human(with(bound.clone(), json!({ "jkt": "x" }))), Some(ours), BindingUnsupported),
        ("cnf SHA-1", system(json!({ "x5t": b64([0; 20]) })), Some(ours), BindingUnsupported),
        ("thumbprint short", system(json!({ "x5t#S256": b64([0; 31]) })), Some(ours), ClaimInvalid),
        ("thumbprint empty", system(json!({ "x5t#S256": "" })), None, ClaimInvalid),
        ("thumbprint padded", system(json!({ "x5t#S256": format!("{}=", ours.encode()) })), Some(ours), ClaimInvalid),
    ];
    for (name, token, certificate, reason) in rows {
        assert_eq!(bench.verifier.verify(&token, certificate.as_ref(), at(0)).err(), Some(reason), "{name}");
    }
    // Having been accepted once over the right certificate opens nothing over another.
    let token = system(bound);
    for (certificate, refusal) in [
        (Some(ours), None),
        (Some(other), Some(CertificateMismatch)),
        (None, Some(CertificateMissing)),
        (Some(ours), None),
    ] {
        assert_eq!(bench.verifier.verify(&token, certificate.as_ref(), at(0)).err(), refusal);
    }
}

#[test]
fn no_single_character_of_a_token_can_be_changed() {
    let bench = Bench::new();
    let good = bench.good();
    assert!(bench.verifier.verify(&good, None, at(0)).is_ok());
    for place in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(bench.verifier.verify(&changed, None, at(0)).is_err(), "character {place}");
    }
}

#[test]
fn genuine_tokens_are_accepted() {
    let bench = Bench::new();
    let rs = with(header(), json!({ "alg": "RS256", "kid": "r1" }));
    let rows = vec![
        ("plain", bench.good()),
        ("full media type", bench.headed(json!({ "typ": "application/at+jwt" }))),
        ("media type in capitals", bench.headed(json!({ "typ": "AT+JWT" }))),
        ("unknown header member", bench.headed(json!({ "x-trace": "1" }))),
        ("unknown claims", bench.claiming(json!({ "scope": "openid", "acr": { "level": 2.5 }, "auth_time": 1.5 }))),
        ("no nbf", bench.claiming(json!({ "nbf": null }))),
        ("just within leeway", bench.claiming(json!({ "exp": NOON - 9 }))),
        ("issuer's clock fast", bench.claiming(json!({ "iat": NOON + 10, "nbf": NOON + 10 }))),
        ("lifetime of an hour", bench.claiming(json!({ "iat": NOON, "exp": NOON + 3_600 }))),
        ("own partnership named", bench.claiming(json!({ "partnership": "county" }))),
        ("second agency", bench.claiming(json!({ "agency": "oak-school" }))),
        ("ids as long as allowed", bench.claiming(json!({ "sub": "x".repeat(255) }))),
        ("RS256", bench.trust.sign(&rs, &with(claims(), json!({ "iss": TRUST, "agency": "hospital" })))),
    ];
    for (name, token) in rows {
        for again in ["first", "second"] {
            assert_eq!(bench.verifier.verify(&token, None, at(0)).err(), None, "{name}, {again} time");
        }
    }
}

#[test]
fn the_caller_is_what_the_token_says() {
    let bench = Bench::new();
    let certificate = CertificateThumbprint::of_certificate(b"der");
    let token = bench.claiming(json!({
        "roles": ["social_worker", "auditor", "auditor"], "offence_data": true, "name": "Orla Fenwick",
        "job_title": "Senior social worker", "purpose": "neglect", "cnf": { "x5t#S256": certificate.encode() },
    }));
    let caller = bench.verifier.verify(&token, Some(&certificate), at(0)).unwrap();
    assert_eq!((caller.issuer.as_str(), caller.subject.as_str()), (COUNTY, "p-4711"));
    assert_eq!((caller.partnership.as_str(), caller.agency.as_str()), ("county", "social-care"));
    assert_eq!(caller.roles, [Role::SocialWorker, Role::Auditor].into());
    assert_eq!(caller.name.as_ref().map(domain::Sensitive::as_str), Some("Orla Fenwick"));
    assert_eq!(caller.job_title.as_ref().map(domain::Sensitive::as_str), Some("Senior social worker"));
    assert_eq!((caller.client_id.as_str(), caller.purpose), ("portal", Some(Purpose::Neglect)));
    assert_eq!(caller.expires_at, at(1_800));
    assert!(caller.offence_data && !caller.system);
    let shown = format!("{caller:?}");
    assert!(!shown.contains("Fenwick") && !shown.contains("4711"), "{shown}");

    let system = bench.claiming(json!({
        "roles": ["system_client"], "cnf": { "x5t#S256": certificate.encode() },
    }));
    let caller = bench.verifier.verify(&system, Some(&certificate), at(0)).unwrap();
    assert!(caller.system && !caller.offence_data && caller.name.is_none());
}

#[test]
fn a_remembered_token_ends_when_it_expires() {
    let bench = Bench::new();
    let token = bench.good();
    assert!(bench.verifier.verify(&token, None, at(0)).is_ok());
    assert!(bench.verifier.verify(&token, None, at(1_809)).is_ok());
    assert_eq!(bench.verifier.verify(&token, None, at(1_810)).err(), Some(Refusal::Expired));
    // A clock set back far enough makes it a token of the future, not a valid one.
    assert!(bench.verifier.verify(&token, None, at(0)).is_ok());
    assert_eq!(bench.verifier.verify(&token, None, at(-71)).err(), Some(Refusal::IssuedInFuture));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever is sent, even genuinely signed, is answered and not accepted.
    #[test]
    fn nonsense_is_refused(text in any::<String>(), header in r#"\{"[a-z]{1,4}":["{}\[\]a-z0-9:,.]{0,40}\}"#) {
        thread_local!(static BENCH: Bench = Bench::new());
        BENCH.with(|bench| {
            prop_assert!(bench.verifier.verify(&text, None, at(0)).is_err());
            let signed = bench.county.sign_text(&header, &text);
            prop_assert!(bench.verifier.verify(&signed, None, at(0)).is_err());
            let signed = bench.county.sign_text(&common::header().to_string(), &header);
            prop_assert!(bench.verifier.verify(&signed, None, at(0)).is_err());
            Ok(())
        })?;
    }
}

//! The application without a database: everything that happens before a use case.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::{Service as _, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service};
use domain::{Ids, Instant, MockClock, Operation, Role};
use identity::{DevClaims, DevIssuer, FetchSettings, SourceReader, Verifier};
use serde_json::Value;
use uuid::Uuid;

use super::{Front, Limits, built, web};
use crate::doc;

const SOME_ID: &str = "01999999-0000-7000-8000-00000000abcd";

/// Ids that count up.
struct Counting(std::sync::atomic::AtomicU64);

impl Ids for Counting {
    fn next(&self, _: Instant) -> Uuid {
        let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Uuid::from_u64_pair(0x0199_9999_0000_7000, 0x8000_0000_0000_0000 | next)
    }

    fn random(&self) -> Uuid {
        let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Uuid::from_u64_pair(0x4000, 0x8000_0000_0000_0000 | next)
    }
}

struct House {
    front: web::Data<Front>,
    clock: MockClock,
    issuer: DevIssuer,
}

impl House {
    fn with(limits: Limits) -> Self {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let folder = tempfile::tempdir().unwrap();
        let issuer = DevIssuer::open(&folder.path().join("key"), "https://issuer.test").unwrap();
        let config = issuer.config("chronology", "brannshire", vec!["gp".to_owned()]);
        let reader = SourceReader::new(&FetchSettings::default()).unwrap();
        let verifier = Verifier::new(vec![config], Arc::new(reader)).unwrap();
        let ids = Arc::new(Counting(1.into()));
        let front = Front::new(Arc::new(verifier), Arc::new(clock.clone()), ids, limits);
        Self { front: web::Data::new(front), clock, issuer }
    }

    fn token(&self, subject: &str) -> String {
        let claims = DevClaims {
            audience: "chronology".to_owned(),
            subject: subject.to_owned(),
            client_id: "web".to_owned(),
            agency: "gp".to_owned(),
            roles: [Role::Practitioner].into(),
            ..DevClaims::default()
        };
        let now = domain::Clock::now(&self.clock);
        format!("Bearer {}", self.issuer.issue(&claims, now, Duration::from_secs(600)).unwrap())
    }

    async fn ask(&self, request: TestRequest) -> ServiceResponse<BoxBody> {
        init_service(built(self.front.clone(), None)).await.call(request.to_request()).await.unwrap()
    }
}

async fn json(answer: ServiceResponse<BoxBody>) -> Value {
    serde_json::from_slice(&to_bytes(answer.into_body()).await.unwrap()).unwrap()
}

fn header<'a>(answer: &'a ServiceResponse<BoxBody>, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{version}" => "1",
        "{agency_reference}" => "R%2F1",
        id if id.starts_with('{') => SOME_ID,
        plain => plain,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[actix_web::test]
async fn every_documented_operation_is_served_and_asks_for_what_it_says() {
    let house = House::with(Limits { failed_sign_ins: 10_000, ..Limits::default() });
    for (method, path, operation) in doc::operations(doc::document()) {
        let at = format!("{method} {path}");
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
        let answer = house.ask(TestRequest::with_uri(&filled(path)).method(method)).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{at}");
        let asked = answer.request().extensions().get::<Operation>().copied();
        assert_eq!(asked.map(Operation::as_str), operation["x-audit-event"].as_str(), "{at}");
        assert_eq!(answer.request().match_pattern().as_deref(), Some(path), "{at}");
        assert!(header(&answer, "www-authenticate").starts_with("Bearer"), "{at}");
        assert_eq!(header(&answer, "cache-control"), "no-store", "{at}");
    }
}

#[actix_web::test]
async fn a_problem_says_who_where_and_what_but_not_the_query() {
    let house = House::with(Limits::default());
    let answer = house.ask(TestRequest::with_uri("/v1/agencies?limit=secret")).await;
    assert_eq!(header(&answer, "content-type"), "application/problem+json");
    let id = header(&answer, "x-request-id").to_owned();
    let problem = json(answer).await;
    assert_eq!(problem["type"], "/problems/unauthenticated");
    assert_eq!(problem["instance"], "/v1/agencies");
    assert_eq!(problem["requestId"], id);
    assert_eq!(problem["status"], 401);
    assert!(!problem.to_string().contains("secret"));
}

#[actix_web::test]
async fn absent_routes_and_wrong_methods_are_problems_too() {
    let house = House::with(Limits::default());
    let absent = house.ask(TestRequest::with_uri("/v1/nothing/here")).await;
    assert_eq!(absent.status(), StatusCode::NOT_FOUND);
    assert_eq!(json(absent).await["type"], "/problems/not_found");
    let wrong = house.ask(TestRequest::with_uri(&format!("/v1/agencies/{SOME_ID}")).method(Method::DELETE)).await;
    assert_eq!((wrong.status(), header(&wrong, "allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, PATCH"));
    assert_eq!(json(wrong).await["type"], "/problems/method_not_allowed");
    for unused in [Method::TRACE, Method::OPTIONS, Method::CONNECT] {
        let answer = house.ask(TestRequest::with_uri("/v1/me").method(unused.clone())).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{unused}");
    }
    let page = house.ask(TestRequest::with_uri("/docs").method(Method::POST)).await;
    assert_eq!(page.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[actix_web::test]
async fn every_answer_has_the_safe_headers() {
    let house = House::with(Limits::default());
    for path in ["/livez", "/docs", "/v1/me", "/nothing", "/openapi.yaml", "/problems"] {
        let answer = house.ask(TestRequest::with_uri(path)).await;
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&answer, "referrer-policy"), "no-referrer", "{path}");
        assert!(header(&answer, "strict-transport-security").starts_with("max-age="), "{path}");
        let policy = header(&answer, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}");
        for rule in ["object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{path}: {rule}");
        }
        assert_eq!(header(&answer, "cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(header(&answer, "cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(!answer.headers().contains_key("server"), "{path}: what it runs on is nobody's business");
        assert!(!answer.headers().contains_key("access-control-allow-origin"), "{path}");
        assert_eq!(header(&answer, "x-request-id").len(), 36, "{path}");
    }
}

#[actix_web::test]
async fn pages_load_nothing_from_outside_and_run_nothing() {
    let house = House::with(Limits::default());
    let mut paths = vec!["/docs".to_owned(), "/problems".to_owned()];
    paths.extend(crate::problem::table::CODES.iter().map(|code| format!("/problems/{}", code.word)));
    for path in paths {
        let answer = house.ask(TestRequest::with_uri(&path)).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let html = String::from_utf8(to_bytes(answer.into_body()).await.unwrap().to_vec()).unwrap();
        for outside in ["<script", "src=", "href=\"http", "href=\"//", "style=", "@import"] {
            assert!(!html.contains(outside), "{path}: {outside}");
        }
        assert!(html.contains("<html lang=\"en-GB\">") && html.contains("<h1>"), "{path}");
    }
    let absent = house.ask(TestRequest::with_uri("/problems/invented")).await;
    assert_eq!(absent.status(), StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn the_document_is_served_as_it_is_committed() {
    let house = House::with(Limits::default());
    let answer = house.ask(TestRequest::with_uri("/openapi.yaml")).await;
    assert_eq!(to_bytes(answer.into_body()).await.unwrap(), crate::openapi_yaml());
}

#[actix_web::test]
async fn a_full_house_says_so_and_stays_alive() {
    let house = House::with(Limits { in_flight: 0, ..Limits::default() });
    let refused = house.ask(TestRequest::with_uri("/v1/me")).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&refused, "retry-after"), "1");
    assert_eq!(json(refused).await["type"], "/problems/overloaded");
    assert_eq!(house.ask(TestRequest::with_uri("/livez")).await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn tokens_are_asked_for_in_one_way_only() {
    let house = House::with(Limits { failed_sign_ins: 1_000, ..Limits::default() });
    let token = house.token("s-1");
    let bare = token.trim_start_matches("Bearer ").to_owned();
    for wrong in [
        bare.clone(),
        format!("Basic {bare}"),
        "Bearer".to_owned(),
        format!("Bearer  {bare}"),
        "Bearer x.y.z".to_owned(),
    ] {
        let answer = house.ask(TestRequest::with_uri("/v1/me").insert_header(("Authorization", wrong.as_str()))).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let twice = TestRequest::with_uri("/v1/me");
    let twice = twice.append_header(("Authorization", token.as_str())).append_header(("Authorization", token.as_str()));
    assert_eq!(house.ask(twice).await.status(), StatusCode::UNAUTHORIZED);
    let in_query = house.ask(TestRequest::with_uri(&format!("/v1/me?access_token={bare}"))).await;
    assert_eq!(in_query.status(), StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn callers_have_allowances_of_their_own() {
    let house = House::with(Limits { caller_allowance: 3, ..Limits::default() });
    let ask = |token: &str| TestRequest::with_uri("/v1/me").insert_header(("Authorization", token.to_owned()));
    let (one, other) = (house.token("s-1"), house.token("s-2"));
    // without a use case behind it, a caller who is let in meets a fault of ours
    for left in ["2", "1", "0"] {
        let answer = house.ask(ask(&one)).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(header(&answer, "ratelimit").starts_with(&format!("\"caller\";r={left};t=")));
        assert_eq!(header(&answer, "ratelimit-policy"), "\"caller\";q=3;w=60");
    }
    let refused = house.ask(ask(&one)).await;
    assert_eq!((refused.status(), header(&refused, "retry-after")), (StatusCode::TOO_MANY_REQUESTS, "20"));
    assert_eq!(json(refused).await["type"], "/problems/rate_limited");
    assert_ne!(house.ask(ask(&other)).await.status(), StatusCode::TOO_MANY_REQUESTS);
    house.clock.advance(Duration::from_secs(20));
    assert_ne!(house.ask(ask(&one)).await.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[actix_web::test]
async fn an_address_that_keeps_failing_has_to_wait() {
    let house = House::with(Limits { failed_sign_ins: 2, ..Limits::default() });
    let peer = |last: u8| ([192, 0, 2, last], 4_000).into();
    for expected in [401, 401, 429] {
        let answer = house.ask(TestRequest::with_uri("/v1/me").peer_addr(peer(1))).await;
        assert_eq!(answer.status().as_u16(), expected);
    }
    assert_eq!(house.ask(TestRequest::with_uri("/v1/me").peer_addr(peer(2))).await.status().as_u16(), 401);
    let token = house.token("s-1");
    let known = TestRequest::with_uri("/v1/me").peer_addr(peer(1)).insert_header(("Authorization", token));
    assert_ne!(house.ask(known).await.status().as_u16(), 429, "a good token is not held up by its neighbours");
}

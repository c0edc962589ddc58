//! The application without a database: everything that happens before a use case.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::{Service as _, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service};
use domain::{IdGenerator, Instant, MockClock, Operation, Role};
use identity::{DevClaims, DevIssuer, FetchSettings, SourceReader, Verifier};
use serde_json::Value;
use uuid::Uuid;

use super::{Data, Limits, MiddlewareState, build_app};
use crate::doc;

const SOME_ID: &str = "01999999-0000-7000-8000-00000000abcd";

/// Generates ascending ids.
struct SequentialIds(std::sync::atomic::AtomicU64);

impl IdGenerator for SequentialIds {
    fn next(&self, _: Instant) -> Uuid {
        let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Uuid::from_u64_pair(0x0199_9999_0000_7000, 0x8000_0000_0000_0000 | next)
    }

    fn random(&self) -> Uuid {
        let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Uuid::from_u64_pair(0x4000, 0x8000_0000_0000_0000 | next)
    }
}

struct TestApp {
    middleware: Data<MiddlewareState>,
    clock: MockClock,
    issuer: DevIssuer,
}

impl TestApp {
    fn with(limits: Limits) -> Self {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let folder = tempfile::tempdir().unwrap();
        let issuer = DevIssuer::open(&folder.path().join("key"), "https://issuer.test").unwrap();
        let config = issuer.config("chronology", "brannshire", vec!["gp".to_owned()]);
        let reader = SourceReader::new(&FetchSettings::default()).unwrap();
        let verifier = Verifier::new(vec![config], Arc::new(reader)).unwrap();
        let ids = Arc::new(SequentialIds(1.into()));
        let middleware = MiddlewareState::new(
            Arc::new(verifier),
            Arc::new(clock.clone()),
            ids,
            limits,
            Arc::default(),
        );
        Self {
            middleware: Data::new(middleware),
            clock,
            issuer,
        }
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
        format!(
            "Bearer {}",
            self.issuer
                .issue(&claims, now, Duration::from_secs(600))
                .unwrap()
        )
    }

    async fn send(&self, request: TestRequest) -> ServiceResponse<BoxBody> {
        init_service(build_app(self.middleware.clone(), None))
            .await
            .call(request.to_request())
            .await
            .unwrap()
    }
}

async fn json_body(response: ServiceResponse<BoxBody>) -> Value {
    serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap()
}

fn header_value<'a>(response: &'a ServiceResponse<BoxBody>, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

fn fill_path(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{version}" => "1",
        "{agency_reference}" => "R%2F1",
        id if id.starts_with('{') => SOME_ID,
        literal => literal,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[actix_web::test]
async fn every_documented_operation_is_served_and_requires_authentication() {
    let app = TestApp::with(Limits {
        failed_sign_ins: 10_000,
        ..Limits::default()
    });
    for (method, path, operation) in doc::operations(doc::document()) {
        let at = format!("{method} {path}");
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
        let response = app
            .send(TestRequest::with_uri(&fill_path(path)).method(method))
            .await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{at}");
        let operation_of_route = response.request().extensions().get::<Operation>().copied();
        assert_eq!(
            operation_of_route.map(Operation::as_str),
            operation["x-audit-event"].as_str(),
            "{at}"
        );
        assert_eq!(
            response.request().match_pattern().as_deref(),
            Some(path),
            "{at}"
        );
        assert!(
            header_value(&response, "www-authenticate").starts_with("Bearer"),
            "{at}"
        );
        assert_eq!(header_value(&response, "cache-control"), "no-store", "{at}");
    }
}

#[actix_web::test]
async fn problem_names_request_and_path_but_not_query() {
    let app = TestApp::with(Limits::default());
    let response = app
        .send(TestRequest::with_uri("/v1/agencies?limit=secret"))
        .await;
    assert_eq!(
        header_value(&response, "content-type"),
        "application/problem+json"
    );
    let id = header_value(&response, "x-request-id").to_owned();
    let problem = json_body(response).await;
    assert_eq!(problem["type"], "/problems/unauthenticated");
    assert_eq!(problem["instance"], "/v1/agencies");
    assert_eq!(problem["requestId"], id);
    assert_eq!(problem["status"], 401);
    assert!(!problem.to_string().contains("secret"));
}

#[actix_web::test]
async fn unknown_routes_and_wrong_methods_return_problems() {
    let app = TestApp::with(Limits::default());
    let absent = app.send(TestRequest::with_uri("/v1/nothing/here")).await;
    assert_eq!(absent.status(), StatusCode::NOT_FOUND);
    assert_eq!(json_body(absent).await["type"], "/problems/not_found");
    let wrong = app
        .send(TestRequest::with_uri(&format!("/v1/agencies/{SOME_ID}")).method(Method::DELETE))
        .await;
    assert_eq!(
        (wrong.status(), header_value(&wrong, "allow")),
        (StatusCode::METHOD_NOT_ALLOWED, "GET, PATCH")
    );
    assert_eq!(
        json_body(wrong).await["type"],
        "/problems/method_not_allowed"
    );
    for unused in [Method::TRACE, Method::OPTIONS, Method::CONNECT] {
        let response = app
            .send(TestRequest::with_uri("/v1/me").method(unused.clone()))
            .await;
        assert_eq!(
            response.status(),
            StatusCode::METHOD_NOT_ALLOWED,
            "{unused}"
        );
    }
    let page = app
        .send(TestRequest::with_uri("/docs").method(Method::POST))
        .await;
    assert_eq!(page.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[actix_web::test]
async fn every_response_has_security_headers() {
    let app = TestApp::with(Limits::default());
    for path in [
        "/livez",
        "/docs",
        "/v1/me",
        "/nothing",
        "/openapi.yaml",
        "/problems",
    ] {
        let response = app.send(TestRequest::with_uri(path)).await;
        assert_eq!(
            header_value(&response, "x-content-type-options"),
            "nosniff",
            "{path}"
        );
        assert_eq!(
            header_value(&response, "referrer-policy"),
            "no-referrer",
            "{path}"
        );
        assert!(
            header_value(&response, "strict-transport-security").starts_with("max-age="),
            "{path}"
        );
        let policy = header_value(&response, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}");
        for rule in [
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {rule}");
        }
        assert_eq!(
            header_value(&response, "cross-origin-opener-policy"),
            "same-origin",
            "{path}"
        );
        assert_eq!(
            header_value(&response, "cross-origin-resource-policy"),
            "same-origin",
            "{path}"
        );
        assert!(
            !response.headers().contains_key("server"),
            "{path}: the server does not identify its software"
        );
        assert!(
            !response
                .headers()
                .contains_key("access-control-allow-origin"),
            "{path}"
        );
        assert_eq!(header_value(&response, "x-request-id").len(), 36, "{path}");
    }
}

#[actix_web::test]
async fn pages_load_no_external_resources_or_scripts() {
    let app = TestApp::with(Limits::default());
    let mut paths = vec!["/docs".to_owned(), "/problems".to_owned()];
    paths.extend(
        web::problem::table::CODES
            .iter()
            .map(|code| format!("/problems/{}", code.slug)),
    );
    for path in paths {
        let response = app.send(TestRequest::with_uri(&path)).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let html =
            String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec()).unwrap();
        for outside in [
            "<script",
            "src=",
            "href=\"http",
            "href=\"//",
            "style=",
            "@import",
        ] {
            assert!(!html.contains(outside), "{path}: {outside}");
        }
        assert!(
            html.contains("<html lang=\"en-GB\">") && html.contains("<h1>"),
            "{path}"
        );
    }
    let absent = app.send(TestRequest::with_uri("/problems/invented")).await;
    assert_eq!(absent.status(), StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn serves_committed_openapi_document() {
    let app = TestApp::with(Limits::default());
    let response = app.send(TestRequest::with_uri("/openapi.yaml")).await;
    assert_eq!(
        to_bytes(response.into_body()).await.unwrap(),
        crate::openapi_yaml()
    );
}

#[actix_web::test]
async fn overload_returns_503_and_keeps_liveness() {
    let app = TestApp::with(Limits {
        in_flight: 0,
        ..Limits::default()
    });
    let refused = app.send(TestRequest::with_uri("/v1/me")).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header_value(&refused, "retry-after"), "1");
    assert_eq!(json_body(refused).await["type"], "/problems/overloaded");
    assert_eq!(
        app.send(TestRequest::with_uri("/livez")).await.status(),
        StatusCode::OK
    );
}

#[actix_web::test]
async fn accepts_token_only_in_authorization_header() {
    let app = TestApp::with(Limits {
        failed_sign_ins: 1_000,
        ..Limits::default()
    });
    let token = app.token("s-1");
    let bare = token.trim_start_matches("Bearer ").to_owned();
    for wrong in [
        bare.clone(),
        format!("Basic {bare}"),
        "Bearer".to_owned(),
        format!("Bearer  {bare}"),
        "Bearer x.y.z".to_owned(),
    ] {
        let response = app
            .send(TestRequest::with_uri("/v1/me").insert_header(("Authorization", wrong.as_str())))
            .await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let twice = TestRequest::with_uri("/v1/me");
    let twice = twice
        .append_header(("Authorization", token.as_str()))
        .append_header(("Authorization", token.as_str()));
    assert_eq!(app.send(twice).await.status(), StatusCode::UNAUTHORIZED);
    let in_query = app
        .send(TestRequest::with_uri(&format!(
            "/v1/me?access_token={bare}"
        )))
        .await;
    assert_eq!(in_query.status(), StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn rate_limits_are_per_caller() {
    let app = TestApp::with(Limits {
        caller_allowance: 3,
        ..Limits::default()
    });
    let authorized_request = |token: &str| {
        TestRequest::with_uri("/v1/me").insert_header(("Authorization", token.to_owned()))
    };
    let one = app.token("s-1");
    let other = app.token("s-2");
    // The application has no service, so an authenticated request ends with an internal error.
    for left in ["2", "1", "0"] {
        let response = app.send(authorized_request(&one)).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            header_value(&response, "ratelimit").starts_with(&format!("\"caller\";r={left};t="))
        );
        assert_eq!(
            header_value(&response, "ratelimit-policy"),
            "\"caller\";q=3;w=60"
        );
    }
    let refused = app.send(authorized_request(&one)).await;
    assert_eq!(
        (refused.status(), header_value(&refused, "retry-after")),
        (StatusCode::TOO_MANY_REQUESTS, "20")
    );
    assert_eq!(json_body(refused).await["type"], "/problems/rate_limited");
    assert_ne!(
        app.send(authorized_request(&other)).await.status(),
        StatusCode::TOO_MANY_REQUESTS
    );
    app.clock.advance(Duration::from_secs(20));
    assert_ne!(
        app.send(authorized_request(&one)).await.status(),
        StatusCode::TOO_MANY_REQUESTS
    );
}

#[actix_web::test]
async fn repeated_sign_in_failures_block_address() {
    let app = TestApp::with(Limits {
        failed_sign_ins: 2,
        ..Limits::default()
    });
    let peer = |last: u8| ([192, 0, 2, last], 4_000).into();
    for expected in [401, 401, 429] {
        let response = app
            .send(TestRequest::with_uri("/v1/me").peer_addr(peer(1)))
            .await;
        assert_eq!(response.status().as_u16(), expected);
    }
    assert_eq!(
        app.send(TestRequest::with_uri("/v1/me").peer_addr(peer(2)))
            .await
            .status()
            .as_u16(),
        401
    );
    let token = app.token("s-1");
    let known = TestRequest::with_uri("/v1/me")
        .peer_addr(peer(1))
        .insert_header(("Authorization", token));
    assert_ne!(
        app.send(known).await.status().as_u16(),
        429,
        "a valid token is not blocked by failures from its address"
    );
}

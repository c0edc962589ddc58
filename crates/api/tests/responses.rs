//! HTTP responses of the whole service over SQLite: entity tags, replays, paging, expiry, and the

//! audit of requests that were rejected before their use case.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service};
use api::ApiState;
use domain::{AgencyKind, Clock as _, IdGenerator, Instant, MockClock, PartnershipPolicy, Role};
use identity::{DevClaims, DevIssuer, FetchSettings, SourceReader, Verifier};
use serde_json::{Value, json};
use service::{AgencyIn, KernelConfig, LedgerConfig, PartnershipConfig, Service, TimePolicy};
use store::{Db, DbConfig};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{FileKeystore, RootKey, SigningKey, Vault};
use web::Limits;

/// Generates ascending ids.
struct SequentialIds(AtomicU64);

impl IdGenerator for SequentialIds {
    fn next(&self, now: Instant) -> Uuid {
        let high = (u64::try_from(now.as_micros() / 1_000).unwrap() << 16) | 0x7000;
        Uuid::from_u64_pair(
            high,
            0x8000_0000_0000_0000 | self.0.fetch_add(1, Ordering::Relaxed),
        )
    }

    fn random(&self) -> Uuid {
        let next = self.0.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u64_pair(0x4000, 0x8000_0000_0000_0000 | next)
    }
}

struct TestApp {
    state: ApiState,
    clock: MockClock,
    issuer: DevIssuer,
    _folder: TempDir,
}

struct TestResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl TestResponse {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn ledger() -> LedgerConfig {
    LedgerConfig {
        origin: "chronology.test/audit".to_owned(),
        journal: None,
        retention: LedgerConfig::RETENTION,
    }
}

impl TestApp {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let ids: Arc<dyn IdGenerator> = Arc::new(SequentialIds(1.into()));
        let db = Db::connect(&DbConfig::new(format!(
            "sqlite://{}",
            folder.path().join("db").display()
        )))
        .unwrap();
        store::migrate(&db).unwrap();
        let keystore =
            FileKeystore::open(&folder.path().join("keys"), RootKey::generate().unwrap()).unwrap();
        let vault = Vault::new(Arc::new(keystore)).unwrap();
        let config = KernelConfig {
            db,
            vault,
            clock: Arc::new(clock.clone()),
            ids: Arc::clone(&ids),
            node: domain::NodeId(Uuid::from_u128(1)),
            signing_key: Arc::new(SigningKey::generate().unwrap()),
            ledger: ledger(),
            time: TimePolicy::default(),
        };
        let service = Service::new(config).unwrap();
        service
            .directory
            .register_partnership(partnership())
            .unwrap();
        let issuer = DevIssuer::open(&folder.path().join("issuer"), "https://issuer.test").unwrap();
        let issuers =
            vec![issuer.config("chronology", "brannshire", vec!["social-care".to_owned()])];
        let reader = SourceReader::new(&FetchSettings::default()).unwrap();
        let verifier = Arc::new(Verifier::new(issuers, Arc::new(reader)).unwrap());
        let state = ApiState::new(
            service,
            verifier,
            Arc::new(clock.clone()),
            ids,
            Limits::default(),
        );
        Self {
            state,
            clock,
            issuer,
            _folder: folder,
        }
    }

    fn token(&self, role: Role) -> String {
        let claims = DevClaims {
            audience: "chronology".to_owned(),
            subject: format!("{role}-1"),
            client_id: "web".to_owned(),
            agency: "social-care".to_owned(),
            roles: [role].into(),
            name: Some("Imogen Thackeray".to_owned()),
            ..DevClaims::default()
        };
        self.issuer
            .issue(&claims, self.clock.now(), Duration::from_secs(3_600))
            .unwrap()
    }

    async fn send(&self, role: Role, request: TestRequest) -> TestResponse {
        let app = init_service(api::app(&self.state)).await;
        let request =
            request.insert_header(("Authorization", format!("Bearer {}", self.token(role))));
        let response = call_service(&app, request.to_request()).await;
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let status = response.status().as_u16();
        TestResponse {
            status,
            headers,
            body: to_bytes(response.into_body()).await.unwrap().to_vec(),
        }
    }

    async fn get(&self, role: Role, path: &str) -> TestResponse {
        self.send(role, TestRequest::with_uri(path)).await
    }

    async fn post(&self, role: Role, path: &str, key: &str, body: &Value) -> TestResponse {
        self.send(role, post(path, key).set_payload(body.to_string()))
            .await
    }

    /// Operation and outcome of every audit record so far, without the reads of the audit itself.
    async fn audit(&self) -> Vec<(String, String)> {
        let records = self.get(Role::Auditor, "/v1/audit?limit=500").await.json();
        let text = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
        let all = records["items"].as_array().unwrap().iter();
        let outcomes = all.map(|record| (text(record, "operation"), text(record, "outcome")));
        outcomes
            .filter(|(operation, _)| operation != "audit.read")
            .collect()
    }
}

fn post(path: &str, key: &str) -> TestRequest {
    let request = TestRequest::with_uri(path).method(Method::POST);
    request
        .insert_header(("Idempotency-Key", key))
        .insert_header(("Content-Type", "application/json"))
}

fn partnership() -> PartnershipConfig {
    let agency = AgencyIn {
        code: "social-care".to_owned(),
        name: "Brannshire Children's Services".to_owned(),
        kind: AgencyKind::SocialCare,
        has_access: true,
    };
    PartnershipConfig {
        code: "brannshire".to_owned(),
        name: "Brannshire Safeguarding Partnership".to_owned(),
        policy: PartnershipPolicy::default(),
        agencies: vec![agency],
    }
}

fn school(code: &str) -> Value {
    json!({ "code": code, "name": "St Brannoc's Primary School", "kind": "education" })
}

fn child() -> Value {
    json!({ "kind": "child", "name": { "given": "Orla" }, "no_nhs_number_reason": "not_known_to_agency" })
}

#[actix_web::test]
async fn resource_can_be_created_read_polled_and_changed() {
    let app = TestApp::open();
    let created = app
        .post(
            Role::TeamManager,
            "/v1/agencies",
            "k-1",
            &school("st-brannoc"),
        )
        .await;
    let tag = created.header("etag").unwrap().to_owned();
    assert_eq!(
        (created.status, tag.starts_with("\"1.")),
        (201, true),
        "{}",
        created.json()
    );
    let path = created.header("location").unwrap().to_owned();
    assert_eq!(created.header("idempotent-replayed"), None);

    let polled = TestRequest::with_uri(&path).insert_header(("If-None-Match", tag.clone()));
    let polled = app.send(Role::TeamManager, polled).await;
    assert_eq!((polled.status, polled.body.len()), (304, 0));

    let change = |tag: &'static str| {
        let request = TestRequest::with_uri(&path)
            .method(Method::PATCH)
            .insert_header(("Content-Type", "application/json"));
        let request = request.set_payload(r#"{"name": "St Brannoc's Academy"}"#);
        if tag.is_empty() {
            request
        } else {
            request.insert_header(("If-Match", tag))
        }
    };
    assert_eq!(app.send(Role::TeamManager, change("")).await.status, 428);
    assert_eq!(
        app.send(Role::TeamManager, change("\"7\"")).await.status,
        412
    );
    assert_eq!(app.send(Role::TeamManager, change("*")).await.status, 400);
    let changed = app.send(Role::TeamManager, change("\"1\"")).await;
    assert_eq!(
        (
            changed.status,
            changed
                .header("etag")
                .is_some_and(|tag| tag.starts_with("\"2."))
        ),
        (200, true)
    );
    let polled = TestRequest::with_uri(&path).insert_header(("If-None-Match", tag));
    assert_eq!(app.send(Role::TeamManager, polled).await.status, 200);
}

#[actix_web::test]
async fn retried_write_has_one_effect() {
    let app = TestApp::open();
    let first = app
        .post(
            Role::TeamManager,
            "/v1/agencies",
            "k-1",
            &school("st-brannoc"),
        )
        .await;
    let again = app
        .post(
            Role::TeamManager,
            "/v1/agencies",
            "k-1",
            &school("st-brannoc"),
        )
        .await;
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (201, Some("true"))
    );
    assert_eq!(again.body, first.body);
    let other = app
        .post(Role::TeamManager, "/v1/agencies", "k-1", &school("another"))
        .await;
    assert_eq!(
        (other.status, other.json()["type"].clone()),
        (422, json!("/problems/idempotency_key_reused"))
    );
}

#[actix_web::test]
async fn invalid_request_is_explained_and_audited_once() {
    let app = TestApp::open();
    let before = app.audit().await.len();
    let cases = [
        (post("/v1/people", "k").set_payload("{"), 400),
        (
            post("/v1/people", "k").set_payload(r#"{"kind":"child","kind":"adult"}"#),
            400,
        ),
        (post("/v1/people", "k").set_payload("{}"), 422),
        (
            post("/v1/people", "two words").set_payload(child().to_string()),
            400,
        ),
        (
            post("/v1/people", "k")
                .insert_header(("Content-Type", "text/plain"))
                .set_payload("{}"),
            415,
        ),
        (
            post("/v1/people", "k").set_payload(vec![b' '; 2 * 1024 * 1024 + 1]),
            413,
        ),
        (
            post("/v1/people?colour=red", "k").set_payload(child().to_string()),
            422,
        ),
        (
            TestRequest::with_uri("/v1/people")
                .method(Method::POST)
                .set_payload("{}"),
            400,
        ),
    ];
    let count = cases.len();
    for (number, (request, status)) in cases.into_iter().enumerate() {
        let response = app.send(Role::SocialWorker, request).await;
        assert_eq!(
            response.status,
            status,
            "case {number}: {}",
            response.json()
        );
    }
    let records = app.audit().await;
    let invalid = records
        .iter()
        .filter(|record| **record == ("person.create".to_owned(), "invalid".to_owned()))
        .count();
    assert_eq!((records.len() - before, invalid), (count, count));
}

#[actix_web::test]
async fn absent_forbidden_and_invalid_ids_look_identical() {
    let app = TestApp::open();
    let created = app
        .post(Role::SocialWorker, "/v1/people", "k-1", &child())
        .await;
    let theirs = created.header("location").unwrap().to_owned();
    let absent = "/v1/people/01999999-0000-7000-8000-00000000dead".to_owned();
    let mut seen = Vec::new();
    for path in [theirs, absent, "/v1/people/nobody".to_owned()] {
        let response = app.get(Role::Auditor, &path).await;
        let mut problem = response.json();
        problem["instance"].take();
        problem["requestId"].take();
        let changing = ["x-request-id", "ratelimit"];
        let headers: Vec<_> = response
            .headers
            .into_iter()
            .filter(|(name, _)| !changing.contains(&name.as_str()))
            .collect();
        seen.push((response.status, headers, problem));
    }
    assert_eq!(seen[0].0, 404);
    assert!(seen.iter().all(|response| *response == seen[0]), "{seen:?}");
}

#[actix_web::test]
async fn expired_resource_is_not_served_even_to_conditional_get() {
    let app = TestApp::open();
    let created = app
        .post(Role::SocialWorker, "/v1/people", "k-1", &child())
        .await;
    let path = created.header("location").unwrap().to_owned();
    let tag = created.header("etag").unwrap().to_owned();
    let polled = || TestRequest::with_uri(&path).insert_header(("If-None-Match", tag.clone()));
    assert_eq!(app.send(Role::SocialWorker, polled()).await.status, 304);
    app.clock
        .set(Instant::parse(created.json()["expires_at"].as_str().unwrap()).unwrap());
    for request in [polled(), TestRequest::with_uri(&path)] {
        let response = app.send(Role::SocialWorker, request).await;
        assert!([404, 410].contains(&response.status), "{}", response.status);
        assert!(!String::from_utf8(response.body).unwrap().contains("Orla"));
    }
}

#[actix_web::test]
async fn pages_link_to_next_and_keep_etag_when_unchanged() {
    let app = TestApp::open();
    for number in 0..3 {
        let key = format!("k-{number}");
        let created = app
            .post(
                Role::TeamManager,
                "/v1/agencies",
                &key,
                &school(&format!("school-{number}")),
            )
            .await;
        assert_eq!(created.status, 201);
    }
    let mut path = "/v1/agencies?limit=2".to_owned();
    let mut codes = Vec::new();
    loop {
        let page = app.get(Role::TeamManager, &path).await;
        let again = TestRequest::with_uri(&path)
            .insert_header(("If-None-Match", page.header("etag").unwrap()));
        assert_eq!(app.send(Role::TeamManager, again).await.status, 304);
        let items = page.json()["items"].as_array().unwrap().clone();
        codes.extend(
            items
                .iter()
                .map(|agency| agency["code"].as_str().unwrap().to_owned()),
        );
        let Some(link) = page.header("link") else {
            break;
        };
        path = link
            .strip_prefix('<')
            .unwrap()
            .strip_suffix(">; rel=\"next\"")
            .unwrap()
            .to_owned();
        assert!(path.starts_with("/v1/agencies?limit=2&cursor="), "{path}");
    }
    codes.sort();
    assert_eq!(codes, ["school-0", "school-1", "school-2", "social-care"]);
    let strange = app
        .get(Role::TeamManager, "/v1/agencies?cursor=made-up")
        .await;
    assert_eq!(
        (
            strange.status,
            strange.json()["errors"][0]["pointer"].clone()
        ),
        (422, json!("/query/cursor"))
    );
}

#[actix_web::test]
async fn readyz_reports_ready() {
    let app = TestApp::open();
    assert_eq!(app.get(Role::SocialWorker, "/readyz").await.status, 200);
}

//! Answers of the whole service over SQLite, as HTTP shows them: entity tags, replays, pages, expiry, and the audit of
//! what never reached a use case.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests are test code")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service};
use api::{ApiState, Limits};
use domain::{AgencyKind, Clock as _, Ids, Instant, MockClock, PartnershipPolicy, Role};
use identity::{DevClaims, DevIssuer, FetchSettings, SourceReader, Verifier};
use serde_json::{Value, json};
use service::{AgencyIn, LedgerConfig, PartnershipConfig, Service, ServiceConfig};
use store::{Db, DbConfig};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{FileKeystore, RootKey, SigningKey, Vault};

/// Ids that count up.
struct Counting(AtomicU64);

impl Ids for Counting {
    fn next(&self, now: Instant) -> Uuid {
        let high = (u64::try_from(now.as_micros() / 1_000).unwrap() << 16) | 0x7000;
        Uuid::from_u64_pair(high, 0x8000_0000_0000_0000 | self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn random(&self) -> Uuid {
        let next = self.0.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u64_pair(0x4000, 0x8000_0000_0000_0000 | next)
    }
}

struct House {
    state: ApiState,
    clock: MockClock,
    issuer: DevIssuer,
    _folder: TempDir,
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn ledger() -> LedgerConfig {
    LedgerConfig { origin: "chronology.test/audit".to_owned(), journal: None, retention: LedgerConfig::RETENTION }
}

impl House {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let ids: Arc<dyn Ids> = Arc::new(Counting(1.into()));
        let db = Db::connect(&DbConfig::new(format!("sqlite://{}", folder.path().join("db").display()))).unwrap();
        store::migrate(&db).unwrap();
        let keystore = FileKeystore::open(&folder.path().join("keys"), RootKey::generate().unwrap()).unwrap();
        let vault = Vault::new(Arc::new(keystore)).unwrap();
        let config = ServiceConfig {
            db,
            vault,
            clock: Arc::new(clock.clone()),
            ids: Arc::clone(&ids),
            node: domain::NodeId(Uuid::from_u128(1)),
            signing_key: Arc::new(SigningKey::generate().unwrap()),
            ledger: ledger(),
        };
        let service = Service::new(config).unwrap();
        service.register_partnership(partnership()).unwrap();
        let issuer = DevIssuer::open(&folder.path().join("issuer"), "https://issuer.test").unwrap();
        let issuers = vec![issuer.config("chronology", "brannshire", vec!["social-care".to_owned()])];
        let reader = SourceReader::new(&FetchSettings::default()).unwrap();
        let verifier = Arc::new(Verifier::new(issuers, Arc::new(reader)).unwrap());
        let state = ApiState::new(service, verifier, Arc::new(clock.clone()), ids, Limits::default());
        Self { state, clock, issuer, _folder: folder }
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
        self.issuer.issue(&claims, self.clock.now(), Duration::from_secs(3_600)).unwrap()
    }

    async fn ask(&self, role: Role, request: TestRequest) -> Answer {
        let app = init_service(api::app(&self.state)).await;
        let request = request.insert_header(("Authorization", format!("Bearer {}", self.token(role))));
        let answer = call_service(&app, request.to_request()).await;
        let headers = answer.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let status = answer.status().as_u16();
        Answer { status, headers, body: to_bytes(answer.into_body()).await.unwrap().to_vec() }
    }

    async fn get(&self, role: Role, path: &str) -> Answer {
        self.ask(role, TestRequest::with_uri(path)).await
    }

    async fn post(&self, role: Role, path: &str, key: &str, body: &Value) -> Answer {
        self.ask(role, post(path, key).set_payload(body.to_string())).await
    }

    /// Operation and outcome of every record so far, without the reading of the audit itself.
    async fn audit(&self) -> Vec<(String, String)> {
        let records = self.get(Role::Auditor, "/v1/audit?limit=500").await.json();
        let text = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
        let all = records["items"].as_array().unwrap().iter();
        let told = all.map(|record| (text(record, "operation"), text(record, "outcome")));
        told.filter(|(operation, _)| operation != "audit.read").collect()
    }
}

fn post(path: &str, key: &str) -> TestRequest {
    let request = TestRequest::with_uri(path).method(Method::POST);
    request.insert_header(("Idempotency-Key", key)).insert_header(("Content-Type", "application/json"))
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
async fn a_resource_is_made_found_polled_and_changed() {
    let house = House::open();
    let made = house.post(Role::TeamManager, "/v1/agencies", "k-1", &school("st-brannoc")).await;
    let tag = made.header("etag").unwrap().to_owned();
    assert_eq!((made.status, tag.starts_with("\"1.")), (201, true), "{}", made.json());
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(made.header("idempotent-replayed"), None);

    let polled = TestRequest::with_uri(&path).insert_header(("If-None-Match", tag.clone()));
    let polled = house.ask(Role::TeamManager, polled).await;
    assert_eq!((polled.status, polled.body.len()), (304, 0));

    let change = |tag: &'static str| {
        let request =
            TestRequest::with_uri(&path).method(Method::PATCH).insert_header(("Content-Type", "application/json"));
        let request = request.set_payload(r#"{"name": "St Brannoc's Academy"}"#);
        if tag.is_empty() { request } else { request.insert_header(("If-Match", tag)) }
    };
    assert_eq!(house.ask(Role::TeamManager, change("")).await.status, 428);
    assert_eq!(house.ask(Role::TeamManager, change("\"7\"")).await.status, 412);
    assert_eq!(house.ask(Role::TeamManager, change("*")).await.status, 400);
    let changed = house.ask(Role::TeamManager, change("\"1\"")).await;
    assert_eq!((changed.status, changed.header("etag").is_some_and(|tag| tag.starts_with("\"2."))), (200, true));
    let polled = TestRequest::with_uri(&path).insert_header(("If-None-Match", tag));
    assert_eq!(house.ask(Role::TeamManager, polled).await.status, 200);
}

#[actix_web::test]
async fn a_retried_write_has_one_effect() {
    let house = House::open();
    let first = house.post(Role::TeamManager, "/v1/agencies", "k-1", &school("st-brannoc")).await;
    let again = house.post(Role::TeamManager, "/v1/agencies", "k-1", &school("st-brannoc")).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(again.body, first.body);
    let other = house.post(Role::TeamManager, "/v1/agencies", "k-1", &school("another")).await;
    assert_eq!((other.status, other.json()["type"].clone()), (422, json!("/problems/idempotency_key_reused")));
}

#[actix_web::test]
async fn a_request_at_fault_is_answered_with_its_faults_and_recorded_once() {
    let house = House::open();
    let before = house.audit().await.len();
    let cases = [
        (post("/v1/people", "k").set_payload("{"), 400),
        (post("/v1/people", "k").set_payload(r#"{"kind":"child","kind":"adult"}"#), 400),
        (post("/v1/people", "k").set_payload("{}"), 422),
        (post("/v1/people", "two words").set_payload(child().to_string()), 400),
        (post("/v1/people", "k").insert_header(("Content-Type", "text/plain")).set_payload("{}"), 415),
        (post("/v1/people", "k").set_payload(vec![b' '; 2 * 1024 * 1024 + 1]), 413),
        (post("/v1/people?colour=red", "k").set_payload(child().to_string()), 422),
        (TestRequest::with_uri("/v1/people").method(Method::POST).set_payload("{}"), 400),
    ];
    let count = cases.len();
    for (number, (request, status)) in cases.into_iter().enumerate() {
        let answer = house.ask(Role::SocialWorker, request).await;
        assert_eq!(answer.status, status, "case {number}: {}", answer.json());
    }
    let records = house.audit().await;
    let invalid =
        records.iter().filter(|record| **record == ("person.create".to_owned(), "invalid".to_owned())).count();
    assert_eq!((records.len() - before, invalid), (count, count));
}

#[actix_web::test]
async fn absent_not_yours_and_no_id_at_all_are_the_same_answer() {
    let house = House::open();
    let made = house.post(Role::SocialWorker, "/v1/people", "k-1", &child()).await;
    let theirs = made.header("location").unwrap().to_owned();
    let absent = "/v1/people/01999999-0000-7000-8000-00000000dead".to_owned();
    let mut seen = Vec::new();
    for path in [theirs, absent, "/v1/people/nobody".to_owned()] {
        let answer = house.get(Role::Auditor, &path).await;
        let mut problem = answer.json();
        problem["instance"].take();
        problem["requestId"].take();
        let changing = ["x-request-id", "ratelimit"];
        let headers: Vec<_> =
            answer.headers.into_iter().filter(|(name, _)| !changing.contains(&name.as_str())).collect();
        seen.push((answer.status, headers, problem));
    }
    assert_eq!(seen[0].0, 404);
    assert!(seen.iter().all(|answer| *answer == seen[0]), "{seen:?}");
}

#[actix_web::test]
async fn what_has_expired_is_not_answered_even_to_a_poll() {
    let house = House::open();
    let made = house.post(Role::SocialWorker, "/v1/people", "k-1", &child()).await;
    let path = made.header("location").unwrap().to_owned();
    let tag = made.header("etag").unwrap().to_owned();
    let polled = || TestRequest::with_uri(&path).insert_header(("If-None-Match", tag.clone()));
    assert_eq!(house.ask(Role::SocialWorker, polled()).await.status, 304);
    house.clock.set(Instant::parse(made.json()["expires_at"].as_str().unwrap()).unwrap());
    for request in [polled(), TestRequest::with_uri(&path)] {
        let answer = house.ask(Role::SocialWorker, request).await;
        assert!([404, 410].contains(&answer.status), "{}", answer.status);
        assert!(!String::from_utf8(answer.body).unwrap().contains("Orla"));
    }
}

#[actix_web::test]
async fn pages_lead_to_the_next_and_keep_their_tag_while_nothing_changes() {
    let house = House::open();
    for number in 0..3 {
        let key = format!("k-{number}");
        let made = house.post(Role::TeamManager, "/v1/agencies", &key, &school(&format!("school-{number}"))).await;
        assert_eq!(made.status, 201);
    }
    let (mut path, mut codes) = ("/v1/agencies?limit=2".to_owned(), Vec::new());
    loop {
        let page = house.get(Role::TeamManager, &path).await;
        let again = TestRequest::with_uri(&path).insert_header(("If-None-Match", page.header("etag").unwrap()));
        assert_eq!(house.ask(Role::TeamManager, again).await.status, 304);
        let items = page.json()["items"].as_array().unwrap().clone();
        codes.extend(items.iter().map(|agency| agency["code"].as_str().unwrap().to_owned()));
        let Some(link) = page.header("link") else { break };
        path = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
        assert!(path.starts_with("/v1/agencies?limit=2&cursor="), "{path}");
    }
    codes.sort();
    assert_eq!(codes, ["school-0", "school-1", "school-2", "social-care"]);
    let strange = house.get(Role::TeamManager, "/v1/agencies?cursor=made-up").await;
    assert_eq!((strange.status, strange.json()["errors"][0]["pointer"].clone()), (422, json!("/query/cursor")));
}

#[actix_web::test]
async fn the_house_is_ready() {
    let house = House::open();
    assert_eq!(house.get(Role::SocialWorker, "/readyz").await.status, 200);
}

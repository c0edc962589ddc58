//! One whole service, for one test.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{ApiState, ConnectionLimits, Limits};
use domain::{Clock as _, Instant, MockClock, NodeId, PartnershipPolicy, Role, TestNumbers};
use identity::{CertificateThumbprint, DevClaims, DevIssuer, FetchSettings, IssuerConfig, SourceReader, Verifier};
use service::{AgencyIn, LedgerConfig, PartnershipConfig, Service, ServiceConfig, TimePolicy};
use store::Kind;
use store::testing::TestDb;
use tempfile::TempDir;
use vault::{FileKeystore, RootKey, SigningKey, Vault};

use crate::client::As;
use crate::ids::CountedIds;
use crate::listener::Listener;
use crate::users::{ABROAD, AGENCIES, HOME};
use crate::{EVERYBODY, User};

/// When every test begins.
const START: &str = "2026-03-02T09:30:00Z";
/// What the issuer of one agency of [`HOME`] is called here. It gives the roles that an issuer gives unless more is said.
const AGENCY_ISSUER: &str = "agency";
const AUDIENCE: &str = "https://chronology.example";
/// The same in every run.
const SIGNING_KEY: &str = "dGhlIHNhbWUgc2lnbmluZyBrZXkgZXZlcnkgcnVuISE=";
/// The same in every run.
const ROOT_KEY: &str = "dGhlIHNhbWUgcm9vdCBrZXkgaW4gZXZlcnkgcnVuISE=";

/// A service on a database of its own, with a listener, a keystore and a clock that the test moves.
pub struct TestApp {
    // Dropped in this order: nobody asks any more before the database goes.
    listener: Listener,
    ports: (u16, u16),
    pub(crate) agent: ureq::Agent,
    /// The use cases, for what a worker does.
    pub service: Service,
    /// Its keys, to see how much it opens.
    pub vault: Vault,
    /// The time.
    pub clock: MockClock,
    /// The database.
    pub db: TestDb,
    /// Folder of keystore and issuer's key.
    pub folder: TempDir,
    ids: Arc<CountedIds>,
    policy: PartnershipPolicy,
    loads: Loads,
    issuers: HashMap<&'static str, DevIssuer>,
    tokens: Mutex<HashMap<(&'static str, &'static str, Instant), String>>,
}

/// How much the service takes on.
pub struct Loads {
    /// Of requests.
    pub limits: Limits,
    /// Of connections.
    pub connections: ConnectionLimits,
}

impl Default for Loads {
    fn default() -> Self {
        let limits = Limits { caller_allowance: 1_000_000, failed_sign_ins: 1_000_000, ..Limits::default() };
        Self { limits, connections: ConnectionLimits::default() }
    }
}

impl TestApp {
    /// An app on a fresh database with the default policy.
    #[must_use]
    pub fn start(kind: Kind) -> Self {
        Self::with_policy(kind, PartnershipPolicy::default())
    }

    /// An app on a fresh database with a policy that accepts the NHS numbers kept for tests: its tokens are the development
    /// issuer's.
    ///
    /// # Panics
    /// When it cannot be had.
    #[must_use]
    pub fn with_policy(kind: Kind, policy: PartnershipPolicy) -> Self {
        Self::with_exactly(kind, PartnershipPolicy { test_nhs_numbers: TestNumbers::Accepted, ..policy })
    }

    /// An app on a fresh database with a policy as it stands.
    ///
    /// # Panics
    /// When it cannot be had.
    #[must_use]
    pub fn with_exactly(kind: Kind, policy: PartnershipPolicy) -> Self {
        Self::with_loads(kind, policy, Loads::default())
    }

    /// An app on a fresh database that carries so much and no more.
    ///
    /// # Panics
    /// When it cannot be had.
    #[must_use]
    pub fn with_loads(kind: Kind, policy: PartnershipPolicy, loads: Loads) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let clock = MockClock::new(Instant::parse(START).expect("an instant"));
        let ids = Arc::new(CountedIds::default());
        let db = store::testing::fresh(kind);
        let issuers: HashMap<_, _> = [HOME, ABROAD, AGENCY_ISSUER].map(|code| (code, issuer(&folder, code))).into();
        let (service, vault, listener) = node(&db, &folder, &clock, &ids, &policy, &issuers, &loads);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections_per_host(32)
            .build()
            .into();
        let ports = (listener.plain, listener.certified);
        let tokens = Mutex::default();
        Self { listener, ports, agent, service, clock, db, folder, ids, policy, loads, vault, issuers, tokens }
    }

    /// Ends the service and starts another on the same database and keystore: what it knew by heart is forgotten.
    ///
    /// # Panics
    /// When the service cannot end in order.
    pub fn restart(&mut self) {
        self.service.keep_time().expect("the time is stored");
        let (service, vault, listener) =
            node(&self.db, &self.folder, &self.clock, &self.ids, &self.policy, &self.issuers, &self.loads);
        self.ports = (listener.plain, listener.certified);
        (self.listener, self.service, self.vault) = (listener, service, vault);
    }

    /// Somebody about to ask.
    #[must_use]
    pub fn by(&self, user: User) -> As<'_> {
        As { app: self, user, bare: false }
    }

    /// A user whose token names no role.
    #[must_use]
    pub fn without_roles(&self, user: User) -> As<'_> {
        As { app: self, user, bare: true }
    }

    /// Where it listens for users without a certificate, for those who speak HTTP themselves.
    #[must_use]
    pub fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.ports.0).into()
    }

    pub(crate) fn url(&self, user: User, path: &str) -> String {
        let port = if user.certified() { self.listener.certified } else { self.listener.plain };
        format!("http://127.0.0.1:{port}{path}")
    }

    /// A token of this moment; none for nobody.
    pub(crate) fn token(&self, user: User) -> Option<String> {
        if user == User::NOBODY {
            return None;
        }
        let now = self.clock.now();
        let mut tokens = self.tokens.lock().expect("nobody panicked here");
        let token = tokens
            .entry((user.name, user.role.as_str(), now))
            .or_insert_with(|| self.issue(user.partnership(), &claims_of(user, &[user.role])));
        Some(token.clone())
    }

    /// The same without a role.
    pub(crate) fn bare_token(&self, user: User) -> String {
        self.issue(user.partnership(), &claims_of(user, &[]))
    }

    fn issue(&self, issuer: &str, claims: &DevClaims) -> String {
        self.issuers[issuer].issue(claims, self.clock.now(), Duration::from_secs(600)).expect("a token")
    }

    /// The `Authorization` header of a user whose token comes from an agency's own issuer and claims `roles`.
    ///
    /// # Panics
    /// When the issuer cannot sign.
    #[must_use]
    pub fn bearer_of_agency_issuer(&self, user: User, roles: &[Role]) -> String {
        format!("Bearer {}", self.issue(AGENCY_ISSUER, &claims_of(user, roles)))
    }

    /// The `Authorization` header a user would send.
    ///
    /// # Panics
    /// For nobody.
    #[must_use]
    pub fn bearer(&self, user: User) -> String {
        format!("Bearer {}", self.token(user).expect("a user with a token"))
    }

    /// Another process over the same database and keystore, just started, by the same clock.
    ///
    /// # Panics
    /// When it cannot be had.
    #[must_use]
    pub fn another_node(&self, policy: TimePolicy) -> Service {
        let root_key = RootKey::from_base64(ROOT_KEY).expect("a key");
        let keystore = FileKeystore::open(&self.folder.path().join("keys"), root_key).expect("a keystore");
        let vault = Vault::new(Arc::new(keystore)).expect("a vault");
        let (clock, ids) = (Arc::new(self.clock.clone()), self.ids.clone());
        let config = ServiceConfig {
            db: self.db.clone(),
            vault,
            clock,
            ids,
            node: NodeId(uuid::Uuid::from_u128(2)),
            signing_key: Arc::new(SigningKey::from_file_bytes(SIGNING_KEY.as_bytes()).expect("a key")),
            ledger: ledger(&self.folder),
        };
        let service = Service::with_time(config, policy).expect("a service");
        register(&service, &self.policy);
        service
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Lets days pass.
    pub fn pass_days(&self, days: u64) {
        self.pass(days * 86_400);
    }

    /// Some days from now, as it is written on the wire.
    #[must_use]
    pub fn in_days(&self, days: u64) -> String {
        self.clock.now().plus(Duration::from_secs(days * 86_400)).to_string()
    }

    /// Sets the time to what was written on the wire.
    ///
    /// # Panics
    /// When it is no time.
    pub fn set_to(&self, instant: &serde_json::Value) {
        self.clock.set(instant.as_str().and_then(|text| Instant::parse(text).ok()).expect("an instant"));
    }

    /// What a worker does: due dates, deletion, keys.
    ///
    /// # Panics
    /// When it fails.
    pub fn work(&self) {
        self.service.pass_due(100).expect("due dates pass");
        self.service.purge(10).expect("what is over goes");
        self.service.destroy_keys().expect("keys go");
        self.service.fill_audit().expect("numbers are filled");
        self.service.sequence_audit().expect("records have their places");
    }

    /// A second process on the same keystore.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[must_use]
    pub fn another_vault(&self) -> Vault {
        let root_key = RootKey::from_base64(ROOT_KEY).expect("a key");
        let keystore = FileKeystore::open(&self.folder.path().join("keys"), root_key).expect("a keystore");
        Vault::new(Arc::new(keystore)).expect("a vault")
    }

    /// The public key of the certificates.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        SigningKey::from_file_bytes(SIGNING_KEY.as_bytes()).expect("a key").public_key()
    }

    /// Names of the keys by which something mortal lives: hours and scopes. The partnership's own scope, beside which
    /// reasons of holds and destructions live by an hour's key, is there for good.
    #[must_use]
    pub fn mortal_keys(&self) -> Vec<String> {
        let partnership = self.by(User::OWNER).get("/v1/partnership").id();
        let mortal =
            |key: &String| key.starts_with("epoch") || (key.starts_with("scope") && !key.ends_with(&partnership));
        self.keys().into_iter().filter(mortal).collect()
    }

    /// Names of the keys in the keystore that still open something.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![self.folder.path().join("keys")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else if entry.extension().is_some_and(|kind| kind == "key") {
                    names.push(entry.file_stem().expect("a name").to_string_lossy().into_owned());
                }
            }
        }
        names.sort();
        names
    }
}

/// An audit with a journal beside it, signed by the same key in every run.
fn ledger(folder: &TempDir) -> LedgerConfig {
    LedgerConfig {
        origin: "chronology.example/audit".into(),
        journal: Some(folder.path().join("journal")),
        retention: LedgerConfig::RETENTION,
    }
}

/// Whatever a test has done, it leaves nothing in clear: database, its files, keystore. So the whole suite is a search
/// for the words that every text of every test begins with. And every statement that it made the service issue is on the
/// list whose plans are tested.
impl Drop for TestApp {
    fn drop(&mut self) {
        // A thread that still links when the process ends would be cut off inside the database's own code.
        self.service.wait_for_links();
        if !std::thread::panicking() {
            assert!(!crate::raw::finds(self, crate::inputs::CANARY), "something stands in clear");
            crate::statements::compare(self.db.kind());
        }
    }
}

/// A service of its own on a database and a keystore, and its listener.
fn node(
    db: &TestDb,
    folder: &TempDir,
    clock: &MockClock,
    ids: &Arc<CountedIds>,
    policy: &PartnershipPolicy,
    issuers: &HashMap<&'static str, DevIssuer>,
    loads: &Loads,
) -> (Service, Vault, Listener) {
    let keystore = FileKeystore::open(&folder.path().join("keys"), RootKey::from_base64(ROOT_KEY).expect("a key"));
    let vault = Vault::new(Arc::new(keystore.expect("a keystore"))).expect("a vault");
    let config = ServiceConfig {
        db: (**db).clone(),
        vault: vault.clone(),
        clock: Arc::new(clock.clone()),
        ids: ids.clone(),
        ledger: ledger(folder),
        node: NodeId(uuid::Uuid::from_u128(1)),
        signing_key: Arc::new(SigningKey::from_file_bytes(SIGNING_KEY.as_bytes()).expect("a key")),
    };
    let service = Service::new(config).expect("a service");
    register(&service, policy);
    // As a process does before it serves.
    service.keep_time().expect("the time is stored");
    let verifier = Arc::new(verifier(issuers));
    let state = ApiState::new(service.clone(), verifier, Arc::new(clock.clone()), ids.clone(), loads.limits.clone());
    (service, vault, Listener::start(state, certificate(), loads.connections.clone()))
}

fn claims_of(user: User, roles: &[Role]) -> DevClaims {
    DevClaims {
        audience: AUDIENCE.into(),
        subject: format!("subject-{}", user.name),
        client_id: "tests".into(),
        agency: user.agency.into(),
        roles: roles.iter().copied().collect(),
        offence_data: user.offence_data,
        name: Some(format!("Canaryname {}", user.name)),
        job_title: Some("Practitioner".into()),
        purpose: None,
        certificate: user.certified().then(certificate),
    }
}

/// The certificate of the one record system.
fn certificate() -> CertificateThumbprint {
    CertificateThumbprint::of_certificate(b"the certificate of a school's record system")
}

fn issuer_name(code: &str) -> String {
    format!("https://{code}.example/issuer")
}

fn issuer(folder: &TempDir, code: &str) -> DevIssuer {
    DevIssuer::open(&folder.path().join(format!("{code}.der")), &issuer_name(code)).expect("an issuer")
}

fn verifier(issuers: &HashMap<&'static str, DevIssuer>) -> Verifier {
    let agencies = || AGENCIES.iter().map(|(code, ..)| (*code).to_owned()).collect();
    let configs = issuers.iter().map(|(code, issuer)| match *code {
        AGENCY_ISSUER => {
            let every_role = issuer.config(AUDIENCE, HOME, agencies());
            IssuerConfig { roles: IssuerConfig::default_roles(), ..every_role }
        }
        partnership => issuer.config(AUDIENCE, partnership, agencies()),
    });
    let configs = configs.collect();
    let fetch = SourceReader::new(&FetchSettings::default()).expect("a reader");
    Verifier::new(configs, Arc::new(fetch)).expect("a verifier")
}

fn register(service: &Service, policy: &PartnershipPolicy) {
    for code in [HOME, ABROAD] {
        let agencies = AGENCIES.iter().map(|(code, name, kind, has_access)| AgencyIn {
            code: (*code).into(),
            name: (*name).into(),
            kind: *kind,
            has_access: *has_access,
        });
        let config = PartnershipConfig {
            code: code.into(),
            name: format!("{code} safeguarding partnership"),
            policy: policy.clone(),
            agencies: agencies.collect(),
        };
        service.register_partnership(config).expect("a partnership");
    }
}

impl TestApp {
    /// Everybody introduces themselves; says what the directory calls each.
    #[must_use]
    pub fn introduce_everybody(&self) -> HashMap<&'static str, String> {
        let known = EVERYBODY.iter().filter(|user| **user != User::NOBODY);
        known.map(|user| (user.name, self.by(*user).get("/v1/me").id())).collect()
    }
}

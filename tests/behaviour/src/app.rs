//! [`TestApp`]: one complete service for one test.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::ApiState;
use domain::{Clock as _, Instant, MockClock, NodeId, PartnershipPolicy, Role, TestNumberPolicy};
use identity::{
    CertificateThumbprint, DevClaims, DevIssuer, FetchSettings, IssuerConfig, SourceReader,
    Verifier,
};
use service::{AgencyIn, KernelConfig, LedgerConfig, PartnershipConfig, Service, TimePolicy};
use store::DatabaseKind;
use store::testing::TestDb;
use tempfile::TempDir;
use vault::{FileKeystore, RootKey, SigningKey, Vault};
use web::{ConnectionLimits, Limits};

use crate::client::ApiClient;
use crate::ids::CountedIds;
use crate::listener::Listener;
use crate::users::{AGENCIES, HOME_PARTNERSHIP, OTHER_PARTNERSHIP};
use crate::{ALL_USERS, User};

/// The time at which every test starts.
const START: &str = "2026-03-02T09:30:00Z";
/// Key of the token issuer that one agency of [`HOME_PARTNERSHIP`] runs itself. It may assign only
/// the default roles.
const AGENCY_ISSUER: &str = "agency";
const AUDIENCE: &str = "https://chronology.example";
/// The key that signs certificates and checkpoints; fixed, so that runs are reproducible.
const SIGNING_KEY: &str = "dGhlIHNhbWUgc2lnbmluZyBrZXkgZXZlcnkgcnVuISE=";
/// The keystore's root key; fixed, so that runs are reproducible.
const ROOT_KEY: &str = "dGhlIHNhbWUgcm9vdCBrZXkgaW4gZXZlcnkgcnVuISE=";

/// A service with its own database, keystore and HTTP listener, and a clock that the test controls.
pub struct TestApp {
    // Fields are dropped in this order: the listener must stop before the database is removed.
    listener: Listener,
    address: SocketAddr,
    pub(crate) agent: ureq::Agent,
    /// The service's use cases, for calls that a background worker makes.
    pub service: Service,
    /// The service's vault, to count the keys that it opens.
    pub vault: Vault,
    /// The clock that the service reads.
    pub clock: MockClock,
    /// The service's database.
    pub db: TestDb,
    /// The directory that holds the keystore, the audit journal and the issuers' keys.
    pub folder: TempDir,
    ids: Arc<CountedIds>,
    policy: PartnershipPolicy,
    limits: TestLimits,
    issuers: HashMap<&'static str, DevIssuer>,
    tokens: Mutex<HashMap<(&'static str, &'static str, Instant), String>>,
}

/// The limits that the service is started with.
pub struct TestLimits {
    /// Limits on requests.
    pub limits: Limits,
    /// Limits on connections.
    pub connections: ConnectionLimits,
}

impl Default for TestLimits {
    fn default() -> Self {
        let limits = Limits {
            caller_allowance: 1_000_000,
            failed_sign_ins: 1_000_000,
            ..Limits::default()
        };
        Self {
            limits,
            connections: ConnectionLimits::default(),
        }
    }
}

impl TestApp {
    /// Starts an app on a fresh database with the default policy.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start(kind: DatabaseKind) -> Self {
        Self::with_policy(kind, PartnershipPolicy::default())
    }

    /// Starts an app on a fresh database with this policy, changed so that it accepts the NHS
    /// numbers reserved for tests.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn with_policy(kind: DatabaseKind, policy: PartnershipPolicy) -> Self {
        Self::with_exact_policy(
            kind,
            PartnershipPolicy {
                test_nhs_numbers: TestNumberPolicy::Accepted,
                ..policy
            },
        )
    }

    /// Starts an app on a fresh database with exactly this policy.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn with_exact_policy(kind: DatabaseKind, policy: PartnershipPolicy) -> Self {
        Self::with_limits(kind, policy, TestLimits::default())
    }

    /// Starts an app on a fresh database with exactly this policy and these limits.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn with_limits(kind: DatabaseKind, policy: PartnershipPolicy, limits: TestLimits) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let clock = MockClock::new(Instant::parse(START).expect("an instant"));
        let ids = Arc::new(CountedIds::default());
        let db = store::testing::fresh_database(kind);
        let codes = [HOME_PARTNERSHIP, OTHER_PARTNERSHIP, AGENCY_ISSUER];
        let issuers: HashMap<_, _> = codes.map(|code| (code, open_issuer(&folder, code))).into();
        let (service, vault, listener) =
            start_node(&db, &folder, &clock, &ids, &policy, &issuers, &limits);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections_per_host(32)
            .build()
            .into();
        let address = loopback_address(&listener);
        let tokens = Mutex::default();
        Self {
            listener,
            address,
            agent,
            service,
            clock,
            db,
            folder,
            ids,
            policy,
            limits,
            vault,
            issuers,
            tokens,
        }
    }

    /// Stops the service and starts it again on the same database and keystore. Everything held in
    /// memory is lost.
    ///
    /// # Panics
    /// If the service cannot store its time or cannot be started again.
    pub fn restart(&mut self) {
        self.service
            .kernel
            .persist_time()
            .expect("the time is stored");
        let (service, vault, listener) = start_node(
            &self.db,
            &self.folder,
            &self.clock,
            &self.ids,
            &self.policy,
            &self.issuers,
            &self.limits,
        );
        self.address = loopback_address(&listener);
        self.listener = listener;
        self.service = service;
        self.vault = vault;
    }

    /// A client that sends requests as this user.
    #[must_use]
    pub fn as_user(&self, user: User) -> ApiClient<'_> {
        ApiClient {
            app: self,
            user,
            without_roles: false,
        }
    }

    /// A client that sends requests as this user with a token that carries no roles.
    #[must_use]
    pub fn as_user_without_roles(&self, user: User) -> ApiClient<'_> {
        ApiClient {
            app: self,
            user,
            without_roles: true,
        }
    }

    /// The address of the port for clients without a certificate, for tests that write HTTP on a
    /// socket.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, user: User, path: &str) -> String {
        let port = if user.has_certificate() {
            self.listener.port_with_certificate
        } else {
            self.listener.port_without_certificate
        };
        format!("http://127.0.0.1:{port}{path}")
    }

    /// A token issued at the current time; `None` for [`User::NOBODY`].
    pub(crate) fn token(&self, user: User) -> Option<String> {
        if user == User::NOBODY {
            return None;
        }
        let now = self.clock.now();
        let mut tokens = self.tokens.lock().expect("the lock is not poisoned");
        let token = tokens
            .entry((user.name, user.role.as_str(), now))
            .or_insert_with(|| self.issue(user.partnership(), &build_claims(user, &[user.role])));
        Some(token.clone())
    }

    /// A token issued at the current time that carries no roles.
    pub(crate) fn token_without_roles(&self, user: User) -> String {
        self.issue(user.partnership(), &build_claims(user, &[]))
    }

    fn issue(&self, issuer: &str, claims: &DevClaims) -> String {
        self.issuers[issuer]
            .issue(claims, self.clock.now(), Duration::from_secs(600))
            .expect("a token")
    }

    /// The `Authorization` header of a user whose token comes from an agency's own issuer and
    /// claims `roles`.
    ///
    /// # Panics
    /// If the issuer cannot sign.
    #[must_use]
    pub fn bearer_from_agency_issuer(&self, user: User, roles: &[Role]) -> String {
        format!(
            "Bearer {}",
            self.issue(AGENCY_ISSUER, &build_claims(user, roles))
        )
    }

    /// The `Authorization` header that the user sends.
    ///
    /// # Panics
    /// For [`User::NOBODY`], who has no token.
    #[must_use]
    pub fn bearer(&self, user: User) -> String {
        format!("Bearer {}", self.token(user).expect("a user with a token"))
    }

    /// Starts a second service on the same database and keystore, with the same clock.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start_second_node(&self, policy: TimePolicy) -> Service {
        let config = KernelConfig {
            db: self.db.clone(),
            vault: self.open_second_vault(),
            clock: Arc::new(self.clock.clone()),
            ids: self.ids.clone(),
            node: NodeId(uuid::Uuid::from_u128(2)),
            signing_key: Arc::new(
                SigningKey::from_file_bytes(SIGNING_KEY.as_bytes()).expect("a key"),
            ),
            ledger: ledger_config(&self.folder),
            time: policy,
        };
        let service = Service::new(config).expect("a service");
        register_partnerships(&service, &self.policy);
        service
    }

    /// Advances the clock.
    pub fn advance_seconds(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Advances the clock by whole days.
    pub fn advance_days(&self, days: u64) {
        self.advance_seconds(days * 86_400);
    }

    /// The time that many days from now, in the format of the API.
    #[must_use]
    pub fn in_days(&self, days: u64) -> String {
        self.clock
            .now()
            .plus(Duration::from_secs(days * 86_400))
            .to_string()
    }

    /// Sets the clock to a time in the format of the API.
    ///
    /// # Panics
    /// If the value is not a time.
    pub fn set_time(&self, instant: &serde_json::Value) {
        self.clock.set(
            instant
                .as_str()
                .and_then(|text| Instant::parse(text).ok())
                .expect("an instant"),
        );
    }

    /// Runs every periodic background job once: overdue invitations, deletion, key destruction,
    /// events that no worker has handled, and audit sequencing.
    ///
    /// # Panics
    /// If a job fails.
    pub fn run_background_jobs(&self) {
        self.service
            .retention
            .mark_overdue(100)
            .expect("overdue invitations are marked");
        self.service
            .retention
            .purge(10)
            .expect("expired objects are deleted");
        self.service
            .retention
            .destroy_keys()
            .expect("keys are destroyed");
        self.service
            .linking
            .queue_due_events()
            .expect("due events are queued");
        self.service.linking.wait_for_links();
        self.service
            .kernel
            .fill_audit_gaps()
            .expect("gaps are filled");
        self.service
            .kernel
            .sequence_audit()
            .expect("records are sequenced");
    }

    /// Opens a second vault on the same keystore, as another process would.
    ///
    /// # Panics
    /// If the keystore cannot be opened.
    #[must_use]
    pub fn open_second_vault(&self) -> Vault {
        let root_key = RootKey::from_base64(ROOT_KEY).expect("a key");
        let keystore =
            FileKeystore::open(&self.folder.path().join("keys"), root_key).expect("a keystore");
        Vault::new(Arc::new(keystore)).expect("a vault")
    }

    /// The public key that verifies deletion certificates.
    ///
    /// # Panics
    /// Never: the signing key is a valid constant.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        SigningKey::from_file_bytes(SIGNING_KEY.as_bytes())
            .expect("a key")
            .public_key()
    }

    /// The names of the stored keys that are destroyed at some point: all epoch keys and all scope
    /// keys except the partnership's own. That one is permanent; the reasons of holds and
    /// destructions, which it protects, expire with an epoch key.
    #[must_use]
    pub fn expiring_keys(&self) -> Vec<String> {
        let partnership = self.as_user(User::OWNER).get("/v1/partnership").id();
        let expires = |key: &String| {
            key.starts_with("epoch") || (key.starts_with("scope") && !key.ends_with(&partnership))
        };
        self.stored_keys().into_iter().filter(expires).collect()
    }

    /// The names of all keys in the keystore, sorted.
    #[must_use]
    pub fn stored_keys(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![self.folder.path().join("keys")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)
                .expect("a folder")
                .map(|entry| entry.expect("an entry").path())
            {
                if entry.is_dir() {
                    folders.push(entry);
                } else if entry.extension().is_some_and(|kind| kind == "key") {
                    names.push(
                        entry
                            .file_stem()
                            .expect("a name")
                            .to_string_lossy()
                            .into_owned(),
                    );
                }
            }
        }
        names.sort();
        names
    }
}

/// Configuration of the audit ledger, with a journal in the test's directory.
fn ledger_config(folder: &TempDir) -> LedgerConfig {
    LedgerConfig {
        origin: "chronology.example/audit".into(),
        journal: Some(folder.path().join("journal")),
        retention: LedgerConfig::RETENTION,
    }
}

/// Two checks at the end of every test: nothing that the test sent is stored in clear (every text
/// contains the word [`CANARY`](crate::inputs::CANARY), which is searched for in the database, its
/// files and the keystore), and every SQL statement that the service issued is on the list whose
/// query plans are tested.
impl Drop for TestApp {
    fn drop(&mut self) {
        // A linkage thread must not be terminated inside the database library when the process
        // exits.
        self.service.linking.wait_for_links();
        if !std::thread::panicking() {
            assert!(
                !crate::raw_db::contains_plaintext(self, crate::inputs::CANARY),
                "a text of the test is stored in clear"
            );
            crate::statements::assert_recorded(self.db.kind());
        }
    }
}

fn loopback_address(listener: &Listener) -> SocketAddr {
    ([127, 0, 0, 1], listener.port_without_certificate).into()
}

/// Starts a service on a database and a keystore, and its listener.
fn start_node(
    db: &TestDb,
    folder: &TempDir,
    clock: &MockClock,
    ids: &Arc<CountedIds>,
    policy: &PartnershipPolicy,
    issuers: &HashMap<&'static str, DevIssuer>,
    limits: &TestLimits,
) -> (Service, Vault, Listener) {
    let keystore = FileKeystore::open(
        &folder.path().join("keys"),
        RootKey::from_base64(ROOT_KEY).expect("a key"),
    );
    let vault = Vault::new(Arc::new(keystore.expect("a keystore"))).expect("a vault");
    let config = KernelConfig {
        db: (**db).clone(),
        vault: vault.clone(),
        clock: Arc::new(clock.clone()),
        ids: ids.clone(),
        ledger: ledger_config(folder),
        node: NodeId(uuid::Uuid::from_u128(1)),
        signing_key: Arc::new(SigningKey::from_file_bytes(SIGNING_KEY.as_bytes()).expect("a key")),
        time: TimePolicy::default(),
    };
    let service = Service::new(config).expect("a service");
    register_partnerships(&service, policy);
    // The server does the same before it accepts requests.
    service.kernel.persist_time().expect("the time is stored");
    let verifier = Arc::new(build_verifier(issuers));
    let state = ApiState::new(
        service.clone(),
        verifier,
        Arc::new(clock.clone()),
        ids.clone(),
        limits.limits.clone(),
    );
    (
        service,
        vault,
        Listener::start(state, certificate(), limits.connections.clone()),
    )
}

fn build_claims(user: User, roles: &[Role]) -> DevClaims {
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
        certificate: user.has_certificate().then(certificate),
    }
}

/// Thumbprint of the client certificate of [`User::SYSTEM`].
fn certificate() -> CertificateThumbprint {
    CertificateThumbprint::of_certificate(b"the certificate of a school's record system")
}

fn issuer_name(code: &str) -> String {
    format!("https://{code}.example/issuer")
}

fn open_issuer(folder: &TempDir, code: &str) -> DevIssuer {
    DevIssuer::open(
        &folder.path().join(format!("{code}.der")),
        &issuer_name(code),
    )
    .expect("an issuer")
}

fn build_verifier(issuers: &HashMap<&'static str, DevIssuer>) -> Verifier {
    let agencies = || {
        AGENCIES
            .iter()
            .map(|(code, ..)| (*code).to_owned())
            .collect()
    };
    let configs = issuers.iter().map(|(code, issuer)| match *code {
        AGENCY_ISSUER => {
            let every_role = issuer.config(AUDIENCE, HOME_PARTNERSHIP, agencies());
            IssuerConfig {
                roles: IssuerConfig::default_roles(),
                ..every_role
            }
        }
        partnership => issuer.config(AUDIENCE, partnership, agencies()),
    });
    let configs = configs.collect();
    let source_reader = SourceReader::new(&FetchSettings::default()).expect("a reader");
    Verifier::new(configs, Arc::new(source_reader)).expect("a verifier")
}

fn register_partnerships(service: &Service, policy: &PartnershipPolicy) {
    for code in [HOME_PARTNERSHIP, OTHER_PARTNERSHIP] {
        let agencies = AGENCIES
            .iter()
            .map(|(code, name, kind, has_access)| AgencyIn {
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
        service
            .directory
            .register_partnership(config)
            .expect("a partnership");
    }
}

impl TestApp {
    /// Sends one request as each user, which adds them to the directory. Returns their practitioner
    /// identifiers by name.
    #[must_use]
    pub fn sign_in_all_users(&self) -> HashMap<&'static str, String> {
        let users_with_tokens = ALL_USERS.iter().filter(|user| **user != User::NOBODY);
        users_with_tokens
            .map(|user| (user.name, self.as_user(*user).get("/v1/me").id()))
            .collect()
    }
}

//! The settings, understood and checked.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::{ConnectionLimits, Limits};
use domain::TestNumbers;
use identity::IssuerConfig;
use secrecy::{ExposeSecret as _, SecretString};
use service::{PartnershipConfig, TimePolicy};
use tracing::level_filters::LevelFilter;

use super::issuers::{DevelopmentIssuer, read_development_issuer, read_issuers};
use super::partnerships::read_partnerships;
use super::section::{Problems, Section};

/// Everything that is configured.
pub(crate) struct Settings {
    /// Where the service keeps what it makes.
    pub(crate) data_folder: PathBuf,
    pub(crate) server: ServerSettings,
    pub(crate) tls: TlsSettings,
    pub(crate) database: DatabaseSettings,
    pub(crate) keystore: KeystoreSettings,
    pub(crate) audit: AuditSettings,
    pub(crate) clock: TimePolicy,
    pub(crate) limits: Limits,
    pub(crate) logging: LoggingSettings,
    /// Where metrics are served, if anywhere.
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) workers: WorkerSettings,
    pub(crate) partnerships: Vec<PartnershipConfig>,
    pub(crate) issuers: Vec<IssuerConfig>,
    pub(crate) development_issuer: Option<DevelopmentIssuer>,
}

/// Bytes in a mebibyte.
const MIB: u64 = 1_024 * 1_024;

/// Where and how to listen.
#[derive(Debug, Clone)]
pub(crate) struct ServerSettings {
    pub(crate) listen: SocketAddr,
    /// Without a slash at the end.
    pub(crate) public_url: String,
    pub(crate) workers: usize,
    /// For each worker.
    pub(crate) blocking_threads: usize,
    pub(crate) connections: ConnectionLimits,
    pub(crate) shutdown_timeout: Duration,
    /// Whether `X-Request-ID` stands for an absent `Idempotency-Key`.
    pub(crate) request_id_is_idempotency_key: bool,
}

/// Certificates, our own and those of clients.
#[derive(Debug, Clone)]
pub(crate) struct TlsSettings {
    /// Certificate chain and key; made in the data folder when absent.
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
    /// How client certificates are checked, if any are asked for.
    pub(crate) clients: Option<ClientCertificateSettings>,
}

/// How client certificates are checked.
#[derive(Debug, Clone)]
pub(crate) struct ClientCertificateSettings {
    /// Certificates of the authorities that issue them.
    pub(crate) authorities: PathBuf,
    /// Revocation lists of these.
    pub(crate) revocation_lists: Vec<PathBuf>,
    /// Whether a certificate counts of which no valid list says whether it is revoked.
    pub(crate) allow_unknown_revocation_status: bool,
}

/// How the database is reached.
pub(crate) struct DatabaseSettings {
    pub(crate) url: SecretString,
    pub(crate) pool_size: u32,
    pub(crate) connection_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) idle_in_transaction_timeout: Duration,
    pub(crate) busy_timeout: Duration,
    pub(crate) migrate_at_start: bool,
}

impl DatabaseSettings {
    /// Use cases that are carried out at the same time: as many as the pool serves, but for one connection that is left for
    /// reading the audit and one for what runs in the background.
    pub(crate) fn turns(&self) -> usize {
        usize::try_from(self.pool_size).unwrap_or(usize::MAX).saturating_sub(2).max(1)
    }
}

/// Where the keys are.
#[derive(Debug, Clone)]
pub(crate) struct KeystoreSettings {
    /// A PostgreSQL database that several nodes share; then the folder plays no part.
    pub(crate) url: Option<SecretString>,
    pub(crate) folder: PathBuf,
    pub(crate) root_key_file: PathBuf,
}

/// How the audit is kept.
#[derive(Debug, Clone)]
pub(crate) struct AuditSettings {
    /// The key that signs checkpoints and certificates.
    pub(crate) signing_key_file: PathBuf,
    /// Where this node keeps its journals.
    pub(crate) journal_folder: PathBuf,
    /// Names the logs, without the partnership's code.
    pub(crate) origin: String,
    /// How long what records say of people can be opened.
    pub(crate) retention: Duration,
}

/// What is logged and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoggingSettings {
    pub(crate) level: LevelFilter,
    pub(crate) format: LogFormat,
}

/// For whom logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For machines: one object a line.
    Json,
    /// For people.
    Text,
}

/// How often background work is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorkerSettings {
    pub(crate) purge_every: Duration,
    pub(crate) due_every: Duration,
    pub(crate) keys_every: Duration,
    pub(crate) batch: u32,
}

/// Where the development issuer writes tokens there is no real family, and the NHS numbers kept for tests are in use.
fn accept_test_numbers(partnerships: &mut [PartnershipConfig], development: &DevelopmentIssuer) {
    let own = partnerships.iter_mut().filter(|partnership| partnership.code == development.partnership);
    own.for_each(|partnership| partnership.policy.test_nhs_numbers = TestNumbers::Accepted);
}

impl Settings {
    /// Takes everything out of the file's tree; `None` when something that has no stand-in is missing or wrong.
    pub(super) fn read(mut file: Section<'_>, problems: &Problems) -> Option<Self> {
        let data_folder = PathBuf::from(file.needed_text("data_folder"));
        let mut server_section = file.section("server");
        let tls = read_tls(server_section.section("tls"));
        let server = read_server(server_section);
        let database = read_database(file.section("database"), &data_folder);
        let keystore = read_keystore(file.section("keystore"), &data_folder);
        let public_url = server.as_ref().map_or("", |server| server.public_url.as_str());
        let audit = read_audit(file.section("audit"), &data_folder, public_url);
        let clock = read_clock(file.section("clock"));
        let limits = read_limits(file.section("limits"));
        let logging = read_logging(file.section("logging"));
        let metrics = read_metrics(file.section("metrics"));
        let workers = read_workers(file.section("workers"));
        let mut partnerships = read_partnerships(file.sections("partnerships"), problems);
        let issuers = read_issuers(file.sections("issuers"), &partnerships);
        let development_issuer = read_development_issuer(file.section("development_issuer"), &partnerships);
        if let Some(development) = &development_issuer {
            accept_test_numbers(&mut partnerships, development);
        }
        file.finish();
        let settings = Self {
            data_folder,
            server: server?,
            tls,
            database,
            keystore,
            audit,
            clock,
            limits,
            logging: logging?,
            metrics,
            workers,
            partnerships,
            issuers,
            development_issuer,
        };
        settings.check(problems);
        Some(settings)
    }

    /// Settings that are each right and wrong together.
    fn check(&self, problems: &Problems) {
        let say = |wrong: bool, what: &str| {
            if wrong {
                problems.add(what);
            }
        };
        let ServerSettings { listen, workers, blocking_threads, .. } = self.server;
        let pool = usize::try_from(self.database.pool_size).unwrap_or(usize::MAX);
        say(
            workers.saturating_mul(blocking_threads) < pool,
            "server.blocking_threads: all workers' together must be at least database.pool_size",
        );
        say(
            self.development_issuer.is_some() && !listen.ip().is_loopback(),
            "development_issuer.enabled: refused unless server.listen is a loopback address",
        );
        // A service behind a proxy listens on loopback too, and its public address says so.
        say(
            self.development_issuer.is_some() && !is_loopback(&self.server.public_url),
            "development_issuer.enabled: refused unless server.public_url is localhost or a loopback address",
        );
        say(self.partnerships.is_empty(), "partnerships: at least one is needed");
        say(
            self.issuers.is_empty() && self.development_issuer.is_none(),
            "issuers: at least one is needed, or nobody can sign in",
        );
        say(self.metrics == Some(listen), "metrics.listen: is the same as server.listen");
        say(
            self.keystore.url.as_ref().is_some_and(|url| url.expose_secret() == self.database.url.expose_secret()),
            "keystore.url: is the service's own database; the keys need one of their own, on another server if you can",
        );
        say(
            self.keystore.root_key_file.starts_with(&self.keystore.folder),
            "keystore.root_key_file: must not lie in the keystore's folder: neither opens anything without the other",
        );
    }
}

fn read_server(mut from: Section<'_>) -> Option<ServerSettings> {
    let listen = from.needed("listen", "an IP address and a port, such as 127.0.0.1:8443 or [::1]:8443");
    let public_url = from.needed_text("public_url");
    let fit =
        public_url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#', '@']));
    if !public_url.is_empty() && !fit {
        from.wrong("public_url", "must be an https address without a query");
    }
    let settings = ServerSettings {
        listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8443))),
        public_url: public_url.trim_end_matches('/').to_owned(),
        workers: from.count("workers", &(1..=256)),
        blocking_threads: from.count("blocking_threads", &(1..=512)),
        connections: ConnectionLimits {
            all: from.count("max_connections", &(1..=100_000)),
            of_address: from.count("max_connections_per_address", &(1..=100_000)),
            idle: from.seconds("idle_timeout_seconds", &(5..=600)),
            stalled: from.seconds("write_timeout_seconds", &(5..=600)),
            request: from.seconds("request_timeout_seconds", &(1..=300)),
        },
        shutdown_timeout: from.seconds("shutdown_timeout_seconds", &(0..=300)),
        request_id_is_idempotency_key: from.flag("request_id_is_idempotency_key").unwrap_or(false),
    };
    from.finish();
    listen.map(|_| settings)
}

/// Whether `url` leads to this machine: its host is `localhost` or a loopback address.
fn is_loopback(url: &str) -> bool {
    let uri = url.parse::<actix_web::http::Uri>().ok();
    let host = uri.as_ref().and_then(|uri| uri.host()).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

fn read_tls(mut from: Section<'_>) -> TlsSettings {
    let (certificate, key) = (from.existing_file("certificate_file"), from.existing_file("key_file"));
    if certificate.is_some() != key.is_some() {
        from.wrong("certificate_file", "and key_file go together: give both or neither");
    }
    let clients = read_client_certificates(&mut from);
    from.finish();
    TlsSettings { certificate: certificate.zip(key), clients }
}

fn read_client_certificates(from: &mut Section<'_>) -> Option<ClientCertificateSettings> {
    let authorities = from.existing_file("client_ca_file");
    let revocation_lists: Vec<PathBuf> = from.texts("client_crl_files").into_iter().map(PathBuf::from).collect();
    let allow_unknown_revocation_status = from.flag("allow_unknown_revocation_status").unwrap_or(false);
    for missing in revocation_lists.iter().filter(|path| !path.is_file()) {
        from.wrong("client_crl_files", &format!("there is no file {}", missing.display()));
    }
    if authorities.is_none() && !revocation_lists.is_empty() {
        from.wrong("client_crl_files", "are of no use without client_ca_file");
    }
    if authorities.is_some() && revocation_lists.is_empty() && !allow_unknown_revocation_status {
        from.wrong("client_crl_files", "are needed with client_ca_file, or else allow_unknown_revocation_status");
    }
    Some(ClientCertificateSettings { authorities: authorities?, revocation_lists, allow_unknown_revocation_status })
}

fn read_database(mut from: Section<'_>, data_folder: &Path) -> DatabaseSettings {
    let url = from.secret("url");
    let url = url.unwrap_or_else(|| format!("sqlite:{}", data_folder.join("chronology.db").display()).into());
    let sqlite = url.expose_secret().starts_with("sqlite:");
    if !sqlite && !["postgres://", "postgresql://"].iter().any(|scheme| url.expose_secret().starts_with(scheme)) {
        from.wrong("url", "must begin with sqlite:, postgres:// or postgresql://");
    }
    let minutes = 1..=3_600;
    let settings = DatabaseSettings {
        url,
        pool_size: number_32(&mut from, "pool_size", 1, 500),
        connection_timeout: from.seconds("connection_timeout_seconds", &minutes),
        statement_timeout: from.seconds("statement_timeout_seconds", &minutes),
        lock_timeout: from.seconds("lock_timeout_seconds", &minutes),
        idle_in_transaction_timeout: from.seconds("idle_in_transaction_timeout_seconds", &minutes),
        busy_timeout: from.seconds("busy_timeout_seconds", &minutes),
        migrate_at_start: from.flag("migrate_at_start").unwrap_or(sqlite),
    };
    from.finish();
    settings
}

fn read_keystore(mut from: Section<'_>, data_folder: &Path) -> KeystoreSettings {
    let url = from.secret("url");
    let fit = |url: &SecretString| {
        ["postgres://", "postgresql://"].iter().any(|scheme| url.expose_secret().starts_with(scheme))
    };
    if url.as_ref().is_some_and(|url| !fit(url)) {
        from.wrong("url", "must begin with postgres:// or postgresql://");
    }
    if url.is_some() && from.has("folder") {
        from.wrong("url", "and folder: give one of them");
    }
    let settings = KeystoreSettings {
        url,
        folder: from.path("folder").unwrap_or_else(|| data_folder.join("keys")),
        root_key_file: from.path("root_key_file").unwrap_or_else(|| data_folder.join("root.key")),
    };
    from.finish();
    settings
}

fn read_audit(mut from: Section<'_>, data_folder: &Path, public_url: &str) -> AuditSettings {
    let host = public_url.split_once("://").map_or(public_url, |(_, host)| host);
    let origin = from.text("origin").unwrap_or_else(|| format!("{host}/audit"));
    if origin.is_empty() || origin.contains(|letter: char| letter.is_whitespace() || letter == '+') {
        from.wrong("origin", "must be a name without white space and plus signs");
    }
    let settings = AuditSettings {
        signing_key_file: from.path("signing_key_file").unwrap_or_else(|| data_folder.join("signing-key")),
        journal_folder: from.path("journal_folder").unwrap_or_else(|| data_folder.join("journal")),
        origin,
        // At most a century: longer is a slip of the finger.
        retention: from.seconds("retention_days", &(1..=36_500)) * 86_400,
    };
    from.finish();
    settings
}

fn read_clock(mut from: Section<'_>) -> TimePolicy {
    let policy = TimePolicy {
        gap: from.seconds("trusted_gap_seconds", &(0..=3_600)),
        database_elsewhere: from.flag("database_is_another_machine"),
    };
    from.finish();
    policy
}

fn read_limits(mut from: Section<'_>) -> Limits {
    let limits = Limits {
        body_bytes: from.count("max_body_bytes", &(1_024..=2 * MIB)),
        body_timeout: from.seconds("body_timeout_seconds", &(1..=600)),
        caller_allowance: number_32(&mut from, "caller_allowance", 1, 10_000_000),
        failed_sign_ins: number_32(&mut from, "failed_sign_ins", 1, 1_000_000),
        window: from.seconds("window_seconds", &(1..=3_600)),
        in_flight: from.count("max_in_flight", &(1..=100_000)),
        in_flight_per_caller: from.count("max_in_flight_per_caller", &(1..=100_000)),
        in_flight_per_address: from.count("max_in_flight_per_address", &(1..=100_000)),
        bodies_per_address: from.count("max_bodies_per_address", &(1..=100_000)),
        memory_bytes: from.count("memory_mib", &(16..=64 * 1_024)) * usize::try_from(MIB).unwrap_or(usize::MAX),
        turn_timeout: from.seconds("turn_timeout_seconds", &(1..=60)),
        // Decided in [server], and by the pool of [database].
        ..Limits::default()
    };
    from.finish();
    limits
}

fn read_logging(mut from: Section<'_>) -> Option<LoggingSettings> {
    let level = from.needed("level", "error, warn, info, debug or trace");
    let format = from.needed_text("format");
    let format = match format.as_str() {
        "json" => Some(LogFormat::Json),
        "text" => Some(LogFormat::Text),
        _ => {
            from.wrong("format", "must be json or text");
            None
        }
    };
    from.finish();
    Some(LoggingSettings { level: level?, format: format? })
}

fn read_metrics(mut from: Section<'_>) -> Option<SocketAddr> {
    let nowhere = from.take_blank("listen");
    let address = if nowhere { None } else { from.address("listen") };
    from.finish();
    address
}

fn read_workers(mut from: Section<'_>) -> WorkerSettings {
    // Deletion is promised within a minute, key destruction within an hour.
    let settings = WorkerSettings {
        purge_every: from.seconds("purge_every_seconds", &(1..=45)),
        due_every: from.seconds("due_every_seconds", &(1..=3_600)),
        keys_every: from.seconds("keys_every_seconds", &(1..=1_800)),
        batch: number_32(&mut from, "batch", 1, 10_000),
    };
    from.finish();
    settings
}

fn number_32(from: &mut Section<'_>, key: &str, start: u32, end: u32) -> u32 {
    let number = from.number(key, &(u64::from(start)..=u64::from(end)));
    u32::try_from(number).unwrap_or(start)
}

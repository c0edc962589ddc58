//! The settings, parsed and validated.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::TestNumberPolicy;
use identity::IssuerConfig;
use secrecy::{ExposeSecret as _, SecretString};
use service::{PartnershipConfig, TimePolicy};
use tracing::level_filters::LevelFilter;
use web::{ConnectionLimits, Limits};

use super::issuers::{DevelopmentIssuer, read_development_issuer, read_issuers};
use super::partnerships::read_partnerships;
use super::section::{ErrorCollector, Section};

/// All settings.
pub struct Settings {
    /// The folder for the service's own files.
    pub(crate) data_folder: PathBuf,
    pub(crate) server: ServerSettings,
    pub(crate) tls: TlsSettings,
    pub(crate) database: DatabaseSettings,
    pub(crate) keystore: KeystoreSettings,
    pub(crate) audit: AuditSettings,
    pub(crate) clock: TimePolicy,
    pub(crate) limits: Limits,
    pub(crate) logging: LoggingSettings,
    /// Address of the metrics listener, if enabled.
    pub(crate) metrics: Option<SocketAddr>,
    /// The background work.
    pub workers: WorkerSettings,
    pub(crate) partnerships: Vec<PartnershipConfig>,
    pub(crate) issuers: Vec<IssuerConfig>,
    pub(crate) development_issuer: Option<DevelopmentIssuer>,
}

/// Bytes in a mebibyte.
const MIB: u64 = 1_024 * 1_024;

/// Listener and HTTP settings.
#[derive(Debug, Clone)]
pub(crate) struct ServerSettings {
    pub(crate) listen: SocketAddr,
    /// Without a trailing slash.
    pub(crate) public_url: String,
    pub(crate) workers: usize,
    /// Number of blocking threads per worker.
    pub(crate) blocking_threads: usize,
    pub(crate) connections: ConnectionLimits,
    pub(crate) shutdown_timeout: Duration,
    /// Whether `X-Request-ID` replaces an absent `Idempotency-Key`.
    pub(crate) request_id_is_idempotency_key: bool,
}

/// TLS settings: the service's own certificate, and client certificates.
#[derive(Debug, Clone)]
pub(crate) struct TlsSettings {
    /// Certificate chain and key. Generated in the data folder when absent.
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
    /// How client certificates are verified, if they are requested.
    pub(crate) clients: Option<ClientCertificateSettings>,
}

/// How client certificates are verified.
#[derive(Debug, Clone)]
pub(crate) struct ClientCertificateSettings {
    /// File with the certificates of the issuing authorities.
    pub(crate) authorities: PathBuf,
    /// Files with the revocation lists of these authorities.
    pub(crate) revocation_lists: Vec<PathBuf>,
    /// Whether to accept a certificate whose revocation status no valid list states.
    pub(crate) allow_unknown_revocation_status: bool,
}

/// Database connection settings.
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
    /// Number of use cases that may run at the same time: the size of the pool without one
    /// connection reserved for reading the audit and one for background work.
    pub(crate) fn max_concurrent_use_cases(&self) -> usize {
        usize::try_from(self.pool_size)
            .unwrap_or(usize::MAX)
            .saturating_sub(2)
            .max(1)
    }
}

/// Keystore settings.
#[derive(Debug, Clone)]
pub(crate) struct KeystoreSettings {
    /// A PostgreSQL database shared by several nodes; the folder is then not used.
    pub(crate) url: Option<SecretString>,
    pub(crate) folder: PathBuf,
    pub(crate) root_key_file: PathBuf,
}

/// Audit settings.
#[derive(Debug, Clone)]
pub(crate) struct AuditSettings {
    /// File of the key that signs checkpoints and certificates.
    pub(crate) signing_key_file: PathBuf,
    /// Folder of this node's journals.
    pub(crate) journal_folder: PathBuf,
    /// Name of the logs, without the code of the partnership.
    pub(crate) origin: String,
    /// How long personal data in audit records can be opened.
    pub(crate) retention: Duration,
}

/// Log level and format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoggingSettings {
    pub(crate) level: LevelFilter,
    pub(crate) format: LogFormat,
}

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For machines: one JSON object per line.
    Json,
    /// For people: plain text.
    Text,
}

/// Intervals and batch size of the background work.
#[derive(Debug, Clone, Copy)]
pub struct WorkerSettings {
    pub(crate) purge_every: Duration,
    pub(crate) due_every: Duration,
    pub(crate) keys_every: Duration,
    /// Most rows that one step of the background work changes.
    pub batch: u32,
}

/// A partnership with the development issuer has no real families, so it uses the NHS numbers
/// reserved for tests.
fn accept_test_numbers(partnerships: &mut [PartnershipConfig], development: &DevelopmentIssuer) {
    let development_partnerships = partnerships
        .iter_mut()
        .filter(|partnership| partnership.code == development.partnership);
    development_partnerships
        .for_each(|partnership| partnership.policy.test_nhs_numbers = TestNumberPolicy::Accepted);
}

impl Settings {
    /// Reads all settings; `None` when a setting without a usable placeholder is missing or
    /// invalid.
    pub(super) fn read(mut file: Section<'_>, errors: &ErrorCollector) -> Option<Self> {
        let data_folder = PathBuf::from(file.required_text("data_folder"));
        let mut server_section = file.section("server");
        let tls = read_tls(server_section.section("tls"));
        let server = read_server(server_section);
        let database = read_database(file.section("database"), &data_folder);
        let keystore = read_keystore(file.section("keystore"), &data_folder);
        let public_url = server
            .as_ref()
            .map_or("", |server| server.public_url.as_str());
        let audit = read_audit(file.section("audit"), &data_folder, public_url);
        let clock = read_clock(file.section("clock"));
        let limits = read_limits(file.section("limits"));
        let logging = read_logging(file.section("logging"));
        let metrics = read_metrics(file.section("metrics"));
        let workers = read_workers(file.section("workers"));
        let mut partnerships = read_partnerships(file.sections("partnerships"), errors);
        let issuers = read_issuers(file.sections("issuers"), &partnerships);
        let development_issuer =
            read_development_issuer(file.section("development_issuer"), &partnerships);
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
        settings.check(errors);
        Some(settings)
    }

    /// Checks for settings that are valid individually but contradict each other.
    fn check(&self, errors: &ErrorCollector) {
        let report_if = |wrong: bool, what: &str| {
            if wrong {
                errors.add(what);
            }
        };
        let ServerSettings {
            listen,
            workers,
            blocking_threads,
            ..
        } = self.server;
        let pool = usize::try_from(self.database.pool_size).unwrap_or(usize::MAX);
        report_if(
            workers.saturating_mul(blocking_threads) < pool,
            "server.blocking_threads: all workers' together must be at least database.pool_size",
        );
        report_if(
            self.development_issuer.is_some() && !listen.ip().is_loopback(),
            "development_issuer.enabled: refused unless server.listen is a loopback address",
        );
        // A service behind a proxy also listens on loopback; its public address shows the
        // difference.
        report_if(
            self.development_issuer.is_some() && !is_loopback(&self.server.public_url),
            "development_issuer.enabled: refused unless server.public_url is localhost or a loopback address",
        );
        report_if(
            self.partnerships.is_empty(),
            "partnerships: at least one is required",
        );
        report_if(
            self.issuers.is_empty() && self.development_issuer.is_none(),
            "issuers: at least one is required, otherwise nobody can sign in",
        );
        report_if(
            self.metrics == Some(listen),
            "metrics.listen: is the same as server.listen",
        );
        report_if(
            self.keystore
                .url
                .as_ref()
                .is_some_and(|url| url.expose_secret() == self.database.url.expose_secret()),
            "keystore.url: is the service's own database; keys need a separate one, preferably on another server",
        );
        report_if(
            self.keystore
                .root_key_file
                .starts_with(&self.keystore.folder),
            "keystore.root_key_file: must not be in the keystore's folder, because a copy of both opens everything",
        );
    }
}

fn read_server(mut section: Section<'_>) -> Option<ServerSettings> {
    let listen = section.required(
        "listen",
        "an IP address and a port, such as 127.0.0.1:8443 or [::1]:8443",
    );
    let public_url = section.required_text("public_url");
    let is_valid = public_url
        .strip_prefix("https://")
        .is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#', '@']));
    if !public_url.is_empty() && !is_valid {
        section.add_error("public_url", "must be an https address without a query");
    }
    let settings = ServerSettings {
        listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8443))),
        public_url: public_url.trim_end_matches('/').to_owned(),
        workers: section.count("workers", &(1..=256)),
        blocking_threads: section.count("blocking_threads", &(1..=512)),
        connections: ConnectionLimits {
            total: section.count("max_connections", &(1..=100_000)),
            per_address: section.count("max_connections_per_address", &(1..=100_000)),
            idle: section.seconds("idle_timeout_seconds", &(5..=600)),
            stalled: section.seconds("write_timeout_seconds", &(5..=600)),
            handshake: section.seconds("request_timeout_seconds", &(1..=300)),
        },
        shutdown_timeout: section.seconds("shutdown_timeout_seconds", &(0..=300)),
        request_id_is_idempotency_key: section
            .flag("request_id_is_idempotency_key")
            .unwrap_or(false),
    };
    section.finish();
    listen.map(|_| settings)
}

/// Whether the host of `url` is `localhost` or a loopback address.
fn is_loopback(url: &str) -> bool {
    let uri = url.parse::<actix_web::http::Uri>().ok();
    let host = uri.as_ref().and_then(|uri| uri.host()).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.map_or_else(
        |_| host.eq_ignore_ascii_case("localhost"),
        |address| address.is_loopback(),
    )
}

fn read_tls(mut section: Section<'_>) -> TlsSettings {
    let certificate = section.existing_file("certificate_file");
    let key = section.existing_file("key_file");
    if certificate.is_some() != key.is_some() {
        section.add_error(
            "certificate_file",
            "and key_file go together: give both or neither",
        );
    }
    let clients = read_client_certificates(&mut section);
    section.finish();
    TlsSettings {
        certificate: certificate.zip(key),
        clients,
    }
}

fn read_client_certificates(section: &mut Section<'_>) -> Option<ClientCertificateSettings> {
    let authorities = section.existing_file("client_ca_file");
    let revocation_lists: Vec<PathBuf> = section
        .text_list("client_crl_files")
        .into_iter()
        .map(PathBuf::from)
        .collect();
    let allow_unknown_revocation_status = section
        .flag("allow_unknown_revocation_status")
        .unwrap_or(false);
    for missing in revocation_lists.iter().filter(|path| !path.is_file()) {
        section.add_error(
            "client_crl_files",
            &format!("there is no file {}", missing.display()),
        );
    }
    if authorities.is_none() && !revocation_lists.is_empty() {
        section.add_error("client_crl_files", "have no effect without client_ca_file");
    }
    if authorities.is_some() && revocation_lists.is_empty() && !allow_unknown_revocation_status {
        section.add_error(
            "client_crl_files",
            "are required with client_ca_file, unless allow_unknown_revocation_status is set",
        );
    }
    Some(ClientCertificateSettings {
        authorities: authorities?,
        revocation_lists,
        allow_unknown_revocation_status,
    })
}

fn read_database(mut section: Section<'_>, data_folder: &Path) -> DatabaseSettings {
    let url = section.secret("url");
    let url = url.unwrap_or_else(|| {
        format!("sqlite:{}", data_folder.join("chronology.db").display()).into()
    });
    let sqlite = url.expose_secret().starts_with("sqlite:");
    if !sqlite
        && !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.expose_secret().starts_with(scheme))
    {
        section.add_error(
            "url",
            "must begin with sqlite:, postgres:// or postgresql://",
        );
    }
    let minutes = 1..=3_600;
    let settings = DatabaseSettings {
        url,
        pool_size: number_u32(&mut section, "pool_size", 1, 500),
        connection_timeout: section.seconds("connection_timeout_seconds", &minutes),
        statement_timeout: section.seconds("statement_timeout_seconds", &minutes),
        lock_timeout: section.seconds("lock_timeout_seconds", &minutes),
        idle_in_transaction_timeout: section
            .seconds("idle_in_transaction_timeout_seconds", &minutes),
        busy_timeout: section.seconds("busy_timeout_seconds", &minutes),
        migrate_at_start: section.flag("migrate_at_start").unwrap_or(sqlite),
    };
    section.finish();
    settings
}

fn read_keystore(mut section: Section<'_>, data_folder: &Path) -> KeystoreSettings {
    let url = section.secret("url");
    let is_valid = |url: &SecretString| {
        ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.expose_secret().starts_with(scheme))
    };
    if url.as_ref().is_some_and(|url| !is_valid(url)) {
        section.add_error("url", "must begin with postgres:// or postgresql://");
    }
    if url.is_some() && section.has("folder") {
        section.add_error("url", "and folder: give one of them");
    }
    let settings = KeystoreSettings {
        url,
        folder: section
            .path("folder")
            .unwrap_or_else(|| data_folder.join("keys")),
        root_key_file: section
            .path("root_key_file")
            .unwrap_or_else(|| data_folder.join("root.key")),
    };
    section.finish();
    settings
}

fn read_audit(mut section: Section<'_>, data_folder: &Path, public_url: &str) -> AuditSettings {
    let host = public_url
        .split_once("://")
        .map_or(public_url, |(_, host)| host);
    let origin = section
        .text("origin")
        .unwrap_or_else(|| format!("{host}/audit"));
    if origin.is_empty() || origin.contains(|letter: char| letter.is_whitespace() || letter == '+')
    {
        section.add_error(
            "origin",
            "must be a name without white space and plus signs",
        );
    }
    let settings = AuditSettings {
        signing_key_file: section
            .path("signing_key_file")
            .unwrap_or_else(|| data_folder.join("signing-key")),
        journal_folder: section
            .path("journal_folder")
            .unwrap_or_else(|| data_folder.join("journal")),
        origin,
        // At most a century; a longer period is a typing error.
        retention: section.seconds("retention_days", &(1..=36_500)) * 86_400,
    };
    section.finish();
    settings
}

fn read_clock(mut section: Section<'_>) -> TimePolicy {
    let policy = TimePolicy {
        gap: section.seconds("trusted_gap_seconds", &(0..=3_600)),
        database_elsewhere: section.flag("database_is_another_machine"),
    };
    section.finish();
    policy
}

fn read_limits(mut section: Section<'_>) -> Limits {
    let limits = Limits {
        body_bytes: section.count("max_body_bytes", &(1_024..=2 * MIB)),
        body_timeout: section.seconds("body_timeout_seconds", &(1..=600)),
        caller_allowance: number_u32(&mut section, "caller_allowance", 1, 10_000_000),
        failed_sign_ins: number_u32(&mut section, "failed_sign_ins", 1, 1_000_000),
        window: section.seconds("window_seconds", &(1..=3_600)),
        in_flight: section.count("max_in_flight", &(1..=100_000)),
        in_flight_per_caller: section.count("max_in_flight_per_caller", &(1..=100_000)),
        in_flight_per_address: section.count("max_in_flight_per_address", &(1..=100_000)),
        bodies_per_address: section.count("max_bodies_per_address", &(1..=100_000)),
        memory_bytes: section.count("memory_mib", &(16..=64 * 1_024))
            * usize::try_from(MIB).unwrap_or(usize::MAX),
        queue_timeout: section.seconds("turn_timeout_seconds", &(1..=60)),
        // The other limits come from [server] and from the pool size in [database].
        ..Limits::default()
    };
    section.finish();
    limits
}

fn read_logging(mut section: Section<'_>) -> Option<LoggingSettings> {
    let level = section.required("level", "error, warn, info, debug or trace");
    let format = section.required_text("format");
    let format = match format.as_str() {
        "json" => Some(LogFormat::Json),
        "text" => Some(LogFormat::Text),
        _ => {
            section.add_error("format", "must be json or text");
            None
        }
    };
    section.finish();
    Some(LoggingSettings {
        level: level?,
        format: format?,
    })
}

fn read_metrics(mut section: Section<'_>) -> Option<SocketAddr> {
    let is_disabled = section.remove_if_blank("listen");
    let address = if is_disabled {
        None
    } else {
        section.address("listen")
    };
    section.finish();
    address
}

fn read_workers(mut section: Section<'_>) -> WorkerSettings {
    // Deletion is guaranteed within a minute and key destruction within an hour.
    let settings = WorkerSettings {
        purge_every: section.seconds("purge_every_seconds", &(1..=45)),
        due_every: section.seconds("due_every_seconds", &(1..=3_600)),
        keys_every: section.seconds("keys_every_seconds", &(1..=1_800)),
        batch: number_u32(&mut section, "batch", 1, 10_000),
    };
    section.finish();
    settings
}

fn number_u32(section: &mut Section<'_>, key: &str, start: u32, end: u32) -> u32 {
    let number = section.number(key, &(u64::from(start)..=u64::from(end)));
    u32::try_from(number).unwrap_or(start)
}

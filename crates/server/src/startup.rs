//! From settings to a service: keystore, database, migrations, partnerships, in this order.

pub(crate) mod marks;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use domain::{Clock, Ids, NodeId};
use identity::{DevIssuer, FetchKeys, FetchSettings, IssuerConfig, SourceReader, Verifier};
use secrecy::ExposeSecret as _;
use service::{LedgerConfig, Service, ServiceConfig};
use store::keystore::{KeystoreDb, PostgresKeystore, Separation};
use store::{Db, DbConfig};
use vault::{FileKeystore, Keystore, RootKey, SigningKey, Vault};

use crate::clock::SystemClock;
use crate::config::{DatabaseSettings, KeystoreSettings, Settings};
use crate::files;
use crate::ids::RandomIds;

/// What every command that works on data needs.
pub(crate) struct Ground {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) node: NodeId,
    pub(crate) signing_key: Arc<SigningKey>,
}

impl Ground {
    /// Opens keystore and database and brings the schema up to date where settings say so.
    ///
    /// # Errors
    /// When one of them cannot be used, or migrations are pending and not to be run at start.
    pub(crate) fn open(settings: &Settings) -> anyhow::Result<Self> {
        files::private_folder(&settings.data_folder)?;
        let db = connect(&settings.database)?;
        let vault = open_vault(&settings.keystore, Some(&db))?;
        bring_up_to_date(&db, settings.database.migrate_at_start)?;
        let ids: Arc<dyn Ids> = Arc::new(RandomIds::new());
        let node = marks::node(settings, ids.as_ref())?;
        let signing_key = Arc::new(marks::signing_key(settings)?);
        Ok(Self { db, vault, ids, node, signing_key })
    }

    /// The use cases, by `clock`, with the configured partnerships.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) fn service(&self, settings: &Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Service> {
        self.service_with(settings, clock, Some(settings.audit.journal_folder.clone()))
    }

    /// The use cases for a command that looks on beside a running service: without a journal, because it records nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) fn onlooker(&self, settings: &Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Service> {
        self.service_with(settings, clock, None)
    }

    fn service_with(
        &self,
        settings: &Settings,
        clock: Arc<dyn Clock>,
        journal: Option<PathBuf>,
    ) -> anyhow::Result<Service> {
        let config = ServiceConfig {
            db: self.db.clone(),
            vault: self.vault.clone(),
            clock,
            ids: Arc::clone(&self.ids),
            node: self.node,
            signing_key: Arc::clone(&self.signing_key),
            ledger: ledger(settings, journal),
        };
        let service = Service::with_time(config, settings.clock)?;
        for partnership in &settings.partnerships {
            let code = partnership.code.clone();
            service.register_partnership(partnership.clone()).with_context(|| format!("partnership {code}"))?;
        }
        Ok(service)
    }
}

/// How the audit is kept, with a journal in `journal` if one is to be kept.
pub(crate) fn ledger(settings: &Settings, journal: Option<PathBuf>) -> LedgerConfig {
    LedgerConfig { origin: settings.audit.origin.clone(), journal, retention: settings.audit.retention }
}

/// The database, tried once.
pub(crate) fn connect(settings: &DatabaseSettings) -> anyhow::Result<Db> {
    let config = DbConfig {
        pool_size: settings.pool_size,
        connection_timeout: settings.connection_timeout,
        statement_timeout: settings.statement_timeout,
        lock_timeout: settings.lock_timeout,
        idle_in_transaction_timeout: settings.idle_in_transaction_timeout,
        busy_timeout: settings.busy_timeout,
        ..DbConfig::new(settings.url.expose_secret())
    };
    Db::connect(&config).context("the database cannot be used")
}

/// The issuer for development and demonstration; its key is made on first use.
pub(crate) fn open_development_issuer(settings: &Settings) -> anyhow::Result<DevIssuer> {
    let key_file = settings.data_folder.join("development-issuer.der");
    Ok(DevIssuer::open(&key_file, &development_issuer_name(settings))?)
}

/// The `iss` of the development issuer.
pub(crate) fn development_issuer_name(settings: &Settings) -> String {
    format!("{}/development", settings.server.public_url)
}

/// Checks tokens of all configured issuers. Their keys are read later, by a worker.
pub(crate) fn verifier(settings: &Settings) -> anyhow::Result<Verifier> {
    let mut issuers = settings.issuers.clone();
    if settings.development_issuer.is_some() {
        issuers.extend(development_issuer_config(settings)?);
    }
    verifier_of(issuers)
}

/// What only trying shows: issuers' settings as the verifier sees them, certificates, the root key. One line for each
/// mistake; makes nothing and connects to nothing.
pub(crate) fn look_over(settings: &Settings) -> Vec<String> {
    let tries = [
        verifier_of(settings.issuers.clone()).map(drop),
        crate::tls::look_over(&settings.tls),
        read_root_key(&settings.keystore.root_key_file).map(drop),
    ];
    tries.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect()
}

fn development_issuer_config(settings: &Settings) -> anyhow::Result<Option<IssuerConfig>> {
    let Some(development) = &settings.development_issuer else { return Ok(None) };
    let issuer = open_development_issuer(settings)?;
    Ok(Some(issuer.config(&settings.server.public_url, &development.partnership, development.agencies.clone())))
}

fn verifier_of(issuers: Vec<IssuerConfig>) -> anyhow::Result<Verifier> {
    let fetch: Arc<dyn FetchKeys> = Arc::new(SourceReader::new(&FetchSettings::default())?);
    Ok(Verifier::new(issuers, fetch)?)
}

fn bring_up_to_date(db: &Db, allowed: bool) -> anyhow::Result<()> {
    if !allowed {
        return store::check(db).context("run `chronology migrate` first, or set database.migrate_at_start");
    }
    for version in store::migrate(db)? {
        tracing::info!(version, "schema brought up to date");
    }
    Ok(())
}

/// The vault over the configured keystore.
///
/// # Errors
/// When the keystore cannot be used, has another root key, or lies in the service's own database `service`.
pub(crate) fn open_vault(settings: &KeystoreSettings, service: Option<&Db>) -> anyhow::Result<Vault> {
    let keystore: Arc<dyn Keystore> = match keystore_database(settings)? {
        Some(keys) => {
            let separation = service.map(|service| keys.separation(service)).transpose().context("keystore.url")?;
            if separation == Some(Separation::SameDatabase) {
                bail!("keystore.url: is the service's own database; the keys need one of their own");
            }
            let root_key = root_key(settings, keys.is_empty().context("keystore.url")?)?;
            Arc::new(PostgresKeystore::open(keys, root_key).context("the keystore at keystore.url cannot be used")?)
        }
        None => {
            let root_key = root_key(settings, !settings.folder.try_exists()?)?;
            let keystore = FileKeystore::open(&settings.folder, root_key);
            Arc::new(keystore.with_context(|| format!("keystore {}", settings.folder.display()))?)
        }
    };
    Ok(Vault::new(keystore)?)
}

/// The keystore's database, where it is one.
///
/// # Errors
/// When it cannot be used.
pub(crate) fn keystore_database(settings: &KeystoreSettings) -> anyhow::Result<Option<KeystoreDb>> {
    let Some(url) = &settings.url else { return Ok(None) };
    let config = DbConfig { pool_size: 4, ..DbConfig::new(url.expose_secret()) };
    KeystoreDb::connect(&config).map(Some).context("the keystore at keystore.url cannot be used")
}

/// The root key; made when there is none and the keystore is new.
fn root_key(settings: &KeystoreSettings, is_new: bool) -> anyhow::Result<RootKey> {
    match read_root_key(&settings.root_key_file)? {
        Some(key) => Ok(key),
        None if is_new => make_root_key(settings),
        None => {
            let file = settings.root_key_file.display();
            bail!("keystore: its root key {file} is missing: a keystore that is there already has one")
        }
    }
}

/// The keystore that is there, to look into; nothing is made.
///
/// # Errors
/// When there is none, or it cannot be opened.
pub(crate) fn open_vault_to_look(settings: &KeystoreSettings) -> anyhow::Result<Vault> {
    let there = settings.url.is_some() || settings.folder.try_exists()?;
    if !there || !settings.root_key_file.try_exists()? {
        bail!("keystore {}: there is none, or its root key is missing", settings.folder.display());
    }
    open_vault(settings, None)
}

/// The root key, `None` when there is no such file.
fn read_root_key(file: &Path) -> anyhow::Result<Option<RootKey>> {
    let Some(bytes) = files::read_secret(file, "root key")? else { return Ok(None) };
    RootKey::from_file_bytes(&bytes).map(Some).with_context(|| format!("root key {}", file.display()))
}

/// A new root key on first start.
fn make_root_key(settings: &KeystoreSettings) -> anyhow::Result<RootKey> {
    let file = &settings.root_key_file;
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        files::private_folder(folder)?;
    }
    files::write_private_once(file, RootKey::generate()?.to_base64().as_bytes())?;
    tracing::info!("a root key was made");
    read_root_key(file)?.context("the root key just made is gone")
}

/// The clock of a running service.
pub(crate) fn system_clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

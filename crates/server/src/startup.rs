//! From settings to a service: keystore, database, migrations, partnerships, in this order.

pub(crate) mod node_files;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use domain::{Clock, IdGenerator, NodeId};
use identity::{DevIssuer, FetchKeys, FetchSettings, IssuerConfig, SourceReader, Verifier};
use secrecy::ExposeSecret as _;
use service::{KernelConfig, LedgerConfig, Service};
use store::keystore::{KeystoreDb, PostgresKeystore, Separation};
use store::{Db, DbConfig};
use vault::{FileKeystore, Keystore, RootKey, SigningKey, Vault};

use crate::clock::SystemClock;
use crate::config::{DatabaseSettings, KeystoreSettings, Settings};
use crate::files;
use crate::ids::RandomIds;

/// What every command that works on data needs.
pub struct AppContext {
    /// The service's database.
    pub db: Db,
    /// The vault over the configured keystore.
    pub vault: Vault,
    /// The source of new identifiers.
    pub ids: Arc<dyn IdGenerator>,
    pub(crate) node: NodeId,
    pub(crate) signing_key: Arc<SigningKey>,
}

impl AppContext {
    /// Opens keystore and database, and applies migrations if the settings say so.
    ///
    /// # Errors
    /// Fails when keystore or database cannot be used, or migrations are pending and must not be
    /// applied at start.
    pub fn open(settings: &Settings) -> anyhow::Result<Self> {
        files::create_private_folder(&settings.data_folder)?;
        let db = connect(&settings.database)?;
        let vault = open_vault(&settings.keystore, Some(&db))?;
        apply_migrations(&db, settings.database.migrate_at_start)?;
        let ids: Arc<dyn IdGenerator> = Arc::new(RandomIds::new());
        let node = node_files::load_node_id(settings, ids.as_ref())?;
        let signing_key = Arc::new(node_files::load_signing_key(settings)?);
        Ok(Self {
            db,
            vault,
            ids,
            node,
            signing_key,
        })
    }

    /// The use cases with the configured partnerships, using `clock`.
    ///
    /// # Errors
    /// Fails when the database cannot be used.
    pub fn service(&self, settings: &Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Service> {
        self.build_service(settings, clock, Some(settings.audit.journal_folder.clone()))
    }

    /// The use cases for a command that only reads the audit beside a running service. It has no
    /// journal, because it records nothing.
    ///
    /// # Errors
    /// Fails when the database cannot be used.
    pub(crate) fn audit_reader_service(
        &self,
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Service> {
        self.build_service(settings, clock, None)
    }

    fn build_service(
        &self,
        settings: &Settings,
        clock: Arc<dyn Clock>,
        journal: Option<PathBuf>,
    ) -> anyhow::Result<Service> {
        let config = KernelConfig {
            db: self.db.clone(),
            vault: self.vault.clone(),
            clock,
            ids: Arc::clone(&self.ids),
            node: self.node,
            signing_key: Arc::clone(&self.signing_key),
            ledger: ledger_config(settings, journal),
            time: settings.clock,
        };
        let service = Service::new(config)?;
        for partnership in &settings.partnerships {
            let code = partnership.code.clone();
            service
                .directory
                .register_partnership(partnership.clone())
                .with_context(|| format!("partnership {code}"))?;
        }
        Ok(service)
    }
}

/// The ledger settings, with the folder of the journal if one is kept.
pub(crate) fn ledger_config(settings: &Settings, journal: Option<PathBuf>) -> LedgerConfig {
    LedgerConfig {
        origin: settings.audit.origin.clone(),
        journal,
        retention: settings.audit.retention,
    }
}

/// Connects to the database without retrying.
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

/// Opens the issuer for development and demonstration. Its key is created on first use.
pub(crate) fn open_development_issuer(settings: &Settings) -> anyhow::Result<DevIssuer> {
    let key_file = settings.data_folder.join("development-issuer.der");
    Ok(DevIssuer::open(
        &key_file,
        &development_issuer_name(settings),
    )?)
}

/// The `iss` claim of the development issuer.
pub(crate) fn development_issuer_name(settings: &Settings) -> String {
    format!("{}/development", settings.server.public_url)
}

/// Builds the verifier for tokens of all configured issuers. A worker reads their keys later.
pub(crate) fn build_verifier(settings: &Settings) -> anyhow::Result<Verifier> {
    let mut issuers = settings.issuers.clone();
    if settings.development_issuer.is_some() {
        issuers.extend(development_issuer_config(settings)?);
    }
    verifier_for_issuers(issuers)
}

/// Checks what only reading the files shows: issuers, certificates and the root key. Returns one
/// line per error. Creates nothing and connects to nothing.
pub(crate) fn check_files(settings: &Settings) -> Vec<String> {
    let checks = [
        verifier_for_issuers(settings.issuers.clone()).map(drop),
        crate::tls::check_files(&settings.tls),
        read_root_key(&settings.keystore.root_key_file).map(drop),
    ];
    checks
        .into_iter()
        .filter_map(Result::err)
        .map(|error| format!("{error:#}"))
        .collect()
}

fn development_issuer_config(settings: &Settings) -> anyhow::Result<Option<IssuerConfig>> {
    let Some(development) = &settings.development_issuer else {
        return Ok(None);
    };
    let issuer = open_development_issuer(settings)?;
    Ok(Some(issuer.config(
        &settings.server.public_url,
        &development.partnership,
        development.agencies.clone(),
    )))
}

fn verifier_for_issuers(issuers: Vec<IssuerConfig>) -> anyhow::Result<Verifier> {
    let key_fetcher: Arc<dyn FetchKeys> = Arc::new(SourceReader::new(&FetchSettings::default())?);
    Ok(Verifier::new(issuers, key_fetcher)?)
}

fn apply_migrations(db: &Db, may_migrate: bool) -> anyhow::Result<()> {
    if !may_migrate {
        return store::check(db)
            .context("run `chronology migrate` first, or set database.migrate_at_start");
    }
    for version in store::migrate(db)? {
        tracing::info!(version, "migration applied");
    }
    Ok(())
}

/// Opens the vault over the configured keystore.
///
/// # Errors
/// Fails when the keystore cannot be used, was written under another root key, or is in the
/// service's own database `service`.
pub(crate) fn open_vault(
    settings: &KeystoreSettings,
    service: Option<&Db>,
) -> anyhow::Result<Vault> {
    let keystore: Arc<dyn Keystore> = match keystore_database(settings)? {
        Some(keystore_db) => {
            let separation = service
                .map(|service| keystore_db.separation(service))
                .transpose()
                .context("keystore.url")?;
            if separation == Some(Separation::SameDatabase) {
                bail!("keystore.url: is the service's own database; keys need a separate one");
            }
            let root_key =
                load_or_create_root_key(settings, keystore_db.is_empty().context("keystore.url")?)?;
            Arc::new(
                PostgresKeystore::open(keystore_db, root_key)
                    .context("the keystore at keystore.url cannot be used")?,
            )
        }
        None => {
            let root_key = load_or_create_root_key(settings, !settings.folder.try_exists()?)?;
            let keystore = FileKeystore::open(&settings.folder, root_key);
            Arc::new(keystore.with_context(|| format!("keystore {}", settings.folder.display()))?)
        }
    };
    Ok(Vault::new(keystore)?)
}

/// Connects to the keystore's database, if one is configured.
///
/// # Errors
/// Fails when the database cannot be used.
pub(crate) fn keystore_database(settings: &KeystoreSettings) -> anyhow::Result<Option<KeystoreDb>> {
    let Some(url) = &settings.url else {
        return Ok(None);
    };
    let config = DbConfig {
        pool_size: 4,
        ..DbConfig::new(url.expose_secret())
    };
    KeystoreDb::connect(&config)
        .map(Some)
        .context("the keystore at keystore.url cannot be used")
}

/// Loads the root key. Creates it when there is none and the keystore is new.
fn load_or_create_root_key(settings: &KeystoreSettings, is_new: bool) -> anyhow::Result<RootKey> {
    match read_root_key(&settings.root_key_file)? {
        Some(key) => Ok(key),
        None if is_new => create_root_key(settings),
        None => {
            let file = settings.root_key_file.display();
            bail!(
                "keystore: the root key {file} is missing, and the existing keystore cannot be opened without it"
            )
        }
    }
}

/// Opens an existing keystore for inspection, without creating anything.
///
/// # Errors
/// Fails when there is no keystore, or it cannot be opened.
pub(crate) fn open_existing_vault(settings: &KeystoreSettings) -> anyhow::Result<Vault> {
    let exists = settings.url.is_some() || settings.folder.try_exists()?;
    if !exists || !settings.root_key_file.try_exists()? {
        bail!(
            "keystore {}: does not exist, or its root key is missing",
            settings.folder.display()
        );
    }
    open_vault(settings, None)
}

/// Reads the root key; `None` when the file does not exist.
fn read_root_key(file: &Path) -> anyhow::Result<Option<RootKey>> {
    let Some(bytes) = files::read_secret(file, "root key")? else {
        return Ok(None);
    };
    RootKey::from_file_bytes(&bytes)
        .map(Some)
        .with_context(|| format!("root key {}", file.display()))
}

/// Creates the root key on first start.
fn create_root_key(settings: &KeystoreSettings) -> anyhow::Result<RootKey> {
    let file = &settings.root_key_file;
    if let Some(folder) = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        files::create_private_folder(folder)?;
    }
    files::write_private_once(file, RootKey::generate()?.to_base64().as_bytes())?;
    tracing::info!("root key created");
    read_root_key(file)?.context("the new root key cannot be read back")
}

/// The clock of a running service.
pub(crate) fn system_clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

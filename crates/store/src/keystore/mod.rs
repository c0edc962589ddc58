//! A keystore that several nodes share: a small PostgreSQL database of its own, which implements
//! [`vault::Keystore`].
//!
//! It must not be the service's database, and should be on another server: a backup of the one must
//! never contain the other. It has one table, created at the first start: one row for each
//! fragment, person, family and chronology that exists, one for each hour, and the markers of
//! destroyed keys.
//!
//! # Destruction, step by step
//! 1. In one transaction the key's row receives its marker, and random bytes of the same length
//!    replace the key. From the commit on (which waits for the disk) the key opens nothing, on no
//!    node, and can never be created again.
//! 2. The random bytes are removed, and the table is vacuumed, which removes the former versions of
//!    the rows.
//!
//! A process that is killed in between leaves a marker beside meaningless bytes; the next start of
//! a node, or the next destruction, finishes the work.
//!
//! # What remains in PostgreSQL
//! PostgreSQL never updates in place: a changed row is a new one. The former version stays in its
//! page until the vacuum (longer while an older transaction is open), and its bytes until the space
//! in the page is reused; it also stays in the write-ahead log until that is recycled, and on every
//! replica in the same way. All of these are the key *sealed under the root key*, which is never in
//! this database: the remains are useful only to an attacker who also has the root key. Hence, for
//! this server: `archive_mode = off`, no `pg_dump` and no base backups, a replica instead
//! (`synchronous_standby_names` set); `wal_keep_size = 0`, no idle replication slots,
//! `max_wal_size` and `checkpoint_timeout` small, `wal_recycle = off`, so that the log is short and
//! its files are removed; a file system without snapshots, `log_statement = none`. See
//! `deploy/backup.md`.

mod rows;

use std::fmt;
use std::io::ErrorKind;

use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use domain::Instant;
use vault::{
    AuditEpoch, DestructionMarker, DestructionRecord, Epoch, KeyId, KeyKind, KeyRecord, Keystore,
    RootKey, RootSealer, SealedKey, StoredKey, VaultError,
};

use crate::connection::AnyConnection;
use crate::{DatabaseKind, Db, DbConfig, StoreError, Tx};

/// The advisory lock held while the table is created. The number is arbitrary.
const LOCK: i64 = 0x6b65_7973;

/// The keystore's only table. PostgreSQL must not keep samples of sealed keys as statistics.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS keystore_keys (
    kind text NOT NULL,
    id text NOT NULL,       -- the hour's or the period's number, or a UUID; empty for the index root
    number bigint,          -- the number of the hour or period again, for ordering
    sealed bytea,           -- the key, sealed under the root key; null: destroyed
    marker bytea,           -- when and what was destroyed; null: not destroyed
    PRIMARY KEY (kind, id)
);
ALTER TABLE keystore_keys ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE PLAIN;
";

/// The connections to a keystore's database, with its table in place.
#[derive(Clone)]
pub struct KeystoreDb(Db);

/// How a keystore's database is separated from the service's database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separation {
    /// The same database, which is refused.
    SameDatabase,
    /// Two databases of one server: one base backup contains both.
    SameServer,
    /// Two servers, or two database systems.
    Separate,
}

impl KeystoreDb {
    /// Connects to the database, and creates its table on first use.
    ///
    /// # Errors
    /// [`StoreError::Address`] when it is not a PostgreSQL database, or contains the service's own
    /// tables; otherwise as [`Db::connect`].
    pub fn connect(config: &DbConfig) -> Result<Self, StoreError> {
        let db = Db::connect(config)?;
        if db.kind() != DatabaseKind::Postgresql {
            return Err(StoreError::Address(
                "a keystore in a database needs PostgreSQL",
            ));
        }
        let keystore = Self(db);
        if keystore.check(
            "to_regclass('partnerships') IS NOT NULL OR to_regclass('clock_mark') IS NOT NULL",
        )? {
            return Err(StoreError::Address(
                "the keystore's database is the service's own",
            ));
        }
        keystore.create_table()?;
        Ok(keystore)
    }

    /// Whether the keystore contains no key yet.
    ///
    /// # Errors
    /// The [errors common to all functions](crate#errors).
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        self.check("NOT EXISTS (SELECT FROM keystore_keys)")
    }

    /// How this database is separated from the service's database.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Timeout`] when a query on one of the databases
    /// fails.
    pub fn separation(&self, service: &Db) -> Result<Separation, StoreError> {
        if service.kind() != DatabaseKind::Postgresql {
            return Ok(Separation::Separate);
        }
        let keystore = identity(&self.0)?;
        let service = identity(service)?;
        Ok(match (keystore.0 == service.0, keystore.1 == service.1) {
            (true, true) => Separation::SameDatabase,
            (true, false) => Separation::SameServer,
            _ => Separation::Separate,
        })
    }

    /// Whether an SQL condition holds in the database.
    fn check(&self, condition: &str) -> Result<bool, StoreError> {
        let query = format!("SELECT {condition}");
        self.0.read("keystore.check", |tx| {
            tx.run(|c| sql::<Bool>(&query).get_result(c))
        })
    }

    fn create_table(&self) -> Result<(), StoreError> {
        if self.check("to_regclass('keystore_keys') IS NOT NULL")? {
            return Ok(());
        }
        self.execute_outside(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock({LOCK}); {SCHEMA} COMMIT"
        ))
    }

    /// Executes statements outside a managed transaction.
    fn execute_outside(&self, statements: &str) -> Result<(), StoreError> {
        let mut lease = self.0.writer()?;
        let result = match &mut lease.connection {
            AnyConnection::Postgresql(connection) => connection.batch_execute(statements),
            AnyConnection::Sqlite(connection) => connection.batch_execute(statements),
        };
        lease.broken = result.is_err();
        Ok(result?)
    }

    /// Removes the former versions of changed rows. A failure is only logged, because the server's
    /// autovacuum does the same.
    fn vacuum(&self) {
        if let Err(error) = self.execute_outside("VACUUM keystore_keys") {
            tracing::warn!(%error, "cannot vacuum the keystore's table; autovacuum will do it");
        }
    }
}

impl fmt::Debug for KeystoreDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeystoreDb(…)")
    }
}

/// What identifies a database: the system identifier of its cluster, and its name.
fn identity(db: &Db) -> Result<(String, String), StoreError> {
    db.read("keystore.identity", |tx| {
        let query_text = |tx: &mut Tx<'_>, query: &'static str| {
            tx.run(|c| sql::<Text>(query).get_result::<String>(c))
        };
        let cluster = query_text(
            tx,
            "SELECT system_identifier::text FROM pg_control_system()",
        )?;
        Ok((cluster, query_text(tx, "SELECT current_database()::text")?))
    })
}

/// A keystore in a PostgreSQL database; the module documentation describes the steps of a
/// destruction.
pub struct PostgresKeystore {
    db: KeystoreDb,
    root: RootSealer,
}

impl PostgresKeystore {
    /// Opens the keystore under the root key, and finishes destructions that killed nodes left
    /// unfinished.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when it was written under another root key;
    /// [`VaultError::Keystore`] when it cannot be read or written, with kind `NotFound` when it
    /// contains keys but no index root.
    pub fn open(db: KeystoreDb, root_key: RootKey) -> Result<Self, VaultError> {
        let keystore = Self {
            db,
            root: RootSealer::new(root_key)?,
        };
        let has_keys = keystore
            .db
            .0
            .read("keystore.has_keys", rows::has_other_keys)?;
        if keystore.load(KeyId::IndexRoot)?.is_none() && has_keys {
            return Err(VaultError::Keystore(ErrorKind::NotFound));
        }
        let erased = keystore
            .db
            .0
            .write("keystore.finish_destructions", rows::erase_all_noise)?;
        if erased > 0 {
            keystore.db.vacuum();
        }
        Ok(keystore)
    }

    fn row(&self, key: KeyId) -> Result<Option<rows::Row>, VaultError> {
        self.db
            .0
            .read("keystore.load", |tx| Ok(rows::find(tx, key)?))
    }

    /// Step 1 of a destruction; returns whether there was anything to do.
    fn overwrite_key(&self, now: Instant, key: KeyId) -> Result<bool, VaultError> {
        self.db.0.write("keystore.destroy", |tx| {
            let (sealed, marker) = match rows::find(tx, key)? {
                // The key was never created. One is created only for its commitment, and not kept.
                None => {
                    let made = SealedKey::generate(&self.root, now, key)?.record(key)?;
                    rows::insert(
                        tx,
                        key,
                        None,
                        Some(&DestructionMarker::new(now, Some(made)).to_bytes()?),
                    )?;
                    return Ok(true);
                }
                Some(rows::Row {
                    sealed: None,
                    marker: Some(_),
                }) => return Ok(false),
                Some(rows::Row { sealed, marker }) => (sealed.unwrap_or_default(), marker),
            };
            let record = SealedKey::from_bytes(&sealed)
                .and_then(|stored| stored.record(key))
                .ok();
            let marker =
                marker.map_or_else(|| DestructionMarker::new(now, record).to_bytes(), Ok)?;
            rows::overwrite(tx, key, &vault::random_bytes(sealed.len())?, &marker)?;
            Ok(true)
        })
    }
}

impl Keystore for PostgresKeystore {
    fn load(&self, key: KeyId) -> Result<Option<StoredKey>, VaultError> {
        match self.row(key)? {
            None => Ok(None),
            Some(rows::Row {
                sealed: Some(sealed),
                marker: None,
            }) => SealedKey::from_bytes(&sealed)?
                .open(&self.root, key)
                .map(Some),
            Some(_) => Err(VaultError::Destroyed),
        }
    }

    fn load_or_create(&self, now: Instant, key: KeyId) -> Result<StoredKey, VaultError> {
        if matches!(key, KeyId::Epoch(epoch) if now >= epoch.ends_at()) {
            return Err(VaultError::Expired);
        }
        if let Some(stored) = self.load(key)? {
            return Ok(stored);
        }
        let made = SealedKey::generate(&self.root, now, key)?.to_bytes()?;
        self.db.0.write("keystore.create", |tx| {
            rows::insert(tx, key, Some(&made), None)
        })?;
        self.load(key)?.ok_or(VaultError::Destroyed)
    }

    fn record(&self, key: KeyId) -> Result<Option<KeyRecord>, VaultError> {
        match self.row(key)? {
            Some(rows::Row {
                sealed: Some(sealed),
                marker: None,
            }) => SealedKey::from_bytes(&sealed)?.record(key).map(Some),
            _ => Ok(None),
        }
    }

    fn epochs(&self) -> Result<Vec<Epoch>, VaultError> {
        let numbers = self
            .db
            .0
            .read("keystore.list", |tx| rows::list_stored(tx, KeyKind::Epoch))?;
        Ok(numbers.into_iter().map(Epoch).collect())
    }

    fn destroyed_epochs(&self) -> Result<Vec<Epoch>, VaultError> {
        let numbers = self.db.0.read("keystore.list", |tx| {
            rows::list_destroyed(tx, KeyKind::Epoch)
        })?;
        Ok(numbers.into_iter().map(Epoch).collect())
    }

    fn audit_epochs(&self) -> Result<Vec<AuditEpoch>, VaultError> {
        let numbers = self
            .db
            .0
            .read("keystore.list", |tx| rows::list_stored(tx, KeyKind::Audit))?;
        Ok(numbers.into_iter().map(AuditEpoch).collect())
    }

    fn destroy(&self, now: Instant, key: KeyId) -> Result<DestructionRecord, VaultError> {
        if self.overwrite_key(now, key)? {
            self.db
                .0
                .write("keystore.erase", |tx| rows::erase_noise(tx, key))?;
            self.db.vacuum();
        }
        self.destruction(key)?
            .ok_or(VaultError::Keystore(ErrorKind::NotFound))
    }

    fn discard(&self, keys: &[KeyId]) -> Result<(), VaultError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.db.0.write("keystore.discard", |tx| {
            keys.iter().try_for_each(|key| rows::delete(tx, *key))
        })?;
        self.db.vacuum();
        Ok(())
    }

    fn destruction(&self, key: KeyId) -> Result<Option<DestructionRecord>, VaultError> {
        let Some(rows::Row {
            sealed,
            marker: Some(marker),
        }) = self.row(key)?
        else {
            return Ok(None);
        };
        // Probes the stored bytes regardless of the marker.
        let opens = sealed.is_some_and(|sealed| {
            SealedKey::from_bytes(&sealed).is_ok_and(|stored| stored.open(&self.root, key).is_ok())
        });
        DestructionMarker::from_bytes(&marker)?
            .destruction(key, opens)
            .map(Some)
    }
}

impl fmt::Debug for PostgresKeystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresKeystore(…)")
    }
}

impl From<StoreError> for VaultError {
    /// Keeps the kind alone: the messages of the database stay in the store.
    fn from(error: StoreError) -> Self {
        Self::Keystore(match error {
            StoreError::Unavailable => ErrorKind::NotConnected,
            StoreError::Timeout => ErrorKind::TimedOut,
            _ => ErrorKind::Other,
        })
    }
}

//! A keystore that several nodes share: a small PostgreSQL database of its own, behind [`vault::Keystore`].
//!
//! It must be another database than the service's, and should be on another server: what backs up the one must never
//! back up the other. It has one table, made at start: one row for each fragment, person, family and chronology that
//! lives, one for each hour, and the markers of what was destroyed.
//!
//! # Destruction, step by step
//! 1. In one transaction the key's row gets its marker and random bytes, as many as there were, in the key's place. From
//!    its commit on (which waits for the disk) the key opens nothing, on no node, and can never be made again.
//! 2. The random bytes are taken out, and the table is vacuumed, so that the rows' former versions go.
//!
//! Whoever is killed in between leaves a marker beside bytes that mean nothing; the next start of a node, or the next
//! call to destroy, finishes.
//!
//! # What PostgreSQL keeps
//! PostgreSQL never writes in place: a changed row is a new one. The former version stays in its page until the vacuum
//! (later while some transaction is older), its bytes until the page's room is used again; it also stands in the
//! write-ahead log until that is recycled, and on every replica in the same way. All of this is the key *sealed under the
//! root key*, which is never in this database: what is left is worth something only to whoever also has the root key.
//! Hence, for this server: `archive_mode = off`, no `pg_dump` and no base backups, a replica instead
//! (`synchronous_standby_names` set); `wal_keep_size = 0`, no idle replication slots, `max_wal_size` and
//! `checkpoint_timeout` small, `wal_recycle = off`, so that the log is short and its files are removed; a file system
//! without snapshots, `log_statement = none`. See `deploy/backup.md`.

mod rows;

use std::fmt;
use std::io::ErrorKind;

use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use domain::Instant;
use vault::{
    AuditEpoch, Destruction, Epoch, Gone, KeyId, KeyKind, KeyRecord, Keystore, RootKey, RootSealer, SealedKey,
    StoredKey, VaultError,
};

use crate::connection::AnyConnection;
use crate::{Db, DbConfig, Kind, StoreError, Tx};

/// Held while the table is made. The number means nothing.
const LOCK: i64 = 0x6b65_7973;

/// The keystore's one table. A sample of what is sealed is not to be kept as statistics.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS keystore_keys (
    kind text NOT NULL,
    id text NOT NULL,       -- the hour's or the period's number, or a UUID; empty for the index root
    number bigint,          -- the hour's or the period's number once more, to go by
    sealed bytea,           -- the key, sealed under the root key; null: gone
    marker bytea,           -- when and what was destroyed; null: it lives
    PRIMARY KEY (kind, id)
);
ALTER TABLE keystore_keys ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE PLAIN;
";

/// The connections to a keystore's database, with its table in place.
#[derive(Clone)]
pub struct KeystoreDb(Db);

/// How far apart a keystore's database and the service's are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separation {
    /// One database: refused.
    SameDatabase,
    /// Two databases of one server: one base backup holds both.
    SameServer,
    /// Two servers, or two kinds of database.
    Apart,
}

impl KeystoreDb {
    /// Opens the database, tries it, and makes its table on first use.
    ///
    /// # Errors
    /// [`StoreError::Address`] when it is no PostgreSQL database, or holds the service's own tables; else as
    /// [`Db::connect`].
    pub fn connect(config: &DbConfig) -> Result<Self, StoreError> {
        let db = Db::connect(config)?;
        if db.kind() != Kind::Postgresql {
            return Err(StoreError::Address("a keystore in a database needs PostgreSQL"));
        }
        let keystore = Self(db);
        if keystore.shows("to_regclass('partnerships') IS NOT NULL OR to_regclass('clock_mark') IS NOT NULL")? {
            return Err(StoreError::Address("the keystore's database is the service's own"));
        }
        keystore.make_table()?;
        Ok(keystore)
    }

    /// Whether there is no key yet.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        self.shows("NOT EXISTS (SELECT FROM keystore_keys)")
    }

    /// How far apart this and the service's database are.
    ///
    /// # Errors
    /// When one of the databases fails.
    pub fn separation(&self, service: &Db) -> Result<Separation, StoreError> {
        if service.kind() != Kind::Postgresql {
            return Ok(Separation::Apart);
        }
        let (ours, theirs) = (identity(&self.0)?, identity(service)?);
        Ok(match (ours.0 == theirs.0, ours.1 == theirs.1) {
            (true, true) => Separation::SameDatabase,
            (true, false) => Separation::SameServer,
            _ => Separation::Apart,
        })
    }

    /// Whether a condition holds there.
    fn shows(&self, condition: &str) -> Result<bool, StoreError> {
        let query = format!("SELECT {condition}");
        self.0.read("keystore.look", |tx| tx.run(|c| sql::<Bool>(&query).get_result(c)))
    }

    fn make_table(&self) -> Result<(), StoreError> {
        if self.shows("to_regclass('keystore_keys') IS NOT NULL")? {
            return Ok(());
        }
        self.outside(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK}); {SCHEMA} COMMIT"))
    }

    /// Statements in no transaction of ours.
    fn outside(&self, statements: &str) -> Result<(), StoreError> {
        let mut lease = self.0.writer()?;
        let done = match &mut lease.connection {
            AnyConnection::Postgresql(connection) => connection.batch_execute(statements),
            AnyConnection::Sqlite(connection) => connection.batch_execute(statements),
        };
        lease.broken = done.is_err();
        Ok(done?)
    }

    /// Lets the former versions of changed rows go. Failing is no failure: the server does it itself before long.
    fn vacuum(&self) {
        if let Err(error) = self.outside("VACUUM keystore_keys") {
            tracing::warn!(%error, "the keystore's table was not vacuumed; the server will do it");
        }
    }
}

impl fmt::Debug for KeystoreDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeystoreDb(…)")
    }
}

/// What names a database: its server's cluster, and its own name there.
fn identity(db: &Db) -> Result<(String, String), StoreError> {
    db.read("keystore.identity", |tx| {
        let ask = |tx: &mut Tx<'_>, query: &'static str| tx.run(|c| sql::<Text>(query).get_result::<String>(c));
        let cluster = ask(tx, "SELECT system_identifier::text FROM pg_control_system()")?;
        Ok((cluster, ask(tx, "SELECT current_database()::text")?))
    })
}

/// The keystore in a PostgreSQL database; see the module for what happens at each step of a destruction.
pub struct PostgresKeystore {
    db: KeystoreDb,
    root: RootSealer,
}

impl PostgresKeystore {
    /// Opens it under the root key, and finishes destructions that killed nodes have left.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when it was written under another root key; [`VaultError::Keystore`] when it cannot be
    /// read or written, with kind `NotFound` when it holds keys but no index root.
    pub fn open(db: KeystoreDb, root_key: RootKey) -> Result<Self, VaultError> {
        let keystore = Self { db, root: RootSealer::new(root_key)? };
        let has_keys = keystore.db.0.read("keystore.whole", rows::has_other_keys)?;
        if keystore.load(KeyId::IndexRoot)?.is_none() && has_keys {
            return Err(VaultError::Keystore(ErrorKind::NotFound));
        }
        let left = keystore.db.0.write("keystore.tidy", rows::take_out_all_gone)?;
        if left > 0 {
            keystore.db.vacuum();
        }
        Ok(keystore)
    }

    fn row(&self, key: KeyId) -> Result<Option<rows::Row>, VaultError> {
        self.db.0.read("keystore.load", |tx| Ok(rows::find(tx, key)?))
    }

    /// Step 1 of a destruction; says whether there was anything to do.
    fn decide(&self, now: Instant, key: KeyId) -> Result<bool, VaultError> {
        self.db.0.write("keystore.destroy", |tx| {
            let (sealed, marker) = match rows::find(tx, key)? {
                // Never made: made for its commitment alone, and not kept.
                None => {
                    let made = SealedKey::make(&self.root, now, key)?.record(key)?;
                    rows::insert(tx, key, None, Some(&Gone::new(now, Some(made)).to_bytes()?))?;
                    return Ok(true);
                }
                Some(rows::Row { sealed: None, marker: Some(_) }) => return Ok(false),
                Some(rows::Row { sealed, marker }) => (sealed.unwrap_or_default(), marker),
            };
            let record = SealedKey::from_bytes(&sealed).and_then(|stored| stored.record(key)).ok();
            let marker = marker.map_or_else(|| Gone::new(now, record).to_bytes(), Ok)?;
            rows::overwrite(tx, key, &vault::noise(sealed.len())?, &marker)?;
            Ok(true)
        })
    }
}

impl Keystore for PostgresKeystore {
    fn load(&self, key: KeyId) -> Result<Option<StoredKey>, VaultError> {
        match self.row(key)? {
            None => Ok(None),
            Some(rows::Row { sealed: Some(sealed), marker: None }) => {
                SealedKey::from_bytes(&sealed)?.open(&self.root, key).map(Some)
            }
            Some(_) => Err(VaultError::Destroyed),
        }
    }

    fn load_or_create(&self, now: Instant, key: KeyId) -> Result<StoredKey, VaultError> {
        if matches!(key, KeyId::Epoch(epoch) if now >= epoch.over_at()) {
            return Err(VaultError::Expired);
        }
        if let Some(stored) = self.load(key)? {
            return Ok(stored);
        }
        let made = SealedKey::make(&self.root, now, key)?.to_bytes()?;
        self.db.0.write("keystore.make", |tx| rows::insert(tx, key, Some(&made), None))?;
        self.load(key)?.ok_or(VaultError::Destroyed)
    }

    fn record(&self, key: KeyId) -> Result<Option<KeyRecord>, VaultError> {
        match self.row(key)? {
            Some(rows::Row { sealed: Some(sealed), marker: None }) => {
                SealedKey::from_bytes(&sealed)?.record(key).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn epochs(&self) -> Result<Vec<Epoch>, VaultError> {
        let numbers = self.db.0.read("keystore.list", |tx| rows::living(tx, KeyKind::Epoch))?;
        Ok(numbers.into_iter().map(Epoch).collect())
    }

    fn destroyed_epochs(&self) -> Result<Vec<Epoch>, VaultError> {
        let numbers = self.db.0.read("keystore.list", |tx| rows::gone(tx, KeyKind::Epoch))?;
        Ok(numbers.into_iter().map(Epoch).collect())
    }

    fn audit_epochs(&self) -> Result<Vec<AuditEpoch>, VaultError> {
        let numbers = self.db.0.read("keystore.list", |tx| rows::living(tx, KeyKind::Audit))?;
        Ok(numbers.into_iter().map(AuditEpoch).collect())
    }

    fn destroy(&self, now: Instant, key: KeyId) -> Result<Destruction, VaultError> {
        if self.decide(now, key)? {
            self.db.0.write("keystore.take_out", |tx| rows::take_out(tx, key))?;
            self.db.vacuum();
        }
        self.destruction(key)?.ok_or(VaultError::Keystore(ErrorKind::NotFound))
    }

    fn discard(&self, keys: &[KeyId]) -> Result<(), VaultError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.db.0.write("keystore.discard", |tx| keys.iter().try_for_each(|key| rows::delete(tx, *key)))?;
        self.db.vacuum();
        Ok(())
    }

    fn destruction(&self, key: KeyId) -> Result<Option<Destruction>, VaultError> {
        let Some(rows::Row { sealed, marker: Some(marker) }) = self.row(key)? else { return Ok(None) };
        // The probe asks what is stored and passes the marker by.
        let opens = sealed.is_some_and(|sealed| {
            SealedKey::from_bytes(&sealed).is_ok_and(|stored| stored.open(&self.root, key).is_ok())
        });
        Gone::from_bytes(&marker)?.destruction(key, opens).map(Some)
    }
}

impl fmt::Debug for PostgresKeystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresKeystore(…)")
    }
}

impl From<StoreError> for VaultError {
    /// The kind alone: what the database says stays in the store.
    fn from(error: StoreError) -> Self {
        Self::Keystore(match error {
            StoreError::Unavailable => ErrorKind::NotConnected,
            StoreError::Timeout => ErrorKind::TimedOut,
            _ => ErrorKind::Other,
        })
    }
}

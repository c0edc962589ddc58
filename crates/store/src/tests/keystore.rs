//! The keystore in PostgreSQL passes the tests of every keystore, and refuses the service's own
//! database.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::{PgConnection, sql_query};
use vault::testing::KeystoreBackend;
use vault::{KeyId, Keystore as _, RootKey, VaultError};

use crate::keystore::{KeystoreDb, PostgresKeystore, Separation};
use crate::testing::{TestDb, empty_database, fresh_database};
use crate::{DatabaseKind, DbConfig, StoreError};

/// A keystore in a PostgreSQL database created for one test.
struct PostgresBackend(TestDb);

#[derive(QueryableByName)]
struct StoredBytes {
    #[diesel(sql_type = Nullable<Binary>)]
    bytes: Option<Vec<u8>>,
}

#[derive(QueryableByName)]
struct RowCount {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl PostgresBackend {
    fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.0.config().url).unwrap()
    }

    fn config(&self) -> DbConfig {
        DbConfig {
            pool_size: 6,
            ..self.0.config().clone()
        }
    }
}

impl KeystoreBackend for PostgresBackend {
    type Keystore = PostgresKeystore;

    fn new() -> Self {
        Self(empty_database(DatabaseKind::Postgresql))
    }

    fn open(&self, root_key: RootKey) -> Result<PostgresKeystore, VaultError> {
        PostgresKeystore::open(KeystoreDb::connect(&self.config()).unwrap(), root_key)
    }

    fn stored_bytes(&self, key: KeyId) -> Option<Vec<u8>> {
        let query =
            sql_query("SELECT sealed AS bytes FROM keystore_keys WHERE kind = $1 AND id = $2");
        let query = query
            .bind::<Text, _>(key.kind().as_str())
            .bind::<Text, _>(key.id());
        query
            .get_result::<StoredBytes>(&mut self.connect())
            .optional()
            .unwrap()
            .and_then(|stored| stored.bytes)
    }

    fn set_stored_bytes(&self, key: KeyId, bytes: Option<&[u8]>) {
        let query = match bytes {
            Some(_) => {
                "INSERT INTO keystore_keys (kind, id, sealed) VALUES ($1, $2, $3) \
                 ON CONFLICT (kind, id) DO UPDATE SET sealed = EXCLUDED.sealed"
            }
            None => "DELETE FROM keystore_keys WHERE kind = $1 AND id = $2 AND $3 IS NULL",
        };
        let query = sql_query(query)
            .bind::<Text, _>(key.kind().as_str())
            .bind::<Text, _>(key.id());
        assert_eq!(
            query
                .bind::<Nullable<Binary>, _>(bytes)
                .execute(&mut self.connect())
                .unwrap(),
            1
        );
    }

    fn all_stored_bytes(&self) -> Vec<u8> {
        let query = sql_query(
            "SELECT t.kind::bytea || t.id::bytea || t.sealed AS bytes FROM keystore_keys t",
        );
        let rows: Vec<StoredBytes> = query.load(&mut self.connect()).unwrap();
        rows.into_iter()
            .filter_map(|row| row.bytes)
            .flatten()
            .collect()
    }

    fn duplicate(&self) -> Self {
        let copy = Self::new();
        KeystoreDb::connect(&copy.config()).unwrap();
        let rows: Vec<KeystoreRow> = sql_query("SELECT * FROM keystore_keys")
            .load(&mut self.connect())
            .unwrap();
        for row in rows {
            let insert = sql_query("INSERT INTO keystore_keys VALUES ($1, $2, $3, $4, $5)");
            let insert = insert
                .bind::<Text, _>(row.kind)
                .bind::<Text, _>(row.id)
                .bind::<Nullable<BigInt>, _>(row.number);
            let insert = insert
                .bind::<Nullable<Binary>, _>(row.sealed)
                .bind::<Nullable<Binary>, _>(row.marker);
            insert.execute(&mut copy.connect()).unwrap();
        }
        copy
    }
}

#[derive(QueryableByName)]
struct KeystoreRow {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    sealed: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    marker: Option<Vec<u8>>,
}

vault::keystore_tests!(PostgresBackend);

#[test]
fn service_database_is_refused_as_keystore() {
    let service = fresh_database(DatabaseKind::Postgresql);
    let same_database = KeystoreDb::connect(service.config()).err();
    assert!(
        matches!(same_database, Some(StoreError::Address(_))),
        "{same_database:?}"
    );
    let sqlite = KeystoreDb::connect(fresh_database(DatabaseKind::Sqlite).config()).err();
    assert!(matches!(sqlite, Some(StoreError::Address(_))), "{sqlite:?}");
    let backend = PostgresBackend::new();
    let keystore = KeystoreDb::connect(&backend.config()).unwrap();
    assert_eq!(keystore.separation(&service), Ok(Separation::SameServer));
    assert_eq!(
        keystore.separation(&backend.0),
        Ok(Separation::SameDatabase),
        "the tables of the service do not exist yet"
    );
    assert_eq!(
        keystore.separation(&fresh_database(DatabaseKind::Sqlite)),
        Ok(Separation::Separate)
    );
}

#[test]
fn destroy_leaves_no_dead_tuples_and_no_statistics() {
    let backend = PostgresBackend::new();
    let keystore = backend.open(RootKey::generate().unwrap()).unwrap();
    let now = vault::testing::now();
    let keys: Vec<KeyId> = (0..20)
        .map(|number| vault::testing::scope(number).into())
        .collect();
    for key in &keys {
        keystore.load_or_create(now, *key).unwrap();
    }
    for key in &keys {
        keystore.destroy(now, *key).unwrap();
    }
    let mut connection = backend.connect();
    let count = |connection: &mut PgConnection, query: &str| {
        sql_query(query)
            .get_result::<RowCount>(connection)
            .unwrap()
            .count
    };
    sql_query("ANALYZE keystore_keys")
        .execute(&mut connection)
        .unwrap();
    let sampled = "SELECT count(*) AS count FROM pg_stats \
         WHERE tablename = 'keystore_keys' AND attname = 'sealed'";
    assert_eq!(count(&mut connection, sampled), 0);
    sql_query("CREATE EXTENSION IF NOT EXISTS pgstattuple")
        .execute(&mut connection)
        .map_or_else(
            |_| (),
            |_| {
                let dead = "SELECT dead_tuple_count AS count FROM pgstattuple('keystore_keys')";
                assert_eq!(count(&mut connection, dead), 0);
            },
        );
}

#[test]
fn unavailable_keystore_reports_an_error_and_destroys_nothing() {
    let backend = PostgresBackend::new();
    let keystore = backend.open(RootKey::generate().unwrap()).unwrap();
    let key = vault::testing::scope(1).into();
    keystore.load_or_create(vault::testing::now(), key).unwrap();
    sql_query("ALTER TABLE keystore_keys RENAME TO elsewhere")
        .execute(&mut backend.connect())
        .unwrap();
    assert!(matches!(keystore.load(key), Err(VaultError::Keystore(_))));
    assert!(matches!(
        keystore.destroy(vault::testing::now(), key),
        Err(VaultError::Keystore(_))
    ));
    sql_query("ALTER TABLE elsewhere RENAME TO keystore_keys")
        .execute(&mut backend.connect())
        .unwrap();
    assert!(keystore.load(key).unwrap().is_some());
}

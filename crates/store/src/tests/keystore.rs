//! The keystore in a database keeps every promise of a keystore, and is never the service's own database.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::{PgConnection, sql_query};
use vault::testing::Shelf;
use vault::{KeyId, Keystore as _, RootKey, VaultError};

use crate::keystore::{KeystoreDb, PostgresKeystore, Separation};
use crate::testing::{TestDb, empty, fresh};
use crate::{DbConfig, Kind, StoreError};

/// A PostgreSQL database of its own.
struct DatabaseShelf(TestDb);

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Nullable<Binary>)]
    bytes: Option<Vec<u8>>,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl DatabaseShelf {
    fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.0.config().url).unwrap()
    }

    fn config(&self) -> DbConfig {
        DbConfig { pool_size: 6, ..self.0.config().clone() }
    }
}

impl Shelf for DatabaseShelf {
    type Keystore = PostgresKeystore;

    fn new() -> Self {
        Self(empty(Kind::Postgresql))
    }

    fn open(&self, root_key: RootKey) -> Result<PostgresKeystore, VaultError> {
        PostgresKeystore::open(KeystoreDb::connect(&self.config()).unwrap(), root_key)
    }

    fn raw(&self, key: KeyId) -> Option<Vec<u8>> {
        let query = sql_query("SELECT sealed AS bytes FROM keystore_keys WHERE kind = $1 AND id = $2");
        let query = query.bind::<Text, _>(key.kind().as_str()).bind::<Text, _>(key.id());
        query.get_result::<Stored>(&mut self.connect()).optional().unwrap().and_then(|stored| stored.bytes)
    }

    fn put_raw(&self, key: KeyId, bytes: Option<&[u8]>) {
        let query = match bytes {
            Some(_) => {
                "INSERT INTO keystore_keys (kind, id, sealed) VALUES ($1, $2, $3) \
                 ON CONFLICT (kind, id) DO UPDATE SET sealed = EXCLUDED.sealed"
            }
            None => "DELETE FROM keystore_keys WHERE kind = $1 AND id = $2 AND $3 IS NULL",
        };
        let query = sql_query(query).bind::<Text, _>(key.kind().as_str()).bind::<Text, _>(key.id());
        assert_eq!(query.bind::<Nullable<Binary>, _>(bytes).execute(&mut self.connect()).unwrap(), 1);
    }

    fn everything(&self) -> Vec<u8> {
        let query = sql_query("SELECT t.kind::bytea || t.id::bytea || t.sealed AS bytes FROM keystore_keys t");
        let rows: Vec<Stored> = query.load(&mut self.connect()).unwrap();
        rows.into_iter().filter_map(|row| row.bytes).flatten().collect()
    }

    fn copy(&self) -> Self {
        let copy = Self::new();
        KeystoreDb::connect(&copy.config()).unwrap();
        let rows: Vec<Copied> = sql_query("SELECT * FROM keystore_keys").load(&mut self.connect()).unwrap();
        for row in rows {
            let insert = sql_query("INSERT INTO keystore_keys VALUES ($1, $2, $3, $4, $5)");
            let insert =
                insert.bind::<Text, _>(row.kind).bind::<Text, _>(row.id).bind::<Nullable<BigInt>, _>(row.number);
            let insert = insert.bind::<Nullable<Binary>, _>(row.sealed).bind::<Nullable<Binary>, _>(row.marker);
            insert.execute(&mut copy.connect()).unwrap();
        }
        copy
    }
}

#[derive(QueryableByName)]
struct Copied {
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

vault::keystore_tests!(DatabaseShelf);

#[test]
fn the_services_own_database_is_no_keystore() {
    let service = fresh(Kind::Postgresql);
    let refused = KeystoreDb::connect(service.config()).err();
    assert!(matches!(refused, Some(StoreError::Address(_))), "{refused:?}");
    let sqlite = KeystoreDb::connect(fresh(Kind::Sqlite).config()).err();
    assert!(matches!(sqlite, Some(StoreError::Address(_))), "{sqlite:?}");
    let apart = DatabaseShelf::new();
    let keystore = KeystoreDb::connect(&apart.config()).unwrap();
    assert_eq!(keystore.separation(&service), Ok(Separation::SameServer));
    assert_eq!(keystore.separation(&apart.0), Ok(Separation::SameDatabase), "before the service has made its tables");
    assert_eq!(keystore.separation(&fresh(Kind::Sqlite)), Ok(Separation::Apart));
}

#[test]
fn a_destruction_leaves_no_former_version_of_the_row_and_no_statistics() {
    let shelf = DatabaseShelf::new();
    let keystore = shelf.open(RootKey::generate().unwrap()).unwrap();
    let now = vault::testing::now();
    let keys: Vec<KeyId> = (0..20).map(|number| vault::testing::scope(number).into()).collect();
    for key in &keys {
        keystore.load_or_create(now, *key).unwrap();
    }
    for key in &keys {
        keystore.destroy(now, *key).unwrap();
    }
    let mut connection = shelf.connect();
    let count =
        |connection: &mut PgConnection, query: &str| sql_query(query).get_result::<Counted>(connection).unwrap().count;
    sql_query("ANALYZE keystore_keys").execute(&mut connection).unwrap();
    let sampled = "SELECT count(*) AS count FROM pg_stats WHERE tablename = 'keystore_keys' AND attname = 'sealed'";
    assert_eq!(count(&mut connection, sampled), 0);
    sql_query("CREATE EXTENSION IF NOT EXISTS pgstattuple").execute(&mut connection).map_or_else(
        |_| (),
        |_| {
            let dead = "SELECT dead_tuple_count AS count FROM pgstattuple('keystore_keys')";
            assert_eq!(count(&mut connection, dead), 0);
        },
    );
}

#[test]
fn a_keystore_that_is_away_says_so_and_destroys_nothing() {
    let shelf = DatabaseShelf::new();
    let keystore = shelf.open(RootKey::generate().unwrap()).unwrap();
    let key = vault::testing::scope(1).into();
    keystore.load_or_create(vault::testing::now(), key).unwrap();
    sql_query("ALTER TABLE keystore_keys RENAME TO elsewhere").execute(&mut shelf.connect()).unwrap();
    assert!(matches!(keystore.load(key), Err(VaultError::Keystore(_))));
    assert!(matches!(keystore.destroy(vault::testing::now(), key), Err(VaultError::Keystore(_))));
    sql_query("ALTER TABLE elsewhere RENAME TO keystore_keys").execute(&mut shelf.connect()).unwrap();
    assert!(keystore.load(key).unwrap().is_some());
}

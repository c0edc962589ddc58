//! One database for one test, copied from a template that was migrated once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, RunQueryDsl};

use super::cluster;
use crate::connection::AnyConnection;
use crate::migrate::apply;

/// Held on the server while the template is made. The number means nothing.
const LOCK: i64 = 0x7465_6d70_6c61;

/// A database that goes when this does.
pub(super) struct TestDatabase {
    server: String,
    name: String,
}

impl TestDatabase {
    pub(super) fn create(migrated: bool) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = server().to_owned();
        let name = format!("chronology_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let template = if migrated { template(&server) } else { "template0".to_owned() };
        let mut admin = PgConnection::establish(&server).expect("the PostgreSQL server answers");
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).expect("an old one goes");
        admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).expect("a database is made");
        Self { server, name }
    }

    pub(super) fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Ok(mut admin) = PgConnection::establish(&self.server) {
            let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

/// The server that the environment names, or one of our own.
fn server() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(|| std::env::var("CHRONOLOGY_TEST_POSTGRES").unwrap_or_else(|_| cluster::url()))
}

/// The template for the migrations as they stand, made by whichever test comes first.
fn template(server: &str) -> String {
    let name = format!("chronology_template_{:016x}", migrations_hash());
    let mut admin = PgConnection::establish(server).expect("the PostgreSQL server answers");
    admin.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})")).expect("the lock is had");
    let query = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    let there: i64 = sql::<BigInt>(&query).get_result(&mut admin).expect("databases are listed");
    if there == 0 {
        // Made under another name, so that a test run that is killed here leaves no half a template.
        let raw = format!("{name}_raw");
        let run = |admin: &mut PgConnection, text: String| admin.batch_execute(&text).expect("the template is made");
        run(&mut admin, format!("DROP DATABASE IF EXISTS {raw} WITH (FORCE)"));
        run(&mut admin, format!("CREATE DATABASE {raw} TEMPLATE template0"));
        let inside = PgConnection::establish(&with_database(server, &raw)).expect("the template answers");
        let mut inside = AnyConnection::Postgresql(inside);
        apply(&mut inside).expect("migrations apply");
        drop(inside);
        run(&mut admin, format!("ALTER DATABASE {raw} RENAME TO {name}"));
    }
    name
}

/// Changes whenever the text of a migration does.
fn migrations_hash() -> u64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgresql");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the migrations are beside the crates")
        .map(|version| version.expect("a migration").path().join("up.sql"))
        .collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).expect("a migration").hash(&mut hasher);
    }
    hasher.finish()
}

/// The address with another database in it.
fn with_database(server: &str, name: &str) -> String {
    let (scheme, rest) = server.split_once("://").expect("an address with a scheme");
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    let place = place.split_once('/').map_or(place, |(place, _)| place);
    let options = if options.is_empty() { String::new() } else { format!("?{options}") };
    format!("{scheme}://{place}/{name}{options}")
}

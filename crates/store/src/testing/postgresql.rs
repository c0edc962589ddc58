//! One PostgreSQL database for one test, copied from a template to which the migrations were
//! applied once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, RunQueryDsl};

use super::local_server;
use crate::connection::AnyConnection;
use crate::connection::apply;

/// The advisory lock that a test holds on the server while it creates the template. The number is
/// arbitrary.
const TEMPLATE_LOCK: i64 = 0x7465_6d70_6c61;

/// A database that is deleted on drop.
pub(super) struct TestDatabase {
    server: String,
    name: String,
}

impl TestDatabase {
    pub(super) fn create(migrated: bool) -> Self {
        static NEXT_NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = server_url().to_owned();
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("chronology_test_{}_{number}", std::process::id());
        let template = if migrated {
            ensure_template(&server)
        } else {
            "template0".to_owned()
        };
        let mut admin =
            PgConnection::establish(&server).expect("the PostgreSQL server accepts connections");
        admin
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .expect("a database left by an earlier process is deleted");
        admin
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .expect("the test database is created");
        Self { server, name }
    }

    pub(super) fn url(&self) -> String {
        replace_database(&self.server, &self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Ok(mut admin) = PgConnection::establish(&self.server) {
            let _ = admin.batch_execute(&format!(
                "DROP DATABASE IF EXISTS {} WITH (FORCE)",
                self.name
            ));
        }
    }
}

/// The URL of the server that the environment names, or of the local server.
fn server_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        std::env::var("CHRONOLOGY_TEST_POSTGRES")
            .unwrap_or_else(|_| local_server::start_and_get_url())
    })
}

/// Returns the name of the template database for the current migrations. The first test that needs
/// it creates it.
fn ensure_template(server: &str) -> String {
    let name = format!("chronology_template_{:016x}", hash_migrations());
    let mut admin =
        PgConnection::establish(server).expect("the PostgreSQL server accepts connections");
    admin
        .batch_execute(&format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})"))
        .expect("the lock is acquired");
    let query = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    let existing: i64 = sql::<BigInt>(&query)
        .get_result(&mut admin)
        .expect("databases are counted");
    if existing == 0 {
        // Renamed only when it is complete: a test run that is killed here must not leave an
        // incomplete template.
        let incomplete = format!("{name}_raw");
        let run = |admin: &mut PgConnection, text: String| {
            admin.batch_execute(&text).expect("the template is created");
        };
        run(
            &mut admin,
            format!("DROP DATABASE IF EXISTS {incomplete} WITH (FORCE)"),
        );
        run(
            &mut admin,
            format!("CREATE DATABASE {incomplete} TEMPLATE template0"),
        );
        let url = replace_database(server, &incomplete);
        let template = PgConnection::establish(&url).expect("the template accepts connections");
        let mut template = AnyConnection::Postgresql(template);
        apply(&mut template).expect("migrations apply");
        drop(template);
        run(
            &mut admin,
            format!("ALTER DATABASE {incomplete} RENAME TO {name}"),
        );
    }
    name
}

/// Hashes the text of all migrations, so that a changed migration gets a new template.
fn hash_migrations() -> u64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgresql");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of the migrations is readable")
        .map(|version| {
            version
                .expect("a migration is readable")
                .path()
                .join("up.sql")
        })
        .collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file)
            .expect("a migration is readable")
            .hash(&mut hasher);
    }
    hasher.finish()
}

/// Replaces the database in a PostgreSQL URL.
fn replace_database(url: &str, name: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("the URL has a scheme");
    let (location, options) = rest.split_once('?').unwrap_or((rest, ""));
    let server = location
        .split_once('/')
        .map_or(location, |(server, _)| server);
    let options = if options.is_empty() {
        String::new()
    } else {
        format!("?{options}")
    };
    format!("{scheme}://{server}/{name}{options}")
}

//! The environment in which one database is measured: a data folder with a configuration file and,
//! for PostgreSQL, a temporary database. Both are removed afterwards.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use domain::{Clock as _, Role};
use identity::{DevClaims, DevIssuer};
use store::temp_database::TempDatabase;

use crate::dataset::{AGENCIES, OWNER_AGENCY};
use server::clock::SystemClock;
use server::files;

/// Public URL of the service and audience of the tokens.
pub(crate) const PUBLIC_URL: &str = "https://localhost:8443";
pub(crate) const PARTNERSHIP: &str = "bench";
/// Longer than any measurement takes.
const TOKEN_LIFETIME: std::time::Duration = std::time::Duration::from_secs(3_600);

/// The database to measure.
pub(crate) enum Database {
    Sqlite,
    /// PostgreSQL, on the server at this URL.
    Postgresql(String),
}

/// A data folder and a database for one measurement.
pub(crate) struct BenchEnvironment {
    folder: PathBuf,
    temp_database: Option<TempDatabase>,
}

impl Drop for BenchEnvironment {
    fn drop(&mut self) {
        // A folder that cannot be removed does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Distinguishes the databases that one process creates.
fn database_prefix(number: u32) -> String {
    format!(
        "chronology_bench{}",
        (0..number).map(|_| "_again").collect::<String>()
    )
}

impl BenchEnvironment {
    /// Creates an environment below `parent_folder`.
    pub(crate) fn create(parent_folder: &Path, database: &Database) -> anyhow::Result<Self> {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let temp_database = match database {
            Database::Sqlite => None,
            Database::Postgresql(server) => {
                Some(TempDatabase::create(server, &database_prefix(number))?)
            }
        };
        let kind = if temp_database.is_some() {
            "postgresql"
        } else {
            "sqlite"
        };
        let environment = Self {
            folder: parent_folder.join(format!(
                "chronology-bench-{}-{kind}-{number}",
                std::process::id()
            )),
            temp_database,
        };
        files::create_private_folder(&environment.folder)?;
        files::write_private(
            &environment.config_file(),
            environment.render_config().as_bytes(),
        )?;
        Ok(environment)
    }

    /// Name of the database for the report.
    pub(crate) fn database_name(&self) -> &'static str {
        if self.temp_database.is_some() {
            "PostgreSQL"
        } else {
            "SQLite"
        }
    }

    /// The folder in which the service stores its data.
    pub(crate) fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Path of the configuration file.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.join("chronology.toml")
    }

    /// Path of the service's log file.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Issues an access token for `person` of an agency.
    pub(crate) fn issue_token(
        &self,
        agency: &str,
        role: Role,
        person: &str,
    ) -> anyhow::Result<String> {
        let issuer = DevIssuer::open(
            &self.data_folder().join("development-issuer.der"),
            &format!("{PUBLIC_URL}/development"),
        )?;
        let claims = DevClaims {
            audience: PUBLIC_URL.to_owned(),
            subject: person.to_owned(),
            client_id: "bench".to_owned(),
            agency: agency.to_owned(),
            roles: [role].into(),
            name: Some(format!("{person} of the benchmark")),
            ..DevClaims::default()
        };
        Ok(issuer.issue(&claims, SystemClock.now(), TOKEN_LIFETIME)?)
    }

    /// The default configuration with unreachable rate limits, ports chosen by the system and one
    /// partnership.
    fn render_config(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut text = format!(
            "data_folder = {}\n",
            quoted(&self.data_folder().to_string_lossy())
        );
        let _ = write!(
            text,
            "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = {}\n",
            quoted(PUBLIC_URL)
        );
        if let Some(temp_database) = &self.temp_database {
            let _ = write!(
                text,
                "[database]\nurl = {}\nmigrate_at_start = true\n",
                quoted(temp_database.url())
            );
        }
        text += "[limits]\ncaller_allowance = 10000000\nwindow_seconds = 1\n[metrics]\nlisten = \"127.0.0.2:0\"\n";
        let _ = write!(
            text,
            "[development_issuer]\nenabled = true\npartnership = \"{PARTNERSHIP}\"\n"
        );
        let _ = write!(
            text,
            "[[partnerships]]\ncode = \"{PARTNERSHIP}\"\nname = \"Benchmark\"\n"
        );
        for (code, kind) in [(OWNER_AGENCY, "social_care")]
            .iter()
            .chain(AGENCIES.iter())
        {
            let _ = write!(
                text,
                "[[partnerships.agencies]]\ncode = \"{code}\"\nname = \"{}\"\nkind = \"{kind}\"\n",
                code.replace('-', " ")
            );
        }
        text
    }
}

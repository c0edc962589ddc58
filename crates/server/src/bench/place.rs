//! Where one database is measured: a data folder with a configuration in it, both gone afterwards.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use domain::{Clock as _, Role};
use identity::{DevClaims, DevIssuer};
use store::scratch::Scratch;

use super::county::{AGENCIES, OWNERS};
use crate::clock::SystemClock;
use crate::files;

/// The service's name: what tokens are for.
pub(super) const PUBLIC_URL: &str = "https://localhost:8443";
pub(super) const PARTNERSHIP: &str = "bench";
/// Tokens last longer than any measurement.
const TOKEN_LIFETIME: std::time::Duration = std::time::Duration::from_secs(3_600);

/// Which database to measure.
pub(super) enum Database {
    Sqlite,
    /// On the server at this address.
    Postgresql(String),
}

/// A data folder and a database of its own.
pub(super) struct Place {
    folder: PathBuf,
    scratch: Option<Scratch>,
}

impl Drop for Place {
    fn drop(&mut self) {
        // The folder is in the way of nobody if it stays.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Databases of one process are told apart by these.
fn prefix(made: u32) -> String {
    format!("chronology_bench{}", (0..made).map(|_| "_again").collect::<String>())
}

impl Place {
    /// A place below `above`.
    pub(super) fn make(above: &Path, database: &Database) -> anyhow::Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let scratch = match database {
            Database::Sqlite => None,
            Database::Postgresql(server) => Some(Scratch::create(server, &prefix(made))?),
        };
        let kind = if scratch.is_some() { "postgresql" } else { "sqlite" };
        let place =
            Self { folder: above.join(format!("chronology-bench-{}-{kind}-{made}", std::process::id())), scratch };
        files::private_folder(&place.folder)?;
        files::write_private(&place.configuration(), place.settings().as_bytes())?;
        Ok(place)
    }

    /// For people.
    pub(super) fn named(&self) -> &'static str {
        if self.scratch.is_some() { "PostgreSQL" } else { "SQLite" }
    }

    /// Where the service keeps what it makes.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The configuration file.
    pub(super) fn configuration(&self) -> PathBuf {
        self.folder.join("chronology.toml")
    }

    /// Where the service's log goes.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Access tokens for `person` of an agency.
    pub(super) fn token(&self, agency: &str, role: Role, person: &str) -> anyhow::Result<String> {
        let issuer =
            DevIssuer::open(&self.data().join("development-issuer.der"), &format!("{PUBLIC_URL}/development"))?;
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

    /// The defaults, with rate limits that are never reached, ports of the system's choice and a partnership.
    fn settings(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut text = format!("data_folder = {}\n", quoted(&self.data().to_string_lossy()));
        let _ = write!(text, "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = {}\n", quoted(PUBLIC_URL));
        if let Some(scratch) = &self.scratch {
            let _ = write!(text, "[database]\nurl = {}\nmigrate_at_start = true\n", quoted(scratch.url()));
        }
        text += "[limits]\ncaller_allowance = 10000000\nwindow_seconds = 1\n[metrics]\nlisten = \"127.0.0.2:0\"\n";
        let _ = write!(text, "[development_issuer]\nenabled = true\npartnership = \"{PARTNERSHIP}\"\n");
        let _ = write!(text, "[[partnerships]]\ncode = \"{PARTNERSHIP}\"\nname = \"Benchmark\"\n");
        for (code, kind) in [(OWNERS, "social_care")].iter().chain(AGENCIES.iter()) {
            let _ = write!(
                text,
                "[[partnerships.agencies]]\ncode = \"{code}\"\nname = \"{}\"\nkind = \"{kind}\"\n",
                code.replace('-', " ")
            );
        }
        text
    }
}

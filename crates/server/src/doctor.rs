//! `chronology doctor`: looks for what would break the promise that what is over is gone. Beyond what every start does
//! (finish destructions that were begun) it changes nothing.

mod database;
mod machine;
mod places;
mod times;

use std::process::ExitCode;

use secrecy::ExposeSecret as _;
use service::{Service, ServiceConfig};
use store::Db;

use crate::config::Settings;
use crate::{output, process, startup};

/// Something was doubtful, nothing wrong.
const DOUBTFUL: u8 = 2;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    /// As it should be.
    Good,
    /// May break the promise; somebody should know why it is so.
    Warning,
    /// Breaks it.
    Wrong,
}

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) grade: Grade,
    pub(crate) what: String,
}

pub(crate) fn good(what: impl Into<String>) -> Finding {
    Finding { grade: Grade::Good, what: what.into() }
}

pub(crate) fn warning(what: impl Into<String>) -> Finding {
    Finding { grade: Grade::Warning, what: what.into() }
}

pub(crate) fn wrong(what: impl Into<String>) -> Finding {
    Finding { grade: Grade::Wrong, what: what.into() }
}

/// `good` when the condition holds, else the other.
pub(crate) fn either(holds: bool, what: &str, otherwise: Finding) -> Finding {
    if holds { good(what) } else { otherwise }
}

/// Prints one line for each thing looked at; the status is that of the worst.
pub(crate) fn doctor(settings: &Settings) -> anyhow::Result<ExitCode> {
    process::harden();
    let mut findings = places::look(settings);
    findings.extend(machine::look());
    match open_database(settings) {
        Ok(Some(db)) => findings.extend(of_database(settings, &db)),
        Ok(None) => findings.push(warning("database: there is none yet; start the service once and ask again")),
        Err(error) => findings.push(wrong(format!("database: {error:#}"))),
    }
    for finding in &findings {
        let grade = match finding.grade {
            Grade::Good => "good   ",
            Grade::Warning => "warning",
            Grade::Wrong => "wrong  ",
        };
        output::line(&format!("{grade}  {}", finding.what))?;
    }
    Ok(match findings.iter().map(|finding| finding.grade).max() {
        Some(Grade::Wrong) => ExitCode::FAILURE,
        Some(Grade::Warning) => ExitCode::from(DOUBTFUL),
        _ => ExitCode::SUCCESS,
    })
}

/// The database; a SQLite file that is not there is not made.
fn open_database(settings: &Settings) -> anyhow::Result<Option<Db>> {
    let there = places::sqlite_file(settings.database.url.expose_secret()).is_none_or(|file| file.exists());
    there.then(|| startup::connect(&settings.database)).transpose()
}

fn of_database(settings: &Settings, db: &Db) -> Vec<Finding> {
    let mut findings = database::look(db);
    if let Err(error) = store::check(db) {
        findings.push(wrong(format!("database: {error}: run `chronology migrate`")));
        return findings;
    }
    findings.extend(database::look_at_tables(db));
    findings.extend(database::look_at_keystore(settings, db));
    let keystore_is_there = settings.keystore.url.is_some() || settings.keystore.folder.exists();
    if !keystore_is_there || !settings.keystore.root_key_file.exists() {
        findings.push(warning("keystore: there is none yet; start the service once and ask again"));
        return findings;
    }
    match open_service(settings, db) {
        Ok(service) => findings.extend(times::look(&service)),
        Err(error) => findings.push(wrong(format!("keystore: {error:#}"))),
    }
    findings
}

fn open_service(settings: &Settings, db: &Db) -> anyhow::Result<Service> {
    let vault = startup::open_vault(&settings.keystore, Some(db))?;
    let ids = std::sync::Arc::new(crate::ids::RandomIds::new());
    let config = ServiceConfig {
        db: db.clone(),
        vault,
        clock: startup::system_clock(),
        ids,
        // Nothing is recorded or signed by whoever only looks.
        node: domain::NodeId(uuid::Uuid::nil()),
        signing_key: std::sync::Arc::new(vault::SigningKey::generate()?),
        ledger: startup::ledger(settings, None),
    };
    Ok(Service::with_time(config, settings.clock)?)
}

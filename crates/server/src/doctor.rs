//! `chronology doctor`: checks for conditions that would break the guarantee that expired data is
//! gone. It changes nothing, except that opening the keystore completes interrupted destructions,
//! as every start does.

mod database;
mod machine;
mod storage;
mod time;

use std::process::ExitCode;

use secrecy::ExposeSecret as _;
use service::{KernelConfig, Service};
use store::Db;

use crate::config::Settings;
use crate::{output, process, startup};

/// Exit status when there are warnings but no failures.
const WARNINGS_FOUND: u8 = 2;

/// Severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Nothing needs to be done.
    Pass,
    /// May break the guarantee. Somebody should know the reason.
    Warning,
    /// Breaks the guarantee.
    Failure,
}

/// Result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) message: String,
}

pub(crate) fn pass(message: impl Into<String>) -> Finding {
    Finding {
        severity: Severity::Pass,
        message: message.into(),
    }
}

pub(crate) fn warning(message: impl Into<String>) -> Finding {
    Finding {
        severity: Severity::Warning,
        message: message.into(),
    }
}

pub(crate) fn failure(message: impl Into<String>) -> Finding {
    Finding {
        severity: Severity::Failure,
        message: message.into(),
    }
}

/// A passing finding when `condition` holds, otherwise `otherwise`.
pub(crate) fn check(condition: bool, message: &str, otherwise: Finding) -> Finding {
    if condition { pass(message) } else { otherwise }
}

/// Prints one line per check. The exit status is that of the most severe finding.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    process::harden();
    let mut findings = storage::inspect(settings);
    findings.extend(machine::inspect());
    match open_database(settings) {
        Ok(Some(db)) => findings.extend(inspect_database(settings, &db)),
        Ok(None) => findings.push(warning(
            "database: does not exist yet; start the service once, then run this again",
        )),
        Err(error) => findings.push(failure(format!("database: {error:#}"))),
    }
    for finding in &findings {
        let severity = match finding.severity {
            Severity::Pass => "pass   ",
            Severity::Warning => "warning",
            Severity::Failure => "failure",
        };
        output::print_line(&format!("{severity}  {}", finding.message))?;
    }
    Ok(
        match findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Failure) => ExitCode::FAILURE,
            Some(Severity::Warning) => ExitCode::from(WARNINGS_FOUND),
            _ => ExitCode::SUCCESS,
        },
    )
}

/// Connects to the database. A SQLite file that does not exist is not created.
fn open_database(settings: &Settings) -> anyhow::Result<Option<Db>> {
    let database_exists = storage::sqlite_file(settings.database.url.expose_secret())
        .is_none_or(|file| file.exists());
    database_exists
        .then(|| startup::connect(&settings.database))
        .transpose()
}

fn inspect_database(settings: &Settings, db: &Db) -> Vec<Finding> {
    let mut findings = database::inspect(db);
    if let Err(error) = store::check(db) {
        findings.push(failure(format!(
            "database: {error}: run `chronology migrate`"
        )));
        return findings;
    }
    findings.extend(database::inspect_tables(db));
    findings.extend(database::inspect_keystore(settings, db));
    let keystore_exists = settings.keystore.url.is_some() || settings.keystore.folder.exists();
    if !keystore_exists || !settings.keystore.root_key_file.exists() {
        findings.push(warning(
            "keystore: does not exist yet; start the service once, then run this again",
        ));
        return findings;
    }
    match open_service(settings, db) {
        Ok(service) => findings.extend(time::inspect(&service)),
        Err(error) => findings.push(failure(format!("keystore: {error:#}"))),
    }
    findings
}

fn open_service(settings: &Settings, db: &Db) -> anyhow::Result<Service> {
    let vault = startup::open_vault(&settings.keystore, Some(db))?;
    let ids = std::sync::Arc::new(crate::ids::RandomIds::new());
    let config = KernelConfig {
        db: db.clone(),
        vault,
        clock: startup::system_clock(),
        ids,
        // The doctor neither records nor signs anything.
        node: domain::NodeId(uuid::Uuid::nil()),
        signing_key: std::sync::Arc::new(vault::SigningKey::generate()?),
        ledger: startup::ledger_config(settings, None),
        time: settings.clock,
    };
    Ok(Service::new(config)?)
}

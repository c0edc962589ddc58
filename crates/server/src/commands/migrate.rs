//! `chronology migrate`.

use std::process::ExitCode;

use crate::cli::MigrateArgs;
use crate::config::Settings;
use crate::{files, output, process, startup};

/// Something is pending; told apart from a failure.
const PENDING: u8 = 3;

/// Applies, undoes or lists migrations, one version a line.
pub(crate) fn migrate(settings: &Settings, arguments: MigrateArgs) -> anyhow::Result<ExitCode> {
    process::harden();
    files::private_folder(&settings.data_folder)?;
    let db = startup::connect(&settings.database)?;
    if arguments.status {
        let pending = store::pending(&db)?;
        list("pending", &pending)?;
        return Ok(if pending.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(PENDING) });
    }
    match arguments.down {
        Some(number) => list("undone", &store::revert(&db, number)?)?,
        None => list("applied", &store::migrate(&db)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(what: &str, versions: &[String]) -> std::io::Result<()> {
    if versions.is_empty() {
        return output::line(&format!("{what}: nothing"));
    }
    versions.iter().try_for_each(|version| output::line(&format!("{what}: {version}")))
}

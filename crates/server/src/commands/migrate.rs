//! `chronology migrate`: applies, reverts or lists migrations.

use std::process::ExitCode;

use crate::cli::MigrateArgs;
use crate::config::Settings;
use crate::{files, output, process, startup};

/// Exit status when migrations are pending, which is not a failure.
const MIGRATIONS_PENDING: u8 = 3;

/// Applies, reverts or lists migrations and prints one version per line.
pub(crate) fn migrate(settings: &Settings, arguments: MigrateArgs) -> anyhow::Result<ExitCode> {
    process::harden();
    files::create_private_folder(&settings.data_folder)?;
    let db = startup::connect(&settings.database)?;
    if arguments.status {
        let pending = store::pending(&db)?;
        print_versions("pending", &pending)?;
        return Ok(if pending.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(MIGRATIONS_PENDING)
        });
    }
    match arguments.down {
        Some(number) => print_versions("reverted", &store::revert(&db, number)?)?,
        None => print_versions("applied", &store::migrate(&db)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print_versions(label: &str, versions: &[String]) -> std::io::Result<()> {
    if versions.is_empty() {
        return output::print_line(&format!("{label}: none"));
    }
    versions
        .iter()
        .try_for_each(|version| output::print_line(&format!("{label}: {version}")))
}

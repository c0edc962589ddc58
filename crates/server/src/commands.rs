//! What each subcommand does.

mod audit;
mod check_config;
mod confirm_time;
mod migrate;
mod purge_now;
mod token;
mod verify_deletion;

pub(crate) use audit::audit;
pub(crate) use check_config::check_config;
pub(crate) use confirm_time::confirm_time;
pub(crate) use migrate::migrate;
pub(crate) use purge_now::purge_now;
pub(crate) use token::token;
pub(crate) use verify_deletion::{STATUSES, verify_deletion};

use std::process::ExitCode;

use crate::{bench, cli::Cli, cli::Command, config, doctor, link, output, serve};

/// Carries out what the command line asks for.
///
/// # Errors
/// Whatever stands in the way, in words for the person at the terminal.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Audit(command) => return audit(&config::load(file)?, &command),
        Command::CheckConfig => return check_config(file),
        Command::Bench(arguments) => bench::bench(&arguments)?,
        Command::Doctor => return doctor::doctor(&config::load(file)?),
        Command::ConfirmTime(arguments) => confirm_time(&config::load(file)?, arguments.at)?,
        Command::PurgeNow => purge_now(&config::load(file)?)?,
        Command::Link(arguments) => return link::link(&arguments, file),
        Command::Openapi => output::text(&api::openapi_yaml())?,
        #[cfg(feature = "bench-switches")]
        Command::ServeWithout { parts } => {
            parts.into_iter().for_each(bench::Safeguard::leave_out);
            serve::serve(config::load(file)?)?;
        }
        Command::Serve => serve::serve(config::load(file)?)?,
        Command::Demo(arguments) => serve::demo(config::load(file)?, arguments)?,
        Command::VerifyDeletion(arguments) => return verify_deletion(&arguments, file),
        Command::Migrate(arguments) => return migrate(&config::load(file)?, arguments),
        Command::Token(arguments) => output::line(&token(&config::load(file)?, arguments)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

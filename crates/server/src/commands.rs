//! Implementation of the subcommands.

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
pub(crate) use verify_deletion::{EXIT_STATUSES, verify_deletion};

use std::process::ExitCode;

use crate::{cli::Cli, cli::Command, config, doctor, link, output, serve};

/// Runs the subcommand.
///
/// # Errors
/// The failure of the subcommand, worded for the operator.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Audit(command) => return audit(&config::load(file)?, &command),
        Command::CheckConfig => return check_config(file),
        Command::Doctor => return doctor::run(&config::load(file)?),
        Command::ConfirmTime(arguments) => confirm_time(&config::load(file)?, arguments.at)?,
        Command::PurgeNow => purge_now(&config::load(file)?)?,
        Command::Link(arguments) => return link::run(&arguments, file),
        Command::Openapi => output::print_text(&api::openapi_yaml())?,
        #[cfg(feature = "bench-switches")]
        Command::ServeWithout { parts } => {
            parts
                .into_iter()
                .for_each(crate::safeguard_switches::Safeguard::disable);
            serve::serve(config::load(file)?)?;
        }
        Command::Serve => serve::serve(config::load(file)?)?,
        Command::Demo(arguments) => serve::demo(config::load(file)?, arguments)?,
        Command::VerifyDeletion(arguments) => return verify_deletion(&arguments, file),
        Command::Migrate(arguments) => return migrate(&config::load(file)?, arguments),
        Command::Token(arguments) => output::print_line(&token(&config::load(file)?, arguments)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

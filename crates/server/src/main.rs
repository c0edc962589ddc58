//! `chronology`: configuration, TLS, workers and the command line. The only crate that knows every other.

mod bench;
mod cli;
mod clock;
mod commands;
mod config;
mod demo;
mod doctor;
mod files;
mod ids;
mod link;
mod logging;
mod metrics_listener;
mod output;
mod process;
mod serve;
mod startup;
mod tls;
mod workers;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    commands::run(cli::Cli::parse()).unwrap_or_else(|error| {
        // Whoever reads our output had enough: that is no failure.
        if output::closed_early(&error) {
            return ExitCode::SUCCESS;
        }
        output::failure(&error);
        ExitCode::FAILURE
    })
}

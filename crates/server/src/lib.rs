//! The service as a program: configuration, TLS, workers and the command line. Of the product's
//! crates, only this one depends on all the others. Its public items are those that the binary
//! `chronology` and the benchmark need.

mod cli;
pub mod clock;
mod commands;
pub mod config;
mod demo;
mod doctor;
pub mod files;
mod ids;
mod link;
mod logging;
mod metrics_listener;
pub mod output;
mod process;
#[cfg(feature = "bench-switches")]
mod safeguard_switches;
mod serve;
pub mod startup;
mod tls;
mod workers;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

/// Runs the command line `arguments`, of which the first is the name of the program. Ends the
/// process with a message when they are invalid.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    output::report_outcome("chronology", commands::run(cli::Cli::parse_from(arguments)))
}

//! The benchmark: speed and memory of the service on this machine, over HTTPS, with audit and
//! encryption on. It prints figures beside their targets and does not fail when one is missed,
//! because other load may be the cause.
//!
//! The service runs as a separate process, exactly as `chronology serve` runs it, on a data folder
//! that is removed afterwards. The process is this program again, with the product's command line
//! behind [`SERVICE_ARGUMENT`], so that nothing else needs to be built. Its configuration is the
//! default one, except for a partnership of its own and unreachable rate limits.

mod client;
mod dataset;
mod environment;
mod expiry;
mod growth;
mod load;
mod machine;
mod measure;
mod report;
mod safeguards;
mod sample_fragments;
mod service_process;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Parser, ValueEnum};

use environment::{BenchEnvironment, Database};
use machine::Machine;
use measure::BenchPlan;
use server::output;
use service_process::SERVICE_ARGUMENT;

/// Measure speed and memory on this machine, and print them beside their targets.
#[derive(Debug, Clone, Parser)]
#[command(name = "benchmark")]
struct BenchArgs {
    /// PostgreSQL server to measure on, with a role that may create databases. A database is
    /// created there and dropped afterwards.
    #[arg(
        long,
        env = "CHRONOLOGY_TEST_POSTGRES",
        value_name = "URL",
        hide_env_values = true
    )]
    postgres: Option<String>,
    /// Duration of each of the six measurements per database, in seconds.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Take a quick first look: two seconds per measurement.
    #[arg(long, conflicts_with = "seconds")]
    quick: bool,
    /// Measure only this database.
    #[arg(long, value_name = "DATABASE")]
    only: Option<DatabaseChoice>,
    /// Folder in which the data folder is created. It should be on the kind of disk that the
    /// service will use.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Instead, measure what sealing, audit and sequencing cost a timeline read, by switching each
    /// off in turn. Requires a build with the switches (cargo run --profile dist -p benchmark
    /// --features switches -- --safeguards).
    #[arg(long)]
    safeguards: bool,
    /// Instead, let this number of fragments expire in one hour, and measure the destruction of
    /// their key and the deletion of their rows.
    #[arg(long, value_name = "FRAGMENTS", num_args = 0..=1, default_missing_value = "100000", conflicts_with = "safeguards",
        value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    expiry: Option<u32>,
    /// Instead, measure the same requests in a partnership of 2,500, 25,000 and 250,000 entries, to
    /// verify that their cost stays the same. The databases are created for this and dropped
    /// afterwards.
    #[arg(long, conflicts_with_all = ["safeguards", "expiry"])]
    county: bool,
}

/// Selects one of the databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DatabaseChoice {
    Sqlite,
    Postgresql,
}

fn main() -> ExitCode {
    match service_arguments(std::env::args_os()) {
        Some(arguments) => server::run(arguments),
        None => {
            let outcome = run(&BenchArgs::parse());
            output::report_outcome("benchmark", outcome.map(|()| ExitCode::SUCCESS))
        }
    }
}

/// The arguments for the service, the program's name included; `None` when this process is the
/// benchmark itself.
fn service_arguments(mut arguments: impl Iterator<Item = OsString>) -> Option<Vec<OsString>> {
    let program = arguments.next()?;
    let is_service = arguments.next()? == SERVICE_ARGUMENT;
    is_service.then(|| std::iter::once(program).chain(arguments).collect())
}

/// Runs the measurements and prints the reports.
///
/// # Errors
/// Fails when the service cannot be started, or returns an unexpected response.
fn run(arguments: &BenchArgs) -> anyhow::Result<()> {
    let plan = BenchPlan {
        seconds: if arguments.quick {
            2
        } else {
            arguments.seconds
        },
    };
    let parent_folder = arguments.folder.clone().unwrap_or_else(std::env::temp_dir);
    output::print_text(&report::render_machine(&Machine::inspect(&parent_folder)?))?;
    for database in selected_databases(arguments)? {
        if arguments.safeguards {
            output::print_text(&safeguards::measure(
                &parent_folder,
                &database,
                plan.seconds,
            )?)?;
            continue;
        }
        let environment = BenchEnvironment::create(&parent_folder, &database)?;
        if arguments.county {
            output::print_text(&growth::measure(&environment)?)?;
            continue;
        }
        if let Some(fragments) = arguments.expiry {
            output::print_text(&expiry::measure(&environment, fragments)?)?;
            continue;
        }
        output::print_text(&report::render_measurements(
            environment.database_name(),
            &measure::measure(&environment, &plan)?,
        ))?;
    }
    Ok(())
}

fn selected_databases(arguments: &BenchArgs) -> anyhow::Result<Vec<Database>> {
    let mut databases = Vec::new();
    if arguments.only != Some(DatabaseChoice::Postgresql) {
        databases.push(Database::Sqlite);
    }
    match &arguments.postgres {
        _ if arguments.only == Some(DatabaseChoice::Sqlite) => {}
        Some(url) => databases.push(Database::Postgresql(url.clone())),
        None if databases.is_empty() => bail!("no PostgreSQL server is given: set --postgres"),
        None => output::print_line(
            "\nPostgreSQL is not measured: no server is given (--postgres or CHRONOLOGY_TEST_POSTGRES)",
        )?,
    }
    Ok(databases)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn command_line_is_well_formed() {
        BenchArgs::command().debug_assert();
    }

    #[test]
    fn only_the_hidden_argument_runs_the_service() {
        let parse = |arguments: &[&str]| {
            let arguments = arguments.iter().map(OsString::from);
            service_arguments(arguments)
        };
        let service = parse(&["benchmark", SERVICE_ARGUMENT, "--config", "file", "serve"]);
        let expected = ["benchmark", "--config", "file", "serve"].map(OsString::from);
        assert_eq!(service, Some(expected.to_vec()));
        assert_eq!(parse(&["benchmark", "--quick"]), None);
        assert_eq!(parse(&["benchmark"]), None);
    }
}

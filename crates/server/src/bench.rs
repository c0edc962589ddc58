//! `chronology bench`: how fast the service is and how much memory it takes, on this machine, over HTTPS, with audit and
//! encryption on. It prints figures beside their targets and judges nothing: a busy machine is no failure.
//!
//! The service runs as a process of its own, exactly as `serve` runs it, on a data folder that goes afterwards. Its
//! configuration is the default one but for a partnership of its own and rate limits that are never reached.

mod child;
mod client;
mod county;
mod expiry;
mod growth;
mod load;
mod machine;
mod measure;
mod place;
mod report;
mod safeguards;
mod work;

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, ValueEnum};

use crate::output;
use machine::Machine;
use measure::Plan;
use place::{Database, Place};
#[cfg(feature = "bench-switches")]
pub(crate) use safeguards::{Safeguard, unsequenced};

/// What to measure, and for how long.
#[derive(Debug, Clone, Args)]
pub(crate) struct BenchArgs {
    /// Server to measure PostgreSQL on: a role that may create databases. A database is made there and dropped again.
    #[arg(long, env = "CHRONOLOGY_TEST_POSTGRES", value_name = "URL", hide_env_values = true)]
    postgres: Option<String>,
    /// How long each of the six measurements on a database takes.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// A first impression: two seconds each.
    #[arg(long, conflicts_with = "seconds")]
    quick: bool,
    /// Only one of the databases.
    #[arg(long, value_name = "DATABASE")]
    only: Option<Only>,
    /// Where the data folder is made; it should lie on the kind of disk that the service will use.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Instead: what sealing, audit and sequencing cost a timeline read, with each switched off in turn. Only in a build
    /// that can do without them (cargo build --release --features bench-switches).
    #[arg(long)]
    safeguards: bool,
    /// Instead: so many fragments that end in one hour, their key destroyed and their rows purged.
    #[arg(long, value_name = "FRAGMENTS", num_args = 0..=1, default_missing_value = "100000", conflicts_with = "safeguards",
        value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    expiry: Option<u32>,
    /// Instead: the same requests in a partnership of 2,500, 25,000 and 250,000 entries, to see that they cost the same. The
    /// databases are made for it and dropped again, as for the other measurements.
    #[arg(long, conflicts_with_all = ["safeguards", "expiry"])]
    county: bool,
}

/// One of the databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    Sqlite,
    Postgresql,
}

/// Measures and prints.
///
/// # Errors
/// When the service cannot be run, or answers anything but what was asked for.
pub(crate) fn bench(arguments: &BenchArgs) -> anyhow::Result<()> {
    let plan = Plan { seconds: if arguments.quick { 2 } else { arguments.seconds } };
    let above = arguments.folder.clone().unwrap_or_else(std::env::temp_dir);
    output::text(&report::machine(&Machine::look_at(&above)?))?;
    for database in databases(arguments)? {
        if arguments.safeguards {
            output::text(&safeguards::measure(&above, &database, plan.seconds)?)?;
            continue;
        }
        let place = Place::make(&above, &database)?;
        if arguments.county {
            output::text(&growth::measure(&place)?)?;
            continue;
        }
        if let Some(fragments) = arguments.expiry {
            output::text(&expiry::measure(&place, fragments)?)?;
            continue;
        }
        output::text(&report::measured(place.named(), &measure::measure(&place, &plan)?))?;
    }
    Ok(())
}

fn databases(arguments: &BenchArgs) -> anyhow::Result<Vec<Database>> {
    let mut wanted = Vec::new();
    if arguments.only != Some(Only::Postgresql) {
        wanted.push(Database::Sqlite);
    }
    match &arguments.postgres {
        _ if arguments.only == Some(Only::Sqlite) => {}
        Some(url) => wanted.push(Database::Postgresql(url.clone())),
        None if wanted.is_empty() => bail!("no PostgreSQL server: name one with --postgres"),
        None => {
            output::line("\nPostgreSQL is not measured: no server is named (--postgres, CHRONOLOGY_TEST_POSTGRES)")?
        }
    }
    Ok(wanted)
}

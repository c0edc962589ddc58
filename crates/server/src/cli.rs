//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use domain::{Purpose, Role};

/// Multi-agency chronologies for children's safeguarding.
#[derive(Debug, Parser)]
#[command(name = "chronology", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Configuration file; without one, the embedded default with its demonstration partnership.
    #[arg(long, global = true, env = "CHRONOLOGY_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service.
    Serve,
    /// Fill an empty database with an invented county, then run the service.
    Demo(DemoArgs),
    /// Bring the database's schema up to date.
    Migrate(MigrateArgs),
    /// Write an access token with the development issuer.
    Token(TokenArgs),
    /// Check the configuration and list every mistake.
    CheckConfig,
    /// Look at keys, clocks, database and machine for what would break the promise of deletion; ends with status 1 when
    /// something is wrong, 2 when something is doubtful.
    Doctor,
    /// Vouch for the time, read from another clock than this machine's, so that what is over by it may be destroyed.
    ConfirmTime(ConfirmTimeArgs),
    /// Do at once what the background workers do: due dates, deletion, destruction of keys.
    #[command(hide = true)]
    PurgeNow,
    /// Measure speed and memory on this machine, beside their targets.
    Bench(crate::bench::BenchArgs),
    /// Link a file of submissions: which are one child, one family, one event. Reads no database.
    Link(crate::link::LinkArgs),
    /// Print the API's description, OpenAPI 3.1 as YAML.
    Openapi,
}

/// How to demonstrate.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DemoArgs {
    /// Fill, say who is there, and end.
    #[arg(long)]
    pub(crate) fill_only: bool,
}

/// What to do with the schema.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct MigrateArgs {
    /// Only say what is pending; ends with status 3 when something is.
    #[arg(long, conflicts_with = "down")]
    pub(crate) status: bool,
    /// Undo the last so many migrations, and the data in what they made.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) down: Option<u64>,
}

/// What time it is.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ConfirmTimeArgs {
    /// The time by another clock, RFC 3339, such as 2026-11-22T14:05:00Z. Never copied from this machine.
    #[arg(value_name = "INSTANT", value_parser = parse_instant)]
    pub(crate) at: domain::Instant,
}

fn parse_instant(text: &str) -> Result<domain::Instant, String> {
    domain::Instant::parse(text).map_err(|_| "not an instant such as 2026-11-22T14:05:00Z".to_owned())
}

/// Whom the token is for.
#[derive(Debug, Clone, Args)]
pub(crate) struct TokenArgs {
    /// A person of the demonstration, such as amara.quill.
    #[arg(long = "as", value_name = "PERSON", required_unless_present_all = ["agency", "role", "subject"], conflicts_with_all = ["agency", "role", "subject", "name", "job_title", "offence_data"])]
    pub(crate) person: Option<String>,
    /// Code of the agency.
    #[arg(long)]
    pub(crate) agency: Option<String>,
    /// Role: `social_worker`, `team_manager`, `practitioner`, `safeguarding_lead`, `business_support`, `auditor` or
    /// `system_client`; may be given several times.
    #[arg(long)]
    pub(crate) role: Vec<Role>,
    /// The caller's name at the issuer.
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// Name shown to colleagues.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Job title shown to colleagues.
    #[arg(long)]
    pub(crate) job_title: Option<String>,
    /// May read criminal-offence data.
    #[arg(long)]
    pub(crate) offence_data: bool,
    /// What the caller is working on.
    #[arg(long)]
    pub(crate) purpose: Option<Purpose>,
    /// PEM file of the client certificate the token is bound to; a system client needs one.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// How long it is valid, at most an hour.
    #[arg(long, default_value_t = 3_600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) lifetime_seconds: u64,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_token_is_for_a_person_of_the_demonstration_or_for_somebody_spelt_out() {
        let parse = |arguments: &[&str]| Cli::try_parse_from([&["chronology", "token"], arguments].concat());
        assert!(parse(&["--as", "amara.quill"]).is_ok());
        assert!(parse(&["--agency", "a", "--role", "practitioner", "--role", "auditor", "--subject", "s"]).is_ok());
        for wrong in [
            &[][..],
            &["--agency", "a"],
            &["--as", "x", "--role", "auditor"],
            &["--as", "x", "--lifetime-seconds", "3601"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}

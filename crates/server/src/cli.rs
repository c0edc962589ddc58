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
    /// Run the service without some of what guards it, to measure what that costs.
    #[cfg(feature = "bench-switches")]
    #[command(hide = true)]
    ServeWithout {
        /// What to leave out.
        parts: Vec<crate::bench::Safeguard>,
    },
    /// Fill an empty database with an invented county, then run the service.
    Demo(DemoArgs),
    /// Bring the database's schema up to date.
    Migrate(MigrateArgs),
    /// Write an access token with the development issuer.
    Token(TokenArgs),
    /// Check the configuration and list every mistake.
    CheckConfig,
    /// Check a deletion certificate: that it was signed by the service, that its key was published before it was
    /// destroyed, and that what you contributed is among what it covers. Needs neither database nor network.
    VerifyDeletion(VerifyDeletionArgs),
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
    /// Verify the audit, or write it out for others to verify.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Link a file of submissions: which are one child, one family, one event. Reads no database.
    Link(crate::link::LinkArgs),
    /// Print the API's description, OpenAPI 3.1 as YAML.
    Openapi,
}

/// What to do with the audit.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Verify every record, the tree over them, what was signed, and this node's journals. Ends with status 3 when
    /// something is wrong.
    Verify(AuditVerifyArgs),
    /// Write a partnership's log as files in the layout of C2SP tlog-tiles, for any other tool to verify.
    Export(AuditExportArgs),
}

/// What to verify.
#[derive(Debug, Clone, Args)]
pub(crate) struct AuditVerifyArgs {
    /// Code of the partnership; all of them when left out.
    #[arg(long, value_name = "CODE")]
    pub(crate) partnership: Option<String>,
    /// Further folders with nodes' journals.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) journal: Vec<PathBuf>,
    /// Public key of whoever signs the log, base64; that of the configured signing key when left out.
    #[arg(long, value_name = "BASE64")]
    pub(crate) public_key: Option<String>,
    /// A checkpoint that somebody kept: the tree must begin with it.
    #[arg(long, value_name = "FILE", requires = "partnership")]
    pub(crate) checkpoint: Vec<PathBuf>,
}

/// What to write out.
#[derive(Debug, Clone, Args)]
pub(crate) struct AuditExportArgs {
    /// Code of the partnership.
    #[arg(long, value_name = "CODE")]
    pub(crate) partnership: String,
    /// Folder to write into; must not be there yet.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) output: PathBuf,
}

/// How to demonstrate.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DemoArgs {
    /// Fill, say who is there, and end.
    #[arg(long)]
    pub(crate) fill_only: bool,
}

/// What to check a certificate with.
#[derive(Debug, Clone, Args)]
#[command(after_help = crate::commands::STATUSES)]
pub(crate) struct VerifyDeletionArgs {
    /// The certificate as the service answered it, or - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: PathBuf,
    /// The service's public key as you were given it: base64, or a file that holds it. Without it the certificate is only
    /// checked against the key that it names itself.
    #[arg(long, value_name = "BASE64|FILE")]
    pub(crate) public_key: Option<String>,
    /// Also ask the configured keystore whether the key can still be had.
    #[arg(long)]
    pub(crate) keystore: bool,
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

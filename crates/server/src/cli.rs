//! The command line interface.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use domain::{Purpose, Role};

/// Multi-agency chronologies for children's safeguarding.
#[derive(Debug, Parser)]
#[command(
    name = "chronology",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    /// Configuration file. Without it, the embedded default with its demonstration partnership is
    /// used.
    #[arg(long, global = true, env = "CHRONOLOGY_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Subcommands of `chronology`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service.
    Serve,
    /// Run the service without some of its safeguards, to measure their cost.
    #[cfg(feature = "bench-switches")]
    #[command(hide = true)]
    ServeWithout {
        /// Safeguards to switch off.
        parts: Vec<crate::safeguard_switches::Safeguard>,
    },
    /// Fill an empty database with demonstration data of an invented county, then run the service.
    Demo(DemoArgs),
    /// Bring the database schema up to date.
    Migrate(MigrateArgs),
    /// Print an access token of the development issuer.
    Token(TokenArgs),
    /// Check the configuration and list every error.
    CheckConfig,
    /// Verify a deletion certificate: that the service signed it, that the commitment to its key
    /// was published before the key was destroyed, and that your contributions are among what it
    /// covers. Needs neither database nor network.
    VerifyDeletion(VerifyDeletionArgs),
    /// Check keys, clocks, database and machine for conditions that would break the deletion
    /// guarantee. Ends with status 1 when a check fails and with 2 when there are only warnings.
    Doctor,
    /// Confirm the time, read from a clock other than this machine's, so that what has expired by
    /// then may be destroyed.
    ConfirmTime(ConfirmTimeArgs),
    /// Run the background work once, now: due dates, deletion, destruction of keys.
    #[command(hide = true)]
    PurgeNow,
    /// Verify the audit log, or export it for verification by others.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Link a file of submissions: which records are the same child, family or event. Uses no
    /// database.
    Link(crate::link::LinkArgs),
    /// Print the API description, OpenAPI 3.1 as YAML.
    Openapi,
}

/// Subcommands of `chronology audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Verify every record, the Merkle tree over them, the signed checkpoints and certificates, and
    /// this node's journals. Ends with status 3 when there are faults.
    Verify(AuditVerifyArgs),
    /// Export a partnership's log as files in the layout of C2SP tlog-tiles, for verification with
    /// any other tool.
    Export(AuditExportArgs),
}

/// What to verify.
#[derive(Debug, Clone, Args)]
pub(crate) struct AuditVerifyArgs {
    /// Code of the partnership. Verifies all partnerships when omitted.
    #[arg(long, value_name = "CODE")]
    pub(crate) partnership: Option<String>,
    /// Further folder with journals of nodes. May be given several times.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) journal: Vec<PathBuf>,
    /// Public key that the log must be signed with, base64. Defaults to that of the configured
    /// signing key.
    #[arg(long, value_name = "BASE64")]
    pub(crate) public_key: Option<String>,
    /// A checkpoint saved earlier. The tree must be an extension of it. May be given several
    /// times.
    #[arg(long, value_name = "FILE", requires = "partnership")]
    pub(crate) checkpoint: Vec<PathBuf>,
}

/// What to export.
#[derive(Debug, Clone, Args)]
pub(crate) struct AuditExportArgs {
    /// Code of the partnership.
    #[arg(long, value_name = "CODE")]
    pub(crate) partnership: String,
    /// Folder to write to. It must not exist yet.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) output: PathBuf,
}

/// How to run the demonstration.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DemoArgs {
    /// Fill the database, print the guide, and end without running the service.
    #[arg(long)]
    pub(crate) fill_only: bool,
}

/// What to verify a certificate against.
#[derive(Debug, Clone, Args)]
#[command(after_help = crate::commands::EXIT_STATUSES)]
pub(crate) struct VerifyDeletionArgs {
    /// File with the certificate as the service returned it, or - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: PathBuf,
    /// The service's public key as you were given it: base64, or a file that contains it. Without
    /// it, the certificate is only checked against the key that it names itself.
    #[arg(long, value_name = "BASE64|FILE")]
    pub(crate) public_key: Option<String>,
    /// Also check in the configured keystore that the key can no longer be read.
    #[arg(long)]
    pub(crate) keystore: bool,
}

/// What to do with the schema.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct MigrateArgs {
    /// Only list pending migrations. Ends with status 3 when there are any.
    #[arg(long, conflicts_with = "down")]
    pub(crate) status: bool,
    /// Revert this number of migrations, latest first, and delete the data in the tables and
    /// columns they created.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) down: Option<u64>,
}

/// The time to confirm.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ConfirmTimeArgs {
    /// The time on another clock, RFC 3339, such as 2026-11-22T14:05:00Z. Do not copy it from this
    /// machine.
    #[arg(value_name = "INSTANT", value_parser = parse_instant)]
    pub(crate) at: domain::Instant,
}

fn parse_instant(text: &str) -> Result<domain::Instant, String> {
    domain::Instant::parse(text)
        .map_err(|_| "not an instant such as 2026-11-22T14:05:00Z".to_owned())
}

/// Whom the token is for.
#[derive(Debug, Clone, Args)]
pub(crate) struct TokenArgs {
    /// Login of a practitioner of the demonstration, such as amara.quill.
    #[arg(long = "as", value_name = "PERSON", required_unless_present_all = ["agency", "role", "subject"], conflicts_with_all = ["agency", "role", "subject", "name", "job_title", "offence_data"])]
    pub(crate) person: Option<String>,
    /// Code of the agency.
    #[arg(long)]
    pub(crate) agency: Option<String>,
    /// Role: `social_worker`, `team_manager`, `practitioner`, `safeguarding_lead`,
    /// `business_support`, `auditor` or `system_client`. May be given several times.
    #[arg(long)]
    pub(crate) role: Vec<Role>,
    /// The caller's subject at the issuer.
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// Name shown to colleagues.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Job title shown to colleagues.
    #[arg(long)]
    pub(crate) job_title: Option<String>,
    /// Allow reading criminal-offence data.
    #[arg(long)]
    pub(crate) offence_data: bool,
    /// The purpose the caller is working for.
    #[arg(long)]
    pub(crate) purpose: Option<Purpose>,
    /// PEM file of the client certificate that the token is bound to. Required for a system client.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// Lifetime of the token, at most an hour.
    #[arg(long, default_value_t = 3_600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) lifetime_seconds: u64,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn token_takes_a_demo_person_or_explicit_claims() {
        let parse = |arguments: &[&str]| {
            Cli::try_parse_from([&["chronology", "token"], arguments].concat())
        };
        assert!(parse(&["--as", "amara.quill"]).is_ok());
        assert!(
            parse(&[
                "--agency",
                "a",
                "--role",
                "practitioner",
                "--role",
                "auditor",
                "--subject",
                "s"
            ])
            .is_ok()
        );
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

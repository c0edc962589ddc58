//! `chronology audit`: verifies the audit log, or exports it.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use service::{AuditReport, LogKey, Service};

use crate::cli::{AuditCommand, AuditExportArgs, AuditVerifyArgs};
use crate::config::Settings;
use crate::startup::{self, AppContext};
use crate::{files, output};

/// Exit status when verification found faults.
const FAULTS_FOUND: u8 = 3;

/// Runs `audit verify` or `audit export`.
///
/// # Errors
/// Fails when database, keystore, journals or files cannot be used.
pub(crate) fn audit(settings: &Settings, command: &AuditCommand) -> anyhow::Result<ExitCode> {
    let context = AppContext::open(settings)?;
    let service = context.audit_reader_service(settings, startup::system_clock())?;
    match command {
        AuditCommand::Verify(arguments) => verify(settings, &service, arguments),
        AuditCommand::Export(arguments) => export(&service, arguments),
    }
}

fn verify(
    settings: &Settings,
    service: &Service,
    arguments: &AuditVerifyArgs,
) -> anyhow::Result<ExitCode> {
    let mut folders = arguments.journal.clone();
    folders.push(settings.audit.journal_folder.clone());
    let all_codes = settings
        .partnerships
        .iter()
        .map(|partnership| partnership.code.clone());
    let codes: Vec<String> = arguments
        .partnership
        .clone()
        .map_or_else(|| all_codes.collect(), |code| vec![code]);
    let mut all_verified = true;
    for partnership in codes {
        let mut key = service
            .kernel
            .log_key(&partnership)
            .with_context(|| format!("partnership {partnership}"))?;
        if let Some(text) = &arguments.public_key {
            key.public_key = parse_public_key(text)?;
        }
        for file in &arguments.checkpoint {
            key.known_checkpoints.push(read_checkpoint(file, &key)?);
        }
        let report = service.kernel.verify_audit(&partnership, &key, &folders)?;
        all_verified &= report.fault_count == 0;
        print_report(&report)?;
    }
    Ok(if all_verified {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAULTS_FOUND)
    })
}

/// Prints one line of JSON with the whole report, then a summary for people.
fn print_report(report: &AuditReport) -> anyhow::Result<()> {
    output::print_line(&serde_json::to_string(report)?)?;
    let AuditReport {
        partnership,
        size,
        waiting,
        fault_count,
        ..
    } = report;
    let verdict = match fault_count {
        0 => "no faults".to_owned(),
        1 => "1 fault".to_owned(),
        faults => format!("{faults} faults"),
    };
    Ok(output::print_line(&format!(
        "{partnership}: {size} records are in the tree, {waiting} are waiting; {verdict}"
    ))?)
}

fn parse_public_key(text: &str) -> anyhow::Result<[u8; 32]> {
    let bytes = STANDARD
        .decode(text.trim())
        .ok()
        .and_then(|bytes| bytes.try_into().ok());
    bytes.context("--public-key: must be base64 of 32 bytes")
}

/// Reads a kept checkpoint and verifies that the log's key signed it.
fn read_checkpoint(file: &Path, key: &LogKey) -> anyhow::Result<(u64, ledger::Hash)> {
    let describe = || format!("checkpoint {}", file.display());
    let note = std::fs::read_to_string(file).with_context(describe)?;
    let verify = |message: &[u8], signature: &[u8]| {
        vault::verify_signature(&key.public_key, message, signature)
    };
    let checkpoint = ledger::Checkpoint::open(&note, &key.origin, &key.public_key, verify)
        .with_context(describe)?;
    Ok((checkpoint.size, checkpoint.root))
}

fn export(service: &Service, arguments: &AuditExportArgs) -> anyhow::Result<ExitCode> {
    let root = &arguments.output;
    if root.try_exists()? {
        bail!("--output: {} already exists", root.display());
    }
    let mut failure = None;
    let exported = service
        .audit_log
        .export_audit(&arguments.partnership, &mut |path, bytes| {
            let file = root.join(path);
            let folder = file.parent().map_or(Ok(()), files::create_private_folder);
            folder
                .and_then(|()| files::write_private(&file, bytes))
                .map_err(|error| {
                    failure = Some(error);
                    service::ServiceError::Internal("a file cannot be written")
                })
        });
    if let Some(error) = failure {
        return Err(error);
    }
    let size = exported?;
    output::print_line(&format!(
        "{}: {size} records written to {}",
        arguments.partnership,
        root.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

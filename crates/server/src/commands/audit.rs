//! Verifying the audit, and writing it out.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use service::{AuditReport, LogKey, Service};

use crate::cli::{AuditCommand, AuditExportArgs, AuditVerifyArgs};
use crate::config::Settings;
use crate::startup::{self, Ground};
use crate::{files, output};

/// The status when verification found something wrong.
const WRONG: u8 = 3;

/// Verifies or writes out.
///
/// # Errors
/// When database, keystore, journals or files cannot be used.
pub(crate) fn audit(settings: &Settings, command: &AuditCommand) -> anyhow::Result<ExitCode> {
    let ground = Ground::open(settings)?;
    let service = ground.onlooker(settings, startup::system_clock())?;
    match command {
        AuditCommand::Verify(arguments) => verify(settings, &service, arguments),
        AuditCommand::Export(arguments) => export(&service, arguments),
    }
}

fn verify(settings: &Settings, service: &Service, arguments: &AuditVerifyArgs) -> anyhow::Result<ExitCode> {
    let mut folders = arguments.journal.clone();
    folders.push(settings.audit.journal_folder.clone());
    let all = settings.partnerships.iter().map(|partnership| partnership.code.clone());
    let chosen: Vec<String> = arguments.partnership.clone().map_or_else(|| all.collect(), |one| vec![one]);
    let mut good = true;
    for partnership in chosen {
        let mut key = service.log_key(&partnership).with_context(|| format!("partnership {partnership}"))?;
        if let Some(text) = &arguments.public_key {
            key.public_key = public_key(text)?;
        }
        for file in &arguments.checkpoint {
            key.remembered.push(remembered(file, &key)?);
        }
        let report = service.verify_audit(&partnership, &key, &folders)?;
        good &= report.fault_count == 0;
        tell(&report)?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(WRONG) })
}

/// One line of JSON with everything, then one line for people.
fn tell(report: &AuditReport) -> anyhow::Result<()> {
    output::line(&serde_json::to_string(report)?)?;
    let AuditReport { partnership, size, waiting, fault_count, .. } = report;
    let verdict = match fault_count {
        0 => "nothing is wrong".to_owned(),
        1 => "1 fault".to_owned(),
        faults => format!("{faults} faults"),
    };
    Ok(output::line(&format!("{partnership}: {size} records have their place, {waiting} wait for it; {verdict}"))?)
}

fn public_key(text: &str) -> anyhow::Result<[u8; 32]> {
    let bytes = STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.context("--public-key: not the base64 of 32 bytes")
}

/// What a kept checkpoint says, if the log's key signed it.
fn remembered(file: &Path, key: &LogKey) -> anyhow::Result<(u64, ledger::Hash)> {
    let named = || format!("checkpoint {}", file.display());
    let note = std::fs::read_to_string(file).with_context(named)?;
    let verify = |message: &[u8], signature: &[u8]| vault::verify_signature(&key.public_key, message, signature);
    let kept = ledger::Checkpoint::open(&note, &key.origin, &key.public_key, verify).with_context(named)?;
    Ok((kept.size, kept.root))
}

fn export(service: &Service, arguments: &AuditExportArgs) -> anyhow::Result<ExitCode> {
    let root = &arguments.output;
    if root.try_exists()? {
        bail!("--output: {} is there already", root.display());
    }
    let mut failure = None;
    let exported = service.export_audit(&arguments.partnership, &mut |path, bytes| {
        let file = root.join(path);
        let folder = file.parent().map_or(Ok(()), files::private_folder);
        folder.and_then(|()| files::write_private(&file, bytes)).map_err(|error| {
            failure = Some(error);
            service::ServiceError::Internal("a file cannot be written")
        })
    });
    if let Some(error) = failure {
        return Err(error);
    }
    let size = exported?;
    output::line(&format!("{}: {size} records written to {}", arguments.partnership, root.display()))?;
    Ok(ExitCode::SUCCESS)
}

//! `chronology verify-deletion`: lets a contributing agency verify, even years later, that its
//! contributions were destroyed.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vault::certificate::{Certificate, CertificateError, SignedCertificate, verify};
use vault::{KeyId, Vault};

use crate::cli::VerifyDeletionArgs;
use crate::{config, output, startup};

/// Largest certificate that is read, in bytes. The largest one that the service returns is a tenth
/// of it.
const MAX_CERTIFICATE_BYTES: u64 = 16 * 1024 * 1024;

/// Exit statuses, for the help text of the command.
pub(crate) const EXIT_STATUSES: &str = "Status: 0 the certificate is valid; 1 it could not be checked; \
2 it cannot be read; 3 signed by a key other than yours; 4 changed after it was signed; 5 unknown format; \
6 the commitment was not published in time or is that of another key; 7 the times contradict each other; \
8 a proof does not match what the certificate covers; 9 the key can still be read";

/// Verifies a certificate and prints one line for each result.
pub(crate) fn verify_deletion(
    arguments: &VerifyDeletionArgs,
    file: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let trusted_key = arguments
        .public_key
        .as_deref()
        .map(parse_public_key)
        .transpose()?;
    let Ok(signed) =
        serde_json::from_slice::<SignedCertificate>(&read_certificate(&arguments.certificate)?)
    else {
        return report_failure(2, "this is not a deletion certificate of the service");
    };
    if let Err(error) = verify(&signed, trusted_key.as_ref()) {
        return report_failure(exit_status(&error), &error.to_string());
    }
    print_findings(&signed, trusted_key.is_some())?;
    if arguments.keystore {
        let vault = startup::open_existing_vault(&config::load(file)?.keystore)?;
        if let Some(fault) = keystore_fault(&vault, &signed.certificate)? {
            return report_failure(9, fault);
        }
        output::print_line("the keystore confirms that the key is destroyed and cannot be read")?;
    }
    Ok(ExitCode::SUCCESS)
}

const fn exit_status(error: &CertificateError) -> u8 {
    match error {
        CertificateError::UntrustedKey => 3,
        CertificateError::InvalidSignature => 4,
        CertificateError::InvalidFormat(_) => 5,
        CertificateError::InvalidCommitment(_) => 6,
        CertificateError::InconsistentTimes(_) => 7,
        CertificateError::InvalidProof(_) => 8,
        CertificateError::KeyStillOpens => 9,
    }
}

fn report_failure(status: u8, reason: &str) -> anyhow::Result<ExitCode> {
    output::print_line(&format!("the certificate is not valid: {reason}"))?;
    Ok(ExitCode::from(status))
}

fn print_findings(signed: &SignedCertificate, trusted_key: bool) -> anyhow::Result<()> {
    let Certificate {
        key,
        destroyed_at,
        node_id,
        published_at,
        probed_at,
        ..
    } = &signed.certificate;
    let published = published_at.map_or_else(String::new, |at| at.to_string());
    let signer = if trusted_key {
        "the key you trust"
    } else {
        "the key that it names; compare it with the one you were given"
    };
    output::print_line(&format!("signed by {signer}: {}", signed.public_key))?;
    output::print_line(&format!(
        "key {} {}: created {}, commitment published {published}",
        key.kind, key.id, key.made_at
    ))?;
    output::print_line(&format!(
        "destroyed {destroyed_at} by node {node_id}, probed {probed_at}: it could not be read"
    ))?;
    for proof in &signed.proofs {
        output::print_line(&format!("covers {} {}", proof.object_kind, proof.object_id))?;
    }
    if signed.proofs.is_empty() {
        output::print_line("the certificate has no proofs: what it covers was not checked")?;
    }
    Ok(())
}

/// What the keystore contradicts in the certificate, if anything.
fn keystore_fault(
    vault: &Vault,
    certificate: &Certificate,
) -> anyhow::Result<Option<&'static str>> {
    let key = KeyId::parse(&certificate.key.kind, &certificate.key.id)
        .context("the certificate does not name a key")?;
    if vault.record(key)?.is_some() {
        return Ok(Some("the key still exists in this keystore"));
    }
    Ok(match vault.destruction(key)? {
        Some(destruction) if destruction.probe_opens => {
            Some("the key can still be read from this keystore")
        }
        Some(destruction) if destruction.commitment != certificate.destroyed_commitment.0 => {
            Some("this keystore destroyed another key of that name")
        }
        Some(_) => None,
        None => Some("this keystore never had the key: it is a different keystore"),
    })
}

fn read_certificate(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin()
            .take(MAX_CERTIFICATE_BYTES)
            .read_to_end(&mut bytes)?;
    } else {
        let describe = || format!("{}: cannot be read", file.display());
        let source = std::fs::File::open(file).with_context(describe)?;
        source
            .take(MAX_CERTIFICATE_BYTES)
            .read_to_end(&mut bytes)
            .with_context(describe)?;
    }
    Ok(bytes)
}

/// Parses a public key given as base64 or as a file that contains it.
fn parse_public_key(argument: &str) -> anyhow::Result<[u8; 32]> {
    let parse = |text: &str| {
        STANDARD
            .decode(text.trim())
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
    };
    if let Some(key) = parse(argument) {
        return Ok(key);
    }
    let text = std::fs::read_to_string(argument)
        .with_context(|| format!("public key {argument}: neither base64 nor a readable file"))?;
    parse(&text).with_context(|| format!("public key {argument}: must be 32 bytes as base64"))
}

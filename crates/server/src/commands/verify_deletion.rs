//! `chronology verify-deletion`: whoever contributed checks, years later, that what they sent is gone.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vault::certificate::{Certificate, CertificateFault, SignedCertificate, check};
use vault::{KeyId, Vault};

use crate::cli::VerifyDeletionArgs;
use crate::{config, output, startup};

/// Largest certificate looked at, in bytes; the largest the service answers has a tenth of it.
const LARGEST: u64 = 16 * 1024 * 1024;

/// What the status says, for the command's help.
pub(crate) const STATUSES: &str = "Status: 0 the certificate holds; 1 it could not be checked; \
2 it cannot be read; 3 signed by another key than yours; 4 changed after it was signed; 5 not of a form known here; \
6 its commitment was not published in time or is of another key; 7 its times contradict each other; \
8 a proof does not lead to what it covers; 9 the key can still be had";

/// Checks a certificate, and says what it found in one line for each thing.
pub(crate) fn verify_deletion(arguments: &VerifyDeletionArgs, file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let trusted = arguments.public_key.as_deref().map(public_key).transpose()?;
    let Ok(signed) = serde_json::from_slice::<SignedCertificate>(&read(&arguments.certificate)?) else {
        return refused(2, "this is no deletion certificate as the service answers them");
    };
    if let Err(fault) = check(&signed, trusted.as_ref()) {
        return refused(status_of(&fault), &fault.to_string());
    }
    say_what_holds(&signed, trusted.is_some())?;
    if arguments.keystore {
        let vault = startup::open_vault_to_look(&config::load(file)?.keystore)?;
        if let Some(found) = still_there(&vault, &signed.certificate)? {
            return refused(9, found);
        }
        output::line("the keystore knows the key as destroyed, and it cannot be had")?;
    }
    Ok(ExitCode::SUCCESS)
}

const fn status_of(fault: &CertificateFault) -> u8 {
    match fault {
        CertificateFault::OtherKey => 3,
        CertificateFault::Signature => 4,
        CertificateFault::Form(_) => 5,
        CertificateFault::Commitment(_) => 6,
        CertificateFault::Times(_) => 7,
        CertificateFault::Proof(_) => 8,
        CertificateFault::ProbeOpens => 9,
    }
}

fn refused(status: u8, why: &str) -> anyhow::Result<ExitCode> {
    output::line(&format!("the certificate does not hold: {why}"))?;
    Ok(ExitCode::from(status))
}

fn say_what_holds(signed: &SignedCertificate, trusted: bool) -> anyhow::Result<()> {
    let Certificate { key, destroyed_at, node_id, published_at, probed_at, .. } = &signed.certificate;
    let published = published_at.map_or_else(String::new, |at| at.to_string());
    let whom = if trusted { "the key you trust" } else { "the key it names; compare that with the one you were given" };
    output::line(&format!("signed by {whom}: {}", signed.public_key))?;
    output::line(&format!("key {} {}: made {}, its commitment published {published}", key.kind, key.id, key.made_at))?;
    output::line(&format!("destroyed {destroyed_at} by node {node_id}, probed {probed_at}: it opened nothing"))?;
    for proof in &signed.proofs {
        output::line(&format!("covers {} {}", proof.object_kind, proof.object_id))?;
    }
    if signed.proofs.is_empty() {
        output::line("no proofs came with it: what it covers was not checked")?;
    }
    Ok(())
}

/// What is wrong with the key in the keystore, if anything.
fn still_there(vault: &Vault, certificate: &Certificate) -> anyhow::Result<Option<&'static str>> {
    let key = KeyId::parse(&certificate.key.kind, &certificate.key.id).context("a key without a name")?;
    if vault.record(key)?.is_some() {
        return Ok(Some("the key is alive in this keystore"));
    }
    Ok(match vault.destruction(key)? {
        Some(destruction) if destruction.probe_opens => Some("the key can still be had from this keystore"),
        Some(destruction) if destruction.commitment != certificate.destroyed_commitment.0 => {
            Some("this keystore destroyed another key under that name")
        }
        Some(_) => None,
        None => Some("this keystore never knew the key: it is another one"),
    })
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().take(LARGEST).read_to_end(&mut bytes)?;
    } else {
        let named = || format!("{}: cannot be read", file.display());
        let source = std::fs::File::open(file).with_context(named)?;
        source.take(LARGEST).read_to_end(&mut bytes).with_context(named)?;
    }
    Ok(bytes)
}

/// A public key given as base64 or as a file that holds it.
fn public_key(given: &str) -> anyhow::Result<[u8; 32]> {
    let parse = |text: &str| STANDARD.decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if let Some(key) = parse(given) {
        return Ok(key);
    }
    let text = std::fs::read_to_string(given).with_context(|| format!("public key {given}: no base64 and no file"))?;
    parse(&text).with_context(|| format!("public key {given}: not 32 bytes as base64"))
}

//! `chronology token`: issues a development token.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use domain::Clock as _;
use identity::{CertificateThumbprint, DevClaims};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::cli::TokenArgs;
use crate::clock::SystemClock;
use crate::config::{DevelopmentIssuer, Settings};
use crate::{demo, files, process, startup};

/// Issues an access token of the development issuer.
pub(crate) fn token(settings: &Settings, arguments: TokenArgs) -> anyhow::Result<String> {
    let Some(development) = &settings.development_issuer else {
        bail!("the development issuer is disabled: set development_issuer.enabled");
    };
    process::harden();
    files::create_private_folder(&settings.data_folder)?;
    let issuer = startup::open_development_issuer(settings)?;
    let lifetime = Duration::from_secs(arguments.lifetime_seconds);
    let claims = build_claims(settings, development, arguments)?;
    Ok(issuer.issue(&claims, SystemClock.now(), lifetime)?)
}

fn build_claims(
    settings: &Settings,
    development: &DevelopmentIssuer,
    arguments: TokenArgs,
) -> anyhow::Result<DevClaims> {
    let certificate = arguments
        .certificate
        .as_deref()
        .map(read_thumbprint)
        .transpose()?;
    let mut claims = match &arguments.person {
        Some(person) => demo::claims_for_login(person)?,
        None => claims_from_arguments(&arguments),
    };
    if !development.agencies.contains(&claims.agency) {
        bail!(
            "{} is not an agency of the partnership {}",
            claims.agency,
            development.partnership
        );
    }
    claims.audience.clone_from(&settings.server.public_url);
    claims.certificate = certificate;
    claims.purpose = arguments.purpose;
    Ok(claims)
}

fn claims_from_arguments(arguments: &TokenArgs) -> DevClaims {
    DevClaims {
        subject: arguments.subject.clone().unwrap_or_default(),
        client_id: "chronology-token".to_owned(),
        agency: arguments.agency.clone().unwrap_or_default(),
        roles: arguments.role.iter().copied().collect::<BTreeSet<_>>(),
        offence_data: arguments.offence_data,
        name: arguments.name.clone(),
        job_title: arguments.job_title.clone(),
        ..DevClaims::default()
    }
}

fn read_thumbprint(file: &Path) -> anyhow::Result<CertificateThumbprint> {
    let der = CertificateDer::from_pem_file(file);
    let der = der
        .map_err(|error| anyhow::anyhow!("{error}"))
        .with_context(|| format!("{}: contains no certificate", file.display()))?;
    Ok(CertificateThumbprint::of_certificate(&der))
}

//! Certificates generated on first start: an authority whose key is discarded, and a server
//! certificate that it issued. Two certificates rather than one self-signed one, because strict
//! clients reject an authority that is also a server.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use domain::Instant;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

use super::CertificateFiles;
use crate::files;

const DAY: Duration = Duration::from_secs(86_400);
const LIFETIME: Duration = Duration::from_secs(397 * 86_400);
/// A certificate with less remaining validity is replaced at start.
const RENEWAL_MARGIN: Duration = Duration::from_secs(30 * 86_400);

/// Host names and addresses that a certificate covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerNames(BTreeSet<String>);

impl ServerNames {
    /// The names by which the service is reached: localhost, its listening address and its public
    /// address.
    pub(crate) fn new(listen: SocketAddr, public_url: &str) -> Self {
        let mut names: BTreeSet<String> =
            ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
        if !listen.ip().is_unspecified() {
            names.insert(listen.ip().to_string());
        }
        if let Some(host) = public_url
            .parse::<actix_web::http::Uri>()
            .ok()
            .and_then(|uri| uri.host().map(str::to_owned))
        {
            names.insert(host.trim_matches(['[', ']']).to_owned());
        }
        Self(names)
    }

    #[cfg(test)]
    pub(super) const fn from_set(names: BTreeSet<String>) -> Self {
        Self(names)
    }
}

/// Returns the generated certificate in `folder`. Generates one when there is none, when it expires
/// soon, or when a name is missing.
pub(crate) fn ensure_generated(
    folder: &Path,
    names: &ServerNames,
    now: Instant,
) -> anyhow::Result<CertificateFiles> {
    let files = CertificateFiles {
        certificate: folder.join("certificate.pem"),
        key: folder.join("key.pem"),
        authority: Some(folder.join("ca.pem")),
    };
    if !is_usable(&files, names, now) {
        files::create_private_folder(folder)?;
        generate(folder, names, now).context("no certificate could be generated")?;
        tracing::info!("certificate generated");
    }
    Ok(files)
}

fn is_usable(files: &CertificateFiles, names: &ServerNames, now: Instant) -> bool {
    let files_exist = files.key.is_file()
        && files
            .authority
            .as_ref()
            .is_some_and(|authority| authority.is_file());
    files_exist
        && names_unless_expiring(&files.certificate, now)
            .is_some_and(|covered| names.0.is_subset(&covered))
}

/// The names of a certificate; `None` when it expires soon.
fn names_unless_expiring(certificate: &Path, now: Instant) -> Option<BTreeSet<String>> {
    let der = CertificateDer::from_pem_file(certificate).ok()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    if certificate.validity().not_after.timestamp() < now.plus(RENEWAL_MARGIN).as_seconds() {
        return None;
    }
    let names = certificate.subject_alternative_name().ok()??;
    Some(
        names
            .value
            .general_names
            .iter()
            .filter_map(name_to_text)
            .collect(),
    )
}

fn name_to_text(name: &x509_parser::prelude::GeneralName<'_>) -> Option<String> {
    use x509_parser::prelude::GeneralName;
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from))
            .ok()
            .map(|address| address.to_string()),
        _ => None,
    }
}

fn generate(folder: &Path, names: &ServerNames, now: Instant) -> anyhow::Result<()> {
    let authority = CertifiedIssuer::self_signed(authority_params(now)?, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = server_params(names, now)?.signed_by(&key, &authority)?;
    // The certificate is written last, because only with it the set counts as complete.
    files::write_private(
        &folder.join("key.pem"),
        Zeroizing::new(key.serialize_pem()).as_bytes(),
    )?;
    files::write_private(&folder.join("ca.pem"), authority.pem().as_bytes())?;
    files::write_private(
        &folder.join("certificate.pem"),
        certificate.pem().as_bytes(),
    )?;
    Ok(())
}

fn authority_params(now: Instant) -> anyhow::Result<CertificateParams> {
    let mut params = with_validity(
        CertificateParams::new(Vec::new())?,
        "chronology, made on first start",
        now,
    );
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn server_params(names: &ServerNames, now: Instant) -> anyhow::Result<CertificateParams> {
    let names: Vec<String> = names.0.iter().cloned().collect();
    let mut params = with_validity(CertificateParams::new(names)?, "chronology", now);
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn with_validity(mut params: CertificateParams, name: &str, now: Instant) -> CertificateParams {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    // One day back, because clients' clocks differ.
    params.not_before = now.minus(DAY).to_offset();
    params.not_after = now.plus(LIFETIME).to_offset();
    params
}

//! Certificates made on first start: an authority of our own whose key is thrown away, and a certificate by it. A pair
//! rather than one self-signed certificate, because strict clients refuse an authority that is also a server.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use domain::Instant;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

use super::CertificateFiles;
use crate::files;

const DAY: Duration = Duration::from_secs(86_400);
const LIFETIME: Duration = Duration::from_secs(397 * 86_400);
/// A certificate with less than this left is made anew at start.
const MARGIN: Duration = Duration::from_secs(30 * 86_400);

/// Host names and addresses that a certificate is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// The names under which the service is reached: localhost, the address it listens on, its public address.
    pub(crate) fn new(listen: SocketAddr, public_url: &str) -> Self {
        let mut names: BTreeSet<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
        if !listen.ip().is_unspecified() {
            names.insert(listen.ip().to_string());
        }
        if let Some(host) =
            public_url.parse::<actix_web::http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned))
        {
            names.insert(host.trim_matches(['[', ']']).to_owned());
        }
        Self(names)
    }

    #[cfg(test)]
    pub(super) const fn of(names: BTreeSet<String>) -> Self {
        Self(names)
    }
}

/// The generated certificate in `folder`; made when there is none, when it runs out soon, or when a name is missing.
pub(crate) fn generated(folder: &Path, names: &Names, now: Instant) -> anyhow::Result<CertificateFiles> {
    let files = CertificateFiles {
        certificate: folder.join("certificate.pem"),
        key: folder.join("key.pem"),
        authority: Some(folder.join("ca.pem")),
    };
    if !usable(&files, names, now) {
        files::private_folder(folder)?;
        make(folder, names, now).context("no certificate could be made")?;
        tracing::info!("a certificate was made");
    }
    Ok(files)
}

fn usable(files: &CertificateFiles, names: &Names, now: Instant) -> bool {
    let there = files.key.is_file() && files.authority.as_ref().is_some_and(|authority| authority.is_file());
    there && lasting_names(&files.certificate, now).is_some_and(|covered| names.0.is_subset(&covered))
}

/// The names of a certificate that has enough time left.
fn lasting_names(certificate: &Path, now: Instant) -> Option<BTreeSet<String>> {
    let der = CertificateDer::from_pem_file(certificate).ok()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    if certificate.validity().not_after.timestamp() < now.plus(MARGIN).as_seconds() {
        return None;
    }
    let names = certificate.subject_alternative_name().ok()??;
    Some(names.value.general_names.iter().filter_map(name_text).collect())
}

fn name_text(name: &x509_parser::prelude::GeneralName<'_>) -> Option<String> {
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

fn make(folder: &Path, names: &Names, now: Instant) -> anyhow::Result<()> {
    let authority = CertifiedIssuer::self_signed(authority_params(now)?, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = server_params(names, now)?.signed_by(&key, &authority)?;
    // The certificate last: only with it is the set looked at again.
    files::write_private(&folder.join("key.pem"), Zeroizing::new(key.serialize_pem()).as_bytes())?;
    files::write_private(&folder.join("ca.pem"), authority.pem().as_bytes())?;
    files::write_private(&folder.join("certificate.pem"), certificate.pem().as_bytes())?;
    Ok(())
}

fn authority_params(now: Instant) -> anyhow::Result<CertificateParams> {
    let mut params = dated(CertificateParams::new(Vec::new())?, "chronology, made on first start", now);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn server_params(names: &Names, now: Instant) -> anyhow::Result<CertificateParams> {
    let names: Vec<String> = names.0.iter().cloned().collect();
    let mut params = dated(CertificateParams::new(names)?, "chronology", now);
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn dated(mut params: CertificateParams, name: &str, now: Instant) -> CertificateParams {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    // A day back: clients' clocks differ.
    params.not_before = now.minus(DAY).to_offset();
    params.not_after = now.plus(LIFETIME).to_offset();
    params
}

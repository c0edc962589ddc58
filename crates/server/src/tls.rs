//! TLS 1.2 and 1.3 by rustls with AWS-LC: our certificate, and client certificates for tokens that are bound to one.

mod connection;
mod generated;
mod reload;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};

pub(crate) use connection::note_connection;
pub(crate) use generated::{Names, generated};
pub(crate) use reload::Certificates;

use crate::config::TlsSettings;

/// PEM files of a certificate chain and its key, and of the authority that clients must trust if we made it.
#[derive(Debug, Clone)]
pub(crate) struct CertificateFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) authority: Option<PathBuf>,
}

/// The server's side of TLS. The certificate comes from `certificates` at each handshake, so that it can be renewed
/// without a restart; client certificates are asked for when `client_ca_file` is set and may be left out.
pub(crate) fn server_config(settings: &TlsSettings, certificates: Arc<Certificates>) -> anyhow::Result<ServerConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    let builder = match &settings.client_ca {
        Some(authorities) => {
            builder.with_client_cert_verifier(client_verifier(authorities, &settings.client_crls, provider)?)
        }
        None => builder.with_no_client_auth(),
    };
    Ok(builder.with_cert_resolver(certificates))
}

/// Reads what settings name and keeps nothing.
pub(crate) fn look_over(settings: &TlsSettings) -> anyhow::Result<()> {
    if let Some((certificate, key)) = settings.certificate.clone() {
        read_certified_key(&CertificateFiles { certificate, key, authority: None })?;
    }
    if let Some(authorities) = &settings.client_ca {
        client_verifier(authorities, &settings.client_crls, Arc::new(aws_lc_rs::default_provider()))?;
    }
    Ok(())
}

fn client_verifier(
    authorities: &Path,
    crls: &[PathBuf],
    provider: Arc<CryptoProvider>,
) -> anyhow::Result<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(authorities)? {
        roots.add(certificate).with_context(|| format!("{}: holds an unfit authority", authorities.display()))?;
    }
    let crls = crls.iter().map(|file| read_crls(file)).collect::<anyhow::Result<Vec<_>>>()?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .with_crls(crls.into_iter().flatten())
        .allow_unknown_revocation_status()
        .allow_unauthenticated()
        .build()?;
    Ok(verifier)
}

/// The chain and key in two PEM files, checked to belong together.
fn read_certified_key(files: &CertificateFiles) -> anyhow::Result<CertifiedKey> {
    let chain = read_certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| anyhow::anyhow!("{}: {error}", files.key.display()))?;
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
        .with_context(|| format!("{} and its key cannot be used together", files.certificate.display()))
}

fn read_certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = certificates.map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    if certificates.is_empty() {
        bail!("{}: holds no certificate", file.display());
    }
    Ok(certificates)
}

fn read_crls(file: &Path) -> anyhow::Result<Vec<CertificateRevocationListDer<'static>>> {
    let lists = CertificateRevocationListDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    lists.map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests;

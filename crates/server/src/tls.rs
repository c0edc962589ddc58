//! TLS 1.2 and 1.3 by rustls with AWS-LC: our certificate, and client certificates for tokens that are bound to one.

mod client_authorities;
mod connection;
mod generated;
mod reload;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::sign::CertifiedKey;

pub(crate) use connection::TlsTransport;
pub(crate) use generated::{Names, generated};

use crate::config::{ClientCertificateSettings, TlsSettings};
use client_authorities::ClientAuthorities;
use reload::Certificates;

/// PEM files of a certificate chain and its key, and of the authority that clients must trust if we made it.
#[derive(Debug, Clone)]
pub(crate) struct CertificateFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) authority: Option<PathBuf>,
}

/// What is shown to clients and what theirs are checked by: everything about TLS that SIGHUP reads again.
#[derive(Clone)]
pub(crate) struct TlsState {
    certificates: Arc<Certificates>,
    clients: Option<Arc<ClientAuthorities>>,
}

impl TlsState {
    /// The service's certificate from `files`; client certificates by `clients` where they are configured.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub(crate) fn open(files: CertificateFiles, clients: Option<ClientCertificateSettings>) -> anyhow::Result<Self> {
        let certificates = Arc::new(Certificates::open(files)?);
        let clients = clients.map(ClientAuthorities::open).transpose()?.map(Arc::new);
        Ok(Self { certificates, clients })
    }

    /// Reads every file again: the service's certificate, then the authorities and revocation lists for client
    /// certificates. One that cannot be used stays as it was, and does not keep the other from being read.
    pub(crate) fn reload(&self) {
        log_reload("certificate", self.certificates.reload());
        if let Some(clients) = &self.clients {
            log_reload("client authorities and revocation lists", clients.reload());
        }
    }

    /// The handshake with each client.
    ///
    /// # Errors
    /// As [`TlsState::server_config`].
    pub(crate) fn transport(&self) -> anyhow::Result<TlsTransport> {
        let mut config = self.server_config()?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsTransport::new(Arc::new(config).into()))
    }

    /// The server's side of TLS. Certificates are looked up at each handshake, so that they can be renewed without a
    /// restart; client certificates are asked for where they are configured and may be left out.
    ///
    /// # Errors
    /// When the library refuses the protocol versions.
    pub(crate) fn server_config(&self) -> anyhow::Result<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
        let Some(clients) = &self.clients else {
            return Ok(builder.with_no_client_auth().with_cert_resolver(Arc::clone(&self.certificates) as _));
        };
        let builder = builder.with_client_cert_verifier(Arc::clone(clients) as _);
        let mut config = builder.with_cert_resolver(Arc::clone(&self.certificates) as _);
        // A resumed session takes the client's certificate over unchecked, though it may have been revoked since.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }
}

fn log_reload(what: &str, outcome: anyhow::Result<()>) {
    match outcome {
        Ok(()) => tracing::info!(what, "read again"),
        Err(error) => tracing::warn!(what, error = %format!("{error:#}"), "cannot be used; the former stay in use"),
    }
}

/// Reads what settings name and keeps nothing.
pub(crate) fn look_over(settings: &TlsSettings) -> anyhow::Result<()> {
    if let Some((certificate, key)) = settings.certificate.clone() {
        read_certified_key(&CertificateFiles { certificate, key, authority: None })?;
    }
    if let Some(clients) = settings.clients.clone() {
        ClientAuthorities::open(clients)?;
    }
    Ok(())
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

#[cfg(test)]
mod tests;

//! TLS 1.2 and 1.3 with rustls and AWS-LC: the server certificate, and client certificates for
//! tokens that are bound to one.

mod client_authorities;
mod connection;
mod generated;
mod reloadable_certificate;

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
pub(crate) use generated::{ServerNames, ensure_generated};

use crate::config::{ClientCertificateSettings, TlsSettings};
use client_authorities::ClientAuthorities;
use reloadable_certificate::ReloadableCertificate;

/// PEM files of a certificate chain and its key, and of the authority that clients must trust when
/// it was generated.
#[derive(Debug, Clone)]
pub(crate) struct CertificateFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) authority: Option<PathBuf>,
}

/// The server certificate and the verification of client certificates: all TLS state that SIGHUP
/// reloads.
#[derive(Clone)]
pub(crate) struct TlsState {
    certificates: Arc<ReloadableCertificate>,
    clients: Option<Arc<ClientAuthorities>>,
}

impl TlsState {
    /// Reads the server certificate from `files`, and the authorities in `clients` if configured.
    ///
    /// # Errors
    /// Fails when a file cannot be read or used.
    pub(crate) fn open(
        files: CertificateFiles,
        clients: Option<ClientCertificateSettings>,
    ) -> anyhow::Result<Self> {
        let certificates = Arc::new(ReloadableCertificate::open(files)?);
        let clients = clients
            .map(ClientAuthorities::open)
            .transpose()?
            .map(Arc::new);
        Ok(Self {
            certificates,
            clients,
        })
    }

    /// Reloads the server certificate, then the authorities and revocation lists for client
    /// certificates. If one fails, its previous content stays in use and the other is still
    /// reloaded.
    pub(crate) fn reload(&self) {
        log_reload("certificate", self.certificates.reload());
        if let Some(clients) = &self.clients {
            log_reload("client authorities and revocation lists", clients.reload());
        }
    }

    /// The transport that performs the handshake with each client.
    ///
    /// # Errors
    /// Fails when rustls rejects the protocol versions.
    pub(crate) fn transport(&self) -> anyhow::Result<TlsTransport> {
        let mut config = self.server_config()?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsTransport::new(Arc::new(config).into()))
    }

    /// The rustls configuration. The certificate is looked up at each handshake, so that it can be
    /// renewed without a restart. Client certificates are requested where configured, and are
    /// optional.
    ///
    /// # Errors
    /// Fails when rustls rejects the protocol versions.
    pub(crate) fn server_config(&self) -> anyhow::Result<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
        let Some(clients) = &self.clients else {
            return Ok(builder
                .with_no_client_auth()
                .with_cert_resolver(Arc::clone(&self.certificates) as _));
        };
        let builder = builder.with_client_cert_verifier(Arc::clone(clients) as _);
        let mut config = builder.with_cert_resolver(Arc::clone(&self.certificates) as _);
        // A resumed session would accept the client's certificate without verification, although it
        // may have been revoked since.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }
}

fn log_reload(content: &str, outcome: anyhow::Result<()>) {
    match outcome {
        Ok(()) => tracing::info!(content, "reloaded"),
        Err(error) => {
            tracing::warn!(content, error = %format!("{error:#}"), "reload failed; the previous content stays in use")
        }
    }
}

/// Reads the configured files and discards them.
pub(crate) fn check_files(settings: &TlsSettings) -> anyhow::Result<()> {
    if let Some((certificate, key)) = settings.certificate.clone() {
        read_certified_key(&CertificateFiles {
            certificate,
            key,
            authority: None,
        })?;
    }
    if let Some(clients) = settings.clients.clone() {
        ClientAuthorities::open(clients)?;
    }
    Ok(())
}

/// Reads chain and key from two PEM files and verifies that they match.
fn read_certified_key(files: &CertificateFiles) -> anyhow::Result<CertifiedKey> {
    let chain = read_certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| anyhow::anyhow!("{}: {error}", files.key.display()))?;
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).with_context(|| {
        format!(
            "{} and its key cannot be used together",
            files.certificate.display()
        )
    })
}

fn read_certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let certificates =
        CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates =
        certificates.map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    if certificates.is_empty() {
        bail!("{}: contains no certificate", file.display());
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests;

//! Client certificates: their issuing authorities and revocation lists, which can be reloaded while
//! the service runs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use anyhow::{Context as _, bail};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme};

use super::read_certificates;
use crate::config::ClientCertificateSettings;

/// Verifies client certificates with the current authorities and revocation lists. A client
/// certificate is optional.
pub(crate) struct ClientAuthorities {
    settings: ClientCertificateSettings,
    current: RwLock<ActiveVerifier>,
}

struct ActiveVerifier {
    verifier: Arc<dyn ClientCertVerifier>,
    /// Names of the authorities, sent to clients so that they can choose a certificate.
    names: &'static [DistinguishedName],
}

impl ClientAuthorities {
    /// Reads the files given in `settings`.
    ///
    /// # Errors
    /// Fails when a file cannot be read, or contains no authority or no revocation list.
    pub(crate) fn open(settings: ClientCertificateSettings) -> anyhow::Result<Self> {
        let verifier = read_verifier(&settings)?;
        let names = leak_names(verifier.as_ref());
        Ok(Self {
            settings,
            current: RwLock::new(ActiveVerifier { verifier, names }),
        })
    }

    /// Reads the files again. New connections are verified with the new content; open connections
    /// stay open.
    ///
    /// # Errors
    /// Fails when the files cannot be used. The previous authorities and lists then stay in use.
    pub(crate) fn reload(&self) -> anyhow::Result<()> {
        let verifier = read_verifier(&self.settings)?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if !are_same_names(current.names, verifier.root_hint_subjects()) {
            current.names = leak_names(verifier.as_ref());
        }
        current.verifier = verifier;
        Ok(())
    }

    fn current(&self) -> RwLockReadGuard<'_, ActiveVerifier> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.current().verifier)
    }
}

/// Copies the names of a verifier's authorities and never frees them: rustls borrows them from this
/// type, which outlives each inner verifier. Only a change of authorities by an operator adds
/// names.
fn leak_names(verifier: &dyn ClientCertVerifier) -> &'static [DistinguishedName] {
    Box::leak(verifier.root_hint_subjects().to_vec().into_boxed_slice())
}

fn are_same_names(one: &[DistinguishedName], other: &[DistinguishedName]) -> bool {
    one.iter()
        .map(AsRef::<[u8]>::as_ref)
        .eq(other.iter().map(AsRef::<[u8]>::as_ref))
}

fn read_verifier(
    settings: &ClientCertificateSettings,
) -> anyhow::Result<Arc<dyn ClientCertVerifier>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let roots = Arc::new(read_authorities(&settings.authorities)?);
    let mut builder =
        WebPkiClientVerifier::builder_with_provider(roots, provider).allow_unauthenticated();
    for file in &settings.revocation_lists {
        builder = builder.with_crls(read_revocation_lists(file)?);
    }
    // A list past its next update no longer states whether a certificate is revoked (RFC 5280,
    // section 5.1.2.5).
    let builder = if settings.allow_unknown_revocation_status {
        builder.allow_unknown_revocation_status()
    } else {
        require_revocation_lists(&settings.revocation_lists)?;
        builder.enforce_revocation_expiration()
    };
    Ok(builder.build()?)
}

/// Without a list rustls does not check revocation at all.
fn require_revocation_lists(lists: &[PathBuf]) -> anyhow::Result<()> {
    if lists.is_empty() {
        bail!(
            "client certificates: no revocation list is configured, and an unknown status is not allowed"
        );
    }
    Ok(())
}

fn read_authorities(file: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(file)? {
        roots
            .add(certificate)
            .with_context(|| format!("{}: contains an unusable authority", file.display()))?;
    }
    Ok(roots)
}

fn read_revocation_lists(
    file: &Path,
) -> anyhow::Result<Vec<CertificateRevocationListDer<'static>>> {
    let lists = CertificateRevocationListDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let lists = lists.map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    if lists.is_empty() {
        bail!("{}: contains no revocation list", file.display());
    }
    Ok(lists)
}

impl fmt::Debug for ClientAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAuthorities")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl ClientCertVerifier for ClientAuthorities {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.current().names
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.verifier()
            .verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier()
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier()
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier().supported_verify_schemes()
    }
}

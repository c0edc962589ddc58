//! The server certificate, which can be reloaded while the service runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{CertificateFiles, read_certified_key};

/// The current certificate and the files it was read from.
pub(crate) struct ReloadableCertificate {
    files: CertificateFiles,
    current: RwLock<Arc<CertifiedKey>>,
}

impl ReloadableCertificate {
    /// Reads the certificate from `files`.
    ///
    /// # Errors
    /// Fails when the files cannot be read, or certificate and key do not match.
    pub(crate) fn open(files: CertificateFiles) -> anyhow::Result<Self> {
        let current = RwLock::new(Arc::new(read_certified_key(&files)?));
        Ok(Self { files, current })
    }

    /// Reads the files again. New connections use the new certificate.
    ///
    /// # Errors
    /// Fails when the files cannot be used. The previous certificate then stays in use.
    pub(crate) fn reload(&self) -> anyhow::Result<()> {
        let fresh = Arc::new(read_certified_key(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

impl fmt::Debug for ReloadableCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl ResolvesServerCert for ReloadableCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(
            &self.current.read().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

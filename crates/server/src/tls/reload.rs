//! The certificate shown at each handshake, which can be read again while the service runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{CertificateFiles, read_certified_key};

/// The certificate in use, and the files it came from.
pub(crate) struct Certificates {
    files: CertificateFiles,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificates {
    /// From `files`.
    ///
    /// # Errors
    /// When they cannot be read or do not belong together.
    pub(crate) fn open(files: CertificateFiles) -> anyhow::Result<Self> {
        let current = RwLock::new(Arc::new(read_certified_key(&files)?));
        Ok(Self { files, current })
    }

    /// Reads the files again; new connections see the new certificate.
    ///
    /// # Errors
    /// When they cannot be used; the former certificate stays.
    pub(crate) fn reload(&self) -> anyhow::Result<()> {
        let fresh = Arc::new(read_certified_key(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

//! What comes between an accepted connection and HTTP: the handshake, and what it says of the client.

use std::future::Future;
use std::io;

use api::{ClientCertificate, Counted, Transport};
use identity::CertificateThumbprint;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// TLS, with the thumbprint of the certificate that a client presented, so that a token bound to it can be checked; rustls
/// has checked the certificate itself.
#[derive(Clone)]
pub(crate) struct TlsTransport(TlsAcceptor);

impl TlsTransport {
    pub(super) fn new(acceptor: TlsAcceptor) -> Self {
        Self(acceptor)
    }
}

impl Transport for TlsTransport {
    type Stream = TlsStream<Counted>;

    fn open(
        &self,
        connection: Counted,
    ) -> impl Future<Output = io::Result<(Self::Stream, Option<ClientCertificate>)>> + 'static {
        let accepting = self.0.accept(connection);
        async move {
            let stream = accepting.await?;
            let presented = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let certificate =
                presented.map(|certificate| ClientCertificate(CertificateThumbprint::of_certificate(certificate)));
            Ok((stream, certificate))
        }
    }
}

//! The TLS handshake between an accepted connection and HTTP, and what it shows about the client.

use std::future::Future;
use std::io;

use identity::CertificateThumbprint;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use web::{ClientCertificate, CountedStream, Transport};

/// TLS transport. It passes on the thumbprint of the client's certificate, so that a token bound to
/// the certificate can be verified. rustls verifies the certificate itself.
#[derive(Clone)]
pub(crate) struct TlsTransport(TlsAcceptor);

impl TlsTransport {
    pub(super) fn new(acceptor: TlsAcceptor) -> Self {
        Self(acceptor)
    }
}

impl Transport for TlsTransport {
    type Stream = TlsStream<CountedStream>;

    fn accept(
        &self,
        connection: CountedStream,
    ) -> impl Future<Output = io::Result<(Self::Stream, Option<ClientCertificate>)>> + 'static {
        let accepting = self.0.accept(connection);
        async move {
            let stream = accepting.await?;
            let presented = stream
                .get_ref()
                .1
                .peer_certificates()
                .and_then(<[_]>::first);
            let certificate = presented.map(|certificate| {
                ClientCertificate(CertificateThumbprint::of_certificate(certificate))
            });
            Ok((stream, certificate))
        }
    }
}

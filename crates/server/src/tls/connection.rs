//! What a connection says of its client.

use std::any::Any;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use api::ClientCertificate;
use identity::CertificateThumbprint;

/// Keeps the thumbprint of the certificate a client presented, so that a token bound to it can be checked. rustls has
/// checked the certificate itself.
pub(crate) fn note_client_certificate(connection: &dyn Any, data: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() else { return };
    let (_, session) = stream.get_ref();
    if let Some(certificate) = session.peer_certificates().and_then(<[_]>::first) {
        data.insert(ClientCertificate(CertificateThumbprint::of_certificate(certificate)));
    }
}

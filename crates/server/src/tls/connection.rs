//! What is kept with a connection: what it says of its client, and the queue of what is sent to it.

use std::any::Any;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use api::{ClientCertificate, SendQueue};
use identity::CertificateThumbprint;

/// Keeps the thumbprint of the certificate a client presented, so that a token bound to it can be checked (rustls has
/// checked the certificate itself), and bounds what the operating system holds unsent of answers.
pub(crate) fn note_connection(connection: &dyn Any, data: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() else { return };
    let (socket, session) = stream.get_ref();
    match SendQueue::bound(socket) {
        Ok(queue) => {
            data.insert(queue);
        }
        Err(error) => tracing::warn!(%error, "what is held unsent for a connection cannot be bounded"),
    }
    if let Some(certificate) = session.peer_certificates().and_then(<[_]>::first) {
        data.insert(ClientCertificate(CertificateThumbprint::of_certificate(certificate)));
    }
}

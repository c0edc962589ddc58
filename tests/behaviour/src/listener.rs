//! The service on two loopback ports. Clients of the second one count as having presented a client
//! certificate.

use std::future::{Future, ready};
use std::io;
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_server::{ServerBuilder, ServerHandle};
use actix_web::rt;
use api::ApiState;
use identity::CertificateThumbprint;
use web::{ClientCertificate, ConnectionLimits, Connections, CountedStream, Transport};

/// A running server; it stops when this is dropped.
pub(crate) struct Listener {
    pub(crate) port_without_certificate: u16,
    pub(crate) port_with_certificate: u16,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// HTTP without TLS that reports this client certificate for every connection.
#[derive(Clone)]
struct FixedCertificate(Option<CertificateThumbprint>);

impl Transport for FixedCertificate {
    type Stream = CountedStream;

    fn accept(
        &self,
        connection: CountedStream,
    ) -> impl Future<Output = io::Result<(Self::Stream, Option<ClientCertificate>)>> + 'static {
        ready(Ok((connection, self.0.map(ClientCertificate))))
    }
}

impl Listener {
    pub(crate) fn start(
        state: ApiState,
        certificate: CertificateThumbprint,
        limits: ConnectionLimits,
    ) -> Self {
        let without_certificate = bind_loopback();
        let with_certificate = bind_loopback();
        let port_of = |listener: &TcpListener| listener.local_addr().expect("an address").port();
        let port_without_certificate = port_of(&without_certificate);
        let port_with_certificate = port_of(&with_certificate);
        let (handle_sender, handle_receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let serve = async move {
                let connections = Connections::new(limits);
                let server = ServerBuilder::new().workers(2).disable_signals();
                let server = api::listen(
                    server,
                    without_certificate,
                    &state,
                    &connections,
                    FixedCertificate(None),
                )
                .and_then(|server| {
                    let transport = FixedCertificate(Some(certificate));
                    api::listen(server, with_certificate, &state, &connections, transport)
                })
                .expect("the server listens on both ports")
                .run();
                handle_sender
                    .send(server.handle())
                    .expect("the test waits for the handle");
                server.await.expect("the server runs to its end");
            };
            rt::System::new().block_on(serve);
        });
        let handle = handle_receiver.recv().expect("the server starts");
        Self {
            port_without_certificate,
            port_with_certificate,
            handle,
            thread: Some(thread),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The call itself stops the server; the future it returns only waits for the end.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn bind_loopback() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).expect("a free port")
}

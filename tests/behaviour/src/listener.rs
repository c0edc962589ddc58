//! The service on two loopback ports: whoever comes to the second one has presented a client certificate.

use std::future::{Future, ready};
use std::io;
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_server::{ServerBuilder, ServerHandle};
use actix_web::rt;
use api::{ApiState, ClientCertificate, ConnectionLimits, Connections, Counted, Transport};
use identity::CertificateThumbprint;

/// A server that ends when this is dropped.
pub(crate) struct Listener {
    pub(crate) plain: u16,
    pub(crate) certified: u16,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// HTTP without TLS, as if every client had presented this certificate.
#[derive(Clone)]
struct Plain(Option<CertificateThumbprint>);

impl Transport for Plain {
    type Stream = Counted;

    fn open(
        &self,
        connection: Counted,
    ) -> impl Future<Output = io::Result<(Self::Stream, Option<ClientCertificate>)>> + 'static {
        ready(Ok((connection, self.0.map(ClientCertificate))))
    }
}

impl Listener {
    pub(crate) fn start(state: ApiState, certificate: CertificateThumbprint, limits: ConnectionLimits) -> Self {
        let (plain, certified) = (listen(), listen());
        let ports = [&plain, &certified].map(|one| one.local_addr().expect("an address").port());
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let serve = async move {
                let connections = Connections::new(limits);
                let server = ServerBuilder::new().workers(2).disable_signals();
                let server = api::listen(server, plain, &state, &connections, Plain(None))
                    .and_then(|server| api::listen(server, certified, &state, &connections, Plain(Some(certificate))))
                    .expect("the ports are ours")
                    .run();
                tell.send(server.handle()).expect("somebody waits");
                server.await.expect("the server runs to its end");
            };
            rt::System::new().block_on(serve);
        });
        let handle = told.recv().expect("the server starts");
        Self { plain: ports[0], certified: ports[1], handle, thread: Some(thread) }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The order is given by the call; what it returns only waits.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn listen() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).expect("a free port")
}

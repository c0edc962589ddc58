//! The service on two loopback ports: whoever comes to the second one has presented a client certificate.

use std::net::TcpListener;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::rt::net::TcpStream;
use actix_web::{HttpServer, rt};
use api::{ApiState, ClientCertificate, SendQueue};
use identity::CertificateThumbprint;

/// A server that ends when this is dropped.
pub(crate) struct Listener {
    pub(crate) plain: u16,
    pub(crate) certified: u16,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(crate) fn start(state: ApiState, certificate: CertificateThumbprint) -> Self {
        let (plain, certified) = (listen(), listen());
        let ports = [&plain, &certified].map(|one| one.local_addr().expect("an address").port());
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let serve = async move {
                let server = HttpServer::new(move || api::app(&state))
                    .workers(2)
                    .disable_signals()
                    .on_connect(move |connection, data| {
                        let stream = connection.downcast_ref::<TcpStream>().expect("plain TCP");
                        data.insert(SendQueue::bound(stream).expect("a connection"));
                        if stream.local_addr().is_ok_and(|address| address.port() == ports[1]) {
                            data.insert(ClientCertificate(certificate));
                        }
                    })
                    .listen(plain)
                    .and_then(|server| server.listen(certified))
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

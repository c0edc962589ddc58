//! Listening: from an accepted connection to the application.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};

use actix_http::HttpService;
use actix_server::ServerBuilder;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::Error;
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite};

use super::own_answers::Rewriter;
use super::registry::Connections;
use super::stream::{Counted, Guarded, LINGER};
use crate::{ApiState, ClientCertificate, app};

/// What becomes of an accepted connection before HTTP is spoken on it: TLS, or nothing in tests.
pub trait Transport: Clone + Send + 'static {
    /// The stream on which HTTP is spoken.
    type Stream: AsyncRead + AsyncWrite + Unpin + 'static;

    /// Opens it; also says which certificate the client presented.
    ///
    /// # Errors
    /// When that fails; the connection is then closed.
    fn open(
        &self,
        connection: Counted,
    ) -> impl Future<Output = io::Result<(Self::Stream, Option<ClientCertificate>)>> + 'static;
}

/// A connection that is no more; nothing is to be told of it.
#[derive(Debug)]
struct Closed;

/// Serves the application on a listener, as one more of `server`'s.
///
/// # Errors
/// When the listener cannot be used.
pub fn listen(
    server: ServerBuilder,
    listener: TcpListener,
    state: &ApiState,
    connections: &Connections,
    transport: impl Transport,
) -> io::Result<ServerBuilder> {
    let (state, connections) = (state.clone(), connections.clone());
    let ended = server.graceful_shutdown_signal();
    server.listen("api", listener, move || {
        let gate = Gate { connections: connections.clone(), rewriter: state.rewriter(), transport: transport.clone() };
        let application = app(&state).into_factory().map_err(|error: Error| error.error_response());
        let ended = ended.clone();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let ended = ended.clone();
                async move { ended.notified().await }
            })
            .client_request_timeout(connections.limits().request)
            // Without it a client that still sends a body never reads why it was refused.
            .client_disconnect_timeout(LINGER)
            // Else whoever sends what is no body is closed before the answer to it is there.
            .h1_allow_half_closed(true)
            .on_connect_ext(|opened: &Guarded<_>, data| opened.note(data))
            .h1(map_config(application, |()| AppConfig::default()));
        fn_service(move |io: TcpStream| gate.clone().open(io)).and_then(http.map_err(|_| Closed))
    })
}

/// Where connections come in.
#[derive(Clone)]
struct Gate<T> {
    connections: Connections,
    rewriter: Rewriter,
    transport: T,
}

impl<T: Transport> Gate<T> {
    /// Lets a connection in and opens it, within the time that a client has for that.
    async fn open(self, io: TcpStream) -> Result<(Guarded<T::Stream>, Option<SocketAddr>), Closed> {
        // Else the last piece of an answer waits up to 40 ms for the client to acknowledge the one before.
        io.set_nodelay(true).map_err(|_| Closed)?;
        let peer = io.peer_addr().map_err(|_| Closed)?;
        let admitted = self.connections.admit(&io, peer.ip()).map_err(|error| {
            tracing::debug!(kind = ?error.kind(), "a connection was not let in");
            metrics::counter!("connections_refused_total").increment(1);
            Closed
        })?;
        let limits = self.connections.limits().clone();
        let opening = self.transport.open(Counted::new(io, &admitted));
        let opened = tokio::time::timeout(limits.request, opening).await;
        let (stream, certificate) = opened.map_err(|_| Closed)?.map_err(|_| Closed)?;
        Ok((Guarded::new(stream, certificate, admitted, limits, self.rewriter), Some(peer)))
    }
}

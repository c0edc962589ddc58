//! Accepts connections and serves the application on them.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};

use actix_http::HttpService;
use actix_server::ServerBuilder;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::rt::net::TcpStream;
use actix_web::{App, Error};
use tokio::io::{AsyncRead, AsyncWrite};

use super::bare_responses::BareResponseRewriter;
use super::registry::Connections;
use super::stream::{CountedStream, LINGER_TIMEOUT, MonitoredStream};
use crate::ClientCertificate;
use crate::middleware::MiddlewareState;

/// Establishes the transport of an accepted connection before HTTP: TLS, or none in tests.
pub trait Transport: Clone + Send + 'static {
    /// The stream that carries HTTP.
    type Stream: AsyncRead + AsyncWrite + Unpin + 'static;

    /// Completes the handshake; also returns the certificate that the client presented.
    ///
    /// # Errors
    /// When the handshake fails; the connection is then closed.
    fn accept(
        &self,
        connection: CountedStream,
    ) -> impl Future<Output = io::Result<(Self::Stream, Option<ClientCertificate>)>> + 'static;
}

/// The connection is closed and there is nothing to report.
#[derive(Debug)]
struct ConnectionClosed;

/// Adds a listener that serves an application to `server`. `app` builds the application for each
/// worker thread, with `middleware` as its state.
///
/// # Errors
/// When the listener cannot be used.
pub fn listen<S>(
    server: ServerBuilder,
    listener: TcpListener,
    app: impl Fn() -> App<S> + Clone + Send + 'static,
    middleware: &MiddlewareState,
    connections: &Connections,
    transport: impl Transport,
) -> io::Result<ServerBuilder>
where
    S: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<BoxBody>,
            Error = Error,
            InitError = (),
        > + 'static,
{
    let rewriter = middleware.rewriter();
    let connections = connections.clone();
    let shutdown_signal = server.graceful_shutdown_signal();
    server.listen("http", listener, move || {
        let acceptor = Acceptor {
            connections: connections.clone(),
            rewriter: rewriter.clone(),
            transport: transport.clone(),
        };
        let application = app()
            .into_factory()
            .map_err(|error: Error| error.error_response());
        let shutdown_signal = shutdown_signal.clone();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let shutdown_signal = shutdown_signal.clone();
                async move { shutdown_signal.notified().await }
            })
            .client_request_timeout(connections.limits().handshake)
            // Without this timeout a client that is still sending a body would not read why it was
            // refused.
            .client_disconnect_timeout(LINGER_TIMEOUT)
            // Otherwise a client that sends a malformed body and half-closes is disconnected before
            // the response is written.
            .h1_allow_half_closed(true)
            .on_connect_ext(|stream: &MonitoredStream<_>, data| stream.attach_data(data))
            .h1(map_config(application, |()| AppConfig::default()));
        fn_service(move |socket: TcpStream| acceptor.clone().accept(socket))
            .and_then(http.map_err(|_| ConnectionClosed))
    })
}

/// Registers accepted connections and completes their handshake.
#[derive(Clone)]
struct Acceptor<T> {
    connections: Connections,
    rewriter: BareResponseRewriter,
    transport: T,
}

impl<T: Transport> Acceptor<T> {
    /// Registers a connection and completes its handshake within the time limit.
    async fn accept(
        self,
        socket: TcpStream,
    ) -> Result<(MonitoredStream<T::Stream>, Option<SocketAddr>), ConnectionClosed> {
        // Otherwise Nagle's algorithm delays the last piece of a response by up to 40 ms, until the
        // client acknowledges the previous one.
        socket.set_nodelay(true).map_err(|_| ConnectionClosed)?;
        let peer = socket.peer_addr().map_err(|_| ConnectionClosed)?;
        let guard = self
            .connections
            .register(&socket, peer.ip())
            .map_err(|error| {
                tracing::debug!(kind = ?error.kind(), "a connection was refused");
                metrics::counter!("connections_refused_total").increment(1);
                ConnectionClosed
            })?;
        let limits = self.connections.limits().clone();
        let handshake = self.transport.accept(CountedStream::new(socket, &guard));
        let accepted = tokio::time::timeout(limits.handshake, handshake).await;
        let (stream, certificate) = accepted
            .map_err(|_| ConnectionClosed)?
            .map_err(|_| ConnectionClosed)?;
        Ok((
            MonitoredStream::new(stream, certificate, guard, limits, self.rewriter),
            Some(peer),
        ))
    }
}

//! The streams of a connection: one below TLS that counts the bytes sent, and one above TLS that
//! the HTTP server uses.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::{self, net::TcpStream};
use actix_web::web::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use super::bare_responses::{BareResponseRewriter, find_bare_response};
use super::monitor::ProgressMonitor;
use super::registry::ConnectionGuard;
use super::{Connection, ConnectionLimits};
use crate::ClientCertificate;

/// How long a client may take to read the last response before its connection is closed.
pub(super) const LINGER_TIMEOUT: Duration = Duration::from_secs(1);

/// A TCP stream that counts the bytes which the operating system accepts for sending.
#[derive(Debug)]
pub struct CountedStream {
    io: TcpStream,
    connection: Arc<Connection>,
}

impl CountedStream {
    pub(super) fn new(io: TcpStream, guard: &ConnectionGuard) -> Self {
        Self {
            io,
            connection: Arc::clone(&guard.connection),
        }
    }
}

impl AsyncRead for CountedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.connection
            .bytes_sent
            .fetch_add(written as u64, Ordering::AcqRel);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// The stream that the HTTP server uses. It fails when the connection makes no progress, and it
/// defers reading while the client does not take what is written: otherwise a client that sends
/// requests and never reads would fill the memory with responses.
pub(super) struct MonitoredStream<S: AsyncRead + AsyncWrite + Unpin + 'static> {
    /// `Some` until dropped.
    io: Option<(S, ConnectionGuard)>,
    certificate: Option<ClientCertificate>,
    connection: Arc<Connection>,
    monitor: ProgressMonitor,
    /// Whether the last write is pending because the client does not read.
    write_blocked: bool,
    rewriter: BareResponseRewriter,
    /// The unwritten rest of a replacement for a bare response, and the length of the original.
    rewritten: Option<(Bytes, usize)>,
    /// Whether a read was deferred while writing was blocked.
    read_deferred: bool,
    /// Whether the HTTP server has shut the connection down.
    shut_down: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> MonitoredStream<S> {
    pub(super) fn new(
        io: S,
        certificate: Option<ClientCertificate>,
        guard: ConnectionGuard,
        limits: ConnectionLimits,
        rewriter: BareResponseRewriter,
    ) -> Self {
        Self {
            connection: Arc::clone(&guard.connection),
            io: Some((io, guard)),
            certificate,
            monitor: ProgressMonitor::new(limits),
            write_blocked: false,
            rewriter,
            rewritten: None,
            read_deferred: false,
            shut_down: false,
        }
    }

    /// Makes the connection and its client certificate available to requests.
    pub(super) fn attach_data(&self, data: &mut Extensions) {
        data.insert(Arc::clone(&self.connection));
        if let Some(certificate) = self.certificate {
            data.insert(certificate);
        }
    }

    fn check_progress(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.monitor.poll(cx, &self.connection, self.write_blocked) {
            Poll::Pending => Ok(()),
            Poll::Ready(reason) => {
                metrics::counter!("connections_ended_total", "reason" => reason).increment(1);
                // Otherwise the operating system keeps the unsent data of a client that does not
                // read.
                self.connection.send_queue.discard_at_close();
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }

    fn io(&mut self) -> io::Result<Pin<&mut S>> {
        let (io, _) = self.io.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Pin::new(io))
    }

    /// Records whether writing is blocked, and wakes a deferred reader when it no longer is.
    fn set_write_blocked(&mut self, cx: &mut Context<'_>, write_blocked: bool) {
        self.write_blocked = write_blocked;
        if !write_blocked && std::mem::take(&mut self.read_deferred) {
            cx.waker().wake_by_ref();
        }
    }

    fn write_through(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.io()?.poll_write(cx, bytes);
        self.set_write_blocked(cx, written.is_pending());
        written
    }

    /// Writes the rest of a replacement; ready with the length of the original, which the HTTP
    /// server expects.
    fn write_rewritten(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some((mut rest, original_length)) = self.rewritten.take() {
            if rest.is_empty() {
                return Poll::Ready(Ok(original_length));
            }
            let written = self.write_through(cx, &rest);
            if let Poll::Ready(Ok(count)) = &written {
                let _ = rest.split_to((*count).min(rest.len()));
            }
            self.rewritten = Some((rest, original_length));
            ready!(written)?;
        }
        Poll::Ready(Ok(0))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> AsyncRead for MonitoredStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_progress(cx)?;
        if self.write_blocked {
            self.read_deferred = true;
            return Poll::Pending;
        }
        self.io()?.poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> AsyncWrite for MonitoredStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_progress(cx)?;
        if self.rewritten.is_none() {
            match find_bare_response(bytes) {
                None => return self.write_through(cx, bytes),
                Some(bare) if bare.start > 0 => {
                    return self.write_through(cx, bytes.get(..bare.start).unwrap_or_default());
                }
                Some(bare) => {
                    self.rewritten =
                        Some((self.rewriter.problem_response(bare.status), bytes.len()))
                }
            }
        }
        self.write_rewritten(cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_progress(cx)?;
        let flushed = self.io()?.poll_flush(cx);
        self.set_write_blocked(cx, flushed.is_pending());
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_progress(cx)?;
        let shut_down = self.io()?.poll_shutdown(cx);
        self.shut_down |= shut_down.is_ready();
        shut_down
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Drop for MonitoredStream<S> {
    fn drop(&mut self) {
        let finished = self.shut_down || self.connection.send_queue.is_discarded();
        if let Some((io, guard)) = self.io.take().filter(|_| !finished) {
            // Spawning panics while the worker shuts down; lingering is not needed then.
            let _ = catch_unwind(AssertUnwindSafe(|| rt::spawn(linger(io, guard))));
        }
    }
}

/// Lets the client read the last response. Closing a connection with unread input resets it, and a
/// reset discards what the client has not read yet.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut io: S, guard: ConnectionGuard) {
    let reading = async {
        let _ = io.shutdown().await;
        let mut discarded = [0; 4_096];
        while io.read(&mut discarded).await.is_ok_and(|count| count > 0) {}
    };
    let _ = tokio::time::timeout(LINGER_TIMEOUT, reading).await;
    drop(guard);
}
